# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every answer is checked to be of the organization asked for, before and after a write."""

from __future__ import annotations

from typing import Any

import pytest

from fake_zitadel import FakeZitadel
from unit.helpers import BIG, Site

WRONG = {"details": {"sequence": "9", "creationDate": "2026-01-01T00:00:00Z", "resourceOwner": "999"}}


@pytest.mark.parametrize("home", [{}, {"k": "v"}, {"k": "other"}], ids=["empty", "equal", "different"])
@pytest.mark.parametrize(
    "options",
    [
        pytest.param({"key": "k", "value": "v"}, id="one key"),
        pytest.param({"key": "k", "state": "absent"}, id="removal"),
        pytest.param({"metadata": {"a": 1, "k": 2}, "purge": True}, id="purge"),
        pytest.param({"key": "k", "value": "v", "check_mode": True}, id="check mode"),
    ],
)
def test_a_proxy_that_drops_the_header_leads_to_a_failure(home: dict[str, str], options: dict[str, Any]) -> None:
    with FakeZitadel(drop_headers=["x-zitadel-orgid"]) as fake:
        site = Site(fake, {"k": "v"}, api_version="v1")
        fake.set_many(fake.home_id, {"other": "1", **home})
        error = site.fail(**options)
        assert f"came from organization {fake.home_id} instead of {site.org_id}" in error.msg
        assert "x-zitadel-orgid" in error.msg
        assert error.result == {"changed": False, "org_id": fake.home_id}
        assert not fake.writes
        assert site.metadata == {"k": b"v"}


def test_a_write_that_went_elsewhere_is_told_and_is_the_last(fake: FakeZitadel) -> None:
    site = Site(fake, {"old": "1"})
    fake.respond(200, WRONG, path="_bulk")
    error = site.fail(metadata={f"k{number}": BIG for number in range(4)}, absent_keys=["old"])
    assert "came from organization 999" in error.msg
    assert "This request has changed the organization that answered" in error.msg
    assert error.result["changed"] is True
    assert error.result["org_id"] == "999"
    assert error.result["added"] == ["k0"]
    assert len(fake.writes) == 1
    assert "old" in site.metadata


def test_a_read_after_the_write_that_comes_from_elsewhere(acme: Site) -> None:
    acme.fake.after(lambda _request: acme.fake.drop_headers.add("x-zitadel-orgid"), path="/k$")
    acme.fake.set(acme.fake.home_id, "k", "other")
    error = acme.fail(key="k", value="v")
    assert f"came from organization {acme.fake.home_id}" in error.msg
    assert error.result["changed"] is True
    assert error.result["added"] == ["k"]


def test_the_callers_own_organization_stays_the_same(fake: FakeZitadel) -> None:
    site = Site(fake)
    fake.respond(200, WRONG, path="/k$")
    error = site.fail(org_id=None, key="k", value="v")
    assert f"came from organization 999 instead of {fake.home_id}" in error.msg


def test_the_callers_own_organization(fake: FakeZitadel) -> None:
    result = Site(fake).run(org_id=None, key="k", value="v")
    assert result["org_id"] == fake.home_id
    assert fake.metadata(fake.home_id) == {"k": b"v"}
    assert not any("x-zitadel-orgid" in request.headers for request in fake.requests)


def test_an_entry_of_another_organization_in_a_list(fake: FakeZitadel) -> None:
    acme = Site(fake, api_version="v1")
    details = {"sequence": "1", "resourceOwner": "999"}
    listed = {"details": {"totalResult": "1"}, "result": [{"key": "x", "value": "dg==", "details": details}]}
    acme.fake.respond(200, listed)
    assert "came from organization 999" in acme.fail(metadata={"k": "v", "x": "v"}).msg
    assert not acme.fake.writes
