# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the two APIs for metadata have in common: batches, repairs, and what some answers mean. Pure."""

from __future__ import annotations

import re
import typing as t

from ansible_collections.community.zitadel.plugins.module_utils._errors import ZitadelError
from ansible_collections.community.zitadel.plugins.module_utils._metadata import (
    ABSENT_IDS,
    Entry,
    KeyAbsent,
    Owner,
    Step,
    Values,
)

MAX_CALL_BYTES = 1_000_000
"""Bytes of JSON in one call: what reverse proxies let pass, and far less than the 4 MiB of ZITADEL itself"""

MAX_CALL_KEYS = 10_000

_SEGMENT = re.compile(r"[A-Za-z0-9._~-]+")


def travels_in_path(text: str) -> bool:
    """Whether a key or an id reaches the server unchanged as a segment of a path, also through reverse proxies."""
    return bool(_SEGMENT.fullmatch(text)) and text not in (".", "..")


def as_absent(error: ZitadelError, owner: Owner) -> ZitadelError:
    """Return the error of a write, as KeyAbsent where it says that a key to remove is not there."""
    if error.refusal and error.refusal.id in ABSENT_IDS[owner.kind]:
        return KeyAbsent(error.msg, error.refusal, fate=error.fate)
    return error


def rewrites(
    lost: Values, seen: t.Mapping[str, Entry], makes_event: t.Callable[[str], bool] = lambda _key: False
) -> t.Iterator[Step]:
    """Yield the steps of MetadataApi.rewrites; makes_event tells which keys one set is enough for.

    In other cases, setting a value that the server already has makes no event, and neither does removing a key that the
    server already counts as removed. So the former are removed first, and the latter set first.
    """
    sets = {key: value for key, value in sorted(lost.items()) if value is not None}
    again = {key: value for key, value in sets.items() if not makes_event(key)}
    for key, value in sets.items():
        if makes_event(key):
            yield Step("set again", {key: value})
    if again:
        yield Step("removed in order to set it again", dict.fromkeys(again))
        yield Step("set again", again)
    shown = {key: seen[key].value for key, value in sorted(lost.items()) if value is None and key in seen}
    if shown:
        yield Step("set in order to remove it again", shown)
        yield Step("removed again", dict.fromkeys(shown))


def batches(items: t.Iterable[tuple[str, bytes]], overhead: int) -> t.Iterator[tuple[list[str], bytes]]:
    """Put items (key and JSON) together into as few calls as possible: their keys and their JSON with commas.

    overhead are the bytes of JSON around the items of each call.
    """
    keys: list[str] = []
    parts: list[bytes] = []
    size = overhead
    for key, part in items:
        if keys and (size + len(part) + 1 > MAX_CALL_BYTES or len(keys) == MAX_CALL_KEYS):
            yield keys, b",".join(parts)
            keys, parts, size = [], [], overhead
        keys.append(key)
        parts.append(part)
        size += len(part) + 1
    if keys:
        yield keys, b",".join(parts)


def refuse_hidden(entries: t.Sequence[Entry], total: int, page: object, owner: Owner, doing: str) -> None:
    """Raise ZitadelError if a first answer counts more entries than it shows: then they may not be read."""
    if total and not entries and not page and owner.kind == "user":
        raise ZitadelError(
            f"Cannot {doing}. There are {total} entries, and the service account lacks the permission user.read to see "
            "them. Give it a role that has it: ORG_OWNER, ORG_USER_MANAGER, IAM_OWNER, IAM_USER_MANAGER or a VIEWER role."
        )
