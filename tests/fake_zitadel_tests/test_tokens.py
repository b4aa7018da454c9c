# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The token endpoint, beyond the recorded exchanges."""

from __future__ import annotations

import base64
import time
from typing import Any

import jwt
import pytest

from fake_zitadel import FakeZitadel, User
from fake_zitadel_tests.client import Client, Reply

SCOPE = "openid urn:zitadel:iam:org:project:id:zitadel:aud"
JWT_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"


def log_in(fake: FakeZitadel, key: dict[str, str], **claims: Any) -> Reply:
    now = int(time.time())
    content = {
        "iss": key["userId"],
        "sub": key["userId"],
        "aud": fake.url,
        "iat": now - 5,
        "exp": now + 60,
        **claims,
    }
    assertion = jwt.encode(content, key["key"], algorithm="RS256", headers={"kid": key["keyId"]})
    return Client(fake).token({"grant_type": JWT_GRANT, "assertion": assertion, "scope": SCOPE})


@pytest.fixture
def user(fake: FakeZitadel, acme: str) -> User:
    return fake.create_user("ORG_OWNER", acme)


def works(fake: FakeZitadel, token: str) -> bool:
    return Client(fake, token=token).list().status == 200


def test_a_key_logs_its_user_in(fake: FakeZitadel, acme: str, user: User) -> None:
    reply = log_in(fake, fake.create_key(user))
    assert reply.status == 200
    written = Client(fake, token=reply.json["access_token"]).set("a")
    assert written.json["details"]["resourceOwner"] == acme


@pytest.mark.parametrize(
    ("release", "status", "error"), [("4.13.1", 500, "server_error"), ("next", 400, "invalid_grant")]
)
def test_a_foreign_signature_is_refused(release: str, status: int, error: str) -> None:
    with FakeZitadel(release) as fake:
        key, foreign = fake.create_key(fake.admin), fake.create_key(fake.admin, fresh=True)
        reply = log_in(fake, {**key, "key": foreign["key"]})
        assert (reply.status, reply.json["error"]) == (status, error)


@pytest.mark.parametrize("claims", [{"sub": "other"}, {"aud": "http://127.0.0.1"}, {"exp": None}, {"iat": None}])
def test_claims_that_are_refused(fake: FakeZitadel, user: User, claims: dict[str, Any]) -> None:
    assert log_in(fake, fake.create_key(user), **claims).status == 500


def test_the_audience_is_the_host_that_the_client_names(user: User, fake: FakeZitadel) -> None:
    key = fake.create_key(user)
    fake.hosts.known.add("id.example.com")
    now = int(time.time())
    claims = {
        "iss": user.user_id,
        "sub": user.user_id,
        "aud": "http://id.example.com",
        "iat": now,
        "exp": now + 60,
    }
    assertion = jwt.encode(claims, key["key"], algorithm="RS256", headers={"kid": key["keyId"]})
    form = {"grant_type": JWT_GRANT, "assertion": assertion, "scope": SCOPE}
    assert Client(fake).token(form).status == 500
    assert Client(fake).token(form, x_zitadel_instance_host="id.example.com").status == 200


def test_client_credentials(fake: FakeZitadel, user: User) -> None:
    user.login_name = "a:b c"
    client_id, secret = fake.create_secret(user, unknown_uses=1)
    form = {"grant_type": "client_credentials", "scope": SCOPE}
    given = {**form, "client_id": client_id, "client_secret": secret}
    early = Client(fake).token(given)
    assert early.json["error_description"] == "Errors.User.Machine.Secret.NotExisting"
    assert works(fake, Client(fake).token(given).json["access_token"])
    basic = "Basic " + base64.b64encode(f"a%3Ab+c:{secret}".encode()).decode()
    assert Client(fake).token(form, Authorization=basic).status == 200
    unencoded = "Basic " + base64.b64encode(f"a:b c:{secret}".encode()).decode()
    assert Client(fake).token(form, Authorization=unencoded).json["error"] == "invalid_client"


def test_tokens_expire(fake: FakeZitadel, user: User) -> None:
    key = fake.create_key(user)
    token = log_in(fake, key).json["access_token"]
    assert works(fake, token)
    fake.expire_issued_tokens()
    assert not works(fake, token)
    assert works(fake, user.token)
    fake.limit_issued_tokens(2)
    token = log_in(fake, key).json["access_token"]
    assert [works(fake, token) for _use in range(3)] == [True, True, False]
    fake.expire_token(user.token, after_uses=1)
    assert [works(fake, user.token) for _use in range(2)] == [True, False]
    fake.expire_token()
    assert Client(fake).list().error_id == "AUTH-7fs1e"


def test_userinfo_tells_what_the_token_may(fake: FakeZitadel, user: User) -> None:
    """Of whom the token is, the profile as far as it was asked for, and nothing for other tokens."""

    def ask(token: str) -> Reply:
        return Client(fake, token=token).call("GET", "/oidc/v1/userinfo")

    issued = log_in(fake, fake.create_key(user)).json["access_token"]
    assert ask(issued).json == {"sub": user.user_id}
    assert ask(user.token).json["preferred_username"] == user.login_name
    assert (ask("invalid").status, ask("invalid").json["error"]) == (401, "access_denied")
    fake.expire_issued_tokens()
    assert ask(issued).status == 401
