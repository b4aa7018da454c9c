# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The base of the lookups: keys of one owner, with the connection from arguments, variables, or the environment."""

from __future__ import annotations

import json
import typing as t

from ansible.errors import AnsibleError
from ansible.module_utils.basic import missing_required_lib
from ansible.plugins.lookup import LookupBase
from ansible.utils.display import Display
from ansible_collections.community.zitadel.plugins.module_utils._auth import LOGIN_OPTIONS
from ansible_collections.community.zitadel.plugins.module_utils._connection import Connection
from ansible_collections.community.zitadel.plugins.module_utils._errors import ZitadelError
from ansible_collections.community.zitadel.plugins.module_utils._given import validated
from ansible_collections.community.zitadel.plugins.module_utils._metadata import Selection, selection_of
from ansible_collections.community.zitadel.plugins.module_utils._options import connection_of
from ansible_collections.community.zitadel.plugins.module_utils._owners import Found
from ansible_collections.community.zitadel.plugins.module_utils._reading import read_metadata
from ansible_collections.community.zitadel.plugins.module_utils._spec import (
    CONNECTION_SPEC,
    LOOKUP_SPEC,
    Spec,
)
from ansible_collections.community.zitadel.plugins.module_utils._transport import REQUESTS_IMPORT_ERROR
from ansible_collections.community.zitadel.plugins.module_utils._values import (
    check_key,
    refuse_empty,
    to_base64,
    to_text,
)
from ansible_collections.community.zitadel.plugins.plugin_utils._arguments import encode

_MAX_DEPTH = 100
# If the arguments name one of a group, variables name none.
_LOGIN = frozenset(LOGIN_OPTIONS)


class MetadataLookup(LookupBase):
    """Reads metadata of one owner."""

    owner_spec: Spec
    """The options that name the owner"""
    find: t.Callable[[Connection, t.Mapping[str, t.Any]], Found]

    def run(self, terms: list[t.Any], variables: t.Mapping[str, t.Any] | None = None, **kwargs: t.Any) -> list[t.Any]:
        """Return a value for each key or, without any term, one dictionary. Raises AnsibleError."""
        if REQUESTS_IMPORT_ERROR:
            raise AnsibleError(missing_required_lib("requests"))
        has_default = "default" in kwargs
        default = kwargs.pop("default", None)
        try:
            given = self._given(kwargs, variables or {})
            params = validated({**CONNECTION_SPEC, **self.owner_spec, **LOOKUP_SPEC}, given, known=["default"])
            refuse_empty(params, ["key_prefix"])
            keys = [_key(term) for term in self._flatten(terms)]
            if terms and not keys:
                return []
            display = Display()
            connection = connection_of(params, given, display.v)
            found = type(self).find(connection, params)
            read = read_metadata(connection, found, _selection(keys, params["key_prefix"]), display.warning)
            values = {entry.key: _decoded(entry.key, entry.value, params["decode"]) for entry in read.entries}
            if not keys:
                return [values]
            if not has_default:
                _refuse_missing(keys, values, read.place)
        except ZitadelError as error:
            raise AnsibleError(error.msg) from None
        return [values.get(key, default) for key in keys]

    def _given(self, given: t.Mapping[str, t.Any], variables: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
        """Return the options of arguments and variables as plain JSON, as a module gets them."""
        # Null is not given, but for the options of which that is an error.
        named = {name: value for name, value in given.items() if value is not None or name not in CONNECTION_SPEC}
        return t.cast(dict[str, t.Any], json.loads(encode({**self._from_variables(named, variables), **named})))

    def _from_variables(self, given: t.Mapping[str, t.Any], variables: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
        named = {option for option, value in given.items() if value is not None}
        owner = {alias for name, option in self.owner_spec.items() for alias in (name, *option.get("aliases", ()))}
        hidden = named.union(*(group for group in (_LOGIN, owner) if group & named))
        if named & _LOGIN == {"client_id"}:
            hidden.discard("client_secret")
        options = [option for option in (*CONNECTION_SPEC, *self.owner_spec) if option not in hidden]
        return {
            option: self._templar.template(variables[f"zitadel_{option}"])
            for option in options
            if f"zitadel_{option}" in variables
        }


def _key(term: t.Any) -> str:
    if isinstance(term, dict):
        raise ZitadelError(
            "The terms of the lookup are metadata keys. Options are given by name, as in key_prefix='tenant/'."
        )
    if not isinstance(term, str):
        wrong = "null. Give a string in quotes." if term is None else f"{term!r}, not a string. Put it in quotes."
        raise ZitadelError(f"The terms of the lookup are metadata keys, and one is {wrong}")
    return check_key(str(term), "The lookup")


def _selection(keys: list[str], prefix: str | None) -> Selection:
    if keys and prefix is not None:
        raise ZitadelError("key_prefix and keys are mutually exclusive. Give one of them.")
    return selection_of(keys) if keys else Selection("STARTS_WITH", prefix or "")


def _decoded(key: str, value: bytes, decode: str) -> t.Any:
    if decode == "b64":
        return to_base64(value)
    text = to_text(value)
    if text is None:
        raise ZitadelError(f"The value of {key!r} is not UTF-8 text ({len(value)} bytes). Read it with decode='b64'.")
    if decode == "text":
        return text
    try:
        value = json.loads(text)
        _check_depth(value)
    except ValueError:
        raise ZitadelError(f"The value of {key!r} is not JSON. Read it with decode='text'.") from None
    except RecursionError:
        raise ZitadelError(
            f"The value of {key!r} is JSON that is nested too deeply. Read it with decode='text'."
        ) from None
    return value


def _check_depth(value: t.Any) -> None:
    """Raise RecursionError if a value is nested more deeply than Ansible can take it."""
    level = [value]
    for _depth in range(_MAX_DEPTH):
        level = [
            item
            for outer in level
            if isinstance(outer, (dict, list))
            for item in (outer.values() if isinstance(outer, dict) else outer)
        ]
        if not level:
            return
    raise RecursionError


def _refuse_missing(keys: list[str], found: t.Mapping[str, t.Any], place: str) -> None:
    missing = [key for key in keys if key not in found]
    if missing:
        names = ", ".join(map(repr, missing))
        raise ZitadelError(f"There is no metadata key {names} in {place}. Set it, or pass default to the lookup.")
