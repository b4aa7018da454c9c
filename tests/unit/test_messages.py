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
from ansible_collections.community.zitadel.plugins.modules import (
    zitadel_org_metadata_bulk,
    zitadel_org_metadata_info,
)

from fake_zitadel import FakeZitadel
from unit.helpers import Runner

TASK: dict[str, Any] = {"org_id": "1", "key": "k", "value": "v"}
NGINX = "<html>\r\n<head><title>400 {0}</title></head>\r\n<body>\r\n<center>{0}</center>\r\n</body>\r\n</html>\r\n"


def failed(result: dict[str, Any]) -> str:
    """The message of a task that has failed."""
    assert (result["failed"], result["changed"]) == (True, False)
    assert "defect" not in result["msg"]
    return str(result["msg"])


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
