# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is no text is refused where text belongs: YAML makes booleans and numbers of keys that nobody quoted."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.community.zitadel.plugins.module_utils._errors import ZitadelError
from ansible_collections.community.zitadel.plugins.module_utils._given import name_variable, validated, without_nulls
from ansible_collections.community.zitadel.plugins.module_utils._spec import Option, Spec, environment
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


# By itself

SPEC: Spec = {
    "name": Option({"type": "str", "aliases": ["title"]}, null_is_error=True),
    "number": Option({"type": "int", "default": 4, "fallback": (environment, ["ZITADEL_NUMBER"])}),
    "secret": Option({"type": "str", "no_log": True}),
    "entries": Option({"type": "list", "elements": "dict", "options": {"key": Option({"type": "str"}, quoted=True)}}),
}


def test_options_are_checked_and_converted() -> None:
    assert validated(SPEC, {"title": "a", "number": "7", "secret": None}) == {
        "name": "a",
        "title": "a",
        "number": 7,
        "secret": None,
        "entries": None,
    }


def test_nulls_are_not_given_inside_of_lists_either() -> None:
    given = {"name": None, "entries": [{"key": None}, {"key": "a"}, "b", None]}
    assert without_nulls(SPEC, given) == {"entries": [{}, {"key": "a"}, "b", None]}
    assert without_nulls(SPEC, {"entries": "a"}) == {"entries": "a"}


def test_everything_that_is_wrong_is_said() -> None:
    with pytest.raises(ZitadelError) as caught:
        validated(SPEC, {"name": None, "number": "few", "nmae": 1, "secret": ["5ecret"]}, known=["_terms"])
    for said in (
        "name is null.",
        "secret is a list, not a string.",
        "few",
        "Unsupported options: nmae. Supported options are _terms, entries, name, number, secret.",
    ):
        assert said in caught.value.msg
    assert "5ecret" not in caught.value.msg


def test_a_secret_is_not_shown_by_what_is_wrong_with_another_option() -> None:
    with pytest.raises(ZitadelError) as caught:
        validated(SPEC, {"secret": "5ecret", "number": "a 5ecret"})
    assert "number" in caught.value.msg
    assert "5ecret" not in caught.value.msg


@pytest.mark.parametrize(
    ("message", "given", "value", "is_named"),
    [
        ("number is -1.", {}, "-1", True),
        ("number: wrong", {}, "-1", True),
        ("argument 'number' is of type", {}, "x", True),
        ("value of number must be one of", {}, "x", True),
        ("number is -1.", {"number": None}, "-1", True),
        ("number is -1.", {"number": -1}, "-1", False),
        ("number is -1.", {}, " ", False),
        ("numbers are wrong", {}, "-1", False),
        ("name is wrong", {}, "-1", False),
    ],
)
def test_the_variable_that_a_value_comes_from(
    monkeypatch: pytest.MonkeyPatch, message: str, given: Options, value: str, is_named: bool
) -> None:
    monkeypatch.setenv("ZITADEL_NUMBER", value)
    said = f" The value {value!r} comes from the environment variable ZITADEL_NUMBER."
    assert name_variable(message, SPEC, given) == (f"{message.rstrip('.')}.{said}" if is_named else message)
