# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One answer where that is possible, pages where it is too large, and what is certain when others write between them."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import pytest
from ansible_collections.community.zitadel.plugins.module_utils._errors import Refusal, ZitadelError
from ansible_collections.community.zitadel.plugins.module_utils._metadata import Entry, Listing, Selection, selection_of
from ansible_collections.community.zitadel.plugins.module_utils._pages import Page, read_selection, smaller
from hypothesis import given, settings
from hypothesis import strategies as st

from unit.helpers import entry

EVERYTHING = Selection()
TOO_LARGE = Refusal(429, code=8, raw="grpc: received message larger than max (5 vs. 4)")
OVER_THE_LIMIT = Refusal(400, code=3, id="QUERY-4M0fs")


def error(refusal: Refusal) -> ZitadelError:
    return ZitadelError("too much", refusal)


class Server:
    """Metadata that changes between requests, in answers of a limited size."""

    def __init__(
        self,
        keys: Iterable[str],
        *,
        sizes: Mapping[str, int] | None = None,
        answer_limit: int = 8,
        max_page: int | None = None,
        order: Callable[[str], Any] = str,
        changes: Iterable[Callable[[set[str]], object]] = (),
    ) -> None:
        """Each key has the size 1 unless sizes says otherwise; changes happen after one request each."""
        self.keys = set(keys)
        self.requests: list[Page | str | None] = []
        """The page of each request, or the key that was read alone"""
        self.history = [frozenset(self.keys)]
        self._sizes = sizes or {}
        self._answer_limit = answer_limit
        self._max_page = max_page
        self._order = order
        self._changes = iter(changes)

    def fetch(self, selection: Selection, page: Page | None) -> tuple[list[Entry], int]:
        self.requests.append(selection.text if selection.method == "EQUALS" else page)
        found = sorted((key for key in self.keys if key.startswith(selection.searched_text)), key=self._order)
        if selection.method == "EQUALS":
            found = [key for key in found if key == selection.text]
        shown = found[page.offset : page.offset + page.limit] if page else found
        if page and self._max_page and page.limit > self._max_page:
            raise error(OVER_THE_LIMIT)
        if sum(self._sizes.get(key, 1) for key in shown) > self._answer_limit:
            raise error(TOO_LARGE)
        next(self._changes, lambda _keys: None)(self.keys)
        self.history.append(frozenset(self.keys))
        # Past the end, API v2 gives no total.
        return [entry(key, key) for key in shown], len(found) if shown or not page else 0

    def read(self, selection: Selection = EVERYTHING, *, first: Page | None = None, size: int = 8) -> Listing:
        return read_selection(self.fetch, selection, first, size)


def numbered(count: int) -> list[str]:
    return [f"k{number:02}" for number in range(count)]


def are_overlapping(requests: list[Page | str | None]) -> bool:
    """Whether each page of the last pass begins before the end of the one before."""
    pages = [page for page in requests if isinstance(page, Page)]
    begins = [number for number, page in enumerate(pages) if not page.offset]
    last_pass = pages[begins[-1] :] if begins else []
    return all(second.offset < first.offset + first.limit for first, second in itertools.pairwise(last_pass))


def shuffled(key: str) -> float:
    """An order that is the same in each request, and not that of the keys."""
    return random.Random(key).random()


def test_one_answer() -> None:
    server = Server(numbered(8))
    assert list(server.read().entries) == numbered(8)
    assert server.requests == [None]


def test_no_keys_no_request() -> None:
    server = Server(numbered(8))
    assert server.read(selection_of([])) == Listing({})
    assert not server.requests


@pytest.mark.parametrize("order", [str, shuffled])
def test_pages_where_one_answer_is_too_large(order: Callable[[str], Any]) -> None:
    server = Server(numbered(20), order=order)
    listing = server.read()
    assert (sorted(listing.entries), listing.complete) == (numbered(20), True)
    # Each begins with the last entry of the one before, which shows that nothing has moved.
    assert server.requests == [None, Page(8, 0), Page(8, 7), Page(8, 14)]


