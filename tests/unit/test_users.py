# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Metadata of users: what is tested for organizations, on both APIs, and what differs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
from ansible_collections.community.zitadel.plugins.module_utils import _hits, _users
from ansible_collections.community.zitadel.plugins.modules import (
    zitadel_user_info,
    zitadel_user_metadata,
    zitadel_user_metadata_info,
)

from fake_zitadel import FakeZitadel
from unit.helpers import NO_ERROR, Runner, lists

BEFORE = {"old": "1", "a/old": "1", "x": "1", "urn:zitadel:scim:name": "jane"}
SCIM = {"urn:zitadel:scim:name": b"jane"}
APIS = [("3.4.9", "v1"), ("4.13.1", "v1"), ("4.3.0", "v2"), ("4.13.1", "v2"), ("next", "v2")]
DIFF = {"_ansible_diff": True}
CHECK = {"_ansible_check_mode": True}


class Jane:
    """A user of an organization, and the tasks that write its metadata."""

    def __init__(self, runner: Runner, fake: FakeZitadel, api: str, metadata: Mapping[str, str] | None = None) -> None:
        self.fake = fake
        self.runner = runner
        self.org_id = fake.create_organization("acme")
        self.user = fake.create_human("jane@acme", self.org_id, email="jane@example.com", metadata=metadata or BEFORE)
        self.options = {"url": fake.url, "token": fake.token, "api_version": api, "user_id": self.user.user_id}
        fake.clear_requests()

    def run(self, main: Callable[[], None] = zitadel_user_metadata.main, /, **options: Any) -> dict[str, Any]:
        return self.runner.run(main, **{**self.options, **options})

    @property
    def metadata(self) -> dict[str, bytes]:
        return {key: value for key, value in self.fake.user_metadata(self.user).items() if key not in SCIM}


@pytest.fixture(params=APIS, ids="-".join)
def jane(request: pytest.FixtureRequest, runner: Runner) -> Iterator[Jane]:
    release, api = request.param
    with FakeZitadel(release) as fake:
        yield Jane(runner, fake, api)


STORED = {"old": b"1", "a/old": b"1", "x": b"1"}
TASKS: list[Any] = [
    pytest.param({"key": "n", "value": "v"}, {"added": ["n"]}, {**STORED, "n": b"v"}, id="new"),
    pytest.param({"key": "a/ü", "value": "v"}, {"added": ["a/ü"]}, {**STORED, "a/ü": b"v"}, id="any key"),
    pytest.param({"key": "old", "value": "1"}, {"unchanged": ["old"]}, STORED, id="unchanged"),
    pytest.param({"key": "old", "value": "2"}, {"updated": ["old"]}, {**STORED, "old": b"2"}, id="changed"),
    pytest.param({"key": "b", "value_b64": "/wA="}, {"added": ["b"]}, {**STORED, "b": b"\xff\x00"}, id="bytes"),
    pytest.param({"key": "old", "state": "absent"}, {"removed": ["old"]}, {"a/old": b"1", "x": b"1"}, id="removed"),
    pytest.param({"absent_keys": ["a/old", "old"]}, {"removed": ["a/old", "old"]}, {"x": b"1"}, id="several removed"),
    pytest.param({"key": "n", "state": "absent"}, {"unchanged": ["n"]}, STORED, id="removed already"),
    pytest.param(
        {"metadata": {"x": "1", "n": {"a": True}}, "purge": True},
        {"added": ["n"], "removed": ["a/old", "old"], "unchanged": ["x"]},
        {"x": b"1", "n": b'{"a":true}'},
        id="purge",
    ),
]


