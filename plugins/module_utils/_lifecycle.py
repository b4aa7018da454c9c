# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Create, rename, deactivate, reactivate and remove organizations. No two organizations get the same name."""

from __future__ import annotations

import time
import typing as t

from ansible_collections.community.zitadel.plugins.module_utils._back_off import BACK_OFF, delay
from ansible_collections.community.zitadel.plugins.module_utils._connection import Connection
from ansible_collections.community.zitadel.plugins.module_utils._errors import (
    UNKNOWN_ORGANIZATION_ID,
    WrongOrganization,
    ZitadelError,
    sentences,
)
from ansible_collections.community.zitadel.plugins.module_utils._messages import Context, lacks, unexpected
from ansible_collections.community.zitadel.plugins.module_utils._metadata import Details, Permission, json_bytes
from ansible_collections.community.zitadel.plugins.module_utils._organizations import (
    Organization,
    Search,
    find_organizations,
    own_organization,
    search_page,
)
from ansible_collections.community.zitadel.plugins.module_utils._permissions import may

MAX_NAME_LENGTH = 200
"""Unicode code points of a name"""

_TAKEN_ID = "V3-DKcYh"
_NO_MEMBER_ID = "AUTHZ-cdgFk"
_DONE_IDS = frozenset({"EVENT-Dbs2g", "EVENT-bfnrh", "ORG-4VSdf", "COMMA-aps2n"})
"""It is so already: deactivated, active, of that name, removed"""

_VISIBLE_DELAYS = (0.05, 0.1, 0.2, 0.3, 0.35)
"""Seconds between the searches that wait for a change to become visible: about one in all"""


def check_name(name: str, option: str) -> str:
    """Return a name as ZITADEL stores it, without whitespace at either end. Raises ZitadelError, naming the option."""
    name = name.strip()
    if not name:
        raise ZitadelError(f"{option} is given, but empty. Give the name of the organization.")
    if len(name) > MAX_NAME_LENGTH:
        raise ZitadelError(
            f"{option}: the name {name[:40] + '…'!r} has {len(name)} characters. ZITADEL takes at most {MAX_NAME_LENGTH}."
        )
    return name


def ask_to_create(connection: Connection, warn: t.Callable[[str], None]) -> None:
    """Raise ZitadelError if the service account may not create organizations, and warn if ZITADEL does not tell."""
    allowed = may(connection, None, "org.create")
    context = Context(connection.url, f"the instance {connection.url}", "org.create")
    if allowed is None:
        warn(
            "It is not known whether the service account has the permission org.create, so that a real run can fail where "
            "check mode does not. A reverse proxy may block /auth/v1/permissions/zitadel/me/_search: let it pass."
        )
    elif not allowed:
        raise ZitadelError(f"Cannot create an organization. {lacks(context)}")


def create_organization(connection: Connection, name: str) -> tuple[Organization, bool]:
    """Create an organization, and return it and whether this call has created it, once it can be found by its name.

    POST /v2/organizations. A call without an answer is looked up before it is repeated. Raises ZitadelError.
    """
    doubtful = False
    for attempt in range(connection.options.retries + 1):
        try:
            org_id = _create_once(connection, name)
        except ZitadelError as error:
            doubtful = doubtful or error.fate.doubtful
            is_taken = error.refusal is not None and error.refusal.id == _TAKEN_ID
            if is_taken or error.fate.doubtful:
                found = _look_up(connection, name, error, patient=is_taken)
                if found:
                    # If a call before has no answer, it was that call; else somebody was quicker.
                    return found, doubtful
            if is_taken:
                raise error.but(
                    f"Cannot create organization {name!r} at {connection.url}. The name is taken by an organization that "
                    "the service account cannot see. Choose another name, or give the service account a role there."
                ) from None
            if not error.fate.transient or attempt == connection.options.retries:
                raise
            time.sleep(delay(BACK_OFF, attempt))
            continue
        try:
            return wait_until(connection, org_id, lambda one: one.name == name), True
        except ZitadelError as error:
            raise error.adding(f"Organization {name!r} was created, with the id {org_id}.").but(
                result={"changed": True, "org_id": org_id}
            ) from None
    raise AssertionError("the last try returns or raises")


def _look_up(connection: Connection, name: str, cause: ZitadelError, *, patient: bool) -> Organization | None:
    """Return the organization of a name that a call did not create, or may have created; patient waits for a second.

    Raises ZitadelError, which says that it is not known whether the organization was created.
    """
    for seconds in (*_VISIBLE_DELAYS, None) if patient else (None,):
        try:
            found = find_organizations(connection, Search(name=name))
        except ZitadelError as error:
            raise cause.adding(
                f"It is not known whether organization {name!r} was created, since it could not be searched for: "
                f"{sentences(error.msg)} Run the task again; it creates no second one."
            ) from None
        if found:
            return found[0]
        if seconds is not None:
            time.sleep(seconds)
    return None


