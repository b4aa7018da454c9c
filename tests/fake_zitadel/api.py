# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Calls and their answers."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs

from . import errors, tokens
from .exchange import Answer, Request
from .hosts import Hosts
from .paths import is_printable_ascii, redirect_of, split
from .permissions import may, permissions_of, roles_of
from .protojson import Message, encode_base64, field_size, varint_size
from .releases import MIB
from .store import INSTANCE_ID, USUAL, Entry, Fate, Organization, Store, User, Written, organization_not_found

REQUEST_LIMIT = 4 * MIB
KEY_LIMIT = 200
VALUE_LIMIT = 500_000
_EMBEDDED = "embedded message failed validation | caused by: "

Json = dict[str, Any]


@dataclass
class Call:
    """One request on its way to its handler."""

    request: Request
    fate: Fate
    message: Message
    parameters: tuple[str, ...]
    query: str
    v2: bool = False


class Api:
    """Answers requests. Knows paths and JSON; what is remembered lives in the store."""

    def __init__(self, store: Store, hosts: Hosts) -> None:
        self.store = store
        self.release = store.release
        self.hosts = hosts

    # Routing

    def handle(self, request: Request, fate: Fate = USUAL) -> Answer:
        if _BAD_ESCAPE.search(request.path):
            return Answer(400, b"400 Bad Request", {"Content-Type": "text/plain; charset=utf-8"})
        path, query = split(request.path)
        location = redirect_of(path, query)
        if location is not None:
            return Answer(301, headers={"Location": location})
        if path in ("/oauth/v2/token", "/.well-known/openid-configuration"):
            return self._tokens(request, path)
        if path == "/debug/ready":
            return Answer(200, b'"ok"\n', {"Content-Type": "application/json"})
        v2 = path.startswith("/v2")
        try:
            handler, parameters, has_body = self._route(request.method, path)
            if not is_printable_ascii(path):
                text = 'header key "zitadel-activity-path" contains value with non-printable ASCII characters'
                raise errors.ApiError(13, text, gateway=True)
            message = Message.parse(request.body if has_body else b"", self.release)
            body = handler(self, Call(request, fate, message, parameters, query, v2))
        except errors.ApiError as error:
            language = request.headers.get("accept-language", "")
            status, headers, body = error.render(self.release, v2=v2, language=language)
            return Answer(status, self._dump(body), headers)
        headers = {"Content-Type": "application/json"}
        if not (v2 and self.release.v2_is_connect):
            headers["Cache-Control"] = "no-store"
        return Answer(200, self._dump(body), headers)

    def _route(self, method: str, path: str) -> tuple[Handler, tuple[str, ...], bool]:
        known = False
        for route in ROUTES:
            match = route.path.fullmatch(path)
            if match and route.method == method:
                return route.handler, match.groups(), route.has_body
            known = known or bool(match)
        if _LEFT_OUT.match(path) and (self.release.has_v2_metadata or not path.startswith("/v2")):
            raise NotImplementedError(f"fake_zitadel leaves out {method} {path}")
        raise errors.method_not_allowed() if known else errors.not_found_route()

    def _tokens(self, request: Request, path: str) -> Answer:
        complaint = self.hosts.complaint(request)
        if complaint:
            return tokens.wrong_host(complaint)
        if path == "/oauth/v2/token":
            status, body = tokens.token(self.store, request)
        else:
            status, body = tokens.discovery(self.store, request)
        return Answer(status, self._dump(body), {"Content-Type": "application/json", "Cache-Control": "no-store"})

    def _dump(self, body: Json) -> bytes:
        separators = (self.release.json_comma, ":")
        return json.dumps(body, ensure_ascii=False, separators=separators).encode()

    # Who and where

    def authenticate(self, call: Call) -> User:
        complaint = self.hosts.api_complaint(call.request, self.release.no_instance)
        if complaint:
            raise errors.ApiError(5, complaint)
        if "authorization" not in call.request.headers:
            raise errors.ApiError(16, "auth header missing", wrapped=True)
        token = call.request.bearer
        if token is None:
            raise errors.ApiError(16, "invalid auth header", "AUTH-toLo1")
        return self.store.user_of_token(token)

    def organization(self, call: Call, user: User) -> Organization:
        """The organization of the header; without one the caller's own, silently."""
        organization = self.store.organizations.get(call.request.organization or user.organization)
        if organization is None:
            raise errors.ApiError(7, "Organisation doesn't exist", "AUTH-Bs7Ds")
        return organization

    def authorize(self, call: Call, permission: str) -> tuple[User, Organization]:
        user = self.authenticate(call)
        organization = self.organization(call, user)
        if not roles_of(user, organization):
            raise errors.membership_not_found()
        if not may(user, organization, permission):
            raise errors.permission_denied()
        return user, organization

    def my_permissions(self, call: Call) -> Json:
        user = self.authenticate(call)
        permissions = permissions_of(user, self.organization(call, user))
        return {"result": permissions} if permissions else {}

    # Organization metadata

    def set_metadata(self, call: Call) -> Json:
        (key,) = call.parameters
        value = call.message.data("value")
        _check_request_size(_pair_size(key, value))
        _user, organization = self.authorize(call, "org.write")
        _check_key("SetOrgMetadataRequest.Key", key)
        _check_value("SetOrgMetadataRequest.Value", value)
        written = self.store.set(organization, key, value, call.fate)
        # The event's date travels as creationDate, also when the key was there before.
        return {"details": _event(written, "creationDate")}

    def bulk_set_metadata(self, call: Call) -> Json:
        entries = [(item.text("key"), item.data("value")) for item in call.message.messages("metadata")]
        _check_request_size(sum(_embedded(_pair_size(key, value)) for key, value in entries))
        _user, organization = self.authorize(call, "org.write")
        for index, (key, value) in enumerate(entries):
            inside = f"BulkSetOrgMetadataRequest.Metadata[{index}]: {_EMBEDDED}"
            _check_key(f"{inside}invalid BulkSetOrgMetadataRequest_Metadata.Key", key)
            _check_value(f"{inside}invalid BulkSetOrgMetadataRequest_Metadata.Value", value)
        written = self.store.set_many(organization, entries, call.fate)
        return {"details": _event(written, "changeDate")}

    def get_metadata(self, call: Call) -> Json:
        (key,) = call.parameters
        _user, organization = self.authorize(call, "org.read")
        _check_key("GetOrgMetadataRequest.Key", key)
        entry = self.store.read_one(organization, key)
        if entry is None:
            raise errors.key_not_found("QUERY-Rph32")
        return {"metadata": _entry(entry, organization)}

    def search_metadata(self, call: Call) -> Json:
        limit, offset = _page(call.message)
        queries = [
            (
                query.has("keyQuery"),
                query.message("keyQuery").text("key"),
                query.message("keyQuery").name("method"),
            )
            for query in call.message.messages("queries")
        ]
        _user, organization = self.authorize(call, "org.read")
        for index, (given, key, _method) in enumerate(queries):
            inside = f"ListOrgMetadataRequest.Queries[{index}]: embedded message failed validation | caused by: "
            if not given:
                raise errors.invalid(f"{inside}invalid MetadataQuery.Query: value is required")
            if len(key) > KEY_LIMIT:
                raise errors.invalid(
                    f"{inside}invalid MetadataQuery.KeyQuery: {_EMBEDDED}"
                    f"invalid MetadataKeyQuery.Key: value length must be at most {KEY_LIMIT} runes"
                )
        if any("\0" in key for _given, key, _method in queries):
            raise errors.ApiError(13, "An internal error occurred", "QUERY-Ho2wf")
        seen = self.store.read(organization)
        for _given, key, method in queries:
            if method in ("", "TEXT_QUERY_METHOD_EQUALS"):  # no need to look at the others
                seen = {key: seen[key]} if key in seen else {}
        found = self.store.in_order(
            entry for entry in seen.values() if all(matches(entry.key, key, method) for _given, key, method in queries)
        )
        page = _cut(found, limit, offset)
        details = {"viewTimestamp": self.store.now()}
        body: Json = {"details": details}
        if page:  # past the end even the count is gone
            body["details"] = {"totalResult": str(len(found)), **details}
            body["result"] = [_entry(entry, organization) for entry in page]
            self._check_answer_size(page)
        return body

    def remove_metadata(self, call: Call) -> Json:
        (key,) = call.parameters
        _user, organization = self.authorize(call, "org.write")
        _check_key("RemoveOrgMetadataRequest.Key", key)
        written = self.store.remove(organization, key, call.fate)
        return {"details": _event(written, "changeDate")}

    def bulk_remove_metadata(self, call: Call) -> Json:
        keys = call.message.texts("keys")
        _check_request_size(sum(_embedded(len(key.encode())) for key in keys))
        _user, organization = self.authorize(call, "org.write")
        for index, key in enumerate(keys):
            _check_key(f"BulkRemoveOrgMetadataRequest.Keys[{index}]", key)
        written = self.store.remove_many(organization, keys, call.fate)
        return {"details": _event(written, "changeDate")}

    def _check_answer_size(self, page: list[Entry]) -> None:
        if sum(len(entry.value) for entry in page) < self.release.answer_limit / 2 and len(page) < 10_000:
            return  # far below, not worth the sum
        size = 20 + sum(_embedded(_entry_size(entry)) for entry in page)
        if size > self.release.answer_limit:
            raise errors.message_too_large(size, self.release.answer_limit, gateway=False)

    # Organizations

    def my_organization(self, call: Call) -> Json:
        _user, organization = self.authorize(call, "org.read")
        return {"org": _organization_v1(organization, organization.sequence, organization.change_date)}

    def organization_by_domain(self, call: Call) -> Json:
        self.authenticate(call)
        domain = parse_qs(call.query).get("domain", [""])[0]
        for organization in self.store.list_organizations():
            if organization.primary_domain == domain:
                sequence, date = organization.listed_sequence, organization.listed_date
                return {"org": _organization_v1(organization, sequence, date)}
        raise organization_not_found()

    def add_organization(self, call: Call) -> Json:
        name = call.message.text("name")
        user, _organization = self.authorize(call, "org.create")
        if not 1 <= len(name) <= KEY_LIMIT:
            raise errors.invalid(f"AddOrgRequest.Name: value length must be between 1 and {KEY_LIMIT} runes, inclusive")
        organization = self.store.add_organization(name, owner=user)
        written = Written(organization.sequence, organization.change_date, organization.organization_id)
        return {"id": organization.organization_id, "details": _event(written, "creationDate")}

    def deactivate_organization(self, call: Call) -> Json:
        return self._change_state(call, "inactive", "org.write")

    def reactivate_organization(self, call: Call) -> Json:
        return self._change_state(call, "active", "org.write")

    def remove_organization(self, call: Call) -> Json:
        body = self._change_state(call, "removed", "org.delete")
        body["details"]["resourceOwner"] = INSTANCE_ID
        return body

    def _change_state(self, call: Call, state: str, permission: str) -> Json:
        _user, organization = self.authorize(call, permission)
        return {"details": _event(self.store.change_state(organization, state), "changeDate")}

    def search_organizations(self, call: Call) -> Json:
        user = self.authenticate(call)
        self.organization(call, user)  # not needed here, but an unknown one in the header is refused
        page_of, message = call.message.message("query"), call.message
        limit, offset = _page(message)
        tests = [_organization_test(query, index) for index, query in enumerate(message.messages("queries"))]
        everything = self.store.list_organizations()
        default = next(iter(self.store.organizations.values()), None)
        found = [one for one in everything if all(test(one, one is default) for test in tests)]
        # Any other name, that of the API v1 (ORG_FIELD_NAME_NAME) too, is unknown here and sorts nothing.
        if message.name("sortingColumn") == "ORGANIZATION_FIELD_NAME_NAME":
            found.sort(key=lambda one: one.name.lower(), reverse=not page_of.flag("asc"))
        page = _cut(found, limit, offset)
        newest = max((one.listed_date for one in everything), default=self.store.now())
        body: Json = {"details": {"timestamp": newest}}
        if page:
            body["details"] = {"totalResult": str(len(found)), "timestamp": newest}
        # What the caller may not see goes only now, after the limit; the count stays.
        visible = [_organization_v2(one) for one in page if may(user, one, "org.read")]
        if visible:
            body["result"] = visible
        return body

    # Users, as far as the recordings need them

    def add_machine(self, call: Call) -> Json:
        name = call.message.text("userName")
        _user, organization = self.authorize(call, "user.write")
        machine = self.store.add_user(name, organization.organization_id)
        details = _event(Written(1, self.store.now(), organization.organization_id), "changeDate")
        return {"userId": machine.user_id, "details": details}

    def add_member(self, call: Call) -> Json:
        user_id, roles = call.message.text("userId"), call.message.texts("roles")
        _user, organization = self.authorize(call, "org.member.write")
        written = self.store.add_role(organization, self._machine(user_id), roles)
        return {"details": _event(written, "creationDate")}

    def add_personal_access_token(self, call: Call) -> Json:
        _user, organization = self.authorize(call, "user.write")
        machine = self._machine(call.parameters[0])
        machine.sequence += 1
        token = self.store.add_token(machine)
        written = Written(machine.sequence, self.store.now(), organization.organization_id)
        return {"tokenId": self.store.new_id(), "token": token, "details": _event(written, "creationDate")}

    def generate_secret(self, call: Call) -> Json:
        _user, organization = self.authorize(call, "user.write")
        machine = self._machine(call.parameters[0])
        machine.sequence += 1
        secret = machine.new_secret()
        written = Written(machine.sequence, self.store.now(), organization.organization_id)
        details = _event(written, "creationDate")
        return {"clientId": machine.login_name, "clientSecret": secret, "details": details}

    def _machine(self, user_id: str) -> User:
        try:
            return self.store.users[user_id]
        except KeyError:
            raise errors.ApiError(5, "User could not be found", "COMMAND-SXcM2") from None

    def healthz(self, call: Call) -> Json:
        return {}


