# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The modules that read: metadata and organizations."""

from __future__ import annotations

import base64
from collections.abc import Iterator

import pytest

from integration.harness import Ansible, Run, details_of, task
from integration.server import Zitadel

METADATA: dict[str, bytes] = {
    "tier": b"gold",
    "tenant/a": "größer".encode(),
    "tenant/b": b"\xff\x00",
    "Tenant/c": b"3",
    "a%b": b"x",
    "a_b": b"y",
    "back\\slash": b"z",
}
INFO, LIST = "zitadel_org_metadata_info", "zitadel_org_info"


@pytest.fixture(scope="module")
def fake() -> Iterator[Zitadel]:
    with Zitadel(scramble_order=True) as fake:
        yield fake


@pytest.fixture(scope="module")
def acme(fake: Zitadel) -> str:
    return fake.create_organization("acme", domain="acme.example.com", metadata=METADATA)


@pytest.fixture(scope="module")
def run(ansible: Ansible, fake: Zitadel, acme: str) -> Run:
    own = fake.create_organization("own")
    fake.create_organization("inactive", state="inactive")
    fake.create_organization("removed", state="removed")
    owner = fake.create_user("ORG_OWNER", own)
    viewer = {"org_id": acme, "token": fake.create_user("ORG_OWNER_VIEWER", acme).token}
    tasks = [
        task("everything", {"org_id": acme}, INFO),
        task("everything, in check mode", {"org_id": acme}, INFO, check_mode=True),
        task("key", {"org_id": acme, "key": "tenant/a"}, INFO),
        task("viewer", {**viewer, "key": "tenant/a"}, INFO),
        task("key_prefix", {"org_id": acme, "key_prefix": "tenant/"}, INFO),
        task("key_contains", {"org_id": acme, "key_contains": "nt/"}, INFO),
        task("percent", {"org_id": acme, "key_prefix": "a%"}, INFO),
        task("backslash", {"org_id": acme, "key_contains": "k\\s"}, INFO),
        task("underscore", {"org_id": acme, "key_prefix": "a_"}, INFO),
        task("percent in it", {"org_id": acme, "key_contains": "%"}, INFO),
        task("underscore in it", {"org_id": acme, "key_contains": "_"}, INFO),
        task("backslash at the end", {"org_id": acme, "key_prefix": "back\\"}, INFO),
        task("percent alone", {"org_id": acme, "key": "a%"}, INFO),
        task("key_prefix of none", {"org_id": acme, "key_prefix": "TENANT/"}, INFO),
        task("missing key", {"org_id": acme, "key": "tier2"}, INFO),
        task("empty", {"org_name": "own"}, INFO),
        task("own", {"token": owner.token}, INFO),
        task("organizations", {}, LIST),
        task("by id", {"org_id": acme}, LIST),
        task("by name", {"name": "acme"}, LIST),
        task("by domain", {"domain": "acme.example.com"}, LIST),
        task("inactive", {"state": "inactive"}, LIST),
        task("active", {"state": "active"}, LIST),
        task("active of a name", {"state": "active", "name": "inactive"}, LIST),
        task("all of it", {"state": "active", "name": "acme", "org_id": acme, "domain": "acme.example.com"}, LIST),
        task("name of another case", {"name": "ACME"}, LIST),
        task("part of a name", {"name": "acm"}, LIST),
        task("unknown id", {"org_id": "12345"}, LIST),
        task("removed", {"name": "removed"}, LIST),
        task("nobody", {"name": "nobody"}, LIST),
        task("own organization", {"token": owner.token}, LIST),
    ]
    # The organization of the environment is none of the list's business.
    return ansible.run(fake, tasks, env={"ZITADEL_ORG_ID": own}, args=["--diff"])


