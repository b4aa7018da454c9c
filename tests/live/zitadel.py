# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What tests use of ``FakeZitadel``, on a real server: through a proxy of our own, which injects what a proxy can.

A test that asks for more is skipped, and says what it needs.
"""

from __future__ import annotations

import itertools
import json
import secrets
from collections.abc import Iterable
from typing import Any, ClassVar

from fake_zitadel import Answer, Request
from fake_zitadel.faults import Dropped
from fake_zitadel.front import Front, owner_of
from fake_zitadel.metadata import Fate

from .names import Names
from .owners import Organization
from .population import RealPopulation, left_out

COLLISION = 'ERROR: duplicate key value violates unique constraint "events2_pkey" (SQLSTATE 23505)'
# Headers that the connection to the server has its own of.
_OWN_HEADERS = ("accept-encoding", "connection", "content-length", "host", "transfer-encoding")
_HOST_HEADERS = ("x-zitadel-instance-host", "x-forwarded-host", "host")


class RealZitadel(RealPopulation, Front):
    """A corner of a real server: a home organization, an administrator there, and what a test creates.

    The parameters are those of ``FakeZitadel``. The release is what it is, and so is the order of lists.
    """

    # All that one run of the tests creates has this in its name.
    run_tag: ClassVar[str] = f"-ansible-test-{secrets.token_hex(3)}-"
    _numbers: ClassVar[itertools.count[int]] = itertools.count(1)

    def __init__(
        self,
        release: str = "",
        *,
        hosts: Iterable[str] = (),
        token: str | None = None,
        scramble_order: bool = False,
        ignore_organization: str | None = None,
        max_page: int | None = None,
        relational_tables: bool = False,
        **front: Any,
    ) -> None:
        if ignore_organization or max_page or relational_tables:
            left_out("a server that is set up otherwise, or that has a defect")
        super().__init__(**front)
        self.names = Names(f"{self.run_tag}{next(self._numbers):03}")
        self._hosts = {"127.0.0.1", "localhost", *hosts}
        self.organizations = {}
        self._users = {}
        self._tokens = {}
        self._uses_left: dict[str, int] = {}
        self._issued: set[str] = set()
        self._issued_uses: int | None = None
        self._seen = {}
        self._user_numbers = itertools.count(1)
        self.home_id = self.create_organization("ZITADEL")
        self.admin = self.create_user("IAM_OWNER", name="admin", token=token)
        self.grant(self.admin, ["ORG_OWNER"], self.home_id)
        self.token = self.admin.token

    def __exit__(self, kind: type[BaseException] | None, *more: object) -> None:
        try:
            super().__exit__(kind, *more)
        finally:
            for organization in reversed(self.organizations):
                self.instance.remove_organization(organization, self.names.tag)

    # Between the tests and the server

    def _serve(self, request: Request, fate: Fate) -> Answer:
        if fate.collides:
            return Answer(
                500, json.dumps({"code": 2, "message": COLLISION}).encode(), {"Content-Type": "application/json"}
            )
        body = self.names.request(request.method, request.path, request.body)
        send_body = body if body or "content-length" in request.headers else None
        try:
            answer = self.instance.send(request.method, request.path, self._headers(request), send_body)
        except OSError as error:
            raise Dropped from error
        if request.modifies:
            written = self._organization_of(request)
            if written:
                self._seen.pop(written, None)
            else:  # by a token of the token endpoint: nobody knows whose it is
                self._seen.clear()
            self._learn(request, answer)
        elif request.path == "/oauth/v2/token" and answer.status == 200:
            self._issued.add(token := json.loads(answer.body)["access_token"])
            if self._issued_uses is not None:
                self._uses_left[token] = self._issued_uses
        return Answer(answer.status, self.names.answer(answer.body), answer.headers)

    def _headers(self, request: Request) -> dict[str, str]:
        headers = {name: value for name, value in request.headers.items() if name not in _OWN_HEADERS}
        named = next(name for name in _HOST_HEADERS if request.headers.get(name, "").strip())
        if request.headers[named].strip().rpartition(":")[0 if ":" in request.headers[named] else 2] in self._hosts:
            headers.pop(named, None)
        else:
            headers[named] = request.headers[named]
        token = request.bearer
        if token:
            headers["authorization"] = f"Bearer {self._real_token(token)}"
        return headers

    def _real_token(self, token: str) -> str:
        with self._lock:
            if token in self._uses_left:
                if not self._uses_left[token]:
                    return "expired"
                self._uses_left[token] -= 1
        return self._tokens[token][0] if token in self._tokens else token

    def _learn(self, request: Request, answer: Answer) -> None:
        """Remember the organizations that requests create."""
        if answer.status in (200, 201) and request.path.endswith(("/v1/orgs", "/v2/organizations", "/AddOrganization")):
            created = json.loads(answer.body)
            organization = created.get("organizationId") or created["id"]
            self.organizations[organization] = Organization(self.instance, self.names, organization)

    def _organization_of(self, request: Request) -> str:
        owner = owner_of(request)
        if owner in self._users:
            return self._users[owner].organization
        if owner or request.organization:
            return owner or request.organization
        return self._tokens[request.bearer or ""][1].organization if request.bearer in self._tokens else ""

    # Tokens that end

    def expire_token(self, token: str | None = None, *, after_uses: int = 0) -> None:
        self._uses_left[token or self.token] = after_uses

    def expire_issued_tokens(self) -> None:
        self._uses_left.update(dict.fromkeys(self._issued, 0))

    def limit_issued_tokens(self, uses: int | None) -> None:
        self._issued_uses = uses

    # What only the fake can do

    def lose_writes(self, times: int | None = 1, **match: Any) -> None:
        left_out("a server that loses writes")

    def lag(self, reads: int = 1, **match: Any) -> None:
        left_out("a server whose readers are behind")

    def hide_new_organizations(self, searches: int = 1) -> None:
        left_out("a server whose searches are behind")
