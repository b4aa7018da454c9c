# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Pieces of answers, and the sizes of messages behind the gateway."""

from __future__ import annotations

from typing import Any

from .metadata import Entry, Written
from .protojson import field_size, varint_size
from .store import INSTANCE_ID

Json = dict[str, Any]


def event(written: Written, date_field: str) -> Json:
    """What the answer of a write says."""
    return {
        "sequence": str(written.sequence),
        date_field: written.date,
        "resourceOwner": written.resource_owner,
    }


def details(sequence: int, creation_date: str, change_date: str, owner: str) -> Json:
    return {
        "sequence": str(sequence),
        "creationDate": creation_date,
        "changeDate": change_date,
        "resourceOwner": owner,
    }


def embedded(size: int) -> int:
    return 1 + varint_size(size) + size


def pair_size(key: str, value: bytes) -> int:
    return field_size(len(key.encode("utf-8", "surrogateescape"))) + field_size(len(value))


def list_size(entries: list[Entry], limit: int) -> int:
    """The size of an answer with these entries; 0 where it is far below a limit and not worth the sum."""
    if sum(len(entry.value) for entry in entries) < limit / 2 and len(entries) < 10_000:
        return 0
    return 20 + sum(embedded(_entry_size(entry)) for entry in entries)


def _entry_size(entry: Entry) -> int:
    dates = sum(embedded(6 + _nanos_size(date)) for date in (entry.creation_date, entry.change_date))
    details = 1 + varint_size(entry.sequence) + dates + field_size(len(INSTANCE_ID))
    return pair_size(entry.key, entry.value) + embedded(details)


def _nanos_size(date: str) -> int:
    nanos = int(date[20:-1].ljust(9, "0")) if "." in date else 0
    return 1 + varint_size(nanos) if nanos else 0
