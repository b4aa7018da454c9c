# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is reported as written can be read."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Literal

import pytest

from fake_zitadel import FakeZitadel
from unit.helpers import Site, Waits, lists

Prepare = Callable[[Site], object]
Kind = Literal["organization", "user"]
BEFORE = {"old": "1", "a/old": "1", "x": "1", "y": "1"}
STORED = {key: value.encode() for key, value in BEFORE.items()}
NOT_REPAIRED, REPAIRED = False, True
READS = "_search$|/List"


@pytest.fixture(params=["v1", "v2"])
def acme(fake: FakeZitadel, request: pytest.FixtureRequest) -> Site:
    return Site(fake, api_version=request.param)


def lose(times: int = 1, **match: Any) -> Prepare:
    return lambda site: site.fake.lose_writes(times, **match)


def lose_removals(site: Site) -> None:
    if site.connection.options.api_version == "v1":
        site.fake.lose_writes(method="DELETE")
    else:
        # Since v4.13.0, one call sets and removes.
        together = site.fake.release.name not in ("4.3.0", "4.7.0")
        site.fake.lose_writes(path=None if together else "Delete")


def lose_and_drop(site: Site) -> None:
    """The write is stored, the answer gets lost, and readers never see it."""
    site.fake.lose_writes()
    site.fake.drop("after", writes=True)


def lag(reads: int) -> Prepare:
    return lambda site: site.fake.lag(reads)


def afterwards(change: Prepare, **match: Any) -> Prepare:
    """Another writer, when the task's first write was done."""
    return lambda site: site.fake.after(lambda _request: change(site), **match)


def before_it(change: Prepare, **match: Any) -> Prepare:
    """Another writer, between the task's read and its write."""
    return lambda site: site.fake.before(lambda _request: change(site), **match)


def lost_removals_of_an_earlier_run(*keys: str) -> Prepare:
    def prepare(site: Site) -> None:
        site.fake.lose_writes()
        site.run(absent_keys=list(keys), verify=False)

    return prepare


APIS: list[tuple[str, str, Kind]] = [
    *((release, "v1", "organization") for release in ("3.4.9", "4.13.1", "next")),
    *((release, "v2", "organization") for release in ("4.7.0", "next")),
    # Of users, a set of the same value makes no event, in no release.
    ("3.4.9", "v1", "user"),
    *((release, "v2", "user") for release in ("4.3.0", "next")),
]
ONE: dict[str, Any] = {"key": "n", "value": "v"}
ONE_IN_BODY = {"key": "a/n", "value": "v"}
UPDATE = {"key": "old", "value": "2"}
SEVERAL = {"metadata": {"n": "v", "a/n": "v"}}
REMOVE: dict[str, Any] = {"key": "old", "state": "absent"}
REMOVE_IN_BODY = {"key": "a/old", "state": "absent"}
REMOVE_SEVERAL = {"absent_keys": ["old", "a/old"]}
PURGE = {"metadata": {"old": "1"}, "purge": True, "purge_prefix": "a/", "max_removals": 1}