@pytest.mark.parametrize(("options", "reported", "stored"), TASKS)
def test_a_task(jane: Jane, options: dict[str, Any], reported: Any, stored: dict[str, bytes]) -> None:
    planned = jane.run(**options, **CHECK, **DIFF)
    assert not jane.fake.writes
    result = jane.run(**options, **DIFF)
    assert not result.get("failed"), result["msg"]
    assert lists(planned) == lists(result) == reported
    assert planned["diff"] == result["diff"]
    assert (result["user_id"], result["org_id"]) == (jane.user.user_id, jane.org_id)
    assert result["api_version"] == jane.options["api_version"]
    assert jane.metadata == stored
    # What belongs to ZITADEL's SCIM interface stays, and is not told of.
    assert jane.fake.user_metadata(jane.user).items() >= SCIM.items()
    assert "scim" not in str((result["diff"], result["removed"], result["unchanged"]))
    assert jane.run(**options)["changed"] is False


def test_the_same_value_after_a_removal(jane: Jane) -> None:
    """Some releases say 200 to the single call and do nothing."""
    assert jane.run(key="old", state="absent")["changed"]
    assert jane.run(key="old", value="1")["changed"]
    assert jane.metadata["old"] == b"1"


REQUESTS: list[Any] = [
    pytest.param({"key": "x", "value": "1"}, ["read"], id="unchanged"),
    pytest.param({"key": "x", "value": "2"}, ["read", "set", "read"], id="changed"),
    pytest.param({"key": "n", "value": "1"}, ["read", "prove", "set", "read"], id="new"),
    pytest.param({"key": "n", "state": "absent"}, ["read", "prove"], id="removed already"),
    pytest.param({"absent_keys": ["x", "old"]}, ["read", "remove", "read"], id="removed"),
    pytest.param({"metadata": {"x": "2", "n": "1"}, "verify": False}, ["read", "set"], id="unverified"),
    pytest.param({"key": "x", "value": "2", **CHECK}, ["read", "ask"], id="check mode"),
    pytest.param({"key": "x", "value": "1", **CHECK}, ["read"], id="check mode, unchanged"),
]


def requests_of(jane: Jane) -> list[str]:
    user, service = f"/management/v1/users/{jane.user.user_id}", "/zitadel.user.v2.UserService/"
    names = {
        f"GET /v2/users/{jane.user.user_id}": "find",
        "POST /v2/users": "find",
        f"POST {user}/metadata/_search": "read",
        f"POST {service}ListUserMetadata": "read",
        f"POST {user}/metadata/_bulk": "set",
        f"POST {service}SetUserMetadata": "set",
        f"DELETE {user}/metadata/_bulk": "remove",
        f"DELETE {user}/metadata/x": "remove",
        f"POST {service}DeleteUserMetadata": "remove",
        "GET /management/v1/orgs/me": "prove",
        "POST /auth/v1/permissions/zitadel/me/_search": "ask",
    }
    return [names[f"{request.method} {request.path}"] for request in jane.fake.requests]


@pytest.mark.parametrize(("options", "expected"), REQUESTS)
def test_the_requests_of_a_task(jane: Jane, options: dict[str, Any], expected: list[str]) -> None:
    """One to find the user, then as for organizations. By v2, that one is the proof, and a "no" has to be proven."""
    jane.run(**options)
    if jane.options["api_version"] == "v2":
        expected = [name for name in expected if name != "prove"]
        expected = [*expected, "ask"] if "ask" in expected else expected
    assert requests_of(jane) == ["find", *expected]


@pytest.mark.parametrize("named", [{"login_name": "jane@acme"}, {"email": "jane@example.com"}], ids=str)
def test_a_user_that_is_searched_costs_one_request(jane: Jane, named: dict[str, str]) -> None:
    del jane.options["user_id"]
    result = jane.run(**named, key="x", value="2", **DIFF)
    assert (result["changed"], result["user_id"], result["org_id"]) == (True, jane.user.user_id, jane.org_id)
    assert result["diff"]["before_header"] == f"user {jane.user.user_id} ({next(iter(named.values()))})"
    assert requests_of(jane) == ["find", "read", "set", "read"]


