# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What an answer of ZITADEL means, and the error that everything below the modules raises. Pure."""

from __future__ import annotations

import dataclasses
import json
import os
import re
import traceback
import typing as t

QUOTA_IDS = frozenset({"LIMITS-molsj", "QUOTA-vjAy8"})
UNKNOWN_ORGANIZATION_ID = "AUTH-Bs7Ds"
NO_ROLE_ID = "AUTHZ-cdgFk"
PERMISSION_IDS = frozenset({"AUTH-5mWD2", "AUTH-AWfge"})
NO_ACCESS_IDS = PERMISSION_IDS | {NO_ROLE_ID}
"""The service account has no role in the organization that the request is about, or none with the permission."""
LIMIT_ID = "QUERY-4M0fs"
"""A search asked for more entries in one page than the instance allows."""

_UNAUTHENTICATED = 16
_GRPC_CODES = {
    "Canceled": 1,
    "Unknown": 2,
    "InvalidArgument": 3,
    "DeadlineExceeded": 4,
    "NotFound": 5,
    "AlreadyExists": 6,
    "PermissionDenied": 7,
    "ResourceExhausted": 8,
    "FailedPrecondition": 9,
    "Aborted": 10,
    "OutOfRange": 11,
    "Unimplemented": 12,
    "Internal": 13,
    "Unavailable": 14,
    "DataLoss": 15,
    "Unauthenticated": _UNAUTHENTICATED,
}
INVALID_ARGUMENT = _GRPC_CODES["InvalidArgument"]
NOT_FOUND = _GRPC_CODES["NotFound"]
# Connect writes the same names as words: invalid_argument.
_CONNECT_CODES = {re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower(): code for name, code in _GRPC_CODES.items()}
_WRAPPED_CODE = re.compile(r"rpc error: code = (\w+) desc = ")
_ID_AT_END = re.compile(r"\(([A-Z0-9]+-[A-Za-z0-9]+)\)\s*$")
_TITLE = re.compile(r"<title[^>]*>(.*?)</title>", re.IGNORECASE | re.DOTALL)
_TOO_LARGE = re.compile(r"larger than (?:\w+ )?max")
_BODY_LIMIT = 100_000
_GIST_LENGTH = 200
_CLIENT_CLOSED = 499


def _unchanged(text: str) -> str:
    return text


@dataclasses.dataclass(frozen=True)
class Fate:
    """What is known of a request that did not succeed, over all its tries."""

    doubtful: bool = False
    """The server may have done it, although no answer says so."""
    transient: bool = False
    """The same request can succeed a moment later."""
    hopeless: bool = False
    """Every other request of the same connection would fail in the same way."""

    def after(self, earlier: Fate) -> Fate:
        """Return the same with the doubt that an earlier try, or the request before a login, has left."""
        return dataclasses.replace(self, doubtful=self.doubtful or earlier.doubtful)


UNKNOWN_FATE = Fate(doubtful=True)
"""That of a request whose answer is a success, but has an unexpected form"""


