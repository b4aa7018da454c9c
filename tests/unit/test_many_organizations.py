# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Many organizations in one task: all are read before the first is written."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.community.zitadel.plugins.modules import zitadel_org_metadata_bulk

from fake_zitadel import FakeZitadel
from unit.helpers import NO_ERROR, Runner, Site, arguments_of, calls, lists

SECRET = "value-5ecret"


@pytest.fixture
def sites(fake: FakeZitadel) -> list[Site]:
    return [Site(fake, {"old": "1"}) for _number in range(3)]


def run(runner: Runner, *organizations: dict[str, Any], **more: Any) -> dict[str, Any]:
    return runner.run(zitadel_org_metadata_bulk.main, organizations=list(organizations), **more)


def entries(sites: list[Site], **options: Any) -> list[dict[str, Any]]:
    return [{"org_id": site.org_id, "metadata": {"tier": site.org_id}, **options} for site in sites]


def test_every_organization_gets_its_own(runner: Runner, sites: list[Site]) -> None:
    result = run(runner, *entries(sites, purge=True, keep=None))
    assert result["changed"] is True
    assert [one["org_id"] for one in result["organizations"]] == [site.org_id for site in sites]
    for site, one in zip(sites, result["organizations"], strict=True):
        assert lists(one) == {"added": ["tier"], "removed": ["old"]}
        assert site.metadata == {"tier": site.org_id.encode()}
    assert calls(runner.fake)[:3] == ["POST _search"] * 3
    assert not any(request.modifies for request in runner.fake.requests[:3])
    runner.fake.clear_requests()
    again = run(runner, *entries(sites, purge=True))
    assert again["changed"] is False
    assert calls(runner.fake) == ["POST _search"] * 3


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        pytest.param({"metadata": {"k": ""}}, "the value of 'k' is empty", id="empty value"),
        pytest.param({"org_id": "1"}, "There is no organization 1", id="unknown organization"),
        pytest.param({"org_id": ""}, "org_id is given, but empty", id="empty organization"),
        pytest.param({"metadata": None}, "There is nothing to set or remove", id="nothing"),
        pytest.param({"purge": True, "max_removals": 0}, "max_removals allows 0", id="too many removals"),
        pytest.param({"metadata": {}, "purge": True}, "would remove every key", id="purge with nothing"),
    ],
)
def test_one_wrong_entry_and_nothing_is_written(
    runner: Runner, sites: list[Site], wrong: dict[str, Any], said: str
) -> None:
    first, second, third = entries(sites)
    result = run(runner, first, {**second, **wrong}, third, {**third, "metadata": {"k" * 201: "v"}})
    assert result["failed"] is True
    assert said in result["msg"]
    assert "Entry 2" in result["msg"]
    assert "Entry 4" in result["msg"]
    assert "201 characters" in result["msg"]
    assert "Entry 1" not in result["msg"]
    assert (result["changed"], result["organizations"]) == (False, [])
    assert not runner.fake.writes


def test_a_refused_token_is_not_tried_on_every_organization(runner: Runner, sites: list[Site]) -> None:
    runner.fake.expire_token()
    result = run(runner, *entries(sites), connections=1)
    assert "token was refused" in result["msg"]
    assert result["error"]["status"] == 401
    assert len(runner.fake.requests) == 1


def test_a_failure_half_way_tells_what_was_written(runner: Runner, sites: list[Site]) -> None:
    runner.fake.fail(403, 7, "no (AUTH-5mWD2)", path="/tier$", organization=sites[1].org_id)
    result = run(runner, *entries(sites), connections=1)
    assert result["failed"] is True
    assert result["msg"].startswith("Entry 2, ")
    assert f"Written: Entry 1, {sites[0].org_id}." in result["msg"]
    assert [one["changed"] for one in result["organizations"]] == [True, False]
    assert lists(result["organizations"][0]) == {"added": ["tier"]}
    assert "tier" not in sites[2].metadata


def test_an_organization_that_is_named_twice(runner: Runner, sites: list[Site]) -> None:
    site = sites[0]
    first: dict[str, Any] = {"org_id": site.org_id, "metadata": {"a": "1", "b": "1"}}
    result = run(runner, first, {"org_id": site.org_id, "metadata": {"b": "2"}, "purge": True})
    assert f"Entry 2, {site.org_id}: Entry 1, {site.org_id} is the same organization" in result["msg"]
    assert result["msg"].startswith("Nothing was written")
    assert not runner.fake.writes


def test_check_mode_and_diff(runner: Runner, sites: list[Site]) -> None:
    planned = run(runner, *entries(sites), _ansible_check_mode=True, _ansible_diff=True)
    assert planned["changed"] is True
    assert [one["after"] for one in planned["diff"]] == [{"tier": site.org_id} for site in sites]
    assert not runner.fake.writes


