# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a user reads: each message names the culprit as the user knows it, and what to do about it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import jwt
import pytest
from ansible_collections.community.zitadel.plugins.module_utils._auth import AccessToken
from ansible_collections.community.zitadel.plugins.module_utils._errors import Refusal
from ansible_collections.community.zitadel.plugins.module_utils._messages import Context, explain
from ansible_collections.community.zitadel.plugins.modules import (
    zitadel_org_metadata_bulk,
    zitadel_org_metadata_info,
)

from fake_zitadel import FakeZitadel
from unit.helpers import Runner, Site, connection_to

TASK: dict[str, Any] = {"org_id": "1", "key": "k", "value": "v"}
NGINX = "<html>\r\n<head><title>400 {0}</title></head>\r\n<body>\r\n<center>{0}</center>\r\n</body>\r\n</html>\r\n"


def failed(result: dict[str, Any]) -> str:
    """The message of a task that has failed."""
    assert (result["failed"], result["changed"]) == (True, False)
    assert "defect" not in result["msg"]
    return str(result["msg"])


# What a refusal means

URL = "https://id.example.com"


CONTEXT = Context(URL, "organization 42", "org.write")


def api(status: int, code: int, message: str) -> Refusal:
    return read(status, {"code": code, "message": message})


def read(status: int, body: Any) -> Refusal:
    return Refusal.read(status, json.dumps(body).encode())


def page(status: int, text: str) -> Refusal:
    return Refusal.read(status, text.encode())


@pytest.mark.parametrize(
    ("refusal", "said"),
    [
        pytest.param(
            Refusal(302, location="https://login.example.com/"),
            ["redirects to https://login.example.com/", "Set url", "headers"],
            id="redirect",
        ),
        pytest.param(
            api(401, 16, "Errors.Token.Invalid (AUTH-7fs1e)"), ["token was refused", "expired", "scope"], id="token"
        ),
        pytest.param(
            api(500, 2, "rpc error: code = Unauthenticated desc = auth header missing ()"),
            ["token was refused"],
            id="token, wrapped",
        ),
        pytest.param(page(401, "Log in"), ["HTTP 401 and not JSON", "headers", "'Log in'"], id="401 that is no JSON"),
        pytest.param(
            api(403, 7, "Organisation doesn't exist (AUTH-Bs7Ds)"),
            ["There is no organization 42", "org_name", "org_domain"],
            id="unknown organization",
        ),
        pytest.param(
            api(404, 5, "membership not found (AUTHZ-cdgFk)"),
            ["no role in organization 42", "ORG_OWNER", "ORG_OWNER_VIEWER"],
            id="no role",
        ),
        pytest.param(
            api(403, 7, "No matching permissions found (AUTH-5mWD2)"),
            ["lacks the permission org.write in organization 42", "ORG_SETTINGS_MANAGER"],
            id="no permission",
        ),
        pytest.param(
            api(400, 9, "Organisation not found (COMMAND-QXPGs)"), ["organization 42 has been removed"], id="removed"
        ),
        pytest.param(api(429, 8, "x (QUOTA-vjAy8)"), ["used up its quota", "does not help"], id="quota"),
        pytest.param(api(429, 8, "x (LIMITS-molsj)"), ["blocked", "does not help"], id="blocked"),
        pytest.param(
            api(429, 8, "grpc: received message larger than max (6 vs. 4)"),
            ["larger than the server allows"],
            id="too large",
        ),
        pytest.param(Refusal(413), ["refuses a request of this size", "client_max_body_size"], id="413"),
        pytest.param(
            api(404, 5, "unable to set instance using origin &{a  http}: Instance not found"),
            [f"No ZITADEL instance answers under the host name of {URL}", "instance_host"],
            id="wrong host",
        ),
        pytest.param(
            page(404, "unable to set instance using origin &{a  http}"),
            [f"No ZITADEL instance answers under the host name of {URL}"],
            id="wrong host, as text",
        ),
        pytest.param(page(502, "Bad Gateway"), ["not available (HTTP 502)", "'Bad Gateway'"], id="page"),
        pytest.param(api(404, 5, "Not Found"), ["does not know this call", "root of a ZITADEL"], id="unknown route"),
        pytest.param(api(400, 3, "invalid X"), ["refuses the values in the request", "invalid X"], id="invalid"),
        pytest.param(
            api(500, 2, "rpc error: code = InvalidArgument desc = invalid X ()"),
            ["refuses the values in the request", "invalid X"],
            id="invalid, wrapped",
        ),
        pytest.param(api(429, 8, "slow down"), ["is rate limited", "retries"], id="rate limit"),
        pytest.param(api(503, 14, "starting"), ["is not available", "retries"], id="unavailable"),
        pytest.param(api(500, 13, "internal"), ["ZITADEL failed (HTTP 500, code 13)", "internal"], id="internal"),
        pytest.param(read(500, {"message": "x"}), ["ZITADEL failed (HTTP 500)."], id="no code"),
        pytest.param(api(409, 6, "taken"), ["refuses the request (HTTP 409, code 6)", "taken"], id="conflict"),
    ],
)
def test_what_a_refusal_means_to_a_user(refusal: Refusal, said: list[str]) -> None:
    text = explain(refusal, CONTEXT)
    for words in said:
        assert words in text
    if refusal.json and refusal.message:
        assert refusal.message in text


