# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Options as a user gave them: refused where core would silently make something else of them, then validated by core."""

from __future__ import annotations

import os
import typing as t

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.module_utils.common.parameters import remove_values
from ansible_collections.community.zitadel.plugins.module_utils._errors import ZitadelError, sentences
from ansible_collections.community.zitadel.plugins.module_utils._spec import Option, Spec

_KINDS = {bool: "boolean", int: "number", float: "number", list: "list", dict: "dictionary", type(None): "null"}
_QUOTE = "Put it in quotes, or append | string to its template."


def problems_of(spec: Spec, given: t.Mapping[str, t.Any]) -> list[str]:
    """Return what is wrong with options that core would silently convert, or take for not given."""
    problems = []
    for name, option in spec.items():
        for alias in (name, *option.get("aliases", ())):
            if alias in given:
                problems += _problems_of_one(alias, option, given[alias])
    return problems


def without_nulls(spec: Spec, given: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """Return the options that are given, those inside of lists too: null is not."""
    options = {name: value for name, value in given.items() if value is not None}
    for name, option in spec.items():
        if "options" in option and isinstance(options.get(name), list):
            inner = option["options"]
            options[name] = [
                without_nulls(inner, entry) if isinstance(entry, dict) else entry for entry in options[name]
            ]
    return options


def validated(spec: Spec, given: t.Mapping[str, t.Any], known: t.Iterable[str] = ()) -> dict[str, t.Any]:
    """Return options checked and converted as those of a module are, None where not given.

    known are further options, which are not in given. Raises ZitadelError that says everything that is wrong.
    """
    problems = problems_of(spec, given)
    result = ArgumentSpecValidator(t.cast(dict[str, t.Any], spec)).validate(without_nulls(spec, given))
    unsupported = sorted(
        ".".join(names) if isinstance(names, tuple) else names for names in result.unsupported_parameters
    )
    if unsupported:
        supported = ", ".join(sorted({*spec, *known}))
        problems.append(f"Unsupported options: {', '.join(unsupported)}. Supported options are {supported}.")
    messages = [
        name_variable(remove_values(message, result._no_log_values), spec, given)
        for error, message in zip(result.errors.errors, result.error_messages, strict=True)
        if type(error).__name__ != "UnsupportedError"
    ]
    if problems or messages:
        raise ZitadelError(" ".join(map(sentences, [*problems, *messages])))
    return dict(result.validated_parameters)


def name_variable(message: str, spec: Spec, given: t.Mapping[str, t.Any]) -> str:
    """Return a message about a value, with the environment variable that the value comes from, if it does."""
    for name, option in spec.items():
        is_about = f"'{name}'" in message or message.startswith((f"{name} ", f"{name}:", f"value of {name} "))
        for variable in option.get("fallback", (None, []))[1]:
            if is_about and given.get(name) is None and os.environ.get(variable, "").strip():
                # Core does not always say it; text can hold a password.
                value = f" {os.environ[variable]!r}" if option.get("type") in ("bool", "float", "int") else ""
                return f"{sentences(message)} The value{value} comes from the environment variable {variable}."
    return message


def _problems_of_one(name: str, option: Option, value: t.Any) -> list[str]:
    kind = option.get("type", "str")
    if value is None:
        if not option.null_is_error:
            return []
        return [f"{name} is null. Give a value, or leave the option out with default(omit)."]
    if "options" in option and not isinstance(value, list):
        return [f"Nothing was written. {name} is not a list. Give a list with a dictionary for each organization."]
    if kind in ("str", "path"):
        return _problems_of_text(name, option, value)
    if (kind == "list" and option.get("elements") == "str") or (kind == "raw" and option.quoted):
        # A list may be given as one string, as everywhere in Ansible.
        elements = value if isinstance(value, list) else [value]
        if isinstance(value, dict):
            return [f"{name} is a dictionary, not a list of strings. Give a list."]
        return [
            problem
            for number, element in enumerate(elements, 1)
            for problem in _problems_of_text(
                f"Element {number} of {name}" if isinstance(value, list) else name, option, element
            )
        ]
    return []


def _problems_of_text(name: str, option: Option, value: t.Any) -> list[str]:
    kind = _KINDS.get(type(value))
    if isinstance(value, (list, dict)):
        return [f"{name} is a {kind}, not a string. Give a string."]
    if option.quoted and kind:
        return [f"{name}: {value!r} is a {kind}, not a string, as YAML reads it. {_QUOTE}"]
    return []
