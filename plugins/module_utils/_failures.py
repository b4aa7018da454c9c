# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What an exception of requests means: what happened, whether the request arrived, whether it is worth repeating."""

from __future__ import annotations

import dataclasses
import http.client
import ssl

from ansible_collections.community.zitadel.plugins.module_utils._errors import Fate

try:
    import requests
    import urllib3
except ImportError:
    pass  # _transport tells

_NO_TUNNEL = "Tunnel connection failed"
"""How Python begins to say what a proxy answered instead of opening a tunnel."""


class TransportError(Exception):
    """No answer came: what happened, what to do about it, and what is known of the request."""

    def __init__(self, what: str, advice: str, fate: Fate) -> None:
        super().__init__(what)
        self.what = what
        self.advice = advice
        self.fate = fate


def classified(error: Exception, url: str, timeout: float) -> TransportError:
    """Return what an exception of requests or urllib3 means. url is the instance, timeout in seconds."""
    causes = _causes(error)
    reason = causes[-1]
    never_arrived = any(_is_without_connection(cause) for cause in causes)
    fate = Fate(doubtful=not never_arrived, transient=_is_transient(error, reason), hopeless=True)
    if _is_about_the_certificate(reason):
        why = getattr(reason, "verify_message", None) or str(reason)
        return TransportError(
            f"The TLS certificate of {url} is not trusted: {why.rstrip('.')}",
            "Set ca_path to the PEM file of the certificate authority (CA) that issued it or, for a test, "
            "validate_certs to false.",
            fate,
        )
    if isinstance(reason, ssl.SSLError) and not isinstance(reason, ssl.SSLEOFError):
        return TransportError(
            f"TLS with {url} failed: {reason.reason or 'client and server have no protocol in common'}",
            "Check the scheme and port of url, ca_path, validate_certs, and client_cert and client_key if the server "
            "asks for a certificate.",
            fate,
        )
    if _NO_TUNNEL in str(reason) and "407" in str(reason):
        return TransportError(
            f"The proxy refused its credentials on the way to {url}: {words(reason)}",
            "Correct the user name and password in https_proxy, or list the host in no_proxy.",
            dataclasses.replace(fate, transient=False),
        )
    if isinstance(error, requests.exceptions.ProxyError) and never_arrived:
        return TransportError(
            f"The proxy that the environment names for {url} cannot be used: {words(reason)}",
            "Correct http_proxy or https_proxy, or list the host in no_proxy.",
            fate,
        )
    if isinstance(error, requests.exceptions.Timeout) or isinstance(reason, TimeoutError):
        return TransportError(
            f"{url} did not answer within {timeout:g} seconds (option timeout)",
            "Check url, the network, and that the server runs.",
            fate,
        )
    # So requests calls every answer that ends too early, in chunks or not.
    cut_short = isinstance(error, requests.exceptions.ChunkedEncodingError)
    why = "the answer was cut short" if cut_short else words(reason)
    return TransportError(
        f"{url} cannot be reached: {why.rstrip('.')}",
        "Check url, the network, and that the server runs.",
        fate,
    )


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


def _is_transient(error: Exception, reason: BaseException) -> bool:
    exceptions = requests.exceptions
    if isinstance(error, exceptions.SSLError) or isinstance(reason, ssl.SSLError):
        return isinstance(reason, (ssl.SSLEOFError, ssl.SSLZeroReturnError))
    return isinstance(error, (exceptions.ConnectionError, exceptions.Timeout, exceptions.ChunkedEncodingError))


def _is_without_connection(cause: BaseException) -> bool:
    """Whether a request that failed so certainly did not reach the server: there was nothing to send it over."""
    exceptions = urllib3.exceptions
    no_connection = (
        exceptions.NewConnectionError,
        exceptions.ConnectTimeoutError,
        exceptions.LocationValueError,
        requests.exceptions.InvalidURL,
        UnicodeError,
    )
    return isinstance(cause, no_connection) or _is_about_the_certificate(cause) or _NO_TUNNEL in str(cause)


def words(error: BaseException) -> str:
    """Return what an error says, in words."""
    if isinstance(error, http.client.RemoteDisconnected):
        return "the connection was closed without an answer"
    if isinstance(error, http.client.BadStatusLine):
        return "the answer is not HTTP"
    if isinstance(error, ValueError) and "null" in str(error):
        return "it contains a NUL character"
    said = str(error) if _NO_TUNNEL in str(error) else None
    return str(getattr(error, "strerror", None) or said or type(error).__name__)
