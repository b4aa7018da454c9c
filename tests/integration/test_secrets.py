# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""No secret is shown: at -vvvv, with --diff, in failures, in the invocation, in what is registered."""

from __future__ import annotations

import base64
import json
import urllib.parse
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from integration.harness import Ansible, Result, Run, Task, everything, processes, task
from integration.server import Zitadel

pytestmark = [pytest.mark.every_core, pytest.mark.both_ways]

BULK = "zitadel_org_metadata_bulk"
TEXT = "sensitive-text-4711"
NESTED = "sensitive-nested-4712"
BINARY = b"sensitive-bytes-4713\xff"
SECRETS: dict[str, str] = {
    "text": TEXT,
    "nested": NESTED,
    "binary_b64": base64.b64encode(BINARY).decode(),
    "header": "header-value-4714",
    "token_of_environment": "token-of-the-environment-4715",
    "token_of_file": "token-of-a-file-4716",
    "wrong_token": "wrong-token-4717",
    "split_token": "split-token-4718 with blanks",
    "wrong_secret": "wrong-secret-4719",
    "misspelt": "misspelt-secret-4720",
    "other_file": "content-of-a-file-4721 that is no token",
}
AS_MODULES = (
    "sensitive new",
    "registered",
    "sensitive unchanged",
    "sensitive changed",
    "sensitive many",
    "sensitive misspelt",
    "sensitive repeated by the server",
    "header",
    "wrong token",
    "organizations is text",
    "token and a misspelt option",
    "token of the environment",
    "key",
    "client",
    "secret in a list",
)
"""Those that run both ways: each is about another place where core could show something."""
WORKING = (
    "sensitive new",
    "registered",
    "sensitive unchanged",
    "sensitive changed",
    "sensitive many",
    "sensitive many, in check mode",
    "sensitive removed",
    "header",
    "token of a file",
    "token of the environment",
    "key",
    "key file",
    "client",
)


def _tasks(fake: Zitadel, acme: str) -> list[Task]:
    """Tasks whose secrets are all in variables. Those named "sensitive …" must not show values either."""
    tier: dict[str, Any] = {"org_id": acme, "key": "tier", "value": "gold"}
    hidden = {"org_id": acme, "key": "hidden", "value": "{{ text }}", "sensitive": True}
    many = {
        "org_id": acme,
        "metadata": {"a": "{{ text }}", "b": {"c": ["{{ nested }}"]}},
        "metadata_b64": {"d": "{{ binary_b64 }}"},
        "sensitive": True,
    }
    key = {"token": None, "key_json": "{{ key_json }}"}
    client = {"token": None, "client_id": "{{ client_id }}", "client_secret": "{{ client_secret }}"}
    return [
        task("sensitive new", hidden, register="hidden"),
        {"name": "registered", "ansible.builtin.debug": {"var": "hidden"}},
        task("sensitive unchanged", hidden),
        task("sensitive changed", {**hidden, "value": {"x": "{{ nested }}"}}),
        task("sensitive many", many),
        task("sensitive many, in check mode", {**many, "metadata": {"a": ["{{ nested }}"]}}, check_mode=True),
        task("sensitive removed", {**hidden, "state": "absent"}),
        task("sensitive empty", {**many, "metadata": {"a": "{{ text }}", "b": ""}}),
        task("sensitive no base64", {**hidden, "value": None, "value_b64": "{{ text }}!"}),
        task("sensitive no dict", {"org_id": acme, "metadata": "{{ text }}", "sensitive": True}),
        task("sensitive and an unknown option", {**hidden, "unknown": "x"}),
        task("sensitive misspelt", {**hidden, "sensitive": None, "sensitiv": True}),
        task("sensitive is no bool", {**hidden, "sensitive": "maybe"}),
        task("sensitive repeated by the server", {**hidden, "key": "echo"}),
        task("sensitive repeated in base64", {**hidden, "key": "echo_b64"}),
        task("sensitive and a wrong choice", {**hidden, "state": "there"}),
        task("header", {**tier, "headers": {"x-proxy-token": "{{ header }}"}}),
        task("header repeated by the server", {**tier, "key": "echo_header", "headers": {"x-t": "{{ header }}"}}),
        task("headers are text", {**tier, "headers": "x-proxy-token: {{ header }}"}),
        task("header of two lines", {**tier, "headers": {"x-proxy-token": "{{ header }}\nx: y"}}),
        task("token repeated by the server", {**tier, "key": "echo_token"}),
        task("wrong token", {**tier, "token": "{{ wrong_token }}"}),
        task("split token", {**tier, "token": "{{ split_token }}"}),
        task("organizations is text", {"organizations": "acme"}, BULK),
        task("an organization is text", {**client, "organizations": ["acme"]}, BULK),
        task("token and a misspelt option", {**tier, "tokn": "{{ misspelt }}"}),
        task("token of a file", {**tier, "token": None, "token_file": "~/token"}),
        task("no token in the file", {**tier, "token": None, "token_file": "~/no-token"}),
        task("token of the environment", {**tier, "token": None}),
        task("key", {**tier, **key}),
        task(
            "key as dict",
            {**tier, "token": None, "key_json": {"key": "{{ private_key }}", "keyId": "1", "userId": "2"}},
        ),
        task("key cut off", {**tier, "token": None, "key_json": "{{ key_json[:-1] }}"}),
        task(
            "key of rubbish",
            {**tier, "token": None, "key_json": {"key": "{{ misspelt }}", "keyId": "1", "userId": "2"}},
        ),
        task("key file", {**tier, "token": None, "key_file": "~/key.json"}),
        task("client", {**tier, **client}),
        task("wrong secret", {**tier, **client, "client_secret": "{{ wrong_secret }}"}),
        task("secret in a list", {**tier, **client, "client_secret": ["{{ wrong_secret }}"]}),
        task("client and token", {**tier, **client, "token": "{{ wrong_token }}"}),
        task("timed out", {**tier, "key": "late", "timeout": 0.3, "retries": 0}),
    ]


