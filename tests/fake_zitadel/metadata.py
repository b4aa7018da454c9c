# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Metadata of organizations and of users: what was written, and what readers see of it.

Every write is an event with a sequence in its owner. The **write side** (what commands check: is the key there,
has it the value already) and what **readers** see are kept apart, since servers of July 2026 sometimes store a
write that readers never get to see.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from dataclasses import dataclass, field

from . import errors
from .clock import Clock
from .releases import Release


@dataclass(frozen=True)
class Entry:
    """One key as readers see it."""

    key: str
    value: bytes
    sequence: int
    creation_date: str
    change_date: str


@dataclass(frozen=True)
class Event:
    """One key set (``value``) or removed (None)."""

    key: str
    value: bytes | None
    sequence: int
    date: str


@dataclass(frozen=True)
class Written:
    """What the answer of a write tells."""

    sequence: int
    date: str
    resource_owner: str


@dataclass(frozen=True)
class Fate:
    """What happens to a write beside being stored (see ``faults``)."""

    collides: bool = False  # refused, nothing is stored
    lost: bool = False  # readers never see it
    lag: int = 0  # readers see it after so many reads


USUAL = Fate()


@dataclass
class Behind:
    """Events that readers do not see until ``reads`` reads have passed."""

    events: list[Event]
    reads: int


@dataclass(frozen=True)
class Kind:
    """Where the metadata of organizations and that of users differ."""

    message: str  # part of the names of request messages
    read: str  # permission
    write: str
    missing: errors.Known  # the owner itself
    absent_get: str
    absent_remove: str
    absent_remove_many: str
    nothing_to_remove: str
    sorted_by_age: bool


ORGANIZATION = Kind(
    message="Org",
    read="org.read",
    write="org.write",
    missing=errors.ORGANIZATION_GONE,
    absent_get="QUERY-Rph32",
    absent_remove="META-mcnw3",
    absent_remove_many="META-2npds",
    nothing_to_remove="META-9mw2d",
    sorted_by_age=False,
)
USER = Kind(
    message="User",
    read="user.read",
    write="user.write",
    missing=errors.USER_GONE,
    absent_get="QUERY-Rgh32",
    absent_remove="META-ncnw3",
    absent_remove_many="META-2nnds",
    nothing_to_remove="META-9mm2d",
    sorted_by_age=True,
)


@dataclass(kw_only=True, eq=False)
class Owner:
    """An organization or a user. ``sequence`` counts all its events."""

    kind: Kind
    resource_owner: str
    exists: bool = True
    sequence: int = 0
    change_date: str = ""
    written: dict[str, bytes] = field(default_factory=dict)
    last_values: dict[str, bytes] = field(default_factory=dict)  # removals leave them
    last_of_key: dict[str, Written] = field(default_factory=dict)
    last_metadata: Written | None = None
    readable: dict[str, Entry] = field(default_factory=dict)
    behind: list[Behind] = field(default_factory=list)

    def forget(self) -> None:
        """The owner was removed, and its metadata with it."""
        self.exists = False
        self.written.clear()
        self.readable.clear()
        self.behind.clear()


