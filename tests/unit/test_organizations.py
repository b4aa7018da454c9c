# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Organizations: listed in pages while others change them, and found by name or domain."""

from __future__ import annotations

import json
from typing import Any

import pytest
from ansible_collections.community.zitadel.plugins.module_utils._auth import AccessToken
from ansible_collections.community.zitadel.plugins.module_utils._organizations import Search, find_organizations
from ansible_collections.community.zitadel.plugins.modules import zitadel_org_info

from fake_zitadel import Answer, FakeZitadel
from unit.helpers import Runner, Site, connection_to

PAGE = 500
SEARCH = "/v2/organizations/_search$"


@pytest.fixture
def names(fake: FakeZitadel) -> list[str]:
    """The names of two full pages of organizations, in the order in which they are listed."""
    names = [f"org {number:04}" for number in range(2 * PAGE - 1)]
    for name in names:
        fake.create_organization(name)
    return [*names, "ZITADEL"]


def listed(runner: Runner, **options: Any) -> list[str]:
    result = runner.run(zitadel_org_info.main, **options)
    assert not result.get("failed"), result["msg"]
    return [organization["name"] for organization in result["organizations"]]


@pytest.mark.parametrize("added", [[], ["~1", "~2", "~3"]], ids=["fewer", "as many as before"])
def test_an_organization_that_is_removed_between_two_pages_hides_no_other(
    runner: Runner, fake: FakeZitadel, names: list[str], added: list[str]
) -> None:
    ids = {one.name: one.organization_id for one in fake.store.organizations.values()}

    def change(_request: object) -> None:
        # What was on the second page moves to the first.
        for name in names[:3]:
            fake.change_state(ids[name], "removed")
        for name in added:
            fake.create_organization(name)

    fake.after(change, path=SEARCH)
    found = listed(runner)
    assert len(found) == len(set(found))
    assert set(names[3:]) <= set(found) <= {*names, *added}


@pytest.mark.parametrize("total", ["of the page", "missing"])
def test_a_page_that_is_full_is_not_the_last(
    runner: Runner, fake: FakeZitadel, names: list[str], monkeypatch: pytest.MonkeyPatch, total: str
) -> None:
    handle = fake.api.handle

    def count_the_page(*arguments: Any) -> Answer:
        answer = handle(*arguments)
        body = json.loads(answer.body)
        body["details"].pop("totalResult", None)
        if total == "of the page":
            body["details"]["totalResult"] = str(len(body.get("result", [])))
        return Answer(answer.status, json.dumps(body).encode(), answer.headers)

    monkeypatch.setattr(fake.api, "handle", count_the_page)
    assert sorted(listed(runner)) == sorted(names)


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
    assert error.msg.startswith(f"Cannot search organizations at {acme.fake.url}. The answer does not have")
