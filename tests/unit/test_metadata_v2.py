# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""API v2: the requests of a task, sets and removals in one call, proof, pages, and what it does not tell."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from ansible_collections.community.zitadel.plugins.module_utils import _api_common
from ansible_collections.community.zitadel.plugins.module_utils._auth import AccessToken
from ansible_collections.community.zitadel.plugins.module_utils._metadata import Owner
from ansible_collections.community.zitadel.plugins.module_utils._metadata_v2 import MetadataV2
from ansible_collections.community.zitadel.plugins.modules import zitadel_org_metadata_bulk

from fake_zitadel import FakeZitadel
from unit.helpers import BIG, Runner, Site, connection_to, lists

BEFORE = {"k": "v", "l": "v", "m": "v"}
SEARCH = "POST /v2/organizations/_search"
QUESTION = "POST /auth/v1/permissions/zitadel/me/_search"
RELEASES = ("4.7.0", "4.13.1", "next")


def calls(fake: FakeZitadel) -> list[str]:
    """What was asked of the server, such as "Set"."""
    found = []
    for request in fake.requests:
        verb = request.path.rpartition("Service/")[2].removesuffix("OrganizationMetadata")
        found.append(verb if "Service/" in request.path else f"{request.method} {request.path}")
    return found


@pytest.fixture(params=RELEASES)
def server(request: pytest.FixtureRequest) -> Iterator[FakeZitadel]:
    with FakeZitadel(request.param) as fake:
        yield fake


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        pytest.param({"key": "k", "value": "v"}, ["List"], id="unchanged"),
        pytest.param({"key": "k", "value": "w"}, ["List", "Set", "List"], id="changed"),
        pytest.param({"key": "a/ü", "value": "w"}, ["List", SEARCH, "Set", "List"], id="any key, new"),
        pytest.param({"key": "k", "state": "absent"}, ["List", "Delete", "List"], id="removed"),
        pytest.param({"key": "n", "state": "absent"}, ["List", SEARCH], id="removed already"),
        pytest.param({"metadata": {"k": "w", "n": "w"}, "verify": False}, ["List", "Set"], id="unverified"),
        pytest.param({"metadata": {"k": "w"}, "check_mode": True}, ["List", QUESTION, QUESTION], id="check mode"),
        pytest.param({"metadata": {"k": "v"}, "check_mode": True}, ["List"], id="check mode, unchanged"),
        pytest.param({"metadata": {}}, [SEARCH], id="nothing"),
    ],
)
def test_the_requests_of_a_task(server: FakeZitadel, options: dict[str, Any], expected: list[str]) -> None:
    site = Site(server, BEFORE, api_version="v2")
    result = site.run(**options)
    assert calls(server) == expected
    assert (result["api_version"], result["org_id"]) == ("v2", site.org_id)
    assert (result["details"]["sequence"], result["details"]["resource_owner"]) == (None, None)
    assert not any("x-zitadel-orgid" in request.headers for request in server.requests if "/auth/" not in request.path)


def test_sets_and_removals(server: FakeZitadel) -> None:
    """In one call since v4.13.0. Before, the attempt is refused once for each connection, with nothing written."""
    site = Site(server, BEFORE, api_version="v2")
    result = site.run(metadata={"k": "w", "n": "w"}, absent_keys=["l"])
    assert lists(result) == {"added": ["n"], "updated": ["k"], "removed": ["l"]}
    assert site.metadata == {"k": b"w", "m": b"v", "n": b"w"}
    together = server.release.name != "4.7.0"
    assert calls(server) == ["List", "Set", "List"] if together else ["List", "Set", "Set", "Delete", "List"]
    server.clear_requests()
    site.run(metadata={"k": "x"}, purge=True)
    assert site.metadata == {"k": b"x"}
    assert calls(server) == ["List", "Set", "List"] if together else ["List", "Set", "Delete", "List"]


