# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From options to how to reach ZITADEL: the address, headers, certificates, time-outs, and who is to blame."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.community.zitadel.plugins.module_utils._auth import AccessToken, ServiceAccountKey
from ansible_collections.community.zitadel.plugins.module_utils._errors import ZitadelError
from ansible_collections.community.zitadel.plugins.module_utils._options import connection_of, connection_options
from ansible_collections.community.zitadel.plugins.module_utils._transport import ConnectionOptions

from unit.helpers import CONNECTION_DEFAULTS

pytestmark = pytest.mark.every_core

URL = "https://id.example.com"
KEY: dict[str, Any] = {"type": "serviceaccount", "keyId": "11", "key": "PRIVATE-KEY", "userId": "22"}


def options(environ: dict[str, str] | None = None, /, **params: Any) -> ConnectionOptions:
    if "key_json" not in params:
        params["token"] = "t"
    return connection_options({**CONNECTION_DEFAULTS, "url": URL, **params}, environ or {})


def key(name: str, audience: str = URL) -> ServiceAccountKey:
    return ServiceAccountKey(name, "11", "22", "PRIVATE-KEY", audience)


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
        pytest.param("https://Straße.de", "https://Straße.de", "https://xn--strae-oqa.de", id="beyond ASCII"),
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
        pytest.param(None, "environment variable ZITADEL_URL", id="missing"),
        pytest.param("", "url is given, but empty", id="empty"),
        pytest.param(" ", "such as https://id.example.com", id="blank"),
        pytest.param("id.example.com", "begin with https://", id="no scheme"),
        pytest.param("localhost:8080", "begin with https://", id="no scheme, but a port"),
        pytest.param("//id.example.com", "begin with https://", id="no scheme, but slashes"),
        pytest.param("ftp://id.example.com", "begin with https://", id="other scheme"),
        pytest.param("https://", "have a host", id="no host"),
        pytest.param("https:///path", "have a host", id="path only"),
        pytest.param("https://a?b=c", "no query", id="query"),
        pytest.param("https://a#b", "no fragment", id="fragment"),
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
        ({"timeout": 86_401.0}, "timeout is 86401"),
        ({"retries": -1}, "retries is -1"),
        ({"connections": 0}, "connections is 0"),
        ({"connections": 33}, "connections is 33"),
        ({"client_key": "k.pem"}, "client_key is given without client_cert"),
        ({"instance_host": "a\r\nb"}, "instance_host is not a host name"),
        ({"instance_host": ""}, "instance_host is given, but empty"),
        ({"audience": ""}, "audience is given, but empty"),
        ({"ca_path": ""}, "ca_path is given, but empty"),
        ({"ca_path": "a\0"}, "ca_path is not a path"),
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
        "client_cert": "cert",
        "client_key": "key",
        "timeout": 1.5,
        "retries": 0,
        "api_version": "v2",
        "connections": 32,
    }
    found = options(**more)
    expected = ConnectionOptions(URL, AccessToken("t"), **more)
    assert (found, found.connections) == (expected, expected.connections)


def test_a_variable_is_named_where_it_is_to_blame(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZITADEL_TIMEOUT", "0")
    params = {**CONNECTION_DEFAULTS, "url": URL, "token": "t", "timeout": 0.0}
    for given, is_named in (({"token": "t"}, True), ({"token": "t", "timeout": 0}, False)):
        with pytest.raises(ZitadelError, match="timeout is 0") as caught:
            connection_of(params, given, print)
        assert ("variable ZITADEL_TIMEOUT" in caught.value.msg) is is_named