class Metadata:
    """The metadata of all owners. Every method may be called from any thread."""

    def __init__(self, release: Release, clock: Clock, *, scramble_order: bool = False) -> None:
        self._release = release
        self._clock = clock
        self._scramble_order = scramble_order

    # The write side

    def set(self, owner: Owner, key: str, value: bytes, fate: Fate = USUAL) -> Written:
        """Set one key. Of an organization always an event, also when the value is the same; of a user not."""
        with self._clock.lock:
            self._check_writable(owner, [key])
            if owner.kind is USER:
                before = owner.last_values if self._release.user_set_overlooks_removal else owner.written
                if before.get(key) == value:
                    return owner.last_of_key[key]
            return self._write(owner, [(key, value)], fate)

    def set_many(self, owner: Owner, entries: list[tuple[str, bytes]], fate: Fate = USUAL) -> Written | None:
        """Set several keys, all or none. An empty value removes its key, if it is there.

        None: nothing was to be done, and never was.
        """
        with self._clock.lock:
            if not entries:
                raise errors.ApiError(9, "Metadata list is empty", "META-9mm2d")
            self._check_writable(owner, [key for key, _value in entries])
            # Each is compared with what was there before the call: of [k=new, k=current] the first stays.
            changes = [
                (key, value or None)
                for key, value in entries
                if (key in owner.written if not value else not self._is_equal(owner, key, value))
            ]
            return self._write(owner, changes, fate) if changes else owner.last_metadata

    def remove(self, owner: Owner, key: str, fate: Fate = USUAL) -> Written:
        with self._clock.lock:
            self.check_exists(owner)
            if key not in owner.written:
                raise errors.key_not_found(owner.kind.absent_remove)
            return self._write(owner, [(key, None)], fate)

    def remove_many(self, owner: Owner, keys: list[str], fate: Fate = USUAL) -> Written:
        """Remove several keys, all or none; a key given twice makes two events."""
        with self._clock.lock:
            if not keys:
                raise errors.ApiError(9, "Metadata list is empty", owner.kind.nothing_to_remove)
            self.check_exists(owner)
            if any(key not in owner.written for key in keys):
                raise errors.ApiError(5, "One or more keys do not exist", owner.kind.absent_remove_many)
            return self._write(owner, [(key, None) for key in keys], fate)

    @staticmethod
    def check_exists(owner: Owner) -> None:
        if not owner.exists:
            raise owner.kind.missing.error()

    # What readers see

    def read(self, owner: Owner) -> dict[str, Entry]:
        """What a reader sees now. Reading moves readers on that are behind."""
        with self._clock.lock:
            seen = dict(owner.readable)
            self._after_read(owner)
            return seen

    def read_one(self, owner: Owner, key: str) -> Entry | None:
        with self._clock.lock:
            seen = owner.readable.get(key)
            self._after_read(owner)
            return seen

    def peek(self, owner: Owner) -> dict[str, Entry]:
        """What a reader sees now, without reading."""
        with self._clock.lock:
            return dict(owner.readable)

    def in_order(self, kind: Kind, entries: Iterable[Entry], *, newest_first: bool = False) -> list[Entry]:
        """Entries as the query plan yields them: in an order of its own with ``scramble_order``.

        Nobody promised an order, but those of users come by age, and those of organizations by key.
        """
        found = sorted(entries, key=lambda entry: scramble(entry.key) if self._scramble_order else entry.key)
        if kind.sorted_by_age:
            found.sort(key=lambda entry: entry.creation_date, reverse=newest_first)
        return found

    # Inside

    def _is_equal(self, owner: Owner, key: str, value: bytes) -> bool:
        """Whether a bulk set leaves this key alone."""
        if owner.kind is ORGANIZATION and not self._release.bulk_skips_equal_values:
            return False
        return owner.written.get(key) == value

    def _check_writable(self, owner: Owner, keys: list[str]) -> None:
        self.check_exists(owner)
        if any("\0" in key for key in keys):
            # PostgreSQL cannot store it.
            raise errors.ApiError(2, "ERROR: unsupported Unicode escape sequence (SQLSTATE 22P05)", wrapped=True)

    def _write(self, owner: Owner, changes: Iterable[tuple[str, bytes | None]], fate: Fate) -> Written:
        if fate.collides:
            raise errors.write_collision()
        date = self._clock.now()  # all events of one call carry one date
        events = []
        for key, value in changes:
            owner.sequence += 1
            events.append(Event(key, value, owner.sequence, date))
            owner.last_of_key[key] = Written(owner.sequence, date, owner.resource_owner)
            if value is None:
                owner.written.pop(key, None)
            else:
                owner.written[key] = owner.last_values[key] = value
        owner.change_date = date
        owner.last_metadata = Written(owner.sequence, date, owner.resource_owner)
        if fate.lost:
            pass  # stored, and no reader will ever see it
        elif fate.lag or owner.behind:
            # Readers take events in order: whoever writes behind a write that is late is late as well.
            owner.behind.append(Behind(events, fate.lag))
        else:
            self._project(owner, events)
        return owner.last_metadata

    def _after_read(self, owner: Owner) -> None:
        if owner.behind:
            owner.behind[0].reads -= 1
        while owner.behind and owner.behind[0].reads <= 0:
            self._project(owner, owner.behind.pop(0).events)

    @staticmethod
    def _project(owner: Owner, events: list[Event]) -> None:
        readable = owner.readable
        for event in events:
            if event.value is None:
                readable.pop(event.key, None)
                continue
            before = readable.get(event.key)
            created = before.creation_date if before else event.date
            readable[event.key] = Entry(event.key, event.value, event.sequence, created, event.date)


def scramble(text: str) -> int:
    return zlib.crc32(text.encode())
