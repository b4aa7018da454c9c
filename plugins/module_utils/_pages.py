# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reading a selection in one answer, in pages, or key by key: whichever the server allows. Pure."""

from __future__ import annotations

import math
import typing as t

from ansible_collections.community.zitadel.plugins.module_utils._errors import LIMIT_ID, ZitadelError
from ansible_collections.community.zitadel.plugins.module_utils._metadata import Entry, Listing, Selection

SMALLEST_PAGE = 8
"""Entries: so many values of the greatest size always fit into one answer."""

_PASSES = 3
_MAX_SINGLE_READS = 20


class Page(t.NamedTuple):
    """A part of the entries of a selection."""

    limit: int
    offset: int = 0


Fetch = t.Callable[[Selection, t.Optional[Page]], tuple[list[Entry], int]]  # noqa: UP045 - the sanity tests know no |
"""Returns the entries of one answer, of a page or of everything, and how many there are in all."""


def read_selection(fetch: Fetch, selection: Selection, first: Page | None, page_size: int) -> Listing:
    """Return the selected entries; first is the page to begin with, None for everything in one answer.

    Pages taken while others write can miss entries; then the listing is not complete, unless only keys are wanted:
    those are sure. Raises ZitadelError.
    """
    if selection.keys is not None and not selection.keys:
        return Listing({})
    try:
        entries, total = fetch(selection, first)
    except ZitadelError as error:
        if not _is_too_much(error):
            raise
        if selection.keys is not None and len(selection.keys) <= _MAX_SINGLE_READS:
            return Listing(_one_by_one(fetch, selection.keys))
        entries, total = [], 1
        page_size = smaller(first.limit, error) if first else page_size
    if len(entries) >= total:
        return Listing(_selected(selection, entries))
    # The first page counts only where it was one.
    listing = _in_pages(fetch, selection, entries if first else [], total if first else None, page_size)
    if selection.keys is None or listing.complete:
        return listing
    missing = selection.keys - listing.entries.keys()
    return Listing({**listing.entries, **_one_by_one(fetch, missing)})


def smaller(limit: int, error: ZitadelError) -> int:
    """Return the next page size to try after a page was refused as too large. Raises the error if there is none."""
    if limit <= SMALLEST_PAGE:
        raise error
    if error.refusal and error.refusal.id == LIMIT_ID and limit > 100:
        return 100
    return max(limit // 2, SMALLEST_PAGE)


def _one_by_one(fetch: Fetch, keys: t.Iterable[str]) -> dict[str, Entry]:
    found: dict[str, Entry] = {}
    for key in sorted(keys):
        selection = Selection("EQUALS", key, frozenset([key]))
        found.update(_selected(selection, fetch(selection, None)[0]))
    return found


def _in_pages(fetch: Fetch, selection: Selection, seen: list[Entry], total: int | None, size: int) -> Listing:
    """Read in passes until one is consistent. seen and total are of the first page of the first pass, if any."""
    union: dict[str, Entry] = {}
    for _pass in range(_PASSES):
        totals = {total} if seen and total is not None else set()
        is_aligned = True
        while not totals or len(seen) < max(totals):
            overlap = _overlap(max(totals) - len(seen), size) if seen else 0
            try:
                entries, total = fetch(selection, Page(size, len(seen) - overlap))
            except ZitadelError as error:
                if not _is_too_much(error):
                    raise
                size = smaller(size, error)
                continue
            if entries or not seen:
                # Past the end, API v2 gives no total.
                totals.add(total)
            if overlap:
                # It begins with the last entry of the page before, unless something before that came or went.
                is_same = bool(entries) and entries[0].key == seen[-1].key
                is_aligned = is_aligned and is_same
                entries = entries[1:] if is_same else entries
            if not entries:
                break
            seen += entries
        found = _selected(selection, seen)
        if is_aligned and len(totals) == 1 and len({entry.key for entry in seen}) == len(seen) == max(totals):
            return Listing(found)
        union.update(found)
        seen, total = [], None
    return Listing(union, complete=False)


def _overlap(left: int, size: int) -> int:
    """Return how many entries a page shares with the one before: one, where that costs no request more."""
    return int(math.ceil(left / (size - 1)) == math.ceil(left / size))


def _is_too_much(error: ZitadelError) -> bool:
    return error.too_large or (error.refusal is not None and error.refusal.id == LIMIT_ID)


def _selected(selection: Selection, entries: t.Iterable[Entry]) -> dict[str, Entry]:
    return {entry.key: entry for entry in entries if selection.matches(entry.key)}
