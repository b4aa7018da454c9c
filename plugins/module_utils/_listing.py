# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Listing organizations and users, with or by their metadata: what their info modules do. Options in, result out."""

from __future__ import annotations

import typing as t

from ansible_collections.community.zitadel.plugins.module_utils._api_version import Warn, open_and_read
from ansible_collections.community.zitadel.plugins.module_utils._connection import Connection
from ansible_collections.community.zitadel.plugins.module_utils._desired import Params
from ansible_collections.community.zitadel.plugins.module_utils._errors import ZitadelError
from ansible_collections.community.zitadel.plugins.module_utils._metadata import Entry, Owner, Selection, selection_of
from ansible_collections.community.zitadel.plugins.module_utils._organizations import (
    Organization,
    Search,
    find_organizations,
)
from ansible_collections.community.zitadel.plugins.module_utils._owners import is_gone
from ansible_collections.community.zitadel.plugins.module_utils._reading import as_options
from ansible_collections.community.zitadel.plugins.module_utils._users import (
    User,
    UserSearch,
    find_users,
    find_users_by_metadata,
)
from ansible_collections.community.zitadel.plugins.module_utils._values import check_key, from_user, refuse_empty
from ansible_collections.community.zitadel.plugins.module_utils._workers import Workers


class Condition(t.NamedTuple):
    """What metadata an owner must have, and whether all of it is wanted."""

    values: t.Mapping[str, bytes]
    keys: frozenset[str]
    """Keys that must be there, whatever their values"""
    reads_all: bool

    @property
    def needs_metadata(self) -> bool:
        return self.reads_all or bool(self.values or self.keys)

    @property
    def selection(self) -> Selection:
        """The least to read that decides."""
        return Selection() if self.reads_all else selection_of(self.keys.union(self.values))

    def holds(self, entries: t.Mapping[str, Entry]) -> bool:
        """Whether an owner with these entries meets it. Values compare as bytes."""
        return self.keys <= entries.keys() and all(
            key in entries and entries[key].value == value for key, value in self.values.items()
        )


def condition_of(params: Params) -> Condition:
    """Return what the options has_metadata, has_keys and metadata ask for. Raises ZitadelError if they make no sense."""
    values, keys = params["has_metadata"], params["has_keys"]
    for option, given in (("has_metadata", values), ("has_keys", keys)):
        if given is not None and not given:
            raise ZitadelError(f"{option} is given, but empty. Give what to look for, or leave the option out.")
    return Condition(
        {
            check_key(key, "has_metadata"): from_user(value, f"has_metadata: the value of {key!r}")
            for key, value in (values or {}).items()
        },
        frozenset(check_key(key, "has_keys") for key in keys or ()),
        bool(params["metadata"]),
    )


def search_of(params: Params) -> Search:
    """Return the search that the options of zitadel_org_info ask for. Raises ZitadelError if one is empty."""
    options = ("org_id", "name", "name_prefix", "domain", "state")
    refuse_empty(params, options)
    return Search(**{option: params[option] for option in options})


Owned = t.TypeVar("Owned", Organization, User)


def with_metadata(
    connection: Connection,
    listed: t.Sequence[Owned],
    condition: Condition,
    warn: Warn,
    list_again: t.Callable[[], t.Sequence[Owned]],
) -> list[tuple[Owned, dict[str, Entry]]]:
    """Return those of listed organizations or users that meet a condition, in order, with the entries that were read.

    One small read for each where metadata is needed. One that is removed meanwhile is left out: list_again shows those
    that are still there. Raises ZitadelError that names the owner.
    """
    if not condition.needs_metadata:
        return [(one, {}) for one in listed]
    with Workers(connection, connection.options.connections) as workers:
        told = workers.in_caller(warn)

        def read(one: Owned) -> dict[str, Entry] | None:
            try:
                return open_and_read(connection, _owner(one), condition.selection, warn=told, exists=True)[1].entries
            except ZitadelError as error:
                if is_gone(error):
                    return None
                raise error.but(f"{_title(one)}: {error.msg}") from None

        results = workers.map(read, listed, stop=lambda _error: True)
    for result in results:
        if isinstance(result, ZitadelError):
            raise result
    found = [
        (one, entries)
        for one, entries in zip(listed, results, strict=True)
        if isinstance(entries, dict) and condition.holds(entries)
    ]
    if all(entries for _one, entries in found):
        return found
    # What was removed has an empty list, too.
    left = {one.id for one in list_again()}
    return [(one, entries) for one, entries in found if entries or one.id in left]


def organization_info(connection: Connection, params: Params, warn: Warn) -> dict[str, t.Any]:
    """Do what the module zitadel_org_info is asked for and return its result. Raises ZitadelError."""
    search, condition = search_of(params), condition_of(params)

    def listed() -> list[Organization]:
        return find_organizations(connection, search)

    return _result("organizations", with_metadata(connection, listed(), condition, warn, listed), params)


def user_info(connection: Connection, params: Params, warn: Warn) -> dict[str, t.Any]:
    """Do what the module zitadel_user_info is asked for and return its result. Raises ZitadelError."""
    options = ("user_id", "login_name", "email", "org_id", "state")
    refuse_empty(params, options)
    search, condition = UserSearch(**{option: params[option] for option in options}), condition_of(params)
    asked, rest = _asked_of_the_server(search, condition)
    if asked == search:
        users = find_users(connection, search)
    else:
        users, is_searched = find_users_by_metadata(connection, asked)
        condition = rest if is_searched else condition
    return _result(
        "users", with_metadata(connection, users, condition, warn, lambda: find_users(connection, search)), params
    )


def _asked_of_the_server(search: UserSearch, condition: Condition) -> tuple[UserSearch, Condition]:
    """Return a search with one pair of the condition, and the rest: two pairs in one search find nothing."""
    if condition.values:
        key, value = min(condition.values.items(), key=lambda pair: (len(pair[1]), pair[0]))
        others = {other: wanted for other, wanted in condition.values.items() if other != key}
        return search._replace(key=key, value=value), condition._replace(values=others)
    if condition.keys:
        key = min(condition.keys)
        return search._replace(key=key), condition._replace(keys=condition.keys - {key})
    return search, condition


def _result(
    name: str, found: t.Sequence[tuple[Organization | User, dict[str, Entry]]], params: Params
) -> dict[str, t.Any]:
    listed = [
        {**as_result(one), **(as_options(entries.values()) if params["metadata"] else {})} for one, entries in found
    ]
    return {"changed": False, name: listed}


def _owner(one: Organization | User) -> Owner:
    if isinstance(one, User):
        return Owner("user", one.id, one.org_id)
    return Owner("organization", one.id, one.id)


def _title(one: Organization | User) -> str:
    return f"User {one.login_name!r}" if isinstance(one, User) else f"Organization {one.name!r}"


def as_result(one: Organization | User) -> dict[str, t.Any]:
    """Return an organization or user as a result has it."""
    return {**one._asdict(), "details": one.details._asdict()}
