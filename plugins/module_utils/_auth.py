# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The authentication methods: which one was asked for, and how each gets a token."""

from __future__ import annotations

import dataclasses
import datetime
import json
import os
import re
import sys
import time
import typing as t

from ansible_collections.community.zitadel.plugins.module_utils._errors import Refusal, ZitadelError

LOGIN_OPTIONS = ("token", "token_file", "key_file", "key_json", "client_id", "client_secret")
"""The options of the authentication methods. The environment variable of each is ZITADEL_ and its name in capitals."""

_SCOPE = "openid urn:zitadel:iam:org:project:id:zitadel:aud"
_ASSERTION_BACKDATED = 10
_ASSERTION_LIFETIME = 600
_TOKEN = re.compile(r"[\x21-\x7e]+")

Send = t.Callable[[t.Mapping[str, str]], t.Union[str, Refusal]]  # noqa: UP007 - the sanity tests know no |
"""Posts a form to the token endpoint and returns the access token, or why there is none."""


class Login(t.Protocol):
    """An authentication method. Equal ones are the same service account with the same credentials."""

    @property
    def secrets(self) -> tuple[str, ...]:
        """The texts that must never be shown."""

    def token(self, send: Send) -> str:
        """Return an access token. POST /oauth/v2/token where one has to be fetched. Raises ZitadelError."""


@dataclasses.dataclass(frozen=True)
class AccessToken:
    """A token that was given."""

    access_token: str = dataclasses.field(repr=False)

    @property
    def secrets(self) -> tuple[str, ...]:
        return (self.access_token,)

    def token(self, _send: Send) -> str:
        """Return the token: there is no other."""
        return self.access_token


@dataclasses.dataclass(frozen=True)
class ServiceAccountKey:
    """A service-account key: it signs a JWT that the token endpoint exchanges for a token."""

    name: str
    key_id: str
    user_id: str
    private_key: str = dataclasses.field(repr=False)
    audience: str

    @classmethod
    def read(cls, content: t.Any, name: str, audience: str) -> ServiceAccountKey:
        """Take a key file's content, as text or parsed. Raises ZitadelError, beginning with name, if it is not one."""
        if isinstance(content, str):
            try:
                content = json.loads(content.removeprefix("\ufeff"))
            except (ValueError, RecursionError):
                content = None
        if not isinstance(content, dict):
            raise ZitadelError(
                f"{name} is not the JSON of a service-account key. Give the content of the key file from ZITADEL."
            )
        if content.get("type", "serviceaccount") != "serviceaccount":
            raise ZitadelError(
                f"{name} is a key of the type {content['type']!r}. Only the key of a service account can log in: create "
                "one for a service account."
            )
        missing = [field for field in ("keyId", "userId", "key") if not isinstance(content.get(field), str)]
        if missing:
            raise ZitadelError(
                f"{name} is not a complete service-account key, it lacks {' and '.join(missing)}. Give the whole content "
                "of the key file from ZITADEL."
            )
        expiration = str(content.get("expirationDate") or "")
        now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S")
        if expiration and expiration[: len(now)] < now:
            raise ZitadelError(
                f"{name} holds the key {content['keyId']}, which expired on {expiration}. Create a new key."
            )
        return cls(name, content["keyId"], content["userId"], content["key"], audience)

    @property
    def secrets(self) -> tuple[str, ...]:
        return (self.private_key, json.dumps(self.private_key)[1:-1])

    def token(self, send: Send) -> str:
        """Return a new token. Raises ZitadelError if the key cannot sign, or is refused."""
        answer = send(
            {
                "grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer",
                "assertion": self._assertion(),
                "scope": _SCOPE,
            }
        )
        if isinstance(answer, str):
            return answer
        clock = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
        raise ZitadelError(
            f"Logging in failed. The assertion made with {self.name} (key {self.key_id}, user {self.user_id}) was refused "
            f"(HTTP {answer.status} {answer.message}). Likely causes: the audience {self.audience!r} is not the "
            f"instance's own origin (option audience), this machine's clock is wrong (it says {clock}), or the key "
            "is of another instance, expired, or was removed.",
            answer,
        )

    def _assertion(self) -> str:
        try:
            import jwt
        except ImportError as error:
            raise _missing_library(error) from None
        now = int(time.time())
        claims = {
            "iss": self.user_id,
            "sub": self.user_id,
            "aud": self.audience,
            # A clock that is a few seconds fast must not make an assertion from the future.
            "iat": now - _ASSERTION_BACKDATED,
            "exp": now + _ASSERTION_LIFETIME,
        }
        try:
            return jwt.encode(claims, self.private_key, algorithm="RS256", headers={"kid": self.key_id})
        except NotImplementedError as error:  # PyJWT without cryptography
            raise _missing_library(error) from None
        except Exception as error:  # noqa: BLE001 - cryptography has many kinds of them
            raise ZitadelError(
                f"{self.name}: the private key in it cannot be read ({type(error).__name__}). "
                "Use the key file as ZITADEL wrote it."
            ) from None


