# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The organization that is read and written is the one that was asked for."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from integration.harness import Ansible, Run, task
from integration.server import Zitadel

LOOK_UP = "POST /v2/organizations/_search"
INFO, BULK = "zitadel_org_metadata_info", "zitadel_org_metadata_bulk"
NAMES = ("org_id", "organization_id", "org_name", "org_domain")


@pytest.fixture(scope="module")
def fake() -> Iterator[Zitadel]:
    with Zitadel() as fake:
        yield fake


@pytest.fixture(scope="module")
def acme(fake: Zitadel) -> str:
    """The organization that is asked for, among others with names like it."""
    fake.create_organization("acm")
    fake.create_organization("acme2", domain="acme.example.com.br")
    return fake.create_organization("acme", domain="acme.example.com")


@pytest.fixture(scope="module")
def run(ansible: Ansible, fake: Zitadel, acme: str) -> Run:
    """All tasks, with another organization in the environment."""
    tier = {"key": "tier", "value": "gold"}
    other = fake.create_organization("other")
    removed = fake.create_organization("removed", state="removed")
    tasks = [
        task("environment", tier),
        task("org_id", {"org_id": acme, **tier}),
        task("organization_id", {"organization_id": acme, **tier}),
        task("org_name", {"org_name": "acme", **tier}),
        task("org_domain", {"org_domain": "acme.example.com", **tier}),
        task("inactive", {"org_id": fake.create_organization("inactive", state="inactive"), **tier}),
        task("two", {"org_id": acme, "org_name": "acme", **tier}),
        task("three", {"org_id": acme, "org_name": "acme", "org_domain": "acme.example.com", **tier}),
        task("empty org_id", {"org_id": "", **tier}),
        task("blank org_id", {"org_id": " ", **tier}),
        task("empty organization_id", {"organization_id": "", **tier}),
        task("empty org_name", {"org_name": "", **tier}),
        task("empty org_domain", {"org_domain": "", **tier}),
        *(task(f"{option} null", {option: None, **tier}) for option in NAMES),
        *(task(f"{option} default(none)", {option: "{{ nobody | default(none) }}", **tier}) for option in NAMES),
        task("org_id default(omit)", {"org_id": "{{ nobody | default(omit) }}", **tier}),
        task("read, org_name null", {"org_name": None}, INFO),
        task("read, org_name default(none)", {"org_name": "{{ nobody | default(none) }}"}, INFO),
        task("filter null", {"org_name": "acme", "key": None}, INFO),
        task("filter default(none)", {"org_name": "acme", "key_prefix": "{{ nobody | default(none) }}"}, INFO),
        task("filter default(omit)", {"org_name": "acme", "key_prefix": "{{ nobody | default(omit) }}"}, INFO),
        task("list, name default(none)", {"name": "{{ nobody | default(none) }}"}, "zitadel_org_info"),
        task("list, name default(omit)", {"name": "{{ nobody | default(omit) }}"}, "zitadel_org_info"),
        task("one of many, null", {"organizations": [{"org_name": None, "metadata": {"tier": "x"}}]}, BULK),
        task(
            "one of many, default(none)",
            {"organizations": [{"org_name": "{{ nobody | default(none) }}", "metadata": {"tier": "x"}}]},
            BULK,
        ),
        task(
            "one of many, default(omit)",
            {"organizations": [{"org_name": "{{ nobody | default(omit) }}", "metadata": {"tier": "x"}}]},
            BULK,
        ),
        task("org_id is a name", {"org_id": "acme", **tier}),
        task("org_id is no header", {"org_id": "1\nx: y", **tier}),
        task("unknown org_id", {"org_id": "1", **tier}),
        task("unknown org_name", {"org_name": "Acme", **tier}),
        task("unknown org_domain", {"org_domain": "nowhere.example.com", **tier}),
        task("removed", {"org_id": removed, **tier}),
        task("removed, absent", {"org_id": removed, "key": "tier", "state": "absent"}),
        task("removed, in check mode", {"org_id": removed, **tier}, check_mode=True),
        task("removed, read", {"org_id": removed}, INFO),
    ]
    return ansible.run(fake, tasks, env={"ZITADEL_ORG_ID": other})


