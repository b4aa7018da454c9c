# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Work on many owners side by side: order, what stops it, who speaks, one login, and what an interrupt leaves undone."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any, cast

import pytest
from ansible_collections.community.zitadel.plugins.module_utils import _back_off
from ansible_collections.community.zitadel.plugins.module_utils._auth import ClientCredentials
from ansible_collections.community.zitadel.plugins.module_utils._back_off import Throttle
from ansible_collections.community.zitadel.plugins.module_utils._connection import Connection
from ansible_collections.community.zitadel.plugins.module_utils._errors import Fate, ZitadelError
from ansible_collections.community.zitadel.plugins.module_utils._transport import Answer, Transport
from ansible_collections.community.zitadel.plugins.module_utils._workers import Workers

from fake_zitadel import FakeZitadel
from unit.helpers import Waits, call, connection_to

NUMBERS = range(20)


@pytest.fixture
def connection(fake: FakeZitadel) -> Iterator[Connection]:
    user = fake.create_user("IAM_OWNER")
    connection = connection_to(fake, login=ClientCredentials(*fake.create_secret(user)))
    yield connection
    connection.close()


def ask(connection: Connection, number: int) -> int:
    call(connection)
    return number


@pytest.mark.parametrize("number", [1, 2, 8, 32])
def test_results_come_in_order_and_one_login_serves_all(fake: FakeZitadel, connection: Connection, number: int) -> None:
    with Workers(connection, number) as workers:
        for _phase in range(2):
            assert workers.map(lambda item: ask(connection, item), NUMBERS) == list(NUMBERS)
    assert [request.path for request in fake.requests].count("/oauth/v2/token") == 1
    assert threading.active_count() < 10


def test_a_token_that_expires_is_renewed_once(fake: FakeZitadel, connection: Connection) -> None:
    call(connection)
    fake.expire_issued_tokens()
    with Workers(connection, 8) as workers:
        assert workers.map(lambda item: ask(connection, item), NUMBERS) == list(NUMBERS)
    assert [request.path for request in fake.requests].count("/oauth/v2/token") == 2


@pytest.mark.parametrize("number", [1, 4])
def test_nothing_begins_after_a_failure_that_stops_it(connection: Connection, number: int) -> None:
    def work(item: int) -> int:
        if item == 2:
            raise ZitadelError("no", fate=Fate(hopeless=True))
        return item

    with Workers(connection, number) as workers:
        results = workers.map(work, range(100_000))
    assert isinstance(results[2], ZitadelError)
    assert results[-1] is None
    assert number > 1 or [*results[:2], results[3]] == [0, 1, None]


def test_other_failures_stop_nothing(connection: Connection) -> None:
    def work(item: int) -> int:
        if item % 2:
            raise ZitadelError(f"no {item}")
        return item

    with Workers(connection, 4) as workers:
        results = workers.map(work, NUMBERS)
    assert [result if isinstance(result, int) else str(result) for result in results] == [
        f"no {item}" if item % 2 else item for item in NUMBERS
    ]


