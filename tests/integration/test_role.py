# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The role org_metadata: its variables become options of zitadel_org_metadata_bulk, on the controller, whatever the host.

Every case is a host that nobody can reach, in plays that would become somebody who does not exist. What the module
makes of its options is tested with the module.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
import yaml
from ansible_collections.community.zitadel.plugins.module_utils._auth import LOGIN_OPTIONS
from ansible_collections.community.zitadel.plugins.module_utils._spec import CONNECTION_SPEC

from fake_zitadel import Request
from integration.harness import ROOT, Ansible, Play, Result, Run, everything
from integration.server import Zitadel

pytestmark = pytest.mark.every_core

FOLDER = ROOT / "roles/org_metadata"
ROLE = "community.zitadel.org_metadata"
SET = f"{ROLE} : Set the metadata of all organizations"
PLAYS = ("check", "set", "again")
BEFORE = {"seats": "5", "a/old": "1", "b/old": "1"}

SENSITIVE = "sensitive-text-4711"
TOKEN = "token-of-the-role-4712"
CLIENT_SECRET = "client-secret-4713"
UNKNOWN = "value-of-an-unknown-variable-4715"
WRONG = "wrong-token-4716"

# One value for each option of the connection, such that none could be the module's own default.
VALUES: dict[str, Any] = {
    "url": "https://{}.example.com",
    "token": "token-from-{}",
    "token_file": "/no/{}/token",
    "key_file": "/no/{}/key.json",
    "key_json": "key-from-{}",
    "client_id": "client-of-{}",
    "client_secret": "secret-from-{}",
    "audience": "https://audience.{}.example.com",
    "instance_host": "{}.example.com",
    "headers": {"x-{}": "{}"},
    "validate_certs": False,
    "ca_path": "/no/{}/ca.pem",
    "client_cert": "/no/{}/cert.pem",
    "client_key": "/no/{}/key.pem",
    "timeout": 2.5,
    "retries": 1,
    "api_version": "v1",
    "connections": 2,
}


HIDDEN = ("token", "client_secret", "key_json")


@dataclass(frozen=True)
class Case:
    """The variables of a host, but for the organizations, and what the role says of them, if it fails."""

    variables: Callable[[Zitadel], dict[str, Any]]
    says: list[str] = field(default_factory=list)
    entries: list[dict[str, Any]] | None = None


def _variables(prefix: str, said: str) -> dict[str, Any]:
    """A variable for each option of the connection."""
    values = json.loads(json.dumps(VALUES).replace("{}", said))
    return {f"{prefix}_{option}": values[option] for option in CONNECTION_SPEC}


def _client(fake: Zitadel) -> tuple[str, str]:
    user = fake.create_user("IAM_OWNER")
    return fake.create_secret(user)


def _lone_client_id(fake: Zitadel) -> dict[str, Any]:
    client_id, client_secret = _client(fake)
    return {
        "org_metadata_client_id": client_id,
        "zitadel_client_secret": client_secret,
        "zitadel_client_id": "somebody-else",
        "zitadel_token": "{{ undefined_as_it_is_not_used }}",
    }


def _lookup_variables(fake: Zitadel) -> dict[str, Any]:
    fake.create_user("IAM_OWNER", token=TOKEN)
    return {
        "zitadel_url": f"{fake.url}/",
        "zitadel_token": "{{ vaulted_token }}",
        "vaulted_token": TOKEN,
        # Not set: null, and left out.
        "org_metadata_url": None,
        "org_metadata_token": "{{ nothing | default(omit) }}",
        "org_metadata_client_id": None,
        "org_metadata_api_version": None,
        "zitadel_validate_certs": None,
        "zitadel_retries": "{{ nothing | default(omit) }}",
    }


CASES: dict[str, Case] = {
    "works": Case(lambda fake: {}),
    "lone client id": Case(_lone_client_id),
    "variables of the lookup": Case(_lookup_variables),
    "client id without secret": Case(
        lambda fake: {"org_metadata_client_id": "ansible", "zitadel_token": fake.token, "zitadel_url": fake.url},
        ["client_id", "client_secret"],
    ),
    "every option": Case(lambda fake: {**_variables("org_metadata", "role"), **_variables("zitadel", "lookup")}),
    "every option of the lookup": Case(lambda fake: _variables("zitadel", "lookup")),
    "undefined variable": Case(
        lambda fake: {"zitadel_token": "{{ misspelt_token }}", "zitadel_url": fake.url}, ["misspelt_token"]
    ),
    "unknown variable": Case(
        lambda fake: {"org_metadata_tokn": UNKNOWN},
        [
            "The role org_metadata does not know org_metadata_tokn. Correct the name",
            "org_metadata_token,",
            "org_metadata_connections.",
        ],
    ),
    "wrong type": Case(lambda fake: {"org_metadata_timeout": "soon"}, ["org_metadata_timeout", "float"]),
    "misspelt option": Case(
        lambda fake: {"org_metadata_token": TOKEN, "org_metadata_organizations": _misspelt()},
        ["Entry 2", "x2", "metdata"],
    ),
}
WORKING = ("works", "lone client id", "variables of the lookup")
FAILING = tuple(name for name in CASES if name not in WORKING)


