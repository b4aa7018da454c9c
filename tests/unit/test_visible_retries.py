# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Each retry is a line: what was tried, why it failed, and when the next try comes."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from ansible_collections.community.zitadel.plugins.module_utils._module import ZitadelModule
from ansible_collections.community.zitadel.plugins.modules import zitadel_org_metadata_bulk

from fake_zitadel import FakeZitadel
from unit.helpers import Runner, Waits

NEXT_TRY = re.compile(r"next try in ([0-9.]+) s\b")


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the action plugin would show at -v."""
    lines: list[str] = []
    monkeypatch.setattr(ZitadelModule, "notify", staticmethod(lines.append), raising=False)
    return lines


FAULTS: dict[str, tuple[Callable[[FakeZitadel], None], str]] = {
    "503": (lambda fake: fake.fail(503, 14, "is starting", path="/tier$"), "503"),
    "rate limit": (lambda fake: fake.respond(429, "slow down", path="/tier$"), "429"),
    "dropped": (lambda fake: fake.drop(path="/tier$"), "closed"),
    "collision": (lambda fake: fake.collide(path="/tier$"), "SQLSTATE 23505"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_retry_is_a_line(runner: Runner, fake: FakeZitadel, waits: Waits, lines: list[str], fault: str) -> None:
    act, why = FAULTS[fault]
    act(fake)
    result = runner.run(org_id=fake.home_id, key="tier", value="v", verify=False)
    assert result["changed"] is True
    (line,) = lines
    for words in ("tier", why):
        assert words in line
    said = NEXT_TRY.search(line)
    assert said
    assert float(said[1]) == pytest.approx(waits[0], abs=0.06)
    assert "\n" not in line


def test_the_line_shows_no_secret(runner: Runner, fake: FakeZitadel, lines: list[str]) -> None:
    """Not even where somebody pasted it into the wrong option."""
    fake.fail(503, 14, "is starting", path=f"/{fake.token}$")
    assert runner.run(org_id=fake.home_id, key=fake.token, value="v", verify=False)["changed"] is True
    (line,) = lines
    assert "is starting" in line
    assert fake.token not in line


def test_each_retry_is_a_line_and_the_failure_is_none(
    runner: Runner, fake: FakeZitadel, waits: Waits, lines: list[str]
) -> None:
    fake.respond(503, headers={"Retry-After": "7"}, times=None)
    assert runner.run(org_id=fake.home_id, key="tier", value="v", retries=3)["failed"] is True
    assert len(lines) == len(waits) == 3
    assert all("metadata" in line and "next try in 7 s" in line for line in lines)


def test_a_login_that_is_retried(runner: Runner, fake: FakeZitadel, lines: list[str]) -> None:
    fake.respond(502, "<title>Bad Gateway</title>", path="token")
    client_id, client_secret = fake.create_secret(fake.create_user("IAM_OWNER"))
    runner.run(token=None, client_id=client_id, client_secret=client_secret, org_id=fake.home_id, key="k", value="v")
    (line,) = lines
    assert "502" in line
    assert re.search("log.?in|token", line)
    assert NEXT_TRY.search(line)


def test_many_organizations(runner: Runner, fake: FakeZitadel, lines: list[str]) -> None:
    ids = [fake.create_organization(f"acme {number}") for number in range(3)]
    for org_id in ids:
        fake.fail(503, 14, "is starting", path="/tier$", organization=org_id)
    entries: list[dict[str, Any]] = [{"org_id": org_id, "metadata": {"tier": "v"}} for org_id in ids]
    assert runner.run(zitadel_org_metadata_bulk.main, organizations=entries)["changed"] is True
    # With several in work at the same time, a line says which one waits.
    assert sorted(org_id for line in lines for org_id in ids if org_id in line) == sorted(ids)


def test_a_line_shows_no_secret(runner: Runner, fake: FakeZitadel, lines: list[str]) -> None:
    fake.respond(503, f"<title>{fake.token} header-5ecret value-5ecret</title>", path="/tier$")
    runner.run(
        org_id=fake.home_id,
        key="tier",
        value="value-5ecret",
        sensitive=True,
        headers={"X-Proxy": "header-5ecret"},
    )
    (line,) = lines
    assert not [secret for secret in (fake.token, "header-5ecret", "value-5ecret") if secret in line]