@pytest.mark.parametrize(
    ("prepare", "options", "reported", "seen", "repaired"),
    [
        pytest.param(lag(1), ONE, {"added": ["n"]}, {"n": "v"}, NOT_REPAIRED, id="one, late"),
        pytest.param(
            lag(5), SEVERAL, {"added": ["a/n", "n"]}, {"n": "v", "a/n": "v"}, NOT_REPAIRED, id="several, late"
        ),
        pytest.param(lag(3), REMOVE, {"removed": ["old"]}, {"old": None}, NOT_REPAIRED, id="removal, late"),
        pytest.param(lose(), ONE, {"added": ["n"]}, {"n": "v"}, REPAIRED, id="one, lost"),
        pytest.param(lose(), UPDATE, {"updated": ["old"]}, {"old": "2"}, REPAIRED, id="update, lost"),
        pytest.param(lose(), ONE_IN_BODY, {"added": ["a/n"]}, {"a/n": "v"}, REPAIRED, id="one in the body, lost"),
        pytest.param(
            lose(),
            {"key": "a/old", "value": "2"},
            {"updated": ["a/old"]},
            {"a/old": "2"},
            REPAIRED,
            id="its update, lost",
        ),
        pytest.param(lose(), SEVERAL, {"added": ["a/n", "n"]}, {"n": "v", "a/n": "v"}, REPAIRED, id="several, lost"),
        pytest.param(lose(), REMOVE, {"removed": ["old"]}, {"old": None}, REPAIRED, id="removal, lost"),
        pytest.param(lose(), REMOVE_IN_BODY, {"removed": ["a/old"]}, {"a/old": None}, REPAIRED, id="in the body, lost"),
        pytest.param(
            lose(),
            REMOVE_SEVERAL,
            {"removed": ["a/old", "old"]},
            {"old": None, "a/old": None},
            REPAIRED,
            id="removals, lost",
        ),
        pytest.param(
            lose(), PURGE, {"removed": ["a/old"], "unchanged": ["old"]}, {"a/old": None}, REPAIRED, id="purge, lost"
        ),
        pytest.param(
            lose(2),
            {**SEVERAL, "absent_keys": ["old", "a/old"]},
            {"added": ["a/n", "n"], "removed": ["a/old", "old"]},
            {"n": "v", "a/n": "v", "old": None, "a/old": None},
            REPAIRED,
            id="everything, lost",
        ),
        pytest.param(
            lose_removals,
            {**SEVERAL, "absent_keys": ["old", "a/old"]},
            {"added": ["a/n", "n"], "removed": ["a/old", "old"]},
            {"n": "v", "a/n": "v", "old": None, "a/old": None},
            REPAIRED,
            id="removals alone, lost",
        ),
        pytest.param(
            lose_and_drop, SEVERAL, {"added": ["a/n", "n"]}, {"n": "v", "a/n": "v"}, None, id="repeated and lost"
        ),
        pytest.param(
            lose_and_drop, REMOVE, {"removed": ["old"]}, {"old": None}, REPAIRED, id="removal repeated and lost"
        ),
        pytest.param(
            lose_and_drop,
            REMOVE_SEVERAL,
            {"removed": ["a/old", "old"]},
            {"old": None, "a/old": None},
            REPAIRED,
            id="removals repeated and lost",
        ),
        pytest.param(
            afterwards(lambda site: site.set("n", "v"), writes=True),
            ONE,
            {"added": ["n"]},
            {"n": "v"},
            NOT_REPAIRED,
            id="somebody sets the same value later",
        ),
        pytest.param(
            before_it(lambda site: site.set("n", "v"), writes=True),
            ONE,
            {"added": ["n"]},
            {"n": "v"},
            NOT_REPAIRED,
            id="somebody sets the same value earlier",
        ),
        pytest.param(
            before_it(lambda site: site.set_many({"n": "v", "a/n": "v"}), writes=True),
            SEVERAL,
            {"added": ["a/n", "n"]},
            {"n": "v", "a/n": "v"},
            NOT_REPAIRED,
            id="somebody sets the same values earlier",
        ),
        pytest.param(
            before_it(lambda site: site.set("n", "other"), writes=True),
            ONE,
            {"added": ["n"]},
            {"n": "v"},
            NOT_REPAIRED,
            id="somebody sets another value earlier",
        ),
        pytest.param(
            afterwards(lambda site: site.remove("n"), writes=True),
            ONE,
            {"added": ["n"]},
            {"n": "v"},
            REPAIRED,
            id="somebody removes it",
        ),
        pytest.param(
            afterwards(lambda site: site.remove("a/n"), writes=True),
            SEVERAL,
            {"added": ["a/n", "n"]},
            {"n": "v", "a/n": "v"},
            REPAIRED,
            id="somebody removes one of several",
        ),
        pytest.param(
            before_it(lambda site: site.remove("old"), writes=True),
            REMOVE,
            {"unchanged": ["old"]},
            {"old": None},
            NOT_REPAIRED,
            id="somebody removed it already",
        ),
        pytest.param(
            before_it(lambda site: site.remove("old"), writes=True),
            REMOVE_SEVERAL,
            {"removed": ["a/old"], "unchanged": ["old"]},
            {"old": None, "a/old": None},
            NOT_REPAIRED,
            id="somebody removed one of several already",
        ),
        pytest.param(
            before_it(lambda site: site.remove("old", "a/old"), writes=True),
            REMOVE_SEVERAL,
            {"unchanged": ["a/old", "old"]},
            {"old": None, "a/old": None},
            NOT_REPAIRED,
            id="somebody removed all already",
        ),
        pytest.param(
            afterwards(lambda site: site.remove("x"), writes=True),
            REMOVE,
            {"removed": ["old"]},
            {"old": None, "x": None},
            NOT_REPAIRED,
            id="somebody removes another key",
        ),
        pytest.param(
            lost_removals_of_an_earlier_run("old"),
            REMOVE,
            {"removed": ["old"]},
            {"old": None},
            REPAIRED,
            id="removal lost earlier",
        ),
        pytest.param(
            lost_removals_of_an_earlier_run("a/old"),
            REMOVE_IN_BODY,
            {"removed": ["a/old"]},
            {"a/old": None},
            REPAIRED,
            id="removal in the body lost earlier",
        ),
        pytest.param(
            lost_removals_of_an_earlier_run("old"),
            REMOVE_SEVERAL,
            {"removed": ["a/old", "old"]},
            {"old": None, "a/old": None},
            REPAIRED,
            id="one of several removals lost earlier",
        ),
    ],
)
@pytest.mark.parametrize(("release", "api", "kind"), APIS)
def test_what_a_reader_can_see_after_a_write(
    release: str,
    api: str,
    kind: Kind,
    prepare: Prepare,
    options: dict[str, Any],
    reported: dict[str, list[str]],
    seen: dict[str, str | None],
    repaired: bool | None,
    waits: Waits,
) -> None:
    with FakeZitadel(release) as fake:
        site = Site(fake, BEFORE, api_version=api, kind=kind)
        prepare(site)
        fake.clear_requests()
        waits.clear()
        result = site.run(**options)

        assert not fake.faults.waiting()
        assert lists(result) == reported
        assert result["changed"] is (reported.keys() != {"unchanged"})
        expected = {**STORED, **{key: value and value.encode() for key, value in seen.items()}}
        assert site.metadata == {key: value for key, value in expected.items() if value is not None}
        if "key" in options:
            entry = site.entries.get(options["key"])
            assert result["details"]["sequence"] == (entry.sequence if entry and api == "v1" else None)
            assert result["details"]["creation_date"] == (entry and entry.creation_date)
            assert result["details"]["change_date"] == (entry and entry.change_date)
        assert not site.warnings
        waited = sum(waits[1:] if prepare is lose_and_drop else waits)
        assert waited <= 1.2
        assert waited >= 0.9 or not repaired
        assert len(fake.writes) <= (3 if repaired is NOT_REPAIRED else 8)
        # Whatever was lost, now it is stored and seen.
        assert site.stored == site.metadata

        fake.clear_requests()
        again = site.run(**options)
        assert again["changed"] is False
        assert not fake.writes


