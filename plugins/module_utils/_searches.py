# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Finding many organizations by as few requests as possible."""

from __future__ import annotations

import collections
import math
import typing as t

from ansible_collections.community.zitadel.plugins.module_utils._connection import Connection
from ansible_collections.community.zitadel.plugins.module_utils._errors import ZitadelError
from ansible_collections.community.zitadel.plugins.module_utils._hits import PAGE_SIZE
from ansible_collections.community.zitadel.plugins.module_utils._organizations import (
    Organization,
    Search,
    find_organization,
    find_organizations,
    only_one,
    search_page,
)
from ansible_collections.community.zitadel.plugins.module_utils._owners import Choice, Found, organization_owner
from ansible_collections.community.zitadel.plugins.module_utils._workers import Workers

_MANY = 20
"""So many organizations named by id are worth a look at the listing, which shows that they exist"""


def find_all(
    connection: Connection, choices: t.Sequence[Choice], workers: Workers
) -> list[Found | ZitadelError | None]:
    """Return each organization or the error of its search, in order; None for those that were not searched any more.

    Names cost one search each or the whole listing, whichever takes fewer requests: the first page has the total.
    Domains come from the listing where they are primary, else they cost one search each. Raises ZitadelError.
    """
    searched = [choice for choice in choices if choice.label is not None]
    listing = None
    if len(searched) > 1 or len(choices) - len(searched) >= _MANY:
        listing = _listing(connection, max(len(searched) - 1, len(choices) // _MANY))

    def find(choice: Choice) -> Found:
        if choice.label is None:
            exists = listing is not None and choice.org_id in listing.ids
            return organization_owner(choice.org_id, exists=exists)
        known = listing.named(choice.search) if listing else None
        if known is None:
            known = find_organization(connection, choice.search)
        return organization_owner(known.id, choice.label, exists=True)

    return t.cast("list[Found | ZitadelError | None]", workers.map(find, choices))


class _Listing:
    """All organizations, or those of the first page where the rest costs more than it saves."""

    def __init__(self, organizations: t.Sequence[Organization], *, is_whole: bool, url: str) -> None:
        self.ids = {organization.id for organization in organizations}
        self._by_name = {organization.name: organization for organization in organizations}
        domains = collections.Counter(organization.primary_domain for organization in organizations)
        # Names that differ in case can have the same: a search for it says that it is not just one.
        self._by_domain = {
            organization.primary_domain: organization
            for organization in (organizations if is_whole else ())
            if domains[organization.primary_domain] == 1
        }
        self._is_whole = is_whole
        self._url = url

    def named(self, search: Search) -> Organization | None:
        """Return the organization of a name or primary domain, None if only a search can tell. Raises ZitadelError."""
        if search.domain is not None:
            return self._by_domain.get(search.domain)
        found = self._by_name.get(str(search.name))
        # Names are unique.
        return only_one([found] if found else [], search, self._url) if found or self._is_whole else None


def _listing(connection: Connection, worth: int) -> _Listing:
    """Return the listing; worth is how many requests it may cost after its first page."""
    first = search_page(connection, Search())
    pages = math.ceil(first.total / PAGE_SIZE)
    is_whole = len(first.ids) < PAGE_SIZE and first.total <= PAGE_SIZE
    organizations = list(first.found.values())
    if not is_whole and pages <= worth:
        organizations, is_whole = find_organizations(connection, Search()), True
    return _Listing(organizations, is_whole=is_whole, url=connection.url)
