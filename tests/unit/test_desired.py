# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the options of a task ask for, and which of them make no sense together."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.community.zitadel.plugins.module_utils._desired import (
    SCIM_PREFIX,
    Desired,
    Purge,
    desired_metadata,
)
from ansible_collections.community.zitadel.plugins.module_utils._errors import ZitadelError
from ansible_collections.community.zitadel.plugins.module_utils._metadata import Selection

from unit.helpers import METADATA_DEFAULTS

Options = dict[str, Any]
KEY: Options = {"key": "k", "value": "v"}
# An entry of many organizations has none of these.
ENTRY_DEFAULTS = {
    name: default for name, default in METADATA_DEFAULTS.items() if name not in ("key", "value", "value_b64")
}


def desired(protected: str | None = None, /, **options: Any) -> Desired:
    return desired_metadata({**METADATA_DEFAULTS, **options}, protected)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        pytest.param(KEY, Desired({"k": b"v"}), id="one key"),
        pytest.param({"key": "k", "value": False}, Desired({"k": b"false"}), id="false is a value"),
        pytest.param({"key": "k", "value": 0}, Desired({"k": b"0"}), id="zero is a value"),
        pytest.param({"key": "k", "value_b64": "/w=="}, Desired({"k": b"\xff"}), id="one key as base64"),
        pytest.param(
            {"metadata": {"a": "1", "b": [2]}, "metadata_b64": {"c": "/w=="}},
            Desired({"a": b"1", "b": b"[2]", "c": b"\xff"}),
            id="many",
        ),
        pytest.param({"metadata": {}}, Desired({}), id="none of many"),
        pytest.param({"absent_keys": ["a", "a"]}, Desired({}, frozenset({"a"})), id="absent keys alone"),
        pytest.param({"absent_keys": []}, Desired({}), id="no absent keys"),
        pytest.param({**KEY, "absent_keys": ["a"]}, Desired({"k": b"v"}, frozenset({"a"})), id="absent keys beside"),
        pytest.param({"key": "k", "state": "absent"}, Desired({}, frozenset({"k"})), id="removal"),
        pytest.param({**KEY, "state": "absent"}, Desired({}, frozenset({"k"})), id="removal with a value"),
        pytest.param(
            {"key": "k", "state": "absent", "value_b64": "no base64"},
            Desired({}, frozenset({"k"})),
            id="with any value",
        ),
        pytest.param(
            {"state": "absent", "metadata": {"a": None}, "metadata_b64": {"b": ""}, "absent_keys": ["c"]},
            Desired({}, frozenset({"a", "b", "c"})),
            id="removal of many, whatever their values",
        ),
        pytest.param({"metadata": {"a": 1}, "purge": True}, Desired({"a": b"1"}, purge=Purge()), id="purge"),
        pytest.param(
            {"metadata": {"a": 1}, "purge": True, "purge_prefix": "a", "keep": ["ab*"], "max_removals": 3},
            Desired({"a": b"1"}, purge=Purge("a", ("ab*",), 3)),
            id="purge with limits",
        ),
        pytest.param(
            {"metadata": {}, "purge": True, "purge_prefix": "a", "max_removals": 0},
            Desired({}, purge=Purge("a", (), 0)),
            id="purge with nothing that says how far",
        ),
        pytest.param(
            {"metadata_b64": {"a/b": "dg=="}, "purge": True, "purge_prefix": "a/"},
            Desired({"a/b": b"v"}, purge=Purge("a/")),
            id="one key has the prefix",
        ),
    ],
)
def test_what_is_desired(options: Options, expected: Desired) -> None:
    assert desired(**options) == expected


def test_keys_that_belong_to_somebody_else() -> None:
    purge = desired(SCIM_PREFIX, metadata={"a": 1}, purge=True).purge
    assert purge
    assert [key for key in ("b", "urn:zitadel:scim:x", "urn:zitadel:x") if purge.covers(key)] == ["b", "urn:zitadel:x"]


MANY: Options = {"metadata": {"a": 1}}


