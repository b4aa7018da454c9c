# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Searching for organizations: what the recordings are too small to show."""

from __future__ import annotations

from typing import Any

import pytest

from fake_zitadel import FakeZitadel
from fake_zitadel_tests.client import Client, Reply

SEARCH = "/v2/organizations/_search"


def search(client: Client, *queries: dict[str, Any], **more: Any) -> Reply:
    reply = client.call("POST", SEARCH, {"queries": [*queries], **more})
    assert reply.status == 200
    return reply


def names(reply: Reply) -> list[str]:
    return [organization["name"] for organization in reply.json.get("result", [])]


def test_one_of_250_is_on_no_page_but_its_own(fake: FakeZitadel) -> None:
    """What the caller may not see goes after the limit, and the count tells of everything."""
    ids = [fake.create_organization(f"organization {number:03}") for number in range(249)]
    owner = Client(fake, token=fake.create_user("ORG_OWNER", ids[170]).token)
    pages = [search(owner, query={"limit": 100, "offset": str(offset)}) for offset in (0, 100, 200)]
    assert [names(page) for page in pages] == [[], ["organization 170"], []]
    assert {page.json["details"]["totalResult"] for page in pages} == {"250"}
    past_the_end = search(owner, query={"limit": 100, "offset": "300"})
    assert past_the_end.json.keys() == {"details"}
    assert "totalResult" not in past_the_end.json["details"]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"nameQuery": {"name": "acme"}}, ["acme"]),
        ({"nameQuery": {"name": "ACME", "method": "TEXT_QUERY_METHOD_EQUALS_IGNORE_CASE"}}, ["acme"]),
        ({"nameQuery": {"name": "acme", "method": "TEXT_QUERY_METHOD_STARTS_WITH"}}, ["acme", "acme two"]),
        ({"domainQuery": {"domain": "acme.example.com"}}, ["acme"]),
        ({"domainQuery": {"domain": "acme.localhost"}}, ["acme"]),
        ({"domainQuery": {"domain": "acme-two.localhost"}}, ["acme two"]),
        ({"stateQuery": {"state": "ORGANIZATION_STATE_INACTIVE"}}, ["asleep"]),
        ({"defaultQuery": {}}, ["ZITADEL"]),
        ({"idQuery": {"id": "1"}}, []),
    ],
)
def test_queries(fake: FakeZitadel, query: dict[str, Any], found: list[str]) -> None:
    fake.create_organization("acme", domain="acme.example.com")
    fake.create_organization("acme two")
    fake.create_organization("asleep", state="inactive")
    fake.create_organization("gone", state="removed")
    assert names(search(Client(fake), query)) == found


def test_sorting_has_a_name_of_its_own(fake: FakeZitadel) -> None:
    """The name that the API v1 has for it is unknown to v2 and sorts nothing."""
    for name in ("b", "C", "a"):
        fake.create_organization(name)
    client = Client(fake)
    upwards = search(client, query={"asc": True}, sortingColumn="ORGANIZATION_FIELD_NAME_NAME")
    assert names(upwards) == ["a", "b", "C", "ZITADEL"]
    downwards = search(client, sortingColumn="ORGANIZATION_FIELD_NAME_NAME")
    assert names(downwards) == ["ZITADEL", "C", "b", "a"]
    assert names(search(client, query={"asc": True}, sortingColumn="ORG_FIELD_NAME_NAME")) == [
        "ZITADEL",
        "b",
        "C",
        "a",
    ]


def test_what_is_left_out_says_so(fake: FakeZitadel) -> None:
    for path in ("/admin/v1/orgs/_search", "/zitadel.org.v2.OrganizationService/ListOrganizations"):
        reply = Client(fake).call("POST", path, {})
        assert (reply.status, b"leaves out" in reply.body) == (501, True)
