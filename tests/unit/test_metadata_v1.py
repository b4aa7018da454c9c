# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""API v1: which call writes what, how it reads, and the proof where a list is empty."""

from __future__ import annotations

import dataclasses
import itertools
import json
import urllib.parse
from typing import Any

import pytest
from ansible_collections.community.zitadel.plugins.module_utils._auth import AccessToken
from ansible_collections.community.zitadel.plugins.module_utils._connection import Connection
from ansible_collections.community.zitadel.plugins.module_utils._metadata import Listing, Owner, Selection
from ansible_collections.community.zitadel.plugins.module_utils._metadata_v1 import MetadataV1
from ansible_collections.community.zitadel.plugins.module_utils._transport import ConnectionOptions
from hypothesis import given
from hypothesis import strategies as st

from fake_zitadel import FakeZitadel
from unit.helpers import Site, calls, entry

EVERYTHING = Selection()
NOWHERE = Connection(ConnectionOptions("http://localhost:1", AccessToken("a")))
ORGANIZATION = MetadataV1(NOWHERE, Owner("organization", "1", "1"))
USER = MetadataV1(NOWHERE, Owner("user", "5", "1"))
KEYS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=200)


def writes(api: MetadataV1, values: dict[str, bytes | None]) -> list[tuple[str, str, Any]]:
    """The method, path and body of each call."""
    return [
        (write.method, write.path.removeprefix("/management/v1/"), json.loads(write.body) if write.body else None)
        for write in api.writes(values)
    ]


@given(
    KEYS
    | st.text("abcXYZ019-._~", min_size=1)
    | st.sampled_from([".", "..", "...", "_bulk", "_search", "_Bulk", "a/b", "/", "a%2Fb", "a b", "a\n", "ü", "+", ":"])
)
def test_only_unreserved_keys_travel_in_the_path(key: str) -> None:
    bulk = [
        ("POST", "metadata/_bulk", {"metadata": [{"key": key, "value": "dg=="}]}),
        ("DELETE", "metadata/_bulk", {"keys": [key]}),
    ]
    alone = [("POST", f"metadata/{key}", {"value": "dg=="}), ("DELETE", f"metadata/{key}", None)]
    is_unreserved = urllib.parse.quote(key, safe="") == key and key not in (".", "..", "_bulk", "_search")
    expected = alone if is_unreserved else bulk
    assert [*writes(ORGANIZATION, {key: b"v"}), *writes(ORGANIZATION, {key: None})] == expected


def test_sets_come_before_removals() -> None:
    assert writes(ORGANIZATION, {"a": None, "b": b"v", "c": None, "d": b"v"}) == [
        ("POST", "metadata/_bulk", {"metadata": [{"key": "b", "value": "dg=="}, {"key": "d", "value": "dg=="}]}),
        ("DELETE", "metadata/_bulk", {"keys": ["a", "c"]}),
    ]
    assert writes(ORGANIZATION, {}) == []


def test_a_key_of_a_user_is_never_set_alone() -> None:
    """v3.4.9 says 200 to a single set of the value that was removed last, and does nothing."""
    assert writes(USER, {"a": b"v"}) == [
        ("POST", "users/5/metadata/_bulk", {"metadata": [{"key": "a", "value": "dg=="}]})
    ]
    assert writes(USER, {"a": None}) == [("DELETE", "users/5/metadata/a", None)]


def test_what_a_repair_does() -> None:
    """A single set always makes an event, a bulk call does not."""
    lost = {"a": b"v", "a/b": b"v"}
    assert [step.values for step in ORGANIZATION.rewrites(lost, {})] == [{"a": b"v"}, {"a/b": None}, {"a/b": b"v"}]
    assert [step.values for step in USER.rewrites(lost, {})] == [dict.fromkeys(lost), lost]
    assert [step.values for step in USER.rewrites({"a": None}, {"a": entry("a", "seen")})] == [
        {"a": b"seen"},
        {"a": None},
    ]


@pytest.mark.parametrize(("padding", "expected"), [(-1, 1), (1, 2)])
def test_no_call_is_larger_than_proxies_let_pass(padding: int, expected: int) -> None:
    values = {f"{number:010}": b"v" * 2978 for number in range(249)}
    used = sum(len(write.body or b"") for write in ORGANIZATION.writes(values))
    assert used < 1_000_000
    room = (1_000_000 - used - len(',{"key":"last","value":""}')) // 4 * 3
    calls = list(ORGANIZATION.writes({**values, "last": b"v" * (room + 3 * padding)}))
    assert all(len(write.body or b"") <= 1_000_000 for write in calls)
    assert len(calls) == expected


