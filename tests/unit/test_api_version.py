# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""api_version auto: v1, unless one of a few answers shows that it does not work here, and v2 does."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any

import pytest
from ansible_collections.community.zitadel.plugins.module_utils._api_version import open_and_read
from ansible_collections.community.zitadel.plugins.module_utils._metadata import Owner, Selection
from ansible_collections.community.zitadel.plugins.module_utils._workers import Workers
from ansible_collections.community.zitadel.plugins.modules import zitadel_org_metadata_bulk, zitadel_org_metadata_info

from fake_zitadel import FakeZitadel
from unit.helpers import Runner, Site, connection_to, lists

READS = "/management/v1/(metadata/_search|orgs/me)"
V2 = "zitadel.org.v2"
SET: dict[str, Any] = {"key": "k", "value": "w"}

# Answers to a read by v1, and whether v2 takes over.
ANSWERS: dict[str, tuple[int, Any, bool]] = {
    "unknown route": (404, {"code": 5, "message": "Not Found"}, True),
    "unknown route with details": (404, {"code": 5, "message": "Not Found", "details": [{"id": "X-1"}]}, False),
    "another 404": (404, {"code": 5, "message": "Not found"}, False),
    "404, wrong host": (404, {"code": 5, "message": "unable to set instance using origin x"}, False),
    "404, no role": (404, {"code": 5, "message": "membership not found (AUTHZ-cdgFk)"}, False),
    "403 HTML": (403, "<title>Forbidden</title>", True),
    "404 HTML": (404, "<title>Not here</title>", True),
    "405 text": (405, "no such method", True),
    "403 empty": (403, "", True),
    "403 JSON without a code": (403, {"error": "forbidden"}, True),
    "403 JSON with a word for a code": (403, {"code": "forbidden", "message": "no"}, True),
    "403 JSON that is a list": (403, [1], True),
    "403 of ZITADEL": (403, {"code": 7, "message": "No matching permissions found (AUTH-5mWD2)"}, False),
    "403, unknown organization": (403, {"code": 7, "message": "Organisation doesn't exist (AUTH-Bs7Ds)"}, False),
    "401 HTML": (401, "<title>Log in</title>", False),
    "400 HTML": (400, "<title>Bad</title>", False),
    "429 HTML": (429, "<title>Slow down</title>", False),
    "500 HTML": (500, "<title>Broken</title>", False),
    "503 HTML": (503, "<title>Later</title>", False),
    "200 HTML": (200, "<title>Welcome</title>", False),
    "302": (302, "", False),
}


def went_by_v2(fake: FakeZitadel) -> bool:
    return any(V2 in request.path for request in fake.requests)


@pytest.mark.parametrize("name", ANSWERS)
@pytest.mark.parametrize("release", ["3.4.9", "4.3.0", "4.13.1"])
def test_what_v2_takes_over_for(name: str, release: str) -> None:
    status, body, takes_over = ANSWERS[name]
    with FakeZitadel(release) as fake:
        site = Site(fake, {"k": "v"}, retries=0)
        headers = {"Location": "https://login.example.com/"} if status == 302 else None
        fake.respond(status, body, headers=headers, times=None, path="/management/v1/")
        if takes_over and release == "4.13.1":
            assert site.run(**SET)["api_version"] == "v2"
            assert site.metadata == {"k": b"w"}
            (warning,) = site.warnings
            assert f"cannot be reached (HTTP {status})" in warning
            assert "api_version" in warning
            assert site.org_id not in warning
        else:
            error = site.fail(**SET)
            assert error.error["status"] == status
            assert went_by_v2(fake) is takes_over
            assert not site.warnings
            assert site.metadata == {"k": b"v"}


# Answers by v2 after v1 was blocked: whose error the task ends with, and whether v2 is used from then on.
V2_ANSWERS: dict[str, tuple[int, Any, str, bool]] = {
    "redirect": (302, "", "v1", False),
    "200 HTML": (200, "<title>Welcome</title>", "v1", False),
    "200 JSON of another service": (200, {"status": "up"}, "v1", False),
    "401 HTML": (401, "<title>Log in</title>", "v1", False),
    "404 text": (404, "404 page not found", "v1", False),
    "403 JSON without a code": (403, {"error": "forbidden"}, "v1", False),
    "unknown route": (404, {"code": 5, "message": "Not Found"}, "v1", False),
    "503 HTML": (503, "<title>Later</title>", "v2", False),
    "dropped": (0, "", "v2", False),
    "401": (401, {"code": "unauthenticated", "message": "Errors.Token.Invalid (AUTH-7fs1e)"}, "v2", True),
    "quota": (429, {"code": "resource_exhausted", "message": "Quota exhausted (QUOTA-vjAy8)"}, "v2", True),
}


@pytest.mark.parametrize("name", V2_ANSWERS)
def test_whether_v2_is_there(fake: FakeZitadel, name: str) -> None:
    status, body, whose, decided = V2_ANSWERS[name]
    site = Site(fake, {"k": "v"}, retries=0)
    fake.respond(403, "<title>Blocked</title>", times=None, path="/management/v1/")
    if status:
        headers = {"Location": "https://login.example.com/"} if status == 302 else None
        fake.respond(status, body, headers=headers, path=V2)
    else:
        fake.drop(path=V2)
    error = site.fail(**SET)
    assert error.error["status"] == (403 if whose == "v1" else status or None)
    assert len(site.warnings) == decided
    fake.clear_requests()
    assert site.run(**SET)["api_version"] == "v2"
    assert len(site.warnings) == 1
    assert fake.requests[0].path.startswith("/zitadel" if decided else "/management")