def test_many_sets_and_removals_are_tried_in_one_call_once(
    server: FakeZitadel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_api_common, "MAX_CALL_KEYS", 2)
    site = Site(server, BEFORE, api_version="v2")
    result = site.run(metadata={"a": "1", "b": "1", "c": "1"}, absent_keys=[*BEFORE])
    assert lists(result) == {"added": ["a", "b", "c"], "removed": ["k", "l", "m"]}
    assert site.metadata == {"a": b"1", "b": b"1", "c": b"1"}
    together = server.release.name != "4.7.0"
    sent = ["Set", "Set", "Set"] if together else ["Set", "Set", "Set", "Delete", "Delete"]
    assert calls(server) == ["List", *sent, "List"]
    assert [request.status for request in server.writes].count(400) == (not together)


@pytest.mark.parametrize("release", ["4.7.0", "4.13.1"])
def test_many_organizations_try_one_call_once(runner: Runner, release: str) -> None:
    with FakeZitadel(release) as fake:
        organizations = [fake.create_organization(f"o{number}", metadata=BEFORE) for number in range(12)]
        fake.clear_requests()
        entries = [{"org_id": org_id, "metadata": {"k": "w"}, "absent_keys": ["l"]} for org_id in organizations]
        options = {"url": fake.url, "token": fake.token, "api_version": "v2", "connections": 8}
        result = runner.run(zitadel_org_metadata_bulk.main, organizations=entries, **options)
        assert [lists(one) for one in result["organizations"]] == [{"updated": ["k"], "removed": ["l"]}] * 12
        statuses = [request.status for request in fake.writes]
        assert (len(statuses), statuses.count(400)) == ((25, 1) if release == "4.7.0" else (12, 0))


@pytest.mark.parametrize("value", [b"v", None], ids=["set", "removed"])
def test_a_call_is_as_large_as_it_may_be(
    fake: FakeZitadel, monkeypatch: pytest.MonkeyPatch, value: bytes | None
) -> None:
    monkeypatch.setattr(_api_common, "MAX_CALL_BYTES", 600)
    api = MetadataV2(connection_to(fake), Owner("organization", "400983458421345318", "400983458421345318"))
    sizes = []
    # The last key leads over the limit byte by byte.
    for length in range(1, 199):
        keys = ["a" * 180, "b" * 180, "z" * length]
        sizes.append([len(write.body or b"") for write in api.writes(dict.fromkeys(keys, value))])
    assert max(map(max, sizes)) == 599
    assert {len(one) for one in sizes} == {1, 2}


def test_an_error_that_repeats_a_sensitive_value_does_not_show_it(fake: FakeZitadel) -> None:
    site = Site(fake, BEFORE, api_version="v2")
    fake.respond(400, {"code": "invalid_argument", "message": "bad value s3cret-value"}, path="/Set")
    error = site.fail(key="k", value="s3cret-value", sensitive=True)
    assert "bad value ********" in error.msg
    assert "s3cret" not in repr(error.error)


def test_the_refusal_of_a_value_is_no_reason_to_send_it_again(fake: FakeZitadel) -> None:
    site = Site(fake, BEFORE, api_version="v2")
    message = "invalid Metadata.Value: value length must be between 1 and 500000 bytes, inclusive"
    fake.respond(400, {"code": "invalid_argument", "message": message}, path="/Set", times=None)
    assert message in site.fail(key="k", value="w").msg
    assert len(fake.writes) == 1


def test_another_refusal_is_no_reason_to_set_and_remove_apart(fake: FakeZitadel) -> None:
    site = Site(fake, BEFORE, api_version="v2")
    fake.respond(400, {"code": "invalid_argument", "message": "invalid Metadata.Key: no"}, path="/Set")
    assert "invalid Metadata.Key" in site.fail(metadata={"k": "w"}, absent_keys=["l"]).msg
    assert len(fake.writes) == 1


