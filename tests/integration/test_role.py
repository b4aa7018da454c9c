# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The role org_metadata: all entries are checked before the first is written, on the controller, whatever the host.

Every case is a host that nobody can reach, in plays that would become somebody who does not exist. The three plays
run the same cases in check mode, for real and again.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from fake_zitadel import FakeZitadel, Request
from integration.harness import Ansible, Play, Result, Run, everything

ROLE = "community.zitadel.org_metadata"
SET = f"{ROLE} : Set the metadata of all organizations"
KNOWN = f"{ROLE} : Refuse unknown variables"
BEFORE = {"seats": "5", "a/old": "1", "b/old": "1"}
PLAYS = ("check", "set", "again")

HEADER = "header-value-4714"
SENSITIVE = "sensitive-text-4711"
TOKEN = "token-of-the-role-4712"
CLIENT_SECRET = "client-secret-4713"
UNKNOWN = "value-of-an-unknown-variable-4715"

Entry = dict[str, Any]
# Options of the role for three organizations.
Arrange = Callable[[FakeZitadel, Sequence[str]], dict[str, Any]]


def _host(name: str) -> str:
    return name.replace(" ", "-")


def _domain(name: str, number: int) -> str:
    return f"{_host(name)}-{number}.example.org"


def _entries(*entries: Entry, **more: Any) -> Arrange:
    """Options whose entries name their organizations by number."""

    def arrange(fake: FakeZitadel, organizations: Sequence[str]) -> dict[str, Any]:
        named = []
        for entry in entries:
            number = entry.get("number")
            organization = fake.store.organizations[organizations[number - 1]] if number else None
            rest = {option: value for option, value in entry.items() if option != "number"}
            named.append({"org_name": organization.name, **rest} if organization else rest)
        return {"organizations": named, **more}

    return arrange


def _one(number: int, **options: Any) -> Entry:
    return {"number": number, "metadata": {"tier": "gold"}, **options}


@dataclass(frozen=True)
class Case:
    arrange: Arrange
    says: list[str] = field(default_factory=list)
    task: str = SET


def _every_kind_of_name(fake: FakeZitadel, organizations: Sequence[str]) -> dict[str, Any]:
    name = fake.store.organizations[organizations[1]].name
    return {
        "organizations": [
            {"org_id": organizations[0], "metadata": {"tier": "gold", "features": {"sso": True}, "n": 3}},
            {"org_name": name, "metadata_b64": {"logo": "/w=="}, "absent_keys": ["seats", "never"]},
            {"org_domain": _domain("every kind of name", 3), "metadata": {"seats": "5"}, "purge": True, "keep": "a/*"},
        ]
    }


def _own_login(fake: FakeZitadel, organizations: Sequence[str]) -> dict[str, Any]:
    client_id, client_secret = fake.create_secret(fake.create_user("ORG_OWNER", organizations[0]))
    return {
        "organizations": [{"metadata": {"tier": "gold"}}],
        "url": f"{fake.url}/",
        "client_id": client_id,
        "client_secret": client_secret,
        "instance_host": "id.example.com",
        "timeout": "5",
        "retries": 1,
        "validate_certs": "yes",
    }


def _sensitive(fake: FakeZitadel, organizations: Sequence[str]) -> dict[str, Any]:
    user = fake.create_user("IAM_OWNER", token=TOKEN)
    hidden = {"metadata": {"hidden": SENSITIVE}, "sensitive": True}
    entries = [{"org_id": organizations[0], **hidden}, {"org_id": organizations[1], "metadata": {"tier": "gold"}}]
    return {"organizations": entries, "token": user.token}


def _many(fake: FakeZitadel, organizations: Sequence[str]) -> dict[str, Any]:
    ids = [fake.create_organization(f"one of many, {number}") for number in range(200)]
    return {"organizations": [{"org_id": organization, "metadata": {"tier": "gold"}} for organization in ids]}


WORKING: dict[str, Case] = {
    "every kind of name": Case(_every_kind_of_name),
    "own login": Case(_own_login),
    "removal": Case(_entries(_one(1, metadata={"seats": None, "x": None}, state="absent"), _one(2, verify=False))),
    "nothing to do": Case(_entries()),
    "sensitive": Case(_sensitive),
    "many": Case(_many),
}