@dataclasses.dataclass(frozen=True)
class ClientCredentials:
    """The id and secret of a service account that the token endpoint exchanges for a token."""

    client_id: str
    client_secret: str = dataclasses.field(repr=False)

    @property
    def secrets(self) -> tuple[str, ...]:
        return (self.client_secret,)

    def token(self, send: Send) -> str:
        """Return a new token. Raises ZitadelError if the credentials are refused."""
        answer = send(
            {
                "grant_type": "client_credentials",
                "client_id": self.client_id,
                "client_secret": self.client_secret,
                "scope": _SCOPE,
            }
        )
        if isinstance(answer, str):
            return answer
        raise ZitadelError(
            f"Logging in failed. The client credentials of {self.client_id!r} were refused (HTTP {answer.status} {answer.message}). "
            "client_id is the login name of a service account, client_secret the secret made for it last; "
            "a secret of another instance, or one that was replaced or removed, does not work.",
            answer,
        )


def choose(params: t.Mapping[str, t.Any], environ: t.Mapping[str, str], audience: str) -> Login:
    """Return the one authentication method that the task or, where it names none, the environment asks for.

    params are the options, None where not given; audience is for the assertion of a service-account key.
    Raises ZitadelError, naming what was given and where, if there is not exactly one complete method.
    """
    given = {option: params[option] for option in LOGIN_OPTIONS if params.get(option) is not None}
    for option, value in given.items():
        if not value or (isinstance(value, str) and not value.strip()):
            raise ZitadelError(f"{option} is given, but empty. Give a value, or leave the option out.")
    variables = {_variable(option): environ.get(_variable(option), "") for option in LOGIN_OPTIONS}
    # AWX injects an empty variable for each field of a credential that was left out.
    variables = {name: value for name, value in variables.items() if value.strip()}

    if given:
        if given.keys() == {"client_id"} and _variable("client_secret") in variables:
            given["client_secret"] = variables[_variable("client_secret")]
        return _only_method(given, {option: option for option in LOGIN_OPTIONS}, "in the task", audience)
    if variables:
        names = {option: _variable(option) for option in LOGIN_OPTIONS}
        found = {option: variables[name] for option, name in names.items() if name in variables}
        for option in found.keys() & {"token_file", "key_file"}:
            found[option] = os.path.expanduser(os.path.expandvars(found[option]))
        # A task may name the client_id for a secret from the environment, so the secret alone is no method.
        if len(found) > 1 and "client_id" not in found:
            found.pop("client_secret", None)
        return _only_method(found, names, "in the environment", audience)
    raise ZitadelError(
        "No authentication method is given. Set one of token, token_file, key_file, key_json, or client_id with client_secret, "
        f"or one of their environment variables {', '.join(map(_variable, LOGIN_OPTIONS))}."
    )


def _only_method(given: dict[str, t.Any], names: dict[str, str], where: str, audience: str) -> Login:
    methods = [names[option] for option in given if option != "client_secret" or "client_id" not in given]
    if len(methods) > 1:
        more = "; options from module_defaults count as well" if where == "in the task" else ""
        raise ZitadelError(
            f"{' and '.join(methods)} are given {where}, but authentication methods are mutually exclusive. "
            f"Leave out all but one{more}."
        )
    name = methods[0]
    for option, other in (("client_id", "client_secret"), ("client_secret", "client_id")):
        if option in given and other not in given:
            raise ZitadelError(
                f"{names[option]} is given {where} without {names[other]}. Client credentials need both."
            )
    if "client_id" in given:
        return ClientCredentials(given["client_id"].strip(), given["client_secret"].strip())
    if "token" in given:
        return _access_token(given["token"], name)
    if "token_file" in given:
        return _access_token(_content(given["token_file"], name), f"{name} {os.path.abspath(given['token_file'])}")
    if "key_file" in given:
        return ServiceAccountKey.read(
            _content(given["key_file"], name), f"{name} {os.path.abspath(given['key_file'])}", audience
        )
    return ServiceAccountKey.read(given["key_json"], name, audience)


def _access_token(text: str, name: str) -> AccessToken:
    token = text.strip()
    if not _TOKEN.fullmatch(token):
        raise ZitadelError(f"{name} contains whitespace or characters that no token has. Give the token alone.")
    return AccessToken(token)


def _content(path: str, name: str) -> str:
    """Return a file's text. Raises ZitadelError, naming the absolute path, if it cannot be had."""
    path = os.path.abspath(path)
    try:
        # Editors of some systems put a byte-order mark at the beginning.
        with open(path, encoding="utf-8-sig") as file:
            text = file.read()
    except OSError as error:
        raise ZitadelError(f"{name}: {path} cannot be read: {error.strerror}. Correct the path or its mode.") from None
    except UnicodeDecodeError:
        raise ZitadelError(f"{name}: {path} is not a text file. Give the path of another file.") from None
    except ValueError:
        raise ZitadelError(f"{name}: {path!r} is not a path: it contains a NUL character. Remove it.") from None
    if not text.strip():
        raise ZitadelError(f"{name}: {path} is empty. Write the credential into it, or give another path.")
    return text


def _variable(option: str) -> str:
    return f"ZITADEL_{option.upper()}"


def _missing_library(error: Exception) -> ZitadelError:
    return ZitadelError(
        f"A service-account key needs the Python libraries PyJWT and cryptography ({error}). "
        f"Install PyJWT[crypto] for {sys.executable}, or use another authentication method."
    )