# Reads


def limit_answers(fake: FakeZitadel, size: int) -> None:
    """Refuse answers of more bytes."""
    fake.api.release = dataclasses.replace(fake.release, answer_limit=size)


def numbered(count: int, size: int = 1, prefix: str = "k") -> dict[str, bytes | str]:
    return {f"{prefix}{number:04}": "v" * size for number in range(count)}


def read(site: Site, selection: Selection = EVERYTHING) -> Listing:
    return MetadataV1(site.connection, Owner("organization", site.org_id, site.org_id)).read(selection)


def values(listing: Listing) -> dict[str, bytes]:
    return {key: entry.value for key, entry in listing.entries.items()}


def pages(fake: FakeZitadel) -> list[tuple[int | None, int | None, int]]:
    """Limit, offset and status of every read."""
    found = []
    for request in fake.requests:
        query = (request.json or {}).get("query", {})
        assert request.status
        found.append((query.get("limit"), int(query["offset"]) if query else None, request.status))
    return found


def test_one_answer(fake: FakeZitadel) -> None:
    site = Site(fake, numbered(1200))
    assert values(read(site)) == site.metadata
    assert pages(fake) == [(None, None, 200)]


def test_pages_where_the_answer_is_too_large(fake: FakeZitadel) -> None:
    site = Site(fake, numbered(1200, 100))
    limit_answers(fake, 100_000)
    listing = read(site)
    assert values(listing) == site.metadata
    assert listing.complete
    assert pages(fake) == [(None, None, 429), (500, 0, 200), (500, 499, 200), (500, 998, 200)]


def test_purge_does_not_act_on_an_incomplete_list(fake: FakeZitadel) -> None:
    site = Site(fake, numbered(700, 100))
    limit_answers(fake, 100_000)
    numbers = itertools.count()
    fake.before(lambda _request: fake.set(site.org_id, f"a{next(numbers):03}", "new"), path="_search", times=None)
    error = site.fail(metadata={"k0000": "v"}, purge=True)
    assert "Cannot purge" in error.msg
    assert error.result == {"changed": False, "org_id": site.org_id}
    assert not fake.writes


@pytest.mark.parametrize(
    ("selection", "query"),
    [
        pytest.param(Selection("EQUALS", "a"), {"key": "a", "method": "TEXT_QUERY_METHOD_EQUALS"}, id="key"),
        pytest.param(
            Selection("STARTS_WITH", "a"), {"key": "a", "method": "TEXT_QUERY_METHOD_STARTS_WITH"}, id="prefix"
        ),
        pytest.param(Selection("CONTAINS", "/%"), {"key": "/%", "method": "TEXT_QUERY_METHOD_CONTAINS"}, id="part"),
        pytest.param(
            Selection("EQUALS", "a\\b"), {"key": "a\\b", "method": "TEXT_QUERY_METHOD_EQUALS"}, id="backslash in a key"
        ),
        pytest.param(
            Selection("STARTS_WITH", "a\\b"),
            {"key": "a", "method": "TEXT_QUERY_METHOD_STARTS_WITH"},
            id="backslash in a prefix",
        ),
        pytest.param(
            Selection("CONTAINS", "a\\bc"),
            {"key": "bc", "method": "TEXT_QUERY_METHOD_CONTAINS"},
            id="backslash in a part",
        ),
        pytest.param(Selection("CONTAINS", "\\"), None, id="nothing but a backslash"),
        pytest.param(EVERYTHING, None, id="everything"),
    ],
)
def test_the_server_filters(fake: FakeZitadel, selection: Selection, query: dict[str, str] | None) -> None:
    keys = ["a", "ab", "a/%", "a\\b", "a\\bc", "bc", "B", "xa\\b", "\\"]
    site = Site(fake, dict.fromkeys(keys, "v"))
    listing = read(site, selection)
    assert listing.complete
    wanted = {
        "EQUALS": lambda key: key == selection.text,
        "STARTS_WITH": lambda key: key.startswith(selection.text),
        "CONTAINS": lambda key: selection.text in key,
    }[selection.method]
    assert set(listing.entries) == set(filter(wanted, keys))
    assert fake.requests[0].json.get("queries", []) == ([{"keyQuery": query}] if query else [])


