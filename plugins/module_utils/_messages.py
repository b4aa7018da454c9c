# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The message for an answer that is an error: what happened, with what, and what to do about it. Pure."""

from __future__ import annotations

import typing as t
import urllib.parse

from ansible_collections.community.zitadel.plugins.module_utils._errors import (
    INVALID_ARGUMENT,
    NO_ROLE_ID,
    NOT_FOUND,
    PERMISSION_IDS,
    QUOTA_IDS,
    UNKNOWN_ORGANIZATION_ID,
    Refusal,
)

_ROLES = {
    "org.read": "ORG_OWNER, ORG_SETTINGS_MANAGER, IAM_OWNER, IAM_ORG_MANAGER or a VIEWER role",
    "org.write": "ORG_OWNER, ORG_SETTINGS_MANAGER, IAM_OWNER or IAM_ORG_MANAGER",
    "org.create": "IAM_OWNER or IAM_ORG_MANAGER",
    "user.read": "ORG_OWNER, ORG_USER_MANAGER, IAM_OWNER, IAM_USER_MANAGER or a VIEWER role",
    "user.write": "ORG_OWNER, ORG_USER_MANAGER, IAM_OWNER or IAM_USER_MANAGER",
}


class Context(t.NamedTuple):
    """What a refused request was about."""

    url: str
    """The instance"""
    place: str = "the service account's own organization"
    """The organization or user, as a message names it"""
    permission: str | None = None
    """What the request needs"""

    @property
    def organization(self) -> str:
        """Where roles and permissions are, as a message names it: users belong to an organization."""
        return f"the organization of {self.place}" if self.place.startswith("user ") else self.place


def explain(refusal: Refusal, context: Context) -> str:
    """Return what a refusal means and what a user can do about it."""
    url, place = context.url, context.place
    said = _said(refusal)
    what = f"HTTP {refusal.status}"
    if refusal.location is not None:
        return (
            f"{url} redirects to {refusal.location}, and redirects are not followed. "
            "Set url to the address of the ZITADEL instance itself; a login page there means that a reverse proxy "
            "wants credentials of its own (option headers)."
        )
    if refusal.unauthenticated and refusal.json:
        return (
            f"The access token was refused ({what}): it is wrong, expired, of another instance, or was issued without "
            "the scope for the ZITADEL API. Check the authentication options and that url is the token's instance."
            f"{said}"
        )
    if refusal.id == UNKNOWN_ORGANIZATION_ID and context.organization != place:
        return (
            f"There is no {context.organization.removeprefix('the ')} at {url}: it has been removed. "
            f"Name another user.{said}"
        )
    if refusal.id == UNKNOWN_ORGANIZATION_ID:
        return (
            f"There is no {place} at {url}. org_id takes the id, a number; a name goes into org_name, "
            f"a domain into org_domain.{said}"
        )
    if refusal.id == NO_ROLE_ID:
        return (
            f"The service account has no role in {context.organization}. Make it a member there, for example as ORG_OWNER "
            f"or, only to read, ORG_OWNER_VIEWER.{said}"
        )
    if refusal.id in PERMISSION_IDS:
        return f"{lacks(context)}{said}"
    if refusal.id in ("COMMAND-QXPGs", "COMMAND-uXHNj"):
        return f"The {place.removeprefix('the ')} has been removed, or does not exist. Name another one.{said}"
    if refusal.id in QUOTA_IDS:
        return (
            f"The instance {url} is blocked or has used up its quota ({what}). Trying again does not help: unblock the "
            f"instance, or raise its quota.{said}"
        )
    if refusal.too_large:
        return (
            f"The request or its answer is larger than the server allows ({what}). Read or write fewer or smaller "
            f"values.{said}"
        )
    if words := _of_a_proxy(refusal, url):
        return words
    if refusal.status == 404 and "set instance using origin" in refusal.raw:
        return (
            f"No ZITADEL instance answers under the host name of {url}. Set url to the instance's own domain, "
            f"or instance_host if it is reached under another name.{said}"
        )
    if refusal.status == 429:
        return (
            f"The service account is rate limited at {url} ({what}), after all retries. Run the task again later, with "
            f"fewer connections or forks, or with more retries.{said}"
        )
    if refusal.busy:
        return (
            f"{url} is not available ({what}), after all retries. Check that the server runs, and run the task again, "
            f"perhaps with more retries.{said}"
        )
    if not refusal.json:
        return (
            f"{url} answered {what} and not JSON. This is not ZITADEL: url is wrong, or the answer comes from a reverse "
            f"proxy, which may want credentials of its own (option headers).{_about_the_path(url)}{said}"
        )
    if refusal.status == 404 and refusal.id is None:
        return (
            f"{url} does not know this call ({what}). Check that url is the root of a ZITADEL instance."
            f"{_about_the_path(url)}{said}"
        )
    if refusal.meaning == INVALID_ARGUMENT:
        return (
            f"ZITADEL refuses the values in the request ({what}). Correct the option that its message is about.{said}"
        )
    if refusal.meaning == NOT_FOUND:
        return f"ZITADEL did not find {place}, or something in it ({what}). Check the ids and names in the task.{said}"
    code = "" if refusal.code is None else f", code {refusal.code}"
    if refusal.status < 500:
        return f"ZITADEL refuses the request ({what}{code}). Its message gives the reason.{said}"
    return f"ZITADEL failed ({what}{code}). Look into the log of ZITADEL, and run the task again.{said}"


