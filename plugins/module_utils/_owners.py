# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which organization or user the options of a task name."""

from __future__ import annotations

import os
import re
import typing as t

from ansible_collections.community.zitadel.plugins.module_utils._connection import Connection
from ansible_collections.community.zitadel.plugins.module_utils._errors import UNKNOWN_ORGANIZATION_ID, ZitadelError
from ansible_collections.community.zitadel.plugins.module_utils._metadata import Owner

if t.TYPE_CHECKING:
    from ansible_collections.community.zitadel.plugins.module_utils._organizations import Search

_VISIBLE_ASCII = re.compile(r"[\x21-\x7e]+")


class Choice(t.NamedTuple):
    """The organization that was asked for: by one of these, or none for the service account's own."""

    org_id: str | None = None
    name: str | None = None
    domain: str | None = None

    @property
    def label(self) -> str | None:
        return self.name or self.domain

    @property
    def search(self) -> Search:
        from ansible_collections.community.zitadel.plugins.module_utils._organizations import Search

        return Search(name=self.name, domain=self.domain)


class Found(t.NamedTuple):
    """An owner, what the task calls it where that is not its id, and whether a search has shown it."""

    owner: Owner
    label: str | None = None
    exists: bool = False

    def header(self, org_id: str | None) -> str:
        """What a diff calls the owner; org_id is the organization that answered."""
        place = f"organization {org_id}" if self.owner.kind == "organization" and org_id else self.owner.place
        return f"{place} ({self.label})" if self.label else place


def organization_choice(params: t.Mapping[str, t.Any], environ: t.Mapping[str, str]) -> Choice:
    """Return the organization that the task or, where it names none, the environment asks for. Raises ZitadelError."""
    options = ("org_id", "org_name", "org_domain")
    given = [option for option in options if params[option] is not None]
    if len(given) > 1:
        raise ZitadelError(
            f"{' and '.join(given)} are given, but they are mutually exclusive. Give one of them; options from "
            "module_defaults count as well."
        )
    for option in given:
        if not params[option].strip():
            raise ZitadelError(f"{option} is given, but empty. Give the organization, or leave the option out.")
    org_id, name = params["org_id"], "org_id"
    if not given:
        org_id, name = environ.get("ZITADEL_ORG_ID"), "ZITADEL_ORG_ID"
        if org_id is not None and not org_id.strip():
            raise ZitadelError(
                "ZITADEL_ORG_ID is set, but empty. Set it to the id of the organization, or unset it for the service "
                "account's own."
            )
    if org_id is not None:
        check_org_id(org_id, name)
    return Choice(org_id, params["org_name"], params["org_domain"])


def check_org_id(org_id: str, name: str) -> None:
    """Raise ZitadelError, naming the option or variable, if this cannot be the id of an organization."""
    if not _VISIBLE_ASCII.fullmatch(org_id):
        raise ZitadelError(
            f"{name} is not the id of an organization: {org_id!r}. An id is a number, without whitespace."
        )


def find_organization_owner(connection: Connection, params: t.Mapping[str, t.Any]) -> Found:
    """Return the organization that the options or the environment name, looked up where it is not by id.

    Raises ZitadelError if it is not just one.
    """
    choice = organization_choice(params, os.environ)
    if choice.label is None:
        return organization_owner(choice.org_id)
    # A module's process compiles all that it imports, and an id needs no search.
    from ansible_collections.community.zitadel.plugins.module_utils._organizations import find_organization

    # That a search shows it does not prove that the header arrives, so that the API does not take it for a proof here.
    return organization_owner(find_organization(connection, choice.search).id, choice.label)


def find_user_owner(connection: Connection, params: t.Mapping[str, t.Any]) -> Found:
    """Return the user that the options name, with its organization. Raises ZitadelError if it is not just one."""
    options = ("user_id", "login_name", "email")
    given = [option for option in options if params[option] is not None]
    if len(given) != 1:
        wrong = f"{' and '.join(given)} are given, but they are mutually exclusive" if given else "No user is named"
        raise ZitadelError(
            f"{wrong}. Give one of user_id, login_name and email; options from module_defaults count as well."
        )
    (option,) = given
    if not params[option].strip():
        raise ZitadelError(f"{option} is given, but empty. Give the user.")
    if option == "user_id" and not _VISIBLE_ASCII.fullmatch(params[option]):
        raise ZitadelError(
            f"user_id is not the id of a user: {params[option]!r}. An id is a number, without whitespace."
        )
    from ansible_collections.community.zitadel.plugins.module_utils._users import UserSearch, find_user

    user = find_user(connection, UserSearch(**{option: params[option]}))
    return Found(Owner("user", user.id, user.org_id), params[option] if option != "user_id" else None)


def is_gone(error: ZitadelError) -> bool:
    """Whether an error says that an organization or user that a search has shown is not there any more."""
    return error.refusal is not None and error.refusal.id in (
        UNKNOWN_ORGANIZATION_ID,
        "COMMAND-QXPGs",
        "COMMAND-uXHNj",
        "QUERY-Dfbg2",
    )


def organization_owner(org_id: str | None, label: str | None = None, *, exists: bool = False) -> Found:
    """Return an organization as an owner, None for the service account's own."""
    return Found(Owner("organization", org_id, org_id), label, exists)
