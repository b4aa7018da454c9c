# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every recorded exchange, in order, against the fake of the recorded release."""

from __future__ import annotations

import base64
import http.client
import json
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import jwt
import pytest

from fake_zitadel import FakeZitadel
from fake_zitadel_tests.comparison import BYTES, Comparison

RECORDINGS = Path(__file__).parents[1] / "recordings"
AUDIENCE_SCOPE = "openid urn:zitadel:iam:org:project:id:zitadel:aud"

# What is not replayed: reason -> names of exchanges.
_USER_METADATA = (
    "user set, user set same, user get, user search, user bulk, user delete, user delete again, "
    "user get wrong org, user unknown"
)
_ADMIN_API = (
    "admin orgs search name equals, admin orgs search name none, admin orgs search default, "
    "admin orgs search domain, admin orgs search id"
)
_V2_CALLS = (
    "list, list filter, set, set same, set empty value, list v2a, set empty list, delete, delete missing, "
    "delete none, list unknown org, set unknown org, list as nobody, list as owner B, set as owner B, "
    "set as viewer, list limit 1001, list B default, list B 1000, set bad value, no token"
)
_V2_METADATA = [f"{version} {call}" for version in ("v2", "v2beta") for call in _V2_CALLS.split(", ")]
_EVERYWHERE = {
    "the fake leaves out metadata of users": _USER_METADATA.split(", "),
    "the fake leaves out the administration API": _ADMIN_API.split(", "),
}
LEFT_OUT: dict[str, dict[str, list[str]]] = {
    # v3 has no API v2 for metadata: its "Not Found" is replayed.
    "3.4.9": _EVERYWHERE,
    "4.13.1": {
        **_EVERYWHERE,
        "the fake leaves out metadata in the API v2": [*_V2_METADATA, "v2 with stale org header"],
    },
}
COMPARED = {"3.4.9": 400, "4.13.1": 358}


def _set_two(fake: FakeZitadel, organization: str) -> None:
    fake.set_many(organization, {"v2a": "1", "v2b/x": "2"})


# What exchanges that are left out did to organization A, so that sequences stay comparable.
EFFECTS: dict[str, Callable[[FakeZitadel, str], None]] = {
    "v2 set": _set_two,
    "v2 set empty value": lambda fake, organization: fake.remove(organization, "v2a"),
    "v2 delete": lambda fake, organization: fake.remove(organization, "v2b/x"),
    "v2beta set": _set_two,
    "v2beta delete": lambda fake, organization: fake.remove(organization, "v2b/x"),
}


def _keys_of_size(prefix: str, count: int, size: int) -> dict[str, Any]:
    value = base64.b64encode(b"x" * size).decode()
    return {"metadata": [{"key": f"{prefix}{index}", "value": value} for index in range(count)]}


# Bodies that were too long to be recorded.
BODIES: dict[str, Callable[[], dict[str, Any]]] = {
    "set 500000 bytes": lambda: {"value": base64.b64encode(b"x" * 500_000).decode()},
    "set 500001 bytes": lambda: {"value": base64.b64encode(b"x" * 500_001).decode()},
    "bulk just under 4 MiB": lambda: _keys_of_size("big", 10, 400_000),
    "bulk over 4 MiB": lambda: _keys_of_size("big", 10, 450_000),
    "bulk more": lambda: _keys_of_size("mor", 6, 400_000),
    "bulk 1000 keys": lambda: {"metadata": [{"key": f"n{index:04}", "value": "dg=="} for index in range(1000)]},
}

