# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who may not write learns it before anything is written: in check mode, and where many organizations are written."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.community.zitadel.plugins.modules import zitadel_org_metadata_bulk

from fake_zitadel import FakeZitadel, Request
from unit.helpers import Runner, calls, lists

QUESTION = "/auth/v1/permissions/zitadel/me/_search"
ASK = f"POST {QUESTION}"
SEARCH = "POST _search"
PROOF = "GET orgs/me"
CHECK = {"_ansible_check_mode": True}
GOLD = {"metadata": {"tier": "gold"}}

# Answers that are none of ZITADEL's to the question.
NO_ANSWER: dict[str, tuple[int, Any]] = {
    "unknown route": (404, {"code": 5, "message": "Not Found"}),
    "unknown route, as text": (404, "404 page not found"),
    "blocked": (403, "<html><h1>403 Forbidden</h1></html>"),
    "HTML": (200, "<html>Sign in</html>"),
    "login of a proxy": (401, "<html>Sign in</html>"),
    "nothing": (200, ""),
    "JSON that is no object": (200, ["org.write"]),
}


@pytest.fixture
def organizations(fake: FakeZitadel) -> list[str]:
    """Three organizations with a key each."""
    return [fake.create_organization(f"acme {number}", metadata={"old": "1"}) for number in (1, 2, 3)]


@pytest.fixture
def token(fake: FakeZitadel, organizations: list[str]) -> str:
    """Of a service account that may read all three, and write the first and the last."""
    first, second, third = organizations
    user = fake.create_user("ORG_OWNER", first)
    fake.grant(user, ["ORG_OWNER_VIEWER"], second)
    fake.grant(user, ["ORG_OWNER"], third)
    return user.token


