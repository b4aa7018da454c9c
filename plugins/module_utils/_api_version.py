# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which API carries the metadata of an owner: the one that was asked for, or the one that works."""

from __future__ import annotations

import typing as t

from ansible_collections.community.zitadel.plugins.module_utils._connection import Connection
from ansible_collections.community.zitadel.plugins.module_utils._errors import (
    NotZitadel,
    WrongOrganization,
    ZitadelError,
)
from ansible_collections.community.zitadel.plugins.module_utils._metadata import Listing, MetadataApi, Owner, Selection
from ansible_collections.community.zitadel.plugins.module_utils._metadata_v1 import MetadataV1

Warn = t.Callable[[str], None]


def open_and_read(
    connection: Connection,
    owner: Owner,
    selection: Selection,
    *,
    warn: Warn,
    hidden: t.Collection[str] = (),
    exists: bool = False,
) -> tuple[MetadataApi, Listing]:
    """Return the API that carries the metadata of an owner, and the selected entries.

    With api_version auto, organizations begin with v1 and users with v2; whichever is not there gives way to the other.
    Errors redact the texts in hidden; exists says that a search has shown the owner. Raises ZitadelError.
    """
    version = connection.options.api_version
    v1 = MetadataV1(connection, owner, hidden)
    if version == "v2" or (version == "auto" and connection.instance.prefers_v2):
        v2 = _v2(connection, owner, hidden)
        return v2, _read(v2, owner, selection, exists)
    if version == "auto" and owner.kind == "user" and not connection.instance.lacks_user_v2:
        v2 = _v2(connection, owner, hidden)
        try:
            return v2, _read(v2, owner, selection, exists)
        except ZitadelError as error:
            if not (error.refusal and error.refusal.unknown_procedure):
                raise
            connection.instance.lacks_user_v2 = True
    if version == "auto" and owner.kind == "user":
        return v1, _read(v1, owner, selection, exists)
    try:
        return v1, _read(v1, owner, selection, exists)
    except ZitadelError as error:
        reason = _reason_for_v2(error) if version == "auto" else None
        if reason is None:
            raise
        v2 = _v2(connection, owner, hidden)
        with connection.instance.lock:
            try:
                listing = _read(v2, owner, selection, exists)
            except ZitadelError as second:
                # What can pass in a moment decides nothing.
                if second.fate.transient:
                    raise
                if not _is_there(second):
                    raise error from None
                _prefer_v2(connection, reason, warn)
                raise
            _prefer_v2(connection, reason, warn)
        return v2, listing


def _v2(connection: Connection, owner: Owner, hidden: t.Collection[str]) -> MetadataApi:
    # A module's process compiles all that it imports, and most tasks do without this.
    from ansible_collections.community.zitadel.plugins.module_utils._metadata_v2 import MetadataV2

    return MetadataV2(connection, owner, hidden)


def _read(api: MetadataApi, owner: Owner, selection: Selection, exists: bool) -> Listing:
    try:
        return api.read(selection, exists=exists)
    except ZitadelError as error:
        raise error.but(result={"changed": False, **owner.ids(api.org_id)}) from None


def _reason_for_v2(error: ZitadelError) -> str | None:
    """Return why v1 does not work here, None if this error says nothing of the kind."""
    if isinstance(error, WrongOrganization):
        return "answers for another organization than the one asked for, since the header x-zitadel-orgid is dropped"
    refusal = error.refusal
    if refusal and (refusal.unknown_route or (refusal.status in (403, 404, 405) and not refusal.is_zitadel)):
        return f"cannot be reached (HTTP {refusal.status})"
    return None


def _is_there(error: ZitadelError) -> bool:
    """Whether API v2 itself has answered: it has refused the call or, with no refusal, shown nothing that is proven."""
    refusal = error.refusal
    if refusal is None:
        return not isinstance(error, NotZitadel)
    return refusal.code is not None and not refusal.unknown_route


def _prefer_v2(connection: Connection, reason: str, warn: Warn) -> None:
    if not connection.instance.prefers_v2:
        connection.instance.prefers_v2 = True
        warn(
            f"The Management API (v1) of {connection.url} {reason}, so API v2 is used. "
            "Set api_version to v2 to use it from the start."
        )
