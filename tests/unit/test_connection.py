# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What an answer leads to, what is redacted in it, and which connections are shared."""

from __future__ import annotations

import os
from typing import Any

import pytest
from ansible_collections.community.zitadel.plugins.module_utils import _connection_kept
from ansible_collections.community.zitadel.plugins.module_utils._auth import AccessToken, ClientCredentials
from ansible_collections.community.zitadel.plugins.module_utils._connection import Connection
from ansible_collections.community.zitadel.plugins.module_utils._connection_kept import connect
from ansible_collections.community.zitadel.plugins.module_utils._errors import ZitadelError
from ansible_collections.community.zitadel.plugins.module_utils._transport import ConnectionOptions

from fake_zitadel import Answer, FakeZitadel, Request
from unit.helpers import Waits, call, connection_to, refused_call

pytestmark = pytest.mark.every_core

HEADERS = (("X-Proxy-Id", "proxy-id-1"), ("X-Proxy-Token", "proxy-token-1"))


def test_the_instance_is_chosen_by_its_header(fake: FakeZitadel) -> None:
    error = refused_call(connection_to(fake, instance_host="other.example.com"))
    assert error.error["status"] == 404
    assert f"No ZITADEL instance answers under the host name of {fake.url}" in error.msg


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_are_not_followed(fake: FakeZitadel, method: str, status: int) -> None:
    address = fake.url.replace("://", "://me:HIDDEN@")
    fake.redirect(f"{address}/login?token=HIDDEN#HIDDEN", status)
    error = refused_call(connection_to(fake), method)
    assert len(fake.requests) == 1
    assert f"{fake.url} redirects to {fake.url}/login, and redirects are not followed" in error.msg
    assert "HIDDEN" not in error.msg
    assert error.error["status"] == status


@pytest.mark.parametrize("location", [None, "", "http://[broken", "//", "%zz", "http://a:x/"])
def test_redirects_to_nowhere(fake: FakeZitadel, location: str | None) -> None:
    fake.respond(302, headers={} if location is None else {"Location": location})
    error = refused_call(connection_to(fake))
    assert "redirect" in error.msg
    assert error.error["status"] == 302


def test_a_redirect_of_the_token_endpoint_is_an_error(fake: FakeZitadel) -> None:
    fake.redirect("https://login.example.com/", path="token")
    login = ClientCredentials(*fake.create_secret(fake.admin))
    error = refused_call(connection_to(fake, login=login))
    assert len(fake.requests) == 1
    assert "redirects to https://login.example.com/" in error.msg
    assert login.client_secret not in error.msg


@pytest.mark.parametrize(
    ("status", "body", "said"),
    [
        pytest.param(200, "<title>Log  in</title>", "HTTP 200 and not JSON. … 'Log in'", id="page with a title"),
        pytest.param(403, "<p>Forbidden</p>", "HTTP 403 and not JSON.", id="page without"),
        pytest.param(404, "404 page not found\n", "HTTP 404 and not JSON. … '404 page not found'", id="text"),
        pytest.param(400, b"\xff\xfe", "HTTP 400 and not JSON", id="bytes"),
        pytest.param(200, b"", "HTTP 200 and not JSON.", id="nothing"),
        pytest.param(200, "null", "HTTP 200 and not JSON", id="null"),
        pytest.param(400, "[" * 100_000, "HTTP 400 and not JSON", id="too deep"),
        pytest.param(200, "[" * 100_000, "HTTP 200 and not JSON", id="success, too deep"),
    ],
)
def test_answers_that_are_not_from_zitadel(fake: FakeZitadel, status: int, body: Any, said: str) -> None:
    fake.respond(status, body)
    error = refused_call(connection_to(fake))
    beginning, _dots, end = said.partition(" … ")
    assert error.msg.startswith(f"Cannot try it. {fake.url} answered {beginning}")
    assert end in error.msg
    assert error.error["code"] is None


def echo(request: Request) -> Answer:
    """The worst answer: all that was sent."""
    text = f"{request.path} {request.headers} {request.body.decode()}"
    return Answer(400, ('{"code": 3, "message": "' + text.replace('"', "'") + '"}').encode())


