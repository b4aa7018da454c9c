# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reads: one answer where that is possible, pages where it is too large, and proof where it is empty."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import pytest
from ansible_collections.community.zitadel.plugins.module_utils._auth import AccessToken
from ansible_collections.community.zitadel.plugins.module_utils._errors import ZitadelError
from ansible_collections.community.zitadel.plugins.module_utils._metadata import Listing, Owner, Selection, selection_of
from ansible_collections.community.zitadel.plugins.module_utils._metadata_v1 import MetadataV1
from ansible_collections.community.zitadel.plugins.module_utils._organizations import Search, find_organizations

from fake_zitadel import FakeZitadel, Request
from unit.helpers import Site, calls, connection_to

EVERYTHING = Selection()


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
    assert pages(fake) == [(None, None, 429), (500, 0, 200), (500, 500, 200), (500, 1000, 200)]


def test_pages_are_halved_and_go_on_where_they_were(fake: FakeZitadel) -> None:
    site = Site(fake, {**numbered(600), **numbered(20, 3000, "x")})
    limit_answers(fake, 50_000)
    listing = read(site)
    assert values(listing) == site.metadata
    assert listing.complete
    assert pages(fake)[:4] == [(None, None, 429), (500, 0, 200), (500, 500, 429), (250, 500, 429)]
    assert pages(fake)[4:9] == [(125, 500, 429), (62, 500, 200), (62, 562, 429), (31, 562, 200), (31, 593, 429)]
    assert pages(fake)[9:] == [(15, 593, 200), (15, 608, 200)]


def test_the_smallest_page_has_eight_entries(fake: FakeZitadel) -> None:
    site = Site(fake, numbered(20, 1000))
    limit_answers(fake, 9000)
    assert values(read(site)) == site.metadata
    assert [limit for limit, _offset, status in pages(fake) if status == 429] == [None, 500, 250, 125, 62, 31, 15]
    assert [(limit, offset) for limit, offset, status in pages(fake) if status == 200] == [(8, 0), (8, 8), (8, 16)]


def test_a_page_of_eight_that_is_too_large_is_an_error(fake: FakeZitadel) -> None:
    site = Site(fake, numbered(20, 1000))
    limit_answers(fake, 5000)
    with pytest.raises(ZitadelError, match="larger than the server takes or gives"):
        read(site)
    assert [limit for limit, _offset, _status in pages(fake)] == [None, 500, 250, 125, 62, 31, 15, 8]


@pytest.mark.parametrize(
    "message",
    [
        "grpc: received message larger than max (5 vs. 4)",
        "grpc: trying to send message larger than max (5 vs. 4)",
        "message larger than max",
    ],
)
def test_every_wording_of_too_large(acme: Site, message: str) -> None:
    acme.fake.respond(429, {"code": 8, "message": message})
    read(acme)
    assert pages(acme.fake)[:2] == [(None, None, 429), (500, 0, 200)]


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (429, {"code": 8, "message": "exhausted (QUOTA-vjAy8)"}),
        (500, {"code": 13, "message": "internal"}),
        (400, {"code": 3, "message": "invalid limit"}),
        (413, "<title>too large</title>"),
    ],
)
def test_no_pages_for_any_other_reason(acme: Site, status: int, body: Any) -> None:
    acme.fake.respond(status, body)
    with pytest.raises(ZitadelError):
        read(acme)
    assert len(acme.fake.requests) == 1


def test_an_answer_that_lacks_some_of_the_total_is_not_believed(fake: FakeZitadel) -> None:
    site = Site(fake, {"a": "1", "b": "2"})
    fake.respond(200, {"details": {"totalResult": "2"}, "result": []})
    assert values(read(site)) == site.metadata


def meddle(site: Site, change: Callable[[int], object], times: int | None) -> None:
    """Change something before each page (of 500) but the first of the first pass."""
    count = iter(range(1, 1000))

    def between(_request: Request) -> None:
        number = next(count)
        if number > 2:
            change(number)

    site.fake.before(between, path="_search", times=times)
    limit_answers(site.fake, 100_000)


def test_a_second_pass_after_a_change_between_pages(fake: FakeZitadel) -> None:
    site = Site(fake, numbered(700, 100))
    meddle(site, lambda number: fake.set(site.org_id, f"a{number}", "new"), times=3)
    listing = read(site)
    assert listing.complete
    assert values(listing) == site.metadata
    assert [offset for _limit, offset, _status in pages(fake)] == [None, 0, 500, 0, 500]


def test_a_pass_with_a_key_twice_is_not_clean(fake: FakeZitadel) -> None:
    site = Site(fake, numbered(700, 100))

    def shift(_number: int) -> None:
        # One more at the beginning and one fewer at the end: the total stays.
        fake.set(site.org_id, "a", "new")
        fake.remove(site.org_id, "k0699")

    meddle(site, shift, times=3)
    listing = read(site)
    assert values(listing) == site.metadata
    assert len(pages(fake)) == 5


def test_the_union_of_three_passes_is_not_complete(fake: FakeZitadel) -> None:
    site = Site(fake, numbered(700, 100))
    before = site.metadata
    meddle(site, lambda number: fake.set(site.org_id, f"a{number:03}", "new"), times=None)
    listing = read(site)
    assert not listing.complete
    assert values(listing).items() >= before.items()
    assert [offset for _limit, offset, _status in pages(fake)] == [None] + [0, 500] * 3


