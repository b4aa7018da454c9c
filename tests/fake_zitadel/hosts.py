# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which instance a request is for: the server knows itself by host *name*, the port does not matter."""

from __future__ import annotations

from collections.abc import Iterable

from .exchange import Request
from .store import EXTERNAL_DOMAIN

_NOT_FOUND = (
    "ID=QUERY-1kIjX Message=Instance not found. Make sure you got the domain right. "
    "Check out https://zitadel.com/docs/apis/introduction#domains"
)


class Hosts:
    """The names that the fake answers to."""

    def __init__(self, more: Iterable[str] = ()) -> None:
        self.known = {EXTERNAL_DOMAIN, "127.0.0.1", *(name.lower() for name in more)}

    def complaint(self, request: Request) -> str | None:
        """What the server says about a host that it does not know; None if it knows it."""
        host = _instance_host(request)
        if _name(host) in self.known:
            return None
        return (
            f"unable to set instance using origin &{{{host}  {request.scheme}}} "
            f"(ExternalDomain is {EXTERNAL_DOMAIN}): {_NOT_FOUND}"
        )

    def api_complaint(self, request: Request, no_instance: str) -> str | None:
        """The same, as the API says it."""
        complaint = self.complaint(request)
        if complaint is None:
            return None
        name = _name(_instance_host(request))
        return (
            f"{complaint} Parent=(unable to get instance by domain: instanceDomain {name}, "
            f"publicHostname {name}: ID=QUERY-1kIjX Message={no_instance})"
        )


def origin(request: Request) -> str:
    """The origin as the server sees it, the audience of JWT assertions. The port is there if it was sent."""
    return f"{request.scheme}://{_instance_host(request)}"


def _instance_host(request: Request) -> str:
    for name in ("x-zitadel-instance-host", "x-forwarded-host", "host"):
        host = request.headers.get(name, "").strip()
        if host:
            return host
    return ""


def _name(host: str) -> str:
    name, colon, port = host.rpartition(":")
    return (name if colon and port.isdigit() else host).lower()
