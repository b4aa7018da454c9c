# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Sends recorded requests to a fake: with its ids, its tokens, and what was too long or too secret to be recorded."""

from __future__ import annotations

import base64
import http.client
import json
import re
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import quote, urlencode

import jwt

from fake_zitadel import FakeZitadel
from fake_zitadel_tests.comparison import BYTES, Comparison

Exchange = dict[str, Any]
SEARCH_ORGANIZATIONS = "/v2/organizations/_search"


def _of_size(count: int, size: int, name: str = "big{}") -> dict[str, Any]:
    value = base64.b64encode(b"x" * size).decode()
    return {"metadata": [{"key": name.format(index), "value": value} for index in range(count)]}


def _numbered(count: int) -> dict[str, Any]:
    values = [base64.b64encode(str(index).encode()).decode() for index in range(count)]
    return {"metadata": [{"key": f"n{index:04}", "value": value} for index, value in enumerate(values)]}


# Bodies that were too long to be recorded, by the name of their exchange.
BODIES: dict[str, Callable[[str], dict[str, Any]]] = {
    "set 500000 bytes": lambda _organization: {"value": base64.b64encode(b"x" * 500_000).decode()},
    "set 500001 bytes": lambda _organization: {"value": base64.b64encode(b"x" * 500_001).decode()},
    "bulk just under 4 MiB": lambda _organization: _of_size(10, 400_000),
    "bulk over 4 MiB": lambda _organization: _of_size(10, 450_000),
    "bulk more": lambda _organization: _of_size(6, 400_000, "mor{}"),
    "bulk 1000 keys": lambda _organization: _of_size(1000, 1, "n{:04}"),
    "v2 set 12 x 500000 bytes": lambda _organization: _of_size(12, 500_000),
    "connect set 12 x 500000 bytes": lambda organization: {"organizationId": organization, **_of_size(12, 500_000)},
    "v2 set 500001 bytes": lambda _organization: _of_size(1, 500_001, "b"),
    "v2 set 1200 keys": lambda _organization: _numbered(1200),
}

# What is wrong with each assertion, by the name of its exchange.
ASSERTIONS: dict[str, dict[str, Any]] = {
    "jwt profile ok": {},
    "jwt profile wrong aud": {"aud": "https://other.example.com"},
    "jwt profile aud list": {"aud": ["https://other.example.com", "{origin}"]},
    "jwt profile aud trailing slash": {"aud": "{origin}/"},
    "jwt profile expired": {"iat": -1800, "exp": -60},
    "jwt profile iat 2h old, exp future": {"iat": -7200},
    "jwt profile iat 30s ahead": {"iat": 30},
    "jwt profile iat 5s back": {"iat": -5},
    "jwt profile unknown kid": {"kid": "999"},
    "jwt profile life 2h": {"exp": 7200},
    "jwt profile no scope": {},
    "jwt profile without aud scope": {},
    "jwt profile garbage": {"assertion": "garbage"},
}


