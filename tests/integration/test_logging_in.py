# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The ways to log in, from the task, module_defaults and the environment, and which of them counts."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from integration.harness import TEMPLATES_KEEP_NONE, Ansible, Run, task
from integration.server import Zitadel

READ = {"key": "tier"}
INFO = "zitadel_org_metadata_info"


@dataclass(frozen=True)
class Logins:
    """Ways to log in. Each user is at home in another organization: the answer tells who came."""

    token: str
    key: dict[str, Any]
    client_id: str
    client_secret: str
    homes: dict[str, str]


@pytest.fixture(scope="module")
def fake() -> Iterator[Zitadel]:
    with Zitadel() as fake:
        yield fake


@pytest.fixture(scope="module")
def logins(fake: Zitadel) -> Logins:
    created = {name: fake.create_organization(f"home of {name}") for name in ("token", "key", "client")}
    users = {name: fake.create_user("ORG_OWNER", created[name]) for name in ("token", "client")}
    users["key"], key = fake.create_user_with_key("ORG_OWNER", created["key"])
    client_id, client_secret = fake.create_secret(users["client"])
    homes = {name: user.organization for name, user in users.items()}
    return Logins(users["token"].token, key, client_id, client_secret, homes)


@pytest.fixture(scope="module")
def run(ansible: Ansible, fake: Zitadel, logins: Logins) -> Run:
    """Tasks that log in each in its own way, with another way in the environment of the whole run."""
    (ansible.home / "token").write_text(f" \n{logins.token}\n\n")
    (ansible.folder / "token-beside-the-playbook").write_text(logins.token)
    (ansible.home / "key.json").write_text(json.dumps(logins.key))
    (ansible.home / "empty").write_text("\n")
    expired = {**logins.key, "expirationDate": "2020-01-01T00:00:00Z"}
    client = {"client_id": logins.client_id, "client_secret": logins.client_secret}
    environment = {"ZITADEL_CLIENT_ID": logins.client_id, "ZITADEL_CLIENT_SECRET": logins.client_secret}
    nothing = dict.fromkeys(environment, "")

    def login(name: str, options: dict[str, Any], **keywords: Any) -> dict[str, Any]:
        return task(name, {**READ, **options}, INFO, **keywords)

    tasks = [
        login("token", {"token": logins.token}),
        login("token with a newline", {"token": f"{logins.token}\n"}),
        login("token_file", {"token_file": str(ansible.home / "token")}),
        login("token_file in ~", {"token_file": "~/token"}),
        login("token_file beside", {"token_file": "token-beside-the-playbook"}),
        login("token_file in $HOME", {"token_file": "$HOME/token"}),
        login("key_file", {"key_file": "~/key.json"}),
        login("key_json as text", {"key_json": json.dumps(logins.key)}),
        login("key_json as dict", {"key_json": logins.key}),
        login("client", client),
        login("client_id alone", {"client_id": logins.client_id}),
        login("environment", {}),
        login("token null", {"token": None}),
        login("token default(none)", {"token": "{{ undefined_variable | default(none) }}"}),
        login(
            "module_defaults",
            {},
            module_defaults={"group/community.zitadel.all": {"url": fake.url, "token": logins.token}},
        ),
        login("ZITADEL_TOKEN", {}, environment={**nothing, "ZITADEL_TOKEN": logins.token, "ZITADEL_KEY_FILE": ""}),
        login("ZITADEL_TOKEN_FILE", {}, environment={**nothing, "ZITADEL_TOKEN_FILE": "~/token"}),
        login("ZITADEL_KEY_FILE", {}, environment={**nothing, "ZITADEL_KEY_FILE": str(ansible.home / "key.json")}),
        login("ZITADEL_KEY_JSON", {}, environment={**nothing, "ZITADEL_KEY_JSON": json.dumps(logins.key) + " "}),
        login("two in the task", {"token": logins.token, "key_file": "~/key.json"}),
        login("three in the task", {"token": logins.token, "token_file": "~/token", **client}),
        login("two in the environment", {}, environment={**nothing, "ZITADEL_TOKEN": "x1", "ZITADEL_KEY_FILE": "y1"}),
        login("none", {}, environment=nothing),
        login("client_id without a secret", {"client_id": logins.client_id}, environment=nothing),
        login("client_secret alone", {"client_secret": logins.client_secret}),
        login("empty token_file", {"token_file": "~/empty"}),
        login("no token_file", {"token_file": "~/no-such-file"}),
        login("empty key_json", {"key_json": ""}),
        login("key_json is no key", {"key_json": {"type": "serviceaccount"}}),
        login("key_json is no JSON", {"key_json": "hello"}),
        login("key of an application", {"key_json": {**logins.key, "type": "application"}}),
        login("expired key", {"key_json": expired}),
        login("unknown key", {"key_json": {**logins.key, "keyId": "1234"}}),
        login("wrong audience", {"key_json": logins.key, "audience": "https://id.example.com"}),
        login("wrong secret", {"client_id": logins.client_id, "client_secret": "wrong-secret"}),
        login("unknown client", {"client_id": "nobody", "client_secret": "wrong-secret"}),
    ]
    return ansible.run(
        fake,
        tasks,
        defaults={"token": None, "retries": 0},
        env={**environment, "ZITADEL_TOKEN": "", "ZITADEL_URL": " "},
    )