Handler = Callable[[Api, Call], Json]


@dataclass(frozen=True)
class Route:
    method: str
    path: re.Pattern[str]
    handler: Handler
    has_body: bool


def _routes() -> list[Route]:
    # Literal paths stand before those with a key: a key cannot be reached where another call has its name.
    table: list[tuple[str, str, Handler]] = [
        ("POST", "/management/v1/metadata/_bulk", Api.bulk_set_metadata),
        ("DELETE", "/management/v1/metadata/_bulk", Api.bulk_remove_metadata),
        ("POST", "/management/v1/metadata/_search", Api.search_metadata),
        ("POST", "/management/v1/metadata/{}", Api.set_metadata),
        ("GET", "/management/v1/metadata/{}", Api.get_metadata),
        ("DELETE", "/management/v1/metadata/{}", Api.remove_metadata),
        ("GET", "/management/v1/orgs/me", Api.my_organization),
        ("DELETE", "/management/v1/orgs/me", Api.remove_organization),
        ("POST", "/management/v1/orgs/me/_deactivate", Api.deactivate_organization),
        ("POST", "/management/v1/orgs/me/_reactivate", Api.reactivate_organization),
        ("POST", "/management/v1/orgs/me/members", Api.add_member),
        ("POST", "/management/v1/orgs", Api.add_organization),
        ("GET", "/management/v1/global/orgs/_by_domain", Api.organization_by_domain),
        ("POST", "/management/v1/users/machine", Api.add_machine),
        ("POST", "/management/v1/users/{}/pats", Api.add_personal_access_token),
        ("PUT", "/management/v1/users/{}/secret", Api.generate_secret),
        ("GET", "/management/v1/healthz", Api.healthz),
        ("POST", "/v2/organizations/_search", Api.search_organizations),
        ("POST", "/auth/v1/permissions/zitadel/me/_search", Api.my_permissions),
    ]
    routes = []
    for method, path, handler in table:
        pattern = re.compile(re.escape(path).replace(re.escape("{}"), "([^/]*)"), re.DOTALL)
        has_body = method in ("POST", "PUT") or path.endswith("_bulk")
        routes.append(Route(method, pattern, handler, has_body))
    return routes


