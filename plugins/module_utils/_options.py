# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From validated options to how to reach ZITADEL: the rules for the connection, and what the environment adds."""

from __future__ import annotations

import os
import re
import typing as t
import urllib.parse

from ansible_collections.community.zitadel.plugins.module_utils._auth import LOGIN_OPTIONS, choose
from ansible_collections.community.zitadel.plugins.module_utils._connection import Connection
from ansible_collections.community.zitadel.plugins.module_utils._connection_kept import connect
from ansible_collections.community.zitadel.plugins.module_utils._errors import ZitadelError
from ansible_collections.community.zitadel.plugins.module_utils._given import name_variable
from ansible_collections.community.zitadel.plugins.module_utils._spec import CONNECTION_SPEC
from ansible_collections.community.zitadel.plugins.module_utils._transport import ConnectionOptions
from ansible_collections.community.zitadel.plugins.module_utils._values import refuse_empty

_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
# What HTTP lets a header carry, without the line breaks that would start another one.
_HEADER_VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]*")
_VISIBLE_ASCII = re.compile(r"[\x21-\x7e]+")
_OWN_HEADERS = ("authorization", "x-zitadel-orgid")
_INSTANCE_HEADER = "x-zitadel-instance-host"
_MAX_TIMEOUT = 86_400
_MAX_CONNECTIONS = 32
_DEFAULT_PORTS = {"http": 80, "https": 443}


def connection_of(
    params: t.Mapping[str, t.Any], given: t.Mapping[str, t.Any], notify: t.Callable[[str], None]
) -> Connection:
    """Return the connection for validated options, of which these were given and others may come from the environment.

    notify takes a line before each wait for another try. Raises ZitadelError, naming the option or the variable.
    """
    try:
        return connect(connection_options(params, os.environ), notify)
    except ZitadelError as error:
        raise error.but(name_variable(error.msg, CONNECTION_SPEC, given)) from None


def connection_options(params: t.Mapping[str, t.Any], environ: t.Mapping[str, str]) -> ConnectionOptions:
    """Return how to reach ZITADEL. The environment's login variables are read here, all others are in params.

    Raises ZitadelError, naming the option, if something is missing, empty or makes no sense.
    """
    refuse_empty(params, (option for option in CONNECTION_SPEC if option not in LOGIN_OPTIONS))
    url, origin = _url(params["url"])
    for option in ("ca_path", "client_cert", "client_key"):
        if "\0" in (params[option] or ""):
            raise ZitadelError(f"{option} is not a path: {params[option]!r} contains a NUL character.")
    if params["client_key"] and not params["client_cert"]:
        raise ZitadelError(
            "client_key is given without client_cert. Give client_cert, the certificate that the key belongs to."
        )
    if not 0 < params["timeout"] <= _MAX_TIMEOUT:
        raise ZitadelError(
            f"timeout is {params['timeout']:g}. Give the seconds to wait for an answer, more than 0, "
            f"at most {_MAX_TIMEOUT}."
        )
    if params["retries"] < 0:
        raise ZitadelError(f"retries is {params['retries']}. Give the number of tries after the first, 0 or more.")
    if not 1 <= params["connections"] <= _MAX_CONNECTIONS:
        raise ZitadelError(
            f"connections is {params['connections']}. Give how many organizations or users to work on at the same time, "
            f"1 to {_MAX_CONNECTIONS}."
        )
    if params["instance_host"] and not _VISIBLE_ASCII.fullmatch(params["instance_host"]):
        raise ZitadelError(
            f"instance_host is not a host name: {params['instance_host']!r}. Give a name such as id.example.com."
        )
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
        api_version=params["api_version"],
        connections=params["connections"],
    )


def _url(text: str | None) -> tuple[str, str]:
    """Return the address of the instance without a slash at its end, and its origin as the server sees it."""
    if text is None:
        raise ZitadelError(
            "url is missing. Give the address of the instance, or set the environment variable ZITADEL_URL."
        )
    wrong = "url is not the address of a ZITADEL instance, such as https://id.example.com"
    # A password must not be shown, wherever a parser would see it.
    if "@" in text:
        raise ZitadelError(f"{wrong}: it contains a user name or password. Log in with the authentication options.")
    try:
        parts = urllib.parse.urlsplit(text.strip())
        port = parts.port
    except ValueError as error:
        raise ZitadelError(f"{wrong}: {error}.") from None
    if parts.scheme not in _DEFAULT_PORTS or not parts.hostname or parts.query or parts.fragment:
        raise ZitadelError(
            f"{wrong}: {text!r}. It must begin with https:// or http:// and have a host, but no query and no fragment."
        )
    if any(character.isspace() or character == "\0" for character in text.strip()):
        raise ZitadelError(f"{wrong}: {text!r} contains whitespace or a NUL character. Remove it.")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else _ascii_host(parts.hostname)
    origin = f"{parts.scheme}://{host}" + (f":{port}" if port not in (None, _DEFAULT_PORTS[parts.scheme]) else "")
    return f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}", origin


def _ascii_host(host: str) -> str:
    """Return a host name as requests sends it."""
    if host.isascii():
        return host
    try:
        import idna

        return idna.encode(host, uts46=True).decode("ascii")
    except (ImportError, UnicodeError):
        return host


def _headers(headers: t.Mapping[str, t.Any], instance_host: str | None) -> tuple[tuple[str, str], ...]:
    for name, value in ((str(name), value) for name, value in headers.items()):
        if name.lower() in _OWN_HEADERS or (name.lower() == _INSTANCE_HEADER and instance_host):
            raise ZitadelError(f"headers may not set {name}. Leave it out: the collection sets it from other options.")
        # An error must not show the value.
        if not _HEADER_NAME.fullmatch(name):
            raise ZitadelError(f"headers: {name!r} is not the name of a header. Use letters, digits and hyphens.")
        if isinstance(value, (dict, list)) or not _HEADER_VALUE.fullmatch(str(value)):
            raise ZitadelError(f"headers: the value of {name} cannot be sent. Give one line of Latin-1 text.")
    return tuple(sorted((str(name), str(value).strip()) for name, value in headers.items() if value is not None))
