# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is reported as written can be read: readers that are behind, lost writes, and other writers in between."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from integration.harness import Ansible, Run, details_of, keys_sent, task
from integration.server import Zitadel

SEARCH = "POST /metadata/_search"


@dataclass(frozen=True)
class Verified:
    run: Run
    fake: Zitadel
    organizations: dict[str, str]


@pytest.fixture(scope="module")
def verified(ansible: Ansible) -> Iterator[Verified]:
    tier = {"key": "tier", "value": "gold"}
    many = {"metadata": {"a": "1", "b": "2"}}
    # The branches of July 2026, which lose writes.
    with Zitadel("next") as fake:
        options: dict[str, dict[str, Any]] = {
            "behind": tier,
            "lost": tier,
            "lost key of the body": {"key": "a/b", "value": "1"},
            "lost bulk": many,
            "lost removal": {"key": "seats", "state": "absent"},
            "lost purge": {**many, "purge": True},
            "lost again": {**many, "absent_keys": ["seats"]},
            "set later": tier,
            "set later in bulk": many,
            "set later to the same": tier,
            "lost, not verified": {**tier, "verify": False},
        }
        organizations = {name: fake.create_organization(name, metadata={"seats": "5"}) for name in options}
        fake.lag(2, organization=organizations["behind"])
        for name in options:
            if name.startswith("lost"):
                fake.lose_writes(1, organization=organizations[name])
        fake.lose_writes(None, organization=organizations["lost again"])
        for name, key, value in (
            ("set later", "tier", "silver"),
            ("set later in bulk", "b", "other"),
            ("set later to the same", "tier", "gold"),
        ):
            organization = organizations[name]

            def write(_request: object, where: str = organization, key: str = key, value: str = value) -> None:
                fake.set(where, key, value)

            fake.after(write, method="POST", path="metadata/(tier|_bulk)$", organization=organization)
        tasks = [task(name, {"org_id": organizations[name], **options[name]}) for name in options]
        yield Verified(ansible.run_at_once(fake, tasks), fake, organizations)


@pytest.mark.parametrize(
    ("name", "added", "removed", "writes"),
    [
        ("behind", ["tier"], [], ["tier"]),
        ("lost", ["tier"], [], ["tier", "tier"]),
        ("lost key of the body", ["a/b"], [], ["a/b", "a/b", "a/b"]),
        ("lost bulk", ["a", "b"], [], ["a", "b", "a", "b"]),
        ("lost removal", [], ["seats"], ["seats", "seats", "seats"]),
        ("lost purge", ["a", "b"], ["seats"], ["a", "b", "seats", "a", "b"]),
    ],
)
def test_a_write_that_readers_do_not_see_is_repaired_once(
    verified: Verified, name: str, added: list[str], removed: list[str], writes: list[str]
) -> None:
    result = verified.run[name]
    assert not result.failed, result["msg"]
    assert (result["added"], result["removed"]) == (added, removed)
    assert keys_sent(verified.run.writes(name)) == writes
    organization = verified.organizations[name]
    held = verified.fake.metadata(organization)
    assert held.keys() == {"seats", *added} - set(removed)
    assert held == verified.fake.stored(organization)
    if name in ("behind", "lost", "lost key of the body"):
        assert result["details"] == details_of(verified.fake.entries(organization), added[0], organization)


def test_what_stays_lost_is_a_failure_that_names_the_keys(verified: Verified) -> None:
    result = verified.run["lost again"]
    assert result.failed
    assert [word for word in ("'a' (set again)", "'b' (set again)", "'seats'") if word not in result["msg"]] == []
    assert result["changed"] is True
    assert result["added"] == ["a", "b"]


@pytest.mark.parametrize(
    ("name", "key", "value"), [("set later", "tier", b"silver"), ("set later in bulk", "b", b"other")]
)
def test_what_somebody_else_wrote_later_is_left_alone(verified: Verified, name: str, key: str, value: bytes) -> None:
    result = verified.run[name]
    assert not result.failed
    assert verified.fake.metadata(verified.organizations[name])[key] == value
    assert len(verified.run.writes(name)) == 1
    assert [warning for warning in result["warnings"] if repr(key) in warning and "somebody else" in warning]
    assert "somebody else" in verified.run.output


def test_the_same_value_set_by_somebody_else_is_right(verified: Verified) -> None:
    result = verified.run["set later to the same"]
    assert not result.failed
    assert not [warning for warning in result.data.get("warnings", []) if "somebody else" in warning]
    organization = verified.organizations["set later to the same"]
    assert result["details"] == details_of(verified.fake.entries(organization), "tier", organization)


def test_verify_false_reads_nothing_after_the_write(verified: Verified) -> None:
    assert verified.run.calls("lost, not verified") == [SEARCH, "GET /orgs/me", "POST /metadata/tier"]
    assert verified.run["lost, not verified"]["added"] == ["tier"]
