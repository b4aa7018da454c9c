# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What an answer of ZITADEL means, and the words for it."""

from __future__ import annotations

import dataclasses
import json
import re
import typing as t

ABSENT_IDS = frozenset({"QUERY-Rph32", "META-mcnw3", "META-2npds"})
"""The error ids that say that a metadata key is absent. Every other 404 is a failure."""

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
_WRAPPED_CODE = re.compile(r"rpc error: code = (\w+) desc = ")
_ID_AT_END = re.compile(r"\(([A-Z0-9]+-[A-Za-z0-9]+)\)\s*$")
_TITLE = re.compile(r"<title[^>]*>(.*?)</title>", re.IGNORECASE | re.DOTALL)
_QUOTA_IDS = frozenset({"LIMITS-molsj", "QUOTA-vjAy8"})
_PERMISSION_IDS = frozenset({"AUTH-5mWD2", "AUTH-AWfge"})


@dataclasses.dataclass(frozen=True)
class Refusal:
    """An answer that is no success, as the server gave it."""

    status: int
    code: int | None = None
    id: str | None = None
    message: str | None = None
    location: str | None = None
    json: bool = False
    """Whether the answer was a JSON object, as ZITADEL's are."""
    hidden: frozenset[str] = dataclasses.field(default=frozenset(), repr=False)
    """What may not be shown of the message and the location."""

    @classmethod
    def read(cls, status: int, body: bytes, location: str | None = None) -> Refusal:
        """Take an answer apart. The id is that of the first detail, else the one that ends the message."""
        content = json_object(body)
        if content is None:
            return cls(status, message=_gist(body), location=location)
        message = content.get("message") or content.get("error_description") or content.get("error")
        details = content.get("details")
        first = details[0] if isinstance(details, list) and details and isinstance(details[0], dict) else {}
        at_end = _ID_AT_END.search(message) if isinstance(message, str) else None
        code = content.get("code")
        return cls(
            status,
            code=code if isinstance(code, int) else None,
            id=str(first["id"]) if first.get("id") else at_end.group(1) if at_end else None,
            message=None if message is None else str(message),
            location=location,
            json=True,
        )

    def hiding(self, texts: t.Iterable[str]) -> Refusal:
        """Return the same, with these texts hidden where it is shown."""
        return dataclasses.replace(self, hidden=self.hidden.union(texts))

    def shown(self, text: str | None) -> str | None:
        """Return the message or the location as it may be shown. What it means is told from the whole."""
        return text and hide(text, self.hidden)

    @property
    def meaning(self) -> int | None:
        """The gRPC code that is meant: v4.11 to v4.13 wrap some errors into an HTTP 500 with code 2."""
        wrapped = _WRAPPED_CODE.search(self.message or "")
        return _GRPC_CODES.get(wrapped.group(1), self.code) if wrapped else self.code

    @property
    def unauthenticated(self) -> bool:
        """Whether the token was refused."""
        return self.meaning == _UNAUTHENTICATED or self.status == 401

    @property
    def too_large(self) -> bool:
        """Whether a message was larger than the server takes or gives."""
        return "larger than max" in (self.message or "")

    @property
    def momentary(self) -> bool:
        """Whether nothing was done, and the same call succeeds within moments.

        Two writers met (the only 500 that may be repeated), or a client secret is too new to be known.
        """
        message = self.message or ""
        return (self.status == 500 and "SQLSTATE 23505" in message) or message.endswith("Secret.NotExisting")

    @property
    def busy(self) -> bool:
        """Whether the same call can succeed a moment later."""
        if self.status == 429:
            return not self.too_large and self.id not in _QUOTA_IDS
        return self.status in (502, 503, 504)

    @property
    def uncertain(self) -> bool:
        """Whether the server may have acted all the same."""
        understood = self.momentary or self.meaning in (_GRPC_CODES["InvalidArgument"], _UNAUTHENTICATED)
        return (self.status >= 500 or self.status < 300) and not understood


class ZitadelError(Exception):
    """Something failed. The text says what happened and what to do; the rest is what is known beyond it."""

    def __init__(
        self,
        msg: str,
        refusal: Refusal | None = None,
        *,
        uncertain: bool = False,
        unreachable: bool = False,
    ) -> None:
        super().__init__(msg)
        self.msg = msg
        self.refusal = refusal
        self.hopeless = unreachable or (refusal is not None and refusal.unauthenticated)
        """Whether another request of the same caller would fail just so."""
        self.uncertain = uncertain
        """Whether the server may have acted although it did not say so, at the last try or an earlier one."""
        self.result: dict[str, t.Any] = {}
        """What else a task that ends with this error returns."""

    def __str__(self) -> str:
        return self.msg

    def add(self, sentence: str) -> None:
        """Say one thing more."""
        self.msg = f"{self.msg}{'' if self.msg.endswith('.') else '.'} {sentence}"

    @property
    def absent(self) -> bool:
        """Whether the server said that a metadata key is not there."""
        return self.refusal is not None and self.refusal.id in ABSENT_IDS

    @property
    def error(self) -> dict[str, t.Any]:
        """The return value RV(error): the server's answer, null where it said nothing."""
        refusal = self.refusal
        known = {name: getattr(refusal, name, None) for name in ("status", "code", "id")}
        return {**known, "message": refusal and refusal.shown(refusal.message)}


