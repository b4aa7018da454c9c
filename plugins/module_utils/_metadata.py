# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The types that all layers share: owner, entry, selection, write, and what an API for metadata offers. Pure."""

from __future__ import annotations

import json
import os.path
import typing as t

from ansible_collections.community.zitadel.plugins.module_utils._errors import ZitadelError
from ansible_collections.community.zitadel.plugins.module_utils._values import named

Permission = t.Literal["org.read", "org.write", "org.create", "org.delete", "user.read", "user.write"]


class Owner(t.NamedTuple):
    """Whose metadata it is."""

    kind: t.Literal["organization", "user"]
    id: str | None
    """None is the service account's own organization"""
    org_id: str | None
    """The organization that it is or belongs to"""

    @property
    def place(self) -> str:
        """The owner, as a message names it."""
        return f"{self.kind} {self.id}" if self.id else "the service account's own organization"

    def ids(self, answered: str | None) -> dict[str, str | None]:
        """Return the ids that a result has; answered is the organization that has answered, if one has."""
        if self.kind == "organization":
            return {"org_id": answered}
        # The search for a user has shown its organization.
        return {"org_id": answered or self.org_id, "user_id": self.id}

    def permission(self, kind: t.Literal["read", "write"]) -> Permission:
        return t.cast(Permission, f"{'org' if self.kind == 'organization' else 'user'}.{kind}")


class Details(t.NamedTuple):
    """When something was written: dates as RFC 3339 text. What the server does not tell is None."""

    sequence: int | None = None
    creation_date: str | None = None
    change_date: str | None = None
    resource_owner: str | None = None

    @classmethod
    def read(cls, content: t.Mapping[str, t.Any]) -> Details:
        """Take the details of an answer. Raises AttributeError, TypeError or ValueError if they are not any."""
        sequence = content.get("sequence")
        return cls(
            sequence=None if sequence is None else int(sequence),
            creation_date=content.get("creationDate"),
            change_date=content.get("changeDate"),
            resource_owner=content.get("resourceOwner"),
        )

    @property
    def event_date(self) -> str | None:
        """The date of the event in the answer of a write: single sets call it creationDate, all others changeDate."""
        return self.change_date or self.creation_date

    def is_after(self, other: Details) -> bool:
        """Whether this was written later: by sequence where both have one, else by date. False if that is not known."""
        if self.sequence is not None and other.sequence is not None:
            return self.sequence > other.sequence
        if self.sequence is None and other.sequence is None and self.event_date and other.event_date:
            return _comparable(self.event_date) > _comparable(other.event_date)
        return False


def newest(many: t.Iterable[Details]) -> Details:
    """Return the newest details, of equally new ones the last; empty details if there are none."""
    found = Details()
    for details in many:
        if not found.is_after(details):
            found = details
    return found


class Entry(t.NamedTuple):
    """One metadata entry as a reader sees it."""

    key: str
    value: bytes
    details: Details


class Selection(t.NamedTuple):
    """The entries to read: those whose key is, begins with, or contains a text; all by default."""

    method: t.Literal["EQUALS", "STARTS_WITH", "CONTAINS"] = "STARTS_WITH"
    text: str = ""
    keys: frozenset[str] | None = None
    """Only these keys are wanted, if not None"""

    def matches(self, key: str) -> bool:
        if self.keys is not None:
            return key in self.keys
        if self.method == "EQUALS":
            return key == self.text
        return key.startswith(self.text) if self.method == "STARTS_WITH" else self.text in key

    @property
    def searched_text(self) -> str:
        """What the server can filter by. It takes a backslash in a pattern for an escape; matches() does the rest."""
        if self.method == "EQUALS":
            return self.text
        parts = self.text.split("\\")
        return parts[0] if self.method == "STARTS_WITH" else max(parts, key=len)


