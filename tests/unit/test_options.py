# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the options and the environment ask for: the server, the login, the organization."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest
from ansible.module_utils.errors import AnsibleFallbackNotFound
from ansible_collections.community.zitadel.plugins.module_utils._auth import (
    AccessToken,
    ClientCredentials,
    Login,
    ServiceAccountKey,
)
from ansible_collections.community.zitadel.plugins.module_utils._errors import ZitadelError
from ansible_collections.community.zitadel.plugins.module_utils._options import connection_options
from ansible_collections.community.zitadel.plugins.module_utils._owners import Choice, organization_choice
from ansible_collections.community.zitadel.plugins.module_utils._spec import CONNECTION_SPEC, environment
from ansible_collections.community.zitadel.plugins.module_utils._transport import ConnectionOptions

from unit.helpers import CONNECTION_DEFAULTS, ORGANIZATION_DEFAULTS

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


def options(environ: dict[str, str] | None = None, /, **params: Any) -> ConnectionOptions:
    params = {**CONNECTION_DEFAULTS, "url": URL, **params}
    if not environ and not any(params[name] is not None for name in ("token", "token_file", "key_file", "key_json")):
        params["token"] = "t"
    return connection_options(params, environ or {})


def login(environ: dict[str, str], /, **params: Any) -> Login:
    return connection_options({**CONNECTION_DEFAULTS, "url": URL, **params}, environ).login


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


@pytest.mark.parametrize(
    ("url", "address", "origin"),
    [
        pytest.param("https://id.example.com", "https://id.example.com", "https://id.example.com", id="plain"),
        pytest.param("https://id.example.com/", "https://id.example.com", "https://id.example.com", id="slash"),
        pytest.param(" https://id.example.com\n", "https://id.example.com", "https://id.example.com", id="blanks"),
        pytest.param("https://ID.example.com", "https://ID.example.com", "https://id.example.com", id="capitals"),
        pytest.param("https://a:443", "https://a:443", "https://a", id="default port of https"),
        pytest.param("http://a:80/", "http://a:80", "http://a", id="default port of http"),
        pytest.param("http://a:443", "http://a:443", "http://a:443", id="the other's default port"),
        pytest.param("http://localhost:8080/", "http://localhost:8080", "http://localhost:8080", id="port"),
        pytest.param("http://[::1]:8080", "http://[::1]:8080", "http://[::1]:8080", id="IPv6"),
        pytest.param("https://a/z/", "https://a/z", "https://a", id="path"),
    ],
)
def test_the_audience_is_the_origin_of_the_url(url: str, address: str, origin: str) -> None:
    found = options(url=url, key_json=KEY)
    assert (found.url, found.login) == (address, key("key_json", origin))


def test_an_audience_that_is_given() -> None:
    assert options(key_json=KEY, audience="https://inside").login == key("key_json", "https://inside")


@pytest.mark.parametrize(
    ("url", "said"),
    [
        pytest.param(None, "set ZITADEL_URL", id="missing"),
        pytest.param("", "url is given, but empty", id="empty"),
        pytest.param(" ", "such as https://id.example.com", id="blank"),
        pytest.param("id.example.com", "begins with https://", id="no scheme"),
        pytest.param("localhost:8080", "begins with https://", id="no scheme, but a port"),
        pytest.param("//id.example.com", "begins with https://", id="no scheme, but slashes"),
        pytest.param("ftp://id.example.com", "begins with https://", id="other scheme"),
        pytest.param("https://", "has a host", id="no host"),
        pytest.param("https:///path", "has a host", id="path only"),
        pytest.param("https://a?b=c", "has a host", id="query"),
        pytest.param("https://a#b", "has a host", id="fragment"),
        pytest.param("https://a b", "contains whitespace", id="blank in the host"),
        pytest.param("https://a:99999", "not the address", id="port out of range"),
        pytest.param("https://a:x", "not the address", id="port is no number"),
        pytest.param("https://[::1", "not the address", id="broken IPv6"),
        pytest.param("https://user:SECRET@a", "user name or password", id="password"),
    ],
)
def test_urls_that_are_no_instance(url: str | None, said: str) -> None:
    with pytest.raises(ZitadelError, match=r"^url ") as caught:
        options(url=url)
    assert said in caught.value.msg
    assert "SEC" not in caught.value.msg


