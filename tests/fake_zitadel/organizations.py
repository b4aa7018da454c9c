# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Organizations: their life, the search for them, and what one may do in them."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import parse_qs

from . import errors
from .bodies import details, event
from .calls import EMBEDDED, KEY_LIMIT, Call, Json, Route, check_runes
from .metadata import Written
from .permissions import may, permissions_of
from .protojson import Message
from .queries import cut, matches, page
from .store import INSTANCE_ID, Organization

Test = Callable[[Organization], bool]


def my_permissions(call: Call) -> Json:
    user = call.authenticate()
    permissions = permissions_of(user, call.organization(user))
    return {"result": permissions} if permissions else {}


# Their life


def add_v1(call: Call) -> Json:
    name = call.message.text("name")
    user, _organization = call.authorize("org.create")
    check_runes("AddOrgRequest.Name", name)
    if not name.strip():
        raise errors.ApiError(3, "Organisation is invalid", "COMM-deLSk")
    organization = call.store.add_organization(name.strip(), owner=user)
    written = Written(organization.sequence, organization.change_date, organization.organization_id)
    return {"id": organization.organization_id, "details": event(written, "creationDate")}


def add_v2(call: Call) -> Json:
    name = call.message.text("name")
    for field in ("admins", "orgId", "organizationId"):
        if call.message.has(field):
            raise NotImplementedError(f"fake_zitadel does not know {field} here")
    if call.release.has_connect:
        user = call.authenticate()
        check_runes("AddOrganizationRequest.Name", name)
        call.check_permission(user, None, "org.create")
    else:
        call.authorize("org.create")
        check_runes("AddOrganizationRequest.Name", name)
    if not name.strip():
        raise errors.ApiError(3, "Errors.Invalid.Argument", "ORG-mruNY")
    organization = call.store.add_organization(name.strip())
    written = Written(organization.sequence, organization.change_date, organization.organization_id)
    return {"details": event(written, "changeDate"), "organizationId": organization.organization_id}


def my_organization(call: Call) -> Json:
    _user, organization = call.authorize("org.read")
    return {"org": _organization_v1(organization, organization.sequence, organization.change_date)}


def rename(call: Call) -> Json:
    name = call.message.text("name")
    _user, organization = call.authorize("org.write")
    check_runes("UpdateOrgRequest.Name", name)
    if not name.strip():
        raise errors.ApiError(3, "Organisation is invalid", "EVENT-Mf9sd")
    return {"details": event(call.store.rename(organization, name.strip()), "creationDate")}


def deactivate(call: Call) -> Json:
    return _change_state(call, "inactive", "org.write")


def reactivate(call: Call) -> Json:
    return _change_state(call, "active", "org.write")


def remove(call: Call) -> Json:
    body = _change_state(call, "removed", "org.delete")
    body["details"]["resourceOwner"] = INSTANCE_ID
    return body


def _change_state(call: Call, state: str, permission: str) -> Json:
    _user, organization = call.authorize(permission)
    return {"details": event(call.store.change_state(organization, state), "changeDate")}


def add_member(call: Call) -> Json:
    user_id, roles = call.message.text("userId"), call.message.texts("roles")
    _user, organization = call.authorize("org.member.write")
    user = call.store.users.get(user_id)
    if user is None or not user.exists:
        raise errors.ApiError(5, "User could not be found", "COMMAND-SXcM2")
    return {"details": event(call.store.add_role(organization, user, roles), "creationDate")}


# Finding them


def by_domain(call: Call) -> Json:
    call.authenticate()
    domain = parse_qs(call.query).get("domain", [""])[0]
    for organization in call.store.list_organizations()[0]:
        if organization.primary_domain == domain:
            sequence, date = organization.listed_sequence, organization.listed_date
            return {"org": _organization_v1(organization, sequence, date)}
    raise errors.organization_not_found("ORG-oL9nT")


def search(call: Call) -> Json:
    user = call.authenticate()
    query = call.message.message("query")
    limit, offset = page(query)
    default = call.store.default_organization
    queries = enumerate(call.message.messages("queries"))
    tests = [_test(one, f"ListOrganizationsRequest.Queries[{index}]: {EMBEDDED}", default) for index, one in queries]
    everything, newest = call.store.list_organizations()
    found = [one for one in everything if all(test(one) for test in tests)]
    # Any other name, that of the API v1 (ORG_FIELD_NAME_NAME) too, is unknown here and sorts nothing.
    if call.message.name("sortingColumn") == "ORGANIZATION_FIELD_NAME_NAME":
        found.sort(key=lambda one: one.name.lower(), reverse=not query.flag("asc"))
    hits = cut(found, limit, offset)
    relational = call.settings.relational_tables
    total = len(hits) if relational else len(found)
    body: Json = {"details": {**({"totalResult": str(total)} if hits else {}), "timestamp": newest}}
    # What the user may not see goes only now, after the limit; the count stays.
    visible = [_organization_v2(one) for one in hits if relational or may(user, one, "org.read")]
    if visible:
        body["result"] = visible
    return body


def _test(query: Message, inside: str, default: Organization | None) -> Test:
    for field, name in (("nameQuery", "name"), ("domainQuery", "domain")):
        if query.has(field):
            wanted, method = query.message(field).text(name), query.message(field).name("method")
            if not 1 <= len(wanted) <= KEY_LIMIT:
                raise errors.invalid(f"{inside}{name} length must be between 1 and {KEY_LIMIT} runes, inclusive")
            if field == "nameQuery":
                return lambda one: matches(one.name, wanted, method)
            return lambda one: any(matches(domain, wanted, method) for domain in one.domains)
    if query.has("idQuery"):
        organization_id = query.message("idQuery").text("id")
        return lambda one: one.organization_id == organization_id
    if query.has("stateQuery"):
        state = query.message("stateQuery").name("state").removeprefix("ORGANIZATION_STATE_").lower()
        return lambda one: one.state == state
    if query.has("defaultQuery"):
        return lambda one: one is default
    raise errors.invalid(f"{inside}invalid SearchQuery.Query: value is required")


def _organization_v1(one: Organization, sequence: int, change_date: str) -> Json:
    body: Json = {
        "id": one.organization_id,
        "details": details(sequence, one.creation_date, change_date, one.organization_id),
    }
    if one.exists:
        body["state"] = f"ORG_STATE_{one.state.upper()}"
    return {**body, "name": one.name, "primaryDomain": one.primary_domain}


def _organization_v2(one: Organization) -> Json:
    return {
        "id": one.organization_id,
        "details": details(one.listed_sequence, one.creation_date, one.listed_date, one.organization_id),
        "state": f"ORGANIZATION_STATE_{one.state.upper()}",
        "name": one.name,
        "primaryDomain": one.primary_domain,
    }


ROUTES = [
    Route("POST", "/auth/v1/permissions/zitadel/me/_search", my_permissions),
    Route("GET", "/management/v1/orgs/me", my_organization),
    Route("PUT", "/management/v1/orgs/me", rename),
    Route("DELETE", "/management/v1/orgs/me", remove),
    Route("POST", "/management/v1/orgs/me/_deactivate", deactivate),
    Route("POST", "/management/v1/orgs/me/_reactivate", reactivate),
    Route("POST", "/management/v1/orgs/me/members", add_member),
    Route("POST", "/management/v1/orgs", add_v1),
    Route("GET", "/management/v1/global/orgs/_by_domain", by_domain),
    Route("POST", "/v2/organizations", add_v2, status=201),
    Route("POST", "/v2/organizations/_search", search),
]
CONNECT = [Route("POST", "org.v2.OrganizationService/AddOrganization", add_v2)]
