# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from pathlib import Path

import pytest

from integration.harness import Ansible


@pytest.fixture(scope="module")
def ansible(tmp_path_factory: pytest.TempPathFactory) -> Ansible:
    """Runs playbooks; a folder and a home for each file of tests."""
    return Ansible(tmp_path_factory.mktemp("ansible"))


@pytest.fixture(scope="module")
def home(ansible: Ansible) -> Path:
    """The home folder of who runs the playbooks."""
    return ansible.home
