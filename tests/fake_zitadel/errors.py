# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Errors as the server writes them."""

from __future__ import annotations

from typing import Any

from .releases import Release

# gRPC code -> HTTP status
STATUS = {
    1: 499, 2: 500, 3: 400, 4: 504, 5: 404, 6: 409, 7: 403, 8: 429, 9: 400, 10: 409, 12: 501, 13: 500,
    14: 503, 16: 401,
}  # fmt: skip
_CODE_NAMES = {3: "InvalidArgument", 16: "Unauthenticated"}

# Texts follow the language that the caller accepts. One translation catches clients that read texts.
_GERMAN = {"Metadata not found": "Meta Daten konnten nicht gefunden werden"}


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

    def render(self, release: Release, *, v2: bool, language: str) -> tuple[int, dict[str, str], dict[str, Any]]:
        """Return status, headers and JSON body."""
        code, text, details = self.code, self.text, None
        if self.error_id:
            if language.lower().startswith("de"):
                text = _GERMAN.get(text, text)
            details = {"id": self.error_id, "message": text}
            message = f"{text} ({self.error_id})"
        elif self.wrapped and release.wraps_plain_errors and not v2:
            if code in _CODE_NAMES:
                text = f"rpc error: code = {_CODE_NAMES[code]} desc = {text}"
            code, details, message = 2, {"message": text}, f"{text} ()"
        else:
            message = text
        body: dict[str, Any] = {"code": code, "message": message}
        if details is not None:
            body["details"] = [{"@type": "type.googleapis.com/zitadel.v1.ErrorDetail", **details}]
        headers = {"Content-Type": "application/json"}
        if not self.gateway and not (v2 and release.v2_is_connect):
            headers["Cache-Control"] = "no-store"
        if code == 16:
            headers["WWW-Authenticate"] = message
        return self.status or STATUS[code], headers, body


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


def organization_gone() -> ApiError:
    return ApiError(9, "Organisation not found", "COMMAND-QXPGs")


def membership_not_found() -> ApiError:
    return ApiError(5, "membership not found", "AUTHZ-cdgFk")


def permission_denied() -> ApiError:
    return ApiError(7, "No matching permissions found", "AUTH-5mWD2")


def token_invalid() -> ApiError:
    return ApiError(16, "Errors.Token.Invalid", "AUTH-7fs1e")


def write_collision() -> ApiError:
    """Two writers met: nothing was written, the same call succeeds when repeated."""
    text = 'ERROR: duplicate key value violates unique constraint "events2_pkey" (SQLSTATE 23505)'
    return ApiError(2, text, wrapped=True)