def lacks(context: Context) -> str:
    """Return that a service account lacks a permission, and which roles have it."""
    permission, where = context.permission, context.organization
    if permission is None:
        return f"The service account lacks a permission in {where}. Give it a role that has it."
    roles = f": {_ROLES[permission]}" if permission in _ROLES else ""
    return f"The service account lacks the permission {permission} in {where}. Give it a role that has it{roles}."


def lacks_v2(refusal: Refusal, url: str, owners: str, release: str, service: str) -> str:
    """Return that API v2 is not there. The release is the first that has it, service its path for these owners."""
    return (
        f"{url} has no API v2 for the metadata of {owners}, which ZITADEL {release} and later have (HTTP "
        f"{refusal.status}). Set api_version to auto or v1. If this release has it, check that url is the root of the "
        f"instance, and that a reverse proxy lets {service}/ pass.{_about_the_path(url)}{_said(refusal)}"
    )


def unexpected(doing: str) -> str:
    """Return that an answer has another form than the answers of ZITADEL."""
    return (
        f"Cannot {doing}. The answer does not have the form that ZITADEL's answers to this call have. "
        "Check that url is the root of a ZITADEL instance, and that no reverse proxy changes its answers."
    )


def _said(refusal: Refusal) -> str:
    if not refusal.message:
        return ""
    return f" ZITADEL said: {refusal.message}" if refusal.json else f" The answer was {refusal.message!r}."


def _of_a_proxy(refusal: Refusal, url: str) -> str | None:
    """Return the message for an answer that proxies are known to give, None for all others."""
    what, page = f"HTTP {refusal.status}", refusal.message or ""
    if refusal.status == 407:
        return (
            f"The proxy refused its credentials ({what}) on the way to {url}. Correct the user name and password in http_proxy "
            "or https_proxy, or list the host in no_proxy."
        )
    if refusal.status == 413:
        return (
            f"A reverse proxy at {url} refuses a request of this size ({what}). "
            "Raise its limit for request bodies (nginx: client_max_body_size)."
        )
    if refusal.json or refusal.status != 400:
        return None
    if "SSL certificate" in page:
        return (
            f"A reverse proxy at {url} wants a client certificate that it trusts ({what}). Set client_cert and "
            f"client_key. The answer was {page!r}."
        )
    if "HTTP request was sent to HTTPS port" in page:
        return f"{url} expects TLS ({what}). Set the scheme of url to https. The answer was {page!r}."
    return None


def _about_the_path(url: str) -> str:
    path = urllib.parse.urlsplit(url).path
    return f" url has a path: leave the path {path} out, unless a reverse proxy serves ZITADEL there." if path else ""
