# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who may do what: roles, and the permissions that they give, in the order in which the server lists them."""

from __future__ import annotations

from .store import Organization, User


def _names(text: str) -> list[str]:
    return text.split()


# Recorded: IAM_OWNER, ORG_OWNER, ORG_OWNER_VIEWER and ORG_SETTINGS_MANAGER.
_INSTANCE_OWNER = _names("""
    iam.read iam.write iam.policy.read iam.policy.write iam.policy.delete iam.member.read iam.member.write
    iam.member.delete iam.idp.read iam.idp.write iam.idp.delete iam.action.read iam.action.write iam.action.delete
    iam.flow.read iam.flow.write iam.flow.delete iam.feature.read iam.feature.write iam.feature.delete
    iam.restrictions.read iam.restrictions.write iam.web_key.write iam.web_key.delete iam.web_key.read iam.debug.write
    iam.debug.read org.read org.global.read org.create org.write org.delete org.member.read org.member.write
    org.member.delete org.idp.read org.idp.write org.idp.delete org.action.read org.action.write org.action.delete
    org.flow.read org.flow.write org.flow.delete org.feature.read org.feature.write org.feature.delete user.read
    user.global.read user.write user.delete user.grant.read user.grant.write user.grant.delete user.membership.read
    user.credential.write user.passkey.write user.feature.read user.feature.write user.feature.delete policy.read
    policy.write policy.delete project.read project.create project.write project.delete project.member.read
    project.member.write project.member.delete project.role.read project.role.write project.role.delete
    project.app.read project.app.write project.app.delete project.grant.read project.grant.write project.grant.delete
    project.grant.member.read project.grant.member.write project.grant.member.delete events.read milestones.read
    session.read session.write session.delete action.target.read action.target.write action.target.delete
    action.execution.read action.execution.write userschema.read userschema.write userschema.delete
""")
_NOT_OF_ORGANIZATION_OWNERS = {"org.create", "project.app.delete", "session.write"}
_OF_ORGANIZATIONS = ("org.", "user.", "policy.", "project.", "session.")
_VIEWED = ("org.", "user.", "policy.", "project.")
_NOT_VIEWED = {"org.global.read"}

_ORGANIZATION_OWNER = [
    permission
    for permission in _INSTANCE_OWNER
    if permission.startswith(_OF_ORGANIZATIONS) and permission not in _NOT_OF_ORGANIZATION_OWNERS
]
PERMISSIONS: dict[str, list[str]] = {
    "IAM_OWNER": _INSTANCE_OWNER,
    "ORG_OWNER": _ORGANIZATION_OWNER,
    "ORG_OWNER_VIEWER": [
        *(
            permission
            for permission in _ORGANIZATION_OWNER
            if permission.endswith(".read") and permission.startswith(_VIEWED) and permission not in _NOT_VIEWED
        ),
        "project.grant.user.grant.read",
    ],
    "ORG_SETTINGS_MANAGER": _names("""
        org.read org.write org.member.read org.idp.read org.idp.write org.idp.delete org.feature.read org.feature.write
        org.feature.delete policy.read policy.write policy.delete
    """),
    # Not recorded, and right only as far as organizations, users and their metadata are concerned.
    "IAM_OWNER_VIEWER": [permission for permission in _INSTANCE_OWNER if permission.endswith(".read")],
    "IAM_ORG_MANAGER": [permission for permission in _INSTANCE_OWNER if permission.startswith(_VIEWED)],
    "IAM_USER_MANAGER": ["org.global.read", "user.read", "user.write", "user.delete"],
    "ORG_USER_MANAGER": ["user.read", "user.write", "user.delete"],
    "ORG_USER_SELF_MANAGER": ["policy.read", "user.self.delete"],
}


_GRANTED = {role: frozenset(permissions) for role, permissions in PERMISSIONS.items()}


def roles_of(user: User, organization: Organization | None) -> list[str]:
    """Roles of a user: those in the organization, then those in the instance. None: no membership."""
    in_organization = organization.roles.get(user.user_id, ()) if organization else ()
    return [*sorted(in_organization), *sorted(user.instance_roles)]


def permissions_of(user: User, organization: Organization) -> list[str]:
    """What a user may do in an organization, as the server lists it."""
    roles = roles_of(user, organization)
    return [*dict.fromkeys(permission for role in roles for permission in PERMISSIONS.get(role, ()))]


def may(user: User, organization: Organization | None, permission: str) -> bool:
    return any(permission in _GRANTED.get(role, ()) for role in roles_of(user, organization))
