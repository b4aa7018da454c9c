# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Requests as protojson reads them, and sizes of messages behind the gateway."""

from __future__ import annotations

import base64
import json
import re
from typing import Any

from .errors import ApiError
from .releases import Release


class Message:
    """One JSON object of a request, read field by field as protobuf does it: unknown ones do not matter."""

    def __init__(self, fields: dict[str, Any], text: str, release: Release, position: int = 0) -> None:
        self._fields = fields
        self._text = text
        self._release = release
        self._position = position

    @classmethod
    def parse(cls, body: bytes, release: Release) -> Message:
        """Read a request body. An empty one is an empty message."""
        if not body.strip():
            return cls({}, "", release)
        try:
            text = body.decode("utf-8")
        except UnicodeDecodeError:
            raise _syntax("invalid UTF-8 in string", 0, "", release) from None
        try:
            fields = json.loads(text, parse_constant=_refuse_constant)
        except json.JSONDecodeError as error:
            rest = text[error.pos :].strip()
            if not rest or error.msg.startswith("Unterminated"):
                raise ApiError(3, "unexpected EOF", gateway=True) from None
            raise _syntax(f"unexpected token {rest[0]}", error.pos, text, release) from None
        except ValueError as error:
            raise _syntax(f"invalid value {error}", 0, text, release) from None
        if not isinstance(fields, dict):
            start = len(text) - len(text.lstrip())
            raise _syntax(f"unexpected token {text.strip()[0]}", start, text, release)
        return cls(fields, text, release)

    def text(self, name: str) -> str:
        value = self._fields.get(name)
        if value is None:
            return ""
        if not isinstance(value, str):
            raise self._invalid_value(name, "string")
        return self._encodable(value)

    def texts(self, name: str) -> list[str]:
        values = self._list(name)
        for value in values:
            if not isinstance(value, str):
                raise self._invalid_value(name, "string")
            self._encodable(value)
        return values

    def data(self, name: str) -> bytes:
        """A field of bytes: base64 of either alphabet, padded or not, without line breaks."""
        value = self._fields.get(name)
        if value is None:
            return b""
        decoded = decode_base64(value) if isinstance(value, str) else None
        if decoded is None:
            raise self._invalid_value(name, "bytes")
        return decoded

    def integer(self, name: str, kind: str, bits: int) -> int:
        value = self._fields.get(name)
        if value is None:
            return 0
        if isinstance(value, str) and re.fullmatch(r"[0-9]+", value):
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 2**bits:
            raise self._invalid_value(name, kind)
        return value

    def name(self, name: str) -> str:
        """A field of an enumeration. The server drops names that it does not know: the default is left."""
        value = self._fields.get(name)
        return value if isinstance(value, str) else ""

    def flag(self, name: str) -> bool:
        return self._fields.get(name) is True

    def has(self, name: str) -> bool:
        return self._fields.get(name) is not None

    def message(self, name: str) -> Message:
        value = self._fields.get(name)
        if value is None:
            value = {}
        if not isinstance(value, dict):
            raise self._unexpected(name)
        return Message(value, self._text, self._release, self._position)

    def messages(self, name: str) -> list[Message]:
        values = self._list(name)
        if not all(isinstance(value, dict) for value in values):
            raise self._unexpected(name)
        return [Message(value, self._text, self._release, index) for index, value in enumerate(values)]

    def _list(self, name: str) -> list[Any]:
        value = self._fields.get(name)
        if value is None:
            return []
        if not isinstance(value, list):
            raise self._unexpected(name)
        return value

    def _encodable(self, value: str) -> str:
        try:
            value.encode()
        except UnicodeEncodeError:
            raise _syntax("invalid escape code in string", 0, self._text, self._release) from None
        return value

    def _find(self, name: str) -> int:
        # Good enough for messages: the n-th message of a list has the n-th field of that name.
        found = 0
        for index, match in enumerate(re.finditer(rf'"{name}"\s*:\s*', self._text)):
            found = match.end()
            if index == self._position:
                break
        return found

    def _invalid_value(self, name: str, kind: str) -> ApiError:
        start = self._find(name)
        try:
            end = json.JSONDecoder().raw_decode(self._text, start)[1]
        except ValueError:
            end = start + 1
        where = _where(self._text, start)
        value, blank = self._text[start:end], self._release.proto_blank
        text = f"proto:{blank}{where}: invalid value for {kind} field {name}: {value}"
        return ApiError(3, text, gateway=True)

    def _unexpected(self, name: str) -> ApiError:
        start = self._find(name)
        return _syntax(f"unexpected token {self._text[start : start + 1]}", start, self._text, self._release)


def _refuse_constant(name: str) -> Any:
    raise ValueError(name)


def _where(text: str, position: int) -> str:
    line = text.count("\n", 0, position) + 1
    return f"(line {line}:{position - text.rfind(chr(10), 0, position)})"


def _syntax(what: str, position: int, text: str, release: Release) -> ApiError:
    message = f"proto:{release.proto_blank}syntax error {_where(text, position)}: {what}"
    return ApiError(3, message, gateway=True)


_STANDARD = re.compile(r"[A-Za-z0-9+/]*={0,2}")
_URL_SAFE = re.compile(r"[A-Za-z0-9_-]*={0,2}")


def decode_base64(text: str) -> bytes | None:
    """Decode what Go's protojson accepts; None is anything else."""
    url_safe = "-" in text or "_" in text
    if not (_URL_SAFE if url_safe else _STANDARD).fullmatch(text):
        return None
    if len(text) % 4:
        if "=" in text or len(text) % 4 == 1:
            return None
        text += "=" * (-len(text) % 4)
    return base64.b64decode(text, altchars=b"-_" if url_safe else None)


def encode_base64(value: bytes) -> str:
    return base64.b64encode(value).decode("ascii")


def field_size(length: int) -> int:
    """Bytes of a length-delimited field of protobuf: tag, length, content. Empty ones are left out."""
    return 1 + varint_size(length) + length if length else 0


def varint_size(number: int) -> int:
    return max(1, (number.bit_length() + 6) // 7)
