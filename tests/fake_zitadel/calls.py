# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One call on its way to its handler: who calls, in which organization, and what every call checks."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from . import errors
from .exchange import Request
from .hosts import Hosts
from .metadata import Fate
from .permissions import may, roles_of
from .protojson import Message
from .releases import MIB, Release
from .store import Organization, Store, User

REQUEST_LIMIT = 4 * MIB
KEY_LIMIT = 200
VALUE_LIMIT = 500_000
MAX_PAGE = 1000
EMBEDDED = "embedded message failed validation | caused by: "

Json = dict[str, Any]


@dataclass
class Settings:
    """What an administrator or a broken server makes different; see ``FakeZitadel``."""

    max_page: int = MAX_PAGE
    relational_tables: bool = False
    ignore_organization: re.Pattern[str] | None = None


@dataclass
class Call:
    """One request, and all that is needed to answer it."""

    store: Store
    release: Release
    hosts: Hosts
    settings: Settings
    request: Request
    fate: Fate
    spelling: errors.Spelling
    message: Message
    parameters: tuple[str, ...] = ()
    query: str = ""

    # Who and where

    def authenticate(self) -> User:
        complaint = self.hosts.api_complaint(self.request, self.release.no_instance)
        if complaint:
            raise errors.ApiError(5, complaint)
        if "authorization" not in self.request.headers:
            raise errors.ApiError(16, "auth header missing", wrapped=True)
        bearer = self.request.bearer
        if bearer is None:
            raise errors.ApiError(16, "invalid auth header", "AUTH-toLo1")
        token = self.store.use_token(bearer)
        if not token.for_api:
            raise errors.TOKEN_INVALID.error()
        user = token.user
        # Also where the header does not matter, as in the API v2.
        asked_for = self._organization_asked_for
        if asked_for and asked_for not in self.store.organizations:
            raise errors.ORGANIZATION_UNKNOWN.error()
        return user

    def organization(self, user: User) -> Organization:
        """The organization of the header; without one the caller's own, silently."""
        return self.store.organizations[self._organization_asked_for or user.organization]

    def authorize(self, permission: str) -> tuple[User, Organization]:
        """As v1 does it, in the organization of the header."""
        user = self.authenticate()
        organization = self.organization(user)
        if not roles_of(user, organization):
            raise errors.NO_MEMBERSHIP.error()
        if not may(user, organization, permission):
            raise errors.NO_PERMISSION_V1.error()
        return user, organization

    @staticmethod
    def check_permission(user: User, organization: Organization | None, permission: str) -> None:
        """As v2 does it, in the organization of what is asked for; None is the instance."""
        if not roles_of(user, organization):
            raise errors.NO_MEMBERSHIP.error()
        if not may(user, organization, permission):
            raise errors.NO_PERMISSION_V2.error()

    @property
    def _organization_asked_for(self) -> str:
        ignored = self.settings.ignore_organization
        return "" if ignored and ignored.search(self.request.path) else self.request.organization


Handler = Callable[[Call], Json]


@dataclass(frozen=True)
class Route:
    """``{}`` in the path is one segment."""

    method: str
    path: str
    handler: Handler
    status: int = 200
    is_in: Callable[[Release], bool] = lambda _release: True


def check_runes(where: str, text: str) -> None:
    if not 1 <= len(text) <= KEY_LIMIT:
        raise errors.invalid(f"{where}: value length must be between 1 and {KEY_LIMIT} runes, inclusive")


def check_value(where: str, value: bytes, *, may_be_empty: bool = False) -> None:
    if may_be_empty:
        if len(value) > VALUE_LIMIT:
            raise errors.invalid(f"{where}: value length must be at most {VALUE_LIMIT} bytes")
    elif not 1 <= len(value) <= VALUE_LIMIT:
        raise errors.invalid(f"{where}: value length must be between 1 and {VALUE_LIMIT} bytes, inclusive")


def check_request_size(size: int) -> None:
    if size > REQUEST_LIMIT:
        raise errors.message_too_large(size, REQUEST_LIMIT, gateway=True)
