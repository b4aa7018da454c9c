# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Faults, proxies in front, a server that goes away."""

from __future__ import annotations

import http.client
import ssl
import threading

import pytest

from fake_zitadel import FakeZitadel, Request
from fake_zitadel_tests.client import METADATA, Client

Cut = (ConnectionError, http.client.RemoteDisconnected)


def test_an_answer_instead(fake: FakeZitadel, acme: str, client: Client) -> None:
    fake.respond(503, {"code": 14, "message": "unavailable"}, headers={"Retry-After": "1"})
    fake.respond(502, "<h1>Bad Gateway</h1>", after=True, method="POST")
    first = client.set("a")
    assert (first.status, first.json["code"], first.headers["retry-after"]) == (503, 14, "1")
    assert fake.metadata(acme) == {}
    assert client.get("a").status == 404  # not a POST
    second = client.set("a")
    assert (second.status, second.headers["content-type"]) == (502, "text/html")
    assert fake.metadata(acme) == {"a": b"v"}
    assert fake.faults.waiting() == []
    assert [request.status for request in fake.requests] == [503, 404, 502]


def test_faults_come_in_order_and_in_number(fake: FakeZitadel, client: Client) -> None:
    fake.fail(503, 14, "x", times=2)
    fake.fail(429, 8, "y", path="/b$", times=None)
    assert [client.set(key).status for key in "aaabb"] == [503, 503, 200, 429, 429]
    assert fake.faults.waiting() == []
    fake.clear_faults()
    assert client.set("b").status == 200


def test_faults_of_one_organization(fake: FakeZitadel, acme: str, client: Client) -> None:
    fake.fail(503, 14, "x", organization=acme)
    assert Client(fake).list().status == 200
    assert client.list().status == 503
    fake.fail(503, 14, "x", organization=fake.home_id)
    assert client.list().status == 200
    assert Client(fake).list().status == 503


def test_a_redirect(fake: FakeZitadel, client: Client) -> None:
    fake.redirect("https://login.example.com/")
    reply = client.list()
    assert (reply.status, reply.headers["location"]) == (302, "https://login.example.com/")


@pytest.mark.parametrize(("when", "done"), [("before", False), ("after", True)])
def test_a_connection_that_is_cut(fake: FakeZitadel, acme: str, client: Client, when: str, done: bool) -> None:
    fake.drop(when)
    with pytest.raises(Cut):
        client.set("a")
    assert bool(fake.metadata(acme)) is done
    assert fake.requests[0].status is None
    assert client.list().status == 200


def test_an_answer_that_is_cut(fake: FakeZitadel, acme: str, client: Client) -> None:
    fake.drop("middle")
    with pytest.raises(http.client.IncompleteRead):
        client.set("a")
    assert fake.metadata(acme) == {"a": b"v"}


@pytest.mark.parametrize("after", [False, True])
def test_a_client_that_does_not_wait(fake: FakeZitadel, acme: str, after: bool) -> None:
    handled = threading.Event()
    fake.delay(after=after)
    fake.after(lambda _request: handled.set())
    with pytest.raises(TimeoutError):
        Client(fake, acme, timeout=0.05).set("a")
    if after:
        assert handled.wait(10)
    assert Client(fake, acme).list().status == 200
    assert bool(fake.stored(acme)) is after


def test_a_client_that_waits(fake: FakeZitadel, acme: str, client: Client) -> None:
    fake.delay(0.01)
    assert client.set("a").status == 200
    assert fake.metadata(acme) == {"a": b"v"}


def test_stopping_ends_a_delay(fake: FakeZitadel, client: Client) -> None:
    fake.delay()
    fake.before(lambda _request: threading.Thread(target=fake.stop).start())
    with pytest.raises(Cut):
        client.set("a")


def test_another_writer_in_between(fake: FakeZitadel, acme: str, client: Client) -> None:
    seen: list[Request] = []

    def write(request: Request) -> None:
        seen.append(request)
        fake.set(acme, "a", "theirs")

    fake.before(write, method="POST", path="/_bulk$")
    fake.after(lambda _request: fake.remove(acme, "b"), method="POST", path="/_bulk$")
    client.set("c")
    assert client.set_many("a", "b").status == 200
    assert fake.metadata(acme) == {"a": b"v", "c": b"v"}
    assert [request.path for request in seen] == [f"{METADATA}/_bulk"]


def test_a_fault_with_a_wrong_name_is_refused(fake: FakeZitadel) -> None:
    with pytest.raises(TypeError):
        fake.drop(methode="POST")


