# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: zitadel_org_metadata
short_description: Read metadata of a ZITADEL organization
version_added: 0.1.0
description:
  - Returns the values of metadata keys of a ZITADEL organization, or with no key one dictionary with everything.
  - All keys of one lookup cost one request.
  - The connection comes from the arguments, else from variables such as C(zitadel_url), else from the environment of
    the controller. The C(environment) keyword of a task or play does not reach lookups.
author:
  - Community ZITADEL collection contributors (@ansible-collections)
extends_documentation_fragment:
  - community.zitadel._connection
  - community.zitadel._connection.plugins
  - community.zitadel._organization
  - community.zitadel._organization.plugins
options:
  _terms:
    description:
      - Keys to read. None reads everything.
    type: list
    elements: str
  default:
    description:
      - What to return for a key that does not exist. It counts when it is passed, even as none.
      - Without it, a missing key is an error.
    type: raw
  decode:
    description:
      - How to return the values. V(text) is an error for a value that is not UTF-8, V(json) returns what the JSON in the
        value stands for, V(b64) returns the bytes in base64.
    type: str
    choices: [text, json, b64]
    default: text
seealso:
  - module: community.zitadel.zitadel_org_metadata_info
  - ref: ansible_collections.community.zitadel.docsite.guide_getting_started
    description: From nothing to the first key.
  - ref: ansible_collections.community.zitadel.docsite.guide_authentication
    description: The ways to log in, and which role a caller needs.
  - ref: ansible_collections.community.zitadel.docsite.guide_patterns
    description: Common tasks as complete playbooks.
"""

EXAMPLES = r"""
- name: Show one value
  ansible.builtin.debug:
    msg: "{{ lookup('community.zitadel.zitadel_org_metadata', 'tier', org_name='acme') }}"

- name: Show a value with a default, with the connection from variables
  ansible.builtin.debug:
    msg: "{{ lookup('community.zitadel.zitadel_org_metadata', 'seats', default='10') }}"
  vars:
    zitadel_url: https://id.example.com
    zitadel_token: "{{ vaulted_zitadel_token }}"
    zitadel_org_name: acme

- name: Use a value that is JSON
  ansible.builtin.debug:
    msg: "Single sign-on is {{ features.sso | ternary('on', 'off') }}"
  vars:
    features: "{{ lookup('community.zitadel.zitadel_org_metadata', 'features', decode='json', org_name='acme') }}"

- name: Read everything in base64, whatever it is
  ansible.builtin.debug:
    msg: "{{ lookup('community.zitadel.zitadel_org_metadata', decode='b64', org_name='acme') }}"
"""

RETURN = r"""
_raw:
  description:
    - One value a key, or with no key one dictionary of all keys and values.
  type: list
  elements: raw
"""

import json
import os
import typing as t

from ansible.errors import AnsibleError
from ansible.module_utils.basic import missing_required_lib, remove_values
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.plugins.lookup import LookupBase
from ansible.utils.display import Display
from ansible_collections.community.zitadel.plugins.module_utils._api import Entry
from ansible_collections.community.zitadel.plugins.module_utils._auth import LOGIN_OPTIONS
from ansible_collections.community.zitadel.plugins.module_utils._errors import ZitadelError
from ansible_collections.community.zitadel.plugins.module_utils._http import REQUESTS_IMPORT_ERROR, connect
from ansible_collections.community.zitadel.plugins.module_utils._options import (
    CONNECTION_SPEC,
    ORGANIZATION_SPEC,
    connection_options,
)
from ansible_collections.community.zitadel.plugins.module_utils._plan import selection_of
from ansible_collections.community.zitadel.plugins.module_utils._tasks import read_organization_metadata
from ansible_collections.community.zitadel.plugins.module_utils._values import check_key, to_base64, to_text
from ansible_collections.community.zitadel.plugins.plugin_utils._arguments import encode

_SPEC = {
    **CONNECTION_SPEC,
    **ORGANIZATION_SPEC,
    "decode": {"type": "str", "choices": ["text", "json", "b64"], "default": "text"},
}
# If the arguments name one of a group, variables name none.
_GROUPS = (frozenset(LOGIN_OPTIONS), frozenset({*ORGANIZATION_SPEC, "organization_id"}))


class LookupModule(LookupBase):
    """Reads metadata of an organization."""

    def run(self, terms: list[t.Any], variables: t.Mapping[str, t.Any] | None = None, **kwargs: t.Any) -> list[t.Any]:
        """Return a value for each key or, without keys, one dictionary. Raises AnsibleError."""
        if REQUESTS_IMPORT_ERROR:
            raise AnsibleError(missing_required_lib("requests"))
        has_default = "default" in kwargs
        default = kwargs.pop("default", None)
        params = self._validated(kwargs, variables or {})
        try:
            keys = [_key(term) for term in self._flatten(terms)]
            connection = connect(connection_options(params, os.environ))
            entries, _org_id = read_organization_metadata(
                connection, params, selection_of(keys), Display().warning, keys
            )
            found = {entry.key: _decoded(entry.key, entry.value, params["decode"]) for entry in _asked(entries, keys)}
            if not keys:
                return [found]
            if not has_default:
                _refuse_missing(keys, found)
        except ZitadelError as error:
            raise AnsibleError(error.msg) from None
        return [found.get(key, default) for key in keys]

    def _validated(self, given: dict[str, t.Any], variables: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
        """Return all options, checked and converted as a module's are."""
        given = {option: value for option, value in given.items() if value is not None}
        options = {**self._from_variables(given, variables), **given}
        plain = {option: value for option, value in json.loads(encode(options)).items() if value is not None}
        result = ArgumentSpecValidator(_SPEC).validate(plain)
        if result.error_messages:
            raise AnsibleError(remove_values("; ".join(result.error_messages), result._no_log_values))
        return t.cast(dict[str, t.Any], result.validated_parameters)

    def _from_variables(self, given: t.Mapping[str, t.Any], variables: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
        named = set(given)
        hidden = named.union(*(group for group in _GROUPS if group & named))
        if named & _GROUPS[0] == {"client_id"}:
            hidden.discard("client_secret")
        options = [option for option in (*CONNECTION_SPEC, *ORGANIZATION_SPEC) if option not in hidden]
        return {
            option: self._templar.template(variables[f"zitadel_{option}"])
            for option in options
            if f"zitadel_{option}" in variables
        }


def _key(term: t.Any) -> str:
    if isinstance(term, dict):
        raise ZitadelError(
            "The terms of the lookup are metadata keys. Options are given by name, as in org_name='acme'."
        )
    return check_key(str(term), "The lookup")


def _asked(entries: list[Entry], keys: list[str]) -> list[Entry]:
    wanted = set(keys)
    return [entry for entry in entries if not wanted or entry.key in wanted]


def _decoded(key: str, value: bytes, decode: str) -> t.Any:
    if decode == "b64":
        return to_base64(value)
    text = to_text(value)
    if text is None:
        raise ZitadelError(f"The value of {key!r} is not UTF-8 text ({len(value)} bytes). Read it with decode='b64'.")
    if decode == "text":
        return text
    try:
        return json.loads(text)
    except ValueError:
        raise ZitadelError(f"The value of {key!r} is not JSON. Read it with decode='text'.") from None


def _refuse_missing(keys: list[str], found: t.Mapping[str, t.Any]) -> None:
    missing = [key for key in keys if key not in found]
    if missing:
        names = ", ".join(map(repr, missing))
        raise ZitadelError(f"There is no metadata key {names}. Set it, or pass default to the lookup.")
