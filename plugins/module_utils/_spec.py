# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options of all modules and plugins, with more than Ansible's argument specs can say, such as what may be shown."""

from __future__ import annotations

import os
import types
import typing as t

from ansible.module_utils.errors import AnsibleFallbackNotFound


class Option(dict[str, t.Any]):
    """The specification of one option.

    An option appears in a result, invocation or log only if ``shown`` allows it, so that hiding a secret cannot be
    forgotten.
    """

    def __init__(
        self,
        spec: t.Mapping[str, t.Any] = types.MappingProxyType({}),
        *,
        shown: t.Literal["always", "unless sensitive", "never"] = "never",
        null_is_error: bool = False,
        quoted: bool = False,
    ) -> None:
        """Take what Ansible knows of the option, and more.

        shown: "unless sensitive" is for metadata values. Options inside of lists say it for themselves.
        null_is_error: given but null is an error like empty text, since without the option more is read or written.
        quoted: only a string will do, since YAML makes numbers, booleans and dates of keys that are not quoted.
        """
        super().__init__(spec)
        self.shown = shown
        self.null_is_error = null_is_error
        self.quoted = quoted


Spec = dict[str, Option]


def environment(*names: str) -> str:
    """Return the first variable that has more than whitespace: Ansible's own fallback would take an empty one."""
    for name in names:
        if os.environ.get(name, "").strip():
            return os.environ[name]
    raise AnsibleFallbackNotFound


def _setting(variable: str, spec: t.Mapping[str, t.Any] | None = None) -> Option:
    """Return a connection option that an environment variable can set, too."""
    return Option({"type": "str", **(spec or {}), "fallback": (environment, [variable])}, shown="always")


CONNECTION_SPEC: Spec = {
    "url": _setting("ZITADEL_URL"),
    "token": Option({"type": "str", "no_log": True}),
    "token_file": Option({"type": "path", "no_log": False}, shown="always"),
    "key_file": Option({"type": "path", "no_log": False}, shown="always"),
    # no_log would also redact the public parts of the key in every text.
    "key_json": Option({"type": "raw", "no_log": False}),
    "client_id": Option({"type": "str"}, shown="always"),
    "client_secret": Option({"type": "str", "no_log": True}),
    "audience": _setting("ZITADEL_AUDIENCE"),
    "instance_host": _setting("ZITADEL_INSTANCE_HOST"),
    "headers": Option({"type": "dict", "default": {}}),
    "validate_certs": _setting("ZITADEL_VALIDATE_CERTS", {"type": "bool", "default": True}),
    "ca_path": _setting("ZITADEL_CA_PATH", {"type": "path"}),
    "client_cert": _setting("ZITADEL_CLIENT_CERT", {"type": "path"}),
    "client_key": _setting("ZITADEL_CLIENT_KEY", {"type": "path", "no_log": False}),
    "timeout": _setting("ZITADEL_TIMEOUT", {"type": "float", "default": 30}),
    "retries": _setting("ZITADEL_RETRIES", {"type": "int", "default": 4}),
    "api_version": _setting("ZITADEL_API_VERSION", {"choices": ["auto", "v1", "v2"], "default": "auto"}),
    "connections": _setting("ZITADEL_CONNECTIONS", {"type": "int", "default": 4}),
}

_NAMES = {"shown": "always", "null_is_error": True}

ORGANIZATION_SPEC: Spec = {
    "org_id": Option({"type": "str", "aliases": ["organization_id"]}, **_NAMES),  # type: ignore[arg-type]
    "org_name": Option({"type": "str"}, **_NAMES),  # type: ignore[arg-type]
    "org_domain": Option({"type": "str"}, **_NAMES),  # type: ignore[arg-type]
}

USER_SPEC: Spec = {
    "user_id": Option({"type": "str"}, **_NAMES),  # type: ignore[arg-type]
    "login_name": Option({"type": "str"}, **_NAMES),  # type: ignore[arg-type]
    "email": Option({"type": "str"}, **_NAMES),  # type: ignore[arg-type]
}

