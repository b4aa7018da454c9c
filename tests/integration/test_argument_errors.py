# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Options that make no sense are refused before anything is sent, in words that name them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from integration.harness import Ansible, Run, task
from integration.server import Zitadel

pytestmark = pytest.mark.every_core

KEY = {"key": "tier", "value": "gold"}
MANY = {"metadata": {"a": "1"}}
INFO = "zitadel_org_metadata_info"

# Options, and what the message says.
METADATA: dict[str, tuple[dict[str, Any], list[str]]] = {
    "nothing": ({}, ["There is nothing to set or remove", "key, metadata, metadata_b64 or absent_keys"]),
    "only null": ({"key": None, "metadata": None}, ["There is nothing to set or remove"]),
    "key and metadata": ({**KEY, **MANY}, ["key and metadata", "are mutually exclusive"]),
    "key and metadata_b64": ({**KEY, "metadata_b64": {"a": "MQ=="}}, ["key and metadata", "are mutually exclusive"]),
    "key without value": ({"key": "tier"}, ["'tier'", "value or value_b64", "state: absent"]),
    "value null": ({"key": "tier", "value": None}, ["'tier'", "value or value_b64"]),
    "value and value_b64": ({**KEY, "value_b64": "MQ=="}, ["'tier'", "value or value_b64"]),
    "value without key": ({"value": "gold", **MANY}, ["value is given without key"]),
    "value_b64 without key": ({"value_b64": "MQ==", **MANY}, ["value_b64 is given without key"]),
    "empty key": ({"key": "", "value": "x"}, ["key", "empty"]),
    "empty key in metadata": ({"metadata": {"": "x"}}, ["metadata: a metadata key is empty", "1 to 200"]),
    "empty key in absent_keys": ({"absent_keys": [""]}, ["absent_keys: a metadata key is empty"]),
    "long key": ({"key": "k" * 201, "value": "x"}, ["'kkkk", "201 characters", "at most 200", "shorter"]),
    "long key in metadata": ({"metadata": {"ü" * 300: "x"}}, ["metadata:", "'üüü", "300 characters"]),
    "long key to remove": ({"state": "absent", "key": "k" * 201}, ["201 characters"]),
    "NUL in a key": ({"key": "a\0b", "value": "x"}, [r"'a\x00b'", "NUL"]),
    "empty value": ({"key": "tier", "value": ""}, ["'tier' is empty", "absent_keys"]),
    "empty value_b64": ({"key": "tier", "value_b64": ""}, ["'tier' is empty"]),
    "empty value in metadata": ({"metadata": {"a": "1", "b": ""}}, ["'b' is empty"]),
    "null in metadata": ({"metadata": {"b": None}}, ["'b' is null", "absent_keys"]),
    "long value": ({"key": "tier", "value": "{{ 'x' * 500001 }}"}, ["'tier' has 500001 bytes", "at most 500000"]),
    "long value in metadata": ({"metadata": {"b": "{{ 'ü' * 250001 }}"}}, ["'b' has 500002 bytes"]),
    "long value_b64": (
        {"metadata_b64": {"b": "{{ ('x' * 500001) | b64encode }}"}},
        ["'b' has 500001 bytes", "at most 500000"],
    ),
    "no base64": ({"key": "tier", "value_b64": "gold!"}, ["'tier' is not base64", "value or metadata instead"]),
    "no padding": ({"metadata_b64": {"b": "Z29sZA"}}, ["'b' is not base64", "padded"]),
    "infinity": ({"metadata": {"b": float("inf")}}, ["'b' cannot be written as JSON"]),
    "set twice": (
        {"metadata": {"a": "1"}, "metadata_b64": {"a": "MQ=="}},
        ["the key 'a' is in both metadata and metadata_b64"],
    ),
    "set and removed": ({**MANY, "absent_keys": ["a", "b"]}, ["absent_keys", "'a'", "also sets"]),
    "purge with key": ({**KEY, "purge": True}, ["purge needs", "metadata"]),
    "purge with nothing": ({"metadata": {}, "purge": True}, ["purge with no key", "every key", "refused"]),
    "purge with absent_keys alone": ({"absent_keys": ["a"], "purge": True}, ["purge with no key", "refused"]),
    "purge with absent": ({**MANY, "state": "absent", "purge": True}, ["purge needs state: present"]),
    "purge_prefix without purge": ({**MANY, "purge_prefix": "a"}, ["purge_prefix is given without purge"]),
    "keep without purge": ({**MANY, "keep": ["a"]}, ["keep is given without purge"]),
    "max_removals without purge": ({**MANY, "max_removals": 0}, ["max_removals is given without purge"]),
    "empty purge_prefix": ({**MANY, "purge": True, "purge_prefix": ""}, ["purge_prefix is given, but empty"]),
    "negative max_removals": ({**MANY, "purge": True, "max_removals": -1}, ["max_removals is -1"]),
    "other state": ({**KEY, "state": "query"}, ["state", "present, absent", "query"]),
    "metadata is text": ({"metadata": "text"}, ["metadata", "dict"]),
    "max_removals is text": ({**MANY, "purge": True, "max_removals": "few"}, ["max_removals", "int"]),
    "unknown option": ({**KEY, "vlue": "x"}, ["Unsupported parameters", "vlue"]),
    # The connection
    "empty url": ({**KEY, "url": ""}, ["url", "empty"]),
    "url without scheme": ({**KEY, "url": "id.example.com"}, ["url", "'id.example.com'", "https://"]),
    "url without host": ({**KEY, "url": "https://"}, ["url", "'https://'", "host"]),
    "url of another scheme": ({**KEY, "url": "ftp://id.example.com"}, ["url", "'ftp://id.example.com'"]),
    "url with a strange port": ({**KEY, "url": "https://id.example.com:x"}, ["url", "https://id.example.com"]),
    "empty token": ({**KEY, "token": ""}, ["token is given, but empty"]),
    "blank token": ({**KEY, "token": " "}, ["token is given, but empty"]),
    "negative retries": ({**KEY, "retries": -1}, ["retries is -1"]),
    "no time": ({**KEY, "timeout": 0}, ["timeout is 0"]),
    "client_key alone": ({**KEY, "client_key": "/key.pem"}, ["client_key is given without client_cert"]),
    "empty ca_path": ({**KEY, "ca_path": ""}, ["ca_path is given, but empty"]),
    "no ca_path": (
        {**KEY, "url": "https://localhost", "ca_path": "/no/such.pem"},
        ["ca_path", "/no/such.pem", "No such file"],
    ),
    "no client_cert": (
        {**KEY, "url": "https://localhost", "client_cert": "/no/such.pem"},
        ["client_cert", "/no/such.pem", "No such file"],
    ),
    "empty instance_host": ({**KEY, "instance_host": ""}, ["instance_host is given, but empty"]),
    "own Authorization": ({**KEY, "headers": {"authorization": "x"}}, ["headers may not set authorization"]),
    "own organization": ({**KEY, "headers": {"X-Zitadel-OrgId": "1"}}, ["headers may not set X-Zitadel-OrgId"]),
    "header of two lines": ({**KEY, "headers": {"x-a": "1\nx-b: 2"}}, ["headers", "x-a"]),
    "header without a name": ({**KEY, "headers": {"x a": "1"}}, ["headers", "'x a'"]),
}

