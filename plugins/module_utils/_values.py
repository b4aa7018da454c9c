# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a user gives, the bytes that ZITADEL stores, and what a user may see of them. Pure."""

from __future__ import annotations

import base64
import hashlib
import json
import typing as t

from ansible_collections.community.zitadel.plugins.module_utils._errors import ZitadelError
from ansible_collections.community.zitadel.plugins.module_utils._redaction import escaped_bytes

MAX_KEY_LENGTH = 200
"""Unicode code points of a key."""

MAX_VALUE_LENGTH = 500_000
"""Bytes of a value, before base64."""

_SHOWN_KEYS = 5
_SHOWN_CHARACTERS = 2_000


def refuse_empty(params: t.Mapping[str, t.Any], options: t.Iterable[str]) -> None:
    """Raise ZitadelError if one of the options is given as an empty string."""
    for option in options:
        if params.get(option) == "":
            raise ZitadelError(f"{option} is given, but empty. Give a value, or leave the option out.")


def check_key(key: str, option: str) -> str:
    """Return the key if ZITADEL can store it.

    Raises ZitadelError, naming the option, if it is empty, too long, or contains a character that cannot be stored.
    """
    if not key:
        raise ZitadelError(f"{option}: a metadata key is empty. Keys have 1 to {MAX_KEY_LENGTH} characters.")
    if len(key) > MAX_KEY_LENGTH:
        raise ZitadelError(
            f"{option}: the metadata key {key[:40] + '…'!r} has {len(key)} characters. "
            f"ZITADEL takes at most {MAX_KEY_LENGTH}; use a shorter key."
        )
    if "\0" in key:
        raise ZitadelError(
            f"{option}: the metadata key {key!r} contains a NUL character, which ZITADEL cannot store. Remove it."
        )
    try:
        key.encode("utf-8")
    except UnicodeEncodeError:
        raise ZitadelError(
            f"{option}: the metadata key {key!r} contains bytes that are not UTF-8 text. Use a key that is text. Bytes can "
            "only be values, in value_b64 or metadata_b64."
        ) from None
    return key


def from_user(value: t.Any, name: str) -> bytes:
    """Return the bytes to store for a value: text as UTF-8, everything else as canonical JSON.

    Raises ZitadelError, beginning with name, if the value is none, empty, too long, or has no such form.
    """
    if value is None:
        raise ZitadelError(
            f"{name} is null, which ZITADEL cannot store. Leave the key out, or remove it with absent_keys."
        )
    if isinstance(value, str):
        text = value
    else:
        try:
            text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
        except (TypeError, ValueError, RecursionError) as error:
            raise ZitadelError(
                f"{name} cannot be written as JSON: {_why_not_json(error)}. Give a string, or a value that JSON has."
            ) from None
    return _check_length(_utf8(text, name), name)


def from_base64(value: t.Any, name: str) -> bytes:
    """Return the bytes that standard, padded base64 stands for; whitespace in it is ignored.

    Raises ZitadelError, beginning with name, if it is not base64, or the bytes are none or too many.
    """
    if value is None:
        raise ZitadelError(f"{name} is null. Leave the key out, or remove it with absent_keys.")
    text = "".join(value.split()) if isinstance(value, str) else "no text"
    try:
        if len(text) % 4:
            raise ValueError
        decoded = base64.b64decode(text, validate=True)
    except ValueError:
        raise ZitadelError(
            f"{name} is not base64 (standard alphabet, padded with '='). For plain text use value or metadata instead."
        ) from None
    return _check_length(decoded, name)


def to_base64(value: bytes) -> str:
    """Return standard, padded base64, as ZITADEL writes it."""
    return base64.b64encode(value).decode("ascii")


def to_text(value: bytes) -> str | None:
    """Return the text a value holds, None if it is not UTF-8."""
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return None


def shown(value: bytes, *, sensitive: bool = False, changed: bool = False) -> str:
    """Return what a diff shows of a value."""
    if sensitive:
        return f"<sensitive, {len(value)} bytes{', changed' if changed else ''}>"
    text, size = to_text(value), f"{len(value)} bytes, sha256:{hashlib.sha256(value).hexdigest()}"
    if text is None:
        return f"<binary, {size}>"
    return text if len(text) <= _SHOWN_CHARACTERS else f"{text[:_SHOWN_CHARACTERS]}… ({size})"


def named(keys: t.Iterable[str]) -> str:
    """Return keys as a message names them: all of a few, the first of many and their number."""
    ordered = sorted(keys)
    text = ", ".join(map(repr, ordered[:_SHOWN_KEYS]))
    if len(ordered) == 1:
        return f"the key {text}"
    return f"{len(ordered)} keys ({text}{', …' if len(ordered) > _SHOWN_KEYS else ''})"


def hidden_texts(values: t.Iterable[bytes]) -> frozenset[str]:
    """Return all that must not be shown of sensitive values."""
    texts: set[str] = set()
    for value in values:
        # An answer shows what is not UTF-8 with its bytes escaped.
        texts.update({to_base64(value), to_text(value) or escaped_bytes(value)})
    return frozenset(texts)


def _utf8(text: str, name: str) -> bytes:
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError:
        raise ZitadelError(
            f"{name} contains bytes that are not UTF-8 text. Give bytes in base64, by value_b64 or metadata_b64 "
            "(filter b64encode, or the module slurp)."
        ) from None


def _why_not_json(error: Exception) -> str:
    if isinstance(error, ValueError) and "JSON compliant" in str(error):
        return "JSON has no infinity and no NaN"
    return "it is nested too deeply" if isinstance(error, RecursionError) else type(error).__name__


def _check_length(value: bytes, name: str) -> bytes:
    if not value:
        raise ZitadelError(
            f"{name} is empty, which ZITADEL cannot store. Give a value, or remove the key with absent_keys."
        )
    if len(value) > MAX_VALUE_LENGTH:
        raise ZitadelError(
            f"{name} has {len(value)} bytes. ZITADEL stores at most {MAX_VALUE_LENGTH} bytes for each key. "
            "Shorten the value, or split it over several keys."
        )
    return value
