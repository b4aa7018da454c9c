# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The words that all share: owners, dates, selections, and what a message says of a write."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.community.zitadel.plugins.module_utils._metadata import (
    Details,
    Owner,
    Selection,
    Values,
    Write,
    json_bytes,
    newest,
    selection_of,
)
from hypothesis import given
from hypothesis import strategies as st

TEXT = st.text("aA\\\\%_/", max_size=4)


@pytest.mark.parametrize(
    ("owner", "place", "permission"),
    [
        (Owner("organization", "1", "1"), "organization 1", "org.write"),
        (Owner("organization", None, None), "the service account's own organization", "org.write"),
        (Owner("user", "5", "1"), "user 5", "user.write"),
    ],
    ids=["organization", "own", "user"],
)
def test_owners(owner: Owner, place: str, permission: str) -> None:
    assert (owner.place, owner.permission("write")) == (place, permission)


# When something was written


def test_details_of_an_answer() -> None:
    content = {"sequence": "12", "creationDate": "a", "changeDate": "b", "resourceOwner": "1", "viewTimestamp": "c"}
    assert Details.read(content) == Details(12, "a", "b", "1")
    assert Details.read({}) == Details()


@pytest.mark.parametrize("content", [{"sequence": "x"}, {"sequence": []}, [], "details", None], ids=repr)
def test_details_that_are_none(content: Any) -> None:
    with pytest.raises((AttributeError, TypeError, ValueError)):
        Details.read(content)


def test_the_date_of_an_event() -> None:
    """A single set calls it creationDate, all others changeDate."""
    assert Details(creation_date="a").event_date == "a"
    assert Details(creation_date="a", change_date="b").event_date == "b"
    assert Details().event_date is None


def of(sequence: int | None = None, date: str | None = None) -> Details:
    return Details(sequence, change_date=date and f"2026-01-01T00:00:{date}Z")


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        pytest.param(of(2), of(1), True, id="higher sequence"),
        pytest.param(of(1), of(1), False, id="same sequence"),
        pytest.param(of(1), of(2), False, id="lower sequence"),
        pytest.param(of(10), of(9), True, id="sequences are numbers"),
        pytest.param(of(1, "09"), of(2, "01"), False, id="a sequence beats the date"),
        pytest.param(of(None, "02"), of(None, "01"), True, id="later date"),
        pytest.param(of(None, "01"), of(None, "01"), False, id="same date"),
        pytest.param(of(None, "01.5"), of(None, "01"), True, id="fraction after none"),
        pytest.param(of(None, "01"), of(None, "01.001"), False, id="none before a fraction"),
        pytest.param(of(None, "01.123456"), of(None, "01.12"), True, id="more digits, later"),
        pytest.param(of(None, "01.12"), of(None, "01.123456"), False, id="fewer digits, earlier"),
        pytest.param(of(None, "01.500000"), of(None, "01.5"), False, id="more digits, the same"),
        pytest.param(of(None, "01.5"), of(None, "01.500000"), False, id="fewer digits, the same"),
        pytest.param(of(None, "02"), of(1, "01"), False, id="date against a sequence"),
        pytest.param(of(2, "02"), of(None, "01"), False, id="sequence against a date"),
        pytest.param(of(None, "02"), of(), False, id="date against nothing"),
        pytest.param(of(), of(), False, id="nothing"),
    ],
)
def test_what_was_written_later(one: Details, other: Details, expected: bool) -> None:
    assert one.is_after(other) is expected


MICROSECONDS = st.integers(0, 2_000_000) | st.sampled_from([0, 500_000, 1_000_000, 1_100_000])


@given(MICROSECONDS, MICROSECONDS, st.integers(0, 3), st.integers(0, 3))
def test_dates_compare_as_times(one: int, other: int, zeros: int, other_zeros: int) -> None:
    def written(microseconds: int, more_zeros: int) -> Details:
        seconds, fraction = divmod(microseconds, 1_000_000)
        digits = f"{fraction:06}".rstrip("0") + "0" * more_zeros
        return of(None, f"0{seconds}.{digits}" if digits else f"0{seconds}")

    assert written(one, zeros).is_after(written(other, other_zeros)) is (one > other)