METADATA_SPEC: Spec = {
    "state": Option({"type": "str", "choices": ["present", "absent"], "default": "present"}, shown="always"),
    "metadata": Option({"type": "dict"}, shown="unless sensitive"),
    "metadata_b64": Option({"type": "dict"}, shown="unless sensitive"),
    "absent_keys": Option({"type": "list", "elements": "str", "no_log": False}, shown="always", quoted=True),
    "purge": Option({"type": "bool", "default": False}, shown="always"),
    # Without it, purge removes more.
    "purge_prefix": Option({"type": "str"}, shown="always", null_is_error=True, quoted=True),
    "keep": Option({"type": "list", "elements": "str", "default": []}, shown="always", quoted=True),
    "max_removals": Option({"type": "int"}, shown="always"),
    "verify": Option({"type": "bool", "default": True}, shown="always"),
    "sensitive": Option({"type": "bool", "default": False}, shown="always"),
}

ONE_KEY_SPEC: Spec = {
    "key": Option({"type": "str", "no_log": False}, shown="always", quoted=True),
    "value": Option({"type": "raw"}, shown="unless sensitive"),
    "value_b64": Option({"type": "str"}, shown="unless sensitive"),
}

ENTRIES_SPEC: Spec = {
    "organizations": Option(
        {
            "type": "list",
            "elements": "dict",
            "required": True,
            "options": {
                **{name: Option({"type": "str"}, **_NAMES) for name in ORGANIZATION_SPEC},  # type: ignore[arg-type]
                **METADATA_SPEC,
                "create": Option({"type": "bool", "default": False}, shown="always"),
            },
        }
    ),
}

FILTER_SPEC: Spec = {
    # Ansible would split a string with commas where it wants a list.
    "key": Option({"type": "raw", "no_log": False}, shown="always", null_is_error=True, quoted=True),
    "key_prefix": Option({"type": "str", "no_log": False}, shown="always", null_is_error=True, quoted=True),
    "key_contains": Option({"type": "str", "no_log": False}, shown="always", null_is_error=True, quoted=True),
}

ORGANIZATION_FILTER_SPEC: Spec = {
    "org_id": Option({"type": "str"}, shown="always", null_is_error=True),
    "name": Option({"type": "str"}, shown="always", null_is_error=True),
    "name_prefix": Option({"type": "str"}, shown="always", null_is_error=True),
    "domain": Option({"type": "str"}, shown="always", null_is_error=True),
    "state": Option({"type": "str", "choices": ["active", "inactive"]}, shown="always", null_is_error=True),
}

ORGANIZATION_STATE_SPEC: Spec = {
    "name": Option({"type": "str"}, **_NAMES),  # type: ignore[arg-type]
    "org_id": Option({"type": "str"}, **_NAMES),  # type: ignore[arg-type]
    "state": Option(
        {"type": "str", "choices": ["present", "active", "inactive", "absent"], "default": "present"}, shown="always"
    ),
}

USER_FILTER_SPEC: Spec = {
    **USER_SPEC,
    "org_id": Option({"type": "str"}, shown="always", null_is_error=True),
    "state": Option(
        {"type": "str", "choices": ["active", "inactive", "locked", "initial"]}, shown="always", null_is_error=True
    ),
}

WITH_METADATA_SPEC: Spec = {
    "metadata": Option({"type": "bool", "default": False}, shown="always"),
    "has_metadata": Option({"type": "dict"}, shown="always", null_is_error=True),
    "has_keys": Option(
        {"type": "list", "elements": "str", "no_log": False}, shown="always", null_is_error=True, quoted=True
    ),
}

INVENTORY_SPEC: Spec = {
    "state": Option(
        {"type": "str", "choices": ["active", "inactive"], "default": "active"}, shown="always", null_is_error=True
    ),
    "name_prefix": ORGANIZATION_FILTER_SPEC["name_prefix"],
    "has_metadata": WITH_METADATA_SPEC["has_metadata"],
    "has_keys": WITH_METADATA_SPEC["has_keys"],
    "metadata": Option({"type": "raw", "default": True}, shown="always", null_is_error=True),
    "hostname": Option({"type": "str", "choices": ["id", "name", "primary_domain"], "default": "id"}, shown="always"),
    "local": Option({"type": "bool", "default": True}, shown="always"),
}

LOOKUP_SPEC: Spec = {
    "key_prefix": Option({"type": "str", "no_log": False}, shown="always", null_is_error=True, quoted=True),
    "decode": Option({"type": "str", "choices": ["text", "json", "b64"], "default": "text"}, shown="always"),
}
