# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Writes that are not simply answered: what is repeated, and what is reported as written."""

from __future__ import annotations

from typing import Any

import pytest

from fake_zitadel import FakeZitadel
from unit.helpers import BIG, Site, Waits, lists

BEFORE = {"old": "1", "a/old": "1"}
SETS = [
    pytest.param({"key": "n", "value": "v"}, {"added": ["n"]}, id="one"),
    pytest.param({"key": "old", "value": "2"}, {"updated": ["old"]}, id="update"),
    pytest.param({"key": "a/n", "value": "v"}, {"added": ["a/n"]}, id="one in the body"),
    pytest.param({"metadata": {"n": "v", "old": "2"}}, {"added": ["n"], "updated": ["old"]}, id="several"),
]
REMOVALS = [
    pytest.param({"key": "old", "state": "absent"}, {"removed": ["old"]}, id="removal"),
    pytest.param({"key": "a/old", "state": "absent"}, {"removed": ["a/old"]}, id="removal in the body"),
    pytest.param({"absent_keys": ["old", "a/old"]}, {"removed": ["a/old", "old"]}, id="removals"),
    pytest.param({"metadata": {"old": "1"}, "purge": True}, {"removed": ["a/old"], "unchanged": ["old"]}, id="purge"),
]
READS = "_search$|/List"


@pytest.fixture(params=[("v1", "organization"), ("v2", "organization"), ("v1", "user"), ("v2", "user")], ids="-".join)
def site(fake: FakeZitadel, request: pytest.FixtureRequest) -> Site:
    api, kind = request.param
    return Site(fake, BEFORE, api_version=api, kind=kind)


def is_v1(site: Site) -> bool:
    return site.connection.options.api_version == "v1"


@pytest.mark.parametrize("api", ["v1", "v2"])
@pytest.mark.parametrize(("options", "reported"), [*SETS, *REMOVALS])
@pytest.mark.parametrize(
    "fault", ["drop before", "drop after", "drop middle", "503", "504 after", "429", "collision", "time-out after"]
)
def test_a_write_that_is_repeated(
    fake: FakeZitadel, options: dict[str, Any], reported: dict[str, list[str]], fault: str, api: str
) -> None:
    site = Site(fake, BEFORE, timeout=0.2 if fault.startswith("time-out") else 30, api_version=api)
    kind, _blank, when = fault.partition(" ")
    if kind == "drop":
        site.fake.drop(when, writes=True)
    elif kind == "collision":
        site.fake.collide()
    elif kind == "time-out":
        site.fake.delay(after=True, writes=True)
    else:
        site.fake.respond(int(kind), "<title>later</title>", after=when == "after", writes=True)
    result = site.run(**options)
    assert not site.fake.faults.waiting()
    assert lists(result) == reported
    assert result["changed"] is True
    assert [request.status for request in site.fake.writes][1:] in ([200], [404])
    assert not site.warnings
    site.fake.clear_requests()
    assert not site.run(**options)["changed"]


@pytest.mark.parametrize("api", ["v1", "v2"])
@pytest.mark.parametrize(("options", "reported"), [*SETS, *REMOVALS])
def test_a_write_that_was_done_though_no_answer_came(
    fake: FakeZitadel, options: dict[str, Any], reported: dict[str, list[str]], waits: Waits, api: str
) -> None:
    site = Site(fake, BEFORE, retries=0, api_version=api)
    site.fake.drop("after", writes=True)
    error = site.fail(**options)
    assert "A read shows that ZITADEL made the change." in error.msg
    assert error.result["changed"] is True
    assert lists(error.result) == reported
    assert not waits


