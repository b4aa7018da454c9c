# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What can go wrong, on request.

A fault waits for requests that match. Those that *answer* (a status, a redirect, a dropped connection, a
collision) take requests in the order in which they were set up, one fault a request. The others (delays,
callables, lost writes, readers that are behind) act beside them.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from .exchange import Answer, Request
from .metadata import USUAL, Fate

BEFORE = "before"
AFTER = "after"
MIDDLE = "middle"


class Dropped(Exception):
    """The connection is to be cut instead of an answer, or in the middle of one."""

    def __init__(self, answer: Answer | None = None) -> None:
        super().__init__()
        self.answer = answer


@dataclass
class Match:
    """Which requests, and how many of them: ``times`` None is all, ``every`` n is each n-th."""

    method: str | None = None
    path: str | None = None  # regular expression, searched for in the raw path
    organization: str | None = None
    writes: bool | None = None
    times: int | None = 1
    every: int = 1
    seen: int = 0

    def takes(self, request: Request, organization: str) -> bool:
        """Whether this request is one of them; counts it if so. Callers hold the lock of ``Faults``."""
        if self.times == 0:
            return False
        if self.method is not None and request.method != self.method:
            return False
        if self.path is not None and not re.search(self.path, request.path):
            return False
        if self.organization is not None and organization != self.organization:
            return False
        if self.writes is not None and request.modifies != self.writes:
            return False
        self.seen += 1
        if self.seen % self.every:
            return False
        if self.times is not None:
            self.times -= 1
        return True


@dataclass
class Fault:
    """Base of all. ``answers``: a request is taken by one such fault at most."""

    match: Match
    answers = False


@dataclass
class Respond(Fault):
    """Answer with this instead, before (nothing is done) or after acting."""

    answer: Answer
    when: str = BEFORE
    answers = True


@dataclass
class Drop(Fault):
    """Cut the connection before acting, after acting, or in the middle of the answer's body."""

    when: str = BEFORE
    answers = True


@dataclass
class Collide(Fault):
    """Refuse a write because another one was quicker: SQLSTATE 23505, nothing written."""

    answers = True


@dataclass
class Delay(Fault):
    """Let the client wait: ``seconds``, or (None) until it hangs up or the fake stops."""

    seconds: float | None
    when: str = BEFORE


@dataclass
class Call(Fault):
    """Call back just before or just after a request is handled: somebody else's write in between."""

    function: Callable[[Request], object]
    when: str = BEFORE


@dataclass
class Lose(Fault):
    """Store the write and never show it to readers."""


@dataclass
class Lag(Fault):
    """Show the write to readers only after ``reads`` more reads."""

    reads: int


@dataclass
class Plan:
    """What shall happen to one request."""

    answering: Fault | None = None
    delays: list[Delay] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    fate: Fate = USUAL


class Faults:
    """The faults that are set up, in order. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._faults: list[Fault] = []

    def __bool__(self) -> bool:
        return bool(self._faults)

    def add(self, fault: Fault) -> None:
        with self._lock:
            self._faults.append(fault)

    def clear(self) -> None:
        with self._lock:
            self._faults.clear()

    def waiting(self) -> list[Fault]:
        """Those that have not had all their requests yet (without those that take all)."""
        with self._lock:
            return [fault for fault in self._faults if fault.match.times]

    def plan(self, request: Request, organization: str) -> Plan:
        plan = Plan()
        with self._lock:
            for fault in self._faults:
                if fault.answers and plan.answering:
                    continue
                if not fault.match.takes(request, organization):
                    continue
                if fault.answers:
                    plan.answering = fault
                if isinstance(fault, Collide):
                    plan.fate = replace(plan.fate, collides=True)
                elif isinstance(fault, Delay):
                    plan.delays.append(fault)
                elif isinstance(fault, Call):
                    plan.calls.append(fault)
                elif isinstance(fault, Lose):
                    plan.fate = replace(plan.fate, lost=True)
                elif isinstance(fault, Lag):
                    plan.fate = replace(plan.fate, lag=fault.reads)
        return plan
