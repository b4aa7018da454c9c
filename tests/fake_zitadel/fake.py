# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The face of the fake: what tests, the demo and the command line use."""

from __future__ import annotations

import itertools
import json
import ssl
import threading
import traceback
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from . import faults
from .api import Api
from .exchange import Answer, Request
from .faults import AFTER, BEFORE, MIDDLE, Dropped, Faults, Match
from .hosts import Hosts
from .releases import RELEASES
from .server import Server, Wait
from .store import Entry, Organization, Store, User

JSON_TYPE = "application/json"
_HTML = "<html>\r\n<head><title>{0}</title></head>\r\n<body><h1>{0}</h1></body>\r\n</html>\r\n"
_LOGIN_PAGE = "https://login.example.com/sign-in"


class FakeZitadel:
    """A ZITADEL server of one release, in a thread of this process.

    :param release: "3.4.9", "4.7.0", "4.13.1" or "next" (the branches of July 2026).
    :param port: 0 is any free one.
    :param tls: a server-side SSL context makes it https.
    :param hosts: host names it answers to, beside localhost and 127.0.0.1.
    :param token: the personal access token of its administrator, made up if not given.
    :param read_only: refuse every request that would change something; see ``refused_writes``.
    :param scramble_order: list entries and organizations in an order that is neither by name nor by age.
    :param max_body: a proxy in front refuses bodies of more bytes (413, HTML).
    :param drop_headers: a proxy in front drops these request headers.
    :param require_headers: a proxy in front wants these for *every* request, the token endpoint's too.
    :param login_redirect: without them it redirects to a login page, else it answers 403 with HTML.
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
        record: bool = True,
    ) -> None:
        self.release = RELEASES[release]
        self.store = Store(self.release, scramble_order=scramble_order)
        self.hosts = Hosts(hosts)
        self.api = Api(self.store, self.hosts)
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
        home.sequence = 6  # a new instance has two members there
        self.home_id = home.organization_id
        self.admin = self.create_user(role="IAM_OWNER", name="admin", token=token)
        home.roles[self.admin.user_id] = {"ORG_OWNER"}  # as of whoever set the instance up
        self.token = self.admin.token

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

    # Organizations, users

    def create_organization(
        self,
        name: str,
        *,
        state: str = "active",
        domain: str | None = None,
        metadata: Mapping[str, bytes | str] | None = None,
    ) -> str:
        """Create an organization and return its id. ``state``: "active", "inactive" or "removed"."""
        organization = self.store.add_organization(name, domain=domain)
        if metadata:
            self.set_many(organization.organization_id, metadata)
        if state != "active":
            self.store.change_state(organization, state)
        return organization.organization_id

    def change_state(self, organization: str, state: str) -> None:
        self.store.change_state(self._organization(organization), state)

    def create_user(
        self,
        role: str | Iterable[str] | None = None,
        organization: str | None = None,
        *,
        name: str | None = None,
        token: str | None = None,
    ) -> User:
        """Create a machine user of an organization (the home organization if none is given) with a token.

        Roles (see ``permissions``) that start with ``IAM_`` count everywhere, others in that organization. See ``grant``
        for more.
        """
        roles = [role] if isinstance(role, str) else list(role or ())
        home = organization or self.home_id
        user = self.store.add_user(name or f"machine-{next(self._user_numbers)}", home)
        self.grant(user, roles, home)
        user.token = self.store.add_token(user, token)
        return user

    def grant(self, user: User, roles: Iterable[str], organization: str) -> None:
        """Give a user roles: those of the instance, and those in an organization."""
        roles = set(roles)
        user.instance_roles |= {role for role in roles if role.startswith("IAM_")}
        others = roles - user.instance_roles
        if others:
            self.store.add_role(self._organization(organization), user, others)

    def create_key(self, user: User, *, fresh: bool = False) -> dict[str, str]:
        """Return the content of a key file. All share one RSA key unless ``fresh``: making one takes time."""
        private, public = _new_key_pair() if fresh else _shared_key_pair()
        key_id = self.store.new_id()
        user.keys[key_id] = public
        return {
            "type": "serviceaccount",
            "keyId": key_id,
            "key": private,
            "expirationDate": "2099-01-01T00:00:00Z",
            "userId": user.user_id,
        }

    def create_secret(self, user: User, *, unknown_uses: int = 0) -> tuple[str, str]:
        """Return client id and secret. A new secret can be unknown for its first uses, as on a server."""
        return user.login_name, user.new_secret(unknown_uses)

    def expire_token(self, token: str | None = None, *, after_uses: int = 0) -> None:
        """Let a token (the administrator's if none is given) expire, now or after it was used so often."""
        with self.store.lock:
            self.store.tokens[token or self.token].uses_left = after_uses

    def expire_issued_tokens(self) -> None:
        """Let every token that the token endpoint gave out so far expire now."""
        with self.store.lock:
            for token in self.store.tokens.values():
                if token.issued:
                    token.uses_left = 0

    def limit_issued_tokens(self, uses: int | None) -> None:
        """Tokens that the token endpoint gives out from now on expire after so many uses."""
        self.store.issued_token_uses = uses

    # Metadata, directly: what readers see, what is stored, and other writers

    def metadata(self, organization: str) -> dict[str, bytes]:
        """What readers see."""
        return {key: entry.value for key, entry in self.entries(organization).items()}

    def entries(self, organization: str) -> dict[str, Entry]:
        """The same with sequences and dates."""
        return self.store.peek(self._organization(organization))

    def stored(self, organization: str) -> dict[str, bytes]:
        """What the write side has: differs where readers are behind or writes were lost."""
        with self.store.lock:
            return dict(self._organization(organization).written)

    def set(self, organization: str, key: str, value: bytes | str) -> None:
        """Set a key as another writer would, past every fault."""
        self.store.set(self._organization(organization), key, _to_bytes(value))

    def set_many(self, organization: str, metadata: Mapping[str, bytes | str]) -> None:
        entries = [(key, _to_bytes(value)) for key, value in metadata.items()]
        self.store.set_many(self._organization(organization), entries)

    def remove(self, organization: str, *keys: str) -> None:
        self.store.remove_many(self._organization(organization), list(keys))

    # Faults. All take ``method``, ``path`` (regular expression), ``organization``, ``times`` (None: always)
    # and ``every`` to say which requests they want: see ``faults.Match``.

    def respond(
        self,
        status: int,
        body: bytes | str | Mapping[str, Any] | list[Any] = b"",
        *,
        headers: Mapping[str, str] | None = None,
        after: bool = False,
        **match: Any,
    ) -> None:
        """Answer with this instead; ``after`` having done what was asked, else nothing is done.

        A dict or list is sent as JSON, other text as HTML if it starts with ``<``.
        """
        answer = Answer(status, *_body_and_type(body))
        answer.headers.update(headers or {})
        self.faults.add(faults.Respond(Match(**match), answer, AFTER if after else BEFORE))

    def fail(self, status: int, code: int, message: str, *, after: bool = False, **match: Any) -> None:
        """Answer with an error of the API without details."""
        self.respond(status, {"code": code, "message": message}, after=after, **match)

    def redirect(self, location: str, status: int = 302, **match: Any) -> None:
        self.respond(status, headers={"Location": location}, **match)

    def drop(self, when: str = BEFORE, **match: Any) -> None:
        """Cut the connection "before" acting, "after" acting, or in the "middle" of the answer's body."""
        self.faults.add(faults.Drop(Match(**match), when))

    def delay(self, seconds: float | None = None, *, after: bool = False, **match: Any) -> None:
        """Let the client wait so long, or until it hangs up. Who hangs up before gets nothing done."""
        self.faults.add(faults.Delay(Match(**match), seconds, AFTER if after else BEFORE))

    def collide(self, **match: Any) -> None:
        """Refuse writes with the 500 of two writers that met (``every=5, times=None``: each fifth)."""
        self.faults.add(faults.Collide(Match(**{"writes": True, **match})))

    def lose_writes(self, times: int | None = 1, **match: Any) -> None:
        """Acknowledge and store writes that readers never get to see."""
        self.faults.add(faults.Lose(Match(**{"writes": True, "times": times, **match})))

    def lag(self, reads: int = 1, **match: Any) -> None:
        """Let so many reads after a write still see what was there before it."""
        self.faults.add(faults.Lag(Match(**{"writes": True, **match}), reads))

    def before(self, function: Callable[[Request], object], **match: Any) -> None:
        """Call back just before a request is handled."""
        self.faults.add(faults.Call(Match(**match), function))

    def after(self, function: Callable[[Request], object], **match: Any) -> None:
        """Call back when a request was handled and is not answered yet."""
        self.faults.add(faults.Call(Match(**match), function, AFTER))

    def clear_faults(self) -> None:
        self.faults.clear()

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
                return Answer(403, *_body_and_type(_HTML.format("403 Forbidden")))
        if self.max_body is not None and len(request.body) > self.max_body:
            return Answer(413, *_body_and_type(_HTML.format("413 Request Entity Too Large")))
        if self.read_only and request.modifies:
            with self._lock:
                self.refused_writes.append(request)
            return Answer(403, *_body_and_type({"code": 7, "message": "this server refuses writes"}))
        return None

    def _passed_on(self, request: Request) -> Request:
        if not self.drop_headers:
            return request
        headers = {name: value for name, value in request.headers.items() if name not in self.drop_headers}
        return Request(request.method, request.path, headers, request.body, request.scheme)

    def _organization_of(self, request: Request) -> str:
        if request.organization:
            return request.organization
        token = self.store.tokens.get(request.bearer or "")
        return token.user.organization if token else ""

    def _organization(self, organization_id: str) -> Organization:
        return self.store.organizations[organization_id]


def _to_bytes(value: bytes | str) -> bytes:
    return value.encode() if isinstance(value, str) else value


def _body_and_type(body: bytes | str | Mapping[str, Any] | list[Any]) -> tuple[bytes, dict[str, str]]:
    if not body and not isinstance(body, (Mapping, list)):
        return b"", {}
    if isinstance(body, (bytes, str)):
        content = _to_bytes(body)
        return content, {"Content-Type": "text/html" if content.startswith(b"<") else "text/plain"}
    return json.dumps(body).encode(), {"Content-Type": JSON_TYPE}


_key_lock = threading.Lock()
_key_pairs: list[tuple[str, str]] = []


def _shared_key_pair() -> tuple[str, str]:
    with _key_lock:
        if not _key_pairs:
            _key_pairs.append(_new_key_pair())
        return _key_pairs[0]


def _new_key_pair() -> tuple[str, str]:
    # Only here: everything else runs without it.
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    private_pem = private.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    )
    public_pem = private.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return private_pem.decode(), public_pem.decode()
