# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How texts that must not be shown are found in what is shown. Pure: no network, no Ansible."""

from __future__ import annotations

import html
import json
import re
import typing as t
import urllib.parse

MASK = "********"

_CUT_OFF = 8
"""Characters at the beginning of a secret that are redacted where the rest is cut off."""

_SHORTEST_WORD = 4
"""Shorter words of a header's value are part of too many others."""

_SCHEMES = frozenset({"basic", "bearer", "digest", "negotiate"})
_GO_ESCAPES = {"\a": "\\a", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\v": "\\v"}


def redact(text: str, secrets: t.Iterable[str]) -> str:
    """Return a text of ours without these secrets, of which one can be part of another."""
    for secret in sorted(filter(None, secrets), key=len, reverse=True):
        text = text.replace(secret, MASK)
    return text


def redact_answer(text: str, secrets: t.Iterable[str]) -> str:
    """Return a text of a server without these secrets, in every form in which a server may repeat one.

    That is as it is, with whitespace collapsed, escaped as in JSON, Go, HTML or a URL, and each of these cut off.
    """
    # What is longer than the text can only be in it where it is cut off.
    forms = {form for secret in secrets if secret for form in _forms(secret[: len(text) + 1]) if form}
    if not forms:
        return text
    beginnings = re.compile(
        "|".join(map(re.escape, sorted({form[:_CUT_OFF] for form in forms}, key=len, reverse=True)))
    )
    parts, end = [], 0
    while found := beginnings.search(text, end):
        start = found.start()
        parts += [text[end:start], MASK]
        end = start + max(_shared(form, text, start) for form in forms)
    return "".join([*parts, text[end:]])


def words_of(value: str) -> set[str]:
    """Return a header's value and the words in it that are worth redacting: tokens, cookies, passwords."""
    parts = value.replace(";", " ").replace(",", " ").split()
    words = {value, *parts, *(part.partition("=")[2] for part in parts)}
    return {word for word in words if len(word) >= _SHORTEST_WORD and word.lower() not in _SCHEMES}


def without_user(url: str) -> str:
    """Return an address without the user name and password in it, whether or not it has a scheme."""
    scheme, separator, rest = url.rpartition("://")
    user, at, host = rest.rpartition("@")
    return f"{scheme}{separator}{MASK}{at}{host}" if user else url


def escaped_bytes(value: bytes) -> str:
    """Return bytes that are not UTF-8 text as servers show them: those that are no character escaped."""
    return "".join(map(_go_character, value.decode("utf-8", "backslashreplace")))


def _shared(form: str, text: str, start: int) -> int:
    """Return how many characters of a secret stand in a text from some place on, 0 if too few to be one."""
    if not text.startswith(form[:_CUT_OFF], start):
        return 0
    length = min(len(form), _CUT_OFF)
    while length < len(form) and form[length] == text[start + length : start + length + 1]:
        length += 1
    return length


def _forms(secret: str) -> set[str]:
    collapsed = " ".join(secret.split())
    plain = {secret, collapsed}
    quoted = {
        quote(form, safe=safe) for form in plain for quote in (_quote, urllib.parse.quote_plus) for safe in ("", "/")
    }
    return {
        *plain,
        *(json.dumps(form, ensure_ascii=ascii_only)[1:-1] for form in plain for ascii_only in (True, False)),
        *map(_json_of_go, plain),
        *map(_escape_as_go, plain),
        *map(html.escape, plain),
        *quoted,
        *map(_lower_escapes, quoted),
    }


def _quote(text: str, safe: str) -> str:
    return urllib.parse.quote(text, safe=safe, errors="surrogatepass")


def _lower_escapes(quoted: str) -> str:
    """Return percent-encoded text with its hexadecimal digits in lower case."""
    first, *others = quoted.split("%")
    return "%".join([first, *(part[:2].lower() + part[2:] for part in others)])


def _json_of_go(text: str) -> str:
    """Return a text as Go writes it into JSON, without the quotes: safe to stand in HTML."""
    escaped = json.dumps(text, ensure_ascii=False)[1:-1]
    for character in "<>&\u2028\u2029":
        escaped = escaped.replace(character, f"\\u{ord(character):04x}")
    return escaped


def _escape_as_go(text: str) -> str:
    """Return a text as Go's %q writes it, without the quotes."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return "".join(_GO_ESCAPES.get(character) or _go_character(character) for character in escaped)


def _go_character(character: str) -> str:
    if character.isprintable():
        return character
    code = ord(character)
    return f"\\x{code:02x}" if code < 0x80 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