def wait_until(connection: Connection, org_id: str, holds: t.Callable[[Organization], bool]) -> Organization:
    """Return an organization once the search shows it as it has to be, for about a second. Raises ZitadelError."""
    for seconds in (*_VISIBLE_DELAYS, None):
        found = search_page(connection, Search(org_id=org_id)).found
        organization = found.get(org_id)
        if organization and holds(organization):
            return organization
        if seconds is not None:
            time.sleep(seconds)
    raise ZitadelError(
        f"ZITADEL acknowledged the change of organization {org_id} at {connection.url}, but the search still does not show "
        "it. Search for it later; if it is still wrong, run the task again."
    )


def rename(connection: Connection, org_id: str, name: str) -> None:
    """PUT /management/v1/orgs/me. Raises ZitadelError."""
    try:
        _change(connection, "PUT", "", org_id, f"rename organization {org_id} to {name!r}", {"name": name})
    except ZitadelError as error:
        if error.refusal and error.refusal.id == _TAKEN_ID:
            raise error.but(
                f"Cannot rename organization {org_id} to {name!r}. Another organization has that name. Choose another one."
            ) from None
        raise


def change_state(connection: Connection, org_id: str, state: str) -> None:
    """POST /management/v1/orgs/me/_reactivate or _deactivate. Raises ZitadelError."""
    verb = "reactivate" if state == "active" else "deactivate"
    _change(connection, "POST", f"/_{verb}", org_id, f"{verb} organization {org_id}", {})


def remove(connection: Connection, org_id: str) -> None:
    """DELETE /management/v1/orgs/me. Raises ZitadelError."""
    _change(connection, "DELETE", "", org_id, f"remove organization {org_id}", None, permission="org.delete")


def refuse_to_remove(connection: Connection, org_id: str) -> None:
    """Raise ZitadelError for the service account's own organization, and for the default organization."""
    if own_organization(connection) == org_id:
        raise ZitadelError(
            f"Organization {org_id} is the service account's own, which it cannot remove. Use a service account of another "
            "organization."
        )
    if org_id in search_page(connection, Search(is_default=True)).found:
        raise ZitadelError(
            f"Organization {org_id} is the default organization of the instance, which this module does not remove. "
            "Make another organization the default first."
        )


def prove_header(connection: Connection, org_id: str) -> str | None:
    """Check that calls with x-zitadel-orgid reach this organization, and return its state, None if it was removed.

    GET /management/v1/orgs/me. Raises ZitadelError.
    """
    doing = f"read organization {org_id} at {connection.url}"
    place = f"organization {org_id}"
    answer = connection.call(
        "GET", "/management/v1/orgs/me", doing=doing, place=place, permission="org.read", org_id=org_id
    )
    organization = answer.get("org")
    if not isinstance(organization, dict) or not organization.get("id"):
        raise ZitadelError(unexpected(doing))
    if organization["id"] != org_id:
        raise WrongOrganization(
            f"Cannot {doing}. The answer came from organization {organization['id']} instead of {org_id}. A reverse proxy "
            "drops or changes the header x-zitadel-orgid, or this release ignores it. Nothing was changed. Let the header "
            "pass."
        )
    state = organization.get("state")
    return str(state) if state else None


def is_gone(connection: Connection, org_id: str) -> bool:
    """Whether an organization that no search counts is really gone: a search can miss one that is new.

    GET /management/v1/orgs/me. Raises ZitadelError, also if the answer came from another organization.
    """
    try:
        return prove_header(connection, org_id) is None
    except ZitadelError as error:
        # Not even members have a role in one that has been removed.
        if error.refusal and error.refusal.id in (UNKNOWN_ORGANIZATION_ID, _NO_MEMBER_ID):
            return True
        raise


def _create_once(connection: Connection, name: str) -> str:
    doing = f"create organization {name!r} at {connection.url}"
    answer = connection.call(
        "POST",
        "/v2/organizations",
        doing=doing,
        place=f"the instance {connection.url}",
        permission="org.create",
        body=json_bytes({"name": name}),
        retries=0,
    )
    org_id = answer.get("organizationId")
    if not isinstance(org_id, str) or not org_id:
        raise ZitadelError(unexpected(doing))
    return org_id


def _change(
    connection: Connection,
    method: str,
    path: str,
    org_id: str,
    doing: str,
    body: t.Mapping[str, t.Any] | None,
    permission: Permission = "org.write",
) -> None:
    try:
        answer = connection.call(
            method,
            f"/management/v1/orgs/me{path}",
            doing=f"{doing} at {connection.url}",
            place=f"organization {org_id}",
            permission=permission,
            org_id=org_id,
            body=None if body is None else json_bytes(body),
        )
    except ZitadelError as error:
        if error.refusal is None or error.refusal.id not in _DONE_IDS:
            raise
        return
    owner = Details.read(answer.get("details") or {}).resource_owner
    # The answer to a removal names the instance.
    if permission == "org.write" and owner not in (None, org_id):
        raise WrongOrganization(
            f"Cannot {doing} at {connection.url}. The answer came from organization {owner}, which was changed instead. "
            "A reverse proxy drops or changes the header x-zitadel-orgid, or this release ignores it. Undo the change "
            "there, and let the header pass.",
            result={"changed": True, "org_id": owner},
        )
