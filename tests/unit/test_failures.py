# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What an exception of requests means: what happened, whether the request arrived, and whether it is worth repeating."""

from __future__ import annotations

import http.client
import socket
import ssl
from typing import Any

import pytest
import requests
from ansible_collections.community.zitadel.plugins.module_utils._errors import Fate
from ansible_collections.community.zitadel.plugins.module_utils._failures import classified, words
from requests import exceptions as of_requests
from urllib3 import connectionpool
from urllib3 import exceptions as of_urllib3

pytestmark = pytest.mark.every_core

URL = "https://id.example.com"
POOL = connectionpool.HTTPSConnectionPool("id.example.com")
CONNECTION: Any = POOL.ConnectionCls("id.example.com")

NEVER_ARRIVED = Fate(transient=True, hopeless=True)
PERHAPS = Fate(doubtful=True, transient=True, hopeless=True)
FINAL = Fate(hopeless=True)
FINAL_DOUBT = Fate(doubtful=True, hopeless=True)


def in_retries(reason: Exception) -> Exception:
    """As urllib3 wraps what a pool gives up on."""
    return of_urllib3.MaxRetryError(POOL, "/", reason)


def refused() -> Exception:
    error = of_urllib3.NewConnectionError(CONNECTION, "Failed to establish a new connection")
    error.__cause__ = ConnectionRefusedError(111, "Connection refused")
    return error


def read_timed_out() -> Exception:
    error = of_urllib3.ReadTimeoutError(POOL, "/", "Read timed out.")
    error.__cause__ = TimeoutError("timed out")
    return error


def unverified() -> ssl.SSLCertVerificationError:
    error = ssl.SSLCertVerificationError(1, "certificate verify failed")
    error.verify_message = "self-signed certificate"
    return error


def tls_error(reason: str) -> ssl.SSLError:
    error = ssl.SSLError(1, reason)
    error.reason = reason
    return error


def aborted(reason: Exception) -> Exception:
    return of_requests.ConnectionError(of_urllib3.ProtocolError("Connection aborted.", reason))


def tunnel(status: str) -> Exception:
    failed = OSError(f"Tunnel connection failed: {status}")
    return of_requests.ProxyError(in_retries(of_urllib3.ProxyError("Cannot connect to proxy.", failed)))


