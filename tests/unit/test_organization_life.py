# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""zitadel_org, and organizations that bulk creates: idempotent, never two of one name, and hard to remove by accident."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from ansible_collections.community.zitadel.plugins.modules import zitadel_org, zitadel_org_metadata_bulk

from fake_zitadel import FakeZitadel
from unit.helpers import Runner, Waits

CHECK = {"_ansible_check_mode": True}
DIFF = {"_ansible_diff": True}
CREATE = "^/v2/organizations$"


@pytest.fixture(params=["3.4.9", "4.13.1", "next"])
def server(request: pytest.FixtureRequest) -> Iterator[FakeZitadel]:
    with FakeZitadel(request.param) as fake:
        yield fake


def org(runner: Runner, fake: FakeZitadel, **options: Any) -> dict[str, Any]:
    return runner.run(zitadel_org.main, **{"url": fake.url, "token": fake.token, **DIFF, **options})


def states(fake: FakeZitadel) -> dict[str, str]:
    return {
        one.name: one.state
        for one in fake.store.organizations.values()
        if one.state != "removed" and one.name != "ZITADEL"
    }


@pytest.mark.parametrize("name", ["acme", "pad", "Größe & Söhne", "x" * 200])
@pytest.mark.parametrize(("state", "expected"), [("present", "active"), ("active", "active"), ("inactive", "inactive")])
def test_it_is_created_once(runner: Runner, server: FakeZitadel, name: str, state: str, expected: str) -> None:
    server.create_organization(name.upper() + "!" if len(name) < 200 else "other")
    planned = org(runner, server, name=name, state=state, **CHECK)
    assert (planned["changed"], planned["org_id"], planned["organization"]["name"]) == (True, None, name)
    assert not server.writes
    result = org(runner, server, name=name, state=state)
    assert not result.get("failed"), result["msg"]
    assert result["changed"] is True
    assert result["diff"] == planned["diff"] == {"before": {}, "after": {"name": name, "state": expected}}
    assert (result["organization"]["id"], result["organization"]["state"]) == (result["org_id"], expected)
    assert states(server)[name] == expected
    # ZITADEL removes whitespace at either end.
    again = org(runner, server, name=f" {name}\n", state=state)
    assert (again["changed"], again["org_id"]) == (False, result["org_id"])


@pytest.mark.parametrize(
    ("before", "options", "after"),
    [
        pytest.param("active", {"name": "acme", "state": "inactive"}, {"acme": "inactive"}, id="deactivate"),
        pytest.param("inactive", {"name": "acme", "state": "active"}, {"acme": "active"}, id="reactivate"),
        pytest.param("inactive", {"name": "new", "by id": True}, {"new": "inactive"}, id="rename"),
        pytest.param(
            "active", {"name": "new", "state": "inactive", "by id": True}, {"new": "inactive"}, id="rename, deactivate"
        ),
        pytest.param("active", {"name": "acme", "state": "absent", "by id": True}, {}, id="remove"),
    ],
)
def test_it_is_changed(
    runner: Runner, server: FakeZitadel, before: str, options: dict[str, Any], after: dict[str, str]
) -> None:
    org_id = server.create_organization("acme", state=before)
    options = {name: value for name, value in options.items() if name != "by id"} | (
        {"org_id": org_id} if "by id" in options else {}
    )
    planned = org(runner, server, **options, **CHECK)
    assert (planned["changed"], server.writes) == (True, [])
    result = org(runner, server, **options)
    assert not result.get("failed"), result["msg"]
    assert (result["changed"], result["org_id"], states(server)) == (True, org_id, after)
    assert result["diff"] == planned["diff"]
    assert result["diff"]["before"] == {"name": "acme", "state": before}
    assert org(runner, server, **options)["changed"] is False


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({}, "No organization is named"),
        ({"name": None}, "name is null"),
        ({"name": ""}, "name is given, but empty"),
        ({"name": "  "}, "name is given, but empty"),
        ({"name": "x" * 201}, "has 201 characters"),
        ({"org_id": "1 2"}, "org_id is not the id"),
        ({"org_id": "123"}, "unknown or has been removed"),
        ({"state": "absent", "name": "acme"}, "needs both org_id and name"),
        ({"state": "absent", "org_id": "{acme}"}, "needs both org_id and name"),
        ({"state": "absent", "org_id": "{acme}", "name": "other"}, "has the name 'acme' and not 'other'"),
        ({"state": "absent", "org_id": "123", "name": "acme"}, "must belong together"),
        ({"state": "absent", "org_id": "{home}", "name": "ZITADEL"}, "service account's own"),
    ],
    ids=str,
)
@pytest.mark.parametrize("mode", [{}, CHECK], ids=["real", "check mode"])
def test_what_is_refused(runner: Runner, fake: FakeZitadel, options: dict[str, Any], said: str, mode: Any) -> None:
    acme = fake.create_organization("acme")
    fake.create_organization("other")
    before = states(fake)
    given = {
        name: value.format(acme=acme, home=fake.home_id) if isinstance(value, str) else value
        for name, value in options.items()
    }
    result = org(runner, fake, **given, **mode)
    assert result["failed"] is True
    assert said in result["msg"]
    assert result["changed"] is False
    assert states(fake) == before


