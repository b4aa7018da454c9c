# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the server remembers: organizations, their metadata, users.

Every write is an event with a sequence in its organization. The **write side** (what commands check: is the
key there, has it the value already) and what **readers** see are kept apart, since servers of July 2026
sometimes store a write that readers never get to see.
"""

from __future__ import annotations

import itertools
import secrets
import threading
import time
import zlib
from collections.abc import Iterable
from dataclasses import dataclass, field

from . import errors
from .releases import Release

INSTANCE_ID = "400983458387594278"
EXTERNAL_DOMAIN = "localhost"


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
    organization: str


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


@dataclass
class Organization:
    organization_id: str
    name: str
    domains: list[str]
    creation_date: str
    sequence: int = 0
    change_date: str = ""
    state: str = "active"  # or "inactive", "removed"
    # The list of organizations only follows events about the organization itself.
    listed_sequence: int = 4
    listed_date: str = ""
    roles: dict[str, set[str]] = field(default_factory=dict)
    written: dict[str, bytes] = field(default_factory=dict)
    last_metadata: Written | None = None
    readable: dict[str, Entry] = field(default_factory=dict)
    behind: list[Behind] = field(default_factory=list)

    @property
    def primary_domain(self) -> str:
        return self.domains[-1]


@dataclass
class User:
    """A machine user; ``token`` is its first personal access token."""

    user_id: str
    login_name: str
    organization: str
    token: str = ""
    sequence: int = 1
    instance_roles: set[str] = field(default_factory=set)
    secret: str | None = None
    secret_unknown_uses: int = 0
    keys: dict[str, object] = field(default_factory=dict)

    def new_secret(self, unknown_uses: int = 0) -> str:
        """Make a secret. A new one can be unknown to the token endpoint for a moment: for its first uses."""
        self.secret, self.secret_unknown_uses = secrets.token_urlsafe(48), unknown_uses
        return self.secret


@dataclass
class Token:
    user: User
    for_api: bool = True
    uses_left: int | None = None
    issued: bool = False  # by the token endpoint


class Store:
    """All state. Every public method may be called from any thread."""

    def __init__(self, release: Release, *, scramble_order: bool = False) -> None:
        self.release = release
        self.lock = threading.RLock()
        self.organizations: dict[str, Organization] = {}
        self.users: dict[str, User] = {}
        self.tokens: dict[str, Token] = {}
        self._scramble_order = scramble_order
        self._ids = itertools.count(int(INSTANCE_ID) + 65536, 16777216 + 65536)
        self._last_microsecond = 0
        self.issued_token_uses: int | None = None  # how often tokens of the token endpoint work

    def new_id(self) -> str:
        with self.lock:
            return str(next(self._ids))

    def now(self) -> str:
        """The time of an event: no two are alike."""
        with self.lock:
            self._last_microsecond = max(self._last_microsecond + 1, time.time_ns() // 1000)
            return format_date(self._last_microsecond)

    # Organizations

    def add_organization(self, name: str, *, domain: str | None = None, owner: User | None = None) -> Organization:
        with self.lock:
            if any(other.name == name and other.state != "removed" for other in self.organizations.values()):
                raise errors.ApiError(6, self.release.name_taken, "V3-DKcYh")
            now = self.now()
            domains = [f"{name.lower().replace(' ', '-')}.{EXTERNAL_DOMAIN}"]
            if domain:
                domains.append(domain)
            organization = Organization(self.new_id(), name, domains, now, sequence=4, change_date=now, listed_date=now)
            self.organizations[organization.organization_id] = organization
            if owner:
                organization.roles[owner.user_id] = {"ORG_OWNER"}
            organization.sequence = 5
            return organization

    def change_state(self, organization: Organization, state: str) -> Written:
        with self.lock:
            if organization.state == "removed":
                raise organization_not_found()
            if organization.state == state:
                word, error_id = ("active", "EVENT-bfnrh") if state == "active" else ("deactivated", "EVENT-Dbs2g")
                raise errors.ApiError(9, f"Organisation is already {word}", error_id)
            written = self._next_event(organization)
            organization.state = state
            organization.listed_sequence, organization.listed_date = written.sequence, written.date
            if state == "removed":
                organization.roles.clear()
                organization.written.clear()
                organization.readable.clear()
                organization.behind.clear()
            return written

    def add_role(self, organization: Organization, user: User, roles: Iterable[str]) -> Written:
        with self.lock:
            organization.roles[user.user_id] = set(roles)
            return self._next_event(organization)

    def list_organizations(self) -> list[Organization]:
        """Those not removed, in no order that anybody promised."""
        with self.lock:
            found = [one for one in self.organizations.values() if one.state != "removed"]
        return sorted(found, key=lambda one: _scramble(one.organization_id)) if self._scramble_order else found

    # Metadata, the write side

    def set(self, organization: Organization, key: str, value: bytes, fate: Fate = USUAL) -> Written:
        """Set one key. Always an event, also when the value is the same."""
        with self.lock:
            self._check_writable(organization, [key])
            return self._write(organization, [(key, value)], fate)

    def set_many(self, organization: Organization, entries: list[tuple[str, bytes]], fate: Fate = USUAL) -> Written:
        """Set several keys, all or none."""
        with self.lock:
            if not entries:
                raise errors.ApiError(9, "Metadata list is empty", "META-9mm2d")
            self._check_writable(organization, [key for key, _value in entries])
            changes: list[tuple[str, bytes | None]] = [*entries]
            if self.release.bulk_skips_equal_values:
                # Each is compared with what was there before the call: of [k=new, k=current] the first stays.
                changes = [(key, value) for key, value in changes if organization.written.get(key) != value]
                if not changes and organization.last_metadata:
                    return organization.last_metadata
            return self._write(organization, changes, fate)

    def remove(self, organization: Organization, key: str, fate: Fate = USUAL) -> Written:
        with self.lock:
            self._check_exists(organization)
            if key not in organization.written:
                raise errors.key_not_found("META-mcnw3")
            return self._write(organization, [(key, None)], fate)

    def remove_many(self, organization: Organization, keys: list[str], fate: Fate = USUAL) -> Written:
        """Remove several keys, all or none; a key given twice makes two events."""
        with self.lock:
            if not keys:
                raise errors.ApiError(9, "Metadata list is empty", "META-9mw2d")
            self._check_exists(organization)
            if any(key not in organization.written for key in keys):
                raise errors.ApiError(5, "One or more keys do not exist", "META-2npds")
            return self._write(organization, [(key, None) for key in keys], fate)

    # Metadata, what readers see

    def read(self, organization: Organization) -> dict[str, Entry]:
        """What a reader sees now. Reading moves readers on that are behind."""
        with self.lock:
            seen = dict(organization.readable)
            self._after_read(organization)
            return seen

    def read_one(self, organization: Organization, key: str) -> Entry | None:
        with self.lock:
            seen = organization.readable.get(key)
            self._after_read(organization)
            return seen

    def peek(self, organization: Organization) -> dict[str, Entry]:
        """What a reader sees now, without reading."""
        with self.lock:
            return dict(organization.readable)

    def in_order(self, entries: Iterable[Entry]) -> list[Entry]:
        """Entries as the query plan yields them: by key, or (``scramble_order``) in an order of its own."""
        if self._scramble_order:
            return sorted(entries, key=lambda entry: _scramble(entry.key))
        return sorted(entries, key=lambda entry: entry.key)

    # Users and tokens

    def add_user(self, login_name: str, organization: str, *, instance_roles: Iterable[str] = ()) -> User:
        with self.lock:
            user = User(self.new_id(), login_name, organization, instance_roles=set(instance_roles))
            self.users[user.user_id] = user
            return user

    def add_token(self, user: User, token: str | None = None, *, for_api: bool = True, issued: bool = False) -> str:
        with self.lock:
            token = token or secrets.token_urlsafe(53)
            uses_left = self.issued_token_uses if issued else None
            self.tokens[token] = Token(user, for_api=for_api, uses_left=uses_left, issued=issued)
            return token

    def user_of_token(self, token: str) -> User:
        """The user behind a token.

        Raises ApiError: it is unknown, expired, not meant for the API, or its organization was removed.
        """
        with self.lock:
            found = self.tokens.get(token)
            if found is None or not found.for_api:
                raise errors.token_invalid()
            home = self.organizations.get(found.user.organization)
            if home is None or home.state == "removed":
                raise errors.token_invalid()
            if found.uses_left is not None:
                if found.uses_left <= 0:
                    raise errors.token_invalid()
                found.uses_left -= 1
            return found.user

    # Inside

    def _check_exists(self, organization: Organization) -> None:
        if organization.state == "removed":
            raise errors.organization_gone()

    def _check_writable(self, organization: Organization, keys: list[str]) -> None:
        self._check_exists(organization)
        if any("\0" in key for key in keys):
            # PostgreSQL cannot store it.
            raise errors.ApiError(2, "ERROR: unsupported Unicode escape sequence (SQLSTATE 22P05)", wrapped=True)

    def _next_event(self, organization: Organization) -> Written:
        organization.sequence += 1
        organization.change_date = self.now()
        return Written(organization.sequence, organization.change_date, organization.organization_id)

    def _write(self, organization: Organization, changes: Iterable[tuple[str, bytes | None]], fate: Fate) -> Written:
        if fate.collides:
            raise errors.write_collision()
        date = self.now()  # all events of one call carry one date
        events = []
        for key, value in changes:
            organization.sequence += 1
            events.append(Event(key, value, organization.sequence, date))
            if value is None:
                organization.written.pop(key, None)
            else:
                organization.written[key] = value
        organization.change_date = date
        written = Written(organization.sequence, date, organization.organization_id)
        organization.last_metadata = written
        if fate.lost:
            pass  # stored, and no reader will ever see it
        elif fate.lag or organization.behind:
            # Readers take events in order: whoever writes behind a write that is late is late as well.
            organization.behind.append(Behind(events, fate.lag))
        else:
            self._project(organization, events)
        return written

    def _after_read(self, organization: Organization) -> None:
        if organization.behind:
            organization.behind[0].reads -= 1
        while organization.behind and organization.behind[0].reads <= 0:
            self._project(organization, organization.behind.pop(0).events)

    @staticmethod
    def _project(organization: Organization, events: list[Event]) -> None:
        readable = organization.readable
        for event in events:
            if event.value is None:
                readable.pop(event.key, None)
                continue
            before = readable.get(event.key)
            created = before.creation_date if before else event.date
            readable[event.key] = Entry(event.key, event.value, event.sequence, created, event.date)


def organization_not_found() -> errors.ApiError:
    return errors.ApiError(5, "Organisation not found", "ORG-oL9nT")


def format_date(microseconds: int) -> str:
    """RFC 3339 with 0, 3 or 6 digits of fraction, as protobuf writes dates."""
    seconds, fraction = divmod(microseconds, 1_000_000)
    text = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds))
    if fraction % 1000:
        return f"{text}.{fraction:06d}Z"
    return f"{text}.{fraction // 1000:03d}Z" if fraction else f"{text}Z"


def _scramble(text: str) -> int:
    return zlib.crc32(text.encode())