def _no_role(fake: FakeZitadel, organizations: Sequence[str]) -> dict[str, Any]:
    token = fake.create_user("ORG_OWNER", organizations[0]).token
    entries = [{"org_id": organization, "metadata": {"tier": "gold"}} for organization in organizations[:2]]
    return {"organizations": entries, "token": token}


def _removed(fake: FakeZitadel, organizations: Sequence[str]) -> dict[str, Any]:
    fake.change_state(organizations[1], "removed")
    entries = [{"org_id": organization, "metadata": {"tier": "gold"}} for organization in organizations]
    return {"organizations": entries}


def _secrets(entry: Entry, **more: Any) -> Arrange:
    """Secrets of all kinds, and something that the argument spec refuses."""
    return _entries(_one(1), _one(2, metadata={"tier": SENSITIVE}, sensitive=True, **entry), token=TOKEN, **more)


# What is refused before anything is written, and what the message says. {1} is the name of an organization.
REFUSED: dict[str, Case] = {
    "empty value": Case(
        _entries(_one(1), _one(2, metadata={"a": "1", "b": ""}), _one(3)), ["Entry 2, {2}:", "'b' is empty"]
    ),
    "nothing asked for": Case(_entries(_one(1), {"org_name": "x"}), ["Entry 2, x:", "Nothing is asked for"]),
    "unknown name": Case(
        _entries(_one(1), _one(0, org_name="nobody"), _one(3)),
        ["Entry 2, nobody:", "No organization with the name 'nobody'"],
    ),
    "unknown id": Case(_entries(_one(1), _one(0, org_id="12345")), ["Entry 2, 12345:", "no organization 12345"]),
    "no role there": Case(_no_role, ["Entry 2, {id2}:", "no role in organization {id2}"]),
    "removed": Case(_removed, ["Entry 2, {id2}:", "removed"]),
    "two bad entries": Case(
        _entries(_one(0, org_name="nobody"), _one(2), _one(3, metadata={"b": ""})),
        ["Entry 1, nobody:", "Entry 3, {3}:", "'b' is empty"],
    ),
    "two names": Case(_entries(_one(1), _one(2, org_id="1")), ["Entry 2, {2}:", "org_id and org_name"]),
    "empty org_id": Case(_entries(_one(1), _one(0, org_id="")), ["Entry 2", "org_id is given, but empty"]),
    "one organization twice": Case(
        _entries(
            _one(1, metadata={"a/new": "1"}, purge=True, purge_prefix="a/"),
            _one(1, metadata={"b/new": "1"}, purge=True, purge_prefix="b/"),
        ),
        ["Entry 2, {1}:", "Entry 1, {1} is the same organization", "one task of each"],
    ),
    "too many removals": Case(
        _entries(_one(1), _one(2, purge=True, max_removals=2)),
        ["Entry 2, {2}:", "would remove 3 keys", "max_removals allows 2"],
    ),
    "wrong token": Case(_entries(_one(1), _one(2), token="wrong-token"), ["Entry 1, {1}:", "access token was refused"]),
    "two logins": Case(
        _entries(_one(1), token=TOKEN, client_id="x", client_secret=CLIENT_SECRET), ["token and client_id", "only one"]
    ),
}

# What the argument spec refuses.
ARGUMENTS: dict[str, Case] = {
    "misspelt option": Case(_secrets({"metdata": {"x": "1"}}), ["metdata", "org_metadata_organizations", "metadata"]),
    "misspelt sensitive": Case(
        _entries(_one(1), _one(2, metadata={"tier": SENSITIVE}, sensitiv=True)), ["sensitiv", "sensitive"]
    ),
    "option of the module": Case(_secrets({"key": "x"}), ["key", "org_metadata_organizations"]),
    "no bool": Case(_secrets({"purge": "perhaps"}), ["purge", "perhaps"]),
    "no state": Case(_secrets({"state": "there"}), ["state", "present, absent"]),
    "no number": Case(_secrets({}, timeout="soon"), ["org_metadata_timeout", "float"]),
    "no organizations": Case(lambda fake, organizations: {"token": TOKEN}, ["org_metadata_organizations", "missing"]),
    "organizations are text": Case(
        lambda fake, organizations: {"organizations": SENSITIVE, "token": TOKEN}, ["org_metadata_organizations"]
    ),
    "unknown variable": Case(
        _entries(_one(1), tokn=UNKNOWN),
        ["The role org_metadata does not know org_metadata_tokn", "org_metadata_token,"],
        KNOWN,
    ),
    "unknown variables": Case(
        _entries(_one(1), purge=True, org_id="1"), ["does not know org_metadata_org_id, org_metadata_purge."], KNOWN
    ),
}


