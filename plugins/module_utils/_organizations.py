# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Organizations: find one, list many, and prove that one is there."""

from __future__ import annotations

import typing as t

from ansible_collections.community.zitadel.plugins.module_utils._api_common import travels_in_path
from ansible_collections.community.zitadel.plugins.module_utils._connection import Connection
from ansible_collections.community.zitadel.plugins.module_utils._errors import NotZitadel, ZitadelError
from ansible_collections.community.zitadel.plugins.module_utils._hits import PAGE_SIZE, Hits, read_hits
from ansible_collections.community.zitadel.plugins.module_utils._messages import unexpected
from ansible_collections.community.zitadel.plugins.module_utils._metadata import Details, json_bytes


class NotFound(ZitadelError):
    """No organization that can be seen meets a search."""


class Organization(t.NamedTuple):
    """An organization as the search shows it."""

    id: str
    name: str
    primary_domain: str | None
    state: str
    """active, inactive or removed"""
    details: Details


class Search(t.NamedTuple):
    """The conditions that an organization has to meet, all of them; None is any."""

    org_id: str | None = None
    name: str | None = None
    name_prefix: str | None = None
    domain: str | None = None
    state: str | None = None
    is_default: bool = False
    """Only the default organization of the instance"""

    def queries(self) -> list[dict[str, t.Any]]:
        """Return what the server can filter by. It takes a backslash for an escape; matches() does the rest."""
        queries: list[dict[str, t.Any]] = []
        if self.org_id is not None:
            queries.append({"idQuery": {"id": self.org_id}})
        if self.name is not None:
            queries.append({"nameQuery": {"name": self.name, "method": "TEXT_QUERY_METHOD_EQUALS"}})
        if self.name_prefix is not None and (prefix := self.name_prefix.partition("\\")[0]):
            queries.append({"nameQuery": {"name": prefix, "method": "TEXT_QUERY_METHOD_STARTS_WITH"}})
        if self.domain is not None:
            queries.append({"domainQuery": {"domain": self.domain, "method": "TEXT_QUERY_METHOD_EQUALS"}})
        if self.is_default:
            queries.append({"defaultQuery": {}})
        if self.state is not None:
            queries.append({"stateQuery": {"state": f"ORGANIZATION_STATE_{self.state.upper()}"}})
        return queries

    def matches(self, organization: Organization) -> bool:
        """Whether a hit really meets the conditions on its name."""
        return (self.name is None or organization.name == self.name) and (
            self.name_prefix is None or organization.name.startswith(self.name_prefix)
        )


def search_page(connection: Connection, search: Search, offset: int = 0, limit: int = PAGE_SIZE) -> Hits[Organization]:
    """Return one page. POST /v2/organizations/_search. Raises ZitadelError."""
    doing = f"search organizations at {connection.url}"
    body = {
        "query": {"limit": limit, "offset": str(offset), "asc": True},
        "sortingColumn": "ORGANIZATION_FIELD_NAME_NAME",
        "queries": search.queries(),
    }
    content = connection.call("POST", "/v2/organizations/_search", doing=doing, body=json_bytes(body))
    try:
        found = [_organization(item) for item in content.get("result", [])]
        total = int(content["details"].get("totalResult", 0))
    except (AttributeError, KeyError, TypeError, ValueError):
        raise NotZitadel(unexpected(doing)) from None
    return Hits({one.id: one for one in found if search.matches(one)}, total, [one.id for one in found])


def find_organizations(connection: Connection, search: Search) -> list[Organization]:
    """Return the organizations that the service account may read and that meet the search, sorted by name.

    All pages are read, and again while organizations come and go between them. Raises ZitadelError.
    """
    found = read_hits(lambda offset: search_page(connection, search, offset))
    return sorted(found.values(), key=lambda organization: (organization.name, organization.id))


def find_organization(connection: Connection, search: Search) -> Organization:
    """Return the one organization that meets a search by name or domain. Raises ZitadelError if it is not just one."""
    return only_one(find_organizations(connection, search), search, connection.url)


def only_one(found: t.Sequence[Organization], search: Search, url: str) -> Organization:
    """Return the one hit of a search by name or domain. Raises ZitadelError if it is not just one."""
    what = f"the name {search.name!r}" if search.domain is None else f"the domain {search.domain!r}"
    if not found:
        raise NotFound(
            f"No organization with {what} can be seen at {url}. Check the spelling and that the service account has a "
            "role there; an organization that was just created can take a moment to appear."
        )
    if len(found) > 1:
        ids = ", ".join(organization.id for organization in found)
        raise ZitadelError(f"More than one organization has {what}: {ids}. Name one by org_id.")
    return found[0]


def prove_organization(connection: Connection, org_id: str) -> None:
    """Check that an organization exists and may be read. POST /v2/organizations/_search. Raises ZitadelError."""
    hits = search_page(connection, Search(org_id=org_id), limit=1)
    if hits.found:
        return
    place = f"organization {org_id} at {connection.url}"
    if hits.total:
        raise ZitadelError(
            f"Cannot read {place}. It exists, but the service account has no role there, or lacks the permission "
            "org.read. Make it a member there, for example as ORG_OWNER or, only to read, ORG_OWNER_VIEWER."
        )
    raise ZitadelError(
        f"Cannot read {place}. It is unknown or has been removed. org_id takes the id, a number; a name goes into "
        "org_name, a domain into org_domain."
    )


def own_organization(connection: Connection) -> str:
    """Return the id of the service account's own organization.

    GET /oidc/v1/userinfo and GET /v2/users/{id}: everybody may read himself. Raises ZitadelError.
    """
    doing = f"find the service account's own organization at {connection.url}"
    user = connection.call("GET", "/oidc/v1/userinfo", doing=doing).get("sub")
    if not isinstance(user, str) or not travels_in_path(user):
        raise NotZitadel(unexpected(doing))
    content = connection.call("GET", f"/v2/users/{user}", doing=doing)
    details = content.get("details") or (content.get("user") or {}).get("details") or {}
    org_id = details.get("resourceOwner")
    if not isinstance(org_id, str) or not org_id:
        raise NotZitadel(unexpected(doing))
    return org_id


def _organization(item: t.Mapping[str, t.Any]) -> Organization:
    return Organization(
        id=str(item["id"]),
        name=str(item.get("name", "")),
        primary_domain=item.get("primaryDomain"),
        state=str(item.get("state", "")).removeprefix("ORGANIZATION_STATE_").lower(),
        details=Details.read(item.get("details", {})),
    )
