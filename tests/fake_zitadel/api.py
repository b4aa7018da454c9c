# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From requests to handlers, and from what they return to answers."""

from __future__ import annotations

import functools
import json
import re

from . import errors, metadata_v1, metadata_v2, organizations, tokens, user_search, users
from .calls import Call, Json, Route, Settings
from .exchange import Answer, Request
from .hosts import Hosts
from .metadata import USUAL, Fate
from .paths import is_printable_ascii, redirect_of, split
from .protojson import Message
from .releases import Release
from .store import Store

REST = [
    *metadata_v1.ROUTES,
    *metadata_v2.ROUTES,
    *organizations.ROUTES,
    *user_search.ROUTES,
    *users.ROUTES,
]
CONNECT = {route.path: route for route in [*metadata_v2.CONNECT, *organizations.CONNECT]}
# What real servers have and this fake does not: better no answer at all than a wrong one.
_LEFT_OUT = re.compile(
    r"\w+ /admin/v1/(?!members$)"
    r"|(GET|PUT|DELETE) /management/v1/users/[^/]+$"
    r"|(PUT|PATCH|DELETE) /v2/(users|organizations)/[^/]+$"
    r"|\w+ /v2/(users|organizations)/[^/]+/(activate|deactivate|reactivate|lock|unlock)$"
)
_LEFT_OUT_OF_V4 = re.compile(
    r"\w+ /v2beta/(?!organizations/[^/]+/metadata)"
    r"|\w+ /zitadel\.(?!org\.v2\.OrganizationService/|user\.v2\.UserService/)"
    r"|\w+ /zitadel\.org\.v2\.OrganizationService/(List|Update|Delete|Deactivate|Activate)Organizations?$"
    r"|\w+ /zitadel\.user\.v2\.UserService/(GetUserByID|ListUsers|CreateUser|UpdateUser|DeleteUser)$"
)
_BAD_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
_PLAIN = {"Content-Type": "text/plain; charset=utf-8"}