def _misspelt() -> list[dict[str, Any]]:
    secret = {"sensitive": True, "metadata": {"k": SENSITIVE}}
    return [{"org_name": "x1", **secret}, {"org_name": "x2", **secret, "metdata": {"k": SENSITIVE}}]


def _host(name: str) -> str:
    return name.replace(" ", "-")


@dataclass(frozen=True)
class Roles:
    run: Run
    fake: Zitadel
    organizations: dict[str, list[str]]

    def of(self, name: str, play: str = "set") -> Result:
        """What the decisive task of a case told in one of the plays."""
        found = [
            result
            for result in self.run.results
            if result.host == _host(name) and (result.failed or result.task == SET)
        ]
        return found[PLAYS.index(play) if name == "works" else 0]

    def requests(self, name: str) -> list[Request]:
        return [one for one in self.fake.requests if one.headers.get("x-case") == _host(name)]


def _play(name: str, hosts: str, **keywords: Any) -> Play:
    who = {"become": True, "become_user": "somebody-who-does-not-exist"}
    return {"name": name, "hosts": hosts, "gather_facts": False, "roles": [ROLE], **who, **keywords}


def _entries(organizations: list[str]) -> list[dict[str, Any]]:
    """Three entries, each with another kind of name."""
    return [
        {"org_id": organizations[0], "metadata": {"tier": "gold", "n": 3, "left out": "{{ nothing | default(omit) }}"}},
        {"org_name": "works 2", "metadata_b64": {"logo": "/w=="}, "absent_keys": ["seats", "never"]},
        {"org_domain": "works-3.example.org", "metadata": {"seats": "5"}, "purge": True, "keep": ["a/*"]},
    ]


@pytest.fixture(scope="module")
def roles(ansible: Ansible) -> Iterator[Roles]:
    """Everything in one run, with the connection of most cases in the environment."""
    # Variables of the group "all" hold for the controller, too, and count more than keywords do.
    nowhere = {
        "ansible_connection": "ssh",
        "ansible_host": "192.0.2.1",
        "ansible_python_interpreter": "/no/python",
        "ansible_become": True,
        "ansible_become_user": "somebody-who-does-not-exist",
    }
    with Zitadel() as fake:
        organizations = {}
        hosts = {}
        for name, case in CASES.items():
            organizations[name] = [
                fake.create_organization(
                    f"{name} {number}", domain=f"{_host(name)}-{number}.example.org", metadata=BEFORE
                )
                for number in (1, 2, 3)
            ]
            entries = [{"org_id": organizations[name][0], "metadata": {"tier": "gold"}}]
            if name == "works":
                entries = _entries(organizations[name])
            hosts[_host(name)] = {
                "org_metadata_headers": {"x-case": "{{ inventory_hostname }}"},
                "org_metadata_organizations": entries,
                **case.variables(fake),
            }
        # The variables of the lookup are all there is.
        del hosts[_host("every option of the lookup")]["org_metadata_headers"]
        fake.clear_requests()
        inventory = ansible.folder / "inventory.json"
        inventory.write_text(json.dumps({"all": {"hosts": {**hosts, "localhost": {}}, "vars": nowhere}}))
        result = {"name": "result", "ansible.builtin.debug": {"var": "org_metadata_result.changed"}, "become": False}
        plays = [
            _play("check", "works", check_mode=True),
            _play("set", "all:!localhost"),
            # The role must not take its own result for an unknown variable.
            _play("again", "works", tasks=[{**result, "delegate_to": "localhost"}]),
        ]
        run = ansible.playbook(
            json.dumps(plays),
            fakes=[fake],
            args=["-i", str(inventory), "--diff", "-vvvv"],
            env={"ZITADEL_URL": fake.url, "ZITADEL_TOKEN": fake.token},
        )
        yield Roles(run, fake, organizations)


HELD_BEFORE = {key: value.encode() for key, value in BEFORE.items()}
GOLD = {**HELD_BEFORE, "tier": b"gold"}