def _refused_write(fake: FakeZitadel, organizations: Sequence[str]) -> dict[str, Any]:
    fake.fail(
        403, 7, "No matching permissions found (AUTH-5mWD2)", path="metadata/tier$", organization=organizations[1]
    )
    return _entries(_one(1), _one(2), _one(3))(fake, organizations)


HALF_WAY = {
    "refused write": Case(
        _refused_write,
        ["Entry 2, {2}:", "org.write", "The entries after it were not written. Written: Entry 1, {1}."],
    )
}
CASES = {**WORKING, **REFUSED, **ARGUMENTS, **HALF_WAY}


@dataclass(frozen=True)
class Roles:
    run: Run
    fake: FakeZitadel
    organizations: dict[str, list[str]]

    def of(self, name: str, play: str = "set") -> Result:
        """What the decisive task of a case told in one of the plays."""
        found = [
            result
            for result in self.run.results
            if result.host == _host(name) and (result.failed or result.task == SET)
        ]
        return found[PLAYS.index(play) if name in WORKING else 0]

    def requests(self, name: str, play: str = "set") -> list[Request]:
        mark = f"{_host(name)} {play}"
        return [request for request in self.fake.requests if request.headers.get("x-case") == mark]

    def names(self, name: str) -> list[str]:
        return [self.fake.store.organizations[organization].name for organization in self.organizations[name]]


def _play(name: str, hosts: str, **keywords: Any) -> Play:
    who = {"become": True, "become_user": "somebody-who-does-not-exist"}
    return {"name": name, "hosts": hosts, "gather_facts": False, "roles": [ROLE], **who, **keywords}


@pytest.fixture(scope="module")
def roles(ansible: Ansible) -> Iterator[Roles]:
    """Everything in one run, with the connection of most cases in the environment."""
    nowhere = {"ansible_connection": "ssh", "ansible_host": "192.0.2.1", "ansible_python_interpreter": "/no/python"}
    mark = {"x-case": "{{ inventory_hostname }} {{ ansible_play_name }}", "x-proxy-token": HEADER}
    with FakeZitadel(hosts=["id.example.com"]) as fake:
        organizations = {}
        hosts = {}
        for name, case in CASES.items():
            organizations[name] = [
                fake.create_organization(f"{name} {number}", domain=_domain(name, number), metadata=BEFORE)
                for number in (1, 2, 3)
            ]
            options = {"headers": mark, **case.arrange(fake, organizations[name])}
            variables = {f"org_metadata_{option}": value for option, value in options.items()}
            hosts[_host(name)] = {**nowhere, **variables}
        fake.clear_requests()
        groups: Any = {"working": {"hosts": {_host(name): {} for name in WORKING}}}
        inventory = ansible.folder / "inventory.json"
        inventory.write_text(json.dumps({"all": {"hosts": hosts, "children": groups}}))
        plays = [
            _play("check", "working", check_mode=True),
            _play("set", "all"),
            _play("again", "working"),
        ]
        run = ansible.playbook(
            json.dumps(plays),
            fakes=[fake],
            args=["-i", str(inventory), "--diff", "-vvvv"],
            env={"ZITADEL_URL": fake.url, "ZITADEL_TOKEN": fake.token},
        )
        yield Roles(run, fake, organizations)


def _held(roles: Roles, name: str) -> list[dict[str, bytes]]:
    return [roles.fake.metadata(organization) for organization in roles.organizations[name]]


HELD_BEFORE = {key: value.encode() for key, value in BEFORE.items()}
GOLD = {**HELD_BEFORE, "tier": b"gold"}


