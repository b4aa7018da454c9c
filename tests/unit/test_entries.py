# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is wrong with entries of many organizations: everything at once, by number and name, before anything is written."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from ansible_collections.community.zitadel.plugins.modules import zitadel_org_metadata_bulk

from fake_zitadel import FakeZitadel
from unit.helpers import NO_ERROR, Runner

pytestmark = pytest.mark.every_core

SECRET = "value-5ecret"
GOOD = {"metadata": {"tier": "gold"}}
LONG = "k" * 201


@pytest.fixture
def ten(fake: FakeZitadel) -> list[Any]:
    """Ten entries, and nothing wrong with them."""
    names = [f"ux-t{number}" for number in range(10)]
    for name in names:
        fake.create_organization(name)
    return [{"org_name": name, **GOOD} for name in names]


def run(runner: Runner, organizations: Any, **more: Any) -> dict[str, Any]:
    return runner.run(zitadel_org_metadata_bulk.main, organizations=organizations, **more)


def assert_refused(result: dict[str, Any], *, longest: int = 800) -> None:
    assert result.get("failed"), result
    assert result["msg"].startswith("Nothing was written")
    # It says what is wrong, not all that would be right.
    assert len(result["msg"]) < longest
    assert "Supported parameters" not in result["msg"]
    assert (result["changed"], result["organizations"], result["error"]) == (False, [], NO_ERROR)


# What an entry has in place of metadata, and what the message says of it.
WRONG: dict[str, tuple[dict[str, Any], list[str]]] = {
    "misspelt option": ({"metdata": {"a": "1"}}, ["metdata"]),
    "two misspelt options": ({**GOOD, "prge": True, "kep": ["a"]}, ["prge", "kep"]),
    "option of one key": ({"key": "a", "value": "1"}, ["key", "value"]),
    "alias": ({**GOOD, "organization_id": "1"}, ["organization_id"]),
    "list for metadata": ({"metadata": ["a"]}, ["metadata"]),
    "text for metadata": ({"metadata": "some text"}, ["metadata"]),
    "number for metadata_b64": ({"metadata_b64": 5}, ["metadata_b64"]),
    "dictionary for absent_keys": ({"absent_keys": {"a": 1}}, ["absent_keys"]),
    "no boolean": ({**GOOD, "purge": "perhaps"}, ["purge", "perhaps"]),
    "no number": ({**GOOD, "purge": True, "max_removals": "few"}, ["max_removals", "few"]),
    "no state": ({**GOOD, "state": "gone"}, ["state", "present", "absent"]),
    "empty value": ({"metadata": {"a": "1", "b": ""}}, ["'b'", "empty"]),
    "null value": ({"metadata": {"b": None}}, ["'b'", "null"]),
    "no base64": ({"metadata_b64": {"b": "?"}}, ["'b'", "base64"]),
    "long key": ({"metadata": {LONG: "1"}}, ["201 characters"]),
    "nothing": ({}, ["There is nothing to set or remove"]),
    "another name": ({**GOOD, "org_id": "1"}, ["org_id", "org_name"]),
    "list for the name": ({**GOOD, "org_name": ["ux-t5"]}, ["org_name"]),
    "boolean for a key": ({"absent_keys": [True]}, ["absent_keys", "quote"]),
    "purge_prefix without purge": ({**GOOD, "purge_prefix": "a"}, ["purge_prefix"]),
}
# Theirs is no name that the message could give.
NAMELESS = ["list for the name"]


@pytest.mark.parametrize("name", WRONG)
def test_the_entry_is_named(runner: Runner, ten: list[Any], name: str) -> None:
    options, says = WRONG[name]
    ten[5] = {"org_name": "ux-t5", **options}
    result = run(runner, ten)
    assert_refused(result)
    assert ("Entry 6" if name in NAMELESS else "Entry 6, ux-t5") in result["msg"]
    assert [part for part in says if part not in result["msg"]] == [], result["msg"]
    assert result["msg"].count("Entry ") == 1
    assert not runner.fake.writes


def test_all_of_them_come_in_one_message(runner: Runner, ten: list[Any]) -> None:
    """Option errors, wrong types, value errors, and an organization that is not there."""
    names = ["misspelt option", "list for metadata", "no boolean", "empty value", "no base64", "no state"]
    for number, name in enumerate(names, 1):
        ten[number] = {"org_name": f"ux-t{number}", **WRONG[name][0]}
    ten[7] = "ux-t7"
    ten[8] = {"org_name": "nobody", **GOOD}
    result = run(runner, ten)
    assert_refused(result, longest=4000)
    for number, name in enumerate(names, 1):
        part = result["msg"].partition(f"Entry {number + 1}, ux-t{number}")[2].partition(f"Entry {number + 2}")[0]
        assert [text for text in WRONG[name][1] if text not in part] == [], result["msg"]
    assert "Entry 8" in result["msg"]
    assert "Entry 9, nobody" in result["msg"]
    assert "Entry 1," not in result["msg"]
    assert "Entry 10" not in result["msg"]
    assert not runner.fake.writes


@pytest.mark.parametrize(
    ("organizations", "entries"),
    [
        pytest.param(["a", "b"], ["Entry 1", "Entry 2"], id="names"),
        pytest.param(["ux-t1"], ["Entry 1"], id="one name"),
        pytest.param([["a"]], ["Entry 1"], id="list"),
        pytest.param([None], ["Entry 1"], id="null"),
        pytest.param([5], ["Entry 1"], id="number"),
        pytest.param(["org_name=a state=absent"], ["Entry 1"], id="text with equals signs"),
    ],
)
def test_entries_are_dictionaries(runner: Runner, organizations: list[Any], entries: list[str]) -> None:
    result = run(runner, organizations)
    assert_refused(result)
    assert [entry for entry in entries if entry not in result["msg"]] == [], result["msg"]
    assert "dictionary" in result["msg"]
    assert not runner.fake.writes


@pytest.mark.parametrize("organizations", ["some text", 5, {"org_name": "a", **GOOD}], ids=["text", "number", "dict"])
def test_organizations_are_a_list(runner: Runner, organizations: Any) -> None:
    result = run(runner, organizations)
    assert result.get("failed"), result
    assert "organizations" in result["msg"]
    assert "list" in result["msg"]
    assert not runner.fake.requests


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param({"metdata": {"a": SECRET}}, id="misspelt option"),
        pytest.param({"metadata": [SECRET], "sensitive": True}, id="list for metadata"),
        pytest.param({"metadata": SECRET, "sensitive": True}, id="text for metadata"),
        pytest.param({"metadata": {"a": SECRET}, "sensitive": True, "state": "gone"}, id="sensitive"),
        pytest.param({"metadata": {"a": SECRET}, "sensitiv": True}, id="misspelt sensitive"),
        pytest.param({"metadata_b64": {"a": SECRET}, "sensitive": "maybe"}, id="no boolean for sensitive"),
    ],
)
@pytest.mark.parametrize("other", [{}, {"retries": "x"}], ids=["entry alone", "another option"])
def test_a_wrong_entry_shows_no_value(
    runner: Runner, ten: list[Any], wrong: dict[str, Any], other: dict[str, Any]
) -> None:
    ten[5] = {"org_name": "ux-t5", **wrong}
    result = run(runner, ten, **other)
    assert result.get("failed"), result
    runner.assert_hidden(SECRET, base64.b64encode(SECRET.encode()).decode())
    assert not runner.fake.requests or not other
