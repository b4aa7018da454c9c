# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What stands between a client and a server of tests: the log of requests, faults, and the ways of proxies."""

from __future__ import annotations

import json
import re
import ssl
import threading
import traceback
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from typing import TypeVar

from . import faults
from .exchange import Answer, Request
from .faults import AFTER, BEFORE, MIDDLE, Dropped, Faults
from .faulty import JSON_TYPE, Faulty, body_and_type
from .metadata import USUAL, Fate
from .server import Server, Wait

_HTML = "<html>\r\n<head><title>{0}</title></head>\r\n<body><h1>{0}</h1></body>\r\n</html>\r\n"
_LOGIN_PAGE = "https://login.example.com/sign-in"
_OF_OWNER = re.compile(r"/v2(?:beta)?/(organizations|users)/([^/?]+)|/management/v1/(users)/([^/?]+)/metadata")

_Front = TypeVar("_Front", bound="Front")


class Front(Faulty, ABC):
    """Listens on the loopback interface, and lets ``_serve`` answer what no fault and no proxy answers.

    The parameters are those of ``FakeZitadel``.
    """

    def __init__(
        self,
        *,
        port: int = 0,
        tls: ssl.SSLContext | None = None,
        read_only: bool = False,
        max_body: int | None = None,
        drop_headers: Iterable[str] = (),
        require_headers: Mapping[str, str] | None = None,
        login_redirect: bool = True,
        record: bool = True,
    ) -> None:
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
        self._tls = tls
        self._port = port
        self._server: Server | None = None

    @abstractmethod
    def _serve(self, request: Request, fate: Fate) -> Answer:
        """Do what a request asks for; ``fate`` is what happens to its writes."""

    @abstractmethod
    def _organization_of(self, request: Request) -> str:
        """The organization that a request is about, as far as faults want to know."""

    # The server

    def __enter__(self: _Front) -> _Front:
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
            return self._serve(passed_on, USUAL)
        plan = self.faults.plan(request, self._organization_of(passed_on))
        self._beside(plan, request, wait, BEFORE)
        answering = plan.answering
        if isinstance(answering, faults.Respond) and answering.when == BEFORE:
            return answering.answer
        if isinstance(answering, faults.Drop) and answering.when == BEFORE:
            raise Dropped
        answer = self._serve(passed_on, plan.fate)
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


def owner_of(request: Request) -> str:
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
