# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What details tells of a task with several keys: those of the key that was set last, as a read reports them."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.community.zitadel.plugins.modules import zitadel_org_metadata_bulk

from fake_zitadel import Entry, FakeZitadel
from unit.helpers import Runner

NOTHING = dict.fromkeys(("sequence", "creation_date", "change_date", "resource_owner"))


@pytest.fixture
def acme(fake: FakeZitadel) -> str:
    """An organization whose keys were set in this order."""
    acme = fake.create_organization("acme")
    for key in ("a", "ü", "c", "b", "theirs"):
        fake.set(acme, key, "old")
    return acme


def read(entry: Entry, organization: str) -> dict[str, Any]:
    """What a read reports of an entry."""
    return {
        "sequence": entry.sequence,
        "creation_date": entry.creation_date,
        "change_date": entry.change_date,
        "resource_owner": organization,
    }


TASKS: dict[str, dict[str, Any]] = {
    "all new": {"metadata": {"n1": "1", "n2": "2"}},
    "new in base64": {"metadata": {"x": "1"}, "metadata_b64": {"n1": "dg=="}},
    "all updated": {"metadata": {"a": "1", "b": "1"}},
    "updated and new": {"metadata": {"b": "1", "a": "1", "aa": "1", "z": "1"}},
    "one key of metadata, updated": {"metadata": {"a": "1"}},
    "one key that needs the bulk call, updated": {"metadata": {"ü": "1"}},
    "all unchanged": {"metadata": {"a": "old", "c": "old", "b": "old"}},
    "one unchanged": {"metadata": {"c": "old"}},
    "one updated, others unchanged": {"metadata": {"a": "1", "b": "old"}},
    "one removed, others unchanged": {"metadata": {"a": "old", "c": "old"}, "absent_keys": ["b"]},
    "one removed, one updated": {"metadata": {"a": "1"}, "absent_keys": ["b"]},
    "others purged": {"metadata": {"a": "old", "c": "old"}, "purge": True},
    "key unchanged, others removed": {"key": "a", "value": "old", "absent_keys": ["b"]},
    "key updated": {"key": "a", "value": "1"},
}


@pytest.mark.parametrize("verify", [True, False], ids=["verified", "not verified"])
@pytest.mark.parametrize("name", TASKS)
def test_details_are_those_of_the_key_that_was_set_last(runner: Runner, acme: str, name: str, verify: bool) -> None:
    options = TASKS[name]
    result = runner.run(org_id=acme, verify=verify, **options)
    asked = {*options.get("metadata", ()), *options.get("metadata_b64", ()), options.get("key")}
    left = [entry for key, entry in runner.fake.entries(acme).items() if key in asked]
    last = max(left, key=lambda entry: entry.sequence)
    assert result["details"] == read(last, acme)


@pytest.mark.parametrize("verify", [True, False], ids=["verified", "not verified"])
@pytest.mark.parametrize(
    "options",
    [
        pytest.param({"state": "absent", "metadata": {"a": None, "b": None}}, id="several keys"),
        pytest.param({"absent_keys": ["c"]}, id="absent_keys"),
        pytest.param({"absent_keys": ["ü", "never"]}, id="one of them was never there"),
    ],
)
def test_where_no_key_is_left_details_are_the_answer_to_the_removal(
    runner: Runner, acme: str, options: dict[str, Any], verify: bool
) -> None:
    result = runner.run(org_id=acme, verify=verify, **options)
    written = runner.fake.store.organizations[acme].last_metadata
    assert written is not None
    assert result["details"] == {
        "sequence": written.sequence,
        "creation_date": None,
        "change_date": written.date,
        "resource_owner": acme,
    }


@pytest.mark.parametrize(
    "options",
    [
        pytest.param({"absent_keys": ["never"]}, id="absent keys"),
        pytest.param({"state": "absent", "key": "a"}, id="one key, removed"),
        pytest.param({"metadata": {"n1": "1", "n2": "2"}, "_ansible_check_mode": True}, id="new keys in check mode"),
    ],
)
def test_where_there_is_nothing_to_tell_details_are_null(runner: Runner, acme: str, options: dict[str, Any]) -> None:
    assert runner.run(org_id=acme, **options)["details"] == NOTHING


@pytest.mark.parametrize(
    ("options", "key"),
    [
        pytest.param({"metadata": {"a": "1", "c": "1", "n": "1"}}, "c", id="to be updated"),
        pytest.param({"metadata": {"a": "old", "c": "old"}}, "c", id="unchanged"),
        pytest.param({"metadata": {"a": "old"}, "absent_keys": ["c"]}, "c", id="to be removed"),
        pytest.param({"key": "a", "value": "1"}, "a", id="key"),
    ],
)
def test_in_check_mode_they_are_those_of_now(runner: Runner, acme: str, options: dict[str, Any], key: str) -> None:
    result = runner.run(org_id=acme, _ansible_check_mode=True, **options)
    assert result["details"] == read(runner.fake.entries(acme)[key], acme)


def test_a_later_write_of_somebody_else_counts(runner: Runner, acme: str) -> None:
    """As a read reports it after the task: that is what is there."""
    runner.fake.after(lambda _request: runner.fake.set(acme, "a", "theirs"), path="_bulk$")
    result = runner.run(org_id=acme, metadata={"a": "1", "b": "1"})
    assert result["details"] == read(runner.fake.entries(acme)["a"], acme)


def test_each_entry_of_many_has_its_own(runner: Runner, acme: str) -> None:
    other = runner.fake.create_organization("other")
    entries = [{"org_id": one, "metadata": {"a": "1", "b": "2"}} for one in (acme, other)]
    result = runner.run(zitadel_org_metadata_bulk.main, organizations=entries)
    told = [one["details"] for one in result["organizations"]]
    assert told == [read(runner.fake.entries(one)["b"], one) for one in (acme, other)]
