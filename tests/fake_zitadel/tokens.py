# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What belongs to OpenID Connect: the token endpoint, the userinfo endpoint, the discovery document."""

from __future__ import annotations

import base64
import binascii
import secrets
import time
from collections.abc import Callable
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl, unquote_plus

from .errors import ApiError
from .exchange import Answer, Request
from .hosts import origin
from .store import Store, User

API_AUDIENCE_SCOPE = "urn:zitadel:iam:org:project:id:zitadel:aud"
JWT_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
EXPIRES_IN = 43199
MAX_AGE = 3600  # of an assertion, in seconds
_NO_SCOPE = (
    "The scope of your request is missing. Please ensure some scopes are requested. "
    "If you have any questions, you may contact the administrator of the application."
)

Reply = tuple[int, dict[str, Any]]


class TokenError(Exception):
    def __init__(self, status: int, error: str, description: str) -> None:
        super().__init__(description)
        self.reply: Reply = (status, {"error": error, "error_description": description})


def token(store: Store, request: Request) -> Reply:
    """``POST /oauth/v2/token``."""
    form = dict(parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True))
    try:
        grant = form.get("grant_type", "")
        if grant == JWT_GRANT:
            user = _user_of_assertion(store, form.get("assertion", ""), origin(request))
        elif grant == "client_credentials":
            user = _user_of_secret(store, form, request.headers.get("authorization", ""))
        elif not grant:
            raise TokenError(400, "invalid_request", "grant_type missing")
        else:
            raise TokenError(400, "unsupported_grant_type", f"{grant} not supported")
        scopes = form.get("scope", "").split()
        if not scopes:
            raise TokenError(400, "invalid_request", _NO_SCOPE)
    except TokenError as error:
        return error.reply
    if grant == "client_credentials" and store.release.secrets_make_events:
        user.sequence += 1
    access_token = store.add_token(user, for_api=API_AUDIENCE_SCOPE in scopes, profile="profile" in scopes, issued=True)
    answer = {"access_token": access_token, "token_type": "Bearer", "expires_in": EXPIRES_IN}
    if "openid" in scopes:
        answer["id_token"] = secrets.token_urlsafe(200)
    return 200, answer


def _user_of_assertion(store: Store, assertion: str, audience: str) -> User:
    import jwt  # only here: everything else runs without it

    refused = TokenError(*store.release.refused_assertion)
    try:
        key_id = jwt.get_unverified_header(assertion).get("kid", "")
        issuer = jwt.decode(assertion, options={"verify_signature": False}).get("iss", "")
        user = store.users.get(str(issuer))
        if user is None or key_id not in user.keys:
            raise refused
        claims = jwt.decode(
            assertion,
            user.keys[key_id],  # type: ignore[arg-type]
            algorithms=["RS256"],
            audience=audience,
            options={"require": ["aud", "exp", "iat", "iss", "sub"], "verify_iat": False},
        )
    except jwt.PyJWTError:
        raise refused from None
    if claims["sub"] != issuer or not -MAX_AGE <= claims["iat"] - time.time() <= 0:
        raise refused
    return user


def _user_of_secret(store: Store, form: dict[str, str], authorization: str) -> User:
    client_id, client_secret = form.get("client_id", ""), form.get("client_secret", "")
    scheme, _blank, encoded = authorization.partition(" ")
    if scheme.lower() == "basic":
        try:
            name, _colon, password = base64.b64decode(encoded).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            raise TokenError(400, "invalid_client", "invalid basic auth header") from None
        # Both are URL-encoded before they are put together, as RFC 6749 wants it.
        client_id, client_secret = unquote_plus(name), unquote_plus(password)
    with store.lock:
        user = next((user for user in store.users.values() if user.login_name == client_id), None)
        if user is None:
            raise TokenError(400, "invalid_client", "client not found")
        if user.secret is None or user.secret_unknown_uses > 0:
            user.secret_unknown_uses -= 1
            raise TokenError(400, "invalid_request", "Errors.User.Machine.Secret.NotExisting")
        if store.release.secrets_make_events:
            user.sequence += 1
        if user.secret != client_secret:
            raise TokenError(400, "invalid_request", "Errors.User.Machine.Secret.Invalid")
        return user


