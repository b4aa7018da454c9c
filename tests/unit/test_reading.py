# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the info module is asked for: everything, one key, several, or those with a prefix."""

from __future__ import annotations

import dataclasses
import itertools
from typing import Any

import pytest
from ansible_collections.community.zitadel.plugins.module_utils._reading import as_options
from ansible_collections.community.zitadel.plugins.modules import zitadel_org_metadata_info

from unit.helpers import NO_ERROR, Runner, entry


@pytest.mark.parametrize(
    ("key", "found"),
    [
        pytest.param("a", ["a"], id="one"),
        pytest.param(["a"], ["a"], id="list of one"),
        pytest.param(["tier", "a/b", "a"], ["a", "a/b", "tier"], id="several, sorted"),
        pytest.param(["tier", "missing", "ti"], ["tier"], id="one that is missing"),
        pytest.param(["tier", "tier"], ["tier"], id="the same twice"),
        pytest.param(["missing"], [], id="none of them there"),
        pytest.param([], [], id="empty list"),
        pytest.param("a,tier", ["a,tier"], id="text with a comma"),
        pytest.param('["a"]', ['["a"]'], id="text that looks like a list"),
    ],
)
def test_the_keys_that_are_read(runner: Runner, key: Any, found: list[str]) -> None:
    held = dict.fromkeys(("a", "a/b", "tier", "a,tier", '["a"]', "t"), "v")
    acme = runner.fake.create_organization("acme", metadata=held)
    result = runner.run(zitadel_org_metadata_info.main, org_id=acme, key=key)
    assert [entry["key"] for entry in result["entries"]] == found, result
    assert result["metadata"] == dict.fromkeys(found, "v")
    assert result["org_id"] == acme


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"key": ["a", "b"], "key_prefix": "a"}, "key and key_prefix"),
        ({"key": ["a", ""]}, "empty"),
        ({"key": ["a", "k" * 201]}, "201 characters"),
    ],
    ids=["beside a prefix", "empty", "long"],
)
def test_keys_that_cannot_be_read(runner: Runner, options: dict[str, Any], said: str) -> None:
    result = runner.run(zitadel_org_metadata_info.main, org_id="1", **options)
    assert result.get("failed"), result
    assert (result["changed"], result["error"]) == (False, NO_ERROR)
    assert "key" in result["msg"]
    assert said in result["msg"]
    assert not runner.fake.requests


def test_a_list_that_can_lack_keys_comes_with_a_warning(runner: Runner) -> None:
    """Other writers set a key before each page that is read."""
    fake = runner.fake
    acme = fake.create_organization("acme", metadata={f"k{number:03}": "v" * 100 for number in range(700)})
    fake.api.release = dataclasses.replace(fake.release, answer_limit=100_000)
    numbers = itertools.count()
    fake.before(lambda _request: fake.set(acme, f"a{next(numbers):03}", "new"), path="_search", times=None)
    result = runner.run(zitadel_org_metadata_info.main, org_id=acme)
    assert not result.get("failed"), result
    assert "may be missing" in str(result["warnings"])


def test_text_and_bytes_go_into_the_options_that_take_them() -> None:
    entries = [entry("a", "text"), entry("b", b"\xff"), entry("c", "ü")]
    assert as_options(entries) == {"metadata": {"a": "text", "c": "ü"}, "metadata_b64": {"b": "/w=="}}
    assert as_options([]) == {"metadata": {}, "metadata_b64": {}}