READ: dict[str, tuple[dict[str, Any], list[str]]] = {
    "read: key and prefix": ({"key": "a", "key_prefix": "b"}, ["key and key_prefix", "are mutually exclusive"]),
    "read: all": ({"key": "a", "key_prefix": "b", "key_contains": "c"}, ["key and key_prefix and key_contains"]),
    "read: empty key": ({"key": ""}, ["key is given, but empty"]),
    "read: empty prefix": ({"key_prefix": ""}, ["key_prefix is given, but empty"]),
}

LIST: dict[str, tuple[dict[str, Any], list[str]]] = {
    "list: empty name": ({"name": ""}, ["name is given, but empty"]),
    "list: empty domain": ({"domain": ""}, ["domain is given, but empty"]),
    "list: empty org_id": ({"org_id": ""}, ["org_id is given, but empty"]),
    "list: state": ({"state": "removed"}, ["state", "active, inactive"]),
}

GOOD = {"org_name": "acme", "metadata": {"a": "1"}}
BULK: dict[str, tuple[dict[str, Any], list[str]]] = {
    "bulk: nothing": ({}, ["missing required arguments: organizations"]),
    "bulk: text": ({"organizations": "text"}, ["dict"]),
    "bulk: list of text": ({"organizations": [GOOD, "text"]}, ["dict"]),
    "bulk: of one organization": ({"organizations": [GOOD], "org_id": "1"}, ["Unsupported parameters", "org_id"]),
    "bulk: empty token": ({"organizations": [GOOD], "token": ""}, ["token is given, but empty"]),
    "bulk: unknown option": (
        {"organizations": [GOOD, {**GOOD, "metdata": {}}]},
        ["Unsupported options", "Entry 2, acme: Unsupported options: metdata"],
    ),
    "bulk: option of one key": (
        {"organizations": [GOOD, {"org_id": "1", "key": "a", "value": "1"}]},
        ["Unsupported options", ": key, value"],
    ),
    "bulk: alias": (
        {"organizations": [{**GOOD, "organization_id": "1"}]},
        ["Entry 1, acme: Unsupported options: organization_id"],
    ),
    "bulk: no bool": ({"organizations": [GOOD, {**GOOD, "purge": "perhaps"}]}, ["purge", "perhaps"]),
    "bulk: other state": ({"organizations": [{**GOOD, "state": "gone"}]}, ["present, absent"]),
}