@pytest.mark.parametrize(
    "more", [{}, {"retries": "x"}, {"tokn": SECRET}], ids=["success", "refused arguments", "unknown option"]
)
def test_sensitive_values_are_nowhere(runner: Runner, sites: list[Site], more: dict[str, Any]) -> None:
    wanted = entries(sites, metadata={"k": SECRET}, sensitive=True)
    result = run(runner, *wanted, headers={"X": "header-5ecret"}, _ansible_diff=True, **more)
    assert result.get("failed", False) is bool(more)
    assert bool(more) or result["diff"][0]["after"] == {"k": f"<sensitive, {len(SECRET)} bytes>"}
    runner.assert_hidden(SECRET, "header-5ecret")


def test_only_sensitive_entries_are_masked(runner: Runner, sites: list[Site]) -> None:
    first, second, _third = entries(sites)
    result = run(runner, first, {**second, "sensitive": True})
    shown = arguments_of(result)["organizations"]
    assert shown[0]["metadata"] == {"tier": sites[0].org_id}
    assert shown[1]["metadata"] == {"tier": "VALUE_SPECIFIED_IN_NO_LOG_PARAMETER"}


def test_a_wrong_entry_shows_no_secret(runner: Runner, sites: list[Site]) -> None:
    for wrong in ({"sensitive": "maybe"}, {"sensitiv": True}, {"state": "latest", "sensitive": True}):
        result = run(runner, {"org_id": sites[0].org_id, "metadata": {"k": SECRET}, **wrong})
        assert result["failed"] is True
        assert result["error"] == NO_ERROR
        runner.assert_hidden(SECRET)


def test_names_beyond_the_first_page_of_the_listing(runner: Runner) -> None:
    """A name that the page does not have is searched for, unless the listing is worth its other pages."""
    names = [f"o{number:04}" for number in range(1100)]
    ids = {name: runner.fake.create_organization(name) for name in names}
    for wanted, searches in (([names[0], names[-1]], 2), ([names[0], *names[-9:]], 1 + 3)):
        runner.fake.clear_requests()
        result = run(runner, *({"org_name": name, "metadata": {"k": name}} for name in wanted))
        assert [one["org_id"] for one in result["organizations"]] == [ids[name] for name in wanted]
        assert [request.path for request in runner.fake.requests].count("/v2/organizations/_search") == searches
    result = run(runner, {"org_name": "o0000", "metadata": {"k": "1"}}, {"org_name": "nobody", "metadata": {"k": "1"}})
    assert "Entry 2, nobody: No organization with the name 'nobody'" in result["msg"]


def test_a_domain_of_two_organizations(runner: Runner) -> None:
    """As of names that differ in nothing but their case."""
    for name in ("Acme", "acme", "beta"):
        runner.fake.create_organization(name)
    wanted = [{"org_domain": f"{name}.localhost", "metadata": {"k": "1"}} for name in ("acme", "beta")]
    result = run(runner, *wanted)
    assert "Entry 1, acme.localhost: More than one organization has the domain 'acme.localhost'" in result["msg"]
    assert not runner.fake.writes


def test_hundreds_of_organizations(runner: Runner) -> None:
    """Read, permission, write and verify: what is new takes four requests for each, what is unchanged one."""
    ids = [runner.fake.create_organization(f"o{number:04}") for number in range(300)]
    wanted = [{"org_id": org_id, "metadata": {"a": "1", "b": "2", "c": org_id}} for org_id in ids]
    for requests in (1200, 300):
        runner.fake.clear_requests()
        result = run(runner, *wanted, connections=8)
        assert [one["org_id"] for one in result["organizations"]] == ids
        assert requests <= len(runner.fake.requests) <= requests + 10
    assert runner.fake.metadata(ids[-1]) == {"a": b"1", "b": b"2", "c": ids[-1].encode()}


@pytest.mark.parametrize("version", ["auto", "v1"])
@pytest.mark.parametrize("creates", [False, True], ids=["fresh", "created"])
@pytest.mark.parametrize("how", [{"drop_headers": ["x-zitadel-orgid"]}, {"ignore_organization": "^/management/v1/"}])
def test_nothing_reaches_the_own_organization(runner: Runner, version: str, creates: bool, how: dict[str, Any]) -> None:
    """That a search shows organizations, and that the header reaches another API, proves nothing of this one."""
    with FakeZitadel(**how) as fake:
        names = [f"acme {number}" for number in range(9)]
        ids = [] if creates else [fake.create_organization(name) for name in names]
        wanted = [{"org_name": name, "create": creates, "metadata": {"a": name, "b": name}} for name in names]
        result = run(runner, *wanted, url=fake.url, token=fake.token, api_version=version, connections=8)
        assert fake.stored(fake.home_id) == {}
        assert result.get("failed", False) is (version == "v1")
        if version == "v1":
            assert "x-zitadel-orgid" in result["msg"]
            assert [request.path for request in fake.writes if "etadata" in request.path] == []
        else:
            ids = [one["org_id"] for one in result["organizations"]]
            assert [fake.metadata(org_id)["a"].decode() for org_id in ids] == names
