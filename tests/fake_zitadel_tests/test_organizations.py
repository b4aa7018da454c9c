# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Searching for organizations: what the recordings are too small to show."""

from __future__ import annotations

from typing import Any

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


def test_queries(fake: FakeZitadel) -> None:
    fake.create_organization("acme", domain="acme.example.com")
    fake.create_organization("gone", state="removed")
    client = Client(fake)
    for query, found in (
        ({"nameQuery": {"name": "ACME", "method": "TEXT_QUERY_METHOD_EQUALS_IGNORE_CASE"}}, ["acme"]),
        ({"domainQuery": {"domain": "acme.example.com"}}, ["acme"]),
        ({"domainQuery": {"domain": "acme.localhost"}}, ["acme"]),
        ({"nameQuery": {"name": "gone"}}, []),
    ):
        assert names(search(client, query)) == found


def test_relational_tables() -> None:
    """A development flag: the total is the length of the page, and permissions do not matter."""
    with FakeZitadel("next", relational_tables=True) as fake:
        for number in range(5):
            fake.create_organization(f"organization {number}")
        client = Client(fake, token=fake.create_user().token)
        pages = [search(client, query={"limit": 4, "offset": str(offset)}) for offset in (0, 4)]
        assert [len(names(page)) for page in pages] == [4, 2]
        assert [page.json["details"]["totalResult"] for page in pages] == ["4", "2"]


def test_a_new_organization_is_found_a_little_later(fake: FakeZitadel) -> None:
    fake.hide_new_organizations(searches=2)
    client = Client(fake)
    created = client.call("POST", "/v2/organizations", {"name": "acme"})
    assert created.status == 201
    query = {"idQuery": {"id": created.json["organizationId"]}}
    assert [names(search(client, query)) for _search in range(3)] == [[], [], ["acme"]]


def test_the_life_of_an_organization_beyond_the_recordings(fake: FakeZitadel, acme: str) -> None:
    admin, owner = Client(fake, acme), Client(fake, token=fake.create_user("ORG_OWNER").token)
    me = "/management/v1/orgs/me"
    default = Client(fake).call("DELETE", me)
    assert (default.status, default.error_id) == (400, "COMMA-wG9p1")
    # Taken by an organization that he cannot see.
    assert owner.call("PUT", me, {"name": "acme"}).error_id == "V3-DKcYh"
    fake.rename(acme, "Acme & Söhne")
    assert names(search(admin, {"domainQuery": {"domain": "acme--söhne.localhost"}})) == ["Acme & Söhne"]
    assert names(search(admin, {"domainQuery": {"domain": "acme.localhost"}})) == []
    assert admin.call("DELETE", me).status == 200
    assert admin.call("PUT", me, {"name": "new"}).error_id == "ORG-1MRds"
    assert admin.call("POST", f"{me}/_deactivate").error_id == "ORG-oL9nT"
    assert admin.call("POST", f"{me}/_reactivate").error_id == "ORG-Dgf3g"


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
