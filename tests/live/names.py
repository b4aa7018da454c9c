# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Gives tests names of their own on a server that others use: "acme" is "acme-ansible-test-1a2b3c-001" there.

Requests are translated on their way to the server, answers on their way back, and searches for organizations and users
find only those of the test. So a test can neither see nor touch anybody else's.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

_SEARCHES = {"/v2/organizations/_search": "nameQuery", "/v2/users": "userNameQuery"}
_CREATE = ("/management/v1/orgs", "/v2/organizations", "/zitadel.org.v2.OrganizationService/AddOrganization")
_RENAME = ("PUT", "/management/v1/orgs/me")


class Names:
    """The names of one server object, told by ``tag``."""

    def __init__(self, tag: str) -> None:
        self.tag = tag
        # What the tests call a domain -> what it is there.
        self.domains: dict[str, str] = {}

    def name(self, name: str) -> str:
        """The name of an organization or user. What the server would refuse is refused all the same."""
        local, at, domain = name.partition("@")
        return f"{local}{self.tag}{at}{domain}" if local.strip() else name

    def domain(self, domain: str) -> str:
        first, point, rest = domain.partition(".")
        return self.domains.get(domain) or (f"{first}{self.tag}{point}{rest}" if first.strip() else domain)

    def request(self, method: str, path: str, body: bytes) -> bytes:
        """The body of a request as the server must get it."""
        path = path.partition("?")[0]
        if (method, path) != _RENAME and (method != "POST" or path not in (*_SEARCHES, *_CREATE)):
            return body
        try:
            message = json.loads(body)
        except ValueError:
            return body
        if not isinstance(message, dict):
            return body
        if path in _SEARCHES:
            self._search(message, _SEARCHES[path])
        elif isinstance(message.get("name"), str):
            message["name"] = self.name(message["name"])
        return json.dumps(message).encode()

    def _search(self, message: dict[str, Any], kind: str) -> None:
        fields: dict[str, tuple[str, Callable[[str], str]]] = {
            "nameQuery": ("name", self.name),
            "domainQuery": ("domain", self.domain),
            "userNameQuery": ("userName", self.name),
            "loginNameQuery": ("loginName", self.name),
        }
        queries = message.get("queries") or []
        for query in queries:
            for name, (part, translate) in fields.items():
                one = query.get(name)
                if one and one.get("method", "").endswith("EQUALS") and one.get(part):
                    one[part] = translate(one[part])
        mine = {kind: {fields[kind][0]: self.tag, "method": "TEXT_QUERY_METHOD_CONTAINS"}}
        message["queries"] = [*queries, mine]

    def answer(self, body: bytes) -> bytes:
        """The body of an answer as the tests must get it."""
        for ours, theirs in self.domains.items():
            body = body.replace(theirs.encode(), ours.encode())
        return body.replace(self.tag.encode(), b"")