def test_a_key_that_has_just_gone_hinders_no_set(server: FakeZitadel) -> None:
    """One call skips it, and cannot tell; the others are sent again without it."""
    site = Site(server, BEFORE, api_version="v2")
    together = server.release.name != "4.7.0"
    server.before(lambda _request: server.remove(site.org_id, "l"), path="Set" if together else "Delete")
    result = site.run(metadata={"k": "w"}, absent_keys=["l", "m"])
    assert site.metadata == {"k": b"w"}
    assert (result["updated"], result["removed"]) == (["k"], ["l", "m"] if together else ["m"])


def test_whether_the_header_arrives_is_asked_once(server: FakeZitadel) -> None:
    site = Site(server, BEFORE, api_version="v2")
    for value in ("1", "2"):
        assert site.run(key="k", value=value, check_mode=True)["changed"]
    organizations = [request.organization for request in server.requests if "permissions" in request.path]
    assert organizations == ["0", site.org_id, site.org_id]
    assert not site.warnings


@pytest.mark.parametrize("roles", [("ORG_OWNER", "ORG_OWNER_VIEWER"), ("ORG_OWNER_VIEWER", "ORG_OWNER")], ids="-".join)
def test_without_the_header_the_permission_is_unknown(roles: tuple[str, str]) -> None:
    """The question is answered for the service account's own organization there, whatever it says."""
    at_home, here = roles
    with FakeZitadel(drop_headers=["x-zitadel-orgid"]) as fake:
        site = Site(fake, BEFORE)
        user = fake.create_user(at_home, fake.create_organization("home"))
        fake.grant(user, [here], site.org_id)
        site.connection = connection_to(fake, api_version="v2", login=AccessToken(user.token))
        for value in ("1", "2"):
            assert site.run(key="k", value=value, check_mode=True)["changed"]
        assert len(site.warnings) == 2
        assert "org.write" in site.warnings[0]
        assert [request.organization for request in fake.requests if "permissions" in request.path] == ["0"]
        if here == "ORG_OWNER":
            assert site.run(key="k", value="w")["updated"] == ["k"]
        else:
            assert "org.write" in site.fail(key="k", value="w").msg


def test_a_question_that_is_blocked_once_proves_no_header(fake: FakeZitadel) -> None:
    site = Site(fake, BEFORE)
    user = fake.create_user("ORG_OWNER_VIEWER", site.org_id)
    site.connection = connection_to(fake, api_version="v2", login=AccessToken(user.token))
    fake.respond(403, "<title>Forbidden</title>", path="permissions")
    assert site.run(key="k", value="w", check_mode=True)["changed"]
    assert "org.write" in site.warnings[0]


def test_a_server_that_is_gone_fails_check_mode(fake: FakeZitadel) -> None:
    site = Site(fake, BEFORE, api_version="v2", retries=0)
    fake.drop(path="permissions")
    assert "cannot be reached" in site.fail(key="k", value="w", check_mode=True).msg


def test_a_removal_that_meets_a_key_that_has_just_gone(server: FakeZitadel) -> None:
    site = Site(server, BEFORE, api_version="v2")
    server.before(lambda _request: server.remove(site.org_id, "l"), path="Delete")
    assert lists(site.run(absent_keys=["k", "l"])) == {"removed": ["k"], "unchanged": ["l"]}
    assert calls(server) == ["List", "Delete", "List", "Delete", "List"]
    assert site.metadata == {"m": b"v"}


