# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What both APIs share: batches, the steps of a repair, and what some answers mean."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence

import pytest
from ansible_collections.community.zitadel.plugins.module_utils._api_common import (
    MAX_CALL_BYTES,
    MAX_CALL_KEYS,
    as_absent,
    batches,
    refuse_hidden,
    rewrites,
)
from ansible_collections.community.zitadel.plugins.module_utils._errors import Fate, Refusal, ZitadelError
from ansible_collections.community.zitadel.plugins.module_utils._metadata import KeyAbsent, Owner
from hypothesis import given, settings
from hypothesis import strategies as st

from unit.helpers import entry

ORGANIZATION = Owner("organization", "1", "1")
USER = Owner("user", "5", "1")
SIZES = st.integers(1, 300) | st.sampled_from([1000, 100_000, 333_333, 499_999, 500_000, 667_000])


def batched(sizes: Sequence[int], overhead: int = 0) -> list[list[int]]:
    """Check batches of items of these sizes, and return the sizes of each."""
    items = [(f"k{number}", bytes([number % 256]) * size) for number, size in enumerate(sizes)]
    found = list(batches(items, overhead))
    assert [key for keys, _content in found for key in keys] == [key for key, _part in items]
    remaining = iter(items)
    for keys, content in found:
        assert b",".join(part for _key, part in itertools.islice(remaining, len(keys))) == content
        assert len(content) + overhead <= MAX_CALL_BYTES
        assert 1 <= len(keys) <= MAX_CALL_KEYS
    parts = dict(items)
    return [[len(parts[key]) for key in keys] for keys, _content in found]


@settings(max_examples=50)
@given(st.lists(SIZES, max_size=30), st.integers(0, 100))
def test_every_item_is_in_exactly_one_batch_and_there_are_no_more_than_needed(sizes: list[int], overhead: int) -> None:
    for first, second in itertools.pairwise(batched(sizes, overhead)):
        # What begins the second does not fit into the first, comma and all.
        assert overhead + sum(first) + len(first) + second[0] + 1 > MAX_CALL_BYTES


@pytest.mark.parametrize(
    ("count", "expected"),
    [(0, []), (1, [1]), (9_999, [9_999]), (10_000, [10_000]), (10_001, [10_000, 1]), (25_000, [10_000, 10_000, 5_000])],
)
def test_many_small_ones(count: int, expected: list[int]) -> None:
    assert [len(batch) for batch in batched([3] * count)] == expected


@pytest.mark.parametrize(("last", "expected"), [(99, 1), (100, 2)])
def test_a_call_that_is_just_large_enough(last: int, expected: int) -> None:
    # With the commas, these and 100 bytes around them leave room for 99 and a comma.
    assert len(batched([99] * 9_998, overhead=100)) == 1
    assert len(batched([99] * 9_998 + [last], overhead=100)) == expected


# A repair

SEEN = {key: entry(key, f"seen {key}") for key in ("a", "b", "c")}


@pytest.mark.parametrize(
    ("lost", "expected"),
    [
        pytest.param({}, [], id="nothing"),
        pytest.param({"a": b"1"}, [("set again", {"a": b"1"})], id="one set makes an event"),
        pytest.param(
            {"b/": b"1", "a/": b"2"},
            [
                ("removed in order to set it again", {"a/": None, "b/": None}),
                ("set again", {"a/": b"2", "b/": b"1"}),
            ],
            id="others are removed before, and set together",
        ),
        pytest.param(
            {"b": None},
            [("set in order to remove it again", {"b": b"seen b"}), ("removed again", {"b": None})],
            id="a removal is repeated after a set",
        ),
        pytest.param({"gone": None}, [], id="a removal that readers see"),
        pytest.param(
            {"c": None, "a": b"1", "b/": b"2", "gone": None},
            [
                ("set again", {"a": b"1"}),
                ("removed in order to set it again", {"b/": None}),
                ("set again", {"b/": b"2"}),
                ("set in order to remove it again", {"c": b"seen c"}),
                ("removed again", {"c": None}),
            ],
            id="everything at once",
        ),
    ],
)
def test_the_steps_of_a_repair(
    lost: Mapping[str, bytes | None], expected: list[tuple[str, dict[str, bytes | None]]]
) -> None:
    assert list(rewrites(lost, SEEN, lambda key: "/" not in key)) == expected


def test_no_single_set_makes_an_event_unless_somebody_says_so() -> None:
    assert [step.values for step in rewrites({"a": b"1"}, {})] == [{"a": None}, {"a": b"1"}]


# Answers


@pytest.mark.parametrize(
    ("owner", "error_id", "expected"),
    [
        *((ORGANIZATION, name, True) for name in ("QUERY-Rph32", "META-mcnw3", "META-2npds")),
        *((USER, name, True) for name in ("QUERY-Rgh32", "META-ncnw3", "META-2nnds")),
        # The key of somebody else, or no key at all.
        *((USER, name, False) for name in ("QUERY-Rph32", "META-mcnw3", "META-2npds")),
        *((ORGANIZATION, name, False) for name in ("QUERY-Rgh32", "META-ncnw3", "META-2nnds", "AUTHZ-cdgFk", None)),
    ],
)
def test_which_errors_say_that_a_key_is_absent(owner: Owner, error_id: str | None, expected: bool) -> None:
    error = ZitadelError("no", Refusal(404, code=5, id=error_id), fate=Fate(doubtful=True))
    found = as_absent(error, owner)
    assert isinstance(found, KeyAbsent) is expected
    assert (found.msg, found.refusal, found.fate) == (error.msg, error.refusal, error.fate)
    unanswered = ZitadelError("no")
    assert as_absent(unanswered, owner) is unanswered


@pytest.mark.parametrize(
    ("owner", "entries", "total", "page", "refused"),
    [
        (USER, [], 3, None, True),
        (USER, [], 0, None, False),
        (USER, [entry("k")], 3, None, False),
        (USER, [], 3, "a later page", False),
        (ORGANIZATION, [], 3, None, False),
    ],
    ids=["hidden", "empty", "shown", "past the end", "an organization"],
)
def test_a_list_that_counts_more_than_it_shows(
    owner: Owner, entries: list[object], total: int, page: object, refused: bool
) -> None:
    arguments = (entries, total, page, owner, "read the metadata of user 5")
    if refused:
        with pytest.raises(ZitadelError, match=r"^Cannot read the metadata of user 5. There are 3 .* user\.read"):
            refuse_hidden(*arguments)  # type: ignore[arg-type]
    else:
        refuse_hidden(*arguments)  # type: ignore[arg-type]