@pytest.mark.parametrize(
    ("headers", "said"),
    [
        pytest.param({"Authorization": "HIDDEN"}, "may not set Authorization", id="Authorization"),
        pytest.param({"AUTHORIZATION": "HIDDEN"}, "may not set AUTHORIZATION", id="in capitals"),
        pytest.param({"x-zitadel-orgid": "HIDDEN"}, "may not set x-zitadel-orgid", id="organization"),
        pytest.param({"X-Zitadel-OrgID": "HIDDEN"}, "may not set X-Zitadel-OrgID", id="organization in capitals"),
        pytest.param({"X": "HIDDEN\r\nY: 1"}, "the value of X", id="CR LF"),
        pytest.param({"X": "HIDDEN\nY: 1"}, "the value of X", id="LF"),
        pytest.param({"X": "HIDDEN\r"}, "the value of X", id="CR"),
        pytest.param({"X": "HIDDEN\0"}, "the value of X", id="NUL"),
        pytest.param({"X": "HIDDEN €"}, "the value of X", id="beyond Latin-1"),
        pytest.param({"X": ["HIDDEN"]}, "the value of X", id="list"),
        pytest.param({"X": {"HIDDEN": 1}}, "the value of X", id="dict"),
        pytest.param({"X\r\nY": "HIDDEN"}, "not the name of a header", id="name with CR LF"),
        pytest.param({"X: Y": "HIDDEN"}, "not the name of a header", id="name with a colon"),
        pytest.param({"": "HIDDEN"}, "not the name of a header", id="empty name"),
        pytest.param({"Ü": "HIDDEN"}, "not the name of a header", id="name beyond ASCII"),
    ],
)
def test_headers_that_cannot_be_sent(headers: dict[str, Any], said: str) -> None:
    with pytest.raises(ZitadelError, match=r"^headers") as caught:
        options(headers=headers)
    assert said in caught.value.msg
    assert "HIDDEN" not in caught.value.msg


def test_headers_that_can_be_sent() -> None:
    found = options(headers={"X-B": " b: c ", "X-A": 1, "X-None": None, "X-U": "ü"})
    assert found.headers == (("X-A", "1"), ("X-B", "b: c"), ("X-U", "ü"))
    assert "b: c" not in repr(found)


def test_the_instance_is_set_once() -> None:
    header = {"X-Zitadel-Instance-Host": "other"}
    assert options(headers=header).headers == (("X-Zitadel-Instance-Host", "other"),)
    with pytest.raises(ZitadelError, match="headers may not set X-Zitadel-Instance-Host"):
        options(headers=header, instance_host="a")


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ({"timeout": 0.0}, "timeout is 0"),
        ({"timeout": -1.0}, "timeout is -1"),
        ({"timeout": float("nan")}, "timeout is nan"),
        ({"timeout": float("inf")}, "timeout is inf"),
        ({"retries": -1}, "retries is -1"),
        ({"client_key": "k.pem"}, "client_key is given without client_cert"),
        ({"instance_host": "a\r\nb"}, "instance_host is not a host name"),
        ({"instance_host": ""}, "instance_host is given, but empty"),
        ({"audience": ""}, "audience is given, but empty"),
        ({"ca_path": ""}, "ca_path is given, but empty"),
        ({"client_cert": ""}, "client_cert is given, but empty"),
        ({"client_key": ""}, "client_key is given, but empty"),
    ],
    ids=str,
)
def test_other_options_that_make_no_sense(params: dict[str, Any], said: str) -> None:
    with pytest.raises(ZitadelError) as caught:
        options(**params)
    assert caught.value.msg.startswith(said)


def test_everything_that_is_given_arrives() -> None:
    more: dict[str, Any] = {
        "instance_host": "i",
        "validate_certs": False,
        "ca_path": "ca",
        "timeout": 1.5,
        "retries": 0,
    }
    more.update(client_cert="cert", client_key="key")
    assert options(token="a", **more) == ConnectionOptions(URL, AccessToken("a"), **more)


def test_a_variable_that_is_empty_counts_as_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZITADEL_RETRIES", "")
    with pytest.raises(AnsibleFallbackNotFound):
        environment("ZITADEL_RETRIES")
    monkeypatch.setenv("ZITADEL_RETRIES", "0")
    assert environment("ZITADEL_RETRIES") == "0"


def test_options_and_their_variables() -> None:
    variables = {name: spec["fallback"][1] for name, spec in CONNECTION_SPEC.items() if "fallback" in spec}
    without = {"token", "token_file", "key_file", "key_json", "client_id", "client_secret", "headers"}
    assert variables == {name: [f"ZITADEL_{name.upper()}"] for name in CONNECTION_SPEC.keys() - without}
    assert all(CONNECTION_SPEC[name]["fallback"][0] is environment for name in variables)
    assert {name for name, spec in CONNECTION_SPEC.items() if spec.get("no_log")} == {"token", "client_secret"}


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
