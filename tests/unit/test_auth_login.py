# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Logging in: what is sent to the token endpoint, and what its refusals mean."""

from __future__ import annotations

import sys
import time
import types
from typing import Any
from urllib.parse import parse_qs

import jwt
import pytest
from ansible_collections.community.zitadel.plugins.module_utils import _auth
from ansible_collections.community.zitadel.plugins.module_utils._auth import ClientCredentials, Login, ServiceAccountKey
from ansible_collections.community.zitadel.plugins.module_utils._errors import ZitadelError

from fake_zitadel import Answer, FakeZitadel, Request
from unit.helpers import Site, Waits, call, calls, connection_to, refused_call

pytestmark = pytest.mark.every_core

TOKEN, ME = "POST /oauth/v2/token", "GET orgs/me"


def key_of(fake: FakeZitadel, *, audience: str | None = None, **changes: Any) -> ServiceAccountKey:
    user = fake.create_user("ORG_OWNER")
    content = {**fake.create_key(user), **changes}
    return ServiceAccountKey.read(content, "key_file key.json", audience or fake.url)


def credentials_of(fake: FakeZitadel, **more: Any) -> ClientCredentials:
    return ClientCredentials(*fake.create_secret(fake.create_user("ORG_OWNER"), **more))


def assert_no_secret(error: ZitadelError, login: Login) -> None:
    for secret in login.secrets:
        assert secret not in f"{error.msg} {error.error} {error!r}"


@pytest.mark.parametrize("make", [key_of, credentials_of])
@pytest.mark.parametrize("release", ["3.4.9", "4.13.1", "next"])
def test_one_login_serves_many_requests(release: str, make: Any) -> None:
    with FakeZitadel(release) as fake:
        connection = connection_to(fake, login=make(fake))
        for _time in range(3):
            call(connection)
        assert calls(fake) == [TOKEN, ME, ME, ME]
        assert "authorization" not in fake.requests[0].headers
        assert fake.requests[0].headers["content-type"] == "application/x-www-form-urlencoded"


def test_the_assertion(fake: FakeZitadel) -> None:
    login = key_of(fake)
    call(connection_to(fake, login=login))
    form = parse_qs(fake.requests[0].body.decode())
    assert form["grant_type"] == ["urn:ietf:params:oauth:grant-type:jwt-bearer"]
    assert "urn:zitadel:iam:org:project:id:zitadel:aud" in form["scope"][0].split()
    (assertion,) = form["assertion"]
    assert jwt.get_unverified_header(assertion) == {"alg": "RS256", "kid": login.key_id, "typ": "JWT"}
    claims = jwt.decode(assertion, options={"verify_signature": False})
    now = time.time()
    assert claims["iss"] == claims["sub"] == login.user_id
    assert claims["aud"] == fake.url
    assert now - 60 < claims["iat"] < now - 2
    assert now + 60 < claims["exp"] < now + 3600


def test_the_credentials(fake: FakeZitadel) -> None:
    login = credentials_of(fake)
    call(connection_to(fake, login=login))
    form = parse_qs(fake.requests[0].body.decode())
    assert form["grant_type"] == ["client_credentials"]
    assert (form["client_id"], form["client_secret"]) == ([login.client_id], [login.client_secret])
    assert "urn:zitadel:iam:org:project:id:zitadel:aud" in form["scope"][0].split()


def test_credentials_with_characters_that_mean_something_in_a_form(fake: FakeZitadel) -> None:
    user = fake.create_user("ORG_OWNER", name="a b+c&d=ü@x")
    user.secret = "%20 +&=ü"
    call(connection_to(fake, login=ClientCredentials(user.login_name, user.secret)))