def hide(text: str, hidden: t.Iterable[str]) -> str:
    """Return a text without those that must not be shown, of which one can be part of another."""
    for secret in sorted(filter(None, hidden), key=len, reverse=True):
        text = text.replace(secret, "********")
    return text


def explain(refusal: Refusal, *, url: str, org_id: str | None, permission: str | None) -> str:
    """Return what a refusal means and what a user can do about it.

    url is the instance, org_id the organization asked for (None: the caller's own), permission the one the call needs.
    """
    organization = f"organization {org_id}" if org_id else "the caller's own organization"
    said = ""
    if refusal.message:
        message = refusal.shown(refusal.message)
        said = f" ZITADEL said: {message}" if refusal.json else f" The answer was {message!r}."
    what = f"HTTP {refusal.status}"
    if refusal.location is not None:
        return (
            f"{url} redirects to {refusal.shown(refusal.location)}, and redirects are not followed. "
            "Set url to the address of the ZITADEL instance itself; a login page there means that something in front "
            "of ZITADEL wants its own credentials (option headers)."
        )
    if refusal.unauthenticated and refusal.json:
        return (
            f"The access token was refused ({what}): it is wrong, expired, of another instance, or was issued without "
            f"the scope for the ZITADEL API. Check the login options and that url is the token's instance.{said}"
        )
    if refusal.id == "AUTH-Bs7Ds":
        return (
            f"There is no {organization} at {url}. org_id takes the id, a number; a name goes into org_name, "
            f"a domain into org_domain.{said}"
        )
    if refusal.id == "AUTHZ-cdgFk":
        return (
            f"The caller has no role in {organization}. Make it a member there, for example as ORG_OWNER "
            f"or, only to read, ORG_OWNER_VIEWER.{said}"
        )
    if refusal.id in _PERMISSION_IDS:
        roles = "ORG_OWNER, ORG_SETTINGS_MANAGER, IAM_OWNER or IAM_ORG_MANAGER"
        readers = " or a VIEWER role" if permission == "org.read" else ""
        return f"The caller lacks the permission {permission} in {organization}. It comes with {roles}{readers}.{said}"
    if refusal.id == "COMMAND-QXPGs":
        return f"The {organization} has been removed, or does not exist.{said}"
    if refusal.id in _QUOTA_IDS:
        return f"The instance {url} is blocked or has used up its quota ({what}). Trying again does not help.{said}"
    if refusal.too_large:
        return f"The message is larger than the server takes or gives ({what}).{said}"
    if refusal.status == 413:
        return (
            f"Something in front of ZITADEL at {url} refuses a request of this size ({what}). "
            "Raise its limit for request bodies (nginx: client_max_body_size)."
        )
    if refusal.status == 404 and "set instance using origin" in (refusal.message or ""):
        return (
            f"No ZITADEL instance answers under the host name of {url}. Set url to the instance's own domain, "
            f"or instance_host if it is reached under another name.{said}"
        )
    if refusal.status == 429:
        return f"{url} limits how often it may be called ({what}) and did so until the last of the retries.{said}"
    if refusal.busy:
        return f"{url} is not available ({what}) and was not until the last of the retries.{said}"
    if not refusal.json:
        return (
            f"{url} answered {what} and not JSON. This is not ZITADEL: url is wrong, or the answer comes from something "
            f"in front of ZITADEL, which may want credentials of its own (option headers).{said}"
        )
    if refusal.status == 404 and refusal.id is None:
        return f"{url} does not know this call ({what}). Check that url is the root of a ZITADEL instance.{said}"
    if refusal.meaning == _GRPC_CODES["InvalidArgument"]:
        return f"ZITADEL does not accept what was sent ({what}).{said}"
    return f"ZITADEL failed ({what}, code {refusal.code}).{said}"


def json_object(body: bytes) -> dict[str, t.Any] | None:
    """Return the JSON object that a body is, None if it is none."""
    try:
        content = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return content if isinstance(content, dict) else None


def _gist(body: bytes) -> str | None:
    """Return the title of a page, or the beginning of a text: enough to recognize who answered."""
    text = body[:10_000].decode("utf-8", "replace")
    title = _TITLE.search(text)
    if title is None and "<" in text:
        return None
    return " ".join((title.group(1) if title else text).split())[:200] or None
