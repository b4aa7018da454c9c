# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from pathlib import Path

import pytest

from fake_zitadel import FakeZitadel
from integration import server
from integration.both_ways import Ways
from integration.harness import CORE, ROOT, Ansible


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--as-modules",
        action="store_true",
        help="run modules in processes of their own, and compare what they tell with what they told in process",
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """As modules, run only what is marked to run both ways: a task takes half a second."""
    if config.getoption("--as-modules"):
        others = [item for item in items if not item.get_closest_marker("both_ways")]
        config.hook.pytest_deselected(items=others)
        items[:] = [item for item in items if item not in others]


@pytest.fixture(scope="session")
def ways(request: pytest.FixtureRequest) -> Ways:
    """In process, or as modules. What a real server does is kept apart."""
    kept = "both-ways" if server.Zitadel is FakeZitadel else "both-ways-live"
    return Ways(not request.config.getoption("--as-modules"), ROOT / "build" / kept / CORE)


@pytest.fixture(scope="module")
def ansible(tmp_path_factory: pytest.TempPathFactory, ways: Ways) -> Ansible:
    """Runs playbooks; a folder and a home for each file of tests."""
    return Ansible(tmp_path_factory.mktemp("ansible"), ways)


@pytest.fixture(scope="module")
def home(ansible: Ansible) -> Path:
    """The home folder of who runs the playbooks."""
    return ansible.home
