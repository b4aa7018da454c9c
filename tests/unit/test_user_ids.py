# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Ids of users that somebody has chosen: ZITADEL takes any text, and it must never lead to another user."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.community.zitadel.plugins.modules import zitadel_user_info, zitadel_user_metadata

from fake_zitadel import FakeZitadel
from unit.helpers import Runner

APIS = [("3.4.9", "v1"), ("4.13.1", "v1"), ("4.13.1", "v2"), ("4.13.1", "auto")]


def with_id(fake: FakeZitadel, login_name: str, user_id: str, org_id: str) -> None:
    """Create a user with an id of its own."""
    user = fake.create_human(login_name, org_id)
    del fake.store.users[user.user_id]
    user.user_id = user_id
    fake.store.users[user_id] = user


@pytest.mark.parametrize(("release", "api"), APIS, ids=str)
@pytest.mark.parametrize("beginning", ["x/../", "%2E%2E/users/"])
@pytest.mark.parametrize("option", ["login_name", "user_id"])
def test_an_id_never_leads_to_another_user(runner: Runner, release: str, api: str, beginning: str, option: str) -> None:
    with FakeZitadel(release) as fake:
        acme = fake.create_organization("acme")
        jane = fake.create_human("jane", acme, metadata={"tier": "gold"})
        evil = f"{beginning}{jane.user_id}"
        with_id(fake, "evil", evil, acme)
        named = {"login_name": "evil"} if option == "login_name" else {"user_id": evil}
        result = runner.run(
            zitadel_user_metadata.main,
            url=fake.url,
            token=fake.token,
            api_version=api,
            key="tier",
            value="none",
            **named,
        )
        assert fake.user_metadata(jane) == {"tier": b"gold"}
        if api == "v1":
            assert "not safe in the path of a URL" in result["msg"]
            assert "api_version" in result["msg"]
            assert (result["user_id"], result["org_id"]) == (evil, acme)
        else:
            assert (result["changed"], result["user_id"]) == (True, evil)
            assert fake.user_metadata(evil) == {"tier": b"none"}


@pytest.mark.parametrize(("release", "api"), APIS, ids=str)
@pytest.mark.parametrize("user_id", ["8a7f-42", "jane.doe_1~"])
def test_an_id_that_is_no_number(runner: Runner, release: str, api: str, user_id: str) -> None:
    with FakeZitadel(release) as fake:
        with_id(fake, "jane", user_id, fake.home_id)
        result = runner.run(
            zitadel_user_metadata.main,
            url=fake.url,
            token=fake.token,
            api_version=api,
            user_id=user_id,
            key="k",
            value="v",
        )
        assert (result["changed"], result["user_id"]) == (True, user_id)
        assert fake.user_metadata(user_id) == {"k": b"v"}


def test_a_service_account_whose_id_is_no_number(runner: Runner, fake: FakeZitadel) -> None:
    fake.store.users.pop(fake.admin.user_id)
    fake.admin.user_id = "my-bot"
    fake.store.users["my-bot"] = fake.admin
    result = runner.run(api_version="v2", key="k", value="v")
    assert (result.get("changed"), result["org_id"]) == (True, fake.home_id), result.get("msg")


@pytest.mark.parametrize("named", [{"login_name": "jane"}, {"user_id": "1"}], ids=str)
def test_a_user_without_an_organization_is_no_answer(runner: Runner, fake: FakeZitadel, named: Any) -> None:
    """The organization that the header names is never made up."""
    user = {"userId": "1", "preferredLoginName": "jane", "details": {"sequence": "1"}}
    fake.respond(200, {"details": {"totalResult": "1"}, "result": [user]}, path="^/v2/users$")
    fake.respond(200, {"user": user}, path="^/v2/users/1$")
    result = runner.run(zitadel_user_metadata.main, **named, key="k", value="v")
    assert "The answer does not have the form" in result["msg"]
    assert not fake.writes


def test_an_answer_for_another_user_is_no_answer(runner: Runner, fake: FakeZitadel) -> None:
    jane = fake.create_human("jane", fake.home_id)
    other = fake.create_human("other", fake.home_id)
    answer = {"user": {"userId": other.user_id, "details": {"resourceOwner": fake.home_id}, "human": {}}}
    fake.respond(200, answer, path=f"/v2/users/{jane.user_id}$")
    result = runner.run(zitadel_user_metadata.main, user_id=jane.user_id, key="k", value="v")
    assert result["failed"] is True
    assert "does not have the form" in result["msg"]
    assert not fake.writes


@pytest.mark.parametrize(
    "option", [{"user_id": "1"}, {"org_id": "1"}, {"state": "inactive"}, {"login_name": "x"}, {"email": "x"}], ids=str
)
def test_a_filter_that_is_ignored(runner: Runner, fake: FakeZitadel, option: dict[str, str]) -> None:
    """A server that does not know a query shows everybody."""
    everybody = {
        "details": {"totalResult": "1"},
        "result": [
            {
                "userId": "2",
                "state": "USER_STATE_ACTIVE",
                "preferredLoginName": "jane",
                "loginNames": ["jane"],
                "human": {"email": {"email": "jane@example.com"}},
                "details": {"resourceOwner": "2"},
            }
        ],
    }
    fake.respond(200, everybody, path="^/v2/users$")
    assert runner.run(zitadel_user_info.main, **option)["users"] == []


@pytest.mark.parametrize("release", ["3.4.9", "4.13.1"])
def test_the_proof_of_an_organization_names_its_own_permission(runner: Runner, release: str) -> None:
    """By v1, an empty list is proven by reading the organization of the user, which needs another permission."""
    with FakeZitadel(release) as fake:
        acme = fake.create_organization("acme")
        jane = fake.create_human("jane", acme)
        manager = fake.create_user("ORG_USER_MANAGER", acme)
        result = runner.run(
            zitadel_user_metadata.main,
            url=fake.url,
            token=manager.token,
            api_version="v1",
            user_id=jane.user_id,
            key="k",
            value="v",
        )
        assert f"lacks the permission org.read in organization {acme}" in result["msg"]
        assert (result["org_id"], result["user_id"]) == (acme, jane.user_id)
