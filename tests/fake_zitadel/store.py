# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the server remembers: organizations, users, tokens. Their metadata has a file of its own."""

from __future__ import annotations

import itertools
import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field

from . import errors
from .clock import Clock
from .metadata import ORGANIZATION, USER, Metadata, Owner, Written, scramble
from .releases import Release

INSTANCE_ID = "400983458387594278"
EXTERNAL_DOMAIN = "localhost"


@dataclass(kw_only=True, eq=False)
class Organization(Owner):
    organization_id: str
    name: str
    domains: list[str]
    creation_date: str
    state: str = "active"  # or "inactive", "removed"
    # The list of organizations only follows events about the organization itself.
    listed_sequence: int = 4
    listed_date: str = ""
    unlisted_searches: int = 0  # so many searches do not know it yet
    roles: dict[str, set[str]] = field(default_factory=dict)

    @property
    def primary_domain(self) -> str:
        return self.domains[-1]


@dataclass(frozen=True)
class Human:
    given_name: str
    family_name: str
    display_name: str
    email: str
    is_email_verified: bool


@dataclass(kw_only=True, eq=False)
class User(Owner):
    """A user; ``token`` is the first personal access token. Machines have a ``name``, the others a ``human``."""

    user_id: str
    login_name: str  # the user name; it is also the login name unless the organization says otherwise
    organization: str
    creation_date: str
    name: str = ""
    human: Human | None = None
    state: str = "active"  # or "inactive", "locked", "initial", "deleted"
    # Searches only follow events about the user itself.
    listed_sequence: int = 1
    listed_date: str = ""
    login_names: list[str] = field(default_factory=list)
    token: str = ""
    instance_roles: set[str] = field(default_factory=set)
    secret: str | None = None
    secret_unknown_uses: int = 0
    keys: dict[str, object] = field(default_factory=dict)

    def new_secret(self, unknown_uses: int = 0) -> str:
        """Make a secret. A new one can be unknown to the token endpoint for a moment: for its first uses."""
        self.secret, self.secret_unknown_uses = secrets.token_urlsafe(48), unknown_uses
        return self.secret


@dataclass
class Token:
    user: User
    for_api: bool = True
    profile: bool = True  # the userinfo endpoint tells more than the id
    uses_left: int | None = None
    issued: bool = False  # by the token endpoint


