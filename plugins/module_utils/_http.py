# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One connection to a ZITADEL instance: TLS, headers, login, retries, no redirects."""

from __future__ import annotations

import dataclasses
import datetime
import email.utils
import http.client
import os
import random
import ssl
import time
import traceback
import typing as t
import urllib.parse
import urllib.request

from ansible_collections.community.zitadel.plugins.module_utils._auth import AccessToken, Login
from ansible_collections.community.zitadel.plugins.module_utils._errors import (
    Refusal,
    ZitadelError,
    explain,
    hide,
    json_object,
)

try:
    import requests
    import requests.adapters
    import requests.auth
    import urllib3
except ImportError:
    REQUESTS_IMPORT_ERROR: str | None = traceback.format_exc()
    _Adapter: t.Any = object
    _Auth: t.Any = object
else:
    REQUESTS_IMPORT_ERROR = None
    _Adapter = requests.adapters.HTTPAdapter
    _Auth = requests.auth.AuthBase

_BACK_OFF = 0.5
_MOMENTARY_BACK_OFF = 0.05
_MAX_BACK_OFF = 60.0
_MAX_RETRY_AFTER = 60.0
_SHORT = 3
_NO_TUNNEL = "Tunnel connection failed"
"""How Python begins to tell what a proxy answered instead of opening a tunnel."""


@dataclasses.dataclass(frozen=True)
class ConnectionOptions:
    """How to reach an instance, and as whom. Equal options can share one connection."""

    url: str
    login: Login
    instance_host: str | None = None
    headers: tuple[tuple[str, str], ...] = dataclasses.field(default=(), repr=False)
    validate_certs: bool = True
    ca_path: str | None = None
    client_cert: str | None = None
    client_key: str | None = None
    timeout: float = 30.0
    """Seconds, for connecting and for each read."""
    retries: int = 4
    """Tries after the first."""