BAD_LISTS = [
    pytest.param({}, id="nothing"),
    pytest.param({"result": []}, id="no details"),
    pytest.param({"details": []}, id="details that are none"),
    pytest.param({"details": {"totalResult": "x"}}, id="a total that is no number"),
    pytest.param({"details": {"totalResult": ["1"]}}, id="a total that is a list"),
    pytest.param({"details": {}, "result": {"a": 1}}, id="a result that is no list"),
    pytest.param({"details": {}, "result": None}, id="a result that is null"),
    pytest.param({"details": {}, "result": ["a"]}, id="an entry that is none"),
    pytest.param({"details": {}, "result": [{"value": "dg==", "details": {}}]}, id="no key"),
    pytest.param({"details": {}, "result": [{"key": "k", "value": "dg=="}]}, id="an entry without details"),
    pytest.param({"details": {}, "result": [{"key": "k", "value": "%", "details": {}}]}, id="no base64"),
    pytest.param({"details": {}, "result": [{"key": "k", "value": 1, "details": {}}]}, id="a value that is a number"),
    pytest.param({"details": {}, "result": [{"key": "k", "details": {"sequence": "x"}}]}, id="no sequence"),
    pytest.param({"details": {}, "result": [{"key": "k", "details": {"sequence": {}}}]}, id="a sequence that is none"),
]


@pytest.mark.parametrize("body", BAD_LISTS)
def test_a_success_that_is_no_list_is_a_failure(acme: Site, body: dict[str, Any]) -> None:
    acme.fake.respond(200, body)
    error = acme.fail(key="k", value="v")
    assert error.msg.startswith(
        f"Cannot read the metadata of organization {acme.org_id} at {acme.fake.url}. The answer"
    )
    assert not acme.fake.writes


@pytest.mark.parametrize("status", [403, 404])
@pytest.mark.parametrize(
    "message", ["Metadata not found (QUERY-Rgh32)", "Not Found", "membership not found (AUTHZ-cdgFk)", "x"]
)
def test_no_refusal_of_a_read_means_absent(acme: Site, status: int, message: str) -> None:
    site = Site(acme.fake, org_id=acme.org_id, api_version="v1")
    acme.fake.respond(status, {"code": 5, "message": message})
    error = site.fail(key="k", value="v")
    assert error.error["status"] == status
    assert not acme.fake.writes


# Proof


@pytest.mark.parametrize("asked", ["id", "own"])
def test_an_empty_read_is_followed_by_proof(acme: Site, asked: str) -> None:
    result = acme.run(key="k", state="absent", org_id=acme.org_id if asked == "id" else None)
    assert calls(acme.fake) == ["POST _search", "GET orgs/me"]
    assert result["org_id"] == (acme.org_id if asked == "id" else acme.fake.home_id)


@pytest.mark.parametrize("check_mode", [False, True])
def test_a_read_with_an_entry_needs_no_proof(fake: FakeZitadel, check_mode: bool) -> None:
    site = Site(fake, {"k": "v"})
    site.run(key="k", value="v", check_mode=check_mode)
    assert calls(fake) == ["POST _search"]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({}, "does not have the form"),
        ({"org": {}}, "does not have the form"),
        ({"org": []}, "does not have the form"),
        ({"org": {"id": "77", "state": "ORG_STATE_ACTIVE"}}, "came from organization 77"),
        ({"org": {"id": "{org}"}}, "it has been removed"),
    ],
)
@pytest.mark.parametrize("options", [{"value": "v"}, {"state": "absent"}])
def test_an_answer_that_proves_nothing(acme: Site, body: dict[str, Any], said: str, options: dict[str, Any]) -> None:
    if body.get("org") == {"id": "{org}"}:
        body = {"org": {"id": acme.org_id}}
    acme.fake.respond(200, body, path="orgs/me")
    site = Site(acme.fake, org_id=acme.org_id, api_version="v1")
    assert said in site.fail(key="k", **options).msg
    assert not acme.fake.writes


def test_an_inactive_organization_is_as_good_as_any(acme: Site) -> None:
    acme.fake.change_state(acme.org_id, "inactive")
    assert acme.run(key="k", value="v")["changed"]
