# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Requests as they came in and answers as they go out."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any

# POSTs that only read. (A metadata key may be called "search" in v1.)
_READING_POST = re.compile(
    r"/_search$|^/v2.*/search$|^/v2/users$|^/oauth/v2/(token|introspect)$|^/zitadel\.[\w.]+/(Get|List|Search)\w*$"
)


@dataclass
class Request:
    """One request. ``path`` is raw, with its query; header names are in lower case; ``status`` is None until
    answered, and stays so when the connection was dropped instead."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    scheme: str = "http"
    status: int | None = None

    @property
    def json(self) -> Any:
        """The body, parsed; None when it is empty."""
        return json.loads(self.body) if self.body else None

    @property
    def modifies(self) -> bool:
        """Whether this asks for a change (known by method and path: searches are POSTs)."""
        return modifies(self.method, self.path)

    @property
    def bearer(self) -> str | None:
        """The token, None without or with another kind of Authorization."""
        scheme, _blank, token = self.headers.get("authorization", "").partition(" ")
        return token.strip() if scheme.lower() == "bearer" and token.strip() else None

    @property
    def organization(self) -> str:
        """The organization asked for; "" is the caller's own."""
        return self.headers.get("x-zitadel-orgid", "").strip()


@dataclass
class Answer:
    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)


def modifies(method: str, path: str) -> bool:
    """Whether a request asks for a change."""
    if method in ("GET", "HEAD", "OPTIONS"):
        return False
    return not (method == "POST" and _READING_POST.search(path.partition("?")[0]))
