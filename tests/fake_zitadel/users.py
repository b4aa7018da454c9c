# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Users: creating them, and one of them. The search for them has a file of its own."""

from __future__ import annotations

import base64
import json

from . import errors
from .bodies import details, event
from .calls import Call, Json, Route, check_runes
from .keys import make_key
from .metadata import Written
from .store import INSTANCE_ID, Human, Organization, User


def add_machine(call: Call) -> Json:
    user_name, name = call.message.text("userName"), call.message.text("name")
    _user, organization = call.authorize("user.write")
    check_runes("AddMachineUserRequest.UserName", user_name)
    machine = _add(call, organization, user_name, name=name)
    return {"userId": machine.user_id, "details": event(_written(call, machine), "changeDate")}


def import_human(call: Call) -> Json:
    user_name = call.message.text("userName")
    profile, email = call.message.message("profile"), call.message.message("email")
    given, family = profile.text("firstName"), profile.text("lastName")
    if call.message.has("password") or call.message.has("hashedPassword"):
        raise NotImplementedError("fake_zitadel imports no passwords")
    _user, organization = call.authorize("user.write")
    check_runes("ImportHumanUserRequest.UserName", user_name)
    human = Human(given, family, profile.text("displayName") or f"{given} {family}", email.text("email"), False)
    user = _add(call, organization, user_name, human=human)
    user.state = "initial"  # he has no password yet
    user.sequence += 1  # the code to set one with
    return {"userId": user.user_id, "details": event(_written(call, user), "creationDate")}


def _add(call: Call, organization: Organization, user_name: str, *, name: str = "", human: Human | None = None) -> User:
    with call.store.lock:
        if any(user_name == user.login_name for user in call.store.list_users()):
            raise errors.ApiError(6, "User already exists", "V3-DKcYh")
        return call.store.add_user(user_name, organization.organization_id, name=name, human=human)


def _written(call: Call, user: User) -> Written:
    return Written(user.sequence, user.creation_date, user.organization)


def add_personal_access_token(call: Call) -> Json:
    _user, organization = call.authorize("user.write")
    machine = _machine(call)
    machine.sequence += 1
    token = call.store.add_token(machine)
    written = Written(machine.sequence, call.store.clock.now(), organization.organization_id)
    return {"tokenId": call.store.new_id(), "token": token, "details": event(written, "creationDate")}


def generate_secret(call: Call) -> Json:
    _user, organization = call.authorize("user.write")
    machine = _machine(call)
    machine.sequence += 1
    secret = machine.new_secret()
    written = Written(machine.sequence, call.store.clock.now(), organization.organization_id)
    return {"clientId": machine.login_name, "clientSecret": secret, "details": event(written, "creationDate")}


def add_key(call: Call) -> Json:
    """Not recorded: the tests of real servers need it, and the collection does not."""
    _user, organization = call.authorize("user.write")
    machine = _machine(call)
    machine.sequence += 1
    key = make_key(call.store, machine)
    written = Written(machine.sequence, call.store.clock.now(), organization.organization_id)
    content = base64.b64encode(json.dumps(key).encode()).decode()
    return {"keyId": key["keyId"], "keyDetails": content, "details": event(written, "creationDate")}


def add_instance_member(call: Call) -> Json:
    """Not recorded, either."""
    caller = call.authenticate()
    call.check_permission(caller, None, "iam.member.write")
    user = call.store.users.get(call.message.text("userId"))
    if user is None or not user.exists:
        raise errors.ApiError(5, "User could not be found", "COMMAND-SXcM2")
    with call.store.lock:
        user.instance_roles |= set(call.message.texts("roles"))
    return {"details": {"resourceOwner": INSTANCE_ID}}


def _machine(call: Call) -> User:
    machine = call.store.users.get(call.parameters[0])
    if machine is None or not machine.exists:
        raise errors.ApiError(5, "User could not be found", "COMMAND-SXcM2")
    return machine


def by_id(call: Call) -> Json:
    caller = call.authenticate()
    user = call.store.users.get(call.parameters[0])
    if user is None or not user.exists:
        raise errors.ApiError(5, "User could not be found", "QUERY-Dfbg2")
    if user is not caller:  # everybody may read himself
        call.check_permission(caller, call.store.organizations[user.organization], "user.read")
    body = user_body(user)
    return {"details": body["details"], "user": body}


def user_body(user: User) -> Json:
    """A user as the API v2 shows him."""
    body: Json = {
        "userId": user.user_id,
        "details": details(user.listed_sequence, user.creation_date, user.listed_date, user.organization),
        "state": f"USER_STATE_{user.state.upper()}",
        "username": user.login_name,
        "loginNames": list(user.login_names),
        "preferredLoginName": user.login_names[0],
    }
    if user.human is None:
        return {**body, "machine": {"name": user.name}}
    profile = {
        "givenName": user.human.given_name,
        "familyName": user.human.family_name,
        "nickName": "",
        "displayName": user.human.display_name,
        "preferredLanguage": "und",
        "gender": "GENDER_UNSPECIFIED",
    }
    email: Json = {"email": user.human.email}
    if user.human.is_email_verified:
        email["isVerified"] = True
    return {**body, "human": {"profile": profile, "email": email, "phone": {}}}


def healthz(_call: Call) -> Json:
    return {}


ROUTES = [
    Route("POST", "/management/v1/users/machine", add_machine),
    Route("POST", "/management/v1/users/human/_import", import_human),
    Route("POST", "/management/v1/users/{}/pats", add_personal_access_token),
    Route("PUT", "/management/v1/users/{}/secret", generate_secret),
    Route("POST", "/management/v1/users/{}/keys", add_key),
    Route("POST", "/admin/v1/members", add_instance_member),
    Route("GET", "/management/v1/healthz", healthz),
    Route("GET", "/v2/users/{}", by_id),
]
