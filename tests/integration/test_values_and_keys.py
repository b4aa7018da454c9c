# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is stored for what was typed, and how each kind of key travels."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any

import pytest

from integration.harness import Ansible, Run, task
from integration.server import Zitadel

pytestmark = pytest.mark.every_core

JSON_TEXT = '{"b": 1, "a": [true, null]}'

VALUES: dict[str, tuple[dict[str, Any], bytes]] = {
    "text": ({"value": "gold"}, b"gold"),
    "blanks around": ({"value": "  gold\n"}, b"  gold\n"),
    "NUL": ({"value": "a\0b"}, b"a\0b"),
    "other letters": ({"value": "größer, 日本, 🚀"}, "größer, 日本, 🚀".encode()),
    "JSON as text": ({"value": JSON_TEXT}, JSON_TEXT.encode()),
    "JSON from a template": ({"value": "{{ json_text | string }}"}, JSON_TEXT.encode()),
    "text that is base64": ({"value": "Z29sZA=="}, b"Z29sZA=="),
    "text of a number": ({"value": "012"}, b"012"),
    "number": ({"value": 3}, b"3"),
    "fraction": ({"value": 2.5}, b"2.5"),
    "zero": ({"value": 0}, b"0"),
    "true": ({"value": True}, b"true"),
    "false": ({"value": False}, b"false"),
    "dict": ({"value": {"b": 1, "a": {"ü": None}}}, '{"a":{"ü":null},"b":1}'.encode()),
    "list": ({"value": [3, "x", False, []]}, b'[3,"x",false,[]]'),
    "empty dict": ({"value": {}}, b"{}"),
    "empty list": ({"value": []}, b"[]"),
    "dict from a variable": ({"value": "{{ some_dict }}"}, b'{"a":"text","z":[1,true]}'),
    "bytes": ({"value_b64": base64.b64encode(bytes(range(256))).decode()}, bytes(range(256))),
    "base64 in lines": ({"value_b64": "Z29s\n ZA==\n"}, b"gold"),
    "the longest": ({"value": "{{ 'x' * 500000 }}"}, b"x" * 500_000),
    "the longest bytes": ({"value_b64": "{{ ('x' * 500000) | b64encode }}"}, b"x" * 500_000),
}

# And whether they can travel in the path.
KEYS = {
    "tier": True,
    "A-Z_0.9~": True,
    "...": True,
    "_bulk_": True,
    "a/b": False,
    "/a": False,
    "a/": False,
    "../x": False,
    ".": False,
    "..": False,
    "_bulk": False,
    "_search": False,
    "ü": False,
    "日本": False,
    "with blank": False,
    "100%": False,
    "%2e%2e": False,
    "q?a=b&c#d;e": False,
    "back\\slash": False,
    "tab\tand\nline": False,
    "ü" * 200: False,
    "k" * 200: True,
}


@pytest.fixture(scope="module")
def fake() -> Iterator[Zitadel]:
    with Zitadel() as fake:
        yield fake


@pytest.fixture(scope="module")
def values(ansible: Ansible, fake: Zitadel) -> tuple[Run, str]:
    """Return the run and the organization."""
    acme = fake.create_organization("acme")
    tasks = []
    for name, (options, _stored) in VALUES.items():
        tasks.append(task(f"set {name}", {"org_id": acme, "key": "one " + name, **options}))
        tasks.append(task(f"again {name}", {"org_id": acme, "key": "one " + name, **options}))
    metadata = {name: options["value"] for name, (options, _stored) in VALUES.items() if "value" in options}
    metadata_b64 = {name: options["value_b64"] for name, (options, _stored) in VALUES.items() if "value_b64" in options}
    many = {"org_id": acme, "metadata": metadata, "metadata_b64": metadata_b64}
    tasks += [task("set many", many), task("many again", many)]
    tasks.append(task("read", {"org_id": acme}, "zitadel_org_metadata_info", register="all"))
    copied = fake.create_organization("copy")
    copy = {"org_id": copied, "metadata": "{{ all.metadata }}", "metadata_b64": "{{ all.metadata_b64 }}"}
    tasks += [task("copy", copy), task("copy again", copy)]
    variables = {"json_text": JSON_TEXT, "some_dict": {"z": [1, True], "a": "text"}}
    run = ansible.run(fake, tasks, variables=variables, args=["--diff"])
    assert run.rc == 0
    return run, acme


@pytest.mark.parametrize("name", VALUES)
def test_a_value_is_stored_as_bytes_and_a_second_run_writes_nothing(
    values: tuple[Run, str], fake: Zitadel, name: str
) -> None:
    run, acme = values
    assert run[f"set {name}"]["changed"] is True
    assert fake.metadata(acme)["one " + name] == VALUES[name][1]
    assert run[f"again {name}"]["changed"] is False
    assert not run.writes(f"again {name}")


def test_many_values_are_stored_as_bytes_and_a_second_run_writes_nothing(
    values: tuple[Run, str], fake: Zitadel
) -> None:
    run, acme = values
    held = fake.metadata(acme)
    assert {name: held[name] for name in VALUES} == {name: stored for name, (_options, stored) in VALUES.items()}
    assert run["many again"].written == ([], [], [], sorted(VALUES))
    assert not run.writes("many again")


def test_what_was_read_can_be_set_in_another_organization(values: tuple[Run, str], fake: Zitadel) -> None:
    run, acme = values
    assert fake.metadata(run["copy"]["org_id"]) == fake.metadata(acme)
    assert not run.writes("copy again")


@pytest.fixture(scope="module")
def keys(ansible: Ansible, fake: Zitadel) -> tuple[Run, str]:
    acme = fake.create_organization("keys")
    tasks = []
    for number, key in enumerate(KEYS):
        one = {"org_id": acme, "key": key}
        tasks += [
            task(f"set {number}", {**one, "value": key}),
            task(f"again {number}", {**one, "value": key}),
            task(f"remove {number}", {**one, "state": "absent"}),
        ]
    run = ansible.run(fake, tasks)
    return run, acme


@pytest.mark.parametrize(("number", "key"), list(enumerate(KEYS)), ids=[key[:20] for key in KEYS])
def test_a_key_travels_in_the_path_only_where_it_is_safe(keys: tuple[Run, str], number: int, key: str) -> None:
    run, acme = keys
    end = key if KEYS[key] else "_bulk"
    search = "POST /metadata/_search"
    set_calls = run.calls(f"set {number}")
    # The proof of the organization is sent where nothing was found.
    assert [call for call in set_calls if call != "GET /orgs/me"] == [search, f"POST /metadata/{end}", search]
    assert run.calls(f"again {number}") == [search]
    assert run.calls(f"remove {number}") == [search, f"DELETE /metadata/{end}", search]
    assert run[f"set {number}"]["added"] == run[f"remove {number}"]["removed"] == [key]
    entries = run.entries(f"set {number}", acme)
    assert {name: entry.value for name, entry in entries.items()} == {key: key.encode()}
    assert run.entries(f"remove {number}", acme) == {}
