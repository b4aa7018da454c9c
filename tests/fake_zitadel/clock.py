# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The time of events, and the lock of everything that is remembered."""

from __future__ import annotations

import threading
import time


class Clock:
    """Gives each event a time of its own."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self._last_microsecond = 0

    def now(self) -> str:
        """The time of an event: no two are alike."""
        with self.lock:
            self._last_microsecond = max(self._last_microsecond + 1, time.time_ns() // 1000)
            return format_date(self._last_microsecond)


def format_date(microseconds: int) -> str:
    """RFC 3339 with 0, 3 or 6 digits of fraction, as protobuf writes dates."""
    seconds, fraction = divmod(microseconds, 1_000_000)
    text = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds))
    if fraction % 1000:
        return f"{text}.{fraction:06d}Z"
    return f"{text}.{fraction // 1000:03d}Z" if fraction else f"{text}Z"