@pytest.mark.parametrize(
    ("prepare", "options", "reported", "key", "action"),
    [
        pytest.param(
            afterwards(lambda site: site.set("n", "theirs"), writes=True),
            ONE,
            {"added": ["n"]},
            "n",
            "set",
            id="set, and set by somebody",
        ),
        pytest.param(
            afterwards(lambda site: site.set("a/n", "theirs"), writes=True),
            SEVERAL,
            {"added": ["a/n", "n"]},
            "a/n",
            "set",
            id="several set, and one set by somebody",
        ),
        pytest.param(
            afterwards(lambda site: site.set("old", "theirs"), writes=True),
            REMOVE,
            {"removed": ["old"]},
            "old",
            "removed",
            id="removed, and set by somebody",
        ),
        pytest.param(
            afterwards(lambda site: site.set("a/old", "theirs"), writes=True),
            {**PURGE, "metadata": {"x": "1"}},
            {"removed": ["a/old"], "unchanged": ["x"]},
            "a/old",
            "removed",
            id="purged, and set by somebody",
        ),
    ],
)
@pytest.mark.parametrize("api", ["v1", "v2"])
def test_what_somebody_writes_later_is_left_alone(
    fake: FakeZitadel,
    waits: Waits,
    prepare: Prepare,
    options: dict[str, Any],
    reported: Any,
    key: str,
    action: str,
    api: str,
) -> None:
    acme = Site(fake, BEFORE, api_version=api)
    prepare(acme)
    result = acme.run(**options)
    assert lists(result) == reported
    assert acme.metadata[key] == b"theirs"
    (warning,) = acme.warnings
    assert repr(key) in warning
    assert f"after this task {action} it" in warning
    assert len(acme.fake.writes) == 1
    assert not waits


def test_what_somebody_writes_after_an_unanswered_removal_is_left_alone(acme: Site) -> None:
    acme.set_many(BEFORE)
    acme.fake.drop("after", writes=True)
    # Reads: for the plan, and to verify.
    acme.fake.before(lambda _request: acme.set("old", "theirs"), path=READS, every=2)
    assert lists(acme.run(**REMOVE)) == {"removed": ["old"]}
    assert acme.metadata["old"] == b"theirs"
    assert len(acme.warnings) == 1
    assert len(acme.fake.writes) == 2


@pytest.mark.parametrize(
    ("options", "reported", "named"),
    [
        pytest.param(ONE, {"added": ["n"]}, ["'n' (set again)"], id="one"),
        pytest.param(ONE_IN_BODY, {"added": ["a/n"]}, ["'a/n' (set again)"], id="one in the body"),
        pytest.param(REMOVE, {"removed": ["old"]}, ["'old' (removed again)"], id="removal"),
        pytest.param(
            {**SEVERAL, "absent_keys": ["old"]},
            {"added": ["a/n", "n"], "removed": ["old"]},
            ["'a/n' (set again)", "'n' (set again)", "'old' (removed again)"],
            id="everything",
        ),
    ],
)
@pytest.mark.parametrize(("release", "api", "kind"), APIS)
def test_a_repair_that_does_not_help_is_a_failure(
    release: str,
    api: str,
    kind: Kind,
    waits: Waits,
    options: dict[str, Any],
    reported: dict[str, list[str]],
    named: list[str],
) -> None:
    with FakeZitadel(release) as fake:
        site = Site(fake, BEFORE, api_version=api, kind=kind)
        fake.lose_writes(None)
        error = site.fail(**options)
        for text in named:
            assert text in error.msg
        assert f"acknowledged every write to {site.place} at {fake.url}" in error.msg
        assert lists(error.result) == reported
        assert error.result["changed"] is True
        assert error.result.items() >= site.ids.items()
        assert 1.8 <= sum(waits) <= 2.4


