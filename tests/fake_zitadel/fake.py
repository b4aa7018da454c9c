# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The face of the fake: what tests, the demo and the command line use."""

from __future__ import annotations

import itertools
import json
import re
import ssl
import threading
import traceback
from collections.abc import Iterable, Mapping

from . import faults
from .api import Api
from .calls import MAX_PAGE, Settings
from .exchange import Answer, Request
from .faults import AFTER, BEFORE, MIDDLE, Dropped, Faults
from .faulty import JSON_TYPE, Faulty, body_and_type
from .hosts import Hosts
from .metadata import USUAL
from .population import Population
from .releases import RELEASES
from .server import Server, Wait
from .store import Store

_HTML = "<html>\r\n<head><title>{0}</title></head>\r\n<body><h1>{0}</h1></body>\r\n</html>\r\n"
_LOGIN_PAGE = "https://login.example.com/sign-in"
_OF_OWNER = re.compile(r"/v2(?:beta)?/(organizations|users)/([^/?]+)|/management/v1/(users)/([^/?]+)/metadata")


class FakeZitadel(Population, Faulty):
    """A ZITADEL server of one release, in a thread of this process.

    :param release: "3.4.9", "4.3.0", "4.7.0", "4.13.1" or "next" (the branches of July 2026).
    :param port: 0 is any free one.
    :param tls: a server-side SSL context makes it https.
    :param hosts: host names it answers to, beside localhost and 127.0.0.1.
    :param token: the personal access token of its administrator, made up if not given.
    :param read_only: refuse every request that would change something; see ``refused_writes``.
    :param scramble_order: list entries, organizations and users in an order that is neither by name nor by age.
    :param max_body: a proxy in front refuses bodies of more bytes (413, HTML).
    :param drop_headers: a proxy in front drops these request headers.
    :param require_headers: a proxy in front wants these for *every* request, the token endpoint's too.
    :param login_redirect: without them it redirects to a login page, else it answers 403 with HTML.
    :param ignore_organization: a regular expression of paths for which the server itself ignores the header
        ``x-zitadel-orgid``, and acts on the organization of the service account: ``^/management/v1/``.
    :param max_page: the administrator's limit of lists of metadata in the API v2.
    :param relational_tables: the development flag ``enable_relational_tables`` of "next".
    :param record: keep the requests in ``requests``; a benchmark only counts them.
    """

    def __init__(
        self,
        release: str = "4.13.1",
        *,
        port: int = 0,
        tls: ssl.SSLContext | None = None,
        hosts: Iterable[str] = (),
        token: str | None = None,
        read_only: bool = False,
        scramble_order: bool = False,
        max_body: int | None = None,
        drop_headers: Iterable[str] = (),
        require_headers: Mapping[str, str] | None = None,
        login_redirect: bool = True,
        ignore_organization: str | None = None,
        max_page: int = MAX_PAGE,
        relational_tables: bool = False,
        record: bool = True,
    ) -> None:
        self.release = RELEASES[release]
        self.store = Store(self.release, scramble_order=scramble_order)
        self.hosts = Hosts(hosts)
        self.settings = Settings(
            max_page, relational_tables, re.compile(ignore_organization) if ignore_organization else None
        )
        self.api = Api(self.store, self.hosts, self.settings)
        self.faults = Faults()
        self.read_only = read_only
        self.max_body = max_body
        self.drop_headers = {name.lower() for name in drop_headers}
        self.require_headers = {name.lower(): value for name, value in (require_headers or {}).items()}
        self.login_redirect = login_redirect
        self.refused_writes: list[Request] = []
        self.crashes: list[str] = []
        self.counts = {"requests": 0, "writes": 0}
        self._requests: list[Request] = []
        self._record = record
        self._lock = threading.Lock()
        self._user_numbers = itertools.count(1)
        self._tls = tls
        self._port = port
        self._server: Server | None = None
        home = self.store.add_organization("ZITADEL")
        self.home_id = home.organization_id
        self.admin = self.create_user(role="IAM_OWNER", name="admin", token=token)
        self.token = self.admin.token
        self.store.tokens[self.token].profile = False  # as of the token that the setup of an instance writes
        home.roles[self.admin.user_id] = {"ORG_OWNER"}
        home.sequence = 6  # a new instance has two members there

    # The server

    def __enter__(self) -> FakeZitadel:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, *_more: object) -> None:
        self.stop()
        if self.crashes and kind is None:
            raise RuntimeError("the fake broke:\n" + "\n".join(self.crashes))

    def start(self) -> None:
        """Listen. After ``stop``: on the same port, with the same state."""
        if self._server is None:
            self._server = Server(self._port, self._answer, self._tls)
            self._port = self._server.port

    def stop(self) -> None:
        """Stop listening and cut every connection, as if the server had been killed."""
        server, self._server = self._server, None
        if server:
            server.stop()

    @property
    def url(self) -> str:
        return f"https://localhost:{self._port}" if self._tls else f"http://127.0.0.1:{self._port}"

    # What came in

    @property
    def requests(self) -> list[Request]:
        """Every request so far, in order."""
        with self._lock:
            return list(self._requests)

    @property
    def writes(self) -> list[Request]:
        """Those that ask for a change, whether it was made or not."""
        return [request for request in self.requests if request.modifies]

    def clear_requests(self) -> None:
        with self._lock:
            self._requests.clear()
            self.refused_writes.clear()

    # Answering

    def _answer(self, request: Request, wait: Wait) -> Answer:
        if request.path == "/_fake/requests":
            return Answer(200, json.dumps(self.counts).encode(), {"Content-Type": JSON_TYPE})
        with self._lock:
            self.counts["requests"] += 1
            self.counts["writes"] += request.modifies
            if self._record:
                self._requests.append(request)
        try:
            answer = self._handle(request, wait)
        except Dropped:
            raise
        except NotImplementedError as error:
            answer = Answer(501, str(error).encode(), {"Content-Type": "text/plain"})
        except Exception:  # noqa: BLE001 - a bug of ours: the client is told now, the test at its end
            self.crashes.append(traceback.format_exc())
            answer = Answer(500, traceback.format_exc().encode(), {"Content-Type": "text/plain"})
        request.status = answer.status
        return answer

    def _handle(self, request: Request, wait: Wait) -> Answer:
        refusal = self._in_front(request)
        if refusal:
            return refusal
        passed_on = self._passed_on(request)
        if not self.faults:
            return self.api.handle(passed_on, USUAL)
        plan = self.faults.plan(request, self._organization_of(passed_on))
        self._beside(plan, request, wait, BEFORE)
        answering = plan.answering
        if isinstance(answering, faults.Respond) and answering.when == BEFORE:
            return answering.answer
        if isinstance(answering, faults.Drop) and answering.when == BEFORE:
            raise Dropped
        answer = self.api.handle(passed_on, plan.fate)
        self._beside(plan, request, wait, AFTER)
        if isinstance(answering, faults.Respond):
            return answering.answer
        if isinstance(answering, faults.Drop):
            raise Dropped(answer if answering.when == MIDDLE else None)
        return answer

    @staticmethod
    def _beside(plan: faults.Plan, request: Request, wait: Wait, when: str) -> None:
        for call in plan.calls:
            if call.when == when:
                call.function(request)
        for delay in plan.delays:
            if delay.when == when and wait(delay.seconds):
                raise Dropped

    def _in_front(self, request: Request) -> Answer | None:
        for name, value in self.require_headers.items():
            if request.headers.get(name) != value:
                if self.login_redirect:
                    return Answer(302, headers={"Location": _LOGIN_PAGE})
                return Answer(403, *body_and_type(_HTML.format("403 Forbidden")))
        if self.max_body is not None and len(request.body) > self.max_body:
            return Answer(413, *body_and_type(_HTML.format("413 Request Entity Too Large")))
        if self.read_only and request.modifies:
            with self._lock:
                self.refused_writes.append(request)
            return Answer(403, *body_and_type({"code": 7, "message": "this server refuses writes"}))
        return None

    def _passed_on(self, request: Request) -> Request:
        if not self.drop_headers:
            return request
        headers = {name: value for name, value in request.headers.items() if name not in self.drop_headers}
        return Request(request.method, request.path, headers, request.body, request.scheme)

    def _organization_of(self, request: Request) -> str:
        """The organization that a request is about, as far as faults want to know."""
        owner = self._owner_of(request)
        if owner in self.store.users:
            return self.store.users[owner].organization
        if owner or request.organization:
            return owner or request.organization
        token = self.store.tokens.get(request.bearer or "")
        return token.user.organization if token else ""

    @staticmethod
    def _owner_of(request: Request) -> str:
        """The id of the organization or user that the path or, in Connect calls, the body names; "" is none."""
        if request.path.startswith("/zitadel."):
            try:
                body = request.json
            except ValueError:
                return ""
            names = ("organizationId", "userId")
            return next((str(body[name]) for name in names if name in body), "") if isinstance(body, dict) else ""
        match = _OF_OWNER.match(request.path)
        return next((part for part in match.groups()[1::2] if part), "") if match else ""
