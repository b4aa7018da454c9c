# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Metadata of users: what is tested for organizations, on both APIs, and what differs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
from ansible_collections.community.zitadel.plugins.modules import (
    zitadel_user_info,
    zitadel_user_metadata,
    zitadel_user_metadata_info,
)

from fake_zitadel import FakeZitadel
from unit.helpers import NO_ERROR, Runner, Waits, lists

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


@pytest.mark.parametrize(
    ("prepare", "options"),
    [
        pytest.param(lambda fake: fake.lose_writes(), {"key": "n", "value": "v"}, id="lost"),
        pytest.param(lambda fake: fake.lose_writes(), {"key": "old", "state": "absent"}, id="removal lost"),
        pytest.param(lambda fake: fake.lag(2), {"metadata": {"n": "v", "a/n": "v"}}, id="late"),
        pytest.param(lambda fake: fake.drop("after", writes=True), {"key": "n", "value": "v"}, id="dropped"),
        pytest.param(lambda fake: fake.collide(), {"metadata": {"n": "v", "old": "2"}}, id="collision"),
    ],
)
def test_what_is_reported_as_written_is_there(
    jane: Jane, waits: Waits, prepare: Callable[[FakeZitadel], object], options: dict[str, Any]
) -> None:
    prepare(jane.fake)
    result = jane.run(**options)
    assert not result.get("failed"), result["msg"]
    assert result["changed"] is True
    assert not jane.fake.faults.waiting()
    assert jane.fake.user_stored(jane.user) == jane.fake.user_metadata(jane.user)
    assert jane.run(**options)["changed"] is False


def test_the_same_value_after_a_removal(jane: Jane) -> None:
    """Some releases say 200 to the single call and do nothing."""
    assert jane.run(key="old", state="absent")["changed"]
    assert jane.run(key="old", value="1")["changed"]
    assert jane.metadata["old"] == b"1"


def test_the_requests_of_a_task(jane: Jane) -> None:
    """One to find the user, then as for organizations."""
    for options, number in (({"key": "x", "value": "1"}, 2), ({"key": "x", "value": "2"}, 4)):
        jane.fake.clear_requests()
        jane.run(**options)
        assert len(jane.fake.requests) == number, [request.path for request in jane.fake.requests]
    jane.fake.clear_requests()
    result = jane.runner.run(
        zitadel_user_metadata.main,
        **{name: value for name, value in jane.options.items() if name != "user_id"},
        login_name="jane@acme",
        key="x",
        value="2",
    )
    assert (result["changed"], result["user_id"]) == (False, jane.user.user_id)
    assert len(jane.fake.requests) == 2


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
            assert "lacks the permission user.write" in result["msg"]
        for main, options in (
            (zitadel_user_metadata.main, {"key": "n", "value": "v"}),
            (zitadel_user_metadata_info.main, {}),
        ):
            assert jane.run(main, token=stranger.token, **options)["failed"] is True
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