def test_read_only(fake: FakeZitadel, acme: str, client: Client) -> None:
    fake.set(acme, "a", "v")
    fake.read_only = True
    refused = [
        client.set("a"),
        client.remove_many("a"),
        client.connect("SetOrganizationMetadata", organizationId=acme, metadata=[{"key": "a", "value": "dg=="}]),
    ]
    assert [reply.status for reply in refused] == [403] * 3
    assert client.list().status == client.get("a").status == 200
    assert client.connect("ListOrganizationMetadata", organizationId=acme).status == 200
    secret = fake.create_secret(fake.admin)
    form = {
        "grant_type": "client_credentials",
        "scope": "openid",
        "client_id": secret[0],
        "client_secret": secret[1],
    }
    assert Client(fake).token(form).status == 200
    assert len(fake.refused_writes) == 3


def test_a_proxy_that_drops_the_organization() -> None:
    with FakeZitadel(drop_headers=["X-Zitadel-OrgId"]) as fake:
        acme = fake.create_organization("acme")
        written = Client(fake, acme).set("a")
        assert written.json["details"]["resourceOwner"] == fake.home_id
        assert fake.requests[0].headers["x-zitadel-orgid"] == acme


def test_a_server_that_ignores_the_organization() -> None:
    with FakeZitadel(ignore_organization="^/management/v1/") as fake:
        acme = fake.create_organization("acme")
        assert Client(fake, acme).set("a").json["details"]["resourceOwner"] == fake.home_id
        assert Client(fake, "0").list().status == 200
        may = "/auth/v1/permissions/zitadel/me/_search"
        assert Client(fake, "0").call("POST", may, {}).error_id == "AUTH-Bs7Ds"
        assert Client(fake, "0").connect("ListOrganizationMetadata", organizationId=acme).error_id == "AUTH-Bs7Ds"


def test_a_proxy_that_blocks_v1(fake: FakeZitadel, acme: str, client: Client) -> None:
    fake.block("^/management/", 405, {"error": "not here"})
    assert [client.list().status, client.set("a").status] == [405, 405]
    assert client.connect("ListOrganizationMetadata", organizationId=acme).status == 200
    assert fake.stored(acme) == {}


@pytest.mark.parametrize(("redirect", "status"), [(True, 302), (False, 403)])
def test_a_proxy_that_wants_to_know_who_calls(redirect: bool, status: int) -> None:
    with FakeZitadel(require_headers={"X-Proxy-Token": "please"}, login_redirect=redirect) as fake:
        client = Client(fake)
        assert client.list().status == client.token({}).status == status
        assert Client(fake).call("POST", f"{METADATA}/_search", {}, X_Proxy_Token="please").status == 200


def test_a_proxy_that_limits_bodies() -> None:
    with FakeZitadel(max_body=100) as fake:
        reply = Client(fake).set_many("a" * 100)
        assert (reply.status, reply.headers["content-type"]) == (413, "text/html")
        assert Client(fake).set("a").status == 200


def test_a_server_that_goes_away_and_comes_back(fake: FakeZitadel, acme: str, client: Client) -> None:
    url = fake.url
    client.set("a")
    fake.stop()
    with pytest.raises(Cut):
        client.list()
    with pytest.raises(ConnectionRefusedError):
        client.list()
    fake.start()
    assert fake.url == url
    assert client.list().values == {"a": "dg=="}


def test_tls() -> None:
    import trustme

    authority = trustme.CA()
    server, trusting = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.create_default_context()
    authority.issue_cert("localhost").configure_cert(server)
    authority.configure_trust(trusting)
    with FakeZitadel(tls=server) as fake:
        client = Client(fake, tls=trusting)
        assert fake.url.startswith("https://localhost:")
        assert client.set("a").status == 200
        issuer = client.call("GET", "/.well-known/openid-configuration").json["issuer"]
        assert issuer == fake.url
        with pytest.raises(ssl.SSLCertVerificationError):
            Client(fake, tls=ssl.create_default_context()).list()
        fake.drop("before")
        with pytest.raises((OSError, http.client.HTTPException)):
            client.list()
        assert client.list().status == 200
        fake.stop()
        with pytest.raises((OSError, http.client.HTTPException)):
            client.list()


def test_a_crash_of_the_fake_is_not_silent() -> None:
    def crash(_request: Request) -> None:
        raise ValueError("oh no")

    fake = FakeZitadel()
    fake.start()
    fake.before(crash)
    assert Client(fake).list().status == 500
    with pytest.raises(RuntimeError, match="oh no"):
        fake.__exit__(None)
