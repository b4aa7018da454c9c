# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Requests that nobody should send, and paths."""

from __future__ import annotations

import pytest

from fake_zitadel import FakeZitadel, Request, paths, protojson
from fake_zitadel_tests.client import METADATA, Client


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", b""),
        ("dg==", b"v"),
        ("dg", b"v"),
        ("+/+/", b"\xfb\xff\xbf"),
        ("-_-_", b"\xfb\xff\xbf"),
        ("gold", b"\x82\x89\x5d"),
        ("a", None),
        ("dg=", None),
        ("dg===", None),
        ("d=g=", None),
        ("+_+_", None),
        ("dg==\n", None),
        ("dGVz\ndA==", None),
        ("%%%", None),
        ("d g=", None),
    ],
)
def test_base64(text: str, value: bytes | None) -> None:
    assert protojson.decode_base64(text) == value


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b'{"value": ',
        b'{"value": "dg==',
        b"[]",
        b'"text"',
        b"{}x",
        b"\xff",
        b'{"value": NaN}',
        b'{"value": 5}',
        b'{"value": ["dg=="]}',
        b'{"value": true}',
    ],
)
def test_json_that_is_refused(client: Client, body: bytes) -> None:
    reply = client.call("POST", f"{METADATA}/a", body)
    assert (reply.status, reply.json["code"], "cache-control" in reply.headers) == (400, 3, False)


@pytest.mark.parametrize(
    "body",
    [
        b'{"metadata": {}}',
        b'{"metadata": [1]}',
        b'{"metadata": [{"key": 1}]}',
        b'{"metadata": [{"key": "\\ud800", "value": "dg=="}]}',
    ],
)
def test_bulk_json_that_is_refused(client: Client, body: bytes) -> None:
    reply = client.call("POST", f"{METADATA}/_bulk", body)
    assert (reply.status, reply.json["code"]) == (400, 3)


def test_the_complaint_points_at_the_value(client: Client) -> None:
    body = b'{"metadata": [{"key": "a", "value": "dg=="},\n{"key": "b", "value": 7}]}'
    message = client.call("POST", f"{METADATA}/_bulk", body).json["message"]
    assert message.endswith("(line 2:23): invalid value for bytes field value: 7")


@pytest.mark.parametrize("page", [{"limit": -1}, {"limit": "x"}, {"offset": -1}, {"limit": 2**32}, {"limit": True}])
def test_pages_that_are_refused(client: Client, page: dict[str, object]) -> None:
    assert client.list(query=page).status == 400


@pytest.mark.parametrize(
    ("path", "clean"),
    [
        ("/", "/"),
        ("/a", "/a"),
        ("/a/", "/a/"),
        ("//a", "/a"),
        ("/a//b", "/a/b"),
        ("/a/./b", "/a/b"),
        ("/a/..", "/"),
        ("/a/../../b", "/b"),
        ("/a/.../b", "/a/.../b"),
    ],
)
def test_clean_paths(path: str, clean: str) -> None:
    assert paths.clean_path(path) == clean


def test_a_redirect_keeps_the_query_and_encodes() -> None:
    assert paths.redirect_of("/a//b c%", "x=1") == "/a/b%20c%25?x=1"
    assert paths.redirect_of("/a/b", "x=1") is None


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("PUT", f"{METADATA}/_search", 405),
        ("PATCH", f"{METADATA}/a", 405),
        ("GET", METADATA, 404),
        ("GET", "/nothing", 404),
        ("GET", f"{METADATA}/%zz", 400),
        ("GET", f"{METADATA}/a%00", 500),
        ("GET", f"{METADATA}/%FF", 500),
        ("GET", f"{METADATA}//a", 301),
        ("GET", f"/{METADATA}/a", 301),
    ],
)
def test_paths_that_lead_nowhere(client: Client, method: str, path: str, status: int) -> None:
    assert client.call(method, path).status == status


def test_queries_at_their_limits(client: Client) -> None:
    too_long = {"queries": [{"keyQuery": {"key": "a" * 201}}]}
    assert "at most 200 runes" in client.call("POST", f"{METADATA}/_search", too_long).json["message"]
    assert "value is required" in client.list(queries=[{}]).json["message"]


@pytest.mark.parametrize(
    ("method", "path", "modifies"),
    [
        ("GET", f"{METADATA}/a", False),
        ("DELETE", f"{METADATA}/_search", True),
        ("POST", f"{METADATA}/_search", False),
        ("POST", f"{METADATA}/search", True),
        ("POST", f"{METADATA}/_bulk", True),
        ("POST", "/management/v1/users/1/metadata/_search", False),
        ("POST", "/management/v1/users/1/metadata/a", True),
        ("POST", "/auth/v1/permissions/zitadel/me/_search", False),
        ("POST", "/oauth/v2/token", False),
        ("POST", "/v2/organizations", True),
        ("POST", "/v2/organizations/_search", False),
        ("POST", "/v2/organizations/1/metadata", True),
        ("POST", "/v2/organizations/1/metadata/search", False),
        ("POST", "/v2/users", False),
        ("POST", "/v2/users/1/metadata", True),
        ("POST", "/zitadel.org.v2.OrganizationService/ListOrganizationMetadata", False),
        ("POST", "/zitadel.org.v2.OrganizationService/SetOrganizationMetadata", True),
        ("POST", "/zitadel.org.v2.OrganizationService/DeleteOrganizationMetadata", True),
        ("POST", "/zitadel.org.v2.OrganizationService/AddOrganization", True),
        ("POST", "/zitadel.user.v2.UserService/ListUserMetadata?x=1", False),
        ("POST", "/zitadel.user.v2.UserService/SetUserMetadata", True),
    ],
)
def test_what_modifies(method: str, path: str, modifies: bool) -> None:
    """A server that is read-only refuses exactly these."""
    assert Request(method, path, {}, b"").modifies is modifies


def test_hosts(fake: FakeZitadel) -> None:
    client = Client(fake)
    assert client.call("GET", "/management/v1/orgs/me", Host="LOCALHOST:1").status == 200
    assert client.call("GET", "/management/v1/orgs/me", Host="id.example.com").status == 404
    fake.hosts.known.add("id.example.com")
    assert client.call("GET", "/management/v1/orgs/me", Host="id.example.com").status == 200
    named = client.call("GET", "/management/v1/orgs/me", Host="id.example.com", x_zitadel_instance_host="other")
    assert named.json["message"].startswith("unable to set instance using origin &{other  http}")
