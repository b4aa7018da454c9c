# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every refusal of a server, and what a user reads of it: what happened, where, and what to do."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from integration.harness import Ansible, Run, task
from integration.server import Zitadel

SET = {"key": "tier", "value": "gold"}
SEARCH: dict[str, Any] = {"path": "_search$"}
WRITE: dict[str, Any] = {"method": "POST", "path": "metadata/tier$"}
# The same calls of API v2, and what Connect calls the codes of its errors.
IN_V2 = {"_search$": "/ListOrganizationMetadata$", "metadata/tier$": "/SetOrganizationMetadata$"}
CONNECT = {
    2: "unknown",
    3: "invalid_argument",
    5: "not_found",
    8: "resource_exhausted",
    13: "internal",
    14: "unavailable",
}

# What a case does to the fake before the run; it returns more options of the task.
Arrange = Callable[[Zitadel, str], "dict[str, Any] | None"]


@dataclass(frozen=True)
class Case:
    arrange: Arrange
    says: list[str]
    status: int | None = None
    code: int | None = None
    id: str | None = None
    options: dict[str, Any] = field(default_factory=lambda: SET)
    module: str = "zitadel_org_metadata"


def _answers(
    status: int, body: Any, headers: dict[str, str] | None = None, *, path: str, in_v2: Any = None, **match: Any
) -> Arrange:
    def arrange(fake: Zitadel, organization: str) -> None:
        match.update(headers=headers, organization=organization, times=None)
        fake.respond(status, body, path=path, **match)
        fake.respond(status, in_v2 or body, path=IN_V2[path], **match)

    return arrange


def _error(status: int, code: int, message: str, **match: Any) -> Arrange:
    in_v2 = {"code": CONNECT[code], "message": message}
    return _answers(status, {"code": code, "message": message}, in_v2=in_v2, **match)


def _expired(fake: Zitadel, organization: str) -> dict[str, Any]:
    user = fake.create_user("ORG_OWNER", organization)
    fake.expire_token(user.token)
    return {"token": user.token}


def _user(role: str | None, *, here: bool = True) -> Arrange:
    def arrange(fake: Zitadel, organization: str) -> dict[str, Any]:
        user = fake.create_user(role if here else None, organization if here else None)
        return {"token": user.token}

    return arrange


def _nothing(fake: Zitadel, organization: str) -> None:
    pass


def _late(fake: Zitadel, organization: str) -> dict[str, Any]:
    fake.delay(organization=organization, times=None)
    return {"timeout": 0.3}


def _removed(fake: Zitadel, organization: str) -> None:
    fake.change_state(organization, "removed")


INFO = "zitadel_org_metadata_info"
TOO_LARGE = "grpc: received message larger than max (4200000 vs. 4194304)"
HTML = "<html><head><title>Welcome to nginx!</title></head><body>secret page</body></html>"