def test_it_sets_many_organizations_and_a_second_run_changes_nothing(roles: Roles) -> None:
    check, done, again = (roles.of("works", play) for play in PLAYS)
    assert not done.failed, done["msg"]
    ids = roles.organizations["works"]
    titles = [f"Entry 1, {ids[0]}", "Entry 2, works 2", "Entry 3, works-3.example.org"]
    lists = ("org_id", "entry", "changed", "added", "updated", "removed", "unchanged")
    expected: list[tuple[Any, ...]] = [
        (ids[0], titles[0], True, ["n", "tier"], [], [], []),
        (ids[1], titles[1], True, ["logo"], [], ["seats"], ["never"]),
        (ids[2], titles[2], True, [], [], ["b/old"], ["seats"]),
    ]
    for result in (check, done):
        assert [tuple(one[key] for key in lists) for one in result["organizations"]] == expected
    assert again["changed"] is False
    assert [roles.fake.metadata(organization) for organization in ids] == [
        {**GOLD, "n": b"3"},
        {"a/old": b"1", "b/old": b"1", "logo": b"\xff"},
        {"seats": b"5", "a/old": b"1"},
    ]
    assert {request.bearer for request in roles.requests("works")} == {roles.fake.token}


def test_it_leaves_its_result(roles: Roles) -> None:
    (shown,) = roles.run.all("result")
    assert shown["org_metadata_result.changed"] is False


@pytest.mark.parametrize("name", ["lone client id", "variables of the lookup"])
def test_another_login_works(roles: Roles, name: str) -> None:
    result = roles.of(name)
    assert not result.failed, result["msg"]
    assert roles.fake.metadata(roles.organizations[name][0]) == GOLD
    used = {request.bearer for request in roles.requests(name) if request.path.startswith("/management/")}
    if name == "variables of the lookup":
        assert used == {TOKEN}
    else:
        assert roles.requests(name)[0].path == "/oauth/v2/token"
        assert not used & {TOKEN, roles.fake.token}


@pytest.mark.parametrize(("name", "said"), [("every option", "role"), ("every option of the lookup", "lookup")])
def test_every_variable_becomes_its_option(roles: Roles, name: str, said: str) -> None:
    result = roles.of(name)
    given = result["invocation"]["module_args"]
    values = json.loads(json.dumps(VALUES).replace("{}", said))
    shown = {option for option in CONNECTION_SPEC if option not in (*HIDDEN, "headers")}
    assert {option: given[option] for option in shown} == {option: values[option] for option in shown}
    assert [option for option in HIDDEN if given[option] is None] == []
    assert list(given["headers"]) == list(values["headers"])


@pytest.mark.parametrize("name", FAILING)
def test_what_is_wrong_is_said_before_anything_is_written(roles: Roles, name: str) -> None:
    result = roles.of(name)
    assert result.failed
    assert [part for part in CASES[name].says if part not in result["msg"]] == [], result["msg"]
    assert [request for request in roles.requests(name) if request.modifies] == []
    assert [roles.fake.metadata(one) for one in roles.organizations[name]] == [HELD_BEFORE] * 3


def test_no_secret_is_shown(roles: Roles) -> None:
    shown = everything(roles.run)
    secrets = (SENSITIVE, TOKEN, CLIENT_SECRET, UNKNOWN, roles.fake.token)
    places = {
        secret: [line for line in roles.run.output.splitlines() if secret in line][:1]
        + [(result.host, result.task) for result in roles.run.results if secret in json.dumps(result.data)]
        for secret in secrets
        if secret in shown
    }
    assert places == {}


def test_there_is_no_traceback_and_nobody_tried_to_reach_the_hosts(roles: Roles) -> None:
    assert "Traceback" not in roles.run.output
    assert "unreachable" not in {result.event for result in roles.run.results}
    assert "ESTABLISH SSH CONNECTION" not in roles.run.output
    assert "changed: [works -> localhost" in roles.run.output


def test_every_connection_option_has_its_variable_everywhere() -> None:
    spec = yaml.safe_load((FOLDER / "meta/argument_specs.yml").read_text())["argument_specs"]["main"]["options"]
    variables = yaml.safe_load((FOLDER / "vars/main.yml").read_text())
    options = list(variables["__org_metadata_options"])
    assert set(CONNECTION_SPEC) <= set(options) == set(VALUES)
    assert tuple(variables["__org_metadata_login"]) == LOGIN_OPTIONS
    assert list(spec) == ["org_metadata_organizations", *(f"org_metadata_{option}" for option in options)]
    readme = (FOLDER / "README.md").read_text()
    assert [option for option in options if f"| `org_metadata_{option}` | `zitadel_{option}` |" not in readme] == []