@dataclass(frozen=True)
class Told:
    runs: list[Run]
    secrets: dict[str, str]

    @property
    def output(self) -> str:
        return "".join(run.output for run in self.runs)

    @property
    def results(self) -> list[Result]:
        return [result for run in self.runs for result in run.results]

    def __getitem__(self, name: str) -> Result:
        (result,) = (result for result in self.results if result.task == name)
        return result


def _run(ansible: Ansible, fake: Zitadel) -> Told:
    acme = fake.create_organization("acme")
    user = fake.create_user("ORG_OWNER", acme, token=SECRETS["token_of_environment"])
    fake.create_user("ORG_OWNER", acme, token=SECRETS["token_of_file"])
    client_id, client_secret = fake.create_secret(user)
    key = fake.create_key(user)
    for name, secret in (
        ("echo", TEXT),
        ("echo_b64", base64.b64encode(TEXT.encode()).decode()),
        ("echo_header", SECRETS["header"]),
        ("echo_token", fake.token),
    ):
        fake.fail(400, 3, f"I cannot take {secret} for a value", method="POST", path=f"metadata/{name}$")
    fake.delay(method="POST", path="metadata/late$")
    (ansible.home / "token").write_text(SECRETS["token_of_file"])
    (ansible.home / "no-token").write_text(SECRETS["other_file"])
    (ansible.home / "key.json").write_text(json.dumps(key))
    secrets = {**SECRETS, "token": fake.token, "client_secret": client_secret, "private_key": key["key"]}
    variables = {**secrets, "client_id": client_id, "key_json": json.dumps(key)}
    tasks = _tasks(fake, acme)
    both_ways = [one for one in tasks if one["name"] in AS_MODULES]
    others = [one for one in tasks if one["name"] not in AS_MODULES]
    keywords: dict[str, Any] = {
        "defaults": {"token": "{{ token }}"},
        "env": {"ZITADEL_TOKEN": SECRETS["token_of_environment"]},
        "variables": variables,
        "args": ["-vvvv", "--diff"],
    }
    runs = [ansible.run(fake, both_ways, **keywords)]
    if ansible.in_process:
        runs.append(ansible.run(fake, others, **keywords))
    assert [run.rc for run in runs] == [0] * len(runs), runs[-1].output
    return Told(runs, secrets)


