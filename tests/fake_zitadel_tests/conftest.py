# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Iterator

import pytest

from fake_zitadel import FakeZitadel
from fake_zitadel_tests.client import Client


@pytest.fixture
def fake() -> Iterator[FakeZitadel]:
    with FakeZitadel("4.13.1") as fake:
        yield fake


@pytest.fixture
def acme(fake: FakeZitadel) -> str:
    """The id of an organization."""
    return fake.create_organization("acme")


@pytest.fixture
def client(fake: FakeZitadel, acme: str) -> Client:
    """The administrator in that organization."""
    return Client(fake, acme)
