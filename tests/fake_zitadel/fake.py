# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The face of the fake: what tests, the demo and the command line use."""

from __future__ import annotations

import itertools
import re
import ssl
from collections.abc import Iterable, Mapping

from .api import Api
from .calls import MAX_PAGE, Settings
from .exchange import Answer, Request
from .front import Front, owner_of
from .hosts import Hosts
from .metadata import Fate
from .population import Population
from .releases import RELEASES
from .store import Organization, Store


class FakeZitadel(Population, Front):
    """A ZITADEL server of one release, in a thread of this process.

    :param release: "3.4.9", "4.3.0", "4.7.0", "4.13.1" or "next" (the branches of July 2026).
    :param port: 0 is any free one.
    :param tls: a server-side SSL context makes it https.
    :param hosts: host names it answers to, beside localhost and 127.0.0.1.
    :param token: the personal access token of its administrator, made up if not given.
    :param read_only: refuse every request that would change something; see ``refused_writes``.
    :param scramble_order: list entries, organizations and users in an order that is neither by name nor by age.
    :param max_body: a proxy in front refuses bodies of more bytes (413, HTML).
    :param drop_headers: a proxy in front drops these request headers.
    :param require_headers: a proxy in front wants these for *every* request, the token endpoint's too.
    :param login_redirect: without them it redirects to a login page, else it answers 403 with HTML.
    :param ignore_organization: a regular expression of paths for which the server itself ignores the header
        ``x-zitadel-orgid``, and acts on the organization of the service account: ``^/management/v1/``.
    :param max_page: the administrator's limit of lists of metadata in the API v2.
    :param relational_tables: the development flag ``enable_relational_tables`` of "next".
    :param record: keep the requests in ``requests``; a benchmark only counts them.
    """

    def __init__(
        self,
        release: str = "4.13.1",
        *,
        port: int = 0,
        tls: ssl.SSLContext | None = None,
        hosts: Iterable[str] = (),
        token: str | None = None,
        read_only: bool = False,
        scramble_order: bool = False,
        max_body: int | None = None,
        drop_headers: Iterable[str] = (),
        require_headers: Mapping[str, str] | None = None,
        login_redirect: bool = True,
        ignore_organization: str | None = None,
        max_page: int = MAX_PAGE,
        relational_tables: bool = False,
        record: bool = True,
    ) -> None:
        self.release = RELEASES[release]
        self.store = Store(self.release, scramble_order=scramble_order)
        self.hosts = Hosts(hosts)
        self.settings = Settings(
            max_page, relational_tables, re.compile(ignore_organization) if ignore_organization else None
        )
        self.api = Api(self.store, self.hosts, self.settings)
        super().__init__(
            port=port,
            tls=tls,
            read_only=read_only,
            max_body=max_body,
            drop_headers=drop_headers,
            require_headers=require_headers,
            login_redirect=login_redirect,
            record=record,
        )
        self._user_numbers = itertools.count(1)
        home = self.store.add_organization("ZITADEL")
        self.home_id = home.organization_id
        self.admin = self.create_user(role="IAM_OWNER", name="admin", token=token)
        self.token = self.admin.token
        self.store.tokens[self.token].profile = False  # as of the token that the setup of an instance writes
        home.roles[self.admin.user_id] = {"ORG_OWNER"}
        home.sequence = 6  # a new instance has two members there

    @property
    def organizations(self) -> dict[str, Organization]:
        """All that there ever were, the home organization first."""
        return self.store.organizations

    def _serve(self, request: Request, fate: Fate) -> Answer:
        return self.api.handle(request, fate)

    def _organization_of(self, request: Request) -> str:
        owner = owner_of(request)
        if owner in self.store.users:
            return self.store.users[owner].organization
        if owner or request.organization:
            return owner or request.organization
        token = self.store.tokens.get(request.bearer or "")
        return token.user.organization if token else ""