def set_clock(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    """Let the clock that assertions are made by be wrong."""
    monkeypatch.setattr(_auth, "time", types.SimpleNamespace(time=lambda: time.time() + seconds))


@pytest.mark.parametrize("seconds", [5, -300])
def test_a_clock_that_is_a_little_wrong(fake: FakeZitadel, monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    set_clock(monkeypatch, seconds)
    call(connection_to(fake, login=key_of(fake)))


@pytest.mark.parametrize("what", ["audience", "clock", "unknown key", "removed key", "other user"])
@pytest.mark.parametrize("release", ["3.4.9", "4.13.1", "next"])
def test_an_assertion_that_is_refused(release: str, what: str, monkeypatch: pytest.MonkeyPatch, waits: Waits) -> None:
    with FakeZitadel(release) as fake:
        audience = "https://other.example.com" if what == "audience" else fake.url
        changes = {"unknown key": {"keyId": "1"}, "other user": {"userId": fake.admin.user_id}}.get(what, {})
        login = key_of(fake, audience=audience, **changes)
        if what == "clock":
            set_clock(monkeypatch, 3600)
        if what == "removed key":
            fake.store.users[login.user_id].keys.clear()
        error = refused_call(connection_to(fake, login=login))
        assert error.msg.startswith("Logging in failed. The assertion made with key_file key.json ")
        for text in (f"audience '{audience}'", "clock", f"key {login.key_id}", f"user {login.user_id}", "expired"):
            assert text in error.msg
        assert error.error["status"] == (400 if release == "next" else 500)
        assert_no_secret(error, login)
        assert calls(fake) == [TOKEN]
        assert not waits


@pytest.mark.parametrize(
    ("change", "said"),
    [
        pytest.param({"client_secret": "wrong-secret"}, "Secret.Invalid", id="wrong secret"),
        pytest.param({"client_id": "nobody"}, "client not found", id="unknown client"),
    ],
)
def test_credentials_that_are_refused(fake: FakeZitadel, waits: Waits, change: dict[str, str], said: str) -> None:
    known = credentials_of(fake)
    login = ClientCredentials(**{"client_id": known.client_id, "client_secret": known.client_secret, **change})
    error = refused_call(connection_to(fake, login=login))
    assert f"client credentials of '{login.client_id}' were refused (HTTP 400 " in error.msg
    assert said in error.msg
    assert_no_secret(error, login)
    assert not waits


@pytest.mark.parametrize(("uses", "works"), [(1, True), (4, True), (5, False)])
def test_a_secret_that_is_too_new(fake: FakeZitadel, waits: Waits, uses: int, works: bool) -> None:
    connection = connection_to(fake, login=credentials_of(fake, unknown_uses=uses))
    if works:
        call(connection)
    else:
        assert "Secret.NotExisting" in refused_call(connection).msg
    assert len(waits) == min(uses, 4)
    assert 0.05 <= waits[0] <= 0.075


def test_a_wrong_scope(fake: FakeZitadel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_auth, "_SCOPE", "")
    login = credentials_of(fake)
    error = refused_call(connection_to(fake, login=login))
    assert "scope of your request is missing" in error.msg
    monkeypatch.setattr(_auth, "_SCOPE", "openid")
    error = refused_call(connection_to(fake, login=login))
    assert "scope for the ZITADEL API" in error.msg
    assert error.error["status"] == 401


@pytest.mark.parametrize(
    ("status", "body", "said"),
    [
        pytest.param(200, "<title>Portal</title>", "HTTP 200 and not JSON", id="page"),
        pytest.param(404, "<p>", "HTTP 404 and not JSON", id="no such page"),
        pytest.param(500, "<p>", "HTTP 500 and not JSON", id="broken"),
        pytest.param(403, "<p>", "HTTP 403 and not JSON", id="forbidden"),
        pytest.param(200, {"token_type": "Bearer"}, "answered without an access token", id="no token"),
        pytest.param(200, {"access_token": None}, "answered without an access token", id="null token"),
        pytest.param(413, {"a": 1}, "request of this size", id="too large"),
    ],
)
@pytest.mark.parametrize("make", [key_of, credentials_of])
def test_answers_that_are_no_login(fake: FakeZitadel, make: Any, status: int, body: Any, said: str) -> None:
    login = make(fake)
    fake.respond(status, body, path="token", times=None)
    error = refused_call(connection_to(fake, login=login))
    assert said in error.msg
    assert fake.url in error.msg
    assert_no_secret(error, login)
    assert len(fake.requests) == 1


def test_a_login_under_the_wrong_host_name(fake: FakeZitadel) -> None:
    error = refused_call(connection_to(fake, login=credentials_of(fake), instance_host="other.example.com"))
    assert "No ZITADEL instance answers under the host name" in error.msg
    assert calls(fake) == [TOKEN]


@pytest.mark.parametrize("fault", ["503", "429", "drop", "time-out"])
def test_a_login_is_tried_again(fake: FakeZitadel, waits: Waits, fault: str) -> None:
    if fault == "drop":
        fake.drop(path="token", times=2)
    elif fault == "time-out":
        fake.delay(path="token", times=2)
    else:
        fake.respond(int(fault), path="token", times=2)
    call(connection_to(fake, login=credentials_of(fake), timeout=0.2 if fault == "time-out" else 30))
    assert calls(fake) == [TOKEN] * 3 + [ME]
    assert len(waits) == 2


@pytest.mark.parametrize("release", ["4.13.1", "next"])
def test_a_token_that_expires_is_renewed_once(release: str) -> None:
    with FakeZitadel(release) as fake:
        connection = connection_to(fake, login=key_of(fake))
        call(connection)
        fake.expire_issued_tokens()
        call(connection)
        assert calls(fake) == [TOKEN, ME, ME, TOKEN, ME]

        fake.clear_requests()
        fake.limit_issued_tokens(0)
        fake.expire_issued_tokens()
        error = refused_call(connection)
        assert "token was refused" in error.msg
        assert calls(fake) == [ME, TOKEN, ME]


def test_a_wrapped_401_renews_as_well(fake: FakeZitadel) -> None:
    connection = connection_to(fake, login=key_of(fake))
    call(connection)
    fake.respond(500, {"code": 2, "message": "rpc error: code = Unauthenticated desc = x ()"})
    call(connection)
    assert calls(fake) == [TOKEN, ME, ME, TOKEN, ME]


def test_a_fresh_token_is_not_renewed(fake: FakeZitadel) -> None:
    fake.limit_issued_tokens(0)
    error = refused_call(connection_to(fake, login=key_of(fake)))
    assert error.error["status"] == 401
    assert calls(fake) == [TOKEN, ME]


def test_a_token_that_was_given_is_not_renewed(fake: FakeZitadel) -> None:
    fake.expire_token(after_uses=1)
    connection = connection_to(fake)
    call(connection)
    assert "The access token was refused (HTTP 401)" in refused_call(connection).msg
    assert len(fake.requests) == 2


def test_a_renewal_that_is_refused(fake: FakeZitadel) -> None:
    login = key_of(fake)
    connection = connection_to(fake, login=login)
    call(connection)
    fake.expire_issued_tokens()
    fake.store.users[login.user_id].keys.clear()
    assert "Logging in failed" in refused_call(connection).msg
    fake.clear_requests()
    # Nothing of the refused token is left.
    assert "Logging in failed" in refused_call(connection).msg
    assert calls(fake) == [TOKEN]


def test_tokens_that_expire_all_the_time_within_a_task(fake: FakeZitadel) -> None:
    fake.limit_issued_tokens(1)
    user = fake.create_user("IAM_OWNER")
    site = Site(fake, {"old": "1"}, login=ClientCredentials(*fake.create_secret(user)))
    result = site.run(metadata={"a": "1", "b/c": "2"}, absent_keys=["old"])
    assert (result["added"], result["removed"]) == (["a", "b/c"], ["old"])
    assert site.metadata == {"a": b"1", "b/c": b"2"}


@pytest.mark.parametrize(
    "private_key", ["", "garbage", "-----BEGIN RSA PRIVATE KEY-----\nSECRET\n-----END RSA PRIVATE KEY-----"]
)
def test_a_private_key_that_cannot_sign(fake: FakeZitadel, private_key: str) -> None:
    login = key_of(fake, key=private_key)
    error = refused_call(connection_to(fake, login=login))
    assert error.msg.startswith("key_file key.json: the private key in it cannot be read")
    assert "SECRET" not in error.msg
    assert not fake.requests


@pytest.mark.parametrize("missing", ["jwt", "cryptography"])
def test_a_library_that_is_missing(fake: FakeZitadel, monkeypatch: pytest.MonkeyPatch, missing: str) -> None:
    login = key_of(fake)
    if missing == "jwt":
        monkeypatch.setitem(sys.modules, "jwt", None)
    else:
        algorithms = jwt.PyJWS(algorithms=["HS256"])

        def encode(*_arguments: Any, **more: Any) -> str:
            return algorithms.encode(b"", "", algorithm=more["algorithm"])

        monkeypatch.setattr(jwt, "encode", encode)
    error = refused_call(connection_to(fake, login=login))
    assert "PyJWT[crypto]" in error.msg
    assert sys.executable in error.msg


def echo(request: Request, _fate: object) -> Answer:
    """The worst answer: the form that was sent."""
    form = {name: values[0] for name, values in parse_qs(request.body.decode()).items()}
    return Answer(400, f'{{"error": "bad", "error_description": "bad form: {form}"}}'.encode())


@pytest.mark.parametrize("make", [key_of, credentials_of])
def test_a_token_endpoint_that_repeats_all_it_got(
    fake: FakeZitadel, monkeypatch: pytest.MonkeyPatch, make: Any
) -> None:
    login = make(fake)
    monkeypatch.setattr(fake.api, "handle", echo)
    error = refused_call(connection_to(fake, login=login))
    form = parse_qs(fake.requests[0].body.decode())
    assert "refused (HTTP 400" in error.msg
    for name in ("assertion", "client_secret"):
        for secret in form.get(name, []):
            assert secret not in error.msg
            assert secret not in str(error.error)
