# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Users: find one, list many."""

from __future__ import annotations

import typing as t

from ansible_collections.community.zitadel.plugins.module_utils._api_common import travels_in_path
from ansible_collections.community.zitadel.plugins.module_utils._connection import Connection
from ansible_collections.community.zitadel.plugins.module_utils._errors import INVALID_ARGUMENT, ZitadelError
from ansible_collections.community.zitadel.plugins.module_utils._hits import PAGE_SIZE, Hits, read_hits
from ansible_collections.community.zitadel.plugins.module_utils._messages import unexpected
from ansible_collections.community.zitadel.plugins.module_utils._metadata import Details, json_bytes
from ansible_collections.community.zitadel.plugins.module_utils._values import to_base64

_EQUALS = "TEXT_QUERY_METHOD_EQUALS"


class User(t.NamedTuple):
    """A user as the search shows it."""

    id: str
    login_name: str
    login_names: list[str]
    email: str | None
    """None for machines"""
    type: str
    """human or machine"""
    state: str
    """active, inactive, locked or initial"""
    org_id: str
    details: Details


class UserSearch(t.NamedTuple):
    """The conditions that a user has to meet, all of them; None is any."""

    user_id: str | None = None
    login_name: str | None = None
    email: str | None = None
    org_id: str | None = None
    state: str | None = None
    key: str | None = None
    """A metadata key that the user must have"""
    value: bytes | None = None
    """The value of that key"""

    @property
    def what(self) -> str:
        """What a message calls the one user that it names."""
        if self.login_name is not None:
            return f"the login name {self.login_name!r}"
        return f"the email address {self.email!r}" if self.email is not None else f"the id {self.user_id!r}"

    def queries(self) -> list[dict[str, t.Any]]:
        """Return what the server filters by."""
        queries: list[dict[str, t.Any]] = []
        if self.user_id is not None:
            queries.append({"inUserIdsQuery": {"userIds": [self.user_id]}})
        if self.login_name is not None:
            queries.append({"loginNameQuery": {"loginName": self.login_name, "method": _EQUALS}})
        if self.email is not None:
            queries.append({"emailQuery": {"emailAddress": self.email, "method": _EQUALS}})
        if self.org_id is not None:
            queries.append({"organizationIdQuery": {"organizationId": self.org_id}})
        if self.state is not None:
            queries.append({"stateQuery": {"state": f"USER_STATE_{self.state.upper()}"}})
        if self.key is not None:
            queries.append({"metadataKeyFilter": {"key": self.key, "method": "TEXT_FILTER_METHOD_EQUALS"}})
        if self.value is not None:
            value = {"value": to_base64(self.value), "method": "BYTE_FILTER_METHOD_EQUALS"}
            queries.append({"metadataValueFilter": value})
        return queries

    def matches(self, user: User) -> bool:
        """Whether a hit really meets the conditions on the user itself: names match exactly, no query is ignored."""
        wanted = (self.user_id, self.email, self.org_id, self.state)
        there = (user.id, user.email, user.org_id, user.state)
        return (self.login_name is None or self.login_name in (user.login_name, *user.login_names)) and all(
            want is None or want == has for want, has in zip(wanted, there, strict=True)
        )


def find_users(connection: Connection, search: UserSearch) -> list[User]:
    """Return the users that the service account may read and that meet the search, sorted by login name.

    POST /v2/users, all pages. Raises ZitadelError.
    """
    found = read_hits(lambda offset: _search_page(connection, search, offset))
    return sorted(found.values(), key=lambda user: (user.login_name, user.id))


def find_users_by_metadata(connection: Connection, search: UserSearch) -> tuple[list[User], bool]:
    """Return the users that meet a search, and whether the server has searched the metadata, too.

    Releases before v4.1.0 or v4.2.0 refuse that with HTTP 400. Raises ZitadelError.
    """
    try:
        return find_users(connection, search), True
    except ZitadelError as error:
        if error.refusal is None or error.refusal.status != 400 or error.refusal.meaning != INVALID_ARGUMENT:
            raise
    return find_users(connection, search._replace(key=None, value=None)), False


def find_user(connection: Connection, search: UserSearch) -> User:
    """Return the one user that is named by id, login name or email. Raises ZitadelError if it is not just one.

    GET /v2/users/{id}, or POST /v2/users.
    """
    if search.user_id is not None and travels_in_path(search.user_id):
        return _get_user(connection, search.user_id)
    found = find_users(connection, search)
    if not found:
        raise ZitadelError(
            f"No user with {search.what} can be seen at {connection.url}. Check the spelling and that the service "
            "account has a role in the user's organization; a user that was just created can take a moment to appear."
        )
    if len(found) > 1:
        ids = ", ".join(user.id for user in found)
        raise ZitadelError(f"More than one user has {search.what}: {ids}. Name one by user_id.")
    return found[0]


def _get_user(connection: Connection, user_id: str) -> User:
    place = f"user {user_id}"
    doing = f"read {place} at {connection.url}"
    try:
        content = connection.call("GET", f"/v2/users/{user_id}", doing=doing, place=place, permission="user.read")
    except ZitadelError as error:
        if error.refusal and error.refusal.id == "QUERY-Dfbg2":
            raise error.but(
                f"There is no {place} at {connection.url}. user_id takes the id, a number; a login name goes into "
                "login_name, an email address into email."
            ) from None
        raise
    try:
        user = _user(content["user"])
    except (AttributeError, KeyError, TypeError, ValueError):
        raise ZitadelError(unexpected(doing)) from None
    if user.id != user_id:
        raise ZitadelError(unexpected(doing))
    return user


def _search_page(connection: Connection, search: UserSearch, offset: int) -> Hits[User]:
    doing = f"search users at {connection.url}"
    body = {"query": {"limit": PAGE_SIZE, "offset": str(offset), "asc": True}, "queries": search.queries()}
    content = connection.call("POST", "/v2/users", doing=doing, body=json_bytes(body))
    try:
        users = [_user(item) for item in content.get("result", [])]
        total = int(content["details"].get("totalResult", 0))
    except (AttributeError, KeyError, TypeError, ValueError):
        raise ZitadelError(unexpected(doing)) from None
    return Hits({user.id: user for user in users if search.matches(user)}, total, [user.id for user in users])


def _user(item: t.Mapping[str, t.Any]) -> User:
    human = item.get("human")
    details = Details.read(item["details"])
    if not details.resource_owner:
        raise ValueError("a user without an organization")
    return User(
        id=str(item["userId"]),
        login_name=str(item.get("preferredLoginName") or item.get("username", "")),
        login_names=[str(name) for name in item.get("loginNames", [])],
        email=human.get("email", {}).get("email") if isinstance(human, dict) else None,
        type="human" if isinstance(human, dict) else "machine",
        state=str(item.get("state", "")).removeprefix("USER_STATE_").lower(),
        org_id=details.resource_owner,
        details=details,
    )