CASES: dict[str, Case] = {
    # Who asks
    "wrong token": Case(
        lambda fake, organization: {"token": "wrong-token"},
        ["access token was refused", "expired", "authentication options"],
        *(401, 16, "AUTH-7fs1e"),
    ),
    "expired token": Case(_expired, ["access token was refused", "expired"], 401, 16, "AUTH-7fs1e"),
    "no role": Case(
        _user(None, here=False), ["no role in organization {org}", "ORG_OWNER_VIEWER"], 404, 5, "AUTHZ-cdgFk"
    ),
    "no role, removal": Case(
        _user(None, here=False),
        ["no role in organization {org}"],
        *(404, 5, "AUTHZ-cdgFk"),
        {"key": "tier", "state": "absent"},
    ),
    "no role, read": Case(
        _user(None, here=False), ["no role in organization {org}"], 404, 5, "AUTHZ-cdgFk", {"key": "x"}, INFO
    ),
    "may not read": Case(
        _user("ORG_USER_MANAGER"),
        ["lacks the permission org.read in organization {org}", "VIEWER"],
        *(403, 7, "AUTH-5mWD2"),
    ),
    "may not write": Case(
        _user("ORG_OWNER_VIEWER"),
        ["Cannot set the key 'tier'", "lacks the permission org.write in organization {org}", "ORG_OWNER"],
        *(403, 7, "AUTH-5mWD2"),
    ),
    "may not remove": Case(
        _user("ORG_OWNER_VIEWER"),
        ["Cannot remove the key 'seats'", "lacks the permission org.write in organization {org}"],
        *(403, 7, "AUTH-5mWD2"),
        {"key": "seats", "state": "absent"},
    ),
    # Where
    "unknown organization": Case(
        lambda fake, organization: {"org_id": "12345"},
        ["no organization 12345 at {url}", "org_name", "org_domain"],
        *(403, 7, "AUTH-Bs7Ds"),
    ),
    "removed organization": Case(_removed, ["organization {org} at {url}", "removed"]),
    "organization removed before the write": Case(
        lambda fake, organization: fake.before(
            lambda request: _removed(fake, organization), organization=organization, path="tier$|/SetOrg"
        ),
        ["Cannot set the key 'tier'", "organization {org} has been removed"],
        *(400, 9, "COMMAND-QXPGs"),
    ),
    "unknown host name": Case(
        lambda fake, organization: {"instance_host": "other.example.com"},
        ["No ZITADEL instance answers under the host name", "url", "instance_host"],
        *(404, 5, None),
    ),
    "url with another path": Case(
        lambda fake, organization: {"url": f"{fake.url}/ui/console"},
        ["{url}/ui/console does not know this call", "root of a ZITADEL instance"],
        *(404, 5, None),
    ),
    # What
    "message too large": Case(
        _error(429, 8, TOO_LARGE, **WRITE),
        ["Cannot set the key 'tier'", "larger than the server allows", "4194304"],
        *(429, 8, None),
    ),
    "answer too large in every size": Case(
        _error(429, 8, TOO_LARGE, **SEARCH), ["Cannot read the metadata", "larger than"], 429, 8, None
    ),
    "413 of a proxy": Case(
        _answers(413, HTML, **WRITE),
        ["A reverse proxy", "size (HTTP 413)", "client_max_body_size"],
        *(413, None, None),
    ),
    "value refused": Case(
        _error(
            500,
            2,
            "rpc error: code = InvalidArgument desc = invalid SetOrgMetadataRequest.Value: value length must be ()",
            **WRITE,
        ),
        ["Cannot set the key 'tier'", "refuses the values in the request", "SetOrgMetadataRequest.Value"],
        *(500, 2, None),
    ),
    "value refused by 3.4.9": Case(
        _error(400, 3, "invalid SetOrgMetadataRequest.Value: value length must be", **WRITE),
        ["refuses the values in the request (HTTP 400)"],
        *(400, 3, None),
    ),
    # How often
    "quota": Case(
        _error(429, 8, "Quota exhausted (QUOTA-vjAy8)", **SEARCH),
        ["{url} is blocked or has used up its quota", "does not help"],
        *(429, 8, "QUOTA-vjAy8"),
    ),
    "blocked": Case(
        _error(429, 8, "Instance is blocked (LIMITS-molsj)", **SEARCH),
        ["blocked", "does not help"],
        *(429, 8, "LIMITS-molsj"),
    ),
    "rate limit": Case(
        _answers(429, "Too Many Requests", **SEARCH),
        ["is rate limited at {url}", "HTTP 429", "'Too Many Requests'"],
        429,
        None,
        None,
    ),
    "rate limit as JSON": Case(_error(429, 8, "slow down", **SEARCH), ["is rate limited", "slow down"], 429, 8, None),
    # In front
    "redirect": Case(
        _answers(302, b"", {"Location": "https://login.example.com/sign-in?next=x"}, **SEARCH),
        ["{url} redirects to https://login.example.com/sign-in,", "not followed", "headers"],
        *(302, None, None),
    ),
    "redirect of a write": Case(
        _answers(307, b"", {"Location": "https://other.example.com/"}, **WRITE),
        ["redirects to https://other.example.com/"],
        *(307, None, None),
    ),
    "HTML": Case(_answers(200, HTML, **SEARCH), ["'Welcome to nginx!'", "not JSON", "url is wrong"], 200),
    "HTML 502": Case(_answers(502, HTML, **SEARCH), ["{url}", "HTTP 502", "'Welcome to nginx!'"], 502),
    "HTML 404": Case(
        _answers(404, HTML, **SEARCH), ["HTTP 404", "not JSON"], 404, options={**SET, "api_version": "v1"}
    ),
    "nothing": Case(_answers(204, b"", **SEARCH), ["HTTP 204", "not JSON"], 204),
    "other JSON": Case(_answers(200, {"hello": "world"}, **SEARCH), ["does not have the form", "url"]),
    "list of JSON": Case(_answers(200, [1, 2], **SEARCH), ["not JSON", "url is wrong"], 200),
    "other JSON to a write": Case(
        _answers(200, {"ok": True}, **WRITE),
        ["does not have the form", "a read does not show it, but it can still happen"],
    ),
    # Inside
    "not available": Case(
        _error(503, 14, "starting", **SEARCH), ["{url} is not available (HTTP 503)", "starting"], 503, 14, None
    ),
    "internal": Case(_error(500, 13, "oh dear", **SEARCH), ["HTTP 500, code 13", "oh dear"], 500, 13, None),
    "a 404 that does not mean absent": Case(
        _error(404, 5, "gone astray (QUERY-other)", **SEARCH), ["gone astray"], 404, 5, "QUERY-other"
    ),
    "write collision": Case(
        lambda fake, organization: fake.collide(organization=organization, times=None),
        ["Cannot set the key 'tier'", "SQLSTATE 23505"],
        *(500, 2, None),
    ),
    "dropped": Case(
        lambda fake, organization: fake.drop("before", organization=organization, times=None),
        ["{url} cannot be reached", "in one try", "Check url"],
    ),
    "cut off": Case(
        lambda fake, organization: fake.drop("middle", organization=organization, times=None),
        ["{url} cannot be reached", "in one try"],
    ),
    "time-out": Case(
        _late,
        ["{url} did not answer within 0.3 seconds (option timeout), in one try"],
    ),
    "look-up refused": Case(
        lambda fake, organization: {"org_id": None, "org_name": "nobody", "token": "wrong-token"},
        ["Cannot search organizations at {url}", "access token was refused"],
        *(401, 16, "AUTH-7fs1e"),
    ),
    "no list for a stranger": Case(
        lambda fake, organization: {"org_id": None, "token": "wrong-token"},
        ["Cannot search organizations at {url}", "access token was refused"],
        *(401, 16, "AUTH-7fs1e"),
        {"name": "x"},
        "zitadel_org_info",
    ),
}


