# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One service account at one instance: login, retries, and what an answer that is no success means."""

from __future__ import annotations

import threading
import time
import typing as t
import urllib.parse

from ansible_collections.community.zitadel.plugins.module_utils._auth import Login
from ansible_collections.community.zitadel.plugins.module_utils._back_off import (
    BACK_OFF,
    COLLISION_BACK_OFF,
    Throttle,
    delay,
    retry_after,
)
from ansible_collections.community.zitadel.plugins.module_utils._errors import (
    Fate,
    Refusal,
    ZitadelError,
    json_object,
)
from ansible_collections.community.zitadel.plugins.module_utils._failures import TransportError
from ansible_collections.community.zitadel.plugins.module_utils._instance import Instance
from ansible_collections.community.zitadel.plugins.module_utils._messages import Context, explain
from ansible_collections.community.zitadel.plugins.module_utils._redaction import redact, redact_answer, words_of
from ansible_collections.community.zitadel.plugins.module_utils._transport import (
    Answer,
    ConnectionOptions,
    Request,
    Transport,
    tls_context,
)

Notify = t.Callable[[str], None]
"""Takes one line about what is waited for."""

_TOKEN_ENDPOINT = "/oauth/v2/token"  # noqa: S105 - a path


def silent(_line: str) -> None:
    """Say nothing."""


class Connection:
    """Sends requests to one instance as one service account. Each thread has a session of its own, all share one login."""

    def __init__(self, options: ConnectionOptions) -> None:
        """Nothing is sent yet. Raises ZitadelError if a certificate file or a proxy cannot be used."""
        self.options = options
        self.instance = Instance()
        self.notify: Notify = silent
        """Called with a line before each wait for another try"""
        self.throttle: Throttle | None = None
        """Lets a 429 slow down all threads, where there are several"""
        self._context = tls_context(options)
        self._account = _Account(options.login)
        self._header_words = {word for _name, value in options.headers for word in words_of(value)}
        self._local = threading.local()
        self._transports: list[Transport] = []
        self._transport()

    @property
    def url(self) -> str:
        """The instance, as the user named it."""
        return self.options.url

    def call(
        self,
        method: str,
        path: str,
        *,
        doing: str,
        place: str = "the service account's own organization",
        permission: str | None = None,
        org_id: str | None = None,
        body: bytes | None = None,
        hidden: t.Collection[str] = (),
        retries: int | None = None,
    ) -> dict[str, t.Any]:
        """Send one request of the API and return the JSON object of its answer.

        path begins with a slash; doing completes "Cannot …" in an error, place is what it is about and permission what
        it needs; org_id goes into x-zitadel-orgid; body is JSON; the texts in hidden are redacted where the server
        repeats them; retries is that of the options if None. A refused token is renewed once where there is another.
        Raises ZitadelError on everything but a 2xx answer with a JSON object.
        """
        headers = {} if org_id is None else {"x-zitadel-orgid": org_id}
        if body is not None:
            headers["Content-Type"] = "application/json"
        request = Request(method, path, headers, body)
        fate = Fate()
        refused: str | None = None
        while True:
            try:
                token, is_new = self._account.token(self._log_in, refused)
            except ZitadelError as error:
                raise error.but(redact(error.msg, self._account.secrets), fate=error.fate.after(fate)) from None
            if token == refused:
                break
            answer, fate = self._answer(request, token, doing, fate, hidden, retries)
            if isinstance(answer, dict):
                return answer
            refusal = answer
            if not refusal.unauthenticated or is_new or refused is not None:
                break
            refused = token
        why = explain(refusal, Context(self.url, place, permission))
        raise ZitadelError(redact(f"Cannot {doing}. {why}", self._account.secrets), refusal, fate=fate)

    def close(self) -> None:
        """Close every connection that is kept. Those of other processes stay open there."""
        for transport in self._transports:
            transport.close()

    def close_other_threads(self) -> None:
        """Close the sessions of all threads but the one that made the connection."""
        others, self._transports[1:] = self._transports[1:], []
        for transport in others:
            transport.close()

    def _transport(self) -> Transport:
        """Return the session of this thread."""
        if not hasattr(self._local, "transport"):
            self._local.transport = Transport(self.options, self._context)
            self._transports.append(self._local.transport)
        return t.cast(Transport, self._local.transport)

    def _log_in(self, form: t.Mapping[str, str]) -> str | Refusal:
        """Post a form to the token endpoint. Raises ZitadelError if it is not the endpoint that answers."""
        self._account.hide(form[name] for name in ("assertion", "client_secret") if name in form)
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        request = Request("POST", _TOKEN_ENDPOINT, headers, form)
        doing = f"log in at {self.url}"
        # A login changes nothing, so there is nothing to doubt.
        fate = Fate(hopeless=True)
        try:
            answer, _fate = self._answer(request, None, doing, Fate(), (), None)
        except ZitadelError as error:
            raise error.but(fate=fate) from None
        if isinstance(answer, Refusal):
            if answer.json and answer.status in (400, 401, 403, 500):
                return answer
            raise ZitadelError(f"Cannot {doing}. {explain(answer, Context(self.url))}", answer, fate=fate)
        token = answer.get("access_token")
        if not isinstance(token, str) or not token:
            why = (
                f"{_TOKEN_ENDPOINT} answered without an access token. Check that url is the root of a ZITADEL instance."
            )
            raise ZitadelError(f"Cannot {doing}. {why}", fate=fate)
        return token

    def _answer(
        self,
        request: Request,
        token: str | None,
        doing: str,
        fate: Fate,
        hidden: t.Collection[str],
        retries: int | None,
    ) -> tuple[dict[str, t.Any] | Refusal, Fate]:
        """Send a request until it has a final answer, and return the answer and what is known of all tries.

        Raises ZitadelError if the last try gets no answer.
        """
        retries = self.options.retries if retries is None else retries
        for attempt in range(retries + 1):
            if self.throttle:
                self.throttle.wait()
            try:
                answer = self._transport().send(request, token)
            except TransportError as error:
                fate = error.fate.after(fate)
                if attempt == retries or not fate.transient:
                    tries = f", {_tries(attempt + 1)}" if fate.transient else ""
                    msg = f"Cannot {doing}. {error.what}{tries}. {error.advice}"
                    raise ZitadelError(redact(msg, self._account.secrets), fate=fate) from None
                problem, seconds, slow_down = error.what, delay(BACK_OFF, attempt), False
            else:
                content = self._read(answer, hidden)
                if isinstance(content, dict):
                    return content, fate
                fate = content.fate.after(fate)
                if attempt == retries or not fate.transient:
                    return content, fate
                back_off = COLLISION_BACK_OFF if content.collision else BACK_OFF
                seconds = max(delay(back_off, attempt), retry_after(answer.headers.get("Retry-After")))
                said = f" ({content.message})" if content.message else ""
                problem, slow_down = f"{self.url} answered HTTP {content.status}{said}", content.status == 429
            self.notify(
                redact(
                    f"{request.method} {request.path}, to {doing}: {problem}; next try in {round(seconds, 1):g} s "
                    f"({attempt + 1} of {retries}).",
                    self._account.secrets,
                )
            )
            if slow_down and self.throttle:
                self.throttle.slow_down(seconds)
            else:
                time.sleep(seconds)
        raise AssertionError("the last try returns or raises")

    def _read(self, answer: Answer, hidden: t.Collection[str]) -> dict[str, t.Any] | Refusal:
        """Return the JSON object of a success, else the refusal."""
        if 200 <= answer.status < 300:
            content = json_object(answer.body)
            if content is not None:
                return content
        secrets = {*self._account.secrets, *self._header_words, *hidden}
        location = _place(answer.headers.get("Location")) if 300 <= answer.status < 400 else None
        return Refusal.read(answer.status, answer.body, location, lambda text: redact_answer(text, secrets))


