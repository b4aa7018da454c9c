# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Paths as the server takes them apart: a router cleans them, then the *decoded* path is split."""

from __future__ import annotations

from urllib.parse import quote, unquote_to_bytes

# What Go's url.URL.String leaves alone in a path.
_UNESCAPED = "/$&+,:;=@-_.~"


def split(raw_path: str) -> tuple[str, str]:
    """Return the decoded path and the raw query of a request target."""
    path, _question_mark, query = raw_path.partition("?")
    return unquote_to_bytes(path).decode("utf-8", "surrogateescape"), query


def redirect_of(path: str, query: str) -> str | None:
    """Where the router sends a path that is not clean; None if it is."""
    clean = clean_path(path)
    if clean == path:
        return None
    location = quote(clean.encode("utf-8", "surrogateescape"), safe=_UNESCAPED)
    return f"{location}?{query}" if query else location


def clean_path(path: str) -> str:
    """Drop empty segments and ``.``, resolve ``..``, keep a slash at the end if there was one."""
    segments: list[str] = []
    for segment in path.split("/"):
        if segment == "..":
            del segments[-1:]
        elif segment not in ("", "."):
            segments.append(segment)
    return "/" + "/".join(segments) + ("/" if path.endswith("/") and segments else "")


def is_printable_ascii(path: str) -> bool:
    """Whether the path can travel as a header behind the gateway."""
    return all(" " <= character <= "~" for character in path)
