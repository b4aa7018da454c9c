# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The search for users in the API v2."""

from __future__ import annotations

from collections.abc import Callable

from . import errors
from .calls import EMBEDDED, Call, Json, Route
from .metadata import Entry
from .permissions import may
from .protojson import Message
from .queries import cut, matches, page
from .releases import Release
from .store import User
from .users import user_body

# The server joins users and metadata: a query looks at a user and one entry (None: he has none).
Test = Callable[[User, "Entry | None"], bool]
_REQUIRED = "invalid SearchQuery.Query: value is required"
# Here two methods have each other's names.
_SWAPPED = {
    "TEXT_FILTER_METHOD_CONTAINS": "TEXT_FILTER_METHOD_ENDS_WITH",
    "TEXT_FILTER_METHOD_ENDS_WITH": "TEXT_FILTER_METHOD_CONTAINS",
    "TEXT_FILTER_METHOD_CONTAINS_IGNORE_CASE": "TEXT_FILTER_METHOD_ENDS_WITH_IGNORE_CASE",
    "TEXT_FILTER_METHOD_ENDS_WITH_IGNORE_CASE": "TEXT_FILTER_METHOD_CONTAINS_IGNORE_CASE",
}
_LEFT_OUT = {
    "displayNameQuery",
    "firstNameQuery",
    "inUserEmailsQuery",
    "lastNameQuery",
    "nickNameQuery",
    "phoneQuery",
}


def search(call: Call) -> Json:
    caller = call.authenticate()
    query = call.message.message("query")
    limit, offset = page(query)
    tests = [
        _test(one, f"ListUsersRequest.Queries[{index}]: {EMBEDDED}", call.release)
        for index, one in enumerate(call.message.messages("queries"))
    ]
    if call.message.has("sortingColumn"):
        raise NotImplementedError("fake_zitadel does not sort users")
    found = [user for user in call.store.list_users() if _matches(call, user, tests)]
    if not call.release.counts_invisible_users:
        found = [user for user in found if _is_visible(call, caller, user)]
    hits = cut(found, limit, offset)
    total = {"totalResult": str(len(found))} if hits else {}
    body: Json = {"details": {**total, "timestamp": call.store.last_user_event}}
    visible = [user_body(user) for user in hits if _is_visible(call, caller, user)]
    if visible:
        body["result"] = visible
    return body


def _is_visible(call: Call, caller: User, user: User) -> bool:
    return user is caller or may(caller, call.store.organizations[user.organization], "user.read")


def _matches(call: Call, user: User, tests: list[Test]) -> bool:
    rows: list[Entry | None] = [*call.store.metadata.peek(user).values()]
    return any(all(test(user, row) for test in tests) for row in rows or [None])


def _test(query: Message, inside: str, release: Release) -> Test:
    text = query.message
    if query.has("userNameQuery"):
        name, method = text("userNameQuery").text("userName"), text("userNameQuery").name("method")
        return lambda user, _entry: matches(user.login_name, name, method)
    if query.has("loginNameQuery"):
        name, method = text("loginNameQuery").text("loginName"), text("loginNameQuery").name("method")
        return lambda user, _entry: any(matches(one, name, method) for one in user.login_names)
    if query.has("emailQuery"):
        address, method = text("emailQuery").text("emailAddress"), text("emailQuery").name("method")
        return lambda user, _entry: user.human is not None and matches(user.human.email, address, method)
    if query.has("inUserIdsQuery"):
        user_ids = text("inUserIdsQuery").texts("userIds")
        return lambda user, _entry: user.user_id in user_ids
    if query.has("organizationIdQuery"):
        organization_id = text("organizationIdQuery").text("organizationId")
        return lambda user, _entry: user.organization == organization_id
    if query.has("stateQuery"):
        state = text("stateQuery").name("state").removeprefix("USER_STATE_").lower()
        return lambda user, _entry: user.state == state
    if query.has("typeQuery"):
        wants_human = text("typeQuery").name("type") == "TYPE_HUMAN"
        return lambda user, _entry: (user.human is not None) is wants_human
    if release.finds_users_by_metadata and (test := _metadata_test(query)):
        return test
    return _combined(query, inside, release)


def _metadata_test(query: Message) -> Test | None:
    if query.has("metadataKeyFilter"):
        key = query.message("metadataKeyFilter").text("key")
        method = query.message("metadataKeyFilter").name("method")
        method = _SWAPPED.get(method, method)
        return lambda _user, entry: entry is not None and matches(entry.key, key, method)
    if query.has("metadataValueFilter"):
        value = query.message("metadataValueFilter").data("value")
        differs = query.message("metadataValueFilter").name("method") == "BYTE_FILTER_METHOD_NOT_EQUALS"
        return lambda _user, entry: entry is not None and (entry.value != value) is differs
    return None


def _combined(query: Message, inside: str, release: Release) -> Test:
    for field, name in (("andQuery", "AndQuery"), ("orQuery", "OrQuery")):
        if query.has(field):
            inner = f"{inside}invalid SearchQuery.{name}: {EMBEDDED}invalid {name}.Queries"
            tests = [
                _test(one, f"{inner}[{index}]: {EMBEDDED}", release)
                for index, one in enumerate(query.message(field).messages("queries"))
            ]
            of = all if field == "andQuery" else any
            return lambda user, entry: of(test(user, entry) for test in tests)
    if query.has("notQuery"):
        inner = f"{inside}invalid SearchQuery.NotQuery: {EMBEDDED}invalid NotQuery.Query: {EMBEDDED}"
        test = _test(query.message("notQuery").message("query"), inner, release)
        return lambda user, entry: not test(user, entry)
    if any(query.has(name) for name in _LEFT_OUT):
        raise NotImplementedError(f"fake_zitadel leaves out {', '.join(sorted(_LEFT_OUT))}")
    raise errors.invalid(f"{inside}{_REQUIRED}")


ROUTES = [Route("POST", "/v2/users", search)]
