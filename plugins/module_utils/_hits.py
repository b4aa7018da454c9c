# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reading all pages of a search for organizations or users, while others come and go. Pure."""

from __future__ import annotations

import dataclasses
import typing as t

PAGE_SIZE = 500
_PASSES = 3

Item = t.TypeVar("Item")


@dataclasses.dataclass(frozen=True)
class Hits(t.Generic[Item]):
    """One page of a search."""

    found: t.Mapping[str, Item]
    """By id, what meets conditions that the server does not know"""
    total: int
    """How many there are in all, whether they may be read or not"""
    ids: t.Sequence[str]
    """All of the page, in order"""


def read_hits(fetch: t.Callable[[int], Hits[Item]]) -> dict[str, Item]:
    """Return the hits of all pages by id; fetch takes an offset.

    All pages are read again, a few times, while something comes or goes between them.
    """
    union: dict[str, Item] = {}
    for _pass in range(_PASSES):
        found, is_consistent = _one_pass(fetch)
        if is_consistent:
            return found
        union.update(found)
    return union


def _one_pass(fetch: t.Callable[[int], Hits[Item]]) -> tuple[dict[str, Item], bool]:
    """Read all pages once, and tell whether nothing was added or removed between them, as far as that shows."""
    found: dict[str, Item] = {}
    totals: set[int] = set()
    offset, is_consistent = 0, True
    last: str | None = None
    while True:
        page = fetch(offset)
        found.update(page.found)
        first = page.ids[0] if page.ids else None
        if page.ids or page.total or not offset:
            totals.add(page.total)
            # Each page begins with the last of the one before, unless something before it came or went.
            is_consistent = is_consistent and last in (None, first) and len(totals) == 1
        else:
            # Past the end: the page before had said that there was more.
            is_consistent = False
        is_full = len(page.ids) == PAGE_SIZE
        last = page.ids[-1] if is_full else None
        offset += PAGE_SIZE - 1
        # The total also counts what may not be read, so that a page can be short or empty without being the last. In
        # one of ZITADEL's storages it is the length of the page, so that a full page is never the last.
        if not is_full and offset + 1 >= max(totals):
            return found, is_consistent