ALL = {**METADATA, **READ, **LIST, **BULK}


HELD = {"a": b"0", "tier": b"0", "other": b"1"}


@pytest.fixture(scope="module")
def run(ansible: Ansible) -> Iterator[Run]:
    with Zitadel() as fake:
        acme = {"org_id": fake.create_organization("acme", metadata=HELD)}
        tasks = [
            *(task(name, {**acme, **options}) for name, (options, _says) in METADATA.items()),
            *(task(name, {**acme, **options}, INFO) for name, (options, _says) in READ.items()),
            *(task(name, options, "zitadel_org_info") for name, (options, _says) in LIST.items()),
            *(task(name, options, "zitadel_org_metadata_bulk") for name, (options, _says) in BULK.items()),
        ]
        run = ansible.run(fake, tasks)
        assert [fake.metadata(organization) for organization in fake.organizations] == [{}, HELD]
        yield run


@pytest.mark.parametrize("name", ALL)
def test_it_is_refused(run: Run, name: str) -> None:
    _options, says = ALL[name]
    result = run[name]
    assert result.failed
    assert [part for part in says if part not in result["msg"]] == [], result["msg"]
    assert not (run.writes(name) if name.startswith("bulk: ") else run.requests(name))
    assert result["changed"] is False
    assert result["error"] == {"status": None, "code": None, "id": None, "message": None}
    assert "org_id" in result.data or name in LIST or name in BULK
    # A long value is not repeated.
    assert len(result["msg"]) < 1000


@pytest.mark.parametrize(
    ("name", "entry"),
    [
        ("bulk: unknown option", "Entry 2, acme"),
        ("bulk: option of one key", "Entry 2, 1"),
        ("bulk: alias", "Entry 1, acme"),
        ("bulk: no bool", "Entry 2, acme"),
        ("bulk: other state", "Entry 1, acme"),
    ],
)
def test_the_message_says_which_entry(run: Run, name: str, entry: str) -> None:
    assert entry in run[name]["msg"]


def test_what_was_done_to_the_organizations_is_always_told(run: Run) -> None:
    assert [name for name in BULK if run[name].data.get("organizations") != []] == []


def test_there_is_no_traceback(run: Run) -> None:
    assert "Traceback" not in run.output
    assert "defect" not in run.output


def test_the_url_can_be_missing(ansible: Ansible) -> None:
    run = ansible.run(None, [task("no url", {**KEY, "token": "some-token"})])
    assert run["no url"].failed
    assert "url is missing" in run["no url"]["msg"]
    assert "ZITADEL_URL" in run["no url"]["msg"]