@pytest.mark.parametrize("fault", ["drop after", "500 after", "504 after", "200 after", "HTML after"])
def test_a_set_that_is_never_answered_but_done(site: Site, fault: str) -> None:
    kind, _blank, when = fault.partition(" ")
    if kind == "drop":
        site.fake.drop(when, times=None, writes=True)
    elif kind == "HTML":
        site.fake.respond(200, "<p>", after=True, times=None, writes=True)
    elif kind == "200":
        site.fake.respond(200, {}, after=True, times=None, writes=True)
    else:
        site.fake.fail(int(kind), 13, "internal", after=True, times=None, writes=True)
    error = site.fail(metadata={"n": "v", "old": "2"})
    assert error.msg.startswith(f"Cannot set 2 keys ('n', 'old') in {site.place} at {site.fake.url}. ")
    assert error.msg.endswith("A read shows that ZITADEL made the change.")
    assert lists(error.result) == {"added": ["n"], "updated": ["old"]}


@pytest.mark.parametrize("api", ["v1", "v2"])
def test_removals_that_were_done_before_another_writer_came(fake: FakeZitadel, api: str) -> None:
    site = Site(fake, {"a": "1", "b": "1"}, api_version=api)
    fake.after(lambda _request: fake.set(site.org_id, "a", "theirs"), writes=True)
    fake.drop("after", writes=True)
    result = site.run(absent_keys=["a", "b"])
    assert lists(result) == {"removed": ["b"]}
    assert site.metadata == {"a": b"theirs"}
    assert "written by somebody else" in site.warnings[0]


@pytest.mark.parametrize("fault", ["drop", "500"])
def test_a_set_that_is_never_answered_and_not_done(site: Site, fault: str) -> None:
    if fault == "drop":
        site.fake.drop("before", times=None, writes=True)
    else:
        site.fake.fail(500, 13, "internal", writes=True)
    error = site.fail(metadata={"n": "v", "old": "2"})
    assert "It is not known whether ZITADEL made the change: a read does not show it" in error.msg
    assert error.result == {"changed": False, **site.ids}


def test_a_set_of_which_nothing_is_known(site: Site, waits: Waits) -> None:
    site.fake.after(lambda _request: site.fake.stop(), writes=True)
    error = site.fail(key="n", value="v")
    assert "It is not known whether ZITADEL made the change." in error.msg
    assert error.result.items() >= site.ids.items()
    # The read that could have told is not repeated, too.
    assert len(waits) == site.connection.options.retries


def test_refusals_leave_no_doubt(site: Site) -> None:
    site.fake.fail(403, 7, "no (AUTH-5mWD2)", writes=True)
    error = site.fail(key="n", value="v")
    assert "ZITADEL did" not in error.msg
    assert len(site.fake.writes) == 1
    assert site.fake.requests[-1].modifies


def test_a_failure_half_way_tells_what_was_written(site: Site) -> None:
    values = {f"k{number}": BIG for number in range(4)}
    site.fake.respond(413, "<title>too large</title>", path="_bulk|/Set", every=3)
    error = site.fail(metadata={**values, "old": "1"}, absent_keys=["a/old"])
    assert error.error["status"] == 413
    assert error.result["changed"] is True
    assert lists(error.result) == {"added": ["k0", "k1"], "unchanged": ["old"]}
    assert site.metadata.keys() == {"k0", "k1", "old", "a/old"}
    assert len(site.fake.writes) == 3


@pytest.mark.parametrize(("release", "api"), [("4.13.1", "v1"), ("4.7.0", "v2")])
def test_a_removal_that_fails_after_the_sets(release: str, api: str) -> None:
    with FakeZitadel(release) as fake:
        fake.fail(403, 7, "no", method="DELETE")
        fake.respond(403, {"code": "permission_denied", "message": "no"}, path="/Delete")
        error = Site(fake, BEFORE, api_version=api).fail(metadata={"n": "v", "old": "2"}, absent_keys=["a/old"])
    assert lists(error.result) == {"added": ["n"], "updated": ["old"]}
    assert error.result["changed"] is True
    assert error.msg.startswith("Cannot remove the key 'a/old'")


