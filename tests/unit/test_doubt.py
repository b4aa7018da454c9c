# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""After a failure the result says what was written, or the message says that it is not known."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from typing import Any

import pytest
import requests.adapters
from ansible_collections.community.zitadel.plugins.modules import zitadel_org_metadata_bulk

from fake_zitadel import FakeZitadel
from unit.helpers import BIG, Runner

SECRET = "value-5ecret"
BEFORE = {"k": "1", "l": "1", "a/k": "1"}
SETS = [
    pytest.param({"key": "n", "value": "v"}, {"added": ["n"]}, id="one"),
    pytest.param({"metadata": {"n": "v", "k": "2"}}, {"added": ["n"], "updated": ["k"]}, id="several"),
]
REMOVALS = [
    pytest.param({"key": "k", "state": "absent"}, {"removed": ["k"]}, id="removal"),
    pytest.param({"key": "a/k", "state": "absent"}, {"removed": ["a/k"]}, id="removal in the body"),
    pytest.param({"absent_keys": ["k", "l"]}, {"removed": ["k", "l"]}, id="removals"),
]
WRITES = r"/metadata/(?!_search)|/(Set|Delete)Org"
READS = "_search$|/List"
TOKEN = "/oauth/v2/token$"


@pytest.fixture(params=["v1", "v2"], autouse=True)
def api(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("ZITADEL_API_VERSION", request.param)
    return str(request.param)


@pytest.fixture
def acme(fake: FakeZitadel) -> str:
    return fake.create_organization("acme", metadata=BEFORE)


def written(result: dict[str, Any]) -> dict[str, list[str]]:
    """What a result says was written."""
    return {name: result[name] for name in ("added", "updated", "removed") if result.get(name)}


def assert_told(result: dict[str, Any], what: dict[str, list[str]]) -> None:
    """Either the result says exactly what was written, or the message that it is not known."""
    assert result["failed"] is True
    if written(result):
        assert (result["changed"], written(result)) == (True, what)
    else:
        assert "not known" in result["msg"]


def assert_no_doubt(result: dict[str, Any]) -> None:
    assert (result["failed"], result["changed"], written(result)) == (True, False, {})
    for words in ("not known", "all the same", "still happen"):
        assert words not in result["msg"]


def client_credentials(fake: FakeZitadel) -> dict[str, Any]:
    client_id, client_secret = fake.create_secret(fake.create_user("IAM_OWNER"))
    return {"token": None, "client_id": client_id, "client_secret": client_secret}


def key(fake: FakeZitadel) -> dict[str, Any]:
    return {"token": None, "key_json": fake.create_key(fake.create_user("IAM_OWNER"))}


@pytest.mark.parametrize(("options", "what"), REMOVALS)
@pytest.mark.parametrize("refused", ["403", "dropped"])
def test_a_removal_that_is_found_done_where_no_read_can_tell(
    runner: Runner, fake: FakeZitadel, acme: str, options: dict[str, Any], what: dict[str, list[str]], refused: str
) -> None:
    def refuse(_request: object) -> None:
        if refused == "dropped":
            fake.drop(path=READS, times=None)
        else:
            fake.fail(int(refused), 7, "no", path=READS, times=None)

    fake.after(refuse, path=WRITES)
    fake.drop("after", path=WRITES)
    result = runner.run(org_id=acme, **options)
    assert fake.metadata(acme).keys() == BEFORE.keys() - set(what["removed"])
    assert_told(result, what)


@pytest.mark.parametrize(("options", "what"), [*SETS, *REMOVALS])
@pytest.mark.parametrize("login", [client_credentials, key])
def test_a_write_whose_repetition_needs_a_login_that_is_refused(
    runner: Runner,
    fake: FakeZitadel,
    acme: str,
    options: dict[str, Any],
    what: dict[str, list[str]],
    login: Callable[[FakeZitadel], dict[str, Any]],
) -> None:
    def revoke(_request: object) -> None:
        fake.expire_issued_tokens()
        fake.respond(400, {"error": "invalid_client", "error_description": "no"}, path=TOKEN, times=None)

    fake.after(revoke, path=WRITES)
    fake.drop("after", path=WRITES)
    result = runner.run(org_id=acme, **login(fake), **options)
    assert [request.status for request in fake.writes] == [None, 401]
    assert fake.metadata(acme) != {name: value.encode() for name, value in BEFORE.items()}
    assert_told(result, what)


@pytest.mark.parametrize(("options", "what"), [*SETS, *REMOVALS])
def test_a_write_whose_repetition_is_refused_after_another_login(
    runner: Runner, fake: FakeZitadel, acme: str, options: dict[str, Any], what: dict[str, list[str]]
) -> None:
    def revoke(_request: object) -> None:
        fake.expire_issued_tokens()
        fake.after(lambda _request: fake.fail(403, 7, "no", path=WRITES, times=None), path=TOKEN)

    fake.after(revoke, path=WRITES)
    fake.drop("after", path=WRITES)
    result = runner.run(org_id=acme, **client_credentials(fake), **options)
    assert [request.status for request in fake.writes] == [None, 401, 403]
    assert_told(result, what)


@pytest.mark.parametrize("options", [{"key": "n", "value": "v"}, {"absent_keys": ["k", "l"]}], ids=["set", "removals"])
@pytest.mark.parametrize("fault", ["dropped", "504", "HTML"])
def test_a_write_that_was_answered_401_was_not_done(
    runner: Runner, fake: FakeZitadel, acme: str, options: dict[str, Any], fault: str
) -> None:
    def revoke(_request: object) -> None:
        fake.expire_issued_tokens()
        if fault == "dropped":
            fake.drop("after", path=TOKEN, times=None)
        else:
            body = "<p>" if fault == "HTML" else {"error": "server_error"}
            fake.respond(200 if fault == "HTML" else int(fault), body, path=TOKEN, times=None)

    fake.before(revoke, path=WRITES)
    assert_no_doubt(runner.run(org_id=acme, **client_credentials(fake), **options))
    assert [request.status for request in fake.writes] == [401]
    # Nothing is open, so nobody looks.
    paths = [request.path for request in fake.requests]
    assert set(paths[paths.index(fake.writes[0].path) + 1 :]) == {"/oauth/v2/token"}


# Errors that nobody expected


def fail_at(monkeypatch: pytest.MonkeyPatch, when: str, chosen: Callable[[Any], bool]) -> None:
    """Raise what nobody expects before or after the chosen requests are sent."""
    send = requests.adapters.HTTPAdapter.send

    def failing(adapter: Any, request: Any, *arguments: Any, **more: Any) -> Any:
        if when == "before" and chosen(request):
            raise RuntimeError(SECRET)
        response = send(adapter, request, *arguments, **more)
        if when == "after" and chosen(request):
            raise RuntimeError(SECRET)
        return response

    monkeypatch.setattr(requests.adapters.HTTPAdapter, "send", failing)


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_defect_after_a_write(
    runner: Runner, fake: FakeZitadel, acme: str, monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    fail_at(monkeypatch, when, lambda request: bool(fake.writes) and bool(re.search(READS, request.url)))
    result = runner.run(org_id=acme, metadata={"n": "v", "k": "2"})
    assert (result["failed"], result["changed"], result["org_id"]) == (True, True, acme)
    assert written(result) == {"added": ["n"], "updated": ["k"]}
    assert "defect" in result["msg"]
    runner.assert_hidden(SECRET)


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_defect_between_two_writes(runner: Runner, monkeypatch: pytest.MonkeyPatch, when: str) -> None:
    fail_at(monkeypatch, when, lambda request: request.method == "DELETE" or "/Delete" in request.url)
    # Later ones set and remove in one call of API v2.
    with FakeZitadel("4.7.0") as fake:
        acme = fake.create_organization("acme", metadata=BEFORE)
        result = runner.run(url=fake.url, token=fake.token, org_id=acme, key="n", value="v", absent_keys=["k"])
    assert (result["failed"], result["changed"], result["org_id"]) == (True, True, acme)
    assert written(result).pop("added") == ["n"]
    # The removal may have arrived.
    assert "k" in result.get("removed", []) or re.search("not known|still happen", result["msg"])


@pytest.mark.parametrize(("options", "what"), [*SETS, *REMOVALS])
def test_a_defect_when_a_write_is_answered(
    runner: Runner,
    fake: FakeZitadel,
    acme: str,
    monkeypatch: pytest.MonkeyPatch,
    options: dict[str, Any],
    what: dict[str, list[str]],
) -> None:
    fail_at(monkeypatch, "after", lambda _request: bool(fake.writes))
    assert_told(runner.run(org_id=acme, **options), what)


def test_a_defect_in_one_of_many_organizations(
    runner: Runner, fake: FakeZitadel, acme: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    beta = fake.create_organization("beta")
    first_written = threading.Event()
    fake.after(lambda _request: first_written.set(), path=WRITES, organization=acme)

    def writes_the_second(request: Any) -> bool:
        # Organizations can be written at the same time.
        of_beta = beta in (request.headers.get("x-zitadel-orgid") or str(request.body))
        return fake.metadata(beta) != {} and of_beta and first_written.wait(30)

    fail_at(monkeypatch, "after", writes_the_second)
    entries = [{"org_id": org_id, "metadata": {"n": "v"}} for org_id in (acme, beta)]
    result = runner.run(zitadel_org_metadata_bulk.main, organizations=entries)
    assert (result["failed"], result["changed"]) == (True, True)
    first, second = result["organizations"]
    assert (first["org_id"], first["changed"], first["added"]) == (acme, True, ["n"])
    assert "Entry 2" in result["msg"]
    assert second.get("added") == ["n"] or "not known" in result["msg"]


# Bulk calls do all or nothing


def test_a_key_that_somebody_else_has_set_does_not_prove_a_bulk_set(
    runner: Runner, fake: FakeZitadel, acme: str
) -> None:
    fake.before(lambda _request: fake.set(acme, "n", "v"), path=WRITES)
    fake.fail(500, 13, "internal", path=WRITES)
    result = runner.run(org_id=acme, metadata={"n": "v", "k": "2"})
    assert "not known" in result["msg"]
    assert written(result) == {}


def test_a_key_that_somebody_else_has_set_after_a_bulk_set_leaves_it_open(
    runner: Runner, fake: FakeZitadel, acme: str
) -> None:
    fake.after(lambda _request: fake.set(acme, "n", "theirs"), path=WRITES)
    fake.fail(500, 13, "internal", after=True, path=WRITES)
    result = runner.run(org_id=acme, metadata={"n": "v", "k": "2"})
    assert "not known" in result["msg"]
    assert written(result) == {}


def test_a_key_that_somebody_else_has_removed_does_not_prove_a_bulk_removal(
    runner: Runner, fake: FakeZitadel, acme: str
) -> None:
    fake.before(lambda _request: fake.remove(acme, "k"), path=WRITES)
    fake.fail(500, 13, "internal", path=WRITES)
    result = runner.run(org_id=acme, absent_keys=["k", "l"])
    assert "not known" in result["msg"]
    assert written(result) == {}
    assert "l" in fake.metadata(acme)


def test_each_bulk_call_is_judged_alone(runner: Runner, fake: FakeZitadel, acme: str) -> None:
    values = {f"b{number}": BIG[:300_000] for number in range(4)}  # two fit into a call
    fake.before(lambda _request: fake.set(acme, "b2", values["b2"]), path=WRITES, every=2)
    fake.respond(500, {"code": 13, "message": "internal"}, path=WRITES, every=2)
    result = runner.run(org_id=acme, metadata=values)
    assert "not known" in result["msg"]
    assert (result["changed"], written(result)) == (True, {"added": ["b0", "b1"]})
    assert "b3" not in fake.metadata(acme)
