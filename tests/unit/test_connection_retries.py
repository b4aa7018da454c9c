# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which requests are sent again, and after how long."""

from __future__ import annotations

import socket
import threading
from typing import Any

import pytest
from ansible_collections.community.zitadel.plugins.module_utils._auth import AccessToken
from ansible_collections.community.zitadel.plugins.module_utils._connection import Connection
from ansible_collections.community.zitadel.plugins.module_utils._transport import ConnectionOptions

from fake_zitadel import FakeZitadel
from unit.helpers import Waits, call, connection_to, refused_call

pytestmark = pytest.mark.every_core

COLLISION = 'ERROR: duplicate key value violates unique constraint "events2_pkey" (SQLSTATE 23505)'


def back_off(seconds: float, tries: int) -> list[tuple[float, float]]:
    """The bounds of the waits: doubling, and up to half as much again."""
    return [(seconds * 2**number, seconds * 2**number * 1.5) for number in range(tries)]


def assert_within(waits: Waits, bounds: list[tuple[float, float]]) -> None:
    assert len(waits) == len(bounds)
    for seconds, (least, most) in zip(waits, bounds, strict=True):
        assert least <= seconds <= most


@pytest.mark.parametrize(
    ("answer", "first"),
    [
        pytest.param((429, "slow down"), 0.5, id="429 as text"),
        pytest.param((429, {"code": 8, "message": "too many"}), 0.5, id="429 of the API"),
        pytest.param((502, "<h1>Bad Gateway</h1>"), 0.5, id="502"),
        pytest.param((503, {"code": 14, "message": "starting"}), 0.5, id="503"),
        pytest.param((504, "<h1>Timeout</h1>"), 0.5, id="504"),
        pytest.param((500, {"code": 2, "message": COLLISION}), 0.05, id="two writers"),
        pytest.param((500, {"code": 2, "message": f"{COLLISION} ()"}), 0.05, id="two writers, wrapped"),
    ],
)
def test_answers_that_are_worth_another_try(
    fake: FakeZitadel, waits: Waits, answer: tuple[int, Any], first: float
) -> None:
    fake.respond(*answer, times=4)
    assert call(connection_to(fake))["org"]
    assert_within(waits, back_off(first, 4))

    waits.clear()
    fake.respond(*answer, times=5)
    error = refused_call(connection_to(fake))
    assert error.error["status"] == answer[0]
    assert_within(waits, back_off(first, 4))


@pytest.mark.parametrize(
    ("status", "body"),
    [
        pytest.param(429, {"code": 8, "message": "grpc: received message larger than max (5 vs. 4)"}, id="too large"),
        pytest.param(429, {"code": 8, "message": "trying to send message larger than max"}, id="answer too large"),
        pytest.param(429, {"code": 8, "message": "blocked (LIMITS-molsj)"}, id="blocked"),
        pytest.param(429, {"code": 8, "message": "exhausted (QUOTA-vjAy8)"}, id="quota"),
        pytest.param(500, {"code": 13, "message": "internal"}, id="500"),
        pytest.param(500, {"code": 2, "message": "ERROR: unsupported (SQLSTATE 22P05)"}, id="another database error"),
        pytest.param(500, "<h1>Oops</h1>", id="500 as HTML"),
        pytest.param(501, {"code": 12, "message": "unknown"}, id="501"),
        pytest.param(400, {"code": 3, "message": COLLISION}, id="the collision's text in a 400"),
        pytest.param(401, {"code": 16, "message": "token"}, id="401"),
        pytest.param(403, {"code": 7, "message": "permission"}, id="403"),
        pytest.param(404, {"code": 5, "message": "Not Found"}, id="404"),
        pytest.param(409, {"code": 6, "message": "exists"}, id="409"),
        pytest.param(413, "<h1>Too Large</h1>", id="413"),
        pytest.param(200, "<h1>Welcome</h1>", id="200 as HTML"),
        pytest.param(200, ["x"], id="200 with a list"),
        pytest.param(204, b"", id="204"),
    ],
)
def test_answers_that_are_final(fake: FakeZitadel, waits: Waits, status: int, body: Any) -> None:
    fake.respond(status, body, times=None)
    error = refused_call(connection_to(fake))
    assert error.error["status"] == status
    assert len(fake.requests) == 1
    assert not waits


def test_a_server_that_says_when(fake: FakeZitadel, waits: Waits) -> None:
    fake.respond(503, headers={"Retry-After": "7"})
    call(connection_to(fake))
    assert waits == [7.0]


@pytest.mark.parametrize("retries", [0, 1, 6])
def test_the_number_of_tries(fake: FakeZitadel, waits: Waits, retries: int) -> None:
    fake.respond(503, times=None)
    refused_call(connection_to(fake, retries=retries))
    assert len(fake.requests) == retries + 1
    assert len(waits) == retries


