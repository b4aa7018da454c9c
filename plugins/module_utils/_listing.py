# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Listing organizations and users, with or by their metadata: what their info modules do. Options in, result out."""

from __future__ import annotations

import fnmatch
import os.path
import re
import typing as t

from ansible_collections.community.zitadel.plugins.module_utils._api_version import Warn, open_and_read
from ansible_collections.community.zitadel.plugins.module_utils._connection import Connection
from ansible_collections.community.zitadel.plugins.module_utils._desired import Params
from ansible_collections.community.zitadel.plugins.module_utils._errors import NO_ACCESS_IDS, ZitadelError
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

EVERYTHING = ("*",)
"""The shell patterns that all keys match"""

_WILDCARD = re.compile(r"[*?[]")


class Condition(t.NamedTuple):
    """What metadata an owner must have, and what of it is wanted."""

    values: t.Mapping[str, bytes]
    keys: frozenset[str]
    """Keys that must be there, whatever their values"""
    wanted: t.Sequence[str]
    """Shell patterns of the keys to return, case-sensitive"""

    @property
    def needs_metadata(self) -> bool:
        return bool(self.wanted or self.values or self.keys)

    @property
    def selection(self) -> Selection:
        """The least to read that decides, and that holds all that is wanted."""
        keys = self.keys.union(self.values, (pattern for pattern in self.wanted if not _WILDCARD.search(pattern)))
        prefixes = [_WILDCARD.split(pattern)[0] for pattern in self.wanted if _WILDCARD.search(pattern)]
        # Character by character is what is wanted here, other than with paths.
        return selection_of(keys, os.path.commonprefix(prefixes) if prefixes else None)  # noqa: RUF071

    def holds(self, entries: t.Mapping[str, Entry]) -> bool:
        """Whether an owner with these entries meets it. Values compare as bytes."""
        return self.keys <= entries.keys() and all(
            key in entries and entries[key].value == value for key, value in self.values.items()
        )

    def wanted_of(self, entries: t.Mapping[str, Entry]) -> list[Entry]:
        """Return the entries to return, sorted by key."""
        return [
            entries[key] for key in sorted(entries) if any(fnmatch.fnmatchcase(key, pattern) for pattern in self.wanted)
        ]


def condition_of(params: Params, wanted: t.Sequence[str]) -> Condition:
    """Return what the options has_metadata and has_keys ask for, and these patterns of keys.

    Raises ZitadelError if they make no sense.
    """
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
        wanted,
    )


def search_of(params: Params) -> Search:
    """Return the search for organizations that the filters among the options ask for. Raises ZitadelError if one is empty."""
    options = [option for option in Search._fields if option in params]
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
                raise _failure(one, error) from None

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


def find_with_metadata(
    connection: Connection, search: Search, condition: Condition, warn: Warn
) -> list[tuple[Organization, dict[str, Entry]]]:
    """Return the organizations that meet a search and a condition, sorted by name. Raises ZitadelError."""

    def listed() -> list[Organization]:
        return find_organizations(connection, search)

    return with_metadata(connection, listed(), condition, warn, listed)


def organization_info(connection: Connection, params: Params, warn: Warn) -> dict[str, t.Any]:
    """Do what the module zitadel_org_info is asked for and return its result. Raises ZitadelError."""
    condition = _condition_of(params)
    return _result("organizations", find_with_metadata(connection, search_of(params), condition, warn), params)


def user_info(connection: Connection, params: Params, warn: Warn) -> dict[str, t.Any]:
    """Do what the module zitadel_user_info is asked for and return its result. Raises ZitadelError."""
    options = ("user_id", "login_name", "email", "org_id", "state")
    refuse_empty(params, options)
    search, condition = UserSearch(**{option: params[option] for option in options}), _condition_of(params)
    asked, rest = _asked_of_the_server(search, condition)
    if asked == search:
        users = find_users(connection, search)
    else:
        users, is_searched = find_users_by_metadata(connection, asked)
        # What is read anyway decides, since it is newer than the search.
        condition = rest if is_searched and not params["metadata"] else condition
    return _result(
        "users", with_metadata(connection, users, condition, warn, lambda: find_users(connection, search)), params
    )


def _condition_of(params: Params) -> Condition:
    return condition_of(params, EVERYTHING if params["metadata"] else ())


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


def _failure(one: Organization | User, error: ZitadelError) -> ZitadelError:
    """Return the error of a read with the name of the organization or user."""
    if not isinstance(one, User):
        return error.but(f"Organization {one.name!r}: {error.msg}", result={})
    named = error.but(f"User {one.login_name!r}: {error.msg}", result={})
    if error.refusal is None or error.refusal.id not in NO_ACCESS_IDS:
        return named
    return named.adding(
        "A service account always finds itself. If this user is the service account, set org_id to list the users of "
        "another organization."
    )


def as_result(one: Organization | User) -> dict[str, t.Any]:
    """Return an organization or user as a result has it."""
    return {**one._asdict(), "details": one.details._asdict()}