@pytest.mark.parametrize("place", ["json", "text", "title", "location", "error"])
def test_an_answer_that_repeats_secrets_does_not_show_them(fake: FakeZitadel, place: str) -> None:
    secrets = f"{fake.token} and proxy-token-1"
    if place == "json":
        fake.respond(400, {"code": 3, "message": f"bad {secrets}"})
    elif place == "location":
        fake.redirect(f"https://a/{fake.token}/proxy-token-1")
    elif place == "error":
        fake.respond(400, {"error": secrets})
    else:
        fake.respond(400, f"<title>{secrets}</title>" if place == "title" else secrets)
    error = refused_call(connection_to(fake, headers=HEADERS))
    for text in (error.msg, str(error), repr(error.error)):
        assert fake.token not in text
        assert "proxy-token-1" not in text


def test_a_token_alone_is_masked(fake: FakeZitadel) -> None:
    fake.respond(400, {"code": 3, "message": f"bad token {fake.token}"})
    error = refused_call(connection_to(fake))
    assert "bad token ********" in error.msg
    assert error.error["message"] == "bad token ********"


def test_a_short_header_does_not_hide_the_message(fake: FakeZitadel) -> None:
    fake.respond(400, {"code": 3, "message": "a1b"})
    assert "a1b" in refused_call(connection_to(fake, headers=(("X", "1"),))).msg


def test_texts_that_the_caller_hides(fake: FakeZitadel) -> None:
    fake.respond(400, {"code": 3, "message": "bad value s3cret"})
    error = refused_call(connection_to(fake), hidden=["s3cret"])
    assert "s3cret" not in error.msg
    assert error.error == {"status": 400, "code": 3, "id": None, "message": "bad value ********"}


def test_what_is_hidden_changes_no_meaning(fake: FakeZitadel, waits: Waits) -> None:
    message = "grpc: received message larger than max (6401563 vs. 4194304)"
    fake.respond(429, {"code": 8, "message": message}, times=None)
    error = refused_call(connection_to(fake, headers=(("X-Proto", "grpc"),)), hidden=["4"])
    assert error.refusal
    assert error.refusal.too_large
    assert (
        error.error["message"]
        == "********: received message larger than max (6********01563 vs. ********19********30********)"
    )
    assert not waits


def test_a_token_of_a_login_is_masked(fake: FakeZitadel, monkeypatch: pytest.MonkeyPatch) -> None:
    login = ClientCredentials(*fake.create_secret(fake.admin))
    connection = connection_to(fake, login=login)
    call(connection)
    monkeypatch.setattr(fake.api, "handle", lambda request, _fate: echo(request))
    error = refused_call(connection)
    assert "Bearer ********" in error.msg


def options(**more: Any) -> ConnectionOptions:
    return ConnectionOptions("http://localhost:1", AccessToken("a"), **more)


def test_equal_options_share_a_connection_within_a_process(monkeypatch: pytest.MonkeyPatch) -> None:
    first = connect(options())
    assert connect(options()) is first
    other = connect(options(retries=1))
    assert other is not first
    # Side by side, as a loop over two instances needs them.
    assert connect(options()) is first
    assert connect(options(retries=1)) is other
    # How many are in work belongs to the task.
    assert connect(options(connections=7)) is first
    assert first.options.connections == 7
    monkeypatch.setattr(os, "getpid", lambda: -1)
    assert connect(options()) is not first


@pytest.mark.parametrize(
    "more",
    [
        {"login": AccessToken("b")},
        {"url": "http://localhost:2"},
        {"headers": (("X", "1"),)},
        {"instance_host": "i"},
        {"validate_certs": False},
        {"timeout": 1.0},
        {"retries": 0},
    ],
    ids=lambda more: str(*more),
)
def test_other_options_make_another_connection(more: dict[str, Any]) -> None:
    usual: dict[str, Any] = {"url": "http://localhost:1", "login": AccessToken("a")}
    first = connect(ConnectionOptions(**usual))
    assert connect(ConnectionOptions(**{**usual, **more})) is not first


def test_a_connection_is_not_kept_if_it_cannot_be_made(monkeypatch: pytest.MonkeyPatch) -> None:
    broken = ConnectionOptions("https://localhost:1", AccessToken("a"), ca_path="/does/not/exist")
    for _time in range(2):
        with pytest.raises(ZitadelError, match="ca_path"):
            connect(broken)
    assert (os.getpid(), broken) not in _connection_kept._kept
    assert isinstance(connect(options()), Connection)