@pytest.mark.parametrize("when", ["before", "after", "middle"])
def test_a_dropped_connection(fake: FakeZitadel, waits: Waits, when: str) -> None:
    connection = connection_to(fake)
    call(connection)  # the next request uses the same connection
    fake.drop(when, times=2)
    assert call(connection)["org"]
    assert len(fake.requests) == 4
    assert_within(waits, back_off(0.5, 2))


@pytest.mark.parametrize(
    ("when", "why"), [("before", "the connection was closed without an answer"), ("middle", "cut short")]
)
def test_connections_that_are_always_dropped(fake: FakeZitadel, waits: Waits, when: str, why: str) -> None:
    fake.drop(when, times=None)
    error = refused_call(connection_to(fake, retries=2))
    assert error.msg.startswith(f"Cannot try it. {fake.url} cannot be reached: ")
    assert f"{why}, in 3 tries. Check url" in error.msg
    assert error.fate.doubtful
    assert error.error == {"status": None, "code": None, "id": None, "message": None}
    assert_within(waits, back_off(0.5, 2))


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        pytest.param(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab", "was cut short", id="in a chunk"),
        pytest.param(
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n", "was cut short", id="after a chunk"
        ),
        pytest.param(b"SSH-2.0-OpenSSH_9.9\r\n", "is not HTTP", id="another protocol"),
    ],
)
def test_an_answer_that_cannot_be_read(answer: bytes, why: str) -> None:
    def serve() -> None:
        client = listening.accept()[0]
        with client:
            client.recv(65536)
            client.sendall(answer)

    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = threading.Thread(target=serve)
        server.start()
        url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        error = refused_call(Connection(ConnectionOptions(url, AccessToken("a-token"), retries=0)))
        server.join()
    assert error.msg == (
        f"Cannot try it. {url} cannot be reached: the answer {why}, in one try. "
        "Check url, the network, and that the server runs."
    )
    assert error.fate.doubtful


def test_a_server_that_does_not_answer(fake: FakeZitadel, waits: Waits) -> None:
    fake.delay(times=None)
    error = refused_call(connection_to(fake, timeout=0.05, retries=2))
    assert f"{fake.url} did not answer within 0.05 seconds (option timeout), in 3 tries." in error.msg
    assert error.fate.doubtful
    assert len(fake.requests) == 3
    assert_within(waits, back_off(0.5, 2))


def test_a_server_that_answers_at_last(fake: FakeZitadel) -> None:
    fake.delay()
    assert call(connection_to(fake, timeout=0.2))["org"]
    assert len(fake.requests) == 2


def test_nobody_there(waits: Waits) -> None:
    fake = FakeZitadel()
    with fake:
        connection = connection_to(fake)
    error = refused_call(connection)
    assert f"{fake.url} cannot be reached: Connection refused, in 5 tries" in error.msg
    assert not error.fate.doubtful
    assert_within(waits, back_off(0.5, 4))


def test_no_retries(waits: Waits) -> None:
    fake = FakeZitadel()
    with fake:
        connection = connection_to(fake, retries=0)
    assert "Connection refused, in one try." in refused_call(connection).msg
    assert not waits


def test_a_host_that_does_not_exist(fake: FakeZitadel, monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_arguments: Any, **_more: Any) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    with monkeypatch.context() as patch:
        patch.setattr(socket, "getaddrinfo", unknown)
        error = refused_call(connection_to(fake, url="http://id.example.com"))
    assert "http://id.example.com cannot be reached: Name or service not known" in error.msg
    assert not error.fate.doubtful


@pytest.mark.parametrize("stopped_for", [1, 4])
def test_a_server_that_comes_back(fake: FakeZitadel, waits: Waits, stopped_for: int) -> None:
    connection = connection_to(fake)
    call(connection)
    fake.stop()
    waits.then = lambda: fake.start() if len(waits) == stopped_for else None
    assert call(connection)["org"]
    assert_within(waits, back_off(0.5, stopped_for))


def test_a_connection_that_a_proxy_has_closed_meanwhile(fake: FakeZitadel) -> None:
    connection = connection_to(fake)
    call(connection)
    fake.stop()
    fake.start()
    call(connection)
    assert [request.status for request in fake.requests] == [200, 200]


@pytest.mark.parametrize("host", ["id..example.com", ".example.com", f"{'a' * 64}.example.com"])
def test_a_host_that_no_name_can_be(fake: FakeZitadel, waits: Waits, host: str) -> None:
    error = refused_call(connection_to(fake, url=f"http://{host}"))
    assert f"http://{host} cannot be reached" in error.msg
    assert not error.fate.doubtful


def test_a_call_without_retries(fake: FakeZitadel, waits: Waits) -> None:
    fake.respond(503, times=1)
    refused_call(connection_to(fake), retries=0)
    assert not waits