@pytest.mark.parametrize(
    ("name", "user"),
    [
        ("token", "token"),
        ("token with a newline", "token"),
        ("token_file", "token"),
        ("token_file in ~", "token"),
        ("token_file beside", "token"),
        ("token_file in $HOME", "token"),
        ("key_file", "key"),
        ("key_json as text", "key"),
        ("key_json as dict", "key"),
        ("client", "client"),
        ("client_id alone", "client"),
        ("environment", "client"),
        ("token null", "client"),
        ("module_defaults", "token"),
        ("ZITADEL_TOKEN", "token"),
        ("ZITADEL_TOKEN_FILE", "token"),
        ("ZITADEL_KEY_FILE", "key"),
        ("ZITADEL_KEY_JSON", "key"),
    ],
)
def test_who_comes(run: Run, logins: Logins, name: str, user: str) -> None:
    assert not run[name].failed, run[name]["msg"]
    assert run[name]["org_id"] == logins.homes[user]


def test_default_none_is_not_given(run: Run, logins: Logins) -> None:
    result = run["token default(none)"]
    if TEMPLATES_KEEP_NONE:
        assert result["org_id"] == logins.homes["client"]
    else:
        # An empty text, by the time that a module sees it.
        assert "token is given, but empty" in result["msg"]


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("two in the task", ["token and key_file are given in the task", "mutually exclusive"]),
        ("three in the task", ["token and token_file and client_id are given in the task"]),
        (
            "two in the environment",
            ["ZITADEL_TOKEN and ZITADEL_KEY_FILE are given in the environment", "mutually exclusive"],
        ),
        ("none", ["No authentication method is given", "token_file", "key_json", "client_secret", "ZITADEL_KEY_FILE"]),
        ("client_id without a secret", ["client_id is given in the task without client_secret"]),
        ("client_secret alone", ["client_secret is given in the task without client_id"]),
        ("empty token_file", ["token_file", "/empty is empty"]),
        ("no token_file", ["token_file", "/no-such-file cannot be read: No such file or directory"]),
        ("empty key_json", ["key_json is given, but empty"]),
        ("key_json is no key", ["key_json is not a complete service-account key", "keyId and userId and key"]),
        ("key_json is no JSON", ["key_json is not the JSON of a service-account key"]),
        ("key of an application", ["key_json", "'application'", "service account"]),
        ("expired key", ["key_json", "expired on 2020-01-01T00:00:00Z"]),
    ],
)
def test_it_is_refused_before_anything_is_sent(run: Run, name: str, says: list[str]) -> None:
    assert run[name].failed
    assert [part for part in says if part not in run[name]["msg"]] == [], run[name]["msg"]
    assert not run.requests(name)