def test_only_what_readers_do_not_see_is_repaired(acme: Site) -> None:
    acme.fake.after(lambda _request: acme.remove("b"), writes=True)
    acme.run(metadata={"a": "1", "b": "2", "c": "3"})
    sent = [f"{request.method} {request.path.rpartition('/')[2]}" for request in acme.fake.writes]
    again = [f"POST {verb}OrganizationMetadata" for verb in ("Set", "Delete", "Set")]
    assert sent == (["POST _bulk", "POST b"] if acme.connection.options.api_version == "v1" else again)
    for request in acme.fake.writes[1:]:
        assert b'"a"' not in request.body


def test_a_write_that_is_seen_at_once_is_read_once(fake: FakeZitadel, waits: Waits) -> None:
    acme = Site(fake)
    acme.run(**ONE)
    assert acme.calls == ["POST _search", "GET orgs/me", "POST n", "POST _search"]
    assert not waits


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        pytest.param(ONE, {}, id="new"),
        pytest.param(UPDATE, {"old": b"2"}, id="changed"),
        pytest.param({"key": "old", "value": "1"}, {"old": b"1"}, id="unchanged"),
        pytest.param(REMOVE, {}, id="removed"),
        pytest.param({"key": "a/old", "value": "2"}, {}, id="changed in the body"),
    ],
)
def test_details_without_verification_are_what_a_read_reports(
    acme: Site, waits: Waits, options: dict[str, Any], expected: dict[str, bytes]
) -> None:
    acme.set_many(BEFORE)
    result = acme.run(**options, verify=False)
    entry = acme.entries.get(options["key"])
    is_v1 = acme.connection.options.api_version == "v1"
    assert result["details"] == {
        "sequence": entry and entry.sequence if is_v1 else None,
        "creation_date": entry and entry.creation_date,
        "change_date": entry and entry.change_date,
        "resource_owner": entry and acme.org_id if is_v1 else None,
    }
    assert len(acme.fake.requests) == 1 or acme.fake.requests[-1].modifies
    assert not waits


def test_without_verification_a_lost_write_is_not_noticed(acme: Site, waits: Waits) -> None:
    acme.fake.lose_writes()
    assert lists(acme.run(**ONE, verify=False)) == {"added": ["n"]}
    assert not acme.metadata
    assert not waits


@pytest.mark.parametrize("api", ["v1", "v2"])
def test_twenty_tasks_at_once(fake: FakeZitadel, api: str) -> None:
    shared = {f"gone/{number}": "1" for number in range(10)}
    first = Site(fake, shared)
    fake.collide(every=5, times=None)

    def task(number: int) -> dict[str, Any]:
        site = Site(fake, org_id=first.org_id, retries=20, api_version=api)
        return site.run(metadata={f"k{number}": number, f"a/{number}": number}, absent_keys=[*shared])

    with ThreadPoolExecutor(20) as pool:
        results = list(pool.map(task, range(20)))
    assert first.metadata == {
        f"{prefix}{number}": str(number).encode() for number in range(20) for prefix in ("k", "a/")
    }
    assert all(result["added"] == sorted((f"k{number}", f"a/{number}")) for number, result in enumerate(results))
    assert {key for result in results for key in result["removed"]} == shared.keys()


@pytest.mark.parametrize("api", ["v1", "v2"])
def test_a_lost_call_of_many_keys_is_repaired_by_few_calls(api: str) -> None:
    with FakeZitadel(release="next") as fake:
        site = Site(fake, api_version=api)
        fake.lose_writes(1)
        metadata = {f"a/{number}": "v" for number in range(200)}
        result = site.run(metadata=metadata)
        assert len(result["added"]) == 200
        assert site.metadata == dict.fromkeys(metadata, b"v")
        assert len(fake.writes) == 3


def test_short_sensitive_values_keep_a_large_organization_readable() -> None:
    with FakeZitadel(release="4.13.1") as fake:
        site = Site(fake, {f"large {number}": "x" * 400_000 for number in range(12)})
        assert site.run(metadata={"k1": "4", "zz": "b"}, sensitive=True)["changed"]
        assert site.metadata["k1"] == b"4"