HIDDEN = (["It exists, but the service account has no role there, or lacks the permission org.read", "{org}"],)
# What API v2 cannot tell, or tells in another way.
V2_CASES = {
    **CASES,
    **{
        name: replace(CASES[name], says=says, status=None, code=None, id=None)
        for name, says in {
            **dict.fromkeys(("no role", "no role, removal", "no role, read", "may not read"), *HIDDEN),
            "unknown organization": ["organization 12345 at {url}", "unknown or has been removed", "org_name"],
            "removed organization": ["organization {org} at {url}", "unknown or has been removed"],
        }.items()
    },
    **{name: replace(CASES[name], id="AUTH-AWfge") for name in ("may not write", "may not remove")},
    "url with another path": replace(
        CASES["url with another path"],
        says=["has no API v2", "v4.7.0", "root of the instance", "leave the path /ui/console out"],
    ),
    "HTML 404": replace(
        CASES["HTML 404"], says=["has no API v2", "HTTP 404", "'Welcome to nginx!'", "reverse proxy"], options=SET
    ),
}


@dataclass(frozen=True)
class Cases:
    run: Run
    cases: dict[str, Case]
    organizations: dict[str, str]
    url: str


def _run(ansible: Ansible, fake: Zitadel, names: Iterable[str], api: str = "auto", **defaults: Any) -> Cases:
    """Run the cases, each with an organization and faults of its own."""
    organizations = {name: fake.create_organization(name, metadata={"seats": "5"}) for name in names}
    tasks = []
    cases = V2_CASES if api == "v2" else CASES
    for name, organization in organizations.items():
        case = cases[name]
        options = {"org_id": organization, **case.options, **(case.arrange(fake, organization) or {})}
        options = {option: value for option, value in options.items() if value is not None}
        tasks.append(task(name, options, case.module))
    return Cases(ansible.run(fake, tasks, defaults={"api_version": api, **defaults}), cases, organizations, fake.url)


@pytest.fixture(scope="module", params=[("4.13.1", "auto"), ("4.13.1", "v2")], ids="-".join)
def cases(ansible: Ansible, request: pytest.FixtureRequest) -> Iterator[Cases]:
    release, api = request.param
    with Zitadel(release) as fake:
        yield _run(ansible, fake, CASES, api, retries=0)


@pytest.mark.parametrize("name", CASES)
def test_what_a_user_reads(cases: Cases, name: str) -> None:
    case, result = cases.cases[name], cases.run[name]
    assert result.failed
    says = [part.format(url=cases.url, org=cases.organizations[name]) for part in case.says]
    assert [part for part in says if part not in result["msg"]] == [], result["msg"]
    assert result["changed"] is False
    error = result["error"]
    assert error.keys() == {"status", "code", "id", "message"}
    assert (error["status"], error["code"], error["id"]) == (case.status, case.code, case.id)
    # Nothing of Python shows, nor pages that could hold anything.
    assert [word for word in ("Traceback", "Error(", "object at 0x", "secret page") if word in result["msg"]] == []


def test_there_is_no_traceback(cases: Cases) -> None:
    assert "Traceback" not in cases.run.output
    assert "defect" not in cases.run.output


def test_what_would_not_help_is_not_repeated(ansible: Ansible) -> None:
    names = ["redirect", "HTML", "quota", "wrong token", "internal", "message too large", "413 of a proxy"]
    with Zitadel() as fake:
        run = _run(ansible, fake, names).run
        assert all(run[name].failed for name in names)
        calls = {name: run.calls(name) for name in names}
        assert {name: len(set(sent)) for name, sent in calls.items()} == {
            name: len(sent) for name, sent in calls.items()
        }
