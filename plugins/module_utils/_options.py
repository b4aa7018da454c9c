# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options that modules and the lookup share: their specification, and the rules of the environment."""

from __future__ import annotations

import os
import re
import typing as t
import urllib.parse

from ansible.module_utils.errors import AnsibleFallbackNotFound
from ansible_collections.community.zitadel.plugins.module_utils._auth import LOGIN_OPTIONS, choose
from ansible_collections.community.zitadel.plugins.module_utils._errors import ZitadelError
from ansible_collections.community.zitadel.plugins.module_utils._http import ConnectionOptions

Params = t.Mapping[str, t.Any]
"""Validated options by name, None where not given."""

_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
# What HTTP lets a header carry, without the line breaks that would start another one.
_HEADER_VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]*")
_VISIBLE_ASCII = re.compile(r"[\x21-\x7e]+")
_OWN_HEADERS = ("authorization", "x-zitadel-orgid")
_INSTANCE_HEADER = "x-zitadel-instance-host"
_MAX_TIMEOUT = 86_400
_DEFAULT_PORTS = {"http": 80, "https": 443}


def environment(*names: str) -> str:
    """Return the first variable that is set and not blank: Ansible's own fallback would take a blank one."""
    for name in names:
        if os.environ.get(name, "").strip():
            return os.environ[name]
    raise AnsibleFallbackNotFound


CONNECTION_SPEC: dict[str, t.Any] = {
    "url": {"type": "str", "fallback": (environment, ["ZITADEL_URL"])},
    "token": {"type": "str", "no_log": True},
    "token_file": {"type": "path", "no_log": False},
    "key_file": {"type": "path", "no_log": False},
    # Masked by ZitadelModule: no_log would also blank the public parts of the key in every text.
    "key_json": {"type": "raw", "no_log": False},
    "client_id": {"type": "str"},
    "client_secret": {"type": "str", "no_log": True},
    "audience": {"type": "str", "fallback": (environment, ["ZITADEL_AUDIENCE"])},
    "instance_host": {"type": "str", "fallback": (environment, ["ZITADEL_INSTANCE_HOST"])},
    "headers": {"type": "dict", "default": {}},
    "validate_certs": {
        "type": "bool",
        "default": True,
        "fallback": (environment, ["ZITADEL_VALIDATE_CERTS"]),
    },
    "ca_path": {"type": "path", "fallback": (environment, ["ZITADEL_CA_PATH"])},
    "client_cert": {"type": "path", "fallback": (environment, ["ZITADEL_CLIENT_CERT"])},
    "client_key": {"type": "path", "no_log": False, "fallback": (environment, ["ZITADEL_CLIENT_KEY"])},
    "timeout": {"type": "float", "default": 30, "fallback": (environment, ["ZITADEL_TIMEOUT"])},
    "retries": {"type": "int", "default": 4, "fallback": (environment, ["ZITADEL_RETRIES"])},
}

ORGANIZATION_SPEC: dict[str, t.Any] = {
    "org_id": {"type": "str", "aliases": ["organization_id"]},
    "org_name": {"type": "str"},
    "org_domain": {"type": "str"},
}

METADATA_SPEC: dict[str, t.Any] = {
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "metadata": {"type": "dict"},
    "metadata_b64": {"type": "dict"},
    "absent_keys": {"type": "list", "elements": "str", "no_log": False},
    "purge": {"type": "bool", "default": False},
    "purge_prefix": {"type": "str"},
    "keep": {"type": "list", "elements": "str", "default": []},
    "max_removals": {"type": "int"},
    "verify": {"type": "bool", "default": True},
    "sensitive": {"type": "bool", "default": False},
}


class OrganizationChoice(t.NamedTuple):
    """The organization that was asked for: by one of these, or none for the caller's own."""

    org_id: str | None = None
    name: str | None = None
    domain: str | None = None


def entry_title(number: int, entry: Params) -> str:
    """Return what a message calls an entry of many organizations."""
    given = (entry.get(option) for option in ("org_name", "org_domain", "org_id"))
    name = next(filter(None, given), os.environ.get("ZITADEL_ORG_ID")) or "the caller's own organization"
    return f"Entry {number}, {name}"


