# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Work on many owners at the same time: the only file that starts threads.

What the threads share, Connection, Instance and Throttle, is safe for that. All else belongs to one thread.
"""

from __future__ import annotations

import queue
import threading
import typing as t

from ansible_collections.community.zitadel.plugins.module_utils._back_off import Throttle
from ansible_collections.community.zitadel.plugins.module_utils._connection import Connection
from ansible_collections.community.zitadel.plugins.module_utils._errors import ZitadelError, defect

Item = t.TypeVar("Item")
Result = t.TypeVar("Result")


class _Told(t.NamedTuple):
    """What a thread has to say, and the function that says it in the calling thread."""

    function: t.Callable[[str], None]
    text: str


class Workers:
    """Threads that share one connection, each with a session of its own. Lives as long as its ``with`` block.

    They only send requests: lines and warnings reach the user from the calling thread. An interrupt ends it at once.
    """

    def __init__(self, connection: Connection, number: int) -> None:
        """number is how many items are in work at the same time."""
        self._connection = connection
        self._number = number
        self._jobs: queue.SimpleQueue[t.Callable[[], None] | None] = queue.SimpleQueue()
        self._events: queue.SimpleQueue[_Told | None] = queue.SimpleQueue()
        """What is to be said, and None for each item that is done"""
        self._threads: list[threading.Thread] = []

    def __enter__(self) -> Workers:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_more: object) -> None:
        for _thread in self._threads:
            self._jobs.put(None)
        if kind is None or issubclass(kind, Exception):
            for thread in self._threads:
                thread.join()
        self._connection.close_other_threads()

    def in_caller(self, function: t.Callable[[str], None]) -> t.Callable[[str], None]:
        """Return a function that lets the calling thread call this one."""
        caller = threading.get_ident()

        def tell(text: str) -> None:
            if threading.get_ident() == caller:
                function(text)
            else:
                self._events.put(_Told(function, text))

        return tell

    def map(
        self,
        work: t.Callable[[Item], Result],
        items: t.Sequence[Item],
        *,
        stop: t.Callable[[ZitadelError], bool] = lambda error: error.fate.hopeless,
    ) -> list[Result | ZitadelError | None]:
        """Do the work on each item, and return the results or errors in the order of the items.

        No item is begun after an error for which stop is true; those that were not begun have None.
        """
        results: list[Result | ZitadelError | None] = [None] * len(items)
        stopped = threading.Event()

        def do(number: int) -> None:
            if stopped.is_set():
                return
            try:
                results[number] = work(items[number])
            except ZitadelError as error:
                results[number] = error
            except Exception as error:  # noqa: BLE001 - it must not be lost with its thread
                results[number] = defect(error)
            result = results[number]
            if isinstance(result, ZitadelError) and stop(result):
                stopped.set()

        try:
            if min(self._number, len(items)) <= 1:
                for number in range(len(items)):
                    do(number)
            else:
                self._side_by_side(do, len(items))
        finally:
            # After an interrupt, what is still waiting must not be begun.
            stopped.set()
        return results

    def _side_by_side(self, do: t.Callable[[int], None], count: int) -> None:
        connection, notify = self._connection, self._connection.notify
        connection.notify, connection.throttle = self.in_caller(notify), Throttle()
        try:
            while len(self._threads) < min(self._number, count):
                # Daemons, since a ThreadPoolExecutor waits for its threads after an interrupt.
                self._threads.append(threading.Thread(target=self._work, daemon=True))
                self._threads[-1].start()
            for number in range(count):
                self._jobs.put(lambda number=number: do(number))  # type: ignore[misc]
            left = count
            while left:
                told = self._events.get()
                if told is None:
                    left -= 1
                else:
                    told.function(told.text)
        finally:
            connection.notify, connection.throttle = notify, None

    def _work(self) -> None:
        while job := self._jobs.get():
            job()
            self._events.put(None)
