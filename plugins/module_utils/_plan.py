# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What to write, and what a read after a write means. Pure: no network, no Ansible."""

from __future__ import annotations

import enum
import fnmatch
import os.path
import typing as t

from ansible_collections.community.zitadel.plugins.module_utils._api import Entry, Selection
from ansible_collections.community.zitadel.plugins.module_utils._errors import ZitadelError
from ansible_collections.community.zitadel.plugins.module_utils._values import named


class Purge(t.NamedTuple):
    """Which keys that were not asked for are removed."""

    prefix: str = ""
    keep: tuple[str, ...] = ()
    max_removals: int | None = None

    def covers(self, key: str) -> bool:
        return key.startswith(self.prefix) and not any(fnmatch.fnmatchcase(key, pattern) for pattern in self.keep)


class Wanted(t.NamedTuple):
    """What shall be true: keys with their values, keys that must not exist, and what becomes of all others."""

    present: t.Mapping[str, bytes]
    absent: frozenset[str] = frozenset()
    purge: Purge | None = None

    def selection(self) -> Selection:
        """Return the entries that decide what to write."""
        return selection_of([*self.present, *self.absent], [self.purge.prefix] if self.purge else [])


class Plan(t.NamedTuple):
    """What to write, and which of the keys asked for already are as they shall be."""

    added: dict[str, bytes]
    updated: dict[str, bytes]
    removed: list[str]
    unchanged: list[str]

    @property
    def changed(self) -> bool:
        return bool(self.added or self.updated or self.removed)

    def lists(self) -> dict[str, list[str]]:
        """Return the return values added, updated, removed and unchanged, as if all of it were done."""
        return {
            "added": sorted(self.added),
            "updated": sorted(self.updated),
            "removed": self.removed,
            "unchanged": self.unchanged,
        }


def selection_of(keys: t.Sequence[str], prefixes: t.Sequence[str] = ()) -> Selection:
    """Return the smallest selection with all these keys and everything that starts with one of the prefixes."""
    if len(keys) == 1 and not prefixes:
        return Selection("EQUALS", keys[0])
    # Character by character is what is wanted here, other than with paths.
    return Selection("STARTS_WITH", os.path.commonprefix([*keys, *prefixes]))  # noqa: RUF071


def plan(current: t.Mapping[str, Entry], wanted: Wanted, *, complete: bool = True) -> Plan:
    """Compare what is with what shall be, by bytes.

    complete says that current is sure to lack no entry. Raises ZitadelError if purge would go beyond what it may.
    """
    added = {key: value for key, value in wanted.present.items() if key not in current}
    differing = ((key, value) for key, value in wanted.present.items() if key in current)
    updated = {key: value for key, value in differing if current[key].value != value}
    asked = {key for key in wanted.absent if key in current}
    purged: set[str] = set()
    if wanted.purge:
        if not complete:
            raise ZitadelError(
                "Cannot purge: the metadata is too large for one answer, and other writers changed it while it was "
                "read in pages, so that it is not sure which keys there are. Run the task again when they are done."
            )
        others = (key for key in current if key not in wanted.present and key not in wanted.absent)
        purged = {key for key in others if wanted.purge.covers(key)}
        limit = wanted.purge.max_removals
        if limit is not None and len(purged) > limit:
            raise ZitadelError(
                f"Purge would remove {named(purged)}, but max_removals allows {limit}. Nothing was written. "
                "Check metadata, purge_prefix and keep, or raise max_removals."
            )
    unchanged = (wanted.present.keys() | wanted.absent) - added.keys() - updated.keys() - asked
    return Plan(added, updated, sorted(asked | purged), sorted(unchanged))


class Outcome(enum.Enum):
    """What a read after a write shows of one key."""

    RIGHT = "as written"
    LATER = "written again by somebody else"
    NOT_YET = "not as written"


def outcome(seen: Entry | None, value: bytes | None, sequence: int | None) -> Outcome:
    """Tell what a reader sees of a key that was set to value or, with None, removed.

    sequence is that of the answer to the write, None if it had none. Right bytes are right, whatever their sequence.
    An absent key has no sequence, so that nobody else's removal can be told from a write that is not visible.
    """
    if (seen and seen.value) == value:
        return Outcome.RIGHT
    later = seen and seen.details.sequence is not None and sequence is not None and seen.details.sequence > sequence
    return Outcome.LATER if later else Outcome.NOT_YET
