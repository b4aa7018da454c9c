# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the service account may do, and whether x-zitadel-orgid reaches ZITADEL: both answered by one question."""

from __future__ import annotations

from ansible_collections.community.zitadel.plugins.module_utils._connection import Connection
from ansible_collections.community.zitadel.plugins.module_utils._errors import UNKNOWN_ORGANIZATION_ID, ZitadelError
from ansible_collections.community.zitadel.plugins.module_utils._metadata import Permission

_NO_ORGANIZATION = "0"
"""The id of no organization: ZITADEL refuses it wherever it gets to see it."""


def may(connection: Connection, org_id: str | None, permission: Permission) -> bool | None:
    """Whether the service account has a permission in an organization (None: its own); None if ZITADEL does not tell.

    POST /auth/v1/permissions/zitadel/me/_search. Raises ZitadelError only where ZITADEL does not know the organization,
    the token, or cannot be reached.
    """
    try:
        answer = _ask(connection, org_id, permission)
    except ZitadelError as error:
        if _ends_all(error) or (error.refusal and error.refusal.id == UNKNOWN_ORGANIZATION_ID):
            raise
        # Blocked by a reverse proxy, or no ZITADEL that answers this.
        return None
    permissions = answer.get("result", [])
    return permission in permissions if isinstance(permissions, list) else None


def header_arrives(connection: Connection) -> bool:
    """Whether x-zitadel-orgid is known to reach ZITADEL: two organizations answered, or "0" is refused. Asks once."""
    instance = connection.instance
    if instance.two_answered:
        return True
    with instance.lock:
        if instance.header_arrives is None:
            try:
                _ask(connection, _NO_ORGANIZATION, "org.read")
            except ZitadelError as error:
                if _ends_all(error):
                    raise
                instance.header_arrives = error.refusal is not None and error.refusal.id == UNKNOWN_ORGANIZATION_ID
            else:
                instance.header_arrives = False
        return instance.header_arrives


def _ends_all(error: ZitadelError) -> bool:
    """Whether no other request would succeed, either; a reverse proxy that wants a login only for this one blocks it."""
    is_proxy = error.refusal is not None and error.refusal.status == 401 and not error.refusal.json
    return error.fate.hopeless and not is_proxy


def _ask(connection: Connection, org_id: str | None, permission: Permission) -> dict[str, object]:
    place = f"organization {org_id}" if org_id else "the service account's own organization"
    return connection.call(
        "POST",
        "/auth/v1/permissions/zitadel/me/_search",
        doing=f"ask for the permissions in {place} at {connection.url}",
        place=place,
        permission=permission,
        org_id=org_id,
        body=b"{}",
    )