def test_what_is_read(jane: Jane) -> None:
    jane.fake.set_user(jane.user, "b", b"\xff")
    result = jane.run(zitadel_user_metadata_info.main, key_prefix="a/")
    assert result["metadata"] == {"a/old": "1"}
    result = jane.run(zitadel_user_metadata_info.main)
    assert result["metadata"] == BEFORE
    assert result["metadata_b64"] == {"b": "/w=="}
    assert (result["user_id"], result["org_id"], result["changed"]) == (jane.user.user_id, jane.org_id, False)


@pytest.mark.parametrize("main", [zitadel_user_metadata.main, zitadel_user_metadata_info.main])
@pytest.mark.parametrize(
    ("named", "said"),
    [
        ({"user_id": "123"}, "There is no user 123"),
        ({"login_name": "Jane@acme"}, "No user with the login name 'Jane@acme'"),
        ({"email": "nobody@example.com"}, "No user with the email address"),
        ({"email": "twins@example.com"}, "More than one user has the email address"),
        ({}, "No user is named"),
        ({"user_id": "1", "email": "a@b"}, "user_id and email are given, but they are mutually exclusive"),
        ({"user_id": None}, "user_id is null"),
        ({"login_name": ""}, "login_name is given, but empty"),
        ({"user_id": "1 2"}, "user_id is not the id of a user"),
    ],
    ids=str,
)
def test_a_user_is_never_guessed(
    runner: Runner, fake: FakeZitadel, main: Callable[[], None], named: dict[str, Any], said: str
) -> None:
    for number in range(2):
        fake.create_human(f"twin{number}", email="twins@example.com")
    options = {"key": "k", "state": "absent"} if main is zitadel_user_metadata.main else {}
    result = runner.run(main, **named, **options)
    assert result["failed"] is True
    assert said in result["msg"]
    assert (result["changed"], result["org_id"], result["user_id"]) == (False, None, None)
    assert not fake.writes


@pytest.mark.parametrize(("release", "api"), APIS, ids=str)
def test_permissions(runner: Runner, release: str, api: str) -> None:
    with FakeZitadel(release) as fake:
        jane = Jane(runner, fake, api)
        viewer = fake.create_user("ORG_OWNER_VIEWER", jane.org_id)
        stranger = fake.create_user("ORG_OWNER", fake.create_organization("other"))
        for mode in (CHECK, {}):
            result = jane.run(key="n", value="v", token=viewer.token, **mode)
            place = f"in the organization of user {jane.user.user_id}"
            assert f"lacks the permission user.write {place}" in result["msg"]
            assert (result["org_id"], result["user_id"]) == (jane.org_id, jane.user.user_id)
        for main, options in (
            (zitadel_user_metadata.main, {"key": "n", "value": "v"}),
            (zitadel_user_metadata_info.main, {}),
        ):
            result = jane.run(main, token=stranger.token, **options)
            assert f"no role in the organization of user {jane.user.user_id}" in result["msg"]
            assert (result["failed"], result["changed"]) == (True, False)
        assert not jane.run(zitadel_user_metadata_info.main, token=viewer.token).get("failed")
        assert "n" not in jane.metadata


def test_auto_is_v2_where_it_is_there(runner: Runner) -> None:
    for release, expected in (("3.4.9", "v1"), ("4.3.0", "v2"), ("4.13.1", "v2")):
        with FakeZitadel(release) as fake:
            result = Jane(runner, fake, "auto").run(key="n", value="v")
            assert (result["changed"], result["api_version"]) == (True, expected)
            assert "warnings" not in result


def test_a_list_that_counts_more_than_it_shows(runner: Runner, fake: FakeZitadel) -> None:
    jane = Jane(runner, fake, "v2")
    fake.respond(200, {"pagination": {"totalResult": "2", "appliedLimit": "1000"}}, path="ListUserMetadata")
    result = jane.run(zitadel_user_metadata_info.main)
    assert "lacks the permission user.read" in result["msg"]
    assert result["error"] == NO_ERROR


