# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Sends recorded requests to a server: with its ids, our tokens, and what was too long or too secret to be recorded."""

from __future__ import annotations

import base64
import json
import re
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import jwt

from fake_zitadel import Answer
from fake_zitadel_tests.comparison import BYTES, Comparison
from live.instance import Instance

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
    """One recording against one server.

    :param origin: how the server calls itself, where it is not called as it was when this was recorded.
    :param suffix: what stands for the six digits that all names of organizations and users end with.
    """

    def __init__(self, instance: Instance, exchanges: list[Exchange], *, origin: str = "", suffix: str = "") -> None:
        self.instance = instance
        self.comparison = Comparison()
        self.key = instance.key
        self.tokens = {"admin": instance.token, "invalid token": "invalid"}
        self.secret = ("", "")
        self.machine_of_secret = ""
        self.created: list[str] = []  # organizations
        self.answer = Answer(0)
        issuers = [one["response"]["body"]["issuer"] for one in exchanges if one["name"] == "discovery"]
        recorded: str = issuers[0] if issuers else "http://localhost:8080"
        self.origin = origin or recorded
        if origin:
            before, now = urlsplit(recorded), urlsplit(origin)
            self.comparison.texts |= {
                recorded: origin,
                before.netloc: now.netloc,
                str(before.hostname): str(now.hostname),
            }
        if suffix:
            before_us = suffix_of(exchanges)
            self.comparison.texts |= {before_us: suffix, before_us.upper(): suffix.upper()}

    def run(self, exchange: Exchange) -> list[str]:
        """Replay one exchange and return what differs. What was answered is in ``answer`` then."""
        request, recorded = exchange["request"], exchange["response"]
        self.prepare(exchange)
        path = self.comparison.translate(request["path"])
        answer = self.instance.send(request["method"], path, self.headers(exchange), self.body(exchange))
        self.answer = answer
        headers = {name.lower(): value for name, value in answer.headers.items()}
        found = self.comparison.differences(recorded, answer.status, headers, answer.body)
        if answer.status == recorded["status"]:
            self.learn(exchange, answer.body)
        if not found:
            found += self._count(exchange, answer.body)
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

    def prepare(self, exchange: Exchange) -> None:
        """Called before each exchange."""

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
            return self.form(name, self.comparison.translate(body)).encode()
        if isinstance(body, str) and (size := BYTES.fullmatch(body)):
            rebuilt = json.dumps(BODIES[name](self.created[0])).encode()
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
        assert self.key
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

    def learn(self, exchange: Exchange, body: bytes) -> None:
        name, path = exchange["name"], exchange["request"]["path"]
        if name.startswith("pat "):
            self.tokens[name.removeprefix("pat ")] = json.loads(body)["token"]
        if path == "/oauth/v2/token" and exchange["response"]["status"] == 200:
            self.tokens["other"] = json.loads(body)["access_token"]
        if name == "create secret":
            self.machine_of_secret = path.split("/")[4]
            self.secret = (json.loads(body)["clientId"], json.loads(body)["clientSecret"])
        if exchange["request"]["method"] == "POST" and path.endswith(
            ("/v1/orgs", "/organizations", "/AddOrganization")
        ):
            created = json.loads(body)
            self.created += [created[name] for name in ("id", "organizationId") if name in created]


def suffix_of(exchanges: list[Exchange]) -> str:
    """The six digits that the names of a recording end with."""
    first = next(one for one in exchanges if one["request"]["path"] == "/management/v1/orgs")
    return str(first["request"]["body"]["name"].rpartition("-")[2])