@pytest.mark.parametrize("name", NAMES)
def test_it_is_named_by(run: Run, acme: str, name: str) -> None:
    assert not run[name].failed
    assert run[name]["org_id"] == acme
    look_ups = [call for call in run.calls(name) if call == LOOK_UP]
    assert len(look_ups) == (name in ("org_name", "org_domain"))
    asked = {request.organization for request in run.requests(name) if "/v2/" not in request.path}
    assert asked == {acme}


def test_the_environment_names_it_where_the_task_does_not(run: Run, fake: Zitadel) -> None:
    other = run["environment"]["org_id"]
    assert fake.metadata(other) == {"tier": b"gold"}
    assert fake.organizations[other].name == "other"
    assert run["org_id default(omit)"]["org_id"] == other


# On ansible-core 2.18 a template that yields none is empty text by the time that a module sees it.
NULL: dict[str, str] = {
    **{f"{option} {what}": option for option in NAMES for what in ("null", "default(none)")},
    "read, org_name null": "org_name",
    "read, org_name default(none)": "org_name",
    "filter null": "key",
    "filter default(none)": "key_prefix",
    "list, name default(none)": "name",
    "one of many, null": "org_name",
    "one of many, default(none)": "org_name",
    "one of many, default(omit)": "org_name",
}


@pytest.mark.parametrize("name", NULL)
def test_null_is_nobody(run: Run, name: str) -> None:
    """Not the service account's own organization, not that of the environment, and not all."""
    result = run[name]
    assert result.failed
    assert NULL[name].replace("organization_id", "org") in result["msg"]
    assert result["changed"] is False
    assert not run.requests(name)


def test_default_omit_leaves_a_filter_out(run: Run, fake: Zitadel, acme: str) -> None:
    assert run["filter default(omit)"]["org_id"] == acme
    assert run["filter default(omit)"]["metadata"] == {"tier": "gold"}
    assert len(run["list, name default(omit)"]["organizations"]) > 3


def test_a_deactivated_one_works(run: Run) -> None:
    assert run["inactive"]["added"] == ["tier"]


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("two", ["org_id and org_name", "Give one"]),
        ("three", ["org_id and org_name and org_domain", "Give one"]),
        ("empty org_id", ["org_id is given, but empty", "leave the option out"]),
        ("blank org_id", ["org_id is given, but empty"]),
        ("empty organization_id", ["org_id is given, but empty"]),
        ("empty org_name", ["org_name is given, but empty"]),
        ("empty org_domain", ["org_domain is given, but empty"]),
        ("org_id is no header", ["org_id is not the id of an organization"]),
        ("org_id is a name", ["no organization acme", "org_name", "org_domain"]),
        ("unknown org_id", ["no organization 1", "org_name"]),
        ("unknown org_name", ["No organization with the name 'Acme'", "spelling", "role"]),
        ("unknown org_domain", ["No organization with the domain 'nowhere.example.com'", "role"]),
        ("removed", ["removed"]),
        ("removed, absent", ["removed"]),
        ("removed, in check mode", ["removed"]),
        ("removed, read", ["removed"]),
    ],
)
def test_it_is_never_guessed(run: Run, name: str, says: list[str]) -> None:
    result = run[name]
    assert result.failed
    assert [part for part in says if part not in result["msg"]] == [], result["msg"]
    assert result["changed"] is False
    assert not run.writes(name)


def test_without_a_name_it_is_the_callers_own(ansible: Ansible, fake: Zitadel) -> None:
    home = fake.create_organization("home")
    owner = fake.create_user("ORG_OWNER", home)
    run = ansible.run(fake, [task("own", {"key": "tier", "value": "gold"})], defaults={"token": owner.token})
    assert run["own"]["org_id"] == home
    assert fake.metadata(home) == {"tier": b"gold"}
    assert not any("x-zitadel-orgid" in request.headers for request in run.requests("own"))