class Replay:
    """One recording against one fake."""

    def __init__(self, fake: FakeZitadel, exchanges: list[Exchange]) -> None:
        self.fake = fake
        self.comparison = Comparison()
        self.key = fake.create_key(fake.admin)
        self.tokens = {"admin": fake.token, "invalid token": "invalid"}
        self.secret = ("", "")
        self.machine_of_secret = ""
        self.organization = ""  # the first that was created
        issuers = [one["response"]["body"]["issuer"] for one in exchanges if one["name"] == "discovery"]
        self.origin: str = issuers[0] if issuers else "http://localhost:8080"
        self.connection = http.client.HTTPConnection("127.0.0.1", int(fake.url.rpartition(":")[2]))
        populate(fake, exchanges)

    def run(self, exchange: Exchange) -> list[str]:
        """Replay one exchange and return what differs."""
        request = exchange["request"]
        self._be_as_slow_as_the_server(exchange)
        status, headers, body = self.send(
            request["method"],
            self.comparison.translate(request["path"]),
            self.headers(exchange),
            self.body(exchange),
        )
        found = self.comparison.differences(exchange["response"], status, headers, body)
        if not found:
            self.learn(exchange, body)
            found += self._count(exchange, body)
        return found

    @staticmethod
    def _count(exchange: Exchange, body: bytes) -> list[str]:
        """Compare the number of entries where it is all that was recorded."""
        note = re.match(r"([0-9]+) (results|entries)", exchange.get("note", ""))
        if not note:
            return []
        answer = json.loads(body)
        count = len(answer.get("result", answer.get("metadata", [])))
        return [] if count == int(note[1]) else [f"{count} instead of {note[0]}"]

    def _be_as_slow_as_the_server(self, exchange: Exchange) -> None:
        """Where the recorder was too quick for the server."""
        recorded = exchange["response"]["body"]
        if "Secret.NotExisting" in json.dumps(recorded):
            self.fake.store.users[self.comparison.translate(self.machine_of_secret)].secret_unknown_uses = 1
        if exchange["request"]["path"] == SEARCH_ORGANIZATIONS and not recorded["details"].get("totalResult"):
            for query in exchange["request"]["body"]["queries"]:
                wanted = self.comparison.translate(query.get("idQuery", {}).get("id", ""))
                organization = self.fake.store.organizations.get(wanted)
                if organization and organization.exists:
                    organization.unlisted_searches = 1

    def headers(self, exchange: Exchange) -> dict[str, str]:
        request = exchange["request"]
        headers = {"Host": self.origin.partition("://")[2]}
        if request.get("body") is not None and exchange["response"]["status"] != 415:
            headers["Content-Type"] = "application/json"
        for name, value in (request.get("headers") or {}).items():
            headers[name] = self.comparison.translate(value)
        caller = exchange["caller"]
        if exchange["name"] == "client credentials basic":
            pair = ":".join(quote(part, safe="") for part in self.secret)
            headers["Authorization"] = "Basic " + base64.b64encode(pair.encode()).decode()
        elif caller.startswith("Basic "):
            headers["Authorization"] = caller
        elif caller != "none":
            headers["Authorization"] = f"Bearer {self.tokens[caller]}"
        return headers

    def body(self, exchange: Exchange) -> bytes | None:
        name, body = exchange["name"], exchange["request"].get("body")
        if body is None or body == "<form>":
            return None
        if exchange["request"]["path"] == "/oauth/v2/token":
            return self.form(name, body).encode()
        if isinstance(body, str) and (size := BYTES.fullmatch(body)):
            rebuilt = json.dumps(BODIES[name](self.organization)).encode()
            assert len(rebuilt) == int(size[1]), name
            return rebuilt
        return self.comparison.translate(body if isinstance(body, str) else json.dumps(body)).encode()

    def form(self, name: str, recorded: str) -> str:
        """A recorded form with our secrets in the place of the redacted ones."""
        assertion = self.assertion(**ASSERTIONS[name]) if name in ASSERTIONS else ""
        secret = "wrong" if "wrong secret" in name else self.secret[1]
        recorded = recorded.replace("assertion=<redacted>", urlencode({"assertion": assertion}))
        recorded = recorded.replace("client_secret=<redacted>", urlencode({"client_secret": secret}))
        assert "<" not in recorded
        return recorded

    def assertion(self, **changes: Any) -> str:
        if "assertion" in changes:
            return str(changes["assertion"])
        now = int(time.time())
        audience = json.loads(json.dumps(changes.get("aud", "{origin}")).replace("{origin}", self.origin))
        claims = {
            "iss": self.key["userId"],
            "sub": self.key["userId"],
            "aud": audience,
            "iat": now + changes.get("iat", 0),
            "exp": now + changes.get("exp", 300),
        }
        headers = {"kid": changes.get("kid", self.key["keyId"])}
        return jwt.encode(claims, self.key["key"], algorithm="RS256", headers=headers)

    def send(
        self, method: str, path: str, headers: dict[str, str], body: bytes | None
    ) -> tuple[int, dict[str, str], bytes]:
        self.connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
        for name, value in headers.items():
            self.connection.putheader(name, value)
        if body is not None:
            self.connection.putheader("Content-Length", str(len(body)))
        self.connection.endheaders(body)
        answer = self.connection.getresponse()
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()

    def learn(self, exchange: Exchange, body: bytes) -> None:
        name, path = exchange["name"], exchange["request"]["path"]
        if name.startswith("pat "):
            self.tokens[name.removeprefix("pat ")] = json.loads(body)["token"]
        if path == "/oauth/v2/token" and exchange["response"]["status"] == 200:
            self.tokens["other"] = json.loads(body)["access_token"]
        if name == "create secret":
            self.machine_of_secret = path.split("/")[4]
            self.secret = (json.loads(body)["clientId"], json.loads(body)["clientSecret"])
        if path == "/management/v1/orgs" and not self.organization:
            self.organization = json.loads(body)["id"]


def populate(fake: FakeZitadel, exchanges: list[Exchange]) -> None:
    """Create the organizations and users that searches found or counted, but that the recording did not create."""
    organizations: dict[str, str] = {}
    for owner, user, metadata in _foreign_users(exchanges):
        if owner not in organizations:
            organizations[owner] = fake.create_organization(f"older {len(organizations)}")
        created = fake.store.add_user(user["username"], organizations[owner], name=user["machine"]["name"])
        fake.set_user_many(created, metadata)
    for number in range(_older_organizations(exchanges) - len(organizations)):
        fake.create_organization(f"older, never seen {number}")


def _foreign_users(exchanges: list[Exchange]) -> list[tuple[str, dict[str, Any], dict[str, bytes]]]:
    """Organization, user and metadata of those who were there before, in the order in which they were found."""
    created = {one["response"]["body"].get("userId") for one in exchanges if _is_answered(one, "/management/v1/users/")}
    found: dict[str, tuple[str, dict[str, Any], dict[str, bytes]]] = {}
    for exchange in exchanges:
        if not _is_answered(exchange, "/v2/users") or exchange["request"]["method"] != "POST":
            continue
        queries = exchange["request"]["body"].get("queries", [])
        key = next((one["metadataKeyFilter"]["key"] for one in queries if "metadataKeyFilter" in one), "")
        value = next((one["metadataValueFilter"]["value"] for one in queries if "metadataValueFilter" in one), "")
        for user in exchange["response"]["body"].get("result", []):
            if user["userId"] in created:
                continue
            known = found.setdefault(user["userId"], (user["details"]["resourceOwner"], user, {}))
            if value:
                known[2][key] = base64.b64decode(value)
    return list(found.values())


def _older_organizations(exchanges: list[Exchange]) -> int:
    """How many there were beside the default one, as the first search for all of them tells."""
    known = 1
    for exchange in exchanges:
        method, path = exchange["request"]["method"], exchange["request"]["path"]
        if path == SEARCH_ORGANIZATIONS and not (exchange["request"].get("body") or {}).get("queries"):
            return int(exchange["response"]["body"]["details"]["totalResult"]) - known
        if exchange["response"]["status"] in (200, 201):
            known += path in ("/management/v1/orgs", "/v2/organizations") or path.endswith("/AddOrganization")
            known -= (method, path) == ("DELETE", "/management/v1/orgs/me")
    return 0


def _is_answered(exchange: Exchange, path: str) -> bool:
    answer = exchange["response"]
    return exchange["request"]["path"].startswith(path) and answer["status"] == 200 and isinstance(answer["body"], dict)
