# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the module zitadel_org does: bring an organization into the desired state. Options in, result out."""

from __future__ import annotations

import typing as t

from ansible_collections.community.zitadel.plugins.module_utils._connection import Connection
from ansible_collections.community.zitadel.plugins.module_utils._desired import Params
from ansible_collections.community.zitadel.plugins.module_utils._errors import ZitadelError
from ansible_collections.community.zitadel.plugins.module_utils._lifecycle import (
    ask_to_create,
    change_state,
    check_name,
    create_organization,
    is_gone,
    prove_header,
    refuse_to_remove,
    remove,
    rename,
    wait_until,
)
from ansible_collections.community.zitadel.plugins.module_utils._listing import as_result
from ansible_collections.community.zitadel.plugins.module_utils._messages import Context, lacks
from ansible_collections.community.zitadel.plugins.module_utils._metadata import Details, Permission
from ansible_collections.community.zitadel.plugins.module_utils._organizations import (
    Organization,
    Search,
    find_organizations,
    prove_organization,
    search_page,
)
from ansible_collections.community.zitadel.plugins.module_utils._owners import check_org_id
from ansible_collections.community.zitadel.plugins.module_utils._permissions import may
from ansible_collections.community.zitadel.plugins.module_utils._tasks import Mode


def set_organization(connection: Connection, params: Params, mode: Mode) -> dict[str, t.Any]:
    """Do what the module zitadel_org is asked for and return its result.

    Raises ZitadelError, whose result says whether anything was changed before it.
    """
    name, org_id, state = params["name"], params["org_id"], params["state"]
    if name is not None:
        name = check_name(name, "name")
    if org_id is not None:
        check_org_id(org_id, "org_id")
    if state == "absent":
        return _absent(connection, name, org_id, mode)
    if name is None and org_id is None:
        raise ZitadelError("No organization is named. Give name or, for one that exists, org_id.")
    before = _current(connection, name, org_id)
    if before is None:
        return _created(connection, name, state, mode)
    after = before._replace(
        name=before.name if name is None else name, state=before.state if state == "present" else state
    )
    return _changed(connection, before, after, mode)


def _current(connection: Connection, name: str | None, org_id: str | None) -> Organization | None:
    """Return the organization that the options name, None if there is none of that name."""
    if org_id is None:
        found = find_organizations(connection, Search(name=name))
        return found[0] if found else None
    organization = search_page(connection, Search(org_id=org_id)).found.get(org_id)
    if organization is None:
        prove_organization(connection, org_id)
    return organization


def _created(connection: Connection, name: str, state: str, mode: Mode) -> dict[str, t.Any]:
    wanted = "inactive" if state == "inactive" else "active"
    if mode.check_mode:
        ask_to_create(connection, mode.warn)
        planned = {**as_result(Organization("", name, None, wanted, Details())), "id": None}
        return _result(True, None, planned, None, Organization("", name, None, wanted, Details()), mode)
    organization, created = create_organization(connection, name)
    if organization.state == wanted or state == "present":
        return _result(created, organization.id, as_result(organization), None, organization, mode)
    try:
        changed = _changed(connection, organization, organization._replace(state=wanted), mode._replace(diff=False))
    except ZitadelError as error:
        raise error.but(result={**error.result, "changed": created or error.result["changed"]}) from None
    after = organization._replace(state=wanted)
    return _result(True, organization.id, changed["organization"], None if created else organization, after, mode)


def _changed(connection: Connection, before: Organization, after: Organization, mode: Mode) -> dict[str, t.Any]:
    org_id = before.id
    if before == after:
        return _result(False, org_id, as_result(before), before, after, mode)
    if mode.check_mode:
        _ask(connection, org_id, mode)
        return _result(True, org_id, as_result(after), before, after, mode)
    changed = False
    try:
        prove_header(connection, org_id)
        if before.name != after.name:
            rename(connection, org_id, after.name)
            changed = True
        if before.state != after.state:
            change_state(connection, org_id, after.state)
            changed = True
        seen = wait_until(connection, org_id, lambda one: (one.name, one.state) == (after.name, after.state))
    except ZitadelError as error:
        raise error.but(result={"changed": changed, "org_id": org_id, **error.result}) from None
    return _result(True, org_id, as_result(seen), before, after, mode)


def _absent(connection: Connection, name: str | None, org_id: str | None, mode: Mode) -> dict[str, t.Any]:
    if name is None or org_id is None:
        raise ZitadelError(
            "state: absent removes the organization with everything in it, so it needs both org_id and name, and both "
            "must belong together."
        )
    hits = search_page(connection, Search(org_id=org_id))
    before = hits.found.get(org_id)
    if before is None:
        if hits.total:
            prove_organization(connection, org_id)
        if not is_gone(connection, org_id):
            raise ZitadelError(
                f"Cannot remove organization {org_id} at {connection.url}. It exists, but the search does not show it, as "
                "can happen for a moment after it was created. Nothing was removed. Run the task again."
            )
        others = find_organizations(connection, Search(name=name))
        if others:
            raise ZitadelError(
                f"There is no organization {org_id}, but {name!r} is organization {others[0].id}. org_id and name must "
                "belong together: correct one of them. Nothing was removed."
            )
        return _result(False, org_id, None, None, None, mode)
    if before.name != name:
        raise ZitadelError(
            f"Organization {org_id} has the name {before.name!r} and not {name!r}. org_id and name must belong together: "
            "correct one of them. Nothing was removed."
        )
    refuse_to_remove(connection, org_id)
    if mode.check_mode:
        _ask(connection, org_id, mode, "org.delete")
        return _result(True, org_id, None, before, None, mode)
    prove_header(connection, org_id)
    remove(connection, org_id)
    return _result(True, org_id, None, before, None, mode)


def _ask(connection: Connection, org_id: str, mode: Mode, permission: Permission = "org.write") -> None:
    """Ask whether the organization may be changed. Raises ZitadelError if not, and warns if ZITADEL does not tell."""
    prove_header(connection, org_id)
    allowed = may(connection, org_id, permission)
    if allowed is None:
        mode.warn(
            f"It is not known whether the service account has the permission {permission}, so that a real run can fail "
            "where check mode does not. A reverse proxy may block /auth/v1/permissions/zitadel/me/_search: let it pass."
        )
    elif not allowed:
        raise ZitadelError(
            f"Cannot change organization {org_id} at {connection.url}. "
            f"{lacks(Context(connection.url, f'organization {org_id}', permission))}"
        )


def _result(
    changed: bool,
    org_id: str | None,
    organization: t.Mapping[str, t.Any] | None,
    before: Organization | None,
    after: Organization | None,
    mode: Mode,
) -> dict[str, t.Any]:
    result = {"changed": changed, "org_id": org_id, "organization": organization}
    if mode.diff:
        result["diff"] = {"before": _shown(before), "after": _shown(after)}
    return result


def _shown(organization: Organization | None) -> dict[str, str]:
    return {"name": organization.name, "state": organization.state} if organization else {}