def test_the_roles_that_may_read() -> None:
    refusal = api(403, 7, "x (AUTH-5mWD2)")
    own = Context(URL, permission="org.read")
    assert "org.read in the service account's own organization" in explain(refusal, own)
    assert "VIEWER" in explain(refusal, own)
    assert "VIEWER" not in explain(refusal, CONTEXT)
    assert "lacks a permission in the service account's own organization" in explain(refusal, Context(URL))


def _login_as(site: Site, role: str | None, organization: str | None = None) -> None:
    user = site.fake.create_user(role, organization or site.org_id)
    site.connection = connection_to(site.fake, login=AccessToken(user.token))


SITUATIONS: list[tuple[str, Callable[[Site], object], dict[str, Any], list[str]]] = [
    ("expired token", lambda site: site.fake.expire_token(), {}, ["token was refused (HTTP 401)", "expired"]),
    ("viewer", lambda site: _login_as(site, "ORG_OWNER_VIEWER"), {}, ["permission org.write in organization {org}"]),
    ("no role", lambda site: _login_as(site, None), {}, ["The service account has no role in organization {org}"]),
    ("stranger", lambda site: _login_as(site, "ORG_OWNER", site.fake.home_id), {}, ["no role in organization {org}"]),
    ("unknown id", lambda site: None, {"org_id": "123"}, ["There is no organization 123 at {url}", "org_name"]),
    ("a name as the id", lambda site: None, {"org_id": "acme"}, ["There is no organization acme", "org_name"]),
    ("unknown name", lambda site: None, {"org_id": None, "org_name": "Acme"}, ["name 'Acme'", "{url}"]),
    ("unknown domain", lambda site: None, {"org_id": None, "org_domain": "a.b"}, ["the domain 'a.b'", "{url}"]),
    (
        "removed organization",
        lambda site: site.fake.change_state(site.org_id, "removed"),
        {},
        ["organization {org} at {url}: it has been removed"],
    ),
    (
        "removed in between",
        lambda site: site.fake.before(lambda _: site.fake.change_state(site.org_id, "removed"), path="/k$"),
        {},
        ["Cannot set the key 'k'", "organization {org} has been removed"],
    ),
    ("no answer", lambda site: site.fake.redirect("https://l/"), {}, ["{url} redirects to https://l/"]),
    (
        "quota",
        lambda site: site.fake.respond(429, {"code": 8, "message": "x (QUOTA-vjAy8)"}),
        {},
        ["instance {url} is blocked or has used up its quota"],
    ),
    ("long key", lambda site: None, {"key": "k" * 201}, ["key: the metadata key 'kkk", "201 characters"]),
    ("long value", lambda site: None, {"value": "v" * 500_001}, ["the value of 'k' has 500001 bytes"]),
]


