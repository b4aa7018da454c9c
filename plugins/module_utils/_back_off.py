# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How long to wait before another try."""

from __future__ import annotations

import datetime
import email.utils
import math
import random
import time

BACK_OFF = 0.5
"""Seconds before the first repetition"""

COLLISION_BACK_OFF = 0.05
"""The same where two writers met: the other one is done within moments"""

_MAX_BACK_OFF = 60.0
_MAX_RETRY_AFTER = 60.0


def delay(back_off: float, attempt: int) -> float:
    """Seconds to wait after a try: exponential, with jitter so that many clients do not return together."""
    return min(back_off * 2.0 ** min(attempt, 100), _MAX_BACK_OFF) * random.uniform(1, 1.5)  # noqa: S311


def retry_after(header: str | None) -> float:
    """Seconds that a server asks to wait, by number or date; 0 if it does not, at most a minute."""
    if not header:
        return 0.0
    try:
        seconds = float(header)
    except ValueError:
        try:
            date = email.utils.parsedate_to_datetime(header)
            seconds = date.replace(tzinfo=date.tzinfo or datetime.timezone.utc).timestamp() - time.time()
        except (ValueError, OverflowError, TypeError):
            return 0.0
    return min(max(seconds, 0.0), _MAX_RETRY_AFTER) if not math.isnan(seconds) else 0.0


class Throttle:
    """Lets all threads wait when the server says to one of them that it is rate limited."""

    def __init__(self) -> None:
        self._until = 0.0

    def slow_down(self, seconds: float) -> None:
        """Let every thread wait so long before its next request."""
        self._until = max(self._until, time.monotonic() + seconds)

    def wait(self) -> None:
        """Wait until the longest time that a thread has set is over."""
        while (seconds := self._until - time.monotonic()) > 0:
            time.sleep(seconds)