def test_the_service_accounts_own_organization_is_found(server: FakeZitadel) -> None:
    site = Site(server, api_version="v2")
    user = server.create_user("ORG_OWNER", site.org_id)
    site.connection = connection_to(server, api_version="v2", login=AccessToken(user.token))
    server.clear_requests()
    result = site.run(org_id=None, key="k", value="v")
    assert result["org_id"] == site.org_id
    assert calls(server)[:3] == ["GET /oidc/v1/userinfo", f"GET /v2/users/{user.user_id}", "List"]
    assert site.metadata == {"k": b"v"}


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("userinfo", {}),
        ("userinfo", {"sub": 5}),
        ("userinfo", {"sub": "../../admin"}),
        ("/v2/users", {}),
        ("/v2/users", {"user": {"details": {"resourceOwner": ""}}}),
    ],
    ids=str,
)
def test_the_own_organization_is_not_guessed(fake: FakeZitadel, path: str, body: dict[str, Any]) -> None:
    site = Site(fake, api_version="v2")
    fake.respond(200, body, path=path)
    error = site.fail(org_id=None, key="k", value="v")
    assert "find the service account's own organization" in error.msg
    assert "does not have the form" in error.msg
    assert len(fake.requests) == 1 + (path != "userinfo")


@pytest.mark.parametrize("options", [{"value": "v"}, {"state": "absent"}, {"value": "v", "check_mode": True}], ids=str)
@pytest.mark.parametrize(
    ("role", "said"), [(None, "exists, but"), ("unknown", "unknown or has been removed"), ("removed", "unknown or has")]
)
def test_an_empty_list_proves_nothing(
    server: FakeZitadel, options: dict[str, Any], role: str | None, said: str
) -> None:
    site = Site(server, api_version="v2")
    org_id = "123" if role == "unknown" else site.org_id
    if role == "removed":
        server.change_state(site.org_id, "removed")
    if role is None:
        user = server.create_user("ORG_OWNER", server.create_organization("other"))
        site.connection = connection_to(server, api_version="v2", login=AccessToken(user.token))
    error = site.fail(org_id=org_id, key="k", **options)
    assert said in error.msg
    assert error.result == {"changed": False, "org_id": None}
    assert f"organization {org_id} at {server.url}" in error.msg
    assert not server.writes


@pytest.mark.parametrize(
    ("role", "said"),
    [("ORG_OWNER_VIEWER", "lacks the permission org.write"), ("unauthenticated", "token was refused")],
)
def test_refusals_have_the_words_of_v1(server: FakeZitadel, role: str, said: str) -> None:
    errors = []
    for version in ("v1", "v2"):
        site = Site(server, {"k": "v"}, api_version=version)
        token = "wrong" if role == "unauthenticated" else server.create_user(role, site.org_id).token
        site.connection = connection_to(server, api_version=version, login=AccessToken(token))
        error = site.fail(key="k", value="w")
        assert said in error.msg
        errors.append(error.msg.replace(site.org_id, "ID").partition("ZITADEL said")[0])
        assert error.error["status"] in (401, 403)
        assert error.error["code"] in (7, 16)
    assert errors[0] == errors[1]


@pytest.mark.parametrize("release", ["3.4.9", "4.3.0"])
def test_a_release_without_it(release: str) -> None:
    with FakeZitadel(release) as fake:
        error = Site(fake, api_version="v2").fail(key="k", value="v")
        assert "has no API v2 for the metadata of organizations, which ZITADEL v4.7.0 and later have" in error.msg
        assert "api_version" in error.msg
        assert "/zitadel.org.v2.OrganizationService/" in error.msg