@pytest.mark.parametrize("metadata", [{}, {"k": "v"}], ids=["empty", "with an entry"])
@pytest.mark.parametrize("home", [{}, {"k": "home"}], ids=["own empty", "own with an entry"])
@pytest.mark.parametrize("how", [{"drop_headers": ["x-zitadel-orgid"]}, {"ignore_organization": "^/management/v1/"}])
@pytest.mark.parametrize("release", ["3.4.9", "4.13.1"])
def test_a_header_that_does_not_arrive(
    release: str, how: Mapping[str, Any], home: dict[str, str], metadata: dict[str, str]
) -> None:
    with FakeZitadel(release, **how) as fake:
        site = Site(fake, metadata)
        if home:
            fake.set_many(fake.home_id, home)
        if release == "4.13.1":
            result = site.run(**SET)
            assert (result["api_version"], result["org_id"]) == ("v2", site.org_id)
            assert site.metadata == {"k": b"w"}
            assert "x-zitadel-orgid is dropped" in site.warnings[0]
        else:
            error = site.fail(**SET)
            assert f"came from organization {fake.home_id} instead of {site.org_id}" in error.msg
            assert not fake.writes
        assert fake.metadata(fake.home_id) == {key: value.encode() for key, value in home.items()}


def test_a_loop_whose_first_item_is_the_own_organization(runner: Runner) -> None:
    """That item cannot show that the header is dropped; a later one does, and the decision then holds."""
    with FakeZitadel(drop_headers=["x-zitadel-orgid"]) as fake:
        own, first, second = Site(fake, org_id=fake.home_id), Site(fake), Site(fake)
        first.connection = second.connection = own.connection
        assert own.run(**SET)["api_version"] == "v1"
        assert not own.warnings
        assert first.run(**SET)["api_version"] == "v2"
        assert len(first.warnings) == 1
        fake.clear_requests()
        assert second.run(**SET)["api_version"] == "v2"
        assert not second.warnings
        assert not any("/management/" in request.path for request in fake.requests)


def test_never_after_a_write(fake: FakeZitadel) -> None:
    site = Site(fake, {"k": "v"})
    fake.after(lambda _request: fake.respond(404, "<p>", times=None, path=READS), path="/k$")
    error = site.fail(**SET)
    assert error.error["status"] == 404
    assert lists(dict(error.result)) == {"updated": ["k"]}
    assert not went_by_v2(fake)


@pytest.mark.parametrize("connections", [1, 8])
def test_many_organizations_decide_once(runner: Runner, fake: FakeZitadel, connections: int) -> None:
    organizations = [fake.create_organization(f"o{number}") for number in range(20)]
    fake.respond(403, "<p>", times=None, path="/management/v1/")
    entries = [{"org_id": org_id, "metadata": {"k": org_id}} for org_id in organizations]
    result = runner.run(zitadel_org_metadata_bulk.main, organizations=entries, connections=connections)
    assert {one["api_version"] for one in result["organizations"]} == {"v2"}
    assert [fake.metadata(org_id) for org_id in organizations] == [{"k": org_id.encode()} for org_id in organizations]
    assert len(result["warnings"]) == 1
    # What was on its way already finds out for itself, and no more.
    refused = [request for request in fake.requests if "/management/" in request.path]
    assert len(refused) <= connections


def is_free(lock: Any) -> bool:
    if lock.acquire(blocking=False):
        lock.release()
        return True
    return False


def test_threads_that_find_out_at_the_same_time_warn_once(fake: FakeZitadel) -> None:
    organizations = [fake.create_organization(f"o{number}") for number in range(8)]
    together = threading.Barrier(8)
    fake.before(lambda _request: together.wait(30), times=8, path="/management/v1/")
    fake.respond(403, "<p>", times=None, path="/management/v1/")
    connection = connection_to(fake)
    # Asked in a thread of the server: while one thread decides, no other does.
    free: list[bool] = []
    fake.before(lambda _request: free.append(is_free(connection.instance.lock)), times=None, path=V2)
    warnings: list[str] = []
    with Workers(connection, 8) as workers:
        warn = workers.in_caller(warnings.append)

        def read(org_id: str) -> str:
            owner = Owner("organization", org_id, org_id)
            return open_and_read(connection, owner, Selection(), warn=warn)[0].version

        assert workers.map(read, organizations) == ["v2"] * 8
    assert len(warnings) == 1
    assert free == [False] * 8
    connection.close()


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_a_version_that_is_asked_for_is_the_only_one(fake: FakeZitadel, version: str) -> None:
    site = Site(fake, {"k": "v"}, api_version=version)
    path = "/management/" if version == "v1" else "Service/"
    fake.respond(404, {"code": 5, "message": "Not Found"}, times=None, path=path)
    assert site.fail(**SET).error["status"] == 404
    assert len(fake.requests) == 1


@pytest.mark.parametrize("source", ["option", "variable"])
def test_the_option_and_its_variable(
    runner: Runner, fake: FakeZitadel, monkeypatch: pytest.MonkeyPatch, source: str
) -> None:
    given = {"api_version": "v2"} if source == "option" else {}
    monkeypatch.setenv("ZITADEL_API_VERSION", "v1" if given else "v2")
    org_id = fake.create_organization("acme", metadata={"k": "v", "bytes": b"\xff"})
    result = runner.run(zitadel_org_metadata_info.main, org_id=org_id, **given)
    assert (result["api_version"], result["org_id"]) == ("v2", org_id)
    assert result["metadata"] == {"k": "v"}
    assert result["metadata_b64"] == {"bytes": "/w=="}
    assert went_by_v2(fake)


def test_a_version_that_is_none(runner: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZITADEL_API_VERSION", "v3")
    message = runner.run(org_id="1", **SET)["msg"]
    assert "auto, v1, v2" in message
    assert "ZITADEL_API_VERSION" in message