def userinfo(store: Store, request: Request) -> Reply:
    """``GET /oidc/v1/userinfo``."""
    try:
        if not request.bearer:
            return 401, {"error": "invalid_request", "error_description": "access token missing"}
        found = store.use_token(request.bearer)
    except ApiError:
        return 401, {"error": "access_denied", "error_description": "access token invalid"}
    user = found.user
    if not found.profile:
        return 200, {"sub": user.user_id}
    organization = store.organizations[user.organization]
    claim = "urn:zitadel:iam:user:resourceowner"
    return 200, {
        "name": user.human.display_name if user.human else user.name,
        "preferred_username": user.login_names[0],
        "sub": user.user_id,
        "updated_at": int(datetime.fromisoformat(user.listed_date.replace("Z", "+00:00")).timestamp()),
        f"{claim}:id": organization.organization_id,
        f"{claim}:name": organization.name,
        f"{claim}:primary_domain": organization.primary_domain,
    }


def wrong_host(complaint: str) -> Answer:
    headers = {"Content-Type": "text/plain; charset=utf-8", "Cache-Control": "no-store"}
    return Answer(404, f"{complaint}\n".encode(), headers)


def discovery(store: Store, request: Request) -> Reply:
    """``GET /.well-known/openid-configuration``."""
    issuer = origin(request)
    secret_or_key = ["none", "client_secret_basic", "client_secret_post", "private_key_jwt"]
    document: dict[str, Any] = {
        "issuer": issuer,
        "authorization_endpoint": f"{issuer}/oauth/v2/authorize",
        "token_endpoint": f"{issuer}/oauth/v2/token",
        "introspection_endpoint": f"{issuer}/oauth/v2/introspect",
        "userinfo_endpoint": f"{issuer}/oidc/v1/userinfo",
        "revocation_endpoint": f"{issuer}/oauth/v2/revoke",
        "end_session_endpoint": f"{issuer}/oidc/v1/end_session",
        "device_authorization_endpoint": f"{issuer}/oauth/v2/device_authorization",
        "jwks_uri": f"{issuer}/oauth/v2/keys",
        "scopes_supported": ["openid", "profile", "email", "phone", "address", "offline_access"],
        "response_types_supported": ["code", "id_token", "id_token token"],
        "response_modes_supported": ["query", "fragment", "form_post"],
        "grant_types_supported": [
            "authorization_code",
            "implicit",
            "refresh_token",
            "client_credentials",
            JWT_GRANT,
            "urn:ietf:params:oauth:grant-type:device_code",
        ],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": [
            "EdDSA",
            "RS256",
            "RS384",
            "RS512",
            "ES256",
            "ES384",
            "ES512",
        ],
        "request_object_signing_alg_values_supported": ["RS256"],
        "token_endpoint_auth_methods_supported": secret_or_key,
        "token_endpoint_auth_signing_alg_values_supported": ["RS256"],
        "revocation_endpoint_auth_methods_supported": secret_or_key,
        "revocation_endpoint_auth_signing_alg_values_supported": ["RS256"],
        "introspection_endpoint_auth_methods_supported": ["client_secret_basic", "private_key_jwt"],
        "introspection_endpoint_auth_signing_alg_values_supported": ["RS256"],
        "claims_supported": [
            "sub",
            "aud",
            "exp",
            "iat",
            "iss",
            "auth_time",
            "nonce",
            "acr",
            "amr",
            "c_hash",
            "at_hash",
            "act",
            "scopes",
            "client_id",
            "azp",
            "preferred_username",
            "name",
            "family_name",
            "given_name",
            "locale",
            "email",
            "email_verified",
            "phone_number",
            "phone_number_verified",
        ],
        "code_challenge_methods_supported": ["S256"],
        "ui_locales_supported": store.release.locales.split(),
        "request_parameter_supported": True,
        "request_uri_parameter_supported": False,
    }
    if store.release.supports_backchannel_logout:
        document["backchannel_logout_supported"] = True
        document["backchannel_logout_session_supported"] = True
    return 200, document


PATHS: dict[str, Callable[[Store, Request], Reply]] = {
    "/oauth/v2/token": token,
    "/oidc/v1/userinfo": userinfo,
    "/.well-known/openid-configuration": discovery,
}