@pytest.mark.parametrize(
    ("main", "options"),
    [(zitadel_user_metadata.main, {"key": "n", "value": "v"}), (zitadel_user_metadata_info.main, {})],
)
def test_a_failure_names_the_user_that_was_found(jane: Jane, main: Callable[[], None], options: dict[str, Any]) -> None:
    jane.fake.fail(500, 13, "internal", path="metadata/_search$|ListUserMetadata")
    result = jane.run(main, **options)
    assert result["error"]["status"] == 500
    assert (result["changed"], result["org_id"], result["user_id"]) == (False, jane.org_id, jane.user.user_id)


# zitadel_user_info

USERS: dict[str, dict[str, str]] = {
    "anna": {"tier": "gold", "seat": "1"},
    "bert": {"tier": "gold", "seat": "2"},
    "carl": {"tier": "silver"},
    "dora": {},
}


@pytest.fixture(params=["3.4.9", "4.7.0", "4.13.1", "next"])
def people(request: pytest.FixtureRequest, runner: Runner) -> Iterator[tuple[FakeZitadel, Runner]]:
    with FakeZitadel(request.param) as fake:
        org_id = fake.create_organization("acme")
        for name, metadata in USERS.items():
            state = "inactive" if name == "carl" else "active"
            fake.create_human(name, org_id, email=f"{name}@example.com", state=state, metadata=metadata)
        fake.clear_requests()
        yield fake, runner


@pytest.mark.parametrize(
    ("options", "names"),
    [
        ({"has_metadata": {"tier": "gold"}}, ["anna", "bert"]),
        ({"has_metadata": {"tier": "gold", "seat": 2}}, ["bert"]),
        ({"has_metadata": {"tier": "gold"}, "has_keys": ["seat"]}, ["anna", "bert"]),
        ({"has_keys": ["tier"]}, ["anna", "bert", "carl"]),
        ({"has_keys": ["tier", "seat"]}, ["anna", "bert"]),
        ({"has_keys": ["tier"], "state": "inactive"}, ["carl"]),
        ({"has_metadata": {"tier": "none"}}, []),
        ({"login_name": "carl"}, ["carl"]),
        ({"email": "dora@example.com"}, ["dora"]),
    ],
    ids=str,
)
@pytest.mark.parametrize("metadata", [False, True])
def test_which_are_listed(
    people: tuple[FakeZitadel, Runner], options: dict[str, Any], names: list[str], metadata: bool
) -> None:
    fake, runner = people
    result = runner.run(zitadel_user_info.main, url=fake.url, token=fake.token, metadata=metadata, **options)
    assert not result.get("failed"), result["msg"]
    assert [user["login_name"] for user in result["users"]] == names
    for user in result["users"]:
        assert (user["type"], user["email"]) == ("human", f"{user['login_name']}@example.com")
        assert user["state"] == ("inactive" if user["login_name"] == "carl" else "active")
        assert user.get("metadata") == (USERS[user["login_name"]] if metadata else None)


def test_one_pair_is_asked_of_a_server_that_can(runner: Runner) -> None:
    for release, reads in (("4.13.1", 0), ("3.4.9", 1 + len(USERS) + 1)):
        with FakeZitadel(release) as fake:
            for name, metadata in USERS.items():
                fake.create_human(name, metadata=metadata)
            fake.clear_requests()
            runner.run(
                zitadel_user_info.main, url=fake.url, token=fake.token, has_metadata={"tier": "gold"}, connections=1
            )
            assert sum("etadata" in request.path for request in fake.requests) == reads


def test_machines_have_no_email(runner: Runner, fake: FakeZitadel) -> None:
    result = runner.run(zitadel_user_info.main, login_name=fake.admin.login_name)
    (user,) = result["users"]
    assert (user["type"], user["email"], user["org_id"]) == ("machine", None, fake.home_id)
    assert user["details"]["resource_owner"] == fake.home_id