@pytest.mark.parametrize(
    ("total", "offsets"),
    [(9, [0, 7]), (15, [0, 7]), (16, [0, 8]), (17, [0, 7, 14]), (23, [0, 8, 15]), (24, [0, 8, 16])],
)
def test_pages_overlap_where_that_costs_no_request(total: int, offsets: list[int]) -> None:
    server = Server(numbered(total))
    assert sorted(server.read().entries) == numbered(total)
    assert server.requests == [None, *(Page(8, offset) for offset in offsets)]


def test_a_first_page_counts() -> None:
    server = Server(numbered(20))
    assert sorted(server.read(first=Page(8)).entries) == numbered(20)
    assert server.requests == [Page(8, 0), Page(8, 7), Page(8, 14)]


def test_pages_are_halved_and_go_on_where_they_were() -> None:
    server = Server(numbered(57), sizes={"k50": 3}, answer_limit=20)
    assert sorted(server.read(size=20).entries) == numbered(57)
    pages = [Page(20, 0), Page(20, 19), Page(20, 38), Page(10, 38), Page(10, 47)]
    assert server.requests == [None, *pages]


def test_the_smallest_page_has_eight_entries() -> None:
    server = Server(numbered(20), answer_limit=7)
    with pytest.raises(ZitadelError, match="too much"):
        server.read(size=30)
    assert server.requests == [None, Page(30), Page(15), Page(8)]


@pytest.mark.parametrize(
    ("limit", "refusal", "expected"),
    [
        (1000, TOO_LARGE, 500),
        (500, TOO_LARGE, 250),
        (15, TOO_LARGE, 8),
        (9, TOO_LARGE, 8),
        # What every instance allows unless somebody has set less.
        (1000, OVER_THE_LIMIT, 100),
        (100, OVER_THE_LIMIT, 50),
    ],
)
def test_the_next_page_size(limit: int, refusal: Refusal, expected: int) -> None:
    assert smaller(limit, error(refusal)) == expected


@pytest.mark.parametrize("refusal", [TOO_LARGE, OVER_THE_LIMIT])
def test_there_is_no_smaller_page(refusal: Refusal) -> None:
    with pytest.raises(ZitadelError, match="too much"):
        smaller(8, error(refusal))


def test_an_instance_that_allows_less() -> None:
    server = Server(numbered(60), answer_limit=1000, max_page=30)
    assert sorted(server.read(first=Page(1000)).entries) == numbered(60)
    assert server.requests == [Page(1000), Page(100), Page(50), Page(25), Page(25, 24), Page(25, 48)]


def test_any_other_error_ends_it() -> None:
    def fetch(_selection: Selection, _page: Page | None) -> tuple[list[Entry], int]:
        raise ZitadelError("no", Refusal(429, code=8, id="QUOTA-vjAy8"))

    with pytest.raises(ZitadelError, match="no"):
        read_selection(fetch, EVERYTHING, None, 8)


def test_an_answer_that_lacks_some_of_the_total_is_not_believed() -> None:
    both = [entry("a"), entry("b")]
    answers = iter([([], 2), (both[:1], 2), (both[:1], 2), (both, 2)])
    assert sorted(read_selection(lambda _selection, _page: next(answers), EVERYTHING, None, 8).entries) == ["a", "b"]


def test_only_what_was_selected_is_returned() -> None:
    """Also where the server gives more: it knows no prefix with a backslash."""
    server = Server(["a\\b", "a\\bc", "ab"])
    assert list(server.read(Selection("STARTS_WITH", "a\\b")).entries) == ["a\\b", "a\\bc"]


# Wanted keys


def test_a_few_wanted_keys_are_read_one_by_one_where_the_answer_is_too_large() -> None:
    server = Server(numbered(20))
    assert list(server.read(selection_of(["k03", "k17", "never"])).entries) == ["k03", "k17"]
    assert server.requests == [None, "k03", "k17", "never"]


@pytest.mark.parametrize(("number", "in_pages"), [(20, False), (21, True)])
def test_many_wanted_keys_are_read_in_pages(number: int, in_pages: bool) -> None:
    server = Server(numbered(30))
    assert sorted(server.read(selection_of(numbered(number))).entries) == numbered(number)
    assert (Page(8, 0) in server.requests) is in_pages
    assert (len(server.requests) == 1 + number) is not in_pages


# Others write between the pages

