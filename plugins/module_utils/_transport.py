# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One HTTP session with one server: TLS, proxies, headers, no redirects, and one error for all that can go wrong."""

from __future__ import annotations

import dataclasses
import os
import ssl
import traceback
import typing as t
import urllib.parse
import urllib.request

from ansible_collections.community.zitadel.plugins.module_utils._auth import Login
from ansible_collections.community.zitadel.plugins.module_utils._errors import ZitadelError
from ansible_collections.community.zitadel.plugins.module_utils._failures import classified, words

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

_PROXY_SCHEMES = ("http", "https", "socks4", "socks4a", "socks5", "socks5h")


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
    """Seconds, for connecting and for each read"""
    retries: int = 4
    """Tries after the first"""
    api_version: t.Literal["auto", "v1", "v2"] = "auto"
    connections: int = dataclasses.field(default=4, compare=False)
    """How many owners are in work at the same time"""


class Request(t.NamedTuple):
    """What is sent. The body is JSON, or a form."""

    method: str
    path: str
    headers: t.Mapping[str, str]
    body: bytes | t.Mapping[str, str] | None = None


class Answer(t.NamedTuple):
    """What came back, whatever it says."""

    status: int
    headers: t.Mapping[str, str]
    body: bytes


class Transport:
    """Sends requests over one session. Not for more than one thread."""

    def __init__(self, options: ConnectionOptions, context: ssl.SSLContext | None) -> None:
        """context is that of ``tls_context``. Nothing is sent yet. Raises ZitadelError if a proxy cannot be used."""
        self._options = options
        self._session = requests.Session()
        # Neither ~/.netrc nor REQUESTS_CA_BUNDLE may replace what the options say.
        self._session.trust_env = False
        # Redirects are not even looked at: requests fails at some that lead nowhere.
        setattr(self._session, "get_redirect_target", lambda _response: None)  # noqa: B010
        self._session.proxies = _proxies(options.url)
        if context:
            self._session.mount("https://", _TlsAdapter(context))
        self._session.headers.update({"Accept": "application/json", "Accept-Language": "en"})
        self._session.headers.update({"User-Agent": "ansible-community.zitadel"})
        self._session.headers.update(dict(options.headers))
        if options.instance_host:
            self._session.headers["x-zitadel-instance-host"] = options.instance_host

    def send(self, request: Request, token: str | None) -> Answer:
        """Send one request once and return its answer. Raises TransportError if none comes."""
        options = self._options
        try:
            response = self._session.request(
                request.method,
                options.url + request.path,
                headers=dict(request.headers),
                data=request.body,
                auth=_Bearer(token),
                timeout=options.timeout,
                # Neither true nor a path: then requests adds no trust to that of the adapter's context.
                verify=t.cast(bool, 1) if options.validate_certs else False,
                allow_redirects=False,
            )
            if _is_cut_short(response):
                raise requests.exceptions.ChunkedEncodingError
        except (requests.exceptions.RequestException, urllib3.exceptions.HTTPError) as error:
            raise classified(error, options.url, options.timeout) from None
        return Answer(response.status_code, response.headers, response.content)

    def close(self) -> None:
        """Close every connection that is kept."""
        self._session.close()


def tls_context(options: ConnectionOptions) -> ssl.SSLContext | None:
    """Return what to trust and to present, None without TLS. Raises ZitadelError if a file cannot be used."""
    if not options.url.startswith("https:"):
        return None
    try:
        context = ssl.create_default_context(cafile=options.ca_path)
    except (OSError, ValueError) as error:
        raise ZitadelError(
            f"ca_path: {options.ca_path!r} cannot be used: {words(error)}. Give a PEM file with certificate authorities (CA)."
        ) from None
    if options.client_cert:
        try:
            # The empty password keeps OpenSSL from asking for one at the terminal.
            context.load_cert_chain(options.client_cert, options.client_key, password="")
        except (OSError, ValueError) as error:
            files = options.client_cert + (f" with client_key {options.client_key}" if options.client_key else "")
            raise ZitadelError(
                f"client_cert: {files!r} cannot be used: {words(error)}. Both must be PEM files without a passphrase."
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


def _proxies(url: str) -> dict[str, str]:
    """Return the proxy that the environment variables name. The system is not asked: on macOS that kills forks."""
    parts = urllib.parse.urlsplit(url)
    proxy = urllib.request.getproxies_environment().get(parts.scheme)
    if not proxy or urllib.request.proxy_bypass_environment(parts.netloc):  # type: ignore[attr-defined]
        return {}
    names = (f"{parts.scheme}_proxy", f"{parts.scheme}_proxy".upper())
    variable = next((name for name in names if os.environ.get(name)), names[0])
    wrong = _wrong_with_proxy(proxy)
    if wrong:
        raise ZitadelError(
            f"The proxy in the environment variable {variable} cannot be used: {wrong}. "
            f"Correct it, or list the host of url in no_proxy. Nothing was sent to {url}."
        )
    return {parts.scheme: proxy}


def _wrong_with_proxy(proxy: str) -> str | None:
    """Return what is wrong with the address of a proxy, without showing it: it can hold a password."""
    try:
        parts = urllib.parse.urlsplit(proxy if "://" in proxy else f"http://{proxy}")
        host = parts.hostname
        _port = parts.port
    except ValueError:
        return "its host or port is not valid"
    if parts.scheme not in _PROXY_SCHEMES:
        return f"its scheme {parts.scheme!r} is none of {', '.join(_PROXY_SCHEMES)}"
    if not host:
        return "it has no host"
    try:
        for part in (parts.username, parts.password):
            urllib.parse.unquote(part or "").encode("latin-1")
    except UnicodeError:
        return "its user name or password has characters that are not in Latin-1"
    if parts.scheme.startswith("socks"):
        try:
            import socks  # type: ignore[import-untyped,import-not-found,unused-ignore] # noqa: F401
        except ImportError:
            return "SOCKS needs the Python library PySocks"
    return None


def _is_cut_short(response: t.Any) -> bool:
    """Whether the connection ended within the answer, which urllib3 before 2.0 does not say."""
    length = response.headers.get("Content-Length", "")
    return length.isdecimal() and response.raw.tell() < int(length)
