# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The authentication methods: which one the task or the environment asks for, and what a key has to be."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.community.zitadel.plugins.module_utils._auth import (
    LOGIN_OPTIONS,
    AccessToken,
    ClientCredentials,
    Login,
    ServiceAccountKey,
    choose,
)
from ansible_collections.community.zitadel.plugins.module_utils._errors import ZitadelError

pytestmark = pytest.mark.every_core

URL = "https://id.example.com"
KEY: dict[str, Any] = {"type": "serviceaccount", "keyId": "11", "key": "PRIVATE-KEY", "userId": "22"}
KEY_TEXT = json.dumps(KEY)
LOGIN_VARIABLES = {
    "ZITADEL_TOKEN": "env-token",
    "ZITADEL_TOKEN_FILE": "token",
    "ZITADEL_KEY_FILE": "key.json",
    "ZITADEL_KEY_JSON": KEY_TEXT,
    "ZITADEL_CLIENT_ID": "env-id",
    "ZITADEL_CLIENT_SECRET": "env-secret",
}
BLANKS = dict.fromkeys(LOGIN_VARIABLES, " ")


@pytest.fixture(autouse=True)
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Files that options name by a relative path."""
    monkeypatch.chdir(tmp_path)
    Path("token").write_text(" file-token\n\n")
    Path("key.json").write_text(KEY_TEXT)


def login(environ: dict[str, str], /, **params: Any) -> Login:
    return choose({**dict.fromkeys(LOGIN_OPTIONS), **params}, environ, URL)


def refused(environ: dict[str, str], /, **params: Any) -> str:
    with pytest.raises(ZitadelError) as caught:
        login(environ, **params)
    return caught.value.msg


def key(name: str, audience: str = URL) -> ServiceAccountKey:
    return ServiceAccountKey(name, "11", "22", "PRIVATE-KEY", audience)


WAYS = [
    pytest.param({"token": "abc"}, AccessToken("abc"), id="token"),
    pytest.param({"token": " abc\n"}, AccessToken("abc"), id="token with blanks around"),
    pytest.param({"token_file": "token"}, AccessToken("file-token"), id="token file"),
    pytest.param({"key_file": "key.json"}, key("key_file key.json"), id="key file"),
    pytest.param({"key_json": KEY_TEXT}, key("key_json"), id="key as text"),
    pytest.param({"key_json": KEY}, key("key_json"), id="key as dict"),
    pytest.param(
        {"client_id": "id", "client_secret": "se-cret"}, ClientCredentials("id", "se-cret"), id="client credentials"
    ),
]
ENVIRONMENT_WAYS = [
    pytest.param(["TOKEN"], AccessToken("env-token"), id="token"),
    pytest.param(["TOKEN_FILE"], AccessToken("file-token"), id="token file"),
    pytest.param(["KEY_FILE"], key("ZITADEL_KEY_FILE key.json"), id="key file"),
    pytest.param(["KEY_JSON"], key("ZITADEL_KEY_JSON"), id="key"),
    pytest.param(["CLIENT_ID", "CLIENT_SECRET"], ClientCredentials("env-id", "env-secret"), id="client credentials"),
]


@pytest.mark.parametrize(("params", "expected"), WAYS)
@pytest.mark.parametrize("environ", [{}, BLANKS, LOGIN_VARIABLES], ids=["empty", "blanks", "everything"])
def test_a_login_of_the_task_beats_the_environment(
    params: dict[str, Any], expected: Login, environ: dict[str, str]
) -> None:
    assert login(environ, **params) == with_absolute_path(expected)


def with_absolute_path(login: Login) -> Login:
    """A message names a file so that it can be found from anywhere."""
    if not isinstance(login, ServiceAccountKey):
        return login
    return dataclasses.replace(login, name=login.name.replace("key.json", str(Path("key.json").absolute())))


@pytest.mark.parametrize(("names", "expected"), ENVIRONMENT_WAYS)
@pytest.mark.parametrize("others", [{}, dict.fromkeys(LOGIN_VARIABLES, ""), BLANKS], ids=["unset", "empty", "blank"])
def test_a_login_of_the_environment(names: list[str], expected: Login, others: dict[str, str]) -> None:
    chosen = {f"ZITADEL_{name}": LOGIN_VARIABLES[f"ZITADEL_{name}"] for name in names}
    assert login({**others, **chosen}) == with_absolute_path(expected)


def test_a_client_id_alone_takes_the_secret_of_the_environment() -> None:
    assert login(LOGIN_VARIABLES, client_id="id") == ClientCredentials("id", "env-secret")


@pytest.mark.parametrize(
    ("environ", "params", "said"),
    [
        pytest.param(
            {}, {"token": "a", "token_file": "token"}, ["token and token_file", "in the task"], id="two tokens"
        ),
        pytest.param({}, {"token": "a", "key_json": KEY}, ["token and key_json", "in the task"], id="token and key"),
        pytest.param({}, {"key_file": "f", "key_json": KEY}, ["key_file and key_json", "in the task"], id="two keys"),
        pytest.param(
            {},
            {"token": "a", "client_id": "b", "client_secret": "c"},
            ["token and client_id are given in the task"],
            id="token and credentials",
        ),
        pytest.param(
            LOGIN_VARIABLES, {"token": "a", "client_secret": "c"}, ["token and client_secret"], id="token and a secret"
        ),
        pytest.param(
            {"ZITADEL_TOKEN": "a", "ZITADEL_KEY_FILE": "b"},
            {},
            ["ZITADEL_TOKEN and ZITADEL_KEY_FILE", "in the environment"],
            id="two in the environment",
        ),
        pytest.param(
            {"ZITADEL_TOKEN": "a", "ZITADEL_CLIENT_ID": "b", "ZITADEL_CLIENT_SECRET": "c"},
            {},
            ["ZITADEL_TOKEN and ZITADEL_CLIENT_ID", "in the environment"],
            id="token and credentials in the environment",
        ),
        pytest.param(
            {"ZITADEL_CLIENT_ID": "b"},
            {},
            ["ZITADEL_CLIENT_ID is given in the environment without ZITADEL_CLIENT_SECRET"],
            id="id alone in the environment",
        ),
        pytest.param(
            {"ZITADEL_CLIENT_SECRET": "c"},
            {},
            ["ZITADEL_CLIENT_SECRET is given in the environment without ZITADEL_CLIENT_ID"],
            id="secret alone in the environment",
        ),
        pytest.param({}, {"client_id": "b"}, ["client_id is given in the task without client_secret"], id="id alone"),
        pytest.param(
            BLANKS, {"client_id": "b"}, ["client_id is given in the task without client_secret"], id="id, blank secret"
        ),
        pytest.param(
            {"ZITADEL_CLIENT_ID": "b"},
            {"client_secret": "c"},
            ["client_secret is given in the task without client_id"],
            id="secret alone",
        ),
        pytest.param({}, {}, [*LOGIN_VARIABLES, "token", "key_json", "client_id with client_secret"], id="none"),
        pytest.param(BLANKS, {}, list(LOGIN_VARIABLES), id="blanks only"),
        pytest.param({}, {"token": "a b"}, ["token contains whitespace"], id="token with a blank inside"),
        pytest.param(
            {"ZITADEL_TOKEN": "ä"}, {}, ["ZITADEL_TOKEN contains whitespace or char"], id="token with an umlaut"
        ),
        pytest.param(
            {}, {"token_file": "none"}, ["token_file: /", "/none cannot be read: No such file"], id="no token file"
        ),
        pytest.param(
            {"ZITADEL_KEY_FILE": "none"},
            {},
            ["ZITADEL_KEY_FILE: /", "/none cannot be read: No such file"],
            id="no key file",
        ),
    ],
)
def test_logins_that_are_refused(environ: dict[str, str], params: dict[str, Any], said: list[str]) -> None:
    message = refused(environ, **params)
    for text in said:
        assert text in message


@pytest.mark.parametrize("blank", ["", " ", "\n"], ids=["empty", "blank", "newline"])
@pytest.mark.parametrize("option", ["token", "token_file", "key_file", "key_json", "client_id", "client_secret"])
def test_a_login_option_that_is_given_but_empty_is_an_error(option: str, blank: str) -> None:
    assert refused(LOGIN_VARIABLES, **{option: blank}).startswith(f"{option} is given, but empty")


def test_an_empty_key_is_an_error() -> None:
    assert refused(LOGIN_VARIABLES, key_json={}).startswith("key_json is given, but empty")


@pytest.mark.parametrize("option", ["token", "client_secret"])
def test_null_is_not_given(option: str) -> None:
    assert login({"ZITADEL_TOKEN": "env-token"}, **{option: None}) == AccessToken("env-token")


def test_paths_know_the_home_directory_and_variables(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert login({"ZITADEL_TOKEN_FILE": "~/token"}) == AccessToken("file-token")
    assert login({"ZITADEL_TOKEN_FILE": "$HOME/token"}) == AccessToken("file-token")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        pytest.param("", "is empty", id="empty"),
        pytest.param(" \n", "is empty", id="blank"),
        pytest.param("no-json-SECRET", "is not the JSON of a service-account key", id="not JSON"),
        pytest.param("[]", "is not the JSON of a service-account key", id="not an object"),
        pytest.param(json.dumps({**KEY, "type": "application"}), "of the type 'application'", id="application"),
        pytest.param(json.dumps({**KEY, "key": None}), "it lacks key", id="no private key"),
        pytest.param('{"type": "serviceaccount"}', "it lacks keyId and userId and key", id="nothing in it"),
        pytest.param(
            json.dumps({**KEY, "expirationDate": "2020-01-02T03:04:05Z"}),
            "expired on 2020-01-02T03:04:05Z",
            id="expired",
        ),
        pytest.param(
            json.dumps({**KEY, "expirationDate": "2020-01-02T03:04:05.123Z"}), "expired on 2020-01-02", id="fraction"
        ),
    ],
)
@pytest.mark.parametrize("way", ["key_file", "key_json", "ZITADEL_KEY_FILE", "ZITADEL_KEY_JSON"])
def test_keys_that_cannot_log_in(content: str, said: str, way: str) -> None:
    Path("broken.json").write_text(content)
    given = {way: content if way.lower().endswith("json") else "broken.json"}
    if not content.strip() and "broken.json" not in given.values():
        said = "No authentication method" if way.isupper() else "is given, but empty"
    message = refused(given) if way.isupper() else refused({}, **given)
    assert said in message
    assert "PRIVATE-KEY" not in message
    assert "SECRET" not in message.replace("ZITADEL_CLIENT_SECRET", "")


@pytest.mark.parametrize("date", ["2099-01-01T00:00:00Z", "", None])
def test_keys_that_do_not_expire_yet(date: str | None) -> None:
    assert login({}, key_json={**KEY, "expirationDate": date}) == key("key_json")


def test_a_key_file_that_is_no_text() -> None:
    Path("binary").write_bytes(b"\xff\xfe")
    assert f"key_file: {Path('binary').absolute()} is not a text file" in refused({}, key_file="binary")


@pytest.mark.parametrize("expected", [parameter.values[1] for parameter in WAYS])
def test_a_login_does_not_show_its_secrets(expected: Any) -> None:
    assert not any(secret in repr(expected) for secret in expected.secrets)
