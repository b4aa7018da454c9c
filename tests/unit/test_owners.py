# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which organization or user the options of a task name."""

from __future__ import annotations

from typing import Any, cast

import pytest
from ansible_collections.community.zitadel.plugins.module_utils._connection import Connection
from ansible_collections.community.zitadel.plugins.module_utils._errors import Refusal, ZitadelError
from ansible_collections.community.zitadel.plugins.module_utils._metadata import Owner
from ansible_collections.community.zitadel.plugins.module_utils._owners import (
    Choice,
    Found,
    find_user_owner,
    is_gone,
    organization_choice,
    organization_owner,
)

from fake_zitadel import FakeZitadel
from unit.helpers import ORGANIZATION_DEFAULTS, connection_to

NONE = Choice()


@pytest.mark.parametrize(
    ("params", "variable", "expected"),
    [
        pytest.param({}, None, NONE, id="none"),
        pytest.param({"org_id": "1"}, None, Choice("1"), id="id"),
        pytest.param({"org_name": " a "}, None, Choice(name=" a "), id="name, exactly"),
        pytest.param({"org_domain": "a.b"}, None, Choice(domain="a.b"), id="domain"),
        pytest.param({}, "2", Choice("2"), id="variable"),
        pytest.param({"org_id": "1"}, "2", Choice("1"), id="id beats the variable"),
        pytest.param({"org_name": "a"}, "2", Choice(name="a"), id="name beats the variable"),
        pytest.param({"org_domain": "a"}, "2", Choice(domain="a"), id="domain beats the variable"),
        pytest.param({"org_id": "1"}, "", Choice("1"), id="id beats an empty variable"),
        pytest.param({"org_name": "a"}, " ", Choice(name="a"), id="name beats a blank variable"),
    ],
)
def test_the_organization(params: dict[str, Any], variable: str | None, expected: Choice) -> None:
    environ = {} if variable is None else {"ZITADEL_ORG_ID": variable}
    assert organization_choice({**ORGANIZATION_DEFAULTS, **params}, environ) == expected


@pytest.mark.parametrize(
    ("params", "variable", "said"),
    [
        pytest.param({"org_id": ""}, "2", "org_id is given, but empty", id="empty id"),
        pytest.param({"org_id": " "}, "2", "org_id is given, but empty", id="blank id"),
        pytest.param({"org_name": ""}, "2", "org_name is given, but empty", id="empty name"),
        pytest.param({"org_domain": ""}, "2", "org_domain is given, but empty", id="empty domain"),
        pytest.param({}, "", "ZITADEL_ORG_ID is set, but empty", id="empty variable"),
        pytest.param({}, " ", "ZITADEL_ORG_ID is set, but empty", id="blank variable"),
        pytest.param({"org_id": "1\r\n2"}, "2", "org_id is not the id", id="line break in the id"),
        pytest.param({}, "1 2", "ZITADEL_ORG_ID is not the id", id="blank in the variable"),
        pytest.param({"org_id": "1", "org_name": "a"}, None, "org_id and org_name are given", id="id and name"),
        pytest.param({"org_name": "a", "org_domain": "b"}, None, "org_name and org_domain", id="name and domain"),
        pytest.param({"org_id": "1", "org_domain": ""}, None, "org_id and org_domain", id="id and empty domain"),
    ],
)
def test_organizations_that_are_refused(params: dict[str, Any], variable: str | None, said: str) -> None:
    environ = {} if variable is None else {"ZITADEL_ORG_ID": variable}
    with pytest.raises(ZitadelError) as caught:
        organization_choice({**ORGANIZATION_DEFAULTS, **params}, environ)
    assert caught.value.msg.startswith(said)


# Users

USER_DEFAULTS = dict.fromkeys(("user_id", "login_name", "email"))


@pytest.mark.parametrize(
    ("params", "said"),
    [
        pytest.param({}, "No user is named. Give one of user_id, login_name and email", id="none"),
        pytest.param({"user_id": "1", "email": "a@b"}, "user_id and email are given, but they are mutually", id="two"),
        pytest.param({"user_id": "1", "email": ""}, "user_id and email are given", id="two, one of them empty"),
        pytest.param({"login_name": " "}, "login_name is given, but empty", id="blank"),
        pytest.param({"user_id": "1 2"}, "user_id is not the id of a user: '1 2'", id="no id"),
    ],
)
def test_users_that_are_refused(params: dict[str, Any], said: str) -> None:
    # Nothing is asked of the server.
    with pytest.raises(ZitadelError) as caught:
        find_user_owner(cast(Connection, None), {**USER_DEFAULTS, **params})
    assert caught.value.msg.startswith(said)


def test_a_user_has_an_organization(fake: FakeZitadel) -> None:
    org_id = fake.create_organization("acme")
    user = fake.create_user("ORG_OWNER", org_id)
    owner = Owner("user", user.user_id, org_id)
    for option, value, label in (("user_id", user.user_id, None), ("login_name", user.login_name, user.login_name)):
        found = find_user_owner(connection_to(fake), {**USER_DEFAULTS, option: value})
        assert found == Found(owner, label)


# What was found


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (organization_owner("1"), "organization 1"),
        (organization_owner("1", "acme"), "organization 1 (acme)"),
        # Its id is known from the answer.
        (organization_owner(None), "organization 9"),
        (Found(Owner("user", "5", "1"), "jane"), "user 5 (jane)"),
    ],
    ids=["id", "name", "own", "user"],
)
def test_what_a_diff_calls_it(found: Found, expected: str) -> None:
    assert found.header(found.owner.org_id or "9") == expected
    assert organization_owner(None).header(None) == "the service account's own organization"


@pytest.mark.parametrize(
    ("error_id", "expected"),
    [
        ("AUTH-Bs7Ds", True),
        ("COMMAND-QXPGs", True),
        ("COMMAND-uXHNj", True),
        ("QUERY-Dfbg2", True),
        ("AUTHZ-cdgFk", False),
        ("QUERY-Rph32", False),
        (None, False),
    ],
)
def test_which_errors_say_that_it_is_gone(error_id: str | None, expected: bool) -> None:
    assert is_gone(ZitadelError("no", Refusal(404, id=error_id))) is expected
    assert not is_gone(ZitadelError("no"))