@pytest.mark.parametrize(
    ("name", "statuses", "says"),
    [
        # A refused assertion is a 500, and since the releases after v4.13.1 a 400.
        ("unknown key", [500, 400], ["Logging in failed", "audience", "clock", "1234"]),
        ("wrong audience", [500, 400], ["Logging in failed", "audience", "https://id.example.com", "clock"]),
        ("wrong secret", [400], ["Logging in failed", "client credentials", "client_secret"]),
        ("unknown client", [400], ["Logging in failed", "'nobody'", "login name"]),
    ],
)
def test_the_server_refuses_it(run: Run, name: str, statuses: list[int], says: list[str]) -> None:
    assert run[name].failed
    assert [part for part in says if part not in run[name]["msg"]] == [], run[name]["msg"]
    assert run[name]["error"]["status"] in statuses
    # The 500 must not be repeated.
    assert len(run.requests(name)) == 1


def test_there_is_no_traceback(run: Run) -> None:
    assert "Traceback" not in run.output


def test_the_items_of_a_loop_share_a_login_and_an_expired_token_is_renewed(ansible: Ansible, fake: Zitadel) -> None:
    # Not to be compared: processes of their own log in each, so that no token expires.
    acme = fake.create_organization("loop")
    client_id, client_secret = fake.create_secret(fake.create_user("ORG_OWNER", acme))
    client = {"token": None, "client_id": client_id, "client_secret": client_secret}
    options = {"key": "{{ item }}", "value": "x", "verify": False}
    loop = [f"key{number}" for number in range(6)]
    run = ansible.run(fake, [task("loop", options, loop=loop)], defaults=client, compare=False)
    assert fake.metadata(acme).keys() == set(loop)
    assert sum("/oauth/" in call for call in run.calls("loop")) == (1 if ansible.in_process else 6)

    fake.limit_issued_tokens(4)
    tasks = [task("expiring", options, loop=[f"{key}x" for key in loop])]
    run = ansible.run(fake, tasks, defaults=client, compare=False)
    fake.limit_issued_tokens(None)
    assert run.rc == 0
    assert [item.failed for item in run.items("expiring")] == [False] * 6
    assert len(fake.metadata(acme)) == 12
    assert 2 <= sum("/oauth/" in call for call in run.calls("expiring")) <= 6


def test_everything_comes_from_the_environment(ansible: Ansible, home: Path) -> None:
    with Zitadel() as fake:
        acme = fake.create_organization("acme")
        (home / "spare-token").write_text(fake.token)
        env = {
            "ZITADEL_URL": f"{fake.url}/",
            "ZITADEL_TOKEN_FILE": "~/spare-token",
            "ZITADEL_ORG_ID": acme,
            # AWX sets what was left out to nothing.
            "ZITADEL_TOKEN": "",
            "ZITADEL_KEY_JSON": "",
            "ZITADEL_CLIENT_ID": "",
            "ZITADEL_CLIENT_SECRET": "",
            "ZITADEL_VALIDATE_CERTS": "",
            "ZITADEL_CA_PATH": "",
            "ZITADEL_TIMEOUT": "",
            "ZITADEL_RETRIES": "0",
            "ZITADEL_INSTANCE_HOST": "",
        }
        fake.respond(503, {"code": 14, "message": "starting"}, path="metadata/late$")
        tasks = [
            task("set", {"key": "tier", "value": "gold"}),
            task("not repeated", {"key": "late", "value": "1"}),
            task("repeated", {"key": "late", "value": "1", "retries": 1}),
        ]
        run = ansible.run(fake, tasks, defaults={"url": None, "token": None}, env=env)
        assert run["set"]["org_id"] == acme
        assert run["not repeated"].failed
        assert not run["repeated"].failed
        assert fake.metadata(acme).keys() == {"tier", "late"}
