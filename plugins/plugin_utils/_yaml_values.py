# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What YAML makes of options and JSON cannot hold: only the controller sees it, before a module gets its arguments."""

from __future__ import annotations

import datetime
import typing as t

from ansible_collections.community.zitadel.plugins.module_utils import _spec

_SPECS = (
    _spec.METADATA_SPEC,
    _spec.ONE_KEY_SPEC,
    _spec.FILTER_SPEC,
    _spec.WITH_METADATA_SPEC,
)
_KEYS = frozenset(name for spec in _SPECS for name, option in spec.items() if option.quoted)
"""Options that hold keys, or parts of them"""

_VALUES = frozenset(
    ["has_metadata", *(name for spec in _SPECS for name, option in spec.items() if option.shown == "unless sensitive")]
)
"""Options that hold values, or keys and values"""

_NO_ORDER = "which has no order, so that it cannot be stored. Give a list, or a dictionary."
_QUOTE = "Put it in quotes."
_BYTES = "Bytes can only be values, in value_b64 or metadata_b64."
_BASE64 = "Give bytes in base64, by value_b64 or metadata_b64 (filter b64encode, or the module slurp)."


def problem_of(arguments: t.Mapping[str, t.Any], source: t.Any = None) -> str | None:
    """Return what is wrong with the arguments of a task, None if they can go to a module as JSON.

    source is the task as it stands in its file: newer cores have made lists of sets by the time a task runs.
    """
    entries = arguments.get("organizations")
    if isinstance(entries, (list, tuple)):
        found = {
            number: problems
            for number, entry in enumerate(entries, 1)
            if isinstance(entry, t.Mapping) and (problems := _problems(entry))
        }
        if found:
            texts = (f"Entry {number}{_name(entries[number - 1])}: {' '.join(found[number])}" for number in found)
            return f"Nothing was written, since these entries have errors. {' '.join(texts)}"
    problems = _problems(arguments)
    if not problems:
        problems = [
            f"{option} contains a set (!!set), {_NO_ORDER}"
            for options in (source.values() if isinstance(source, t.Mapping) else ())
            if isinstance(options, t.Mapping)
            for option, value in options.items()
            if _has_set(value)
        ]
    return " ".join(problems) or None


def _problems(options: t.Mapping[str, t.Any]) -> list[str]:
    problems = []
    for name, value in options.items():
        if name in _KEYS:
            for key in value if isinstance(value, (list, tuple)) else [value]:
                problems += _problems_of_key(str(name), key, _is_text_or_json(key))
        elif name in _VALUES:
            for key in value if isinstance(value, t.Mapping) and name != "value" else ():
                problems += _problems_of_key(f"{name}: the key", key, isinstance(key, str))
            problem = _problem_of_value(value)
            if problem:
                problems.append(f"{name} {problem}")
    return problems


def _problems_of_key(name: str, key: t.Any, is_fine: bool) -> list[str]:
    if isinstance(key, (bytes, bytearray)) or _has_bytes(key):
        return [f"{name} contains bytes that are not UTF-8 text. Use a key that is text. {_BYTES}"]
    if is_fine:
        return []
    return [f"{name} {str(key)!r} is not a string: YAML reads it as {_kind(key)}. {_QUOTE}"]


def _kind(key: t.Any) -> str:
    """Return what a message calls a value that is not a string."""
    if key is None:
        return "null"
    if isinstance(key, bool):
        return "a boolean"
    if isinstance(key, (int, float)):
        return "a number"
    return "a date" if isinstance(key, datetime.date) else type(key).__name__.lstrip("_")


def _is_text_or_json(key: t.Any) -> bool:
    """Whether the module itself can tell what is wrong, if anything is."""
    return key is None or isinstance(key, (str, bool, int, float, list, t.Mapping))


def _problem_of_value(value: t.Any) -> str | None:
    if isinstance(value, (bytes, bytearray)) or _has_bytes(value):
        return f"contains bytes that are not UTF-8 text. {_BASE64}"
    if isinstance(value, (set, frozenset)):
        return f"contains a set (!!set), {_NO_ORDER}"
    inner = value.values() if isinstance(value, t.Mapping) else value if isinstance(value, (list, tuple)) else ()
    return next(filter(None, map(_problem_of_value, inner)), None)


def _has_bytes(value: t.Any) -> bool:
    """Whether a string was made of bytes that are not UTF-8: Python keeps them as lone surrogates."""
    return isinstance(value, str) and any("\ud800" <= character <= "\udfff" for character in value)


def _has_set(source: t.Any) -> bool:
    if isinstance(source, (set, frozenset)):
        return True
    inner = source.values() if isinstance(source, t.Mapping) else source if isinstance(source, (list, tuple)) else ()
    return any(map(_has_set, inner))


def _name(entry: t.Mapping[str, t.Any]) -> str:
    names = (entry.get(option) for option in ("org_name", "org_domain", "org_id"))
    name = next((name for name in names if isinstance(name, str) and name), None)
    return f", {name}" if name else ""
