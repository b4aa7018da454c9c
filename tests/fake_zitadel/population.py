# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who and what is there: organizations, users, roles, tokens and metadata, as tests put and see them."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping

from .keys import make_key
from .metadata import Entry, Owner
from .store import Human, Organization, Store, User


class Population:
    """Part of ``FakeZitadel``. Organizations are named by their id; users are ``User``, or their id."""

    store: Store
    home_id: str
    token: str
    _user_numbers: itertools.count[int]

    # Organizations

    def create_organization(
        self,
        name: str,
        *,
        state: str = "active",
        domain: str | None = None,
        metadata: Mapping[str, bytes | str] | None = None,
    ) -> str:
        """Create an organization and return its id. ``state``: "active", "inactive" or "removed"."""
        organization = self.store.add_organization(name, domain=domain)
        organization.sequence += 1  # whoever created it is a member
        organization.unlisted_searches = 0
        if metadata:
            self.set_many(organization.organization_id, metadata)
        if state != "active":
            self.store.change_state(organization, state)
        return organization.organization_id

    def change_state(self, organization: str, state: str) -> None:
        """``state``: "active", "inactive" or "removed"."""
        self.store.change_state(self._organization(organization), state)

    def rename(self, organization: str, name: str) -> None:
        self.store.rename(self._organization(organization), name)

    def hide_new_organizations(self, searches: int = 1) -> None:
        """Organizations that are created from now on by requests are unknown to so many searches."""
        self.store.new_organization_searches = searches

    # Users

    def create_user(
        self,
        role: str | Iterable[str] | None = None,
        organization: str | None = None,
        *,
        name: str | None = None,
        token: str | None = None,
        state: str = "active",
        metadata: Mapping[str, bytes | str] | None = None,
    ) -> User:
        """Create a machine user of an organization (the home organization if none is given) with a token.

        Roles (see ``permissions``) that start with ``IAM_`` count everywhere, others in that organization. See
        ``grant`` for more.
        """
        roles = [role] if isinstance(role, str) else list(role or ())
        home = organization or self.home_id
        user = self.store.add_user(name or f"machine-{next(self._user_numbers)}", home)
        self.grant(user, roles, home)
        user.token = self.store.add_token(user, token)
        self._finish(user, state, metadata)
        return user

    def create_human(
        self,
        login_name: str,
        organization: str | None = None,
        *,
        email: str | None = None,
        login_names: Iterable[str] = (),
        state: str = "active",
        metadata: Mapping[str, bytes | str] | None = None,
    ) -> User:
        """Create a human user.

        :param login_name: the user name; also the login name, unless the organization adds its domain:
        :param login_names: all login names, if there are others.
        :param email: ``login_name@example.com`` if not given; two users may have the same.
        :param state: "active", "inactive", "locked", "initial" or "deleted".
        """
        address = email or f"{login_name.partition('@')[0]}@example.com"
        human = Human("Given", "Family", f"Given Family {login_name}", address, state != "initial")
        user = self.store.add_user(login_name, organization or self.home_id, human=human)
        user.login_names = list(login_names) or [login_name]
        self._finish(user, state, metadata)
        return user

    def _finish(self, user: User, state: str, metadata: Mapping[str, bytes | str] | None) -> None:
        if metadata:
            self.set_user_many(user, metadata)
        if state != "active":
            self.store.change_user_state(user, state)

    def change_user_state(self, user: User | str, state: str) -> None:
        self.store.change_user_state(self._user(user), state)

    def grant(self, user: User, roles: Iterable[str], organization: str) -> None:
        """Give a user roles: those of the instance, and those in an organization."""
        roles = set(roles)
        user.instance_roles |= {role for role in roles if role.startswith("IAM_")}
        others = roles - user.instance_roles
        if others:
            self.store.add_role(self._organization(organization), user, others)

    # Logins

    def create_key(self, user: User, *, fresh: bool = False) -> dict[str, str]:
        """Return the content of a key file. All share one RSA key unless ``fresh``: making one takes time."""
        return make_key(self.store, user, fresh=fresh)

    def create_user_with_key(self, role: str, organization: str) -> tuple[User, dict[str, str]]:
        """A user and the content of its key file."""
        user = self.create_user(role, organization)
        return user, self.create_key(user)

    @staticmethod
    def audience(url: str) -> str:
        """The audience of an assertion where the server is reached by this address: the fake takes any."""
        return url

    def create_secret(self, user: User, *, unknown_uses: int = 0) -> tuple[str, str]:
        """Return client id and secret. A new secret can be unknown for its first uses, as on a server."""
        return user.login_name, user.new_secret(unknown_uses)

    def expire_token(self, token: str | None = None, *, after_uses: int = 0) -> None:
        """Let a token (the administrator's if none is given) expire, now or after it was used so often."""
        with self.store.lock:
            self.store.tokens[token or self.token].uses_left = after_uses

    def expire_issued_tokens(self) -> None:
        """Let every token that the token endpoint gave out so far expire now."""
        with self.store.lock:
            for token in self.store.tokens.values():
                if token.issued:
                    token.uses_left = 0

    def limit_issued_tokens(self, uses: int | None) -> None:
        """Tokens that the token endpoint gives out from now on expire after so many uses."""
        self.store.issued_token_uses = uses

    # Metadata: what readers see, what is stored, and other writers (past every fault)

    def metadata(self, organization: str) -> dict[str, bytes]:
        """What readers see."""
        return _values(self.entries(organization))

    def entries(self, organization: str) -> dict[str, Entry]:
        """What readers see, with sequences and dates."""
        return self.store.metadata.peek(self._organization(organization))

    def stored(self, organization: str) -> dict[str, bytes]:
        """What the write side has: differs where readers are behind or writes were lost."""
        return self._stored(self._organization(organization))

    def set(self, organization: str, key: str, value: bytes | str) -> None:
        """Set a key as another writer would, past every fault."""
        self.store.metadata.set(self._organization(organization), key, to_bytes(value))

    def set_many(self, organization: str, metadata: Mapping[str, bytes | str]) -> None:
        self.store.metadata.set_many(self._organization(organization), _pairs(metadata))

    def remove(self, organization: str, *keys: str) -> None:
        self.store.metadata.remove_many(self._organization(organization), list(keys))

    def user_metadata(self, user: User | str) -> dict[str, bytes]:
        return _values(self.user_entries(user))

    def user_entries(self, user: User | str) -> dict[str, Entry]:
        return self.store.metadata.peek(self._user(user))

    def user_stored(self, user: User | str) -> dict[str, bytes]:
        return self._stored(self._user(user))

    def set_user(self, user: User | str, key: str, value: bytes | str) -> None:
        self.store.metadata.set(self._user(user), key, to_bytes(value))

    def set_user_many(self, user: User | str, metadata: Mapping[str, bytes | str]) -> None:
        self.store.metadata.set_many(self._user(user), _pairs(metadata))

    def remove_user(self, user: User | str, *keys: str) -> None:
        """Remove keys of a user, not the user."""
        self.store.metadata.remove_many(self._user(user), list(keys))

    # Inside

    def _stored(self, owner: Owner) -> dict[str, bytes]:
        with self.store.lock:
            return dict(owner.written)

    def _organization(self, organization_id: str) -> Organization:
        return self.store.organizations[organization_id]

    def _user(self, user: User | str) -> User:
        return user if isinstance(user, User) else self.store.users[user]


def to_bytes(value: bytes | str) -> bytes:
    return value.encode() if isinstance(value, str) else value


def _pairs(metadata: Mapping[str, bytes | str]) -> list[tuple[str, bytes]]:
    return [(key, to_bytes(value)) for key, value in metadata.items()]


def _values(entries: Mapping[str, Entry]) -> dict[str, bytes]:
    return {key: entry.value for key, entry in entries.items()}