@dataclasses.dataclass(frozen=True)
class Refusal:
    """An answer that is no success. Its texts can be shown; its meaning comes from what the server really sent."""

    status: int
    code: int | None = None
    """gRPC code, also where Connect wrote a word"""
    id: str | None = None
    message: str | None = None
    location: str | None = None
    json: bool = False
    """Whether the answer is a JSON object, as ZITADEL's are"""
    is_zitadel: bool = False
    """Whether the object has the integer code that the errors of ZITADEL's v1 API have"""
    detailed: bool = False
    raw: str = dataclasses.field(default="", repr=False)

    @classmethod
    def read(
        cls,
        status: int,
        body: bytes,
        location: str | None = None,
        redact: t.Callable[[str], str] = _unchanged,
    ) -> Refusal:
        """Take an answer apart: the id is that of the first detail, else the one that ends the message.

        redact takes what may not be shown out of the server's texts, before they are shortened.
        """
        content = json_object(body)
        location = location and redact(location)
        if content is None:
            raw = body[:_BODY_LIMIT].decode("utf-8", "replace")
            return cls(status, message=_gist(redact(raw)), location=location, raw=raw)
        message = content.get("message") or content.get("error_description") or content.get("error")
        raw = "" if message is None else str(message)
        details = content.get("details")
        first = details[0] if isinstance(details, list) and details and isinstance(details[0], dict) else {}
        debug = first.get("debug")
        named = first.get("id") or (debug.get("id") if isinstance(debug, dict) else None)
        at_end = _ID_AT_END.search(raw)
        code = content.get("code")
        return cls(
            status,
            code=code if isinstance(code, int) else _CONNECT_CODES.get(str(code)),
            id=str(named) if named else at_end.group(1) if at_end else None,
            message=redact(raw) or None,
            location=location,
            json=True,
            is_zitadel=isinstance(code, int),
            detailed=bool(details),
            raw=raw,
        )

    @property
    def meaning(self) -> int | None:
        """The gRPC code that is meant: v4.11 to v4.13 wrap some errors into an HTTP 500 with code 2."""
        wrapped = _WRAPPED_CODE.search(self.raw)
        return _GRPC_CODES.get(wrapped.group(1), self.code) if wrapped else self.code

    @property
    def unauthenticated(self) -> bool:
        """Whether the token was refused."""
        return self.meaning == _UNAUTHENTICATED or self.status == 401

    @property
    def too_large(self) -> bool:
        """Whether a message is larger than the server takes or gives."""
        return self.status == 429 and _TOO_LARGE.search(self.raw) is not None

    @property
    def unknown_route(self) -> bool:
        """Whether ZITADEL itself, and not a resource in it, says that there is no such call."""
        return self.status == 404 and self.code == NOT_FOUND and self.raw == "Not Found" and not self.detailed

    @property
    def unknown_procedure(self) -> bool:
        """Whether the instance, or a reverse proxy, does not know this call of API v2."""
        return self.unknown_route or (self.status in (403, 404, 405) and self.code is None)

    @property
    def empty_value(self) -> bool:
        """Whether API v2 refused a value because it is empty: releases before v4.13.0 do not remove keys so."""
        return self.meaning == INVALID_ARGUMENT and "value length must be between 1 and 500000 bytes" in self.raw

    @property
    def collision(self) -> bool:
        """Whether nothing was done, and the same call succeeds within moments.

        Two writers met (the only 500 that may be repeated), or a client secret is too new to be known.
        """
        return (self.status == 500 and "SQLSTATE 23505" in self.raw) or self.raw.endswith("Secret.NotExisting")

    @property
    def busy(self) -> bool:
        """Whether the server, or a reverse proxy, says that the same call can succeed a moment later."""
        if self.status == 429:
            return not self.too_large and self.id not in QUOTA_IDS
        return self.status in (502, 503, 504)

    @property
    def fate(self) -> Fate:
        """What is known of the request that was answered so."""
        understood = self.collision or self.meaning in (INVALID_ARGUMENT, _UNAUTHENTICATED)
        open_end = self.status >= 500 or self.status < 300 or self.status == _CLIENT_CLOSED
        return Fate(
            doubtful=open_end and not understood,
            transient=self.busy or self.collision,
            hopeless=self.busy or self.unauthenticated,
        )


class ZitadelError(Exception):
    """Something failed. Its text says what happened, with what, and what to do; the rest is what is known beyond it."""

    def __init__(
        self,
        msg: str,
        refusal: Refusal | None = None,
        *,
        fate: Fate = Fate(),
        result: t.Mapping[str, t.Any] | None = None,
    ) -> None:
        super().__init__(msg)
        self.msg = msg
        self.refusal = refusal
        self.fate = fate
        self.result: t.Mapping[str, t.Any] = result or {}
        """What else a task that ends with this error returns"""

    def __str__(self) -> str:
        return self.msg

    def but(
        self, msg: str | None = None, *, fate: Fate | None = None, result: t.Mapping[str, t.Any] | None = None
    ) -> ZitadelError:
        """Return the same error with more context."""
        return type(self)(
            self.msg if msg is None else msg,
            self.refusal,
            fate=self.fate if fate is None else fate,
            result=self.result if result is None else result,
        )

    def adding(self, sentence: str) -> ZitadelError:
        """Return the same error with one sentence more."""
        return self.but(f"{sentences(self.msg)} {sentence}")

    @property
    def too_large(self) -> bool:
        """Whether a message is larger than the server takes or gives."""
        return self.refusal is not None and self.refusal.too_large

    @property
    def error(self) -> dict[str, t.Any]:
        """The return value RV(error): the server's answer, null where it said nothing."""
        return {name: getattr(self.refusal, name, None) for name in ("status", "code", "id", "message")}


class WrongOrganization(ZitadelError):
    """An answer came from another organization than the one asked for."""


class NotZitadel(ZitadelError):
    """A success has another form than the answers of ZITADEL: something else answers."""


def defect(error: BaseException) -> ZitadelError:
    """Return an unexpected exception as an error. Its text is left out, since it can hold a secret."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    where = f"{os.path.basename(frame.filename)}, line {frame.lineno}"
    return ZitadelError(
        f"This is a defect in community.zitadel: {type(error).__name__} in {where}. "
        "Please report it at https://github.com/ansible-collections/community.zitadel/issues."
    )


def sentences(text: str) -> str:
    """Return a text that another sentence can follow."""
    return text if text.endswith((".", "!", "?", "…")) else f"{text}."


def json_object(body: bytes) -> dict[str, t.Any] | None:
    """Return the JSON object that a body is, None if it is not one."""
    try:
        content = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return content if isinstance(content, dict) else None


def _gist(text: str) -> str | None:
    """Return the title of a page, or the beginning of a text: enough to recognize who answered."""
    title = _TITLE.search(text)
    if title is None and "<" in text:
        return None
    return " ".join((title.group(1) if title else text).split())[:_GIST_LENGTH] or None
