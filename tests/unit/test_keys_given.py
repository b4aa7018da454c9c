# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is no text is refused where text belongs: YAML makes booleans and numbers of keys that nobody quoted."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.community.zitadel.plugins.modules import (
    zitadel_org_info,
    zitadel_org_metadata,
    zitadel_org_metadata_bulk,
    zitadel_org_metadata_info,
)

from fake_zitadel import FakeZitadel
from unit.helpers import NO_ERROR, Runner

pytestmark = pytest.mark.every_core

Options = dict[str, Any]

MODULES = {
    "set": zitadel_org_metadata.main,
    "read": zitadel_org_metadata_info.main,
    "list": zitadel_org_info.main,
    "bulk": zitadel_org_metadata_bulk.main,
}
SECRET = "5ecret"
# However Python or YAML would spell it.
HELD = dict.fromkeys(("true", "True", "yes", "1", "1.5", "None", "null", "tier"), "held")
PURGE: Options = {"purge": True, "metadata": {"tier": "held"}}


@pytest.fixture
def acme(fake: FakeZitadel) -> str:
    return fake.create_organization("acme", metadata=HELD)


def refused(runner: Runner, module: str, **options: Any) -> str:
    """Run what must be refused before anything is sent, and return the message. Options of "bulk" are of an entry."""
    if module == "bulk":
        options = {"organizations": [options]}
    result = runner.run(MODULES[module], **options)
    assert result.get("failed"), result
    assert (result["changed"], result["error"]) == (False, NO_ERROR)
    assert not runner.fake.requests
    return str(result["msg"])


# Booleans and numbers

NO_KEYS = {"true": True, "false": False, "number": 1, "zero": 0}
TEXTS: list[tuple[str, str, Options]] = [
    ("set", "key", {"value": "v"}),
    ("set", "key", {"state": "absent"}),
    ("set", "purge_prefix", {**PURGE, "max_removals": 9}),
    ("bulk", "purge_prefix", {**PURGE, "max_removals": 9}),
    ("read", "key", {}),
    ("read", "key_prefix", {}),
    ("read", "key_contains", {}),
]
LISTS: list[tuple[str, str, Options]] = [
    ("set", "absent_keys", {}),
    ("set", "keep", PURGE),
    ("bulk", "absent_keys", {}),
    ("bulk", "keep", PURGE),
    ("read", "key", {}),
]


@pytest.mark.parametrize("kind", NO_KEYS)
@pytest.mark.parametrize(("module", "option", "more"), [*TEXTS, *LISTS[:2]])
def test_a_key_that_is_no_text_has_to_be_quoted(
    runner: Runner, acme: str, module: str, option: str, more: Options, kind: str
) -> None:
    message = refused(runner, module, org_id=acme, **{**more, option: NO_KEYS[kind]})
    assert option in message
    assert "quote" in message


@pytest.mark.parametrize("kind", [*NO_KEYS, "null"])
@pytest.mark.parametrize(("module", "option", "more"), LISTS)
def test_so_do_the_keys_of_a_list(
    runner: Runner, acme: str, module: str, option: str, more: Options, kind: str
) -> None:
    message = refused(runner, module, org_id=acme, **{**more, option: ["tier", NO_KEYS.get(kind)]})
    assert option in message
    assert "quote" in message


@pytest.mark.parametrize("key", ["1", "true", "1.5", "null", "012", "2026-01-02"])
def test_quoted_keys_are_what_they_are(runner: Runner, acme: str, key: str) -> None:
    runner.run(org_id=acme, key=key, value="new")
    assert runner.fake.metadata(acme)[key] == b"new"
    assert runner.run(MODULES["read"], org_id=acme, key=key)["metadata"] == {key: "new"}
    runner.run(org_id=acme, **PURGE, keep=[key])
    assert runner.fake.metadata(acme).keys() == {key, "tier"}


# Lists and dictionaries

NO_TEXT = {"list": [SECRET, "b"], "dictionary": {SECRET: "b"}}
LOGIN = {"token": None}