class Store:
    """All state. Every public method may be called from any thread."""

    def __init__(self, release: Release, *, scramble_order: bool = False) -> None:
        self.release = release
        self.clock = Clock()
        self.lock = self.clock.lock
        self.metadata = Metadata(release, self.clock, scramble_order=scramble_order)
        self.organizations: dict[str, Organization] = {}
        self.users: dict[str, User] = {}
        self.tokens: dict[str, Token] = {}
        self.issued_token_uses: int | None = None  # how often tokens of the token endpoint work
        self.new_organization_searches = 0  # how many searches do not know a new organization
        self.last_user_event = ""
        self._scramble_order = scramble_order
        self._ids = itertools.count(int(INSTANCE_ID) + 65536, 16777216 + 65536)

    def new_id(self) -> str:
        with self.lock:
            return str(next(self._ids))

    # Organizations

    def add_organization(self, name: str, *, domain: str | None = None, owner: User | None = None) -> Organization:
        with self.lock:
            self._check_name_is_free(name)
            now, organization_id = self.clock.now(), self.new_id()
            organization = Organization(
                kind=ORGANIZATION,
                resource_owner=organization_id,
                organization_id=organization_id,
                name=name,
                domains=[_default_domain(name), *([domain] if domain else [])],
                creation_date=now,
                sequence=4,  # created, domain added, verified, made the primary one
                change_date=now,
                listed_date=now,
                unlisted_searches=self.new_organization_searches,
            )
            self.organizations[organization_id] = organization
            if owner:
                organization.roles[owner.user_id] = {"ORG_OWNER"}
                organization.sequence += 1
            return organization

    def rename(self, organization: Organization, name: str) -> Written:
        """Rename an organization. Its default domain follows."""
        with self.lock:
            if not organization.exists:
                raise errors.organization_not_found("ORG-1MRds")
            if organization.name == name:
                raise errors.ApiError(9, "Organisation not changed", "ORG-4VSdf")
            self._check_name_is_free(name)
            before, after = _default_domain(organization.name), _default_domain(name)
            organization.name = name
            organization.sequence += 1
            if before in organization.domains and before != after:
                organization.domains[organization.domains.index(before)] = after
                organization.sequence += 4  # added, verified, made the primary one; the other one removed
            organization.listed_sequence = organization.sequence
            organization.change_date = organization.listed_date = self.clock.now()
            return Written(organization.sequence, organization.change_date, organization.organization_id)

    def change_state(self, organization: Organization, state: str) -> Written:
        with self.lock:
            if state == "removed" and organization is self.default_organization:
                raise errors.ApiError(9, "Default Organisation must not be deleted", "COMMA-wG9p1")
            if not organization.exists:
                error_ids = {"active": "ORG-Dgf3g", "inactive": "ORG-oL9nT", "removed": "COMMA-aps2n"}
                raise errors.organization_not_found(error_ids[state])
            if organization.state == state:
                word, error_id = ("active", "EVENT-bfnrh") if state == "active" else ("deactivated", "EVENT-Dbs2g")
                raise errors.ApiError(9, f"Organisation is already {word}", error_id)
            written = self._next_event(organization)
            organization.state = state
            organization.listed_sequence, organization.listed_date = written.sequence, written.date
            if state == "removed":
                organization.roles.clear()
                organization.forget()
                for user in self.users.values():
                    if user.organization == organization.organization_id:
                        user.state = "deleted"
                        user.forget()
                self.last_user_event = written.date
            return written

    def add_role(self, organization: Organization, user: User, roles: Iterable[str]) -> Written:
        with self.lock:
            organization.roles[user.user_id] = set(roles)
            return self._next_event(organization)

    @property
    def default_organization(self) -> Organization | None:
        return next(iter(self.organizations.values()), None)

    def list_organizations(self) -> tuple[list[Organization], str]:
        """Those not removed, in no order that anybody promised, and the date of the last event among all.

        Listing moves readers on that do not know a new organization yet.
        """
        with self.lock:
            known = [one for one in self.organizations.values() if not one.unlisted_searches]
            for one in self.organizations.values():
                one.unlisted_searches = max(0, one.unlisted_searches - 1)
        newest = max((one.listed_date for one in known), default=self.clock.now())
        found = [one for one in known if one.exists]
        if self._scramble_order:
            found.sort(key=lambda one: scramble(one.organization_id))
        return found, newest

    # Users and tokens

    def add_user(self, login_name: str, organization: str, *, name: str = "", human: Human | None = None) -> User:
        with self.lock:
            now = self.clock.now()
            user = User(
                kind=USER,
                resource_owner=organization,
                user_id=self.new_id(),
                login_name=login_name,
                organization=organization,
                creation_date=now,
                name=name or login_name,
                human=human,
                login_names=[login_name],
                sequence=1,
                change_date=now,
                listed_date=now,
            )
            self.users[user.user_id] = user
            self.last_user_event = now
            return user

    def change_user_state(self, user: User, state: str) -> None:
        with self.lock:
            user.sequence += 1
            user.state = state
            user.listed_sequence, user.listed_date = user.sequence, self.clock.now()
            self.last_user_event = user.listed_date
            if state == "deleted":
                user.forget()

    def list_users(self) -> list[User]:
        """Those not deleted, in no order that anybody promised."""
        with self.lock:
            found = [user for user in self.users.values() if user.exists]
        return sorted(found, key=lambda user: scramble(user.user_id)) if self._scramble_order else found

    def add_token(
        self, user: User, token: str | None = None, *, for_api: bool = True, profile: bool = True, issued: bool = False
    ) -> str:
        with self.lock:
            token = token or secrets.token_urlsafe(53)
            uses_left = self.issued_token_uses if issued else None
            self.tokens[token] = Token(user, for_api=for_api, profile=profile, uses_left=uses_left, issued=issued)
            return token

    def use_token(self, token: str) -> Token:
        """The token as it is remembered, used once more.

        Raises ApiError: it is unknown or expired, or the organization of its user was removed.
        """
        with self.lock:
            found = self.tokens.get(token)
            if found is None or not found.user.exists:
                raise errors.TOKEN_INVALID.error()
            if found.uses_left is not None:
                if found.uses_left <= 0:
                    raise errors.TOKEN_INVALID.error()
                found.uses_left -= 1
            return found

    # Inside

    def _check_name_is_free(self, name: str) -> None:
        if any(other.name == name and other.exists for other in self.organizations.values()):
            raise errors.ApiError(6, self.release.name_taken, "V3-DKcYh")

    def _next_event(self, organization: Organization) -> Written:
        organization.sequence += 1
        organization.change_date = self.clock.now()
        return Written(organization.sequence, organization.change_date, organization.organization_id)


_NOT_IN_DOMAINS = re.compile(r"[^\w-]|_")


def _default_domain(name: str) -> str:
    """The domain that an organization gets from its name: letters of any script, digits and hyphens."""
    label = _NOT_IN_DOMAINS.sub("", name.replace(" ", "-"))
    shortened = label.encode()[:63].decode("utf-8", "ignore")
    return f"{shortened.strip('-').lower()}.{EXTERNAL_DOMAIN}"