@pytest.mark.parametrize(
    ("name", "keys"),
    [
        ("everything", list(METADATA)),
        ("everything, in check mode", list(METADATA)),
        ("key", ["tenant/a"]),
        ("viewer", ["tenant/a"]),
        ("key_prefix", ["tenant/a", "tenant/b"]),
        ("key_contains", ["tenant/a", "tenant/b", "Tenant/c"]),
        ("percent", ["a%b"]),
        ("backslash", ["back\\slash"]),
        ("underscore", ["a_b"]),
        ("percent in it", ["a%b"]),
        ("underscore in it", ["a_b"]),
        ("backslash at the end", ["back\\slash"]),
        ("percent alone", []),
        ("key_prefix of none", []),
        ("missing key", []),
    ],
)
def test_what_is_read(run: Run, fake: Zitadel, acme: str, name: str, keys: list[str]) -> None:
    result = run[name]
    assert not result.failed
    assert (result["changed"], result["org_id"]) == (False, acme)
    binary = [key for key in keys if key == "tenant/b"]
    assert result["metadata"] == {key: METADATA[key].decode() for key in keys if key not in binary}
    assert result["metadata_b64"] == {key: base64.b64encode(METADATA[key]).decode() for key in binary}
    entries = fake.entries(acme)
    assert result["entries"] == [
        {
            "key": key,
            "value": None if key in binary else METADATA[key].decode(),
            "value_b64": base64.b64encode(METADATA[key]).decode(),
            "details": details_of(entries, key, acme),
        }
        for key in sorted(keys)
    ]
    assert run.calls(name) == ["POST /metadata/_search"] + ["GET /orgs/me"] * (not keys)


@pytest.mark.parametrize(
    ("name", "key", "method"),
    [
        ("key", "tenant/a", "EQUALS"),
        ("key_prefix", "tenant/", "STARTS_WITH"),
        ("key_contains", "nt/", "CONTAINS"),
        ("percent", "a%", "STARTS_WITH"),
        # ZITADEL takes a backslash for an escape.
        ("backslash at the end", "back", "STARTS_WITH"),
    ],
)
def test_the_server_filters(run: Run, name: str, key: str, method: str) -> None:
    (search,) = run.requests(name)
    assert search.json["queries"] == [{"keyQuery": {"key": key, "method": f"TEXT_QUERY_METHOD_{method}"}}]


@pytest.mark.parametrize("name", ["empty", "own"])
def test_no_metadata_is_an_empty_result(run: Run, name: str) -> None:
    result = run[name]
    assert (result["metadata"], result["metadata_b64"], result["entries"]) == ({}, {}, [])
    assert result["changed"] is False


@pytest.mark.parametrize(
    ("name", "names"),
    [
        ("organizations", ["ZITADEL", "acme", "inactive", "own"]),
        ("by id", ["acme"]),
        ("by name", ["acme"]),
        ("by domain", ["acme"]),
        ("inactive", ["inactive"]),
        ("active", ["ZITADEL", "acme", "own"]),
        ("active of a name", []),
        ("all of it", ["acme"]),
        ("name of another case", []),
        ("part of a name", []),
        ("unknown id", []),
        ("removed", []),
        ("nobody", []),
        ("own organization", ["own"]),
    ],
)
def test_which_organizations_are_listed(run: Run, name: str, names: list[str]) -> None:
    result = run[name]
    assert not result.failed
    assert result["changed"] is False
    assert [organization["name"] for organization in result["organizations"]] == names


def test_what_is_told_of_an_organization(run: Run, fake: Zitadel, acme: str) -> None:
    (found,) = run["by id"]["organizations"]
    organization = fake.organizations[acme]
    assert found == {
        "id": acme,
        "name": "acme",
        "primary_domain": organization.primary_domain,
        "state": "active",
        "details": {
            "sequence": organization.listed_sequence,
            "creation_date": organization.creation_date,
            "change_date": organization.listed_date,
            "resource_owner": acme,
        },
    }
    assert run["inactive"]["organizations"][0]["state"] == "inactive"


@pytest.mark.fake_only("creates more than a thousand organizations")
def test_every_page_is_read(ansible: Ansible) -> None:
    """More organizations than one page has, of which the caller may see few: pages can be empty."""
    with Zitadel(scramble_order=True) as fake, Zitadel(scramble_order=True) as small:
        ids = [fake.create_organization(f"org{number:04}") for number in range(1050)]
        viewer = fake.create_user("ORG_OWNER_VIEWER", ids[1049])
        fake.grant(viewer, ["ORG_OWNER_VIEWER"], ids[3])
        few = [small.create_organization(f"few{number:03}") for number in range(250)]
        only = small.create_user("ORG_OWNER", few[-1])
        tasks = [
            {**task("all", {}, LIST), "no_log": False},
            task("some", {"token": viewer.token}, LIST),
            task("one of 250", {"url": small.url, "token": only.token}, LIST),
        ]
        run = ansible.run(fake, tasks)
        assert [one["id"] for one in run["one of 250"]["organizations"]] == [few[-1]]
        assert [one["id"] for one in run["all"]["organizations"]] == [fake.home_id, *ids]
        assert [one["name"] for one in run["some"]["organizations"]] == ["org0003", "org1049"]
        assert len(run.requests("some")) == len(run.requests("all")) == 3
