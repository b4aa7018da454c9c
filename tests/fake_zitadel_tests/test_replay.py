# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every recorded exchange, in order, against the fake of the recorded release,
or of the nearest one before it.

A file that is put beside the others is replayed, too. Its name tells the release: ``zitadel-v4.13.1-2.jsonl``.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from fake_zitadel import FakeZitadel
from fake_zitadel.releases import nearest
from fake_zitadel_tests.fake_replay import FakeReplay
from fake_zitadel_tests.replay import Exchange

RECORDINGS = sorted((Path(__file__).parents[1] / "recordings").glob("*.jsonl"))
# What the fake leaves out: it answers with 501 and nothing is compared. Beginnings of paths -> reason.
LEFT_OUT = {"/admin/v1/": "the administration API"}


def load(file: Path) -> list[Exchange]:
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


def release_of(file: Path) -> str:
    match = re.fullmatch(r"zitadel-v([0-9.]+)(-[0-9]+)?\.jsonl", file.name)
    assert match, f"{file.name} does not say of which release it is"
    return match[1]


@pytest.mark.parametrize("file", RECORDINGS, ids=lambda file: file.stem)
def test_every_exchange_is_answered_as_recorded(file: Path) -> None:
    exchanges = load(file)
    problems, left_out = [], 0
    with FakeZitadel(nearest(release_of(file))) as fake:
        replay = FakeReplay(fake, exchanges)
        for number, exchange in enumerate(exchanges):
            differences = replay.run(exchange)
            if exchange["request"]["path"].startswith(tuple(LEFT_OUT)):
                left_out += 1
                assert fake.requests[number].status == 501
                continue
            problems += [f"{exchange['name']}: {difference}" for difference in differences]
    print(f"{file.name}: compared {len(exchanges) - left_out} of {len(exchanges)} exchanges, left out {left_out}")
    assert problems == []
    assert len(exchanges) - left_out > 300
    # What was later on the server is later here.
    dates = sorted((_instant(recorded), _instant(ours)) for recorded, ours in replay.comparison.dates.ours.items())
    assert len(dates) > 40
    assert [ours for _recorded, ours in dates] == sorted(ours for _recorded, ours in dates)


def test_another_release_is_noticed() -> None:
    """The same recording against the fake of another release: what differs between the two is found."""
    exchanges = load(next(file for file in RECORDINGS if file.name == "zitadel-v3.4.9.jsonl"))[:300]
    with FakeZitadel("4.13.1") as fake:
        replay = FakeReplay(fake, exchanges)
        differing = {one["name"] for one in exchanges if replay.run(one)}
    expected = {
        "create org taken name",
        "bulk set same",
        "set empty value",
        "get key 201",
        "no token",
        "wrong host",
    }
    assert expected <= differing
    assert differing.isdisjoint({"org me A", "get missing", "unknown org", "path set 'a/b'", "wrong method"})


def _instant(date: str) -> str:
    """A date with as many digits as any, so that dates sort."""
    seconds, _point, fraction = date.removesuffix("Z").partition(".")
    return f"{seconds}.{fraction:0<9}"