def test_a_rename_to_a_name_that_is_taken(runner: Runner, fake: FakeZitadel) -> None:
    acme = fake.create_organization("acme")
    fake.create_organization("other")
    result = org(runner, fake, org_id=acme, name="other")
    assert "Another organization has that name" in result["msg"]
    assert (result["changed"], states(fake)) == (False, {"acme": "active", "other": "active"})


def test_a_state_that_somebody_else_sets_meanwhile(runner: Runner, fake: FakeZitadel) -> None:
    organization = fake.store.organizations[fake.create_organization("acme")]
    fake.before(lambda _request: fake.store.change_state(organization, "inactive"), path="_deactivate$")
    result = org(runner, fake, name="acme", state="inactive")
    assert (result.get("failed", False), states(fake)) == (False, {"acme": "inactive"})


def test_a_change_is_reported_once_a_search_shows_it(runner: Runner, fake: FakeZitadel) -> None:
    organization = fake.store.organizations[fake.create_organization("acme")]

    def lag(_request: object) -> None:
        organization.name = "acme"
        fake.after(lambda _request: setattr(organization, "name", "new"), path="_search$")

    fake.after(lag, method="PUT", path="/orgs/me$")
    result = org(runner, fake, org_id=organization.organization_id, name="new")
    assert (result["changed"], result["organization"]["name"]) == (True, "new")


def test_a_deactivation_that_fails_after_the_rename(runner: Runner, fake: FakeZitadel) -> None:
    acme = fake.create_organization("acme")
    fake.fail(403, 7, "no (AUTH-5mWD2)", path="_deactivate$")
    result = org(runner, fake, org_id=acme, name="new", state="inactive")
    assert (result["failed"], result["changed"], states(fake)) == (True, True, {"new": "active"})


def test_the_default_organization_is_never_removed(runner: Runner, fake: FakeZitadel) -> None:
    user = fake.create_user("IAM_OWNER", fake.create_organization("mine"))
    result = org(runner, fake, state="absent", org_id=fake.home_id, name="ZITADEL", token=user.token)
    assert "default organization of the instance" in result["msg"]


def test_one_that_is_gone_is_fine(runner: Runner, server: FakeZitadel) -> None:
    org_id = server.create_organization("acme", state="removed")
    result = org(runner, server, state="absent", org_id=org_id, name="acme")
    assert (result["changed"], result["organization"]) == (False, None)


@pytest.mark.parametrize("mode", [{}, CHECK], ids=["real", "check mode"])
@pytest.mark.parametrize("how", [{"drop_headers": ["x-zitadel-orgid"]}, {"ignore_organization": "^/management/v1/"}])
@pytest.mark.parametrize(
    "options", [{"state": "inactive"}, {"name": "new"}, {"state": "absent", "name": "acme"}], ids=str
)
def test_a_dropped_header_changes_nothing(runner: Runner, how: Any, options: dict[str, Any], mode: Any) -> None:
    with FakeZitadel(**how) as fake:
        org_id = fake.create_organization("acme")
        result = org(runner, fake, org_id=org_id, **options, **mode)
        assert "x-zitadel-orgid" in result["msg"]
        assert not fake.writes
        assert states(fake) == {"acme": "active"}


def test_a_name_that_is_taken_by_one_that_cannot_be_seen(runner: Runner, fake: FakeZitadel) -> None:
    fake.fail(409, 6, "Organisation's name or id already taken (V3-DKcYh)", path=CREATE)
    result = org(runner, fake, name="acme")
    assert "taken by an organization that the service account cannot see" in result["msg"]


@pytest.mark.parametrize("when", ["before", "after", "middle"])
@pytest.mark.parametrize("retries", [0, 2])
def test_a_create_whose_answer_is_lost_is_looked_up(
    runner: Runner, server: FakeZitadel, when: str, retries: int
) -> None:
    server.drop(when, path=CREATE)
    result = org(runner, server, name="acme", retries=retries)
    if when == "before" and not retries:
        assert result["failed"] is True
        assert states(server) == {}
        return
    assert not result.get("failed"), result["msg"]
    assert result["changed"] is True
    assert states(server) == {"acme": "active"}
    created = [request for request in server.requests if request.path == "/v2/organizations"]
    assert len(created) == (2 if when == "before" else 1)