def test_wanted_keys_that_no_pass_showed_are_read_one_by_one(fake: FakeZitadel) -> None:
    site = Site(fake, {"a": "1", "b": "2"})
    details = {"sequence": "1", "resourceOwner": site.org_id}
    twice = [{"key": "a", "value": "MQ==", "details": details}] * 2
    fake.respond(429, {"code": 8, "message": "larger than max"})
    fake.respond(200, {"details": {"totalResult": "2"}, "result": twice}, times=3)
    # Fewer would be read one by one at once.
    wanted = ["a", "b", *(f"never {number}" for number in range(20))]
    listing = read(site, selection_of(wanted))
    assert listing.complete
    assert values(listing) == site.metadata
    queries = [request.json.get("queries") for request in fake.requests]
    keys = [query[0]["keyQuery"]["key"] for query in queries if query]
    assert keys == [key for key in sorted(wanted) if key != "a"]
    assert len(queries) == 1 + 3 + 21


def test_a_few_wanted_keys_are_read_one_by_one_where_the_answer_is_too_large(fake: FakeZitadel) -> None:
    site = Site(fake, {"a": "1", "b": "2", **numbered(700, 100)})
    limit_answers(fake, 10_000)
    listing = read(site, selection_of(["a", "b", "never"]))
    assert values(listing) == {"a": b"1", "b": b"2"}
    assert [status for _limit, _offset, status in pages(fake)] == [429, 200, 200, 200]


def test_purge_does_not_act_on_an_incomplete_list(fake: FakeZitadel) -> None:
    site = Site(fake, numbered(700, 100))
    meddle(site, lambda number: fake.set(site.org_id, f"a{number:03}", "new"), times=None)
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
        ({}, "not what ZITADEL answers"),
        ({"org": {}}, "not what ZITADEL answers"),
        ({"org": []}, "not what ZITADEL answers"),
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


# Organizations


def test_organizations_come_in_pages_that_can_be_short(fake: FakeZitadel) -> None:
    ids = [fake.create_organization(f"o{number:04}") for number in range(1100)]
    user = fake.create_user("ORG_OWNER", ids[1077])
    fake.clear_requests()
    found = find_organizations(connection_to(fake, login=AccessToken(user.token)), Search())
    assert [organization.id for organization in found] == [ids[1077]]
    assert [int(request.json["query"]["offset"]) for request in fake.requests] == [0, 499, 998]


def test_all_organizations_sorted_by_name(fake: FakeZitadel) -> None:
    for name in ("zeta", "Beta", "alpha"):
        fake.create_organization(name, state="inactive" if name == "zeta" else "active")
    found = find_organizations(connection_to(fake), Search())
    assert [(one.name, one.state) for one in found] == [
        ("Beta", "active"),
        ("ZITADEL", "active"),
        ("alpha", "active"),
        ("zeta", "inactive"),
    ]
    assert all(one.details.resource_owner == one.id and one.primary_domain for one in found)
    assert [one.name for one in find_organizations(connection_to(fake), Search(state="inactive"))] == ["zeta"]


@pytest.mark.parametrize("option", ["org_name", "org_domain"])
def test_an_organization_that_is_looked_up(fake: FakeZitadel, option: str) -> None:
    fake.create_organization("acme corp", domain="acme.example.com")
    wanted = fake.create_organization("Acme", domain="www.acme.example.com")
    site = Site(fake)
    name = "Acme" if option == "org_name" else "www.acme.example.com"
    options: dict[str, Any] = {"org_id": None, option: name, "key": "k", "value": "v"}
    result = site.run(**options)
    assert result["org_id"] == wanted
    assert fake.metadata(wanted) == {"k": b"v"}
    assert all(request.organization == wanted for request in fake.requests[1:])


def test_a_name_must_match_exactly(acme: Site) -> None:
    acme.fake.respond(
        200,
        {"details": {"totalResult": "1"}, "result": [{"id": acme.org_id, "name": "ACME"}]},
        path="organizations/_search",
    )
    assert "No organization with the name 'acme'" in acme.fail(org_id=None, org_name="acme", key="k", value="v").msg


def test_a_domain_that_fits_more_than_one(acme: Site) -> None:
    result = [{"id": "1", "name": "a"}, {"id": "2", "name": "b"}]
    acme.fake.respond(200, {"details": {"totalResult": "2"}, "result": result}, path="organizations/_search")
    error = acme.fail(org_id=None, org_domain="a.b", key="k", value="v")
    assert "More than one organization has the domain 'a.b': 1, 2." in error.msg
    assert not acme.fake.writes


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"details": []},
        {"details": {"totalResult": "x"}},
        {"details": {}, "result": ["a"]},
        {"details": {}, "result": [{"name": "a"}]},
        {"details": {}, "result": None},
        {"details": {}, "result": [{"id": "1", "name": "acme", "details": []}]},
        {"details": {}, "result": [{"id": "1", "name": "acme", "details": {"sequence": "x"}}]},
    ],
    ids=str,
)
def test_a_success_that_lists_no_organizations(acme: Site, body: dict[str, Any]) -> None:
    acme.fake.respond(200, body)
    error = acme.fail(org_id=None, org_name="acme", key="k", value="v")
    assert error.msg.startswith(f"Cannot search organizations at {acme.fake.url}. The answer is not what")