def test_a_task_for_a_host_that_is_an_organization_names_it(ansible: Ansible, fake: Zitadel, acme: str) -> None:
    """It would write to the service account's own organization, once for each host."""
    hosts = {
        "id": {"zitadel_org_id": acme},
        "name": {"zitadel_org_name": "acme"},
        "domain": {"zitadel_org_domain": "x.y"},
    }
    tasks = [
        task("set", {"key": "tier", "value": "silver"}),
        task("read", {}, INFO),
        task("named", {"org_id": acme, "key": "tier", "value": "gold"}),
    ]
    run = ansible.run(fake, tasks, args=ansible.local_hosts(hosts), hosts="all")
    for name in ("set", "read"):
        results = {result.host: result for result in run.all(name)}
        assert [host for host in hosts if not results[host].failed] == []
        assert [host for host in hosts if f"zitadel_org_{host}" not in results[host]["msg"]] == []
        assert 'org_id: "{{ zitadel_org_id }}"' in results["id"]["msg"]
        assert not run.requests(name)
    assert {result["org_id"] for result in run.all("named")} == {acme}


def test_a_blank_variable_is_an_error_unless_the_task_names_it(ansible: Ansible, fake: Zitadel, acme: str) -> None:
    tier = {"key": "tier", "value": "gold"}
    tasks = [
        task("blank", tier),
        task("named", {"org_id": acme, **tier}),
        task("read", {}, "zitadel_org_metadata_info"),
        task("organizations", {}, "zitadel_org_info"),
    ]
    for blank in ("", " "):
        run = ansible.run(fake, tasks, env={"ZITADEL_ORG_ID": blank})
        for name in ("blank", "read"):
            assert run[name].failed
            assert "ZITADEL_ORG_ID is set, but empty" in run[name]["msg"]
            assert not run.requests(name)
        assert run["named"]["org_id"] == acme
        assert len(run["organizations"]["organizations"]) > 3


@pytest.mark.parametrize("name", ["new key", "changed key", "many keys", "removal", "purge", "read"])
def test_a_proxy_that_drops_the_header_leads_to_a_failure_and_no_write(dropped: Run, name: str) -> None:
    result = dropped[name]
    assert result.failed
    assert "x-zitadel-orgid" in result["msg"]
    assert result["changed"] is False
    assert not dropped.writes(name)


@pytest.fixture(scope="module")
def dropped(ansible: Ansible) -> Iterator[Run]:
    with Zitadel(drop_headers=["x-zitadel-orgid"]) as fake:
        fake.set_many(fake.home_id, {"tier": "home", "other": "1"})
        acme = {"org_id": fake.create_organization("acme", metadata={"tier": "gold"})}
        run = ansible.run(
            fake,
            [
                task("new key", {**acme, "key": "new", "value": "1"}),
                task("changed key", {**acme, "key": "tier", "value": "silver"}),
                task("many keys", {**acme, "metadata": {"new": "1", "newer": "2"}}),
                task("removal", {**acme, "key": "tier", "state": "absent"}),
                task("purge", {**acme, "metadata": {"tier": "gold"}, "purge": True}),
                task("read", acme, "zitadel_org_metadata_info"),
            ],
            defaults={"api_version": "v1"},
        )
        assert fake.metadata(fake.home_id) == {"tier": b"home", "other": b"1"}
        yield run


def test_a_write_that_another_organization_acknowledges_is_the_last(ansible: Ansible) -> None:
    with Zitadel() as fake:
        acme = fake.create_organization("acme", metadata={"tier": "gold"})
        answer = {"details": {"sequence": "9", "changeDate": "2026-01-02T03:04:05Z", "resourceOwner": fake.home_id}}
        fake.respond(200, answer, method="POST", path="_bulk$")
        options = {"org_id": acme, "metadata": {"a": "1", "b": "2"}, "absent_keys": ["tier"]}
        run = ansible.run(fake, [task("set", options)])
        result = run["set"]
        assert result.failed
        assert fake.home_id in result["msg"]
        assert "x-zitadel-orgid" in result["msg"]
        # What was acknowledged by the wrong organization was written there, and nothing more was.
        assert result["changed"] is True
        assert result["added"] == ["a", "b"]
        assert result["removed"] == []
        assert [request.method for request in run.writes("set")] == ["POST"]