ROUTES = _routes()
# What real servers have and this fake does not: better no answer at all than a wrong one.
_LEFT_OUT = re.compile(r"/v2(beta)?/organizations/[^/]+/metadata|/management/v1/users/[^/]+/metadata|/admin/v1/")


_BAD_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")


def matches(text: str, wanted: str, method: str) -> bool:
    """One text query. ``%`` and ``_`` mean themselves; an unknown method is the default, EQUALS."""
    method = method.removeprefix("TEXT_QUERY_METHOD_")
    if method.endswith("_IGNORE_CASE"):
        text, wanted = text.lower(), wanted.lower()
        method = method.removesuffix("_IGNORE_CASE")
    if method == "STARTS_WITH":
        return text.startswith(wanted)
    if method == "ENDS_WITH":
        return text.endswith(wanted)
    if method == "CONTAINS":
        return wanted in text
    return text == wanted


def _organization_test(query: Message, index: int) -> Callable[[Organization, bool], bool]:
    inside = f"ListOrganizationsRequest.Queries[{index}]: {_EMBEDDED}"
    for field, name in (("nameQuery", "name"), ("domainQuery", "domain")):
        if query.has(field):
            wanted, method = query.message(field).text(name), query.message(field).name("method")
            if not 1 <= len(wanted) <= KEY_LIMIT:
                raise errors.invalid(f"{inside}{name} length must be between 1 and {KEY_LIMIT} runes, inclusive")
            if field == "nameQuery":
                return lambda one, _default: matches(one.name, wanted, method)
            return lambda one, _default: any(matches(domain, wanted, method) for domain in one.domains)
    if query.has("idQuery"):
        organization_id = query.message("idQuery").text("id")
        return lambda one, _default: one.organization_id == organization_id
    if query.has("stateQuery"):
        state = query.message("stateQuery").name("state").removeprefix("ORGANIZATION_STATE_").lower()
        return lambda one, _default: one.state == state
    if query.has("defaultQuery"):
        return lambda _one, default: default
    raise errors.invalid(f"{inside}invalid SearchQuery.Query: value is required")