class Api:
    """Answers requests. What is remembered lives in the store."""

    def __init__(self, store: Store, hosts: Hosts, settings: Settings | None = None) -> None:
        self.store = store
        self.release = store.release
        self.hosts = hosts
        self.settings = settings or Settings()

    def handle(self, request: Request, fate: Fate = USUAL) -> Answer:
        if _BAD_ESCAPE.search(request.path):
            return Answer(400, b"400 Bad Request", dict(_PLAIN))
        path, query = split(request.path)
        location = redirect_of(path, query)
        if location is not None:
            return Answer(301, headers={"Location": location})
        if path in tokens.PATHS:
            return self._tokens(request, path)
        if path == "/debug/ready":
            return Answer(200, b'"ok"\n', {"Content-Type": "application/json"})
        called = f"{request.method} {path}"
        if _LEFT_OUT.match(called) or (self.release.has_connect and _LEFT_OUT_OF_V4.match(called)):
            raise NotImplementedError(f"fake_zitadel leaves out {called}")
        if path.startswith("/zitadel.") and self.release.has_connect:
            return self._connect(request, path, fate)
        return self._rest(request, path, query, fate)

    def _rest(self, request: Request, path: str, query: str, fate: Fate) -> Answer:
        spelling: errors.Spelling = "v2" if path.startswith("/v2") else "v1"
        try:
            route, parameters = find_route(self.release, request.method, path)
            if not is_printable_ascii(path):
                text = 'header key "zitadel-activity-path" contains value with non-printable ASCII characters'
                raise errors.ApiError(13, text, gateway=True)
            has_body = request.method in ("POST", "PUT") or path.endswith("_bulk")
            message = Message.parse(request.body if has_body else b"", self.release)
            body = route.handler(self._call(request, fate, spelling, message, parameters, query))
        except errors.ApiError as error:
            return self._error(request, error, spelling)
        headers = {"Content-Type": "application/json"}
        if not (spelling == "v2" and self.release.has_connect):
            headers["Cache-Control"] = "no-store"
        return Answer(route.status, self._dump(body), headers)

    def _connect(self, request: Request, path: str, fate: Fate) -> Answer:
        route = CONNECT.get(path.removeprefix("/zitadel."))
        if route is None or not route.is_in(self.release):
            return Answer(404, b"404 page not found\n", dict(_PLAIN))
        if request.method != "POST":
            return Answer(405, headers={"Allow": "POST"})
        content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if content_type.startswith("application/") and content_type != "application/json":
            raise NotImplementedError(f"fake_zitadel does not read {content_type}")
        if content_type != "application/json":
            return Answer(415)
        try:
            self._check_size(len(request.body), "message size {} is larger than configured max {}")
            try:
                body = route.handler(self._call(request, fate, "connect", self._unmarshal(request)))
            except errors.ApiError as error:
                if not (error.gateway and error.code == 3):
                    raise
                raise self._unmarshal_error(path, error) from None
            content = self._dump(body)
            self._check_size(len(content), "grpc: received message larger than max ({} vs. {})")
        except errors.ApiError as error:
            return self._error(request, error, "connect")
        return Answer(200, content, {"Content-Type": "application/json", "Cache-Control": "no-store"})

    def _unmarshal(self, request: Request) -> Message:
        if not request.body:
            raise errors.ApiError(3, "zero-length payload is not a valid JSON object", gateway=True)
        return Message.parse(request.body, self.release)

    def _unmarshal_error(self, path: str, error: errors.ApiError) -> errors.ApiError:
        package, method = path.split(".")[1], path.rpartition("/")[2]
        text = f"proto:{self.release.proto_blank}{error.text}" if error.text == "unexpected EOF" else error.text
        return errors.ApiError(3, f"unmarshal message: unmarshal into *{package}.{method}Request: {text}")

    def _check_size(self, size: int, text: str) -> None:
        limit = self.release.connect_limit
        if limit is not None and size > limit:
            raise errors.ApiError(8, text.format(size, limit))

    def _tokens(self, request: Request, path: str) -> Answer:
        complaint = self.hosts.complaint(request)
        if complaint:
            return tokens.wrong_host(complaint)
        status, body = tokens.PATHS[path](self.store, request)
        return Answer(status, self._dump(body), {"Content-Type": "application/json", "Cache-Control": "no-store"})

    def _call(
        self,
        request: Request,
        fate: Fate,
        spelling: errors.Spelling,
        message: Message,
        parameters: tuple[str, ...] = (),
        query: str = "",
    ) -> Call:
        return Call(
            self.store, self.release, self.hosts, self.settings, request, fate, spelling, message, parameters, query
        )

    def _error(self, request: Request, error: errors.ApiError, spelling: errors.Spelling) -> Answer:
        language = request.headers.get("accept-language", "")
        status, headers, body = error.render(self.release, spelling=spelling, language=language)
        return Answer(status, self._dump(body), headers)

    def _dump(self, body: Json) -> bytes:
        separators = (self.release.json_comma, ":")
        return json.dumps(body, ensure_ascii=False, separators=separators).encode()


def find_route(release: Release, method: str, path: str) -> tuple[Route, tuple[str, ...]]:
    """The call of this path, and the segments that stand where the path has ``{}``.

    Raises ApiError: there is none.
    """
    known = False
    for pattern, route in _routes(release, path.count("/")):
        match = pattern.fullmatch(path)
        if match and route.method == method:
            return route, match.groups()
        known = known or bool(match)
    raise errors.method_not_allowed() if known else errors.not_found_route()


@functools.cache
def _routes(release: Release, slashes: int) -> list[tuple[re.Pattern[str], Route]]:
    return [
        (re.compile(re.escape(route.path).replace(re.escape("{}"), "([^/]*)"), re.DOTALL), route)
        for route in REST
        if route.is_in(release) and route.path.count("/") == slashes
    ]
