# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Compares answers of the fake with recorded ones."""

from __future__ import annotations

import json
import re
from datetime import datetime
from typing import Any

HEADERS = ("allow", "cache-control", "content-type", "location", "retry-after", "www-authenticate")
ID = re.compile(r"[0-9]{18}")
DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.([0-9]{3}){1,3})?Z")
NEVER = "0001-01-01T00:00:00Z"
BYTES = re.compile(r"<([0-9]+) bytes>")
TOO_LARGE = re.compile(r"(.*larger than max \()([0-9]+)( vs\. [0-9]+\))")
# The size of a message depends a little on the fractions of the dates in it.
TOO_LARGE_TOLERANCE = 100


class Pairs:
    """Which recorded value stands for which of ours; one for one."""

    def __init__(self) -> None:
        self.ours: dict[str, str] = {}
        self._recorded: dict[str, str] = {}

    def match(self, recorded: str, ours: str) -> bool:
        return self.ours.setdefault(recorded, ours) == ours and self._recorded.setdefault(ours, recorded) == recorded


class Comparison:
    """Remembers ids and dates from one exchange to the next: what was equal must be equal here."""

    def __init__(self) -> None:
        self.ids = Pairs()
        self.dates = Pairs()
        # Other texts that stand for something else here: host names, for example.
        self.texts: dict[str, str] = {}

    def translate(self, text: str) -> str:
        """A part of a recorded request, with our ids and names."""
        text = ID.sub(lambda match: self.ids.ours.get(match[0], match[0]), text)
        if not self.texts:
            return text
        longest_first = sorted(self.texts, key=len, reverse=True)
        return re.sub("|".join(map(re.escape, longest_first)), lambda match: self.texts[match[0]], text)

    def differences(self, recorded: dict[str, Any], status: int, headers: dict[str, str], body: bytes) -> list[str]:
        """What is not as recorded; ``headers`` in lower case."""
        found = []
        if status != recorded["status"]:
            found.append(f"status {status} instead of {recorded['status']}")
        for name in HEADERS:
            was, now = recorded["headers"].get(name), headers.get(name)
            if was is None or now is None:
                if was != now:
                    found.append(f"header {name} {now!r} instead of {was!r}")
            else:
                found += self._text(f"header {name}", was, now)
        expected = recorded["body"]
        if isinstance(expected, str) and (size := BYTES.fullmatch(expected)):
            return found + self._size(int(size[1]), body)
        if not isinstance(expected, str) or headers.get("content-type") == "application/json":
            try:
                return found + self._value("body", expected, json.loads(body))
            except ValueError:
                return [*found, f"body is not JSON: {body[:80]!r}"]
        return found + self._text("body", expected, body.decode())

    def _value(self, where: str, was: Any, now: Any) -> list[str]:
        if type(was) is not type(now):
            return [f"{where} is {now!r} instead of {was!r}"]
        if isinstance(was, dict):
            found = []
            if was.keys() != now.keys():
                found.append(f"{where} has fields {sorted(now)} instead of {sorted(was)}")
            for name in was.keys() & now.keys():
                found += self._value(f"{where}.{name}", was[name], now[name])
            return found
        if isinstance(was, list):
            found = [] if len(was) == len(now) else [f"{where} has {len(now)} members instead of {len(was)}"]
            for index, (one, other) in enumerate(zip(was, now, strict=False)):
                found += self._value(f"{where}[{index}]", one, other)
            return found
        if isinstance(was, str):
            return self._text(where, was, now)
        if was == now or (where.endswith(".updated_at") and self._is_moment(was, now)):
            return []
        return [f"{where} is {now!r} instead of {was!r}"]

    def _is_moment(self, was: int, now: int) -> bool:
        """Whether these are the seconds of one date that is known."""
        return any(_seconds(recorded) == was and _seconds(ours) == now for recorded, ours in self.dates.ours.items())

    def _text(self, where: str, was: str, now: str) -> list[str]:
        difference = [f"{where} is {now!r} instead of {was!r}"]
        if was == "<redacted>":
            return [] if now else difference
        if DATE.fullmatch(was) and NEVER not in (was, now):
            return [] if DATE.fullmatch(now) and self.dates.match(was, now) else difference
        if ID.fullmatch(was):
            return [] if ID.fullmatch(now) and self.ids.match(was, now) else difference
        if large := TOO_LARGE.fullmatch(was):
            ours = TOO_LARGE.fullmatch(now)
            if ours and (ours[1], ours[3]) == (large[1], large[3]):
                difference = [] if abs(int(ours[2]) - int(large[2])) <= TOO_LARGE_TOLERANCE else difference
            return difference
        return [] if self.translate(was) == now else difference

    @staticmethod
    def _size(was: int, body: bytes) -> list[str]:
        """A body of which only the size was recorded: the same but for dates that end in zeros."""
        dates = re.findall(r'"([0-9]{4}-[0-9T:-]+(?:\.[0-9]+)?Z)"', body.decode())
        longest = len(body) + sum(len("2026-01-02T03:04:05.678901Z") - len(date) for date in dates)
        shorter = longest - was
        # A date loses three digits, or all six and the point.
        for without_fraction in range(len(dates) + 1):
            rest = shorter - 7 * without_fraction
            if rest >= 0 and rest % 3 == 0 and without_fraction + rest // 3 <= len(dates):
                return []
        return [f"body has {len(body)} bytes instead of {was}"]


def _seconds(date: str) -> int:
    return int(datetime.fromisoformat(f"{date[:19]}+00:00").timestamp())
