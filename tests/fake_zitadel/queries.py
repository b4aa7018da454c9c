# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Filters and pages of lists."""

from __future__ import annotations

from typing import TypeVar

from .protojson import Message

Listed = TypeVar("Listed")


def matches(text: str, wanted: str, method: str) -> bool:
    """One text query. ``%`` and ``_`` mean themselves; an unknown method is the default, EQUALS."""
    method = method.removeprefix("TEXT_QUERY_METHOD_").removeprefix("TEXT_FILTER_METHOD_")
    if method.endswith("_IGNORE_CASE"):
        text, wanted = text.lower(), wanted.lower()
        method = method.removesuffix("_IGNORE_CASE")
    if method == "STARTS_WITH":
        return text.startswith(wanted)
    if method == "ENDS_WITH":
        return text.endswith(wanted)
    if method == "CONTAINS":
        return wanted in text
    return text == wanted


def is_equals(method: str) -> bool:
    return method in ("", "TEXT_QUERY_METHOD_EQUALS", "TEXT_FILTER_METHOD_EQUALS")


def page(message: Message) -> tuple[int, int]:
    """Limit (0 is none) and offset of a message like ``ListQuery``."""
    return message.integer("limit", "uint32", 32), message.integer("offset", "uint64", 64)


def cut(found: list[Listed], limit: int, offset: int) -> list[Listed]:
    return found[offset : offset + limit] if limit else found[offset:]