Change = Callable[[set[str]], object]


def moved(removed: str, added: str) -> Change:
    """One key goes and one comes: the total stays."""

    def change(keys: set[str]) -> None:
        keys.discard(removed)
        keys.add(added)

    return change


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda keys: keys.add("a"), id="one more"),
        pytest.param(lambda keys: keys.discard("k00"), id="one fewer"),
        pytest.param(moved("k19", "a"), id="one seen twice"),
        pytest.param(moved("k00", "z"), id="one hidden"),
    ],
)
def test_a_second_pass_after_a_change_between_pages(change: Change) -> None:
    server = Server(numbered(20), changes=[change])
    listing = server.read(first=Page(8))
    assert (set(listing.entries), listing.complete) == (server.keys, True)
    assert server.requests.count(Page(8, 0)) == 2


@pytest.mark.parametrize("selection", [EVERYTHING, selection_of([*numbered(20), "a"])], ids=["everything", "keys"])
def test_a_pass_with_a_key_twice_is_not_whole(selection: Selection) -> None:
    """Pages that do not overlap: k07 is seen twice and k19 never, and the total stays."""
    changes = [moved("k19", "a"), lambda _keys: None]
    server = Server(numbered(20), changes=changes * 3, answer_limit=10)
    listing = server.read(selection, first=Page(10), size=10)
    assert set(listing.entries) >= server.keys
    assert listing.complete


def test_keys_that_no_pass_has_shown_are_read_alone() -> None:
    """Before each page the keys move, so that no pass is whole and one key is always behind."""
    wanted = [*numbered(30), "z"]
    adding = [lambda keys, key=f"a{number:02}": keys.add(key) for number in range(60)]
    server = Server(wanted, changes=adding, order=lambda key: (key == "z", key))
    hidden = server.fetch

    def fetch(selection: Selection, page: Page | None) -> tuple[list[Entry], int]:
        entries, total = hidden(selection, page)
        return ([one for one in entries if page is None or one.key != "z"], total)

    listing = read_selection(fetch, selection_of(wanted), Page(8), 8)
    assert "z" in listing.entries
    assert "z" in server.requests


def test_three_passes_that_do_not_agree_are_not_complete() -> None:
    adding = [lambda keys, key=f"a{number:02}": keys.add(key) for number in range(30)]
    server = Server(numbered(20), changes=adding)
    listing = server.read(first=Page(8))
    assert not listing.complete
    assert listing.entries.keys() >= set(numbered(20))
    assert server.requests.count(Page(8, 0)) == 3


def test_everything_is_gone_after_the_first_page() -> None:
    server = Server(numbered(20), changes=[lambda keys: keys.clear()])
    assert server.read(first=Page(8)) == Listing({})


NUMBERS = st.integers(0, 39).map("k{:02}".format)


@settings(max_examples=150)
@given(
    st.sets(NUMBERS, min_size=12),
    st.lists(st.lists(st.tuples(st.booleans(), NUMBERS), max_size=3), max_size=15),
    st.none() | st.sets(NUMBERS, min_size=2),
    st.sampled_from([None, Page(8), Page(12)]),
    st.sampled_from([str, shuffled]),
)
def test_what_was_there_all_the_time_is_found_or_the_listing_is_not_complete(
    keys: set[str],
    writes: list[list[tuple[bool, str]]],
    wanted: set[str] | None,
    first: Page | None,
    order: Callable[[str], Any],
) -> None:
    def change(some: list[tuple[bool, str]]) -> Change:
        def apply(current: set[str]) -> None:
            for is_set, key in some:
                (current.add if is_set else current.discard)(key)

        return apply

    server = Server(keys, answer_limit=12, order=order, changes=map(change, writes))
    selection = EVERYTHING if wanted is None else selection_of(wanted)
    listing = server.read(selection, first=first)
    found = set(listing.entries)
    asked = wanted if wanted is not None else set().union(*server.history)
    always = asked.intersection(*server.history)
    ever = asked & set().union(*server.history)
    assert listing.complete or wanted is None
    assert found <= ever
    # Where pages do not overlap, a key that goes while another one comes hides a third.
    if listing.complete and are_overlapping(server.requests):
        assert always <= found
