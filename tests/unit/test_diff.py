# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a diff shows: of which organization, how much of a long value, and of what was refused or went wrong."""

from __future__ import annotations

import hashlib
import re
from typing import Any

import pytest
from ansible_collections.community.zitadel.plugins.modules import zitadel_org_metadata_bulk

from fake_zitadel import FakeZitadel
from unit.helpers import Runner

DIFF = {"_ansible_diff": True}
SECRET = "value-5ecret"


@pytest.fixture
def acme(fake: FakeZitadel) -> str:
    return fake.create_organization("acme", domain="acme.example.com", metadata={"old": "1", "a": "1"})


def headers(diff: dict[str, Any]) -> list[str]:
    return [diff["before_header"], diff["after_header"]]


# The organization


@pytest.mark.parametrize("mode", [{}, {"_ansible_check_mode": True}], ids=["real", "check mode"])
@pytest.mark.parametrize(
    ("option", "name"),
    [("org_id", None), ("organization_id", None), ("org_name", "acme"), ("org_domain", "acme.example.com")],
)
def test_it_is_headed_by_the_organization(
    runner: Runner, acme: str, option: str, name: str | None, mode: dict[str, Any]
) -> None:
    result = runner.run(**{option: name or acme}, key="tier", value="gold", **DIFF, **mode)
    for header in headers(result["diff"]):
        assert acme in header
        assert name is None or name in header


def test_where_none_is_named_it_is_the_one_that_answered(runner: Runner) -> None:
    result = runner.run(key="tier", value="gold", **DIFF)
    assert [runner.fake.home_id in header for header in headers(result["diff"])] == [True, True]


def test_of_many_each_has_its_own(runner: Runner, acme: str) -> None:
    other = runner.fake.create_organization("other")
    entries = [{name: one, "metadata": {"b": "1"}} for name, one in (("org_name", "acme"), ("org_id", other))]
    first, second = runner.run(zitadel_org_metadata_bulk.main, organizations=entries, **DIFF)["diff"]
    for header in headers(first):
        assert acme in header
        assert "acme" in header.replace(acme, "")
    assert [other in header for header in headers(second)] == [True, True]


# Long values


def assert_shortened(shown: str, value: str) -> None:
    data = value.encode()
    found = re.fullmatch(r"(.+)… \((\d+) bytes, sha256:([0-9a-f]{8,64})\)", shown, re.DOTALL)
    assert found, shown[-200:]
    beginning, size, digest = found.groups()
    assert value.startswith(beginning)
    assert 0 < len(beginning) <= 2000
    assert int(size) == len(data)
    assert hashlib.sha256(data).hexdigest().startswith(digest)


@pytest.mark.parametrize("letter", ["x", "ü", "🚀"])
def test_long_values_are_shortened(runner: Runner, acme: str, letter: str) -> None:
    before, after = letter * 2001, letter * 3000
    runner.fake.set(acme, "long", before)
    result = runner.run(org_id=acme, metadata={"long": after, "limit": letter * 2000}, **DIFF)
    assert_shortened(result["diff"]["before"]["long"], before)
    assert_shortened(result["diff"]["after"]["long"], after)
    assert result["diff"]["after"]["limit"] == letter * 2000


def test_long_values_that_begin_alike_look_different(runner: Runner, acme: str) -> None:
    runner.fake.set(acme, "long", "x" * 5000 + "a")
    diff = runner.run(org_id=acme, key="long", value="x" * 5000 + "b", **DIFF)["diff"]
    assert diff["before"]["long"] != diff["after"]["long"]
    assert len(diff["before"]["long"]) < 2200


def test_long_sensitive_values_show_neither_beginning_nor_digest(runner: Runner, acme: str) -> None:
    value = SECRET * 500
    result = runner.run(org_id=acme, key="long", value=value, sensitive=True, **DIFF)
    assert result["diff"]["after"] == {"long": f"<sensitive, {len(value)} bytes>"}
    runner.assert_hidden(SECRET, hashlib.sha256(value.encode()).hexdigest()[:8])


# Failures


LIMIT: dict[str, Any] = {"metadata": {"tier": "gold"}, "purge": True, "max_removals": 1}


@pytest.mark.parametrize("mode", [{}, {"_ansible_check_mode": True}], ids=["real", "check mode"])
def test_too_many_removals_show_what_would_have_gone(runner: Runner, acme: str, mode: dict[str, Any]) -> None:
    result = runner.run(org_id=acme, **LIMIT, **DIFF, **mode)
    assert result.get("failed"), result
    assert result["changed"] is False
    assert result["diff"]["before"] == {"a": "1", "old": "1"}
    assert not {"a", "old"} & result["diff"]["after"].keys()
    assert [acme in header for header in headers(result["diff"])] == [True, True]
    assert not runner.fake.writes
    assert "diff" not in runner.run(org_id=acme, **LIMIT, **mode)


def test_too_many_removals_of_sensitive_values_show_none(runner: Runner, acme: str) -> None:
    runner.fake.set(acme, "old", SECRET)
    result = runner.run(org_id=acme, **LIMIT, sensitive=True, **DIFF)
    assert result["diff"]["before"]["old"] == f"<sensitive, {len(SECRET)} bytes>"
    runner.assert_hidden(SECRET)


def test_too_many_removals_of_one_of_many_show_what_would_have_gone(runner: Runner, acme: str) -> None:
    other = runner.fake.create_organization("other")
    entries = [{"org_id": other, "metadata": {"tier": "gold"}}, {"org_id": acme, **LIMIT}]
    result = runner.run(zitadel_org_metadata_bulk.main, organizations=entries, **DIFF)
    assert result["msg"].startswith("Nothing was written")
    (diff,) = [one for one in result["diff"] if one["before"]]
    assert diff["before"] == {"a": "1", "old": "1"}
    assert [acme in header for header in headers(diff)] == [True, True]


def test_a_failure_after_a_write_shows_what_was_written(runner: Runner, acme: str) -> None:
    runner.fake.fail(403, 7, "No matching permissions found (AUTH-5mWD2)", method="DELETE")
    result = runner.run(org_name="acme", metadata={"a": "2", "b": "2"}, absent_keys=["old"], **DIFF)
    assert (result["failed"], result["changed"]) == (True, True)
    diff = result["diff"]
    assert (diff["before"], diff["after"]) == ({"a": "1"}, {"a": "2", "b": "2"})
    assert [acme in header and "acme" in header.replace(acme, "") for header in headers(diff)] == [True, True]


def test_a_failure_before_any_write_shows_nothing(runner: Runner, acme: str) -> None:
    runner.fake.fail(403, 7, "No matching permissions found (AUTH-5mWD2)", path="/tier$")
    result = runner.run(org_id=acme, key="tier", value="gold", **DIFF)
    assert result.get("failed"), result
    diff = result.get("diff") or {"before": {}, "after": {}}
    assert (diff["before"], diff["after"]) == ({}, {})