class Connection:
    """Sends requests to one instance as one caller."""

    def __init__(self, options: ConnectionOptions) -> None:
        """Nothing is sent yet. Raises ZitadelError if a certificate file cannot be used."""
        self._options = options
        self._token = options.login.token if isinstance(options.login, AccessToken) else None
        self._secrets = set(options.login.secrets)
        # The values of headers are not to be shown, but a short one is part of many words.
        self._hidden = [value for _name, value in options.headers if len(value) > _SHORT]
        self._session = requests.Session()
        # Neither ~/.netrc nor REQUESTS_CA_BUNDLE may replace what the options say. The proxies of the environment
        # are taken from urllib, as ansible.builtin.uri takes them.
        self._session.trust_env = False
        # Redirects are not even looked at: requests fails at some that lead nowhere.
        setattr(self._session, "get_redirect_target", lambda _response: None)  # noqa: B010
        parts = urllib.parse.urlsplit(options.url)
        if not urllib.request.proxy_bypass(parts.netloc):
            self._session.proxies = {
                scheme: proxy for scheme, proxy in urllib.request.getproxies().items() if scheme == parts.scheme
            }
        if parts.scheme == "https":
            self._session.mount("https://", _TlsAdapter(_tls_context(options)))
        self._session.headers.update({"Accept": "application/json", "Accept-Language": "en"})
        self._session.headers.update({"User-Agent": "ansible-community.zitadel"})
        self._session.headers.update(dict(options.headers))
        if options.instance_host:
            self._session.headers["x-zitadel-instance-host"] = options.instance_host

    @property
    def url(self) -> str:
        """The instance, as the user named it."""
        return self._options.url

    def call(
        self,
        method: str,
        path: str,
        *,
        doing: str,
        permission: str | None = None,
        org_id: str | None = None,
        body: bytes | None = None,
        hidden: t.Iterable[str] = (),
        retries: int | None = None,
    ) -> dict[str, t.Any]:
        """Send one request of the API and return the JSON object of its answer.

        path begins with a slash; doing completes "Cannot …" in an error; permission is what the call needs;
        org_id goes into x-zitadel-orgid; body is JSON; the texts in hidden are not shown where the server
        repeats them; retries is that of the options if None. A refused token of a login is renewed once.
        Raises ZitadelError on everything but a 2xx answer with a JSON object.
        """
        headers = {} if org_id is None else {"x-zitadel-orgid": org_id}
        if body is not None:
            headers["Content-Type"] = "application/json"
        fresh = self._token is None
        request: dict[str, t.Any] = {
            "headers": headers,
            "data": body,
            "retries": self._options.retries if retries is None else retries,
        }
        refusal, content, sent = self._send(method, path, doing, auth=self._bearer(doing), **request)
        if refusal and refusal.unauthenticated and not fresh and not isinstance(self._options.login, AccessToken):
            self._token = None
            refusal, content, sent = self._send(method, path, doing, auth=self._bearer(doing), sent=sent, **request)
        if refusal:
            refusal = refusal.hiding(hidden)
            why = explain(refusal, url=self.url, org_id=org_id, permission=permission)
            raise self._error(doing, why, refusal, sent)
        return content

    def _bearer(self, doing: str) -> _Bearer:
        """Log in unless that is done."""
        login = self._options.login
        if self._token is None and not isinstance(login, AccessToken):
            form = login.form()
            self._secrets.add(form.get("assertion", ""))
            refusal, content, sent = self._send(
                "POST",
                "/oauth/v2/token",
                doing,
                auth=_Bearer(None),
                headers={"Content-Type": "application/x-www-form-urlencoded"},
                data=form,
                retries=self._options.retries,
            )
            if refusal:
                known = refusal.json and refusal.status in (400, 401, 403, 500)
                why = login.explain(refusal) if known else explain(refusal, url=self.url, org_id=None, permission=None)
                raise self._error(doing, f"Logging in failed. {why}", refusal, sent)
            token = content.get("access_token")
            if not isinstance(token, str):
                raise self._error(doing, f"{self.url}/oauth/v2/token answered without an access token.", None, sent)
            self._token = token
            self._secrets.add(token)
        return _Bearer(self._token)

    def _send(
        self, method: str, path: str, doing: str, *, retries: int, sent: _Sent | None = None, **request: t.Any
    ) -> tuple[Refusal | None, dict[str, t.Any], _Sent]:
        """Send a request until it is answered for good. Return the refusal, or None and the content."""
        sent = sent or _Sent()
        for attempt in range(retries + 1):
            last = attempt == retries
            try:
                response = self._session.request(
                    method,
                    self._options.url + path,
                    timeout=self._options.timeout,
                    # Neither true nor a path: then requests adds no trust to that of the adapter's context.
                    verify=t.cast(bool, 1) if self._options.validate_certs else False,
                    allow_redirects=False,
                    **request,
                )
                if _is_cut_short(response):
                    raise requests.exceptions.ChunkedEncodingError
            except (requests.exceptions.RequestException, urllib3.exceptions.HTTPError) as error:
                sent.uncertain = sent.uncertain or not _never_arrived(error)
                if last or not _worth_repeating(error):
                    raise self._error(doing, self._unreachable(error, attempt + 1), None, sent) from None
                time.sleep(_delay(_BACK_OFF, attempt))
                continue
            refusal, content = _read(response)
            refusal = refusal and refusal.hiding(self._hidden)
            if refusal is None:
                return None, content, sent
            sent.uncertain = sent.uncertain or refusal.uncertain
            if last or not (refusal.busy or refusal.momentary):
                return refusal, {}, sent
            back_off = _BACK_OFF if refusal.busy else _MOMENTARY_BACK_OFF
            time.sleep(max(_delay(back_off, attempt), _retry_after(response.headers.get("Retry-After"))))
        raise AssertionError("the last try returns or raises")

    def _error(self, doing: str, why: str, refusal: Refusal | None, sent: _Sent) -> ZitadelError:
        refusal = refusal and refusal.hiding(self._secrets)
        return ZitadelError(
            hide(f"Cannot {doing}. {why}", self._secrets),
            refusal,
            uncertain=sent.uncertain,
            unreachable=refusal is None or refusal.busy,
        )

    def _unreachable(self, error: Exception, tries: int) -> str:
        options = self._options
        reason = _causes(error)[-1]
        if _is_about_the_certificate(reason):
            why = getattr(reason, "verify_message", None) or str(reason)
            return (
                f"The TLS certificate of {options.url} is not trusted: {why.rstrip('.')}. Set ca_path to the PEM "
                "file of the authority that issued it or, for a test, validate_certs to false."
            )
        if isinstance(reason, ssl.SSLError) and not isinstance(reason, ssl.SSLEOFError):
            return (
                f"TLS with {options.url} failed: {reason.reason or 'no common ground'}. Check the scheme and port of "
                "url, ca_path, validate_certs, and client_cert and client_key if the server asks for a certificate."
            )
        if isinstance(error, requests.exceptions.ProxyError) and _never_arrived(error):
            return (
                f"The proxy that the environment names for {options.url} cannot be used: {_words(reason)}. "
                "Correct http_proxy or https_proxy, or list the host in no_proxy."
            )
        if isinstance(error, requests.exceptions.Timeout) or isinstance(reason, TimeoutError):
            return f"{options.url} did not answer within {options.timeout:g} seconds (option timeout), {_tries(tries)}."
        # So requests calls every answer that ends too early, in chunks or not.
        cut_short = isinstance(error, requests.exceptions.ChunkedEncodingError)
        why = "the answer was cut short" if cut_short else _words(reason)
        return (
            f"{options.url} cannot be reached: {why}, {_tries(tries)}. "
            "Check url, the network, and that the server runs."
        )


