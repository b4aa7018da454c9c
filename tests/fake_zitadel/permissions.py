# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who may do what."""

from __future__ import annotations

from .store import Organization, User

_WRITERS = {"IAM_OWNER", "IAM_ORG_MANAGER", "ORG_OWNER", "ORG_SETTINGS_MANAGER"}
_OWNERS = {"IAM_OWNER", "IAM_ORG_MANAGER", "ORG_OWNER"}

PERMISSIONS = {
    "org.read": _WRITERS | {"IAM_OWNER_VIEWER", "ORG_OWNER_VIEWER"},
    "org.write": _WRITERS,
    "org.delete": _OWNERS,
    "org.create": {"IAM_OWNER", "IAM_ORG_MANAGER"},
    "org.member.write": _OWNERS,
    "user.write": _OWNERS,
}


def roles_of(user: User, organization: Organization) -> set[str]:
    """Roles of a user in an organization; those in the instance count everywhere. None: no membership."""
    return user.instance_roles | organization.roles.get(user.user_id, set())


def may(user: User, organization: Organization, permission: str) -> bool:
    return bool(roles_of(user, organization) & PERMISSIONS[permission])
