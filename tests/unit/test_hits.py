# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""All pages of a search, while others come and go between them, and where the total cannot be trusted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest
from ansible_collections.community.zitadel.plugins.module_utils import _hits
from ansible_collections.community.zitadel.plugins.module_utils._hits import Hits, read_hits
from hypothesis import given
from hypothesis import strategies as st

PAGE = 5
IDS = st.integers(0, 30).map("{:02}".format)


@pytest.fixture(autouse=True, scope="module")
def small_pages() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_hits, "PAGE_SIZE", PAGE)
        yield


class Server:
    """Ids in order. Those that may not be read are taken out after the limit, and count. "09" meets no condition of ours."""

    def __init__(
        self,
        ids: Sequence[str],
        *,
        unreadable: Sequence[str] = (),
        counts: str = "all",
        changes: Sequence[set[str]] = (),
    ) -> None:
        """After each request, the next change comes or goes, one by one."""
        self.ids = set(ids)
        self.always = set(ids) - set(unreadable)
        self.offsets: list[int] = []
        self._unreadable = unreadable
        self._counts = counts
        self._changes = iter(changes)

    def fetch(self, offset: int) -> Hits[str]:
        self.offsets.append(offset)
        page = sorted(self.ids)[offset : offset + PAGE]
        ids = [one for one in page if one not in self._unreadable]
        total = {"all": len(self.ids) if page else 0, "page": len(ids), "nothing": 0}[self._counts]
        self.ids ^= next(self._changes, set())
        self.always &= self.ids
        return Hits({one: one for one in ids if one != "09"}, total, ids)


def numbered(count: int) -> list[str]:
    return [f"{number:02}" for number in range(count)]


@pytest.mark.parametrize(
    ("count", "offsets"),
    [(0, [0]), (1, [0]), (4, [0]), (5, [0, 4]), (6, [0, 4]), (8, [0, 4]), (9, [0, 4, 8]), (10, [0, 4, 8])],
)
@pytest.mark.parametrize("counts", ["all", "page", "nothing"])
def test_each_page_begins_with_the_last_of_the_one_before(count: int, offsets: list[int], counts: str) -> None:
    """A page that is full is never the last, whatever the total says."""
    server = Server(numbered(count), counts=counts)
    found = read_hits(server.fetch)
    assert list(found) == [one for one in numbered(count) if one != "09"]
    assert server.offsets[: len(offsets)] == offsets


@pytest.mark.parametrize("count", [4, 6, 8])
def test_no_request_too_many(count: int) -> None:
    server = Server(numbered(count))
    read_hits(server.fetch)
    assert len(server.offsets) == -(-count // PAGE)


@given(st.sets(IDS), st.sets(IDS))
def test_what_may_not_be_read_hides_nothing(ids: set[str], unreadable: set[str]) -> None:
    """A page can be short or empty without being the last."""
    server = Server(sorted(ids), unreadable=sorted(unreadable))
    assert set(read_hits(server.fetch)) == {one for one in ids - unreadable if one != "09"}


@given(st.sets(IDS), st.lists(st.sets(IDS, max_size=4), max_size=2))
def test_what_was_there_all_the_time_is_found(ids: set[str], changes: list[set[str]]) -> None:
    """As long as one of three passes is left in peace."""
    server = Server(sorted(ids), changes=changes)
    found = set(read_hits(server.fetch))
    assert {one for one in server.always if one != "09"} <= found


@pytest.mark.parametrize(
    "change",
    [{"a"}, {"00"}, {"00", "01"}, {"00", "x"}, {"00", "01", "x", "y"}, {"a", "00", "01", "x"}],
    ids=lambda change: " ".join(sorted(change)),
)
def test_a_change_between_two_pages_is_noticed(change: set[str]) -> None:
    server = Server(numbered(9), changes=[change])
    found = read_hits(server.fetch)
    assert server.offsets.count(0) == 2
    assert set(found) == {one for one in server.ids if one != "09"}


@pytest.mark.parametrize("unreadable", [[], ["00"]], ids=["full page", "short page"])
def test_a_page_that_is_past_the_end_is_noticed(unreadable: list[str]) -> None:
    """Nothing is left where the rest was: it has moved to the page before."""
    server = Server(numbered(6), unreadable=unreadable, changes=[{"00", "01"}])
    assert set(read_hits(server.fetch)) >= {"02", "03", "04", "05"}
    assert server.offsets == [0, 4, 0]


def test_three_passes_are_enough() -> None:
    server = Server(numbered(9), changes=[{"00"}] * 100)
    assert set(read_hits(server.fetch)) >= set(numbered(9)) - {"00", "09"}
    assert server.offsets.count(0) == 3
