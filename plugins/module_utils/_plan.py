# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What to write, and what a read after a write means. Pure."""

from __future__ import annotations

import enum
import typing as t

from ansible_collections.community.zitadel.plugins.module_utils._desired import Desired
from ansible_collections.community.zitadel.plugins.module_utils._errors import ZitadelError
from ansible_collections.community.zitadel.plugins.module_utils._metadata import Details, Entry, Listing, Values
from ansible_collections.community.zitadel.plugins.module_utils._values import named


class Plan(t.NamedTuple):
    """What to write, and which of the keys that the task names are in their desired state already."""

    added: dict[str, bytes]
    updated: dict[str, bytes]
    removed: list[str]
    unchanged: list[str]

    @property
    def changed(self) -> bool:
        return bool(self.added or self.updated or self.removed)

    @property
    def values(self) -> Values:
        """What to write: sets, then removals."""
        return {**self.added, **self.updated, **dict.fromkeys(self.removed)}

    def lists(self) -> dict[str, list[str]]:
        """Return the return values added, updated, removed and unchanged, as if all of it were done."""
        return {
            "added": sorted(self.added),
            "updated": sorted(self.updated),
            "removed": self.removed,
            "unchanged": self.unchanged,
        }


def plan(listing: Listing, desired: Desired) -> Plan:
    """Compare the current with the desired state, by bytes. Raises ZitadelError if the listing is too unsure to purge."""
    current = listing.entries
    added = {key: value for key, value in desired.present.items() if key not in current}
    differing = ((key, value) for key, value in desired.present.items() if key in current)
    updated = {key: value for key, value in differing if current[key].value != value}
    asked = {key for key in desired.absent if key in current}
    if desired.purge and not listing.complete:
        raise ZitadelError(
            "Cannot purge: the metadata is too large for one answer, and other writers changed it while it was "
            "read in pages, so that it is not certain which keys exist. Run the task again when they are done."
        )
    purged = _purged(current, desired)
    unchanged = desired.keys - added.keys() - updated.keys() - asked
    return Plan(added, updated, sorted(asked | purged), sorted(unchanged))


def check_removals(planned: Plan, desired: Desired) -> None:
    """Raise ZitadelError if purge would remove more keys than it may."""
    limit = desired.purge.max_removals if desired.purge else None
    purged = set(planned.removed) - desired.absent
    if limit is not None and len(purged) > limit:
        raise ZitadelError(
            f"Purge would remove {named(purged)}, but max_removals allows {limit}. Nothing was written. "
            "Check metadata, purge_prefix and keep, or raise max_removals."
        )


def _purged(current: t.Mapping[str, Entry], desired: Desired) -> set[str]:
    if desired.purge is None:
        return set()
    return {key for key in current.keys() - desired.keys if desired.purge.covers(key)}


class Outcome(enum.Enum):
    """What a read after a write shows of one key."""

    RIGHT = "as written"
    LATER = "written again by somebody else"
    NOT_YET = "not as written"


def outcome(seen: Entry | None, value: bytes | None, answer: Details) -> Outcome:
    """Return what a reader sees of a key that was set to value or, with None, removed.

    answer is that to the write. Right bytes are right, whatever their sequence or date. An absent key has neither, so
    that a removal by somebody else looks like a write that is not visible yet.
    """
    if (seen and seen.value) == value:
        return Outcome.RIGHT
    return Outcome.LATER if seen and seen.details.is_after(answer) else Outcome.NOT_YET