@pytest.fixture(scope="module")
def told(ansible: Ansible) -> Iterator[Told]:
    with Zitadel() as fake:
        yield _run(ansible, fake)


def _forms(secret: str) -> set[str]:
    encoded = base64.b64encode(secret.encode()).decode()
    forms = {secret, urllib.parse.quote(secret), json.dumps(secret)[1:-1], repr(secret)[1:-1]}
    # Whatever the base64 begins with and ends in, this is in it.
    forms |= {encoded.rstrip("=")[:-1], base64.urlsafe_b64encode(secret.encode()).decode().rstrip("=")[:-1]}
    return forms


def _forms_of_all(secrets: dict[str, str]) -> dict[str, set[str]]:
    forms = {name: _forms(secret) for name, secret in secrets.items()}
    forms["private_key"] |= set(secrets["private_key"].splitlines()[1:-1])
    forms["bytes"] = {BINARY[:-1].decode(), SECRETS["binary_b64"].rstrip("=")[:-1]}
    return forms


def test_no_secret_is_shown(told: Told) -> None:
    shown = "".join(map(everything, told.runs))
    found = {name: form for name, forms in _forms_of_all(told.secrets).items() for form in forms if form in shown}
    places = {
        name: [line for line in told.output.splitlines() if form in line][:1]
        + [result.task for result in told.results if form in json.dumps(result.data, ensure_ascii=False)]
        for name, form in found.items()
    }
    assert places == {}


def test_the_tasks_did_what_they_should(ansible: Ansible, told: Told) -> None:
    """Else nothing could have been shown."""
    done = {result.task: result.failed for result in told.results}
    assert len(done) == (39 if ansible.in_process else len(AS_MODULES))
    assert {name for name, failed in done.items() if not failed} == set(WORKING) & set(done)
    assert "invocation" in told["sensitive new"].data


def test_no_task_needs_a_process(ansible: Ansible, told: Told) -> None:
    expected = set() if ansible.in_process else {result.task for result in told.results} - {"registered"}
    assert {name for run in told.runs for name in processes(run)} == expected


def test_the_diff_of_sensitive_values_shows_their_length(told: Told) -> None:
    length, changed = len(TEXT), len(json.dumps({"x": NESTED}, separators=(",", ":")))
    new, updated = (told[name]["diff"] for name in ("sensitive new", "sensitive changed"))
    assert (new["before"], new["after"]) == ({}, {"hidden": f"<sensitive, {length} bytes>"})
    assert updated["before"] == {"hidden": f"<sensitive, {length} bytes>"}
    assert updated["after"] == {"hidden": f"<sensitive, {changed} bytes, changed>"}


def test_what_is_no_secret_stays_readable(told: Told) -> None:
    assert told["sensitive new"]["invocation"]["module_args"]["key"] == "hidden"
    assert "HTTP 400" in told["sensitive repeated by the server"]["msg"]
    assert "tokn" in told["token and a misspelt option"]["msg"]


def test_a_short_secret_does_not_hide_other_words(ansible: Ansible) -> None:
    with Zitadel() as fake:
        acme = fake.create_organization("acme")
        tasks = [
            task("header", {"org_id": acme, "key": "a/e", "value": "gold", "headers": {"x-a": "e", "x-b": "gold"}}),
            task("sensitive", {"org_id": acme, "key": "tier", "value": "i", "sensitive": True}),
        ]
        run = ansible.run(fake, tasks, args=["--diff"])
        assert run["header"]["added"] == ["a/e"]
        assert run["header"]["diff"]["after"] == {"a/e": "gold"}
        assert run["sensitive"]["added"] == ["tier"]
        assert run["sensitive"]["org_id"] == acme