def test_somebody_who_is_quicker(runner: Runner, fake: FakeZitadel) -> None:
    fake.before(lambda _request: fake.create_organization("acme"), path=CREATE)
    result = org(runner, fake, name="acme")
    assert (result["changed"], states(fake)) == (False, {"acme": "active"})


def test_what_is_created_can_be_found(runner: Runner, fake: FakeZitadel, waits: Waits) -> None:
    fake.hide_new_organizations(searches=3)
    assert org(runner, fake, name="acme")["organization"]["name"] == "acme"
    assert waits
    fake.hide_new_organizations(searches=99)
    result = org(runner, fake, name="other")
    assert result["failed"] is True
    assert "search still does not show it" in result["msg"]


@pytest.mark.parametrize(
    ("role", "options", "said"),
    [
        ("ORG_OWNER", {"name": "new"}, "org.create"),
        ("ORG_OWNER_VIEWER", {"name": "acme", "state": "inactive"}, "org.write"),
        ("ORG_OWNER_VIEWER", {"name": "acme", "state": "absent"}, "org.delete"),
    ],
)
def test_check_mode_asks_for_the_permission(
    runner: Runner, fake: FakeZitadel, role: str, options: dict[str, Any], said: str
) -> None:
    acme = fake.create_organization("acme")
    user = fake.create_user(role, acme, name="robot")
    if options.get("state") == "absent":
        user = fake.create_user(None, fake.create_organization("mine"))
        fake.grant(user, [role], acme)
        options = {**options, "org_id": acme}
    for mode in (CHECK, {}):
        result = org(runner, fake, token=user.token, **options, **mode)
        assert result["failed"] is True
        assert said in result["msg"] or not mode
    assert states(fake)["acme"] == "active"


# Bulk


def bulk(runner: Runner, fake: FakeZitadel, *entries: dict[str, Any], **options: Any) -> dict[str, Any]:
    options = {"url": fake.url, "token": fake.token, **DIFF, **options}
    return runner.run(zitadel_org_metadata_bulk.main, organizations=list(entries), **options)


def tenant(name: str, **more: Any) -> dict[str, Any]:
    return {"org_name": name, "create": True, "metadata": {"tier": name}, **more}


def metadata(fake: FakeZitadel) -> dict[str, dict[str, bytes]]:
    return {one.name: fake.metadata(one.organization_id) for one in fake.store.organizations.values()}


@pytest.mark.parametrize("version", ["auto", "v2"])
def test_a_hundred_tenants(runner: Runner, fake: FakeZitadel, version: str) -> None:
    fake.create_organization("t050", metadata={"tier": "old"})
    entries = [tenant(f"t{number:03}") for number in range(100)]
    planned = bulk(runner, fake, *entries, api_version=version, **CHECK)
    assert not fake.writes
    result = bulk(runner, fake, *entries, api_version=version, connections=8)
    assert not result.get("failed"), result["msg"]
    for told in (planned, result):
        assert [one["created"] for one in told["organizations"]] == [number != 50 for number in range(100)]
        assert all(one["changed"] for one in told["organizations"])
        assert [one["after"] for one in told["diff"]] == [{"tier": f"t{number:03}"} for number in range(100)]
    assert {name: found for name, found in metadata(fake).items() if name != "ZITADEL"} == {
        f"t{number:03}": {"tier": f"t{number:03}".encode()} for number in range(100)
    }
    again = bulk(runner, fake, *entries, api_version=version)
    assert (again["changed"], [one["created"] for one in again["organizations"]]) == (False, [False] * 100)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"org_name": "nobody", "metadata": {"a": "1"}}, "Entry 2, nobody: No organization"),
        ({"org_id": "1", "create": True, "metadata": {"a": "1"}}, "create is given without org_name"),
        (tenant("x" * 201), "has 201 characters"),
        (tenant("first"), "Entry 2, first: Entry 1, first is the same organization"),
        (tenant("other", metadata={"tier": ""}), "is empty"),
    ],
    ids=["missing", "no name", "long name", "twice", "wrong value"],
)
@pytest.mark.parametrize("mode", [{}, CHECK], ids=["real", "check mode"])
def test_nothing_is_created_if_one_entry_is_wrong(
    runner: Runner, fake: FakeZitadel, wrong: dict[str, Any], said: str, mode: Any
) -> None:
    result = bulk(runner, fake, tenant("first"), wrong, **mode)
    assert result["msg"].startswith("Nothing was written")
    assert said in result["msg"]
    assert states(fake) == {}


def test_who_may_not_create(runner: Runner, fake: FakeZitadel) -> None:
    user = fake.create_user("ORG_OWNER", fake.create_organization("mine"))
    for mode in (CHECK, {}):
        result = bulk(runner, fake, tenant("first"), tenant("second"), token=user.token, **mode)
        assert result["msg"].startswith("Nothing was written")
        assert result["msg"].count("org.create") == 2
    assert states(fake) == {"mine": "active"}