@pytest.mark.parametrize(("prepare", "options", "said"), [pytest.param(*rest, id=name) for name, *rest in SITUATIONS])
def test_situations_that_a_user_must_understand(
    prepare: Callable[[Site], object], options: dict[str, Any], said: list[str]
) -> None:
    with FakeZitadel() as fake:
        site = Site(fake, {"other": "1"} if options.get("key") is None else {})
        prepare(site)
        error = site.fail(**{"key": "k", "value": "v", **options})
        for text in said:
            assert text.format(org=site.org_id, url=fake.url) in error.msg
        assert fake.token not in error.msg
        assert "k" not in site.metadata
        assert not error.result.get("changed")


# What url leads to


@pytest.mark.parametrize(
    ("path", "status"), [("/ui/console", 200), ("/ui/console", 404), ("/ui/console/orgs", 405), ("/ui/v2/login/", 200)]
)
def test_the_address_of_a_page(runner: Runner, fake: FakeZitadel, path: str, status: int) -> None:
    fake.respond(status, "<!doctype html><html><head><title>ZITADEL • Console</title>", times=None)
    message = failed(runner.run(url=fake.url + path, **TASK))
    assert path.rstrip("/") in message
    assert re.search("(leave|without|remove|drop) .*path", message)


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        ("No required SSL certificate was sent", "client_cert"),
        ("The plain HTTP request was sent to HTTPS port", "scheme|https://"),
    ],
)
def test_what_nginx_answers(runner: Runner, fake: FakeZitadel, said: str, wanted: str) -> None:
    fake.respond(400, NGINX.format(said), times=None)
    message = failed(runner.run(**TASK))
    assert re.search(wanted, message)
    # It is a reverse proxy, but not one that wants a header.
    assert "option headers" not in message


# Files


@pytest.mark.parametrize("content", [None, "", "no JSON"], ids=["missing", "empty", "of no use"])
@pytest.mark.parametrize("option", ["token_file", "key_file"])
def test_a_relative_path_is_shown_absolute(
    runner: Runner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, option: str, content: str | None
) -> None:
    monkeypatch.chdir(tmp_path)
    if content is not None:
        Path("secret.file").write_text(content)
    assert str(tmp_path / "secret.file") in failed(runner.run(token=None, **{option: "secret.file"}, **TASK))
    monkeypatch.setenv(f"ZITADEL_{option.upper()}", "secret.file")
    assert str(tmp_path / "secret.file") in failed(runner.run(token=None, **TASK))


@pytest.mark.parametrize("option", ["token_file", "key_file", "ca_path"])
def test_nul_in_a_path(runner: Runner, option: str) -> None:
    options: dict[str, Any] = {"url": "https://127.0.0.1:9"} if option == "ca_path" else {"token": None}
    assert option in failed(runner.run(**options, **{option: "a\0b"}, **TASK))


@pytest.mark.parametrize("option", ["token_file", "key_file"])
def test_a_file_that_begins_with_a_byte_order_mark(
    runner: Runner, fake: FakeZitadel, tmp_path: Path, option: str
) -> None:
    user = fake.create_user("IAM_OWNER")
    content = user.token if option == "token_file" else json.dumps(fake.create_key(user))
    (tmp_path / "file").write_text(content, encoding="utf-8-sig")
    result = runner.run(token=None, **{option: str(tmp_path / "file")}, org_id=fake.home_id, key="k", value="v")
    assert result["changed"] is True, result["msg"]
    assert fake.requests[-1].bearer


