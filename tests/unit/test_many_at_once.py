# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""All that can go wrong with eight organizations in work at the same time: what is reported is what was done."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from ansible_collections.community.zitadel.plugins.modules import zitadel_org_metadata_bulk

from fake_zitadel import FakeZitadel
from unit.helpers import Runner

Fault = Callable[[FakeZitadel, list[str]], Any]
COUNT = 24
WRITES = "(metadata/_bulk|SetOrganizationMetadata)$"
READS = "(metadata/_search|ListOrganizationMetadata)$"


def bulk(runner: Runner, ids: list[str], **options: Any) -> dict[str, Any]:
    organizations = [{"org_id": org_id, "metadata": {"a/ü": org_id, "tier": "gold"}} for org_id in ids]
    return runner.run(
        zitadel_org_metadata_bulk.main, organizations=organizations, **{"connections": 8, "retries": 6, **options}
    )


@pytest.fixture(params=["v1", "v2"])
def api_version(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def ids(runner: Runner) -> list[str]:
    return [runner.fake.create_organization(f"acme {number}", metadata={"tier": "old"}) for number in range(COUNT)]


def wanted(org_id: str) -> dict[str, bytes]:
    return {"a/ü": org_id.encode(), "tier": b"gold"}


OVERCOME: dict[str, Fault] = {
    "rate limited": lambda fake, _ids: fake.respond(429, headers={"Retry-After": "3"}, times=5, every=3),
    "busy": lambda fake, _ids: fake.respond(503, {"code": 14, "message": "busy"}, times=9, every=2),
    "bad gateway, reads": lambda fake, _ids: fake.respond(502, "<html>", path=READS, times=9, every=2),
    "gateway time-out after a write": lambda fake, _ids: fake.respond(504, "<html>", after=True, path=WRITES, times=6),
    "cut before": lambda fake, _ids: fake.drop("before", times=9, every=4),
    "cut after a write": lambda fake, _ids: fake.drop("after", path=WRITES, times=6),
    "cut within": lambda fake, _ids: fake.drop("middle", times=6, every=5),
    "writers that collide": lambda fake, _ids: fake.collide(every=3, times=9),
    "lost write": lambda fake, _ids: fake.lose_writes(3),
    "late readers": lambda fake, _ids: fake.lag(reads=2, times=6),
    "another writer": lambda fake, ids: fake.before(
        lambda _request: fake.set_many(ids[3], wanted(ids[3])), path=WRITES, organization=ids[3]
    ),
}


@pytest.mark.parametrize("fault", OVERCOME.values(), ids=OVERCOME)
def test_what_passes_is_overcome(runner: Runner, ids: list[str], api_version: str, fault: Fault) -> None:
    fault(runner.fake, ids)
    result = bulk(runner, ids, api_version=api_version)
    assert not result.get("failed"), result["msg"]
    assert not runner.fake.faults.waiting()
    assert [one["org_id"] for one in result["organizations"]] == ids
    assert [one["added"] + one["updated"] for one in result["organizations"]] == [["a/ü", "tier"]] * COUNT
    assert {org_id: runner.fake.metadata(org_id) for org_id in ids} == {org_id: wanted(org_id) for org_id in ids}


STAYS: dict[str, tuple[Fault, int | None]] = {
    "refused": (lambda fake, ids: fake.fail(403, 7, "no (AUTH-5mWD2)", path=WRITES, organization=ids[5]), 403),
    "defect": (lambda fake, ids: fake.fail(500, 13, "internal", path=WRITES, organization=ids[5]), 500),
    "quota": (lambda fake, _ids: fake.respond(429, {"code": 8, "message": "x (QUOTA-vjAy8)"}, path=WRITES), 429),
    "redirect": (lambda fake, ids: fake.redirect("https://login.example.com/"), 302),
    "page": (lambda fake, ids: fake.respond(200, "<html>", path=WRITES, organization=ids[5]), 200),
    "done, but never answered": (
        lambda fake, ids: fake.drop("after", path=WRITES, organization=ids[5], times=None),
        None,
    ),
    "removed": (
        lambda fake, ids: fake.before(
            lambda _request: fake.change_state(ids[5], "removed"), path=WRITES, organization=ids[5]
        ),
        400,
    ),
    "token": (lambda fake, _ids: fake.expire_token(after_uses=COUNT * 2 + 5), 401),
}


@pytest.mark.parametrize(("fault", "status"), STAYS.values(), ids=STAYS)
def test_what_does_not_pass_stops_the_others_and_nothing_is_forgotten(
    runner: Runner, ids: list[str], api_version: str, fault: Fault, status: int | None
) -> None:
    fault(runner.fake, ids)
    result = bulk(runner, ids, api_version=api_version, retries=1)
    assert result["failed"] is True
    assert result["error"]["status"] == status
    reported = {one["org_id"] for one in result["organizations"] if one["changed"]}
    written = {org_id for org_id in ids if "a/ü" in runner.fake.stored(org_id)}
    assert reported == written
    assert [one["org_id"] for one in result["organizations"]] == [
        org_id for org_id in ids if org_id in {one["org_id"] for one in result["organizations"]}
    ]


def test_a_token_that_expires_is_renewed_once_for_all(runner: Runner, ids: list[str]) -> None:
    client_id, client_secret = runner.fake.create_secret(runner.fake.create_user("IAM_OWNER"))
    runner.fake.limit_issued_tokens(COUNT + 3)
    result = bulk(runner, ids, token=None, client_id=client_id, client_secret=client_secret)
    assert not result.get("failed"), result["msg"]
    requests = [request for request in runner.fake.requests if "/oauth/" not in request.path]
    logins = len(runner.fake.requests) - len(requests)
    # A request that the others sent with the old token meanwhile is sent again, with the same new token.
    assert logins <= 1 + len(requests) // COUNT
    assert len({request.bearer for request in requests}) == logins