def test_a_failure_half_way_says_what_was_created(runner: Runner, fake: FakeZitadel) -> None:
    fake.fail(500, 13, "internal", path=CREATE, every=2)
    result = bulk(runner, fake, tenant("first"), tenant("second"), tenant("third"), connections=1)
    assert "Created: Entry 1, first." in result["msg"]
    assert result["changed"] is True
    assert [(one["entry"], one["created"]) for one in result["organizations"]] == [("Entry 1, first", True)]
    assert states(fake) == {"first": "active"}


def test_a_write_that_fails_after_all_were_created(runner: Runner, fake: FakeZitadel) -> None:
    fake.fail(403, 7, "no (AUTH-5mWD2)", path="/metadata/tier$", every=2)
    result = bulk(runner, fake, tenant("first"), tenant("second"), connections=1)
    assert result["failed"] is True
    told = {one["entry"]: (one["created"], one.get("added")) for one in result["organizations"]}
    assert told == {"Entry 1, first": (True, ["tier"]), "Entry 2, second": (True, None)}


def test_a_dropped_header_writes_nothing_to_the_own_organization(runner: Runner) -> None:
    with FakeZitadel(drop_headers=["x-zitadel-orgid"]) as fake:
        result = bulk(runner, fake, tenant("first"), api_version="v1")
        assert "x-zitadel-orgid" in result["msg"]
        assert result["organizations"][0]["created"] is True
        assert fake.metadata(fake.home_id) == {}
        result = bulk(runner, fake, tenant("second"))
        assert result["organizations"][0]["api_version"] == "v2"
        assert fake.metadata(fake.home_id) == {}


# What searches do not show yet, and what nobody can know


def test_a_create_that_was_lost_and_is_not_visible_yet(runner: Runner, server: FakeZitadel) -> None:
    server.hide_new_organizations(searches=2)
    server.drop("after", path=CREATE)
    result = org(runner, server, name="acme")
    assert not result.get("failed"), result["msg"]
    assert (result["changed"], states(server)) == (True, {"acme": "active"})


def test_a_create_that_nobody_can_look_up(runner: Runner, fake: FakeZitadel) -> None:
    fake.drop("after", path=CREATE)
    fake.after(lambda _request: fake.fail(403, 7, "no", path="_search$", times=None), path="_search$")
    result = org(runner, fake, name="acme")
    assert "not known whether organization 'acme' was created" in result["msg"]
    assert len([request for request in fake.requests if request.path == "/v2/organizations"]) == 1


def test_what_was_created_and_is_not_visible_counts_as_changed(runner: Runner, fake: FakeZitadel) -> None:
    fake.hide_new_organizations(searches=99)
    result = org(runner, fake, name="acme")
    (created,) = (one for one in fake.store.organizations.values() if one.name == "acme")
    assert (result["failed"], result["changed"], result["org_id"]) == (True, True, created.organization_id)
    fake.hide_new_organizations(searches=99)
    result = bulk(runner, fake, tenant("other"))
    assert "Created: Entry 1, other." in result["msg"]
    assert result["organizations"][0]["created"] is True


def test_one_that_is_not_visible_yet_is_not_called_absent(runner: Runner, fake: FakeZitadel) -> None:
    org_id = fake.create_organization("acme")
    fake.respond(200, {"details": {}}, path="_search$", times=None)
    result = org(runner, fake, state="absent", org_id=org_id, name="acme")
    assert result["failed"] is True
    assert "It exists, but the search does not show it" in result["msg"]
    assert states(fake) == {"acme": "active"}


def test_a_rename_whose_answer_names_another_organization(runner: Runner) -> None:
    with FakeZitadel() as fake:
        org_id = fake.create_organization("acme")
        fake.respond(200, {"details": {"resourceOwner": "1"}}, method="PUT", path="/orgs/me$")
        result = org(runner, fake, org_id=org_id, name="new", state="inactive")
        assert "came from organization 1, which was changed instead" in result["msg"]
        assert result["changed"] is True
        # Nothing more is sent.
        assert states(fake) == {"acme": "active"}


def test_check_mode_asks_for_the_permission_to_remove(runner: Runner, fake: FakeZitadel) -> None:
    acme = fake.create_organization("acme")
    user = fake.create_user("ORG_SETTINGS_MANAGER", fake.create_organization("mine"))
    fake.grant(user, ["ORG_SETTINGS_MANAGER"], acme)
    result = org(runner, fake, token=user.token, state="absent", org_id=acme, name="acme", **CHECK)
    assert result["failed"] is True
    assert "org.delete" in result["msg"]
