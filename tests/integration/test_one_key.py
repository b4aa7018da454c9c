# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One key: set, changed, left alone and removed, with what each task sends and returns."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from integration.harness import Ansible, Run, details_of, task
from integration.server import Zitadel

SEARCH = "POST /metadata/_search"
PROOF = "GET /orgs/me"
PERMISSION = "POST /auth/v1/permissions/zitadel/me/_search"
SET = "POST /metadata/tier"
REMOVE = "DELETE /metadata/tier"


@dataclass(frozen=True)
class Story:
    run: Run
    acme: str
    fake: Zitadel


@pytest.fixture(scope="module", params=[pytest.param("4.13.1", marks=pytest.mark.both_ways), "next"])
def story(ansible: Ansible, request: pytest.FixtureRequest) -> Iterator[Story]:
    with Zitadel(request.param) as fake:
        acme = fake.create_organization("acme", metadata={"other": "x"})
        gold = {"org_id": acme, "key": "tier", "value": "gold"}
        silver = {**gold, "value": "silver"}
        bronze = {**gold, "value": "bronze", "verify": False}
        absent = {"org_id": acme, "key": "tier", "state": "absent", "value": "ignored"}
        run = ansible.run(
            fake,
            [
                task("new, in check mode", gold, check_mode=True, diff=True),
                task("new", gold, diff=True),
                task("unchanged", gold, diff=True),
                task("unchanged, in check mode", gold, check_mode=True),
                task("changed, in check mode", silver, check_mode=True, diff=True),
                task("changed", silver, diff=True),
                task("changed, not verified", bronze),
                task("unchanged, not verified", bronze),
                task("removed, in check mode", absent, check_mode=True, diff=True),
                task("removed", absent, diff=True),
                task("absent", absent, diff=True),
                task("absent, in check mode", absent, check_mode=True),
                task("new, not verified", bronze),
            ],
        )
        yield Story(run, acme, fake)


@pytest.mark.parametrize(
    ("name", "lists", "calls"),
    [
        ("new, in check mode", (["tier"], [], [], []), [SEARCH, PROOF, PERMISSION]),
        ("new", (["tier"], [], [], []), [SEARCH, PROOF, SET, SEARCH]),
        ("unchanged", ([], [], [], ["tier"]), [SEARCH]),
        ("unchanged, in check mode", ([], [], [], ["tier"]), [SEARCH]),
        ("changed, in check mode", ([], ["tier"], [], []), [SEARCH, PERMISSION]),
        ("changed", ([], ["tier"], [], []), [SEARCH, SET, SEARCH]),
        ("changed, not verified", ([], ["tier"], [], []), [SEARCH, SET]),
        ("unchanged, not verified", ([], [], [], ["tier"]), [SEARCH]),
        ("removed, in check mode", ([], [], ["tier"], []), [SEARCH, PERMISSION]),
        ("removed", ([], [], ["tier"], []), [SEARCH, REMOVE, SEARCH]),
        ("absent", ([], [], [], ["tier"]), [SEARCH, PROOF]),
        ("absent, in check mode", ([], [], [], ["tier"]), [SEARCH, PROOF]),
        ("new, not verified", (["tier"], [], [], []), [SEARCH, PROOF, SET]),
    ],
)
def test_what_is_sent_and_returned(
    story: Story, name: str, lists: tuple[list[str], list[str], list[str], list[str]], calls: list[str]
) -> None:
    result = story.run[name]
    assert not result.failed
    assert result.written == lists
    assert result["changed"] is any(lists[:3])
    assert result["org_id"] == story.acme
    assert story.run.calls(name) == calls
    # Every request names the organization.
    assert {request.organization for request in story.run.requests(name)} == {story.acme}
    assert result["details"] == details_of(story.run.entries(name, story.acme), "tier", story.acme)


def test_what_the_server_holds(story: Story) -> None:
    after = {name: story.run.entries(name, story.acme) for name in ("new, in check mode", "new", "changed", "removed")}
    assert "tier" not in after["new, in check mode"]
    assert after["new"]["tier"].value == b"gold"
    assert after["changed"]["tier"].value == b"silver"
    assert "tier" not in after["removed"]
    assert story.fake.metadata(story.acme) == {"other": b"x", "tier": b"bronze"}


@pytest.mark.parametrize(
    ("name", "before", "after"),
    [
        ("new, in check mode", {}, {"tier": "gold"}),
        ("new", {}, {"tier": "gold"}),
        ("unchanged", {}, {}),
        ("changed, in check mode", {"tier": "gold"}, {"tier": "silver"}),
        ("changed", {"tier": "gold"}, {"tier": "silver"}),
        ("removed, in check mode", {"tier": "bronze"}, {}),
        ("removed", {"tier": "bronze"}, {}),
        ("absent", {}, {}),
    ],
)
def test_the_diff_shows_affected_keys_only(
    story: Story, name: str, before: dict[str, str], after: dict[str, str]
) -> None:
    diff = story.run[name]["diff"]
    assert (diff["before"], diff["after"]) == (before, after)
    assert [story.acme in diff[header] for header in ("before_header", "after_header")] == [True, True]


def test_there_is_no_diff_without_diff_mode(story: Story) -> None:
    assert "diff" not in story.run["changed, not verified"].data