def connection_options(params: Params, environ: t.Mapping[str, str]) -> ConnectionOptions:
    """Return how to reach ZITADEL. The environment's login variables are read here, all others are in params.

    Raises ZitadelError, naming the option, if something is missing, empty or makes no sense.
    """
    refuse_empty(params, (option for option in CONNECTION_SPEC if option not in LOGIN_OPTIONS))
    url, origin = _url(params["url"])
    if params["client_key"] and not params["client_cert"]:
        raise ZitadelError("client_key is given without client_cert. A client certificate needs client_cert.")
    if not 0 < params["timeout"] <= _MAX_TIMEOUT:
        raise ZitadelError(
            f"timeout is {params['timeout']:g}. Give the seconds to wait for an answer, more than 0, "
            f"at most {_MAX_TIMEOUT}."
        )
    if params["retries"] < 0:
        raise ZitadelError(f"retries is {params['retries']}. Give the number of tries after the first, 0 or more.")
    if params["instance_host"] and not _VISIBLE_ASCII.fullmatch(params["instance_host"]):
        raise ZitadelError(f"instance_host is no host name: {params['instance_host']!r}.")
    return ConnectionOptions(
        url=url,
        login=choose(params, environ, params["audience"] or origin),
        instance_host=params["instance_host"],
        headers=_headers(params["headers"] or {}, params["instance_host"]),
        validate_certs=params["validate_certs"],
        ca_path=params["ca_path"],
        client_cert=params["client_cert"],
        client_key=params["client_key"],
        timeout=params["timeout"],
        retries=params["retries"],
    )


def organization_choice(params: Params, environ: t.Mapping[str, str]) -> OrganizationChoice:
    """Return the organization that the task or, where it names none, the environment asks for. Raises ZitadelError."""
    options = ("org_id", "org_name", "org_domain")
    given = [option for option in options if params[option] is not None]
    if len(given) > 1:
        raise ZitadelError(f"{' and '.join(given)} are given, but one organization has one name. Give one of them.")
    for option in given:
        if not params[option].strip():
            raise ZitadelError(
                f"{option} is given, but empty. Give the organization, or leave the option out for the caller's own."
            )
    org_id, name = params["org_id"], "org_id"
    if not given:
        org_id, name = environ.get("ZITADEL_ORG_ID"), "ZITADEL_ORG_ID"
        if org_id is not None and not org_id.strip():
            raise ZitadelError(
                "ZITADEL_ORG_ID is set, but empty. Set it to the id of the organization, or unset it for the caller's "
                "own."
            )
    if org_id is not None and not _VISIBLE_ASCII.fullmatch(org_id):
        raise ZitadelError(f"{name} is no id of an organization: {org_id!r}. It is a number, without blanks.")
    return OrganizationChoice(org_id, params["org_name"], params["org_domain"])


def refuse_empty(params: Params, options: t.Iterable[str]) -> None:
    """Raise ZitadelError if one of the options is given as an empty text."""
    for option in options:
        value = params[option]
        if value == "":
            raise ZitadelError(f"{option} is given, but empty. Give a value, or leave the option out.")


def _url(text: str | None) -> tuple[str, str]:
    """Return the address of the instance without a slash at its end, and its origin as the server sees it."""
    if text is None:
        raise ZitadelError("url is missing. Give the address of the instance, or set ZITADEL_URL in the environment.")
    wrong = "url is not the address of a ZITADEL instance, such as https://id.example.com"
    try:
        parts = urllib.parse.urlsplit(text.strip())
        port = parts.port
    except ValueError as error:
        raise ZitadelError(f"{wrong}: {error}.") from None
    if parts.username is not None or parts.password is not None:
        raise ZitadelError(f"{wrong}: it holds a user name or password. Log in with the login options.")
    if parts.scheme not in _DEFAULT_PORTS or not parts.hostname or parts.query or parts.fragment:
        raise ZitadelError(f"{wrong}: {text!r}. It begins with https:// or http:// and has a host.")
    if any(character.isspace() for character in text.strip()):
        raise ZitadelError(f"{wrong}: {text!r} holds blanks.")
    try:
        host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname.encode("idna").decode()
    except UnicodeError:
        host = parts.hostname
    origin = f"{parts.scheme}://{host}" + (f":{port}" if port not in (None, _DEFAULT_PORTS[parts.scheme]) else "")
    return f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}", origin


def _headers(headers: t.Mapping[str, t.Any], instance_host: str | None) -> tuple[tuple[str, str], ...]:
    for name, value in ((str(name), value) for name, value in headers.items()):
        if name.lower() in _OWN_HEADERS or (name.lower() == _INSTANCE_HEADER and instance_host):
            raise ZitadelError(f"headers may not set {name}. The collection sets it from its own options.")
        # An error must not show the value.
        if not _HEADER_NAME.fullmatch(name):
            raise ZitadelError(f"headers: {name!r} is no name of a header.")
        if isinstance(value, (dict, list)) or not _HEADER_VALUE.fullmatch(str(value)):
            raise ZitadelError(f"headers: the value of {name} cannot be sent. Give one line of Latin-1 text.")
    return tuple(sorted((str(name), str(value).strip()) for name, value in headers.items() if value is not None))