# What is wrong with each assertion, by the name of its exchange; None is no scope in the request.
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

    def __init__(self, fake: FakeZitadel, exchanges: list[dict[str, Any]]) -> None:
        self.fake = fake
        self.comparison = Comparison()
        self.key = fake.create_key(fake.admin)
        self.tokens = {"admin": fake.token, "invalid token": "invalid"}
        self.secret = ("", "")
        self.machine_of_secret = ""
        discovery = next(exchange for exchange in exchanges if exchange["name"] == "discovery")
        self.origin: str = discovery["response"]["body"]["issuer"]
        self.connection = http.client.HTTPConnection("127.0.0.1", int(fake.url.rpartition(":")[2]))

    def run(self, exchange: dict[str, Any]) -> list[str]:
        """Replay one exchange and return what differs."""
        name, request = exchange["name"], exchange["request"]
        if "Secret.NotExisting" in json.dumps(exchange["response"]["body"]):
            # The recorder was too quick for the server here.
            self.fake.store.users[self.comparison.translate(self.machine_of_secret)].secret_unknown_uses = 1
        status, headers, body = self.send(
            request["method"],
            self.comparison.translate(request["path"]),
            self.headers(exchange),
            self.body(exchange),
        )
        found = self.comparison.differences(exchange["response"], status, headers, body)
        if not found:
            self.learn(name, exchange, body)
        note = re.match(r"([0-9]+) results", exchange.get("note", ""))
        if note and status == 200 and len(json.loads(body)["result"]) != int(note[1]):
            found.append(f"not {note[0]}")
        return found

    def headers(self, exchange: dict[str, Any]) -> dict[str, str]:
        headers = {"Host": self.origin.partition("://")[2]}
        for name, value in (exchange["request"].get("headers") or {}).items():
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

    def body(self, exchange: dict[str, Any]) -> bytes | None:
        name, body = exchange["name"], exchange["request"].get("body")
        if body is None or body == "<form>":
            return None
        if exchange["request"]["path"] == "/oauth/v2/token":
            return self.form(name, body).encode()
        if isinstance(body, str) and (size := BYTES.fullmatch(body)):
            rebuilt = json.dumps(BODIES[name]()).encode()
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

    def learn(self, name: str, exchange: dict[str, Any], body: bytes) -> None:
        if name.startswith("pat "):
            self.tokens[name.removeprefix("pat ")] = json.loads(body)["token"]
        if exchange["request"]["path"] == "/oauth/v2/token" and exchange["response"]["status"] == 200:
            self.tokens["other"] = json.loads(body)["access_token"]
        if name == "create secret":
            self.machine_of_secret = exchange["request"]["path"].split("/")[4]
            self.secret = (json.loads(body)["clientId"], json.loads(body)["clientSecret"])


def load(release: str) -> list[dict[str, Any]]:
    lines = (RECORDINGS / f"zitadel-v{release}.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


@pytest.fixture(params=sorted(LEFT_OUT))
def release(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def replay(release: str) -> Iterator[Replay]:
    with FakeZitadel(release) as fake:
        yield Replay(fake, load(release))


def test_every_exchange_is_answered_as_recorded(release: str, replay: Replay) -> None:
    exchanges = load(release)
    left_out = [name for names in LEFT_OUT[release].values() for name in names]
    skipped: list[str] = []
    compared = 0
    problems = []
    for exchange in exchanges:
        name = exchange["name"]
        if name in left_out:
            skipped.append(name)
            if release == "4.13.1" and name in EFFECTS:
                EFFECTS[name](replay.fake, replay.comparison.ids.ours[_organization_a(exchanges)])
            continue
        compared += 1
        problems += [f"{name}: {difference}" for difference in replay.run(exchange)]
    print(f"{release}: compared {compared} of {len(exchanges)} exchanges, left out {len(skipped)}")
    assert problems == []
    assert sorted(skipped) == sorted(left_out)
    assert compared == COMPARED[release] == len(exchanges) - len(skipped)


def test_dates_keep_their_order(release: str, replay: Replay) -> None:
    """Later on the server is later here."""
    for exchange in load(release)[:200]:
        assert replay.run(exchange) == []
    pairs = sorted((_instant(recorded), _instant(ours)) for recorded, ours in replay.comparison.dates.ours.items())
    assert len(pairs) > 50
    assert [ours for _recorded, ours in pairs] == sorted(ours for _recorded, ours in pairs)


def test_another_release_is_noticed() -> None:
    """The same recording against the fake of another release: what differs between the two is found."""
    exchanges = load("3.4.9")
    left_out = {name for names in LEFT_OUT["3.4.9"].values() for name in names}
    with FakeZitadel("4.13.1") as fake:
        replay = Replay(fake, exchanges)
        differing = {one["name"] for one in exchanges[:300] if one["name"] not in left_out and replay.run(one)}
    expected = {
        "create org taken name",
        "bulk set same",
        "set empty value",
        "get key 201",
        "no token",
        "wrong host",
    }
    assert expected <= differing
    assert differing.isdisjoint({"org me A", "get missing", "unknown org", "path set 'a/b'", "wrong method"})


def _instant(date: str) -> str:
    """A date with as many digits as any, so that dates sort."""
    seconds, _point, fraction = date.removesuffix("Z").partition(".")
    return f"{seconds}.{fraction:0<9}"


def _organization_a(exchanges: list[dict[str, Any]]) -> str:
    return next(str(one["response"]["body"]["id"]) for one in exchanges if one["name"] == "create org A")