@pytest.mark.parametrize(
    ("name", "held"),
    [
        (
            "every kind of name",
            [
                {**GOLD, "features": b'{"sso":true}', "n": b"3"},
                {"a/old": b"1", "b/old": b"1", "logo": b"\xff"},
                {"seats": b"5", "a/old": b"1"},
            ],
        ),
        ("own login", [GOLD, HELD_BEFORE, HELD_BEFORE]),
        ("removal", [{"a/old": b"1", "b/old": b"1"}, GOLD, HELD_BEFORE]),
        ("nothing to do", [HELD_BEFORE, HELD_BEFORE, HELD_BEFORE]),
        ("sensitive", [{**HELD_BEFORE, "hidden": SENSITIVE.encode()}, GOLD, HELD_BEFORE]),
    ],
)
def test_it_sets_many_organizations(roles: Roles, name: str, held: list[dict[str, bytes]]) -> None:
    for play in PLAYS:
        assert not roles.of(name, play).failed, roles.of(name, play)["msg"]
    assert _held(roles, name) == held


@pytest.mark.parametrize("name", WORKING)
def test_check_mode_tells_the_same_and_writes_nothing_and_a_second_run_neither(roles: Roles, name: str) -> None:
    check, done, again = (roles.of(name, play) for play in PLAYS)
    assert [request for request in roles.requests(name, "check") if request.modifies] == []
    assert [request for request in roles.requests(name, "again") if request.modifies] == []
    lists = ("entry", "org_id", "changed", "added", "updated", "removed")
    told = [[[one[key] for key in lists] for one in result["organizations"]] for result in (check, done)]
    assert told[0] == told[1]
    assert check["diff"] == done["diff"]
    assert check["changed"] is done["changed"] is (name != "nothing to do")
    assert again["changed"] is False
    assert [one["changed"] for one in again["organizations"]] == [False] * len(done["organizations"])


def test_it_tells_what_was_done_to_each(roles: Roles) -> None:
    name = "every kind of name"
    result = roles.of(name)
    ids, names = roles.organizations[name], roles.names(name)
    titles = [f"Entry 1, {ids[0]}", f"Entry 2, {names[1]}", f"Entry 3, {_domain(name, 3)}"]
    lists = ("org_id", "entry", "changed", "added", "updated", "removed", "unchanged")
    assert [tuple(one[key] for key in lists) for one in result["organizations"]] == [
        (ids[0], titles[0], True, ["features", "n", "tier"], [], [], []),
        (ids[1], titles[1], True, ["logo"], [], ["seats"], ["never"]),
        (ids[2], titles[2], True, [], [], ["b/old"], ["seats"]),
    ]
    for one in result["organizations"]:
        assert one["details"]["resource_owner"] == one["org_id"]
    binary = "<binary, 1 bytes, sha256:a8100ae6aa1940d0b663bb31cd466142ebbdbd5187131b92d93818987832eb89>"
    diffs = [
        ({}, {"features": '{"sso":true}', "n": "3", "tier": "gold"}),
        ({"seats": "5"}, {"logo": binary}),
        ({"b/old": "1"}, {}),
    ]
    assert result["diff"] == [
        {"before_header": title, "after_header": title, "before": before, "after": after}
        for title, (before, after) in zip(titles, diffs, strict=True)
    ]
    # And that is what a user sees of it.
    for title in titles:
        assert f"--- before: {title}\n+++ after: {title}\n" in roles.run.output


def test_the_diff_of_a_sensitive_entry_is_masked_and_that_of_another_is_not(roles: Roles) -> None:
    shown = [one["after"] for one in roles.of("sensitive")["diff"]]
    assert shown == [{"hidden": f"<sensitive, {len(SENSITIVE)} bytes>"}, {"tier": "gold"}]


def test_the_connection_comes_from_its_variables_before_the_environment(roles: Roles) -> None:
    own = roles.requests("own login")
    assert own[0].path == "/oauth/v2/token"
    assert {request.headers["x-zitadel-instance-host"] for request in own} == {"id.example.com"}
    assert {request.headers["x-proxy-token"] for request in own} == {HEADER}
    assert roles.of("own login")["organizations"][0]["entry"] == "Entry 1, the caller's own organization"
    others = roles.requests("every kind of name")
    assert {request.bearer for request in others} == {roles.fake.token}


