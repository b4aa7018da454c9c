# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An option that names an organization, and a filter, is never null: that would be the service account's own, or all."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from ansible_collections.community.zitadel.plugins.modules import (
    zitadel_org_info,
    zitadel_org_metadata,
    zitadel_org_metadata_bulk,
    zitadel_org_metadata_info,
)

from fake_zitadel import FakeZitadel
from unit.helpers import NO_ERROR, Runner

pytestmark = pytest.mark.every_core

Main = Callable[[], None]

SET = {"key": "tier", "value": "gold"}
NAMES = ("org_id", "organization_id", "org_name", "org_domain")


@pytest.fixture
def acme(fake: FakeZitadel) -> str:
    return fake.create_organization("acme", domain="acme.example.com")


@pytest.mark.parametrize(
    ("main", "more"),
    [
        pytest.param(zitadel_org_metadata.main, SET, id="zitadel_org_metadata"),
        pytest.param(zitadel_org_metadata_info.main, {}, id="zitadel_org_metadata_info"),
    ],
)
@pytest.mark.parametrize("option", NAMES)
@pytest.mark.parametrize("variable", [None, "acme"], ids=["no variable", "ZITADEL_ORG_ID is set"])
def test_a_null_organization_is_an_error(
    runner: Runner,
    acme: str,
    monkeypatch: pytest.MonkeyPatch,
    main: Main,
    more: dict[str, Any],
    option: str,
    variable: str | None,
) -> None:
    if variable:
        monkeypatch.setenv("ZITADEL_ORG_ID", acme)
    result = runner.run(main, **{option: None}, **more)
    assert result.get("failed"), result
    assert option.replace("organization_id", "org_id") in result["msg"].replace("organization_id", "org_id")
    assert "null" in result["msg"]
    assert (result["changed"], result["org_id"], result["error"]) == (False, None, NO_ERROR)
    assert not runner.fake.requests


def test_null_beside_another_name_is_an_error(runner: Runner, acme: str) -> None:
    result = runner.run(org_id=None, org_name="acme", **SET)
    assert result.get("failed"), result
    assert "org_id" in result["msg"]
    assert not runner.fake.requests


@pytest.mark.parametrize(
    ("main", "option"),
    [
        *((zitadel_org_metadata_info.main, option) for option in ("key", "key_prefix", "key_contains")),
        *((zitadel_org_info.main, option) for option in ("org_id", "name", "domain", "state")),
    ],
    ids=lambda value: value if isinstance(value, str) else value.__module__.rpartition(".")[2],
)
def test_a_null_filter_never_means_everything(runner: Runner, acme: str, main: Main, option: str) -> None:
    result = runner.run(main, **{option: None})
    assert result.get("failed"), result
    assert option in result["msg"]
    assert "null" in result["msg"]
    assert not runner.fake.requests


# Entries of bulk


@pytest.mark.parametrize("option", ["org_id", "org_name", "org_domain", None])
@pytest.mark.parametrize("variable", ["other", " "], ids=["ZITADEL_ORG_ID is set", "ZITADEL_ORG_ID is blank"])
def test_an_entry_names_its_organization(
    runner: Runner, acme: str, monkeypatch: pytest.MonkeyPatch, variable: str, option: str | None
) -> None:
    """Whatever the environment names: there are many."""
    other = runner.fake.create_organization("other")
    monkeypatch.setenv("ZITADEL_ORG_ID", variable.replace("other", other))
    nobody = {option: None} if option else {}
    entries = [{"org_id": acme, "metadata": SET}, {**nobody, "metadata": SET}]
    result = runner.run(zitadel_org_metadata_bulk.main, organizations=entries)
    assert result.get("failed"), result
    assert result["msg"].startswith("Nothing was written")
    assert "Entry 2" in result["msg"]
    assert (option or "org_name") in result["msg"]
    assert "Entry 1" not in result["msg"]
    assert other not in result["msg"]
    assert "ZITADEL_ORG_ID is set" not in result["msg"]
    assert not runner.fake.writes


# The variable


@pytest.mark.parametrize("main", [zitadel_org_metadata.main, zitadel_org_metadata_info.main], ids=["set", "read"])
def test_a_blank_variable_is_an_error_unless_the_task_names_the_organization(
    runner: Runner, acme: str, monkeypatch: pytest.MonkeyPatch, main: Main
) -> None:
    monkeypatch.setenv("ZITADEL_ORG_ID", " ")
    more = SET if main is zitadel_org_metadata.main else {}
    result = runner.run(main, **more)
    assert result.get("failed"), result
    assert "ZITADEL_ORG_ID" in result["msg"]
    assert not runner.fake.requests
    for options in ({"org_id": acme}, {"org_name": "acme"}, {"org_domain": "acme.example.com"}):
        assert runner.run(main, **options, **more)["org_id"] == acme