@pytest.mark.parametrize("kind", NO_TEXT)
@pytest.mark.parametrize(
    ("module", "option", "more"),
    [
        ("set", "key", {"value": "v"}),
        ("set", "value_b64", {"key": "a"}),
        ("set", "org_id", {"absent_keys": ["a"]}),
        ("set", "org_name", {"absent_keys": ["a"]}),
        ("set", "org_domain", {"absent_keys": ["a"]}),
        ("set", "purge_prefix", PURGE),
        ("set", "url", {"absent_keys": ["a"]}),
        ("set", "token", {"absent_keys": ["a"]}),
        ("set", "token_file", {"absent_keys": ["a"], **LOGIN}),
        ("set", "key_file", {"absent_keys": ["a"], **LOGIN}),
        ("set", "client_id", {"absent_keys": ["a"], "client_secret": "x", **LOGIN}),
        ("set", "client_secret", {"absent_keys": ["a"], "client_id": "x", **LOGIN}),
        ("set", "audience", {"absent_keys": ["a"]}),
        ("set", "instance_host", {"absent_keys": ["a"]}),
        ("set", "ca_path", {"absent_keys": ["a"]}),
        ("read", "org_id", {}),
        ("read", "key_prefix", {}),
        ("read", "key_contains", {}),
        ("list", "org_id", {}),
        ("list", "name", {}),
        ("list", "domain", {}),
        ("bulk", "org_id", {"absent_keys": ["a"]}),
        ("bulk", "org_name", {"absent_keys": ["a"]}),
        ("bulk", "org_domain", {"absent_keys": ["a"]}),
        ("bulk", "purge_prefix", PURGE),
    ],
)
def test_a_list_is_no_text(runner: Runner, acme: str, module: str, option: str, more: Options, kind: str) -> None:
    """And never its spelling in Python."""
    organization = {} if option.startswith("org_") or module == "list" else {"org_id": acme}
    message = refused(runner, module, **organization, **more, **{option: NO_TEXT[kind]})
    assert option in message
    assert SECRET not in message
    assert "[" not in message.replace("organizations[", "")
    if option in ("token", "client_secret"):
        runner.assert_hidden(SECRET)


@pytest.mark.parametrize("no_key", [["a"], {"a": 1}], ids=["list", "dictionary"])
@pytest.mark.parametrize(("module", "option", "more"), LISTS)
def test_a_list_is_no_key_of_a_list(
    runner: Runner, acme: str, module: str, option: str, more: Options, no_key: Any
) -> None:
    message = refused(runner, module, org_id=acme, **{**more, option: ["tier", no_key]})
    assert option in message


# One key to read, or several


@pytest.mark.parametrize(
    ("key", "found"),
    [
        pytest.param("a", ["a"], id="one"),
        pytest.param(["a"], ["a"], id="list of one"),
        pytest.param(["tier", "a/b", "a"], ["a", "a/b", "tier"], id="several, sorted"),
        pytest.param(["tier", "missing", "ti"], ["tier"], id="one that is missing"),
        pytest.param(["tier", "tier"], ["tier"], id="the same twice"),
        pytest.param(["missing"], [], id="none of them there"),
        pytest.param([], [], id="empty list"),
        pytest.param("a,tier", ["a,tier"], id="text with a comma"),
        pytest.param('["a"]', ['["a"]'], id="text that looks like a list"),
    ],
)
def test_the_keys_that_are_read(runner: Runner, key: Any, found: list[str]) -> None:
    held = dict.fromkeys(("a", "a/b", "tier", "a,tier", '["a"]', "t"), "v")
    acme = runner.fake.create_organization("acme", metadata=held)
    result = runner.run(MODULES["read"], org_id=acme, key=key)
    assert [entry["key"] for entry in result["entries"]] == found, result
    assert result["metadata"] == dict.fromkeys(found, "v")
    assert result["org_id"] == acme


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"key": ["a", "b"], "key_prefix": "a"}, "key and key_prefix"),
        ({"key": ["a", ""]}, "empty"),
        ({"key": ["a", "k" * 201]}, "201 characters"),
    ],
    ids=["beside a prefix", "empty", "long"],
)
def test_keys_that_cannot_be_read(runner: Runner, acme: str, options: Options, said: str) -> None:
    message = refused(runner, "read", org_id=acme, **options)
    assert "key" in message
    assert said in message
