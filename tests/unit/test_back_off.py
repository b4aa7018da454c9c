# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How long to wait before another try."""

from __future__ import annotations

import email.utils
import time

import pytest
from ansible_collections.community.zitadel.plugins.module_utils._back_off import (
    BACK_OFF,
    COLLISION_BACK_OFF,
    delay,
    retry_after,
)


@pytest.mark.parametrize("first", [BACK_OFF, COLLISION_BACK_OFF])
def test_waits_double_up_to_a_minute_and_a_half(first: float) -> None:
    for attempt in (0, 1, 4, 20, 5000):
        least = min(first * 2 ** min(attempt, 50), 60)
        assert least <= delay(first, attempt) <= least * 1.5


def test_clients_do_not_return_together() -> None:
    assert len({delay(BACK_OFF, 0) for _time in range(20)}) == 20


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        pytest.param(None, 0.0, id="no header"),
        pytest.param("7", 7.0, id="seconds"),
        pytest.param("2.5", 2.5, id="fraction"),
        pytest.param("0", 0.0, id="none"),
        pytest.param("-5", 0.0, id="negative"),
        pytest.param("3600", 60.0, id="an hour: a minute"),
        pytest.param("inf", 60.0, id="infinity: a minute"),
        pytest.param("nan", 0.0, id="no number"),
        pytest.param("soon", 0.0, id="nonsense"),
        pytest.param("", 0.0, id="empty"),
        pytest.param(f"Wed, 21 Oct 2015 07:28:00 +{'9' * 20}", 0.0, id="absurd time zone"),
        pytest.param(f"Wed, 21 Oct {'9' * 20} 07:28:00 GMT", 0.0, id="absurd year"),
    ],
)
def test_what_a_server_asks_for(header: str | None, expected: float) -> None:
    assert retry_after(header) == expected


@pytest.mark.parametrize(
    ("ahead", "least", "most"), [(20, 18, 20), (-20, 0, 0), (7200, 60, 60)], ids=["ahead", "past", "far ahead"]
)
def test_a_date(ahead: float, least: float, most: float) -> None:
    assert least <= retry_after(email.utils.formatdate(time.time() + ahead, usegmt=True)) <= most
