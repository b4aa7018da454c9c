# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Listing organizations in pages, while others change them, and where the total cannot be trusted."""

from __future__ import annotations

import json
from typing import Any

import pytest
from ansible_collections.community.zitadel.plugins.modules import zitadel_org_info

from fake_zitadel import Answer, FakeZitadel
from unit.helpers import Runner

PAGE = 500
SEARCH = "/v2/organizations/_search$"


@pytest.fixture
def names(fake: FakeZitadel) -> list[str]:
    """The names of two full pages of organizations, in the order in which they are listed."""
    names = [f"org {number:04}" for number in range(2 * PAGE - 1)]
    for name in names:
        fake.create_organization(name)
    return [*names, "ZITADEL"]


def listed(runner: Runner, **options: Any) -> list[str]:
    result = runner.run(zitadel_org_info.main, **options)
    assert not result.get("failed"), result["msg"]
    return [organization["name"] for organization in result["organizations"]]


@pytest.mark.parametrize("added", [[], ["~1", "~2", "~3"]], ids=["fewer", "as many as before"])
def test_an_organization_that_is_removed_between_two_pages_hides_no_other(
    runner: Runner, fake: FakeZitadel, names: list[str], added: list[str]
) -> None:
    ids = {one.name: one.organization_id for one in fake.store.organizations.values()}

    def change(_request: object) -> None:
        # What was on the second page moves to the first.
        for name in names[:3]:
            fake.change_state(ids[name], "removed")
        for name in added:
            fake.create_organization(name)

    fake.after(change, path=SEARCH)
    found = listed(runner)
    assert len(found) == len(set(found))
    assert set(names[3:]) <= set(found) <= {*names, *added}


@pytest.mark.parametrize("total", ["of the page", "missing"])
def test_a_page_that_is_full_is_not_the_last(
    runner: Runner, fake: FakeZitadel, names: list[str], monkeypatch: pytest.MonkeyPatch, total: str
) -> None:
    handle = fake.api.handle

    def count_the_page(*arguments: Any) -> Answer:
        answer = handle(*arguments)
        body = json.loads(answer.body)
        body["details"].pop("totalResult", None)
        if total == "of the page":
            body["details"]["totalResult"] = str(len(body.get("result", [])))
        return Answer(answer.status, json.dumps(body).encode(), answer.headers)

    monkeypatch.setattr(fake.api, "handle", count_the_page)
    assert sorted(listed(runner)) == sorted(names)
