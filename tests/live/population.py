# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Organizations, users and logins that tests create on a real server."""

from __future__ import annotations

import base64
import itertools
import json
from collections.abc import Iterable, Mapping
from typing import Any, NoReturn
from urllib.parse import quote

import pytest

from fake_zitadel import User
from fake_zitadel.metadata import USER

from .metadata import RealMetadata
from .names import Names
from .owners import Organization, wait_for


def left_out(need: str) -> NoReturn:
    pytest.skip(f"needs {need}")


class RealPopulation(RealMetadata):
    """Part of ``RealZitadel``."""

    home_id: str
    names: Names
    organizations: dict[str, Organization]
    _tokens: dict[str, tuple[str, User]]  # what tests call it -> what it is, whose it is
    _user_numbers: itertools.count[int]

    # Organizations

    def create_organization(
        self,
        name: str,
        *,
        state: str = "active",
        domain: str | None = None,
        metadata: Mapping[str, bytes | str] | None = None,
    ) -> str:
        answer = self.instance.call("POST", "/management/v1/orgs", {"name": self.names.name(name)})
        organization = str(answer["id"])
        self.organizations[organization] = Organization(self.instance, self.names, organization)
        if domain:
            # To verify another one needs a name server: its own one takes the place.
            answer = self.instance.call("GET", "/management/v1/orgs/me", organization=organization)
            self.names.domains[domain] = answer["org"]["primaryDomain"]
        if metadata:
            self.set_many(organization, metadata)
        wait_for(lambda: organization in self.instance.find_organizations(self.names.name(name)))
        if state != "active":
            self.change_state(organization, state)
        return organization

    def change_state(self, organization: str, state: str) -> None:
        if state == "removed":
            self.instance.remove_organization(organization, self.names.tag)
        else:
            call = {"active": "_reactivate", "inactive": "_deactivate"}[state]
            self.instance.call("POST", f"/management/v1/orgs/me/{call}", {}, organization=organization)

    def rename(self, organization: str, name: str) -> None:
        self.instance.call("PUT", "/management/v1/orgs/me", {"name": self.names.name(name)}, organization=organization)

    # Users

    def create_user(
        self,
        role: str | Iterable[str] | None = None,
        organization: str | None = None,
        *,
        name: str | None = None,
        token: str | None = None,
        state: str = "active",
        metadata: Mapping[str, bytes | str] | None = None,
    ) -> User:
        home = organization or self.home_id
        name = self.names.name(name or f"machine-{next(self._user_numbers)}")
        machine = {"userName": name, "name": name, "accessTokenType": "ACCESS_TOKEN_TYPE_BEARER"}
        user = self._created(
            self.instance.call("POST", "/management/v1/users/machine", machine, organization=home), name
        )
        roles = [role] if isinstance(role, str) else list(role or ())
        self.grant(user, roles, home)
        body = {"expirationDate": "2099-01-01T00:00:00Z"}
        answer = self.instance.call("POST", f"/management/v1/users/{user.user_id}/pats", body, organization=home)
        user.token = token or answer["token"]
        self._tokens[user.token] = (answer["token"], user)
        if roles:
            path = "/auth/v1/permissions/zitadel/me/_search"
            wait_for(
                lambda: self.instance.ask("POST", path, {}, organization=home, token=answer["token"])[1].get("result")
            )
        return self._finished(user, state, metadata)

    def create_human(
        self,
        login_name: str,
        organization: str | None = None,
        *,
        email: str | None = None,
        login_names: Iterable[str] = (),
        state: str = "initial",
        metadata: Mapping[str, bytes | str] | None = None,
    ) -> User:
        home, name = organization or self.home_id, self.names.name(login_name)
        human = {
            "userName": name,
            "profile": {"firstName": "Given", "lastName": "Family", "displayName": f"Given Family {login_name}"},
            "email": {"email": email or f"{login_name.partition('@')[0]}@example.com", "isEmailVerified": True},
        }
        path = "/management/v1/users/human/_import"
        user = self._created(self.instance.call("POST", path, human, organization=home), name)
        return self._finished(user, "active" if state == "initial" else state, metadata)

    def _created(self, answer: Mapping[str, Any], name: str) -> User:
        details = answer["details"]
        date = str(details.get("creationDate") or details.get("changeDate"))
        user = User(
            kind=USER,
            resource_owner=details["resourceOwner"],
            user_id=answer["userId"],
            login_name=name,
            organization=details["resourceOwner"],
            creation_date=date,
        )
        self._users[user.user_id] = user
        return user

    def _finished(self, user: User, state: str, metadata: Mapping[str, bytes | str] | None) -> User:
        if state != "active":
            left_out(f"a user who is {state}")
        if metadata:
            self.set_user_many(user, metadata)
        search = {"queries": [{"inUserIdsQuery": {"userIds": [user.user_id]}}]}
        wait_for(lambda: self.instance.call("POST", "/v2/users", search).get("result"))
        return user

    def grant(self, user: User, roles: Iterable[str], organization: str) -> None:
        by_instance = [role for role in roles if role.startswith("IAM_")]
        by_organization = [role for role in roles if not role.startswith("IAM_")]
        if by_instance:
            self.instance.call("POST", "/admin/v1/members", {"userId": user.user_id, "roles": by_instance})
        if by_organization:
            body = {"userId": user.user_id, "roles": by_organization}
            self.instance.call("POST", "/management/v1/orgs/me/members", body, organization=organization)

    def create_key(self, user: User, *, fresh: bool = False) -> dict[str, str]:
        path = f"/management/v1/users/{user.user_id}/keys"
        body = {"type": "KEY_TYPE_JSON", "expirationDate": "2099-01-01T00:00:00Z"}
        answer = self.instance.call("POST", path, body, organization=user.organization)
        key: dict[str, str] = json.loads(base64.b64decode(answer["keyDetails"]))
        return key

    def create_user_with_key(self, role: str, organization: str) -> tuple[User, dict[str, str]]:
        """The service account of ``ZITADEL_TEST_KEY_FILE`` if there is one: it must only read at home."""
        key = self.instance.key
        if not key:
            user = self.create_user(role, organization)
            return user, self.create_key(user)
        answer = self.instance.call("GET", f"/v2/users/{quote(key['userId'], safe='')}")
        return self._created({"userId": key["userId"], "details": answer["details"]}, "of the key file"), key

    def audience(self, _url: str) -> str:
        """The audience of an assertion where the server is reached by this address."""
        return self.instance.url

    def create_secret(self, user: User, *, unknown_uses: int = 0) -> tuple[str, str]:
        path = f"/management/v1/users/{user.user_id}/secret"
        answer = self.instance.call("PUT", path, {}, organization=user.organization)
        client_id, secret = answer["clientId"], answer["clientSecret"]
        pair = f"client_id={quote(client_id, safe='')}&client_secret={quote(secret, safe='')}"
        form = f"grant_type=client_credentials&{pair}&scope=openid".encode()
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        if not unknown_uses:
            # A server can take a moment to know it.
            wait_for(lambda: self.instance.send("POST", "/oauth/v2/token", headers, form).status == 200)
        return client_id, secret
