# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the service account may do, whether the header arrives, and when neither can be known."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from ansible_collections.community.zitadel.plugins.module_utils._auth import AccessToken
from ansible_collections.community.zitadel.plugins.module_utils._connection import Connection
from ansible_collections.community.zitadel.plugins.module_utils._errors import ZitadelError
from ansible_collections.community.zitadel.plugins.module_utils._instance import Instance
from ansible_collections.community.zitadel.plugins.module_utils._permissions import header_arrives, may

from fake_zitadel import FakeZitadel
from unit.helpers import connection_to

QUESTION = "/auth/v1/permissions/zitadel/me/_search"


@pytest.fixture
def acme(fake: FakeZitadel) -> str:
    return fake.create_organization("acme")


@pytest.fixture
def viewer(fake: FakeZitadel, acme: str) -> Iterator[Connection]:
    """Of an account that may read acme only."""
    connection = connection_to(fake, login=AccessToken(fake.create_user("ORG_OWNER_VIEWER", acme).token))
    yield connection
    connection.close()


def test_what_an_account_may_do(fake: FakeZitadel, viewer: Connection, acme: str) -> None:
    other = fake.create_organization("other")
    assert may(viewer, acme, "org.read") is True
    assert may(viewer, acme, "org.write") is False
    assert may(viewer, other, "org.read") is False
    # Its own is acme as well.
    assert may(viewer, None, "org.read") is True
    assert [request.organization for request in fake.requests] == [acme, acme, other, ""]


def test_an_unknown_organization_is_an_error(viewer: Connection) -> None:
    with pytest.raises(ZitadelError, match="There is no organization 1 "):
        may(viewer, "1", "org.read")


NO_ANSWERS = [
    pytest.param(404, {"code": 5, "message": "Not Found"}, id="unknown route"),
    pytest.param(403, "<h1>Forbidden</h1>", id="blocked"),
    pytest.param(200, "<h1>Sign in</h1>", id="page"),
    pytest.param(200, {"result": "org.write"}, id="no list"),
    pytest.param(500, {"code": 13, "message": "internal"}, id="broken"),
]


@pytest.mark.parametrize(("status", "body"), NO_ANSWERS)
def test_where_nobody_answers_it_is_not_known(
    fake: FakeZitadel, viewer: Connection, acme: str, status: int, body: Any
) -> None:
    fake.respond(status, body, path=QUESTION)
    assert may(viewer, acme, "org.write") is None


def test_nothing_in_the_answer_is_a_no(fake: FakeZitadel, viewer: Connection, acme: str) -> None:
    fake.respond(200, {}, path=QUESTION)
    assert may(viewer, acme, "org.read") is False


@pytest.mark.parametrize("status", [401, 503])
def test_what_would_fail_everywhere_is_an_error(fake: FakeZitadel, viewer: Connection, acme: str, status: int) -> None:
    fake.respond(status, {"code": 16 if status == 401 else 14, "message": "no"}, times=None)
    for ask in (lambda: may(viewer, acme, "org.read"), lambda: header_arrives(viewer)):
        with pytest.raises(ZitadelError, match=str(status)):
            ask()
    # It can be asked again.
    assert viewer.instance.header_arrives is None


# Whether the header arrives


@pytest.mark.parametrize("is_dropped", [False, True])
def test_it_is_asked_once_by_an_organization_that_is_none(
    fake: FakeZitadel, viewer: Connection, is_dropped: bool
) -> None:
    if is_dropped:
        fake.drop_headers.add("x-zitadel-orgid")
    assert [header_arrives(viewer) for _time in range(2)] == [not is_dropped] * 2
    assert [request.headers["x-zitadel-orgid"] for request in fake.requests] == ["0"]


@pytest.mark.parametrize(("status", "body"), NO_ANSWERS)
def test_without_an_answer_it_is_not_known_to_arrive(
    fake: FakeZitadel, viewer: Connection, status: int, body: Any
) -> None:
    fake.respond(status, body, path=QUESTION)
    assert header_arrives(viewer) is False


def test_two_organizations_that_have_answered_prove_it(fake: FakeZitadel, viewer: Connection) -> None:
    for org_id in ("1", "2", "3"):
        viewer.instance.answered(org_id)
    assert header_arrives(viewer) is True
    assert not fake.requests


def test_one_organization_proves_nothing() -> None:
    instance = Instance()
    for org_id in ("1", "1"):
        instance.answered(org_id)
        assert not instance.two_answered
    instance.answered("2")
    assert instance.two_answered