@pytest.mark.parametrize("max_page", [1000, 30])
def test_2500_keys(max_page: int) -> None:
    """Also where an administrator has lowered the maximum."""
    values = {f"k{number:04}": str(number) for number in range(2500)}
    with FakeZitadel("4.13.1", max_page=max_page) as fake:
        site = Site(fake, api_version="v2")
        assert site.run(metadata=values)["added"] == sorted(values)
        assert site.metadata == {key: value.encode() for key, value in values.items()}
        # Each size is tried once.
        statuses = [request.status for request in fake.requests]
        assert statuses.count(400) == statuses.index(200) == {1000: 0, 30: 3}[max_page]
        fake.clear_requests()
        assert not site.run(metadata=values, purge=True)["changed"]
        assert len(fake.requests) == -(-2500 // {1000: 1000, 30: 25}[max_page])
        assert len(site.run(metadata={"k0000": "0"}, purge=True)["removed"]) == 2499
        assert site.metadata == {"k0000": b"0"}


def test_25_values_of_400_kb() -> None:
    values = {f"big{number:02}": BIG for number in range(25)}
    with FakeZitadel("next", max_body=1_048_576) as fake:
        site = Site(fake, api_version="v2")
        assert len(site.run(metadata=values)["added"]) == 25
        assert not site.run(metadata=values, purge=True)["changed"]
        assert len(site.run(metadata={"small": "1"}, purge=True)["removed"]) == 25
        assert site.metadata == {"small": b"1"}


@pytest.mark.parametrize("body", [{}, {"hello": "world"}, {"setDate": 5}], ids=str)
def test_an_answer_that_says_nothing_is_a_doubt(fake: FakeZitadel, body: dict[str, Any]) -> None:
    site = Site(fake, api_version="v2")
    fake.respond(200, body, after=True, path="/Set")
    error = site.fail(key="k", value="v")
    assert "does not have the form" in error.msg
    assert "A read shows that ZITADEL made the change." in error.msg


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"hello": "world"},
        {"pagination": {}, "metadata": [{"value": "dg=="}]},
        {"pagination": {}, "metadata": [{"key": "k", "value": "d%g=="}]},
    ],
    ids=str,
)
def test_a_list_that_is_not_of_zitadel_is_no_empty_list(fake: FakeZitadel, body: dict[str, Any]) -> None:
    site = Site(fake, BEFORE, api_version="v2")
    fake.respond(200, body, path="/List")
    assert "does not have the form" in site.fail(key="k", value="v").msg
    assert calls(fake) == ["List"]


def test_the_date_before_there_was_any_metadata_is_null(fake: FakeZitadel) -> None:
    site = Site(fake, {"k": "v"}, api_version="v2")
    fake.before(lambda _request: fake.remove(site.org_id, "k"), path="/Set")
    fake.respond(200, {"setDate": "0001-01-01T00:00:00Z"}, path="/Set")
    details = site.run(metadata={"n": "w"}, absent_keys=["k"], verify=False)["details"]
    assert details["change_date"] is None


CONNECT = {
    7: "permission_denied",
    8: "resource_exhausted",
    13: "internal",
    14: "unavailable",
    5: "not_found",
    2: "unknown",
}


@pytest.mark.parametrize(
    ("status", "code", "text"),
    [
        pytest.param(302, None, "", id="redirect"),
        pytest.param(200, None, "<title>Welcome to nginx!</title>", id="HTML"),
        pytest.param(502, None, "<title>Bad Gateway</title>", id="gateway"),
        pytest.param(413, None, "<title>too large</title>", id="413"),
        pytest.param(407, None, "<title>proxy</title>", id="407"),
        pytest.param(429, 8, "x (QUOTA-vjAy8)", id="quota"),
        pytest.param(429, 8, "slow down", id="rate limit"),
        pytest.param(503, 14, "starting", id="unavailable"),
        pytest.param(500, 13, "An internal error", id="internal"),
        pytest.param(404, 5, "unable to set instance using origin &{a  http}: Instance not found", id="wrong host"),
        pytest.param(500, 2, "ERROR: duplicate key value (SQLSTATE 23505)", id="collision"),
    ],
)
def test_the_same_answer_has_the_same_words(fake: FakeZitadel, status: int, code: int | None, text: str) -> None:
    messages = []
    for version in ("v1", "v2"):
        fake.clear_faults()
        body = {"code": CONNECT[code] if version == "v2" else code, "message": text} if code else text
        headers = {"Location": "https://login.example.com/"} if status == 302 else None
        fake.respond(status, body, headers=headers, times=None)
        site = Site(fake, org_id=fake.home_id, api_version=version, retries=0)
        error = site.fail(key="k", value="v")
        assert (error.error["status"], error.error["code"]) == (status, code)
        messages.append(error.msg)
    assert messages[0] == messages[1]
