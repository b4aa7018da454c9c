# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Metadata in the API v2, of organizations and of users, by REST and by Connect."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qs

from . import errors
from .bodies import list_size
from .calls import EMBEDDED, Call, Json, Route, check_runes, check_value
from .metadata import ORGANIZATION, USER, Entry, Kind, Owner
from .metadata_v1 import filtered
from .permissions import may
from .protojson import encode_base64
from .queries import cut, page
from .releases import Release
from .store import Organization, User

DEFAULT_PAGE = 100
_NEVER = "0001-01-01T00:00:00Z"


@dataclass(frozen=True)
class MetadataV2:
    """The three calls for one kind of owner."""

    kind: Kind
    message: str  # part of the names of request messages
    id_field: str
    beta: bool = False

    def set_metadata(self, call: Call) -> Json:
        owner_id = self._owner_id(call)
        entries = [(item.text("key"), item.data("value")) for item in call.message.messages("metadata")]
        user = call.authenticate()
        name = f"Set{self.message}MetadataRequest"
        self._check_owner_id(name, owner_id)
        removes = call.release.empty_value_removes and not self.beta
        for index, (key, value) in enumerate(entries):
            inside = f"{name}.Metadata[{index}]: {EMBEDDED}invalid Metadata"
            check_runes(f"{inside}.Key", key)
            check_value(f"{inside}.Value", value, may_be_empty=removes)
        if not entries:
            raise errors.ApiError(9, "Metadata list is empty", "META-9mm2d")
        owner = self._writable(call, user, owner_id)
        written = call.store.metadata.set_many(owner, entries, call.fate)
        return {"setDate": written.date if written else _NEVER}

    def delete_metadata(self, call: Call) -> Json:
        owner_id = self._owner_id(call)
        in_query = parse_qs(call.query, keep_blank_values=True).get("keys", [])
        keys = call.message.texts("keys") if call.spelling == "connect" else in_query
        user = call.authenticate()
        name = f"Delete{self.message}MetadataRequest"
        self._check_owner_id(name, owner_id)
        for index, key in enumerate(keys):
            check_runes(f"{name}.Keys[{index}]", key)
        if not keys:
            raise errors.ApiError(9, "Metadata list is empty", self.kind.nothing_to_remove)
        owner = self._writable(call, user, owner_id)
        return {"deletionDate": call.store.metadata.remove_many(owner, keys, call.fate).date}

    def list_metadata(self, call: Call) -> Json:
        owner_id = self._owner_id(call)
        pagination = call.message.message("pagination")
        limit, offset = page(pagination)
        filters_field, filter_field = ("filter", "keyQuery") if self.beta else ("filters", "keyFilter")
        filters = call.message.messages(filters_field)
        queries = [(one.message(filter_field).text("key"), one.message(filter_field).name("method")) for one in filters]
        user = call.authenticate()
        self._check_owner_id(f"List{self.message}MetadataRequest", owner_id)
        if limit > call.settings.max_page:
            raise errors.LIMIT_EXCEEDED.error()
        owner = self._readable(call, user, owner_id)
        newest_first = not pagination.flag("asc")
        found = filtered(call.store.metadata, self.kind, owner, queries, newest_first=newest_first)
        entries = cut(found, limit or DEFAULT_PAGE, offset)
        answer = {"totalResult": str(len(found))} if entries else {}
        if limit or self.kind is USER:
            answer["appliedLimit"] = str(limit or DEFAULT_PAGE)
        if not entries or not self._sees_entries(call, user, owner):
            return {"pagination": answer}
        if call.spelling == "v2" and list_size(entries, call.release.answer_limit) > call.release.answer_limit:
            text = f"grpc: received message after decompression larger than max {call.release.answer_limit}"
            raise errors.ApiError(8, text)
        return {"pagination": answer, "metadata": [_entry(entry) for entry in entries]}

    def _owner_id(self, call: Call) -> str:
        return call.message.text(self.id_field) if call.spelling == "connect" else call.parameters[0]

    def _check_owner_id(self, name: str, owner_id: str) -> None:
        check_runes(f"{name}.{self.id_field[0].upper()}{self.id_field[1:]}", owner_id)

    def _find(self, call: Call, owner_id: str) -> tuple[Owner, Organization] | None:
        """The owner, if it exists, and the organization in which permissions count."""
        owners: Mapping[str, Owner] = call.store.users if self.kind is USER else call.store.organizations
        owner = owners.get(owner_id)
        if owner is None or not owner.exists:
            return None
        return owner, call.store.organizations[owner.resource_owner]

    def _writable(self, call: Call, user: User, owner_id: str) -> Owner:
        found = self._find(call, owner_id)
        if found is None:
            raise self.kind.missing.error()
        owner, organization = found
        call.check_permission(user, organization, self.kind.write)
        return owner

    def _readable(self, call: Call, user: User, owner_id: str) -> Owner | None:
        """The owner; of an organization that may not be read not even the number of entries is told."""
        found = self._find(call, owner_id)
        if found and self.kind is ORGANIZATION and not may(user, found[1], self.kind.read):
            return None
        return found[0] if found else None

    def _sees_entries(self, call: Call, user: User, owner: Owner | None) -> bool:
        if self.kind is ORGANIZATION or owner is user or owner is None:
            return True
        return may(user, call.store.organizations[owner.resource_owner], self.kind.read)

    def rest_routes(self, base: str, *, since_v4_7: bool = False) -> list[Route]:
        is_in = _since_v4_7 if since_v4_7 else _since_v4_0
        return [
            Route("POST", f"{base}/{{}}/metadata", self.set_metadata, is_in=is_in),
            Route("POST", f"{base}/{{}}/metadata/search", self.list_metadata, is_in=is_in),
            Route("DELETE", f"{base}/{{}}/metadata", self.delete_metadata, is_in=is_in),
        ]

    def connect_routes(self, service: str, *, since_v4_7: bool = False) -> list[Route]:
        is_in = _since_v4_7 if since_v4_7 else _since_v4_0
        return [
            Route("POST", f"{service}/Set{self.message}Metadata", self.set_metadata, is_in=is_in),
            Route("POST", f"{service}/List{self.message}Metadata", self.list_metadata, is_in=is_in),
            Route("POST", f"{service}/Delete{self.message}Metadata", self.delete_metadata, is_in=is_in),
        ]


def _since_v4_0(release: Release) -> bool:
    return release.has_connect


def _since_v4_7(release: Release) -> bool:
    return release.has_organization_metadata_v2


def _entry(entry: Entry) -> Json:
    return {
        "creationDate": entry.creation_date,
        "changeDate": entry.change_date,
        "key": entry.key,
        "value": encode_base64(entry.value),
    }


_OF_ORGANIZATIONS = MetadataV2(ORGANIZATION, "Organization", "organizationId")
_OF_ORGANIZATIONS_BETA = MetadataV2(ORGANIZATION, "Organization", "organizationId", beta=True)
_OF_USERS = MetadataV2(USER, "User", "userId")


ROUTES = [
    *_OF_ORGANIZATIONS.rest_routes("/v2/organizations", since_v4_7=True),
    *_OF_ORGANIZATIONS_BETA.rest_routes("/v2beta/organizations"),
    *_OF_USERS.rest_routes("/v2/users"),
]
CONNECT = [
    *_OF_ORGANIZATIONS.connect_routes("org.v2.OrganizationService", since_v4_7=True),
    *_OF_USERS.connect_routes("user.v2.UserService"),
]
