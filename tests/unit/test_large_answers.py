# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A few keys beside so many large values that one answer cannot hold them all: only these are read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from fake_zitadel import FakeZitadel
from unit.helpers import BIG, Runner, calls

SMALL = {"a": "1", "z": "2"}
MANY = {f"small {number:03}": "1" for number in range(100)}


@pytest.fixture(scope="module")
def full() -> Iterator[FakeZitadel]:
    """A server whose own organization holds 60 values of 400 kB, 100 small ones, and sometimes two more."""
    with FakeZitadel() as fake:
        fake.set_many(fake.home_id, {f"big {number:02}": BIG for number in range(60)} | MANY)
        yield fake


@pytest.fixture
def fake(full: FakeZitadel) -> FakeZitadel:
    present = [key for key in SMALL if key in full.metadata(full.home_id)]
    if present:
        full.remove(full.home_id, *present)
    full.clear_requests()
    return full


def options(fake: FakeZitadel, **more: Any) -> dict[str, Any]:
    return {"org_id": fake.home_id, "metadata": SMALL, **more}


def test_two_new_keys(runner: Runner, fake: FakeZitadel) -> None:
    result = runner.run(**options(fake))
    assert result["added"] == ["a", "z"]
    assert {key: fake.metadata(fake.home_id)[key] for key in SMALL} == {"a": b"1", "z": b"2"}
    assert len(fake.requests) <= 9, calls(fake)


def test_two_unchanged_keys(runner: Runner, fake: FakeZitadel) -> None:
    fake.set_many(fake.home_id, SMALL)
    result = runner.run(**options(fake))
    assert (result["changed"], result["unchanged"]) == (False, ["a", "z"])
    assert len(fake.requests) <= 4, calls(fake)


def test_a_key_to_set_and_one_to_remove(runner: Runner, fake: FakeZitadel) -> None:
    fake.set(fake.home_id, "z", "2")
    result = runner.run(**options(fake, metadata={"a": "1"}, absent_keys=["z", "zz"]))
    assert (result["added"], result["removed"], result["unchanged"]) == (["a"], ["z"], ["zz"])
    assert len(fake.requests) <= 12, calls(fake)


def test_many_keys_are_not_read_one_by_one(runner: Runner, fake: FakeZitadel) -> None:
    result = runner.run(**options(fake, metadata=MANY | {"a": "1"}, _ansible_check_mode=True))
    assert (result["added"], result["unchanged"]) == (["a"], sorted(MANY))
    # Pages of 8 after answers that are too large: 20 and some more.
    assert len(fake.requests) < 50, calls(fake)