def test_the_newest_is_the_last_of_those_that_are_not_older() -> None:
    assert newest([of(1), of(3), of(2)]) == of(3)
    first, second = Details(3, resource_owner="1"), Details(3, resource_owner="2")
    assert newest([first, second]) is second
    assert newest([]) == Details()


# What is read


@pytest.mark.parametrize(
    ("selection", "matching", "others"),
    [
        (Selection(), ["", "a", "b/c"], []),
        (Selection("EQUALS", "a"), ["a"], ["A", "ab", " a", ""]),
        (Selection("STARTS_WITH", "a/"), ["a/", "a/b"], ["a", "A/b", "ba/"]),
        (Selection("CONTAINS", "/%"), ["/%", "a/%b"], ["/", "%/", "/a%"]),
        (Selection("STARTS_WITH", "a", frozenset({"ab", "ac"})), ["ab", "ac"], ["a", "abc"]),
        (Selection("STARTS_WITH", "a", frozenset()), [], ["a"]),
    ],
    ids=["all", "one key", "prefix", "part", "some keys with a prefix", "no keys"],
)
def test_what_matches(selection: Selection, matching: list[str], others: list[str]) -> None:
    assert [key for key in [*matching, *others] if selection.matches(key)] == matching


def server_finds(method: str, text: str, key: str) -> bool:
    """What a server makes of a text without a backslash."""
    if method == "EQUALS":
        return key == text
    assert "\\" not in text
    return key.startswith(text) if method == "STARTS_WITH" else text in key


@given(st.sampled_from(["EQUALS", "STARTS_WITH", "CONTAINS"]), TEXT, TEXT)
def test_the_server_finds_all_that_matches(method: Any, text: str, key: str) -> None:
    selection = Selection(method, text)
    if selection.matches(key):
        assert server_finds(method, selection.searched_text, key)
    if "\\" not in text:
        assert selection.searched_text == text


@pytest.mark.parametrize(
    ("keys", "prefix", "expected"),
    [
        pytest.param(["k"], None, ("EQUALS", "k"), id="one key"),
        pytest.param(["app/a", "app/b"], None, ("STARTS_WITH", "app/"), id="keys with one beginning"),
        pytest.param(["abc", "abd"], None, ("STARTS_WITH", "ab"), id="character by character"),
        pytest.param(["x", "y"], None, ("STARTS_WITH", ""), id="keys without"),
        pytest.param(["k"], "", ("STARTS_WITH", ""), id="purge of everything"),
        pytest.param(["p/k"], "p/", ("STARTS_WITH", "p/"), id="purge with a prefix"),
        pytest.param(["q"], "p/", ("STARTS_WITH", ""), id="a key outside of the prefix"),
        pytest.param([], None, ("STARTS_WITH", ""), id="nothing"),
    ],
)
def test_the_smallest_selection(keys: list[str], prefix: str | None, expected: tuple[str, str]) -> None:
    assert selection_of(keys, prefix) == (*expected, frozenset(keys) if prefix is None else None)


@given(st.lists(st.text(min_size=1), min_size=1), st.none() | st.text(), st.text())
def test_a_selection_has_all_that_was_asked_for(keys: list[str], prefix: str | None, end: str) -> None:
    selection = selection_of(keys, prefix)
    assert all(selection.matches(text) for text in [*keys, *([] if prefix is None else [prefix + end])])


# What is written


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"k": b"v"}, "set the key 'k'"),
        ({"k": None}, "remove the key 'k'"),
        ({"b": b"v", "a": b"v"}, "set 2 keys ('a', 'b')"),
        ({"a": b"v", "b": None, "c": None}, "set the key 'a' and remove 2 keys ('b', 'c')"),
    ],
    ids=str,
)
def test_what_a_message_says_of_a_write(values: Values, expected: str) -> None:
    assert Write(values, "POST", "/", b"").doing == expected


def test_json_is_as_short_as_possible() -> None:
    assert json_bytes({"ü": [1, "\u2028"]}) == '{"ü":[1,"\u2028"]}'.encode()