def test_what_is_read_decides(runner: Runner, fake: FakeZitadel) -> None:
    """The search can be older than the read: who is listed never shows metadata that was not asked for."""
    users = {name: fake.create_human(name, metadata={"tier": "gold"}) for name in ("anna", "bert")}
    fake.before(lambda _request: fake.set_user(users["bert"], "tier", "silver"), path="ListUserMetadata")
    result = runner.run(zitadel_user_info.main, has_metadata={"tier": "gold"}, metadata=True, connections=1)
    assert [user["metadata"] for user in result["users"]] == [{"tier": "gold"}]


@pytest.mark.parametrize("release", ["3.4.9", "4.13.1"])
@pytest.mark.parametrize("when", ["before its read", "after its read"])
def test_a_user_that_is_removed_meanwhile_is_left_out(runner: Runner, release: str, when: str) -> None:
    with FakeZitadel(release) as fake:
        for name, metadata in USERS.items():
            fake.create_human(name, metadata=metadata)
        dora = fake.create_human("dora2")
        change = fake.before if when == "before its read" else fake.after
        change(lambda _request: fake.change_user_state(dora, "deleted"), path="metadata/_search|/List")
        result = runner.run(
            zitadel_user_info.main, url=fake.url, token=fake.token, metadata=True, connections=1, org_id=fake.home_id
        )
        names = {user["login_name"] for user in result["users"]}
        assert names >= USERS.keys()
        assert "dora2" not in names


def test_a_failure_names_the_user(runner: Runner, fake: FakeZitadel) -> None:
    """A service account finds itself everywhere, and by v1 may read its own metadata only with a role at home."""
    acme = fake.create_organization("acme")
    bot = fake.create_user(name="bot")
    fake.grant(bot, ["ORG_OWNER"], acme)
    options = {"metadata": True, "api_version": "v1", "token": bot.token}
    result = runner.run(zitadel_user_info.main, **options)
    assert result["msg"].startswith(f"User 'bot': Cannot read the metadata of user {bot.user_id}")
    assert "set org_id" in result["msg"]
    assert {"org_id", "user_id"}.isdisjoint(result)
    assert runner.run(zitadel_user_info.main, **options, org_id=acme)["users"] == []


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"has_metadata": {}}, "has_metadata is given, but empty"),
        ({"has_keys": []}, "has_keys is given, but empty"),
        ({"has_metadata": None}, "has_metadata is null"),
        ({"login_name": None}, "login_name is null"),
        ({"org_id": ""}, "org_id is given, but empty"),
        ({"state": "deleted"}, "state"),
    ],
    ids=str,
)
def test_filters_that_make_no_sense(runner: Runner, options: dict[str, Any], said: str) -> None:
    result = runner.run(zitadel_user_info.main, **options)
    assert said in result["msg"]
    assert not runner.fake.requests


def test_every_page_is_read(runner: Runner, fake: FakeZitadel, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (_hits, _users):
        monkeypatch.setattr(module, "PAGE_SIZE", 3)
    names = [f"jane{number}" for number in (5, 3, 1, 2, 4, 0)]
    for name in names:
        fake.create_human(name, metadata={"k": "v"})
    for options in ({}, {"has_keys": ["k"]}):
        listed = [user["login_name"] for user in runner.run(zitadel_user_info.main, **options)["users"]]
        assert [name for name in listed if name.startswith("jane")] == sorted(names)


@pytest.mark.parametrize("state", ["active", "inactive", "locked", "initial"])
def test_states(runner: Runner, fake: FakeZitadel, state: str) -> None:
    acme = fake.create_organization("acme")
    for one in ("active", "inactive", "locked", "initial"):
        fake.create_human(one, acme, state=one)
    result = runner.run(zitadel_user_info.main, state=state, org_id=acme)
    assert [(user["login_name"], user["state"], user["org_id"]) for user in result["users"]] == [(state, state, acme)]