def test_what_nobody_expected_is_an_error_of_its_item(connection: Connection) -> None:
    with Workers(connection, 4) as workers:
        results = workers.map(lambda item: 1 // item, [1, 0, 1])
    assert (results[0], results[2]) == (1, 1)
    assert "defect in community.zitadel" in str(results[1])


def test_lines_and_warnings_come_from_the_calling_thread(fake: FakeZitadel, connection: Connection) -> None:
    told: list[tuple[str, int]] = []
    here = threading.get_ident()
    connection.notify = lambda line: told.append((line, threading.get_ident()))
    call(connection)
    # No more than one item can repeat.
    fake.respond(503, times=4, path="orgs/me")
    with Workers(connection, 4) as workers:
        warn = workers.in_caller(lambda text: told.append((text, threading.get_ident())))
        workers.map(lambda item: (warn(f"warning {item}"), ask(connection, item)), range(8))
    assert {thread for _text, thread in told} == {here}
    assert sum("next try" in text for text, _thread in told) == 4
    assert sum("warning" in text for text, _thread in told) == 8


@pytest.mark.parametrize("number", [1, 4])
def test_an_interrupt_begins_nothing_more(connection: Connection, number: int) -> None:
    begun: list[int] = []
    interrupted = threading.Event()

    def interrupt(_text: str) -> None:
        interrupted.set()
        raise KeyboardInterrupt

    def work(item: int) -> None:
        begun.append(item)
        if item == 0:
            warn("now")
        elif number > 1:
            assert interrupted.wait(30)

    workers = Workers(connection, number)
    warn = workers.in_caller(interrupt)
    with pytest.raises(KeyboardInterrupt), workers:
        workers.map(work, NUMBERS)
    for thread in workers._threads:
        thread.join(30)
    assert len(begun) <= 2 * number


class Slow:
    """A throttle that notes what it is told."""

    def __init__(self) -> None:
        self.told: list[float] = []
        self.waited = 0

    def slow_down(self, seconds: float) -> None:
        self.told.append(seconds)

    def wait(self) -> None:
        self.waited += 1


@pytest.mark.parametrize(("status", "expected"), [(429, [7.0]), (503, [])])
def test_a_rate_limit_slows_all_of_them_down(
    fake: FakeZitadel, waits: Waits, status: int, expected: list[float]
) -> None:
    connection = connection_to(fake)
    slow = Slow()
    connection.throttle = cast(Throttle, slow)
    fake.respond(status, headers={"Retry-After": "7"})
    call(connection)
    assert slow.told == expected
    assert waits == ([] if expected else [7.0])
    assert slow.waited == 2
    connection.close()


def test_a_throttle_lets_everybody_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [100.0]

    def sleep(seconds: float) -> None:
        clock[0] += seconds

    monkeypatch.setattr(_back_off, "time", SimpleNamespace(monotonic=lambda: clock[0], sleep=sleep))
    throttle = Throttle()
    throttle.wait()
    assert clock == [100.0]
    throttle.slow_down(5)
    throttle.slow_down(2)
    throttle.wait()
    assert clock == [105.0]


# Threads and sessions


@pytest.mark.parametrize(("number", "items"), [(1, 20), (8, 1)], ids=["one at a time", "one item"])
def test_no_thread_where_one_is_enough(connection: Connection, number: int, items: int) -> None:
    with Workers(connection, number) as workers:
        threads = set(workers.map(lambda _item: threading.get_ident(), range(items)))
    assert threads == {threading.get_ident()}


def test_as_many_at_the_same_time_as_asked_for(connection: Connection) -> None:
    together = threading.Barrier(4, timeout=30)
    with Workers(connection, 4) as workers:
        workers.map(lambda _item: together.wait(), range(8))
        workers.map(lambda _item: together.wait(), range(4))
        assert len(workers._threads) == 4
        # Whoever interrupts the task need not wait for them.
        assert all(thread.daemon for thread in workers._threads)
    assert not any(thread.is_alive() for thread in workers._threads)


def test_each_thread_has_a_session_which_is_closed_in_the_end(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed: list[object] = []
    used: dict[object, set[int]] = {}
    send, close = Transport.send, Transport.close

    def note(self: Transport, *arguments: Any) -> Answer:
        used.setdefault(self, set()).add(threading.get_ident())
        return send(self, *arguments)

    def end(self: Transport) -> None:
        closed.append(self)
        close(self)

    monkeypatch.setattr(Transport, "send", note)
    monkeypatch.setattr(Transport, "close", end)
    call(connection)
    own = next(iter(used))
    together = threading.Barrier(4, timeout=30)
    with Workers(connection, 4) as workers:
        workers.map(lambda item: (together.wait(), ask(connection, item)), range(8))
        assert not closed
    assert len(used) == 5
    assert all(len(threads) == 1 for threads in used.values())
    # That of the calling thread is kept for the next task.
    assert set(closed) == used.keys() - {own}
    call(connection)
    assert len(used) == 5


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_sessions_are_closed_after_a_failure_as_well(connection: Connection, error: type[BaseException]) -> None:
    def fail(workers: Workers) -> None:
        workers.map(lambda item: ask(connection, item), range(8))
        raise error

    with pytest.raises(error), Workers(connection, 2) as workers:
        fail(workers)
    assert len(connection._transports) == 1


def test_what_was_said_before_is_said_after(connection: Connection) -> None:
    """Lines go where they went, and no rate limit of the threads is left."""
    before = connection.notify
    with Workers(connection, 4) as workers:
        workers.map(lambda item: ask(connection, item), NUMBERS)
        assert (connection.notify, connection.throttle) == (before, None)