def selection_of(keys: t.Iterable[str], prefix: str | None = None) -> Selection:
    """Return the smallest selection with all these keys and, unless None, everything that starts with the prefix."""
    wanted = frozenset(keys)
    if len(wanted) == 1 and prefix is None:
        (key,) = wanted
        return Selection("EQUALS", key, wanted)
    # Character by character is what is wanted here, other than with paths.
    common = os.path.commonprefix([*wanted, *([] if prefix is None else [prefix])])  # noqa: RUF071
    return Selection("STARTS_WITH", common, wanted if prefix is None else None)


class Listing(t.NamedTuple):
    """The entries of a selection by key, and whether it is sure that none is missing."""

    entries: dict[str, Entry]
    complete: bool = True


Values = t.Mapping[str, t.Optional[bytes]]  # noqa: UP045 - the sanity tests know no |
"""Keys and what to set them to; None removes."""


class Write(t.NamedTuple):
    """One call that sets and removes keys, all of them or none."""

    values: Values
    method: t.Literal["POST", "DELETE"]
    path: str
    body: bytes | None

    @property
    def doing(self) -> str:
        """What completes "Cannot …"."""
        keys = {
            "set": [key for key, value in self.values.items() if value is not None],
            "remove": [key for key, value in self.values.items() if value is None],
        }
        return " and ".join(f"{verb} {named(names)}" for verb, names in keys.items() if names)


class Step(t.NamedTuple):
    """A part of a repair: what to write, and what a message says was done to the keys."""

    action: str
    values: Values


ABSENT_IDS = {
    "organization": frozenset({"QUERY-Rph32", "META-mcnw3", "META-2npds"}),
    "user": frozenset({"QUERY-Rgh32", "META-ncnw3", "META-2nnds"}),
}
"""The error ids that mean that a metadata key is absent. Every other 404 is a failure."""


class KeyAbsent(ZitadelError):
    """A key to remove is not there. Nothing was removed, unless an earlier try has removed it."""


class NotInOneCall(ZitadelError):
    """The release takes sets and removals in calls of their own. Nothing was written."""


class MetadataApi(t.Protocol):
    """The metadata of one owner through one API. Every answer is checked to be of that owner."""

    @property
    def version(self) -> t.Literal["v1", "v2"]:
        """The API that carries it."""

    @property
    def org_id(self) -> str | None:
        """The organization that answered, None before the first answer that tells."""

    @property
    def place(self) -> str:
        """The owner and the instance, as a message names them."""

    def read(self, selection: Selection, *, exists: bool = False, retries: int | None = None) -> Listing:
        """Return the selected entries, after which it is known that the owner exists and may be read.

        exists says that a search has shown the owner; retries is for the first request, that of the connection if None.
        Raises ZitadelError.
        """

    def reread(self, keys: t.Iterable[str], *, retries: int | None = None) -> dict[str, Entry]:
        """Return these keys of an owner that was read before. Raises ZitadelError."""

    def may_write(self) -> bool | None:
        """Whether the service account may write the metadata; None if that cannot be known."""

    def writes(self, values: Values) -> t.Iterator[Write]:
        """Yield the calls that set and remove keys, in order, none larger than a call may be."""

    def send(self, write: Write) -> Details:
        """Do a write and return what the answer tells of it.

        Raises ZitadelError, among them KeyAbsent and NotInOneCall.
        """

    def rewrites(self, lost: Values, seen: t.Mapping[str, Entry]) -> t.Iterator[Step]:
        """Yield the steps that make visible what was acknowledged, but does not appear in a read.

        lost are the keys as they were written, seen is what a read shows of them now. Each step makes an event for each
        of its keys, even if the server already counts them as written.
        """


def json_bytes(content: t.Any) -> bytes:
    """Return JSON as it is sent."""
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()


def _comparable(date: str) -> tuple[str, str]:
    """Return an RFC 3339 date in UTC so that the order is that of time, however many digits its second has."""
    whole, _point, fraction = date.rstrip("Zz").partition(".")
    return whole, fraction.ljust(9, "0")