_kept: dict[tuple[int, ConnectionOptions], Connection] = {}


def connect(options: ConnectionOptions) -> Connection:
    """Return the connection for these options, the same for the same process: a fork must not inherit a socket."""
    pid = os.getpid()
    if any(of != pid for of, _options in _kept):
        _kept.clear()
    if (pid, options) not in _kept:
        _kept[pid, options] = Connection(options)
    return _kept[pid, options]


class _Sent:
    """What is known of the tries of one request."""

    uncertain = False
    """Whether one of them may have been done without an answer that says so."""


class _Bearer(_Auth):
    """Sets the token itself, so that requests looks for no other credentials."""

    def __init__(self, token: str | None) -> None:
        self._token = token

    def __call__(self, request: t.Any) -> t.Any:
        if self._token is not None:
            request.headers["Authorization"] = f"Bearer {self._token}"
        return request


class _TlsAdapter(_Adapter):
    """Trusts what its context trusts, and nothing that requests would add."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self._context = context
        super().__init__()

    def init_poolmanager(self, *args: t.Any, **kwargs: t.Any) -> None:
        super().init_poolmanager(*args, ssl_context=self._context, **kwargs)

    def proxy_manager_for(self, proxy: str, **kwargs: t.Any) -> t.Any:
        return super().proxy_manager_for(proxy, ssl_context=self._context, **kwargs)

    def cert_verify(self, conn: t.Any, url: str, verify: t.Any, cert: t.Any) -> None:
        """Leave it to the context."""


def _tls_context(options: ConnectionOptions) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=options.ca_path)
    except (OSError, ssl.SSLError) as error:
        raise ZitadelError(f"ca_path: {options.ca_path} cannot be used: {_words(error)}.") from None
    if options.client_cert:
        try:
            # The empty password keeps OpenSSL from asking for one at the terminal.
            context.load_cert_chain(options.client_cert, options.client_key, password="")
        except (OSError, ssl.SSLError, ValueError) as error:
            files = options.client_cert + (f" with client_key {options.client_key}" if options.client_key else "")
            raise ZitadelError(
                f"client_cert: {files} cannot be used: {_words(error)}. Both must be PEM files, without a passphrase."
            ) from None
    if urllib3.__version__.startswith("1."):  # type: ignore[attr-defined]
        # It compares the names itself then; Python's check would refuse every address that is an IP address.
        context.check_hostname = False
    if not options.validate_certs:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        # The user said so; urllib3 need not warn at every request.
        urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
    return context


def _is_cut_short(response: t.Any) -> bool:
    """Whether the connection ended within the answer, which urllib3 before 2.0 does not tell."""
    length = response.headers.get("Content-Length", "")
    return length.isdecimal() and response.raw.tell() < int(length)


def _read(response: t.Any) -> tuple[Refusal | None, dict[str, t.Any]]:
    """Return None and the JSON object of a success, else the refusal."""
    if 200 <= response.status_code < 300:
        content = json_object(response.content)
        if content is not None:
            return None, content
    location = _place(response.headers.get("Location")) if 300 <= response.status_code < 400 else None
    return Refusal.read(response.status_code, response.content, location), {}


def _place(location: str | None) -> str:
    """Return where a redirect leads, without what follows the path: a login page has secrets there."""
    try:
        parts = urllib.parse.urlsplit(location or "")
    except ValueError:
        parts = urllib.parse.urlsplit("")
    return parts._replace(netloc=parts.netloc.rpartition("@")[2], query="", fragment="").geturl() or "another address"


def _delay(back_off: float, attempt: int) -> float:
    """Seconds to wait after a try: exponential, and scattered so that many clients do not return together."""
    return min(back_off * 2**attempt, _MAX_BACK_OFF) * random.uniform(1, 1.5)  # noqa: S311


def _retry_after(header: str | None) -> float:
    """Seconds that a server asks to wait, by number or date; 0 if it does not, at most a minute."""
    if not header:
        return 0.0
    try:
        seconds = float(header)
    except ValueError:
        try:
            date = email.utils.parsedate_to_datetime(header)
            seconds = date.replace(tzinfo=date.tzinfo or datetime.timezone.utc).timestamp() - time.time()
        except ValueError:
            return 0.0
    return min(max(seconds, 0.0), _MAX_RETRY_AFTER)


def _causes(error: BaseException) -> list[BaseException]:
    """Return an error and the reasons that requests and urllib3 have wrapped in it, the deepest last."""
    causes = [error]
    while True:
        inner = [getattr(error, "reason", None), *error.args, error.__cause__]
        if not isinstance(error, (OSError, http.client.HTTPException)):
            # Only theirs: what a socket failed with can have been raised while something harmless was handled.
            inner.append(error.__context__)
        new = [cause for cause in inner if isinstance(cause, BaseException) and cause not in causes]
        if not new:
            return causes
        error = new[0]
        causes.append(error)


def _is_about_the_certificate(reason: BaseException) -> bool:
    # The other one is urllib3's own, of a different module in each release.
    return isinstance(reason, ssl.SSLCertVerificationError) or type(reason).__name__ == "CertificateError"


def _worth_repeating(error: Exception) -> bool:
    exceptions = requests.exceptions
    reason = _causes(error)[-1]
    if isinstance(error, exceptions.SSLError) or isinstance(reason, ssl.SSLError):
        return isinstance(reason, (ssl.SSLEOFError, ssl.SSLZeroReturnError))
    return isinstance(error, (exceptions.ConnectionError, exceptions.Timeout, exceptions.ChunkedEncodingError))


def _never_arrived(error: Exception) -> bool:
    """Whether a failed request certainly did not reach the server: there was no connection to send it over."""
    exceptions = urllib3.exceptions
    no_connection = (
        exceptions.NewConnectionError,
        exceptions.ConnectTimeoutError,
        exceptions.LocationValueError,
        requests.exceptions.InvalidURL,
        UnicodeError,
    )
    return any(
        isinstance(cause, no_connection) or _is_about_the_certificate(cause) or _NO_TUNNEL in str(cause)
        for cause in _causes(error)
    )


def _words(error: BaseException) -> str:
    if isinstance(error, http.client.RemoteDisconnected):
        return "the connection was closed without an answer"
    if isinstance(error, http.client.BadStatusLine):
        return "the answer is not HTTP"
    said = str(error) if _NO_TUNNEL in str(error) else None
    return str(getattr(error, "strerror", None) or said or type(error).__name__)


def _tries(number: int) -> str:
    return f"in {number} tries" if number > 1 else "in one try"