CASES: list[tuple[str, Exception, str, Fate]] = [
    (
        "refused",
        of_requests.ConnectionError(in_retries(refused())),
        "{url} cannot be reached: Connection refused",
        NEVER_ARRIVED,
    ),
    (
        "connection reset",
        aborted(ConnectionResetError(104, "Connection reset by peer")),
        "{url} cannot be reached: Connection reset by peer",
        PERHAPS,
    ),
    (
        "closed",
        aborted(http.client.RemoteDisconnected("Remote end closed connection without response")),
        "{url} cannot be reached: the connection was closed without an answer",
        PERHAPS,
    ),
    (
        "not HTTP",
        aborted(http.client.BadStatusLine("SSH-2.0-OpenSSH_9.9")),
        "{url} cannot be reached: the answer is not HTTP",
        PERHAPS,
    ),
    ("cut short", of_requests.ChunkedEncodingError(), "{url} cannot be reached: the answer was cut short", PERHAPS),
    (
        "time-out of the connection",
        of_requests.ConnectTimeout(in_retries(of_urllib3.ConnectTimeoutError(CONNECTION, "timed out"))),
        "{url} did not answer within 2.5 seconds (option timeout)",
        NEVER_ARRIVED,
    ),
    (
        "time-out of the answer",
        of_requests.ReadTimeout(of_urllib3.ReadTimeoutError(POOL, "/", "Read timed out.")),
        "{url} did not answer within 2.5 seconds (option timeout)",
        PERHAPS,
    ),
    (
        "time-out in the middle",
        of_requests.ConnectionError(read_timed_out()),
        "{url} did not answer within 2.5 seconds (option timeout)",
        PERHAPS,
    ),
    (
        "time-out of the socket",
        aborted(TimeoutError("timed out")),
        "{url} did not answer within 2.5 seconds (option timeout)",
        PERHAPS,
    ),
    (
        "certificate",
        of_requests.SSLError(in_retries(of_urllib3.SSLError(unverified()))),
        "The TLS certificate of {url} is not trusted: self-signed certificate",
        FINAL,
    ),
    (
        "no TLS",
        of_requests.SSLError(in_retries(of_urllib3.SSLError(tls_error("WRONG_VERSION_NUMBER")))),
        "TLS with {url} failed: WRONG_VERSION_NUMBER",
        FINAL_DOUBT,
    ),
    (
        "end of TLS",
        of_requests.SSLError(in_retries(of_urllib3.SSLError(ssl.SSLEOFError(8, "EOF occurred")))),
        "{url} cannot be reached: EOF occurred",
        PERHAPS,
    ),
    (
        "proxy refused",
        of_requests.ProxyError(in_retries(of_urllib3.ProxyError("Cannot connect to proxy.", refused()))),
        "The proxy that the environment names for {url} cannot be used: Connection refused",
        NEVER_ARRIVED,
    ),
    (
        "wrong credentials of a proxy",
        tunnel("407 Proxy Authentication Required"),
        "The proxy refused its credentials on the way to {url}: Tunnel connection failed: 407 Proxy Authentication",
        FINAL,
    ),
    (
        "proxy without a tunnel",
        tunnel("503 Service Unavailable"),
        "The proxy that the environment names for {url} cannot be used: Tunnel connection failed: 503 Service Unavail",
        NEVER_ARRIVED,
    ),
    (
        "lost behind a proxy",
        of_requests.ProxyError(in_retries(of_urllib3.ProxyError("x", ConnectionResetError(104, "Connection reset")))),
        "{url} cannot be reached: Connection reset",
        PERHAPS,
    ),
    ("no address", of_requests.InvalidURL("Invalid URL"), "{url} cannot be reached: InvalidURL", FINAL),
    (
        "no host name",
        of_urllib3.LocationParseError("id..example.com"),
        "{url} cannot be reached: LocationParseError",
        FINAL,
    ),
]


@pytest.mark.parametrize(("error", "what", "fate"), [pytest.param(*rest, id=name) for name, *rest in CASES])
def test_what_an_exception_means(error: Exception, what: str, fate: Fate) -> None:
    found = classified(error, URL, 2.5)
    assert found.what.startswith(what.format(url=URL))
    assert found.fate == fate
    # It is a sentence, and another one says what to do.
    assert not found.what.endswith(".")
    assert found.advice.endswith(".")


def test_a_host_that_does_not_exist() -> None:
    # urllib3 before 2.0 says so by a NewConnectionError.
    reason = of_urllib3.NewConnectionError(CONNECTION, "Failed to resolve")
    reason.__cause__ = socket.gaierror(socket.EAI_NONAME, "Name or service not known")
    found = classified(of_requests.ConnectionError(in_retries(reason)), URL, 1)
    assert (found.what, found.fate) == (f"{URL} cannot be reached: Name or service not known", NEVER_ARRIVED)


@pytest.mark.parametrize("variable", ["ca_path", "validate_certs"])
def test_what_to_do_about_a_certificate(variable: str) -> None:
    assert variable in classified(of_requests.SSLError(unverified()), URL, 1).advice


def test_what_happened_while_something_harmless_was_handled() -> None:
    """A new connection is tried after one that a proxy has closed meanwhile: that it could not be made is no cause."""
    reset = ConnectionResetError(104, "Connection reset by peer")
    reset.__context__ = of_urllib3.NewConnectionError(CONNECTION, "harmless")
    found = classified(requests.exceptions.ConnectionError(of_urllib3.ProtocolError("x", reset)), URL, 1)
    assert (found.what, found.fate) == (f"{URL} cannot be reached: Connection reset by peer", PERHAPS)


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (OSError(2, "No such file or directory"), "No such file or directory"),
        (ValueError("embedded null byte"), "it contains a NUL character"),
        (ValueError("secret"), "ValueError"),
        (OSError("Tunnel connection failed: 502 Bad Gateway"), "Tunnel connection failed: 502 Bad Gateway"),
    ],
    ids=repr,
)
def test_what_an_error_says_in_words(error: Exception, expected: str) -> None:
    assert words(error) == expected
