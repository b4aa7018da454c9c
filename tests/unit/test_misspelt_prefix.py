# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Purge with a prefix that none of the given keys has would remove all that begins so: that is refused."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.community.zitadel.plugins.modules import zitadel_org_metadata_bulk

from fake_zitadel import FakeZitadel
from unit.helpers import NO_ERROR, Runner, lists

HELD = {"a/1": "old", "a/2": "old", "b/1": "old"}
PREFIX: dict[str, Any] = {"purge": True, "purge_prefix": "a/"}


@pytest.fixture
def acme(fake: FakeZitadel) -> str:
    return fake.create_organization("acme", metadata=HELD)


@pytest.mark.parametrize(
    "options",
    [
        pytest.param({**PREFIX, "metadata": {"aa/1": "v"}}, id="misspelt"),
        pytest.param({**PREFIX, "metadata": {"aa/1": "v"}, "_ansible_check_mode": True}, id="check mode"),
    ],
)
def test_it_is_refused(runner: Runner, acme: str, options: dict[str, Any]) -> None:
    result = runner.run(org_id=acme, **options)
    assert result.get("failed"), result
    # What would let it pass.
    assert "purge_prefix" in result["msg"]
    assert "max_removals" in result["msg"]
    assert (result["changed"], result["error"]) == (False, NO_ERROR)
    assert not runner.fake.requests


def test_an_entry_is_refused(runner: Runner, acme: str) -> None:
    other = runner.fake.create_organization("other", metadata=HELD)
    good, wrong = ({**PREFIX, "metadata": {key: "v"}} for key in ("a/1", "aa/1"))
    entries = [{"org_id": acme, **good}, {"org_id": other, **wrong}]
    result = runner.run(zitadel_org_metadata_bulk.main, organizations=entries)
    assert result.get("failed"), result
    assert f"Entry 2, {other}" in result["msg"]
    assert "Entry 1" not in result["msg"]
    assert "max_removals" in result["msg"]
    assert not runner.fake.writes


@pytest.mark.parametrize(
    ("options", "written"),
    [
        pytest.param(
            {"metadata": {"aa/1": "v"}, "max_removals": 2},
            {"added": ["aa/1"], "removed": ["a/1", "a/2"]},
            id="max_removals says how far",
        ),
        pytest.param({"metadata": {}, "max_removals": 2}, {"removed": ["a/1", "a/2"]}, id="with nothing given, too"),
        pytest.param(
            {"metadata": {"b/1": "new"}, "metadata_b64": {"a/1": "dg=="}},
            {"updated": ["a/1", "b/1"], "removed": ["a/2"]},
            id="one key has the prefix",
        ),
        pytest.param({"metadata": {"a/": "v"}}, {"added": ["a/"], "removed": ["a/1", "a/2"]}, id="the prefix is a key"),
    ],
)
def test_it_is_done(runner: Runner, acme: str, options: dict[str, Any], written: dict[str, list[str]]) -> None:
    result = runner.run(org_id=acme, **PREFIX, **options)
    assert lists(result) == written, result
    assert not runner.fake.metadata(acme).keys() & {*written["removed"]}


def test_max_removals_still_counts(runner: Runner, acme: str) -> None:
    result = runner.run(org_id=acme, **PREFIX, metadata={"aa/1": "v"}, max_removals=1)
    assert "'a/1', 'a/2'" in result["msg"]
    assert "max_removals" in result["msg"]
    assert not runner.fake.writes
