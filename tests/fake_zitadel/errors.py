# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Errors as the server writes them."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import Any, Literal

from .releases import Release

# gRPC code -> HTTP status and Connect's name
STATUS: dict[int, tuple[int, str]] = {
    1: (499, "canceled"),
    2: (500, "unknown"),
    3: (400, "invalid_argument"),
    4: (504, "deadline_exceeded"),
    5: (404, "not_found"),
    6: (409, "already_exists"),
    7: (403, "permission_denied"),
    8: (429, "resource_exhausted"),
    9: (400, "failed_precondition"),
    10: (409, "aborted"),
    12: (501, "unimplemented"),
    13: (500, "internal"),
    14: (503, "unavailable"),
    16: (401, "unauthenticated"),
}
_CODE_NAMES = {3: "InvalidArgument", 16: "Unauthenticated"}

# Texts follow the language that the client accepts. One translation catches clients that read texts.
_GERMAN = {"Metadata not found": "Meta Daten konnten nicht gefunden werden"}

Spelling = Literal["v1", "v2", "connect"]
Rendered = tuple[int, dict[str, str], dict[str, Any]]


class ApiError(Exception):
    """An error answer.

    With ``error_id`` it is one of ZITADEL's own. ``gateway`` errors come from the layer in front of the API
    and have no ``Cache-Control``; ``wrapped`` ones are answered as code 2 by some releases (see ``Release``).
    """

    def __init__(
        self,
        code: int,
        text: str,
        error_id: str = "",
        *,
        gateway: bool = False,
        wrapped: bool = False,
        status: int | None = None,
    ) -> None:
        super().__init__(text)
        self.code = code
        self.text = text
        self.error_id = error_id
        self.gateway = gateway
        self.wrapped = wrapped
        self.status = status

    def render(self, release: Release, *, spelling: Spelling, language: str) -> Rendered:
        """Return status, headers and JSON body."""
        text = _GERMAN.get(self.text, self.text) if language.lower().startswith("de") else self.text
        if spelling == "connect":
            return self._render_connect(text)
        code, details = self.code, None
        message = f"{text} ({self.error_id})" if self.error_id else text
        if self.error_id:
            details = {"id": self.error_id, "message": text}
        elif self.wrapped and release.wraps_plain_errors and spelling == "v1":
            if code in _CODE_NAMES:
                text = f"rpc error: code = {_CODE_NAMES[code]} desc = {text}"
            code, details, message = 2, {"message": text}, f"{text} ()"
        body: dict[str, Any] = {"code": code, "message": message}
        if details is not None:
            body["details"] = [{"@type": "type.googleapis.com/zitadel.v1.ErrorDetail", **details}]
        headers = {"Content-Type": "application/json"}
        if not self.gateway and not (spelling == "v2" and release.has_connect):
            headers["Cache-Control"] = "no-store"
        if code == 16:
            headers["WWW-Authenticate"] = message
        return self.status or STATUS[code][0], headers, body

    def _render_connect(self, text: str) -> Rendered:
        status, name = STATUS[self.code]
        body: dict[str, Any] = {"code": name, "message": f"{text} ({self.error_id})" if self.error_id else text}
        if self.error_id:
            detail = _field(1, self.error_id) + _field(2, text)
            value = base64.b64encode(detail).decode().rstrip("=")
            debug = {"id": self.error_id, "message": text}
            body["details"] = [{"type": "zitadel.v1.ErrorDetail", "value": value, "debug": debug}]
        elif self.code == 2:
            body["message"] += " ()"
        return status, {"Content-Type": "application/json"}, body


def _field(number: int, text: str) -> bytes:
    """A field of text as protobuf writes it; good for fewer than 128 bytes."""
    content = text.encode()
    assert len(content) < 128
    return bytes([number << 3 | 2, len(content)]) + content


@dataclass(frozen=True)
class Known:
    """An error that is raised in more than one place."""

    code: int
    text: str
    error_id: str

    def error(self) -> ApiError:
        return ApiError(self.code, self.text, self.error_id)


ORGANIZATION_GONE = Known(9, "Organisation not found", "COMMAND-QXPGs")
ORGANIZATION_UNKNOWN = Known(7, "Organisation doesn't exist", "AUTH-Bs7Ds")
USER_GONE = Known(9, "User could not be found", "COMMAND-uXHNj")
NO_MEMBERSHIP = Known(5, "membership not found", "AUTHZ-cdgFk")
NO_PERMISSION_V1 = Known(7, "No matching permissions found", "AUTH-5mWD2")
NO_PERMISSION_V2 = Known(7, "No matching permissions found", "AUTH-AWfge")
TOKEN_INVALID = Known(16, "Errors.Token.Invalid", "AUTH-7fs1e")
LIMIT_EXCEEDED = Known(3, "Limit exceeded", "QUERY-4M0fs")


def invalid(message: str) -> ApiError:
    """A request that fails validation."""
    return ApiError(3, f"invalid {message}", wrapped=True)


def not_found_route() -> ApiError:
    return ApiError(5, "Not Found", gateway=True)


def method_not_allowed() -> ApiError:
    return ApiError(12, "Method Not Allowed", gateway=True, status=405)


def message_too_large(size: int, limit: int, *, gateway: bool) -> ApiError:
    return ApiError(8, f"grpc: received message larger than max ({size} vs. {limit})", gateway=gateway)


def key_not_found(error_id: str) -> ApiError:
    return ApiError(5, "Metadata not found", error_id)


def organization_not_found(error_id: str) -> ApiError:
    return ApiError(5, "Organisation not found", error_id)


def write_collision() -> ApiError:
    """Two writers met: nothing was written, the same call succeeds when repeated."""
    text = 'ERROR: duplicate key value violates unique constraint "events2_pkey" (SQLSTATE 23505)'
    return ApiError(2, text, wrapped=True)