def bulk(runner: Runner, entries: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    return runner.run(zitadel_org_metadata_bulk.main, organizations=entries, **more)


def questions(fake: FakeZitadel) -> list[Request]:
    return [request for request in fake.requests if request.path == QUESTION]


# One organization


@pytest.mark.parametrize(
    "options",
    [
        pytest.param({"key": "tier", "value": "gold"}, id="set"),
        pytest.param({"key": "old", "state": "absent"}, id="remove"),
        pytest.param({"metadata": {"a": "1"}, "purge": True}, id="purge"),
    ],
)
def test_check_mode_fails_as_the_task_would(
    runner: Runner, organizations: list[str], token: str, options: dict[str, Any]
) -> None:
    organization = organizations[1]
    for mode in (CHECK, {}):
        result = runner.run(token=token, org_id=organization, **options, **mode)
        assert result.get("failed"), result
        assert "org.write" in result["msg"]
        assert organization in result["msg"]
        assert (result["changed"], result["org_id"]) == (False, organization)
    assert runner.fake.metadata(organization) == {"old": b"1"}


@pytest.mark.parametrize(
    ("metadata", "options", "sent"),
    [
        pytest.param({"old": "1"}, {"metadata": {"old": "2"}}, [SEARCH, ASK], id="something to write"),
        pytest.param({}, {"metadata": {"old": "2"}}, [SEARCH, PROOF, ASK], id="into an empty organization"),
        pytest.param({"old": "1"}, {"metadata": {"old": "1"}}, [SEARCH], id="nothing to write"),
    ],
)
def test_check_mode_asks_once_and_only_where_it_would_write(
    runner: Runner, metadata: dict[str, str], options: dict[str, Any], sent: list[str]
) -> None:
    organization = runner.fake.create_organization("acme", metadata=metadata)
    result = runner.run(org_id=organization, **options, **CHECK)
    assert result["changed"] is (ASK in sent), result
    assert calls(runner.fake) == sent
    assert [request.organization for request in questions(runner.fake)] == [organization] * (ASK in sent)


def test_the_own_organization_is_asked_for_where_none_is_named(runner: Runner, organizations: list[str]) -> None:
    user = runner.fake.create_user("ORG_OWNER_VIEWER", organizations[0])
    result = runner.run(token=user.token, **GOLD, **CHECK)
    assert result.get("failed"), result
    assert "org.write" in result["msg"]


def test_a_task_that_writes_does_not_ask(runner: Runner, organizations: list[str]) -> None:
    runner.run(org_id=organizations[0], metadata={"old": "2"})
    assert calls(runner.fake) == [SEARCH, "POST old", SEARCH]


@pytest.mark.parametrize("name", NO_ANSWER)
def test_check_mode_warns_where_the_permission_is_unknown(
    runner: Runner, organizations: list[str], token: str, name: str
) -> None:
    status, body = NO_ANSWER[name]
    runner.fake.respond(status, body, path=QUESTION, times=None)
    result = runner.run(token=token, org_id=organizations[1], **GOLD, **CHECK)
    assert not result.get("failed"), result
    assert lists(result) == {"added": ["tier"]}
    (warning,) = result["warnings"]
    assert "org.write" in str(warning)
    assert questions(runner.fake)


# Many organizations


@pytest.mark.parametrize("mode", [CHECK, {}], ids=["check mode", "real"])
def test_nothing_is_written_where_one_may_not_be_written(
    runner: Runner, organizations: list[str], token: str, mode: dict[str, Any]
) -> None:
    result = bulk(runner, [{"org_id": one, **GOLD} for one in organizations], token=token, **mode)
    assert result.get("failed"), result
    assert result["msg"].startswith("Nothing was written")
    assert f"Entry 2, {organizations[1]}" in result["msg"]
    assert "org.write" in result["msg"]
    assert "Entry 1" not in result["msg"]
    assert "Entry 3" not in result["msg"]
    assert (result["changed"], result["organizations"]) == (False, [])
    assert not runner.fake.writes


def test_all_problems_come_in_one_message(runner: Runner, organizations: list[str], token: str) -> None:
    """And the same ones in check mode."""
    viewed = runner.fake.create_organization("viewed")
    runner.fake.grant(runner.fake.store.tokens[token].user, ["ORG_OWNER_VIEWER"], viewed)
    entries = [
        {"org_id": organizations[0], **GOLD},
        {"org_id": organizations[1], **GOLD},
        {"org_name": "viewed", **GOLD},
        {"org_name": "nobody", **GOLD},
        {"org_id": organizations[2], "metadata": {"tier": ""}},
    ]
    results = [bulk(runner, entries, token=token, **mode) for mode in (CHECK, {})]
    assert results[0]["msg"] == results[1]["msg"]
    beginning, *parts = results[1]["msg"].split("Entry ")
    assert beginning.startswith("Nothing was written")
    problems = {part.partition(":")[0]: "org.write" in part for part in parts}
    assert problems == {
        f"2, {organizations[1]}": True,
        "3, viewed": True,
        "4, nobody": False,
        f"5, {organizations[2]}": False,
    }
    assert len(parts) == 4
    assert not runner.fake.writes


@pytest.mark.parametrize("mode", [CHECK, {}], ids=["check mode", "real"])
def test_it_is_asked_once_for_each_organization_with_something_to_write(
    runner: Runner, organizations: list[str], token: str, mode: dict[str, Any]
) -> None:
    """The second may only be read, and is right as it is."""
    first, second, third = organizations
    entries = [{"org_id": first, **GOLD}, {"org_id": second, "metadata": {"old": "1"}}, {"org_id": third, **GOLD}]
    result = bulk(runner, entries, token=token, **mode)
    assert [one["changed"] for one in result["organizations"]] == [True, False, True], result
    assert sorted(request.organization for request in questions(runner.fake)) == sorted([first, third])
    # Before anything is written.
    sent = runner.fake.requests
    first_write = next((index for index, request in enumerate(sent) if request.modifies), len(sent))
    assert all(request.path != QUESTION for request in sent[first_write:])
    assert bool(runner.fake.writes) is not bool(mode)


@pytest.mark.parametrize("name", ["unknown route", "blocked"])
def test_where_the_permission_is_unknown_the_real_run_goes_on_and_check_mode_warns(
    runner: Runner, organizations: list[str], name: str
) -> None:
    status, body = NO_ANSWER[name]
    runner.fake.respond(status, body, path=QUESTION, times=None)
    entries = [{"org_id": one, **GOLD} for one in organizations]
    checked = bulk(runner, entries, **CHECK)
    assert not checked.get("failed"), checked
    assert "org.write" in str(checked.get("warnings"))
    done = bulk(runner, entries)
    assert not done.get("failed"), done
    assert not done.get("warnings")
    assert [runner.fake.metadata(one)["tier"] for one in organizations] == [b"gold"] * 3
    assert len(questions(runner.fake)) >= 2


# A failure half-way


@pytest.mark.parametrize("diff", [True, False], ids=["with --diff", "without"])
def test_a_failure_half_way_has_the_diff_of_what_was_written(
    runner: Runner, organizations: list[str], diff: bool
) -> None:
    first, second, third = organizations
    runner.fake.fail(403, 7, "No matching permissions found (AUTH-5mWD2)", method="DELETE", organization=second)
    entries = [{"org_id": one, **GOLD, "absent_keys": ["old"]} for one in organizations]
    result = bulk(runner, entries, _ansible_diff=diff, connections=1)
    assert result.get("failed"), result
    if not diff:
        assert "diff" not in result
        return
    whole = ({"old": "1"}, {"tier": "gold"})
    written = {first: whole, second: ({}, {"tier": "gold"})}
    # It may have been in work at the same time.
    if "tier" in runner.fake.metadata(third):
        written[third] = whole
    shown = {
        organization: (one["before"], one["after"])
        for organization in organizations
        for one in result["diff"]
        if organization in one["before_header"] and (one["before"] or one["after"])
    }
    assert shown == written
