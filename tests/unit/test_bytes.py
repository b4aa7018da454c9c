# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whatever goes in comes out, and a second run writes nothing."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fake_zitadel import FakeZitadel
from unit.helpers import Site, lists

KEYS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=200) | (
    st.text("ab./_-~%\\ \t\nü", min_size=1, max_size=8)
)
BIG = st.builds(
    lambda seed, size: (hashlib.sha512(seed).digest() * 7813)[:size], st.binary(), st.integers(100_000, 500_000)
)
VALUES = st.one_of(*[st.binary(min_size=1, max_size=300)] * 9, BIG)
SEVERAL = st.dictionaries(KEYS, st.binary(min_size=1, max_size=300), min_size=2, max_size=8)


@pytest.fixture(scope="module", params=["3.4.9", "4.13.1", "next"])
def server(request: pytest.FixtureRequest) -> Iterator[FakeZitadel]:
    with FakeZitadel(request.param, scramble_order=True, record=True) as fake:
        yield fake


@dataclass(frozen=True)
class Api:
    server: FakeZitadel
    version: str


@pytest.fixture(scope="module", params=[("3.4.9", "v1"), ("next", "v2")], ids="-".join)
def api(request: pytest.FixtureRequest) -> Iterator[Api]:
    release, version = request.param
    with FakeZitadel(release, scramble_order=True, record=True) as fake:
        yield Api(fake, version)


def b64(value: bytes) -> str:
    return base64.b64encode(value).decode()


@settings(max_examples=40)
@given(key=KEYS, first=VALUES, second=VALUES)
def test_one_key(api: Api, key: str, first: bytes, second: bytes) -> None:
    server = api.server
    site = Site(server, {"other": "1"} if key != "other" else {}, api_version=api.version)
    others = site.metadata
    for value, name in ((first, "added"), (second, "updated")):
        result = site.run(key=key, value_b64=b64(value))
        assert site.metadata == {**others, key: value}
        assert lists(result) == {name if value != first or name == "added" else "unchanged": [key]}
        seen = server.entries(site.org_id)[key]
        v1 = api.version == "v1"  # the other does not tell all of it
        assert result["details"] == {
            "sequence": seen.sequence if v1 else None,
            "creation_date": seen.creation_date,
            "change_date": seen.change_date,
            "resource_owner": site.org_id if v1 else None,
        }
        server.clear_requests()
        again = site.run(key=key, value_b64=b64(value))
        assert (again["changed"], again["details"]) == (False, result["details"])
        assert len(server.requests) == 1
    assert site.run(key=key, state="absent")["removed"] == [key]
    assert site.metadata == others
    assert not site.run(key=key, state="absent")["changed"]
    assert not site.warnings


@settings(max_examples=30)
@given(values=SEVERAL)
def test_several_keys(api: Api, values: dict[str, bytes]) -> None:
    server = api.server
    site = Site(server, api_version=api.version)
    keys = sorted(values)
    given_values = {key: b64(value) for key, value in values.items()}
    assert lists(site.run(metadata_b64=given_values)) == {"added": keys}
    assert site.metadata == values
    server.clear_requests()
    assert lists(site.run(metadata_b64=given_values, purge=True)) == {"unchanged": keys}
    assert not server.writes
    assert lists(site.run(metadata_b64=given_values, state="absent")) == {"removed": keys}
    assert not site.metadata
    assert not site.run(absent_keys=keys)["changed"]


@settings(max_examples=30)
@given(key=KEYS, text=st.text(st.characters(exclude_categories=["Cs"]), min_size=1))
def test_text(api: Api, key: str, text: str) -> None:
    site = Site(api.server, api_version=api.version)
    site.run(metadata={key: text, key[:199] + "2": "x"})
    assert site.metadata[key].decode() == text
    assert not site.run(key=key, value=text)["changed"]


@pytest.mark.parametrize("value", [b"x" * 500_000, b"\xff" * 500_000, b"\0"], ids=["text", "binary", "NUL"])
@pytest.mark.parametrize("key", ["k", "😀" * 200])
def test_the_greatest_and_the_smallest(server: FakeZitadel, key: str, value: bytes) -> None:
    site = Site(server)
    site.run(metadata_b64={key: b64(value), "2": b64(value)})
    assert site.metadata == {key: value, "2": value}
    assert not site.run(key=key, value_b64=b64(value))["changed"]


def test_unchanged_keys_are_not_sent(server: FakeZitadel) -> None:
    site = Site(server, {"a": "1", "b": "2", "c/d": "3"})
    server.clear_requests()
    result = site.run(metadata={"a": 1, "b": "new", "c/d": "3", "e": "4"})
    assert lists(result) == {"added": ["e"], "updated": ["b"], "unchanged": ["a", "c/d"]}
    (write,) = server.writes
    assert {item["key"] for item in write.json["metadata"]} == {"b", "e"}


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        pytest.param({"key": "k", "value": "v"}, ["POST _search"], id="equal"),
        pytest.param({"key": "k", "value": "w"}, ["POST _search", "POST k", "POST _search"], id="one key"),
        pytest.param({"key": "k", "state": "absent"}, ["POST _search", "DELETE k", "POST _search"], id="one removal"),
        pytest.param(
            {"key": "n", "value": "v"}, ["POST _search", "GET orgs/me", "POST n", "POST _search"], id="one new key"
        ),
        pytest.param(
            {"key": "a/n", "value": "v"},
            ["POST _search", "GET orgs/me", "POST _bulk", "POST _search"],
            id="in the body",
        ),
        pytest.param(
            {"metadata": {"k": "w"}, "purge": True},
            ["POST _search", "POST k", "DELETE _bulk", "POST _search"],
            id="set one and purge",
        ),
        pytest.param(
            {"metadata": {"k": "w", "n": "w"}, "absent_keys": ["l", "m"]},
            ["POST _search", "POST _bulk", "DELETE _bulk", "POST _search"],
            id="set and remove several",
        ),
        pytest.param(
            {"metadata": {"k": "w", "n": "w"}, "verify": False}, ["POST _search", "POST _bulk"], id="unverified"
        ),
        pytest.param(
            {"metadata": {"k": "w"}, "check_mode": True},
            ["POST _search", "POST /auth/v1/permissions/zitadel/me/_search"],
            id="check mode",
        ),
        pytest.param({"metadata": {"k": "v"}, "check_mode": True}, ["POST _search"], id="check mode, unchanged"),
        pytest.param({"metadata": {}}, ["GET orgs/me"], id="nothing"),
    ],
)
def test_the_requests_of_a_task(server: FakeZitadel, options: dict[str, Any], expected: list[str]) -> None:
    site = Site(server, {"k": "v", "l": "v", "m": "v"})
    server.clear_requests()
    site.run(**options)
    assert site.calls == expected
