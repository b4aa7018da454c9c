# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Metadata in the Management API v1, of organizations and of users."""

from __future__ import annotations

from collections.abc import Callable

from . import errors
from .bodies import details, embedded, event, list_size, pair_size
from .calls import EMBEDDED, KEY_LIMIT, Call, Json, Route, check_request_size, check_runes, check_value
from .metadata import ORGANIZATION, USER, Entry, Kind, Metadata, Owner
from .protojson import encode_base64
from .queries import cut, is_equals, matches, page


class MetadataV1:
    """The six calls for one kind of owner. ``owner`` finds it, None: what is asked for is not there."""

    def __init__(self, kind: Kind, owner: Callable[[Call, str], Owner | None]) -> None:
        self.kind = kind
        self._owner = owner

    def routes(self, base: str) -> list[Route]:
        # Literal paths stand before those with a key: a key cannot be reached where another call has its name.
        return [
            Route("POST", f"{base}/_bulk", self.bulk_set),
            Route("DELETE", f"{base}/_bulk", self.bulk_remove),
            Route("POST", f"{base}/_search", self.search),
            Route("POST", f"{base}/{{}}", self.set),
            Route("GET", f"{base}/{{}}", self.get),
            Route("DELETE", f"{base}/{{}}", self.remove),
        ]

    def set(self, call: Call) -> Json:
        key, value = call.parameters[-1], call.message.data("value")
        check_request_size(pair_size(key, value))
        owner = self._owner(call, self.kind.write)
        check_runes(f"Set{self.kind.message}MetadataRequest.Key", key)
        check_value(f"Set{self.kind.message}MetadataRequest.Value", value)
        written = call.store.metadata.set(self._required(owner), key, value, call.fate)
        # The event's date travels as creationDate, also when the key was there before.
        return {"details": event(written, "creationDate")}

    def bulk_set(self, call: Call) -> Json:
        entries = [(item.text("key"), item.data("value")) for item in call.message.messages("metadata")]
        check_request_size(sum(embedded(pair_size(key, value)) for key, value in entries))
        owner = self._owner(call, self.kind.write)
        name = f"BulkSet{self.kind.message}MetadataRequest"
        for index, (key, value) in enumerate(entries):
            inside = f"{name}.Metadata[{index}]: {EMBEDDED}invalid {name}_Metadata"
            check_runes(f"{inside}.Key", key)
            check_value(f"{inside}.Value", value)
        if not entries:
            raise errors.ApiError(9, "Metadata list is empty", "META-9mm2d")
        written = call.store.metadata.set_many(self._required(owner), entries, call.fate)
        assert written  # nothing is left alone that never was written
        return {"details": event(written, "changeDate")}

    def get(self, call: Call) -> Json:
        key = call.parameters[-1]
        owner = self._owner(call, self.kind.read)
        check_runes(f"Get{self.kind.message}MetadataRequest.Key", key)
        entry = call.store.metadata.read_one(owner, key) if owner else None
        if owner is None or entry is None:
            raise errors.key_not_found(self.kind.absent_get)
        return {"metadata": _entry(entry, owner)}

    def search(self, call: Call) -> Json:
        limit, offset = page(call.message.message("query"))
        queries = [
            (query.has("keyQuery"), query.message("keyQuery").text("key"), query.message("keyQuery").name("method"))
            for query in call.message.messages("queries")
        ]
        owner = self._owner(call, self.kind.read)
        for index, (given, key, _method) in enumerate(queries):
            inside = f"List{self.kind.message}MetadataRequest.Queries[{index}]: {EMBEDDED}"
            if not given:
                raise errors.invalid(f"{inside}invalid MetadataQuery.Query: value is required")
            if len(key) > KEY_LIMIT:
                raise errors.invalid(
                    f"{inside}invalid MetadataQuery.KeyQuery: {EMBEDDED}"
                    f"invalid MetadataKeyQuery.Key: value length must be at most {KEY_LIMIT} runes"
                )
        if any("\0" in key for _given, key, method in queries):
            raise errors.ApiError(13, "An internal error occurred", "QUERY-Ho2wf")
        found = filtered(call.store.metadata, self.kind, owner, [(key, method) for _given, key, method in queries])
        entries = cut(found, limit, offset)
        view = {"viewTimestamp": call.store.clock.now()}
        if owner is None or not entries:  # past the end even the count is gone
            return {"details": view}
        largest = call.release.answer_limit
        size = list_size(entries, largest)
        if size > largest:
            raise errors.message_too_large(size, largest, gateway=False)
        return {
            "details": {"totalResult": str(len(found)), **view},
            "result": [_entry(entry, owner) for entry in entries],
        }

    def remove(self, call: Call) -> Json:
        key = call.parameters[-1]
        owner = self._owner(call, self.kind.write)
        check_runes(f"Remove{self.kind.message}MetadataRequest.Key", key)
        written = call.store.metadata.remove(self._required(owner), key, call.fate)
        return {"details": event(written, "changeDate")}

    def bulk_remove(self, call: Call) -> Json:
        keys = call.message.texts("keys")
        check_request_size(sum(embedded(len(key.encode())) for key in keys))
        owner = self._owner(call, self.kind.write)
        for index, key in enumerate(keys):
            check_runes(f"BulkRemove{self.kind.message}MetadataRequest.Keys[{index}]", key)
        if not keys:
            raise errors.ApiError(9, "Metadata list is empty", self.kind.nothing_to_remove)
        written = call.store.metadata.remove_many(self._required(owner), keys, call.fate)
        return {"details": event(written, "changeDate")}

    def _required(self, owner: Owner | None) -> Owner:
        if owner is None:
            raise self.kind.missing.error()
        return owner


def filtered(
    metadata: Metadata,
    kind: Kind,
    owner: Owner | None,
    queries: list[tuple[str, str]],
    *,
    newest_first: bool = False,
) -> list[Entry]:
    """The entries of an owner that match all queries (text, method)."""
    if owner is None:
        return []
    seen = metadata.read(owner)
    for key, method in queries:
        if is_equals(method):  # no need to look at the others
            seen = {key: seen[key]} if key in seen else {}
    found = [entry for entry in seen.values() if all(matches(entry.key, key, method) for key, method in queries)]
    return metadata.in_order(kind, found, newest_first=newest_first)


def _entry(entry: Entry, owner: Owner) -> Json:
    return {
        "details": details(entry.sequence, entry.creation_date, entry.change_date, owner.resource_owner),
        "key": entry.key,
        "value": encode_base64(entry.value),
    }


def _organization(call: Call, permission: str) -> Owner:
    return call.authorize(permission)[1]


def _user(call: Call, permission: str) -> Owner | None:
    """The user of the path, if he is of the organization of the header."""
    _caller, organization = call.authorize(permission)
    user = call.store.users.get(call.parameters[0])
    return user if user and user.exists and user.organization == organization.organization_id else None


ROUTES = [
    *MetadataV1(ORGANIZATION, _organization).routes("/management/v1/metadata"),
    *MetadataV1(USER, _user).routes("/management/v1/users/{}/metadata"),
]
