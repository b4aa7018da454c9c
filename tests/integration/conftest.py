# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from pathlib import Path

import pytest

from integration.both_ways import Ways
from integration.harness import CORE, ROOT, Ansible


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--as-modules",
        action="store_true",
        help="run modules in processes of their own, and compare what they tell with what they told in process",
    )


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """As modules, leave out what is about the other way, and lookups, which know only one."""
    left_out = collection_path.name in ("test_in_process.py", "test_lookup.py")
    return True if left_out and config.getoption("--as-modules") else None


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """As modules, run once what is run for several releases, or with and without --check: a task takes half a second."""
    if config.getoption("--as-modules"):
        again = [item for item in items if any(_params(item).get(name) for name in ("cases", "documented", "story"))]
        config.hook.pytest_deselected(items=again)
        items[:] = [item for item in items if item not in again]


def _params(item: pytest.Item) -> dict[str, int]:
    """The numbers of an item's parameters, of fixtures too, by name."""
    callspec = getattr(item, "callspec", None)
    return callspec.indices if callspec else {}


@pytest.fixture(scope="session")
def ways(request: pytest.FixtureRequest) -> Ways:
    """In process, or as modules."""
    return Ways(not request.config.getoption("--as-modules"), ROOT / "build/both-ways" / CORE)


@pytest.fixture(scope="module")
def ansible(tmp_path_factory: pytest.TempPathFactory, ways: Ways) -> Ansible:
    """Runs playbooks; a folder and a home for each file of tests."""
    return Ansible(tmp_path_factory.mktemp("ansible"), ways)


@pytest.fixture(scope="module")
def home(ansible: Ansible) -> Path:
    """The home folder of who runs the playbooks."""
    return ansible.home