# Variables of the environment


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("VALIDATE_CERTS", "maybe"),
        ("TIMEOUT", "soon"),
        ("TIMEOUT", "0"),
        ("RETRIES", "many"),
        ("RETRIES", "-1"),
        ("INSTANCE_HOST", "a b"),
        ("CA_PATH", "/does/not/exist"),
        ("CLIENT_CERT", "/does/not/exist"),
        ("URL", "id.example.com"),
    ],
)
def test_a_variable_with_a_wrong_value_is_named(
    runner: Runner, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(f"ZITADEL_{name}", value)
    options = {**TASK, "url": None if name == "URL" else "https://127.0.0.1:9"}
    message = failed(runner.run(**options))
    assert f"ZITADEL_{name}" in message
    assert value in message
    # The option is not to blame for a variable, nor the variable for an option.
    monkeypatch.setenv(f"ZITADEL_{name}", "1")
    message = failed(runner.run(**{**options, name.lower(): value}))
    assert name.lower() in message
    assert f"ZITADEL_{name}" not in message


# What is asked for


@pytest.mark.parametrize(
    ("given", "said"),
    [
        pytest.param({"value": "v"}, r"\bvalue\b", id="value alone"),
        pytest.param({"value_b64": "dg=="}, r"\bvalue_b64\b", id="base64 alone"),
        pytest.param({"key": None, "value": "v"}, r"\bkey\b.*\bnull\b", id="null key"),
        pytest.param({"metadata": None}, r"\bmetadata\b.*\bnull\b", id="null metadata"),
        pytest.param({"absent_keys": None}, r"\babsent_keys\b.*\bnull\b", id="null keys"),
        pytest.param({"state": "absent"}, r"\bstate: absent\b", id="state alone"),
    ],
)
def test_nothing_is_asked_for(runner: Runner, given: dict[str, Any], said: str) -> None:
    message = failed(runner.run(org_id="1", **given))
    # Whatever lists all options that could be given names them, too.
    assert re.search(said, message.partition("Give ")[0]), message


@pytest.mark.parametrize("value", [float("inf"), float("-inf"), float("nan")], ids=str)
@pytest.mark.parametrize("deep", [False, True])
def test_numbers_that_json_cannot_hold(runner: Runner, value: float, deep: bool) -> None:
    message = failed(runner.run(**{**TASK, "value": {"a": [value]} if deep else value}))
    assert "JSON" in message
    assert re.search(r"(?i)infinit|\binf\b|not a number|\bnan\b", message)


# What failed


def credentials(fake: FakeZitadel) -> dict[str, Any]:
    return {"client_id": fake.create_secret(fake.create_user("IAM_OWNER"))[0], "client_secret": "wrong"}


def key(fake: FakeZitadel) -> dict[str, Any]:
    return {"key_json": fake.create_key(fake.create_user("IAM_OWNER")), "audience": "https://other.example.com"}


@pytest.mark.parametrize("option", ["org_name", "org_domain"])
@pytest.mark.parametrize("login", [credentials, key])
def test_a_failed_login_is_no_failed_search(
    runner: Runner, fake: FakeZitadel, option: str, login: Callable[[FakeZitadel], dict[str, Any]]
) -> None:
    message = failed(runner.run(token=None, **login(fake), **{option: "acme"}, key="k", value="v"))
    assert "search" not in message.partition(".")[0]
    assert re.search("client credentials|assertion", message)


def test_sentences_are_separated_where_the_server_says_none(runner: Runner, fake: FakeZitadel) -> None:
    entries = [{"org_id": number, "metadata": {"k": "v"}} for number in ("1", "2")]
    message = failed(runner.run(zitadel_org_metadata_bulk.main, organizations=entries))
    assert re.search(r"Entry 1\b.*\(AUTH-Bs7Ds\)\.\s.*Entry 2\b", message, re.DOTALL)


def test_sentences_are_separated_after_a_failure_half_way(runner: Runner, fake: FakeZitadel) -> None:
    ids = [fake.create_organization(name) for name in ("one", "two", "three")]
    fake.fail(403, 7, "no (AUTH-5mWD2)", path="/k$", organization=ids[1])
    entries = [{"org_id": org_id, "metadata": {"k": "v"}} for org_id in ids]
    result = runner.run(zitadel_org_metadata_bulk.main, organizations=entries)
    assert result["failed"] is True
    assert re.search(r"\(AUTH-5mWD2\)\.(\s|$)", result["msg"])


# Host names


@pytest.mark.parametrize("host", ["straße.example", "faß.bücher.example", "ελλάς.example"])
def test_the_audience_is_the_host_that_is_asked(
    runner: Runner, fake: FakeZitadel, monkeypatch: pytest.MonkeyPatch, host: str
) -> None:
    monkeypatch.setenv("http_proxy", fake.url)
    runner.run(
        zitadel_org_metadata_info.main,
        url=f"http://{host}:8080",
        token=None,
        key_json=fake.create_key(fake.admin),
        org_id="1",
    )
    request = fake.requests[0]
    assert request.headers["host"].isascii()
    (assertion,) = parse_qs(request.body.decode())["assertion"]
    assert jwt.decode(assertion, options={"verify_signature": False})["aud"] == f"http://{request.headers['host']}"