def _page(message: Message) -> tuple[int, int]:
    query = message.message("query")
    return query.integer("limit", "uint32", 32), query.integer("offset", "uint64", 64)


def _cut(found: list[Any], limit: int, offset: int) -> list[Any]:
    return found[offset : offset + limit] if limit else found[offset:]


def _check_key(where: str, key: str) -> None:
    if not 1 <= len(key) <= KEY_LIMIT:
        raise errors.invalid(f"{where}: value length must be between 1 and {KEY_LIMIT} runes, inclusive")


def _check_value(where: str, value: bytes) -> None:
    if not 1 <= len(value) <= VALUE_LIMIT:
        raise errors.invalid(f"{where}: value length must be between 1 and {VALUE_LIMIT} bytes, inclusive")


def _check_request_size(size: int) -> None:
    if size > REQUEST_LIMIT:
        raise errors.message_too_large(size, REQUEST_LIMIT, gateway=True)


def _embedded(size: int) -> int:
    return 1 + varint_size(size) + size


def _pair_size(key: str, value: bytes) -> int:
    return field_size(len(key.encode("utf-8", "surrogateescape"))) + field_size(len(value))


def _entry_size(entry: Entry) -> int:
    dates = sum(_embedded(6 + _nanos_size(date)) for date in (entry.creation_date, entry.change_date))
    details = 1 + varint_size(entry.sequence) + dates + field_size(len(INSTANCE_ID))
    return _pair_size(entry.key, entry.value) + _embedded(details)


