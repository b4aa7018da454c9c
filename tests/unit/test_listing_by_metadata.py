# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""zitadel_org_info: organizations with, or by, their metadata."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.community.zitadel.plugins.modules import zitadel_org_info

from fake_zitadel import FakeZitadel
from unit.helpers import Runner, calls

METADATA: dict[str, dict[str, bytes | str]] = {
    "acme": {"tier": "gold", "seats": "5", "logo": b"\xff\x00"},
    "beta": {"tier": "gold", "seats": "5 "},
    "gamma": {"tier": "Gold"},
    "delta": {},
}


@pytest.fixture
def ids(fake: FakeZitadel) -> dict[str, str]:
    fake.set_many(fake.home_id, {"tier": "iron"})
    return {name: fake.create_organization(name, metadata=metadata) for name, metadata in METADATA.items()}


def listed(runner: Runner, **options: Any) -> dict[str, dict[str, Any]]:
    result = runner.run(zitadel_org_info.main, **options)
    assert not result.get("failed"), result["msg"]
    assert result["changed"] is False
    return {organization["name"]: organization for organization in result["organizations"]}


@pytest.mark.parametrize(
    ("options", "names"),
    [
        ({"has_metadata": {"tier": "gold"}}, ["acme", "beta"]),
        ({"has_metadata": {"tier": "gold", "seats": 5}}, ["acme"]),
        ({"has_metadata": {"tier": "silver"}}, []),
        ({"has_keys": ["seats"]}, ["acme", "beta"]),
        ({"has_keys": ["seats", "logo"]}, ["acme"]),
        ({"has_metadata": {"tier": "gold"}, "has_keys": ["logo"]}, ["acme"]),
        ({"has_metadata": {"tier": "gold"}, "name_prefix": "b"}, ["beta"]),
        ({"name_prefix": "B"}, []),
        ({"name_prefix": "de"}, ["delta"]),
    ],
    ids=str,
)
def test_which_are_listed(runner: Runner, ids: dict[str, str], options: dict[str, Any], names: list[str]) -> None:
    found = listed(runner, **options)
    assert list(found) == names
    assert [one["id"] for one in found.values()] == [ids[name] for name in names]
    assert not any("metadata" in one for one in found.values())


def test_metadata_can_be_given_to_the_module_that_sets_it(runner: Runner, ids: dict[str, str]) -> None:
    found = listed(runner, metadata=True)
    assert found["acme"]["metadata"] == {"tier": "gold", "seats": "5"}
    assert found["acme"]["metadata_b64"] == {"logo": "/wA="}
    assert found["delta"]["metadata"] == found["delta"]["metadata_b64"] == {}
    assert set(found) == {*ids, "ZITADEL"}


def test_only_what_decides_is_read(runner: Runner, fake: FakeZitadel, ids: dict[str, str]) -> None:
    listed(runner, has_metadata={"tier": "gold"})
    bodies = [request.json for request in fake.requests if request.path.endswith("/metadata/_search")]
    query = {"keyQuery": {"key": "tier", "method": "TEXT_QUERY_METHOD_EQUALS"}}
    assert bodies == [{"queries": [query]}] * (len(ids) + 1)
    # One page of organizations, a read for each, and whatever proves that the header arrives.
    assert len(fake.requests) <= 1 + len(bodies) + 3


def test_by_v2_each_organization_is_one_request(runner: Runner, fake: FakeZitadel, ids: dict[str, str]) -> None:
    assert list(listed(runner, has_metadata={"tier": "gold"}, api_version="v2")) == ["acme", "beta"]
    # Also for those without such a key: the search has shown them.
    assert len(fake.requests) == 1 + len(ids) + 1
    filters = [{"keyFilter": {"key": "tier", "method": "TEXT_FILTER_METHOD_EQUALS"}}]
    assert [request.json["filters"] for request in fake.requests[1:]] == [filters] * (len(ids) + 1)


def test_without_conditions_no_metadata_is_read(runner: Runner, fake: FakeZitadel, ids: dict[str, str]) -> None:
    listed(runner)
    assert calls(fake) == ["POST /v2/organizations/_search"]


@pytest.mark.parametrize("version", ["v1", "v2"])
@pytest.mark.parametrize("when", ["before its read", "after its read"])
def test_an_organization_that_is_removed_meanwhile_is_left_out(
    runner: Runner, fake: FakeZitadel, ids: dict[str, str], when: str, version: str
) -> None:
    change = fake.before if when == "before its read" else fake.after
    change(lambda _request: fake.change_state(ids["delta"], "removed"), path="metadata/_search|/List")
    assert set(listed(runner, metadata=True, connections=1, api_version=version)) == {*ids, "ZITADEL"} - {"delta"}


def test_an_organization_that_the_server_does_not_know_any_more_is_left_out(
    runner: Runner, fake: FakeZitadel, ids: dict[str, str]
) -> None:
    """Releases differ in how they answer for one that is removed: some with an error."""

    def remove(_request: object) -> None:
        fake.change_state(ids["delta"], "removed")
        fake.fail(403, 7, "Organisation doesn't exist (AUTH-Bs7Ds)", organization=ids["delta"], path="/metadata/")

    fake.after(remove, path="/organizations/_search")
    assert set(listed(runner, metadata=True, connections=1)) == {*ids, "ZITADEL"} - {"delta"}


def test_any_other_failure_names_the_organization(runner: Runner, fake: FakeZitadel, ids: dict[str, str]) -> None:
    fake.fail(500, 13, "internal", organization=ids["gamma"], path="metadata/_search")
    result = runner.run(zitadel_org_info.main, has_keys=["tier"])
    assert result["failed"] is True
    assert result["msg"].startswith("Organization 'gamma': Cannot read the metadata")
    assert result["error"]["status"] == 500


@pytest.mark.parametrize("version", ["auto", "v1"])
@pytest.mark.parametrize("own", [{}, {"tier": "gold"}], ids=["empty own organization", "own organization"])
@pytest.mark.parametrize("how", [{"drop_headers": ["x-zitadel-orgid"]}, {"ignore_organization": "^/management/v1/"}])
def test_a_dropped_header_never_looks_like_no_metadata(
    runner: Runner, version: str, own: dict[str, str], how: dict[str, Any]
) -> None:
    with FakeZitadel(**how) as fake:
        fake.set_many(fake.home_id, own) if own else None
        fake.create_organization("acme", metadata={"tier": "gold"})
        fake.create_organization("beta")
        result = runner.run(
            zitadel_org_info.main, url=fake.url, token=fake.token, has_keys=["tier"], api_version=version
        )
        if version == "v1":
            assert "x-zitadel-orgid" in result["msg"]
        else:
            names = [one["name"] for one in result["organizations"]]
            assert names == (["ZITADEL", "acme"] if own else ["acme"])


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"has_metadata": {}}, "has_metadata is given, but empty"),
        ({"has_metadata": None}, "has_metadata is null"),
        ({"has_metadata": {"tier": None}}, "has_metadata: the value of 'tier' is null"),
        ({"has_metadata": {"": "x"}}, "has_metadata: a metadata key is empty"),
        ({"has_keys": []}, "has_keys is given, but empty"),
        ({"has_keys": None}, "has_keys is null"),
        ({"has_keys": [True]}, "quotes"),
        ({"name_prefix": ""}, "name_prefix is given, but empty"),
    ],
    ids=str,
)
def test_conditions_that_make_no_sense(runner: Runner, options: dict[str, Any], said: str) -> None:
    result = runner.run(zitadel_org_info.main, **options)
    assert said in result["msg"]
    assert not runner.fake.requests