@pytest.mark.parametrize(
    ("options", "said"),
    [
        pytest.param({}, "There is nothing to set or remove", id="nothing"),
        pytest.param({"key": ""}, "key is given, but empty", id="empty key"),
        pytest.param({"key": "k"}, "needs either value or value_b64, and not null", id="no value"),
        pytest.param({**KEY, "value_b64": "dg=="}, "needs either value or value_b64", id="two values"),
        pytest.param({**KEY, **MANY}, "key and metadata or metadata_b64 are mutually exclusive", id="key and many"),
        pytest.param({**KEY, "metadata_b64": {}}, "are mutually exclusive", id="key and none of many, as base64"),
        pytest.param({"value": 1, **MANY}, "value is given without key", id="value without key"),
        pytest.param({"value_b64": "", **MANY}, "value_b64 is given without key", id="base64 without key"),
        pytest.param(
            {**MANY, "metadata_b64": {"a": "dg=="}}, "key 'a' is in both metadata and metadata_b64", id="a key twice"
        ),
        pytest.param(
            {**MANY, "metadata_b64": {"a": "dg=="}, "state": "absent"}, "is in both", id="a key twice, to remove"
        ),
        pytest.param({**KEY, "absent_keys": ["k"]}, "removes the key 'k' by absent_keys, and also sets it", id="both"),
        pytest.param({"absent_keys": [""]}, "absent_keys: a metadata key is empty", id="empty absent key"),
        pytest.param({"metadata": {"k" * 201: 1}}, "metadata: the metadata key", id="long key"),
        pytest.param(
            {"metadata": {"k" * 201: 1}, "state": "absent"}, "metadata: the metadata key", id="also to remove"
        ),
        pytest.param({"metadata": {"a": None}}, "metadata: the value of 'a' is null", id="null value"),
        pytest.param({"metadata_b64": {"a": "?"}}, "metadata_b64: the value of 'a' is not base64", id="no base64"),
        pytest.param({**KEY, "purge_prefix": "a"}, "purge_prefix is given without purge", id="prefix without purge"),
        pytest.param({**KEY, "purge_prefix": ""}, "purge_prefix is given, but empty", id="empty prefix"),
        pytest.param({**KEY, "keep": ["a"]}, "keep is given without purge", id="keep without purge"),
        pytest.param({**KEY, "max_removals": 0}, "max_removals is given without purge", id="limit without purge"),
        pytest.param({**KEY, "purge": True}, "purge needs state: present and metadata", id="purge with a key"),
        pytest.param({**MANY, "purge": True, "state": "absent"}, "purge needs state: present", id="purge and absent"),
        pytest.param({**MANY, "purge": True, "max_removals": -1}, "max_removals is -1", id="negative limit"),
        pytest.param({"metadata": {}, "purge": True}, "would remove every key", id="purge with nothing"),
        pytest.param({"absent_keys": ["a"], "purge": True}, "would remove every key", id="purge alone"),
        pytest.param({"metadata": {}, "purge": True, "max_removals": 9}, "would remove every key", id="no prefix"),
        pytest.param(
            {"metadata": {}, "purge": True, "purge_prefix": "a/"}, "begins with the purge_prefix 'a/'", id="no limit"
        ),
        pytest.param(
            {"metadata": {"aa/1": 1}, "purge": True, "purge_prefix": "a/"},
            "begins with the purge_prefix 'a/'",
            id="misspelt prefix",
        ),
        pytest.param(
            {"metadata": {"A/1": 1, "b/a/1": 1}, "purge": True, "purge_prefix": "a/", "keep": ["a/1"]},
            "begins with the purge_prefix 'a/'",
            id="misspelt prefix, several keys",
        ),
    ],
)
def test_options_that_make_no_sense(options: Options, said: str) -> None:
    with pytest.raises(ZitadelError) as caught:
        desired(**options)
    assert said in caught.value.msg
    assert not caught.value.result


@pytest.mark.parametrize(
    ("options", "given"),
    [
        ({}, "gives state: present,"),
        ({"value": "v"}, "gives value, state: present,"),
        ({"value_b64": "dg==", "state": "absent"}, "gives value_b64, state: absent,"),
        ({"purge": True}, "gives state: present, purge: true,"),
    ],
    ids=str,
)
def test_what_is_given_where_nothing_is_asked_for(options: Options, given: str) -> None:
    with pytest.raises(ZitadelError) as caught:
        desired(**options)
    assert given in caught.value.msg
    assert "key, metadata, metadata_b64 or absent_keys" in caught.value.msg


def test_an_entry_has_no_single_key() -> None:
    assert desired_metadata({**ENTRY_DEFAULTS, **MANY}) == Desired({"a": b"1"})
    with pytest.raises(ZitadelError) as caught:
        desired_metadata(ENTRY_DEFAULTS)
    assert "Give metadata, metadata_b64 or absent_keys" in caught.value.msg
    assert "key," not in caught.value.msg


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (KEY, Selection("EQUALS", "k", frozenset({"k"}))),
        ({**KEY, "absent_keys": ["kk"]}, Selection("STARTS_WITH", "k", frozenset({"k", "kk"}))),
        ({"metadata": {"a/1": 1}, "purge": True, "purge_prefix": "a/"}, Selection("STARTS_WITH", "a/")),
        ({"metadata": {"a/1": 1}, "purge": True}, Selection()),
        ({"metadata": {}}, Selection("STARTS_WITH", "", frozenset())),
    ],
    ids=["one key", "two keys", "purge with a prefix", "purge", "nothing"],
)
def test_what_has_to_be_read(options: Options, expected: Selection) -> None:
    assert desired(**options).selection() == expected