def _nanos_size(date: str) -> int:
    nanos = int(date[20:-1].ljust(9, "0")) if "." in date else 0
    return 1 + varint_size(nanos) if nanos else 0


def _event(written: Written, date_field: str) -> Json:
    return {
        "sequence": str(written.sequence),
        date_field: written.date,
        "resourceOwner": written.organization,
    }


def _details(sequence: int, creation_date: str, change_date: str, owner: str) -> Json:
    return {
        "sequence": str(sequence),
        "creationDate": creation_date,
        "changeDate": change_date,
        "resourceOwner": owner,
    }


def _entry(entry: Entry, organization: Organization) -> Json:
    owner = organization.organization_id
    return {
        "details": _details(entry.sequence, entry.creation_date, entry.change_date, owner),
        "key": entry.key,
        "value": encode_base64(entry.value),
    }


def _organization_v1(one: Organization, sequence: int, change_date: str) -> Json:
    body: Json = {
        "id": one.organization_id,
        "details": _details(sequence, one.creation_date, change_date, one.organization_id),
    }
    if one.state != "removed":
        body["state"] = f"ORG_STATE_{one.state.upper()}"
    return {**body, "name": one.name, "primaryDomain": one.primary_domain}


def _organization_v2(one: Organization) -> Json:
    return {
        "id": one.organization_id,
        "details": _details(one.listed_sequence, one.creation_date, one.listed_date, one.organization_id),
        "state": f"ORGANIZATION_STATE_{one.state.upper()}",
        "name": one.name,
        "primaryDomain": one.primary_domain,
    }