class _Account:
    """The token that all threads of a connection share, and all that must not be shown."""

    def __init__(self, login: Login) -> None:
        self._login = login
        self._token: str | None = None
        self._lock = threading.Lock()
        self.secrets = frozenset(login.secrets)

    def hide(self, secrets: t.Iterable[str]) -> None:
        """Let no error show these, either."""
        # Other threads may be looking through the old set.
        self.secrets |= frozenset(secrets)

    def token(self, log_in: t.Callable[[t.Mapping[str, str]], str | Refusal], refused: str | None) -> tuple[str, bool]:
        """Return a token that was not refused, and whether it is new; the refused one where there is no other."""
        with self._lock:
            is_new = self._token is None or self._token == refused
            if is_new:
                # A refused one is not tried again, even if there is no other.
                self._token = None
                self._token = self._login.token(log_in)
                self.hide([self._token])
            return t.cast(str, self._token), is_new


def _place(location: str | None) -> str:
    """Return where a redirect leads, without what follows the path: a login page has secrets there."""
    try:
        parts = urllib.parse.urlsplit(location or "")
    except ValueError:
        parts = urllib.parse.urlsplit("")
    return parts._replace(netloc=parts.netloc.rpartition("@")[2], query="", fragment="").geturl() or "another address"


def _tries(number: int) -> str:
    return f"in {number} tries" if number > 1 else "in one try"
