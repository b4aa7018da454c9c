# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is written, how far purge may go, and what a read after a write means."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from ansible_collections.community.zitadel.plugins.module_utils._desired import Desired, Purge
from ansible_collections.community.zitadel.plugins.module_utils._errors import ZitadelError
from ansible_collections.community.zitadel.plugins.module_utils._metadata import Details, Entry, Listing
from ansible_collections.community.zitadel.plugins.module_utils._plan import (
    Outcome,
    Plan,
    check_removals,
    outcome,
    plan,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from unit.helpers import entry

KEYS = st.text("ab/", min_size=1, max_size=2)
VALUES = st.binary(min_size=1, max_size=1)


def listing(current: Mapping[str, bytes | str], *, complete: bool = True) -> Listing:
    return Listing({key: entry(key, value) for key, value in current.items()}, complete)


def plan_for(current: Mapping[str, str], desired: Desired, *, complete: bool = True) -> Plan:
    planned = plan(listing(current, complete=complete), desired)
    check_removals(planned, desired)
    return planned


@pytest.mark.parametrize(
    ("current", "present", "absent", "purge", "expected"),
    [
        pytest.param({}, {"k": b"v"}, [], None, Plan({"k": b"v"}, {}, [], []), id="new"),
        pytest.param({"k": "v"}, {"k": b"v"}, [], None, Plan({}, {}, [], ["k"]), id="equal"),
        pytest.param({"k": "v"}, {"k": b"V"}, [], None, Plan({}, {"k": b"V"}, [], []), id="different"),
        pytest.param({"K": "v"}, {"k": b"v"}, [], None, Plan({"k": b"v"}, {}, [], []), id="keys are case-sensitive"),
        pytest.param({" k": "v"}, {"k": b"v"}, [], None, Plan({"k": b"v"}, {}, [], []), id="blanks count"),
        pytest.param({"k": "v", "o": "v"}, {}, ["k"], None, Plan({}, {}, ["k"], []), id="remove"),
        pytest.param({}, {}, ["k"], None, Plan({}, {}, [], ["k"]), id="removed already"),
        pytest.param({"o": "v"}, {"k": b"v"}, [], None, Plan({"k": b"v"}, {}, [], []), id="others stay without purge"),
        pytest.param(
            {"b": "1", "c": "1", "d": "1"},
            {"a": b"1", "b": b"1", "c": b"2"},
            ["d", "e"],
            None,
            Plan({"a": b"1"}, {"c": b"2"}, ["d"], ["b", "e"]),
            id="everything at once",
        ),
        pytest.param({"z": "1", "y": "1"}, {"k": b"v"}, [], Purge(), Plan({"k": b"v"}, {}, ["y", "z"], []), id="purge"),
        pytest.param(
            {"p/a": "1", "P/b": "1", "q/p/": "1", "p": "1"},
            {"p/k": b"v"},
            [],
            Purge("p/"),
            Plan({"p/k": b"v"}, {}, ["p/a"], []),
            id="purge with a prefix",
        ),
        pytest.param(
            {"%x": "1", "ax": "1"},
            {"k": b"v"},
            [],
            Purge("%"),
            Plan({"k": b"v"}, {}, ["%x"], []),
            id="a prefix is no pattern",
        ),
        pytest.param(
            {"keep/a": "1", "Keep/b": "1", "x1": "1", "x12": "1", "[y]": "1", "other": "1"},
            {"k": b"v"},
            [],
            Purge("", ("keep/*", "x?", "[[]y]")),
            Plan({"k": b"v"}, {}, ["Keep/b", "other", "x12"], []),
            id="keep takes shell patterns, case-sensitive",
        ),
        pytest.param(
            {"p/a": "1", "b": "1"},
            {"k": b"v"},
            ["b"],
            Purge("p/"),
            Plan({"k": b"v"}, {}, ["b", "p/a"], []),
            id="absent keys are not bound to the prefix",
        ),
        pytest.param(
            {"a": "1"}, {"k": b"v"}, ["a"], Purge("", ("*",)), Plan({"k": b"v"}, {}, ["a"], []), id="absent beats keep"
        ),
        pytest.param(
            {"scim:a": "1", "a": "1"},
            {"k": b"v"},
            [],
            Purge(protected="scim:"),
            Plan({"k": b"v"}, {}, ["a"], []),
            id="protected keys",
        ),
    ],
)
def test_plan(
    current: dict[str, str], present: dict[str, bytes], absent: list[str], purge: Purge | None, expected: Plan
) -> None:
    found = plan_for(current, Desired(present, frozenset(absent), purge))
    assert found == expected
    assert found.changed is bool(expected.added or expected.updated or expected.removed)


@pytest.mark.parametrize(
    ("limit", "absent", "allowed"),
    [(None, [], True), (2, [], True), (1, [], False), (0, [], False), (1, ["a"], True)],
    ids=["no limit", "as many", "one fewer", "none", "absent keys do not count"],
)
def test_purge_stops_at_max_removals(limit: int | None, absent: list[str], allowed: bool) -> None:
    desired = Desired({"k": b"v"}, frozenset(absent), Purge(max_removals=limit))
    current = {"a": "1", "b": "1", "k": "v"}
    if allowed:
        assert plan_for(current, desired).removed == ["a", "b"]
    else:
        with pytest.raises(
            ZitadelError, match=f"2 keys \\('a', 'b'\\).*max_removals allows {limit}.*Nothing was written"
        ):
            plan_for(current, desired)


def test_nothing_to_purge_meets_every_limit() -> None:
    assert plan_for({"k": "v"}, Desired({"k": b"v"}, purge=Purge(max_removals=0))).removed == []


def test_purge_refuses_an_incomplete_list() -> None:
    with pytest.raises(ZitadelError, match="Cannot purge"):
        plan_for({"k": "v"}, Desired({"k": b"v"}, purge=Purge()), complete=False)
    assert plan_for({"k": "v"}, Desired({"k": b"w"}), complete=False).updated == {"k": b"w"}


@settings(max_examples=60)
@given(
    st.dictionaries(KEYS, VALUES),
    st.dictionaries(KEYS, VALUES),
    st.frozensets(KEYS),
    st.builds(Purge, st.sampled_from(["", "a", "b/"]), st.tuples(st.sampled_from(["a*", "?b", "x"])), st.none())
    | st.none(),
)
def test_a_plan_leads_to_what_is_desired_and_then_to_nothing(
    current: dict[str, bytes], present: dict[str, bytes], absent: frozenset[str], purge: Purge | None
) -> None:
    desired = Desired(present, absent - present.keys(), purge)
    todo = plan(listing(current), desired)
    after = {**current, **todo.added, **todo.updated}
    for key in todo.removed:
        del after[key]

    assert after.items() >= present.items()
    assert not after.keys() & desired.absent
    untouched = {key for key in current.keys() - present.keys() - desired.absent if not (purge and purge.covers(key))}
    assert after == {**{key: current[key] for key in untouched}, **present}
    assert not plan(listing(after), desired).changed
    assert list(todo.values) == [*todo.added, *todo.updated, *todo.removed]
    assert all(desired.selection().matches(key) for key in [*todo.added, *todo.updated, *todo.removed])


RIGHT, LATER, NOT_YET = Outcome.RIGHT, Outcome.LATER, Outcome.NOT_YET


@pytest.mark.parametrize(
    ("seen", "written", "sequence", "expected"),
    [
        pytest.param(entry("k", "v", 7), b"v", 7, RIGHT, id="set, and there"),
        pytest.param(entry("k", "v", 5), b"v", 7, RIGHT, id="right bytes, lower sequence"),
        pytest.param(entry("k", "v", 9), b"v", 7, RIGHT, id="right bytes, higher sequence"),
        pytest.param(entry("k", "v", None), b"v", None, RIGHT, id="right bytes, no sequences"),
        pytest.param(entry("k", "x", 9), b"v", 7, LATER, id="other bytes, higher sequence"),
        pytest.param(entry("k", "x", 7), b"v", 7, NOT_YET, id="other bytes, same sequence"),
        pytest.param(entry("k", "x", 5), b"v", 7, NOT_YET, id="other bytes, lower sequence"),
        pytest.param(entry("k", "x", None), b"v", 7, NOT_YET, id="other bytes, no sequence read"),
        pytest.param(entry("k", "x", 9), b"v", None, NOT_YET, id="other bytes, no sequence in the answer"),
        pytest.param(None, b"v", 7, NOT_YET, id="set, and absent"),
        pytest.param(None, None, 7, RIGHT, id="removed, and absent"),
        pytest.param(entry("k", "v", 5), None, 7, NOT_YET, id="removed, and there with a lower sequence"),
        pytest.param(entry("k", "v", 9), None, 7, LATER, id="removed, and set again"),
        pytest.param(entry("k", "v", 9), None, None, NOT_YET, id="removed, no sequence in the answer"),
    ],
)
def test_what_a_reader_can_see_after_a_write(
    seen: Any, written: bytes | None, sequence: int | None, expected: Outcome
) -> None:
    assert outcome(seen, written, Details(sequence)) is expected


@pytest.mark.parametrize(
    ("seen", "written", "expected"),
    [
        pytest.param("2026-01-01T00:00:00.5Z", b"x", RIGHT, id="right bytes"),
        pytest.param("2026-01-01T00:00:00.51Z", b"v", LATER, id="later"),
        pytest.param("2026-01-01T00:00:00.51Z", None, LATER, id="removed, and set again"),
        pytest.param("2026-01-01T00:00:00.500Z", b"v", NOT_YET, id="the same"),
        pytest.param("2025-12-31T23:59:59Z", None, NOT_YET, id="removed, and still there"),
    ],
)
def test_dates_decide_where_there_is_no_sequence(seen: str, written: bytes | None, expected: Outcome) -> None:
    found = Entry("k", b"x", Details(change_date=seen))
    assert outcome(found, written, Details(change_date="2026-01-01T00:00:00.5Z")) is expected
    assert outcome(found, written, Details()) is (RIGHT if expected is RIGHT else NOT_YET)
