# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Bytes where text belongs, and what YAML makes of keys and sets: refused alike on every core, in process and not.

A module gets JSON, which holds none of them, so only a real run tells.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from integration.harness import Ansible, Run, everything, keys_sent
from integration.server import Zitadel

pytestmark = pytest.mark.every_core

PICTURE = b"\x89PNG\r\n\x1a\n\x00\x00\xff\xfe"
HELD = dict.fromkeys(("2", "2026-11-24", "True", "true", "yes", "tier"), b"held")
SET, READ, BULK = "zitadel_org_metadata", "zitadel_org_metadata_info", "zitadel_org_metadata_bulk"

PLAY = """
- hosts: localhost
  gather_facts: false
  module_defaults:
    group/community.zitadel.all: {{url: "{url}", token: "{token}"}}
  vars:
    picture: "{{{{ lookup('ansible.builtin.file', 'picture.png', rstrip=false) }}}}"
  tasks:
"""
TASK = """
    - name: "{name}"
      community.zitadel.{module}: {options}
      ignore_errors: true
"""

# Name: module, options without the organization, and what the message says.
BYTES: dict[str, tuple[str, str, list[str]]] = {
    "value": (SET, '{key: a, value: "{{ picture }}"}', ["value", "value_b64"]),
    "deep in a value": (SET, '{key: a, value: {deep: ["{{ picture }}"]}}', ["value", "value_b64"]),
    "value in metadata": (SET, '{metadata: {a: "{{ picture }}"}}', ["metadata", "metadata_b64"]),
    "key in metadata": (SET, "{metadata: \"{{ {picture: 'x'} }}\"}", ["metadata", "_b64"]),
    "key": (SET, '{key: "{{ picture }}", value: x}', ["key", "_b64"]),
    "value of many": (BULK, '{metadata: {a: "{{ picture }}"}}', ["Entry 1", "metadata_b64"]),
    "binary value": (SET, "{key: a, value: !!binary iVBORw0KGgo=}", ["value", "value_b64"]),
    "binary value in metadata": (SET, "{metadata: {a: !!binary iVBORw0KGgo=}}", ["metadata", "metadata_b64"]),
    "binary key in metadata": (SET, "{metadata: {!!binary iVBORw0KGgo= : x}}", ["metadata", "_b64"]),
    "binary for base64": (SET, "{key: a, value_b64: !!binary iVBORw0KGgo=}", ["value_b64"]),
    "binary value of many": (BULK, "{metadata: {a: !!binary iVBORw0KGgo=}}", ["Entry 1", "metadata_b64"]),
}
KEYS: dict[str, tuple[str, str, list[str]]] = {
    "boolean": (SET, "{metadata: {yes: x}}", ["metadata", "quote"]),
    "boolean in base64": (SET, "{metadata_b64: {yes: dg==}}", ["metadata_b64", "quote"]),
    "boolean to remove": (SET, "{state: absent, metadata: {true: x}}", ["metadata", "quote"]),
    "boolean of many": (BULK, "{metadata: {yes: x}}", ["Entry 1", "metadata", "quote"]),
    "number": (SET, "{metadata: {1: x}}", ["metadata", "quote"]),
    "fraction": (SET, "{metadata: {1.5: x}}", ["metadata", "quote"]),
    "null": (SET, "{metadata: {~: x}}", ["metadata", "quote"]),
    "number beside its text": (SET, '{metadata: {2: x, "2": y}}', ["metadata", "quote"]),
    "date": (SET, "{metadata: {2026-11-24: x}}", ["metadata", "quote"]),
    "date for key": (SET, "{key: 2026-11-24, value: x}", ["key", "quote"]),
    "date in absent_keys": (SET, "{absent_keys: [2026-11-24]}", ["absent_keys", "quote"]),
    "date in keep": (SET, "{metadata: {tier: held}, purge: true, keep: [2026-11-24]}", ["keep", "quote"]),
    "date for purge_prefix": (
        SET,
        "{metadata: {tier: held}, purge: true, purge_prefix: 2026-11-24, max_removals: 9}",
        ["purge_prefix", "quote"],
    ),
    "date to read": (READ, "{key: 2026-11-24}", ["key", "quote"]),
    "date in a list to read": (READ, "{key: [tier, 2026-11-24]}", ["key", "quote"]),
    "set for metadata": (SET, "{metadata: !!set {a, b}}", ["metadata", "dict"]),
}
SETS = {
    "set": "{key: set, value: !!set {a, b, c, d, e, f, g, h}}",
    "set in metadata": "{metadata: {set in metadata: !!set {a, b, c, d, e, f, g, h}}}",
    "deep set": "{key: deep set, value: {deep: [!!set {a, b, c, d, e, f, g, h}]}}",
}
REFUSED = {**BYTES, **KEYS}


@dataclass(frozen=True)
class Played:
    ansible: Ansible
    fake: Zitadel
    run: Run
    written: list[str]


def _play(ansible: Ansible, fake: Zitadel, tasks: dict[str, tuple[str, str]], seed: str) -> Run:
    text = PLAY.format(url=fake.url, token=fake.token)
    for name, (module, options) in tasks.items():
        named = f"{{org_name: acme, {options[1:]}"
        text += TASK.format(
            name=name, module=module, options=named if module != BULK else f"{{organizations: [{named}]}}"
        )
    return ansible.playbook(text, fakes=[fake], env={"PYTHONHASHSEED": seed})


@pytest.fixture(scope="module")
def played(ansible: Ansible) -> Iterator[Played]:
    (ansible.folder / "picture.png").write_bytes(PICTURE)
    with Zitadel() as fake:
        fake.create_organization("acme", metadata=HELD)
        tasks = {name: (module, options) for name, (module, options, _says) in REFUSED.items()}
        quoted = ", ".join(f'"{key}": held' for key in HELD)
        tasks["quoted"] = (SET, f"{{metadata: {{{quoted}}}}}")
        tasks |= {name: (SET, options) for name, options in SETS.items()}
        run = _play(ansible, fake, tasks, "1")
        yield Played(ansible, fake, run, keys_sent(fake.writes))


@pytest.mark.parametrize("name", REFUSED)
def test_it_is_refused_in_words(played: Played, name: str) -> None:
    result = played.run[name]
    assert result.failed
    assert [part for part in REFUSED[name][2] if part not in result["msg"]] == [], result["msg"]
    assert "serializ" not in result["msg"]
    assert result["changed"] is False
    assert result["error"] == {"status": None, "code": None, "id": None, "message": None}


def test_there_is_neither_traceback_nor_raw_output(played: Played) -> None:
    shown = everything(played.run)
    assert "Traceback" not in shown
    assert "module_stdout" not in shown


def test_nothing_is_written(played: Played) -> None:
    assert [key for key in played.written if key not in SETS] == []


def test_quoted_keys_are_keys(played: Played) -> None:
    assert played.run["quoted"].written == ([], [], [], sorted(HELD))


def test_sets_are_refused_or_stored_in_a_stable_order(played: Played) -> None:
    """Python orders them by chance, so that a task would write in every other run."""
    stored = {name: options for name, options in SETS.items() if not played.run[name].failed}
    for name in SETS.keys() - stored.keys():
        message = played.run[name]["msg"]
        assert "set" in message
        assert "list" in message
        assert "serializ" not in message
    if stored:
        again = _play(played.ansible, played.fake, {name: (SET, options) for name, options in stored.items()}, "2")
        assert [name for name in stored if again[name]["changed"]] == []