def test_a_read_that_fails_after_the_writes(site: Site) -> None:
    site.fake.after(lambda _request: site.fake.fail(403, 7, "no", path=READS), writes=True)
    error = site.fail(key="n", value="v")
    assert lists(error.result) == {"added": ["n"]}
    assert error.result["changed"] is True


def test_a_repair_that_is_refused(site: Site) -> None:
    site.fake.lose_writes()
    site.fake.respond(403, {"code": 7, "message": "no"}, writes=True, every=2)
    error = site.fail(key="n", value="v")
    first = "set" if is_v1(site) and site.kind == "organization" else "remove"
    assert error.msg.startswith(f"Cannot {first} the key 'n'")
    assert lists(error.result) == {"added": ["n"]}


@pytest.mark.parametrize(
    "message", ["Metadata not found (QUERY-R{}h32)", "Not Found", "no (AUTHZ-cdgFk)", "(META-{}cnw3)"]
)
@pytest.mark.parametrize("repeated", [False, True])
def test_a_removal_that_meets_any_other_404_has_failed(site: Site, message: str, repeated: bool) -> None:
    if repeated:
        site.fake.respond(503, writes=True)
    # Organizations and users have ids of their own for a key that is absent.
    message = message.replace("R{}", "Rg" if site.kind == "organization" else "Rp")
    message = message.replace("-{}", "-n" if site.kind == "organization" else "-m")
    site.fake.fail(404, 5, message, writes=True)
    error = site.fail(key="old", state="absent")
    assert error.error["status"] == 404
    assert error.result["changed"] is False
    assert "old" in site.metadata


@pytest.mark.parametrize("down_for", [1, 4])
def test_a_server_that_is_killed_and_comes_back(site: Site, waits: Waits, down_for: int) -> None:
    site.fake.before(lambda _request: site.fake.stop(), writes=True)
    waits.then = lambda: site.fake.start() if len(waits) == down_for else None
    result = site.run(metadata={"n": "v", "old": "2"}, absent_keys=["a/old"])
    assert lists(result) == {"added": ["n"], "updated": ["old"], "removed": ["a/old"]}
    assert site.metadata == {"n": b"v", "old": b"2"}


READ_IN_PAGES = ["429"] * 7 + ["200"] * 4
"""At once, then 500, 250, 125, 62, 31 and 15 entries are too large; then 4 pages of 8."""


@pytest.mark.parametrize(
    ("release", "front"),
    [("3.4.9", {"max_body": 1_048_576}), ("4.13.1", {})],
    ids=["behind a proxy", "direct"],
)
def test_25_values_of_400_kb(release: str, front: dict[str, int]) -> None:
    values = {f"big{number:02}": BIG for number in range(25)}
    with FakeZitadel(release, **front) as fake:  # type: ignore[arg-type]
        site = Site(fake)

        def run(**options: Any) -> tuple[dict[str, list[str]], list[str], int]:
            fake.clear_requests()
            result = site.run(**options)
            reads = [str(request.status) for request in fake.requests if request.path.endswith("_search")]
            return lists(result), reads, len(fake.writes)

        assert run(metadata=values) == ({"added": sorted(values)}, ["200", *READ_IN_PAGES], 25)
        assert site.metadata == {key: BIG.encode() for key in values}
        assert run(metadata=values, purge=True) == ({"unchanged": sorted(values)}, READ_IN_PAGES, 0)
        purged = {"added": ["small"], "removed": sorted(values)}
        assert run(metadata={"small": "1"}, purge=True) == (purged, [*READ_IN_PAGES, "200"], 2)
        assert site.metadata == {"small": b"1"}


def test_a_repeated_removal_of_one_key_that_says_absent_has_succeeded(site: Site) -> None:
    site.fake.drop("after", writes=True)
    assert lists(site.run(key="old", state="absent", verify=False)) == {"removed": ["old"]}
    assert [request.status for request in site.fake.writes] == [None, 404]