def test_200_organizations_cost_the_requests_of_each_and_no_more(roles: Roles) -> None:
    def calls(play: str) -> dict[str, int]:
        counts: dict[str, int] = {}
        for request in roles.requests("many", play):
            call = f"{request.method} {request.path.removeprefix('/management/v1')}"
            counts[call] = counts.get(call, 0) + 1
        return counts

    search, proof, write = "POST /metadata/_search", "GET /orgs/me", "POST /metadata/tier"
    assert calls("check") == {search: 200, proof: 200}
    assert calls("set") == {search: 400, proof: 200, write: 200}
    assert calls("again") == {search: 200}
    # All are read before the first is written.
    paths = [request.path.removeprefix("/management/v1") for request in roles.requests("many")]
    assert paths.index("/metadata/tier") == 400
    assert len(roles.of("many")["organizations"]) == 200


@pytest.mark.parametrize("name", [*REFUSED, *ARGUMENTS])
def test_one_bad_entry_means_that_nothing_was_written_and_the_message_says_which(roles: Roles, name: str) -> None:
    result = roles.of(name)
    assert result.failed
    names, ids = roles.names(name), roles.organizations[name]
    says = [
        part.format(None, *names, id2=ids[1])
        for part in [*CASES[name].says, *(["Nothing was written"] if "Entry" in CASES[name].says[0] else [])]
    ]
    assert [part for part in says if part not in result["msg"]] == [], result["msg"]
    assert result.data.get("changed", False) is False
    assert [request for request in roles.requests(name) if request.modifies] == []
    # Of a removed organization there is nothing to see.
    assert _held(roles, name) == [HELD_BEFORE, {} if name == "removed" else HELD_BEFORE, HELD_BEFORE]


@pytest.mark.parametrize("name", ARGUMENTS)
def test_what_the_argument_spec_refuses_sends_nothing(roles: Roles, name: str) -> None:
    assert roles.requests(name) == []


def test_a_refused_write_stops_there_and_names_what_was_written(roles: Roles) -> None:
    name = "refused write"
    result = roles.of(name)
    assert result.failed
    names, ids = roles.names(name), roles.organizations[name]
    says = [part.format(None, *names) for part in HALF_WAY[name].says]
    assert [part for part in says if part not in result["msg"]] == [], result["msg"]
    assert result["error"] == {
        "status": 403,
        "code": 7,
        "id": "AUTH-5mWD2",
        "message": "No matching permissions found (AUTH-5mWD2)",
    }
    assert result["changed"] is True
    told = [(one["entry"], one["org_id"], one["changed"], one.get("added")) for one in result["organizations"]]
    assert told == [
        (f"Entry 1, {names[0]}", ids[0], True, ["tier"]),
        (f"Entry 2, {names[1]}", ids[1], False, None),
    ]
    assert [request.organization for request in roles.requests(name) if request.modifies] == ids[:2]
    assert _held(roles, name) == [GOLD, HELD_BEFORE, HELD_BEFORE]


def test_no_secret_is_shown(roles: Roles) -> None:
    shown = everything(roles.run)
    secrets = (SENSITIVE, TOKEN, HEADER, CLIENT_SECRET, UNKNOWN, roles.fake.token)
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
    tasks = {result.task for result in roles.run.results}
    assert {task for task in tasks if not task.startswith(f"{ROLE} : ")} == set()


def test_it_becomes_nobody_where_all_hosts_do(ansible: Ansible) -> None:
    """Variables of the group "all" hold for the controller, too, and count more than keywords do."""
    with FakeZitadel() as fake:
        become = {"ansible_become": True, "ansible_become_user": "somebody-who-does-not-exist"}
        inventory = ansible.folder / "inventory-become.json"
        inventory.write_text(json.dumps({"all": {"hosts": {"box": {"ansible_connection": "ssh"}}, "vars": become}}))
        options = {"url": fake.url, "token": fake.token, "organizations": [{"metadata": {"tier": "gold"}}]}
        variables = {f"org_metadata_{option}": value for option, value in options.items()}
        run = ansible.playbook(
            json.dumps([_play("set", "all", vars=variables)]), fakes=[fake], args=["-i", str(inventory)]
        )
        assert run.rc == 0, run.output
        assert fake.metadata(fake.home_id) == {"tier": b"gold"}
