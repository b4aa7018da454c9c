# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the recordings do not show: writers that meet, readers that are behind, order, other releases."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from fake_zitadel import FakeZitadel
from fake_zitadel_tests.client import Client

ONE = "MQ=="


@pytest.fixture
def fake() -> Iterator[FakeZitadel]:
    with FakeZitadel("next") as fake:
        yield fake


def test_a_lost_set_is_acknowledged_and_never_seen(fake: FakeZitadel, acme: str, client: Client) -> None:
    fake.lose_writes()
    assert client.set_many("a", "b").status == 200
    assert client.get("a").error_id == "QUERY-Rph32"
    assert client.list().json["details"].keys() == {"viewTimestamp"}
    assert (fake.metadata(acme), fake.stored(acme)) == ({}, {"a": b"v", "b": b"v"})


def test_repeating_a_lost_bulk_set_writes_nothing(fake: FakeZitadel, acme: str, client: Client) -> None:
    fake.lose_writes()
    first = client.set_many("a", "b").json
    assert client.set_many("a", "b").json == first
    assert fake.metadata(acme) == {}


def test_a_single_set_heals_a_lost_set(fake: FakeZitadel, acme: str, client: Client) -> None:
    fake.lose_writes()
    lost = client.set_many("a").json["details"]
    healed = client.set("a").json["details"]
    assert int(healed["sequence"]) == int(lost["sequence"]) + 1
    assert fake.metadata(acme) == {"a": b"v"}


def test_removing_and_setting_heals_a_lost_bulk_set(fake: FakeZitadel, acme: str, client: Client) -> None:
    fake.lose_writes()
    client.set_many("a/b")
    assert client.remove_many("a/b").status == 200
    assert client.set_many("a/b").status == 200
    assert fake.metadata(acme) == {"a/b": b"v"}


def test_a_lost_removal_is_not_found_from_then_on(fake: FakeZitadel, acme: str, client: Client) -> None:
    fake.set_many(acme, {"a": "v", "b": "v"})
    fake.lose_writes()
    assert client.remove("a").status == 200
    assert client.get("a").status == 200
    assert client.remove("a").error_id == "META-mcnw3"
    assert client.remove_many("a", "b").error_id == "META-2npds"
    assert client.set("a").status == 200
    assert client.remove("a").status == 200
    assert fake.metadata(acme) == {"b": b"v"}


def test_losing_takes_whole_calls_that_match(fake: FakeZitadel, acme: str, client: Client) -> None:
    fake.lose_writes(method="POST", path="_bulk$")
    client.set("a")
    client.list()
    assert fake.metadata(acme) == {"a": b"v"}
    client.set_many("b", "c")
    client.set_many("d")
    assert fake.metadata(acme).keys() == {"a", "d"}


def test_readers_that_are_behind_catch_up(fake: FakeZitadel, acme: str, client: Client) -> None:
    client.set("a")
    fake.lag(reads=2)
    client.set("a", ONE)
    client.set("b")  # behind a write that is late
    assert client.get("a").json["metadata"]["value"] == "dg=="
    assert client.list().values == {"a": "dg=="}
    assert client.list().values == {"a": ONE, "b": "dg=="}
    assert client.get("a").json["metadata"]["value"] == ONE


def test_a_collision_writes_nothing_and_passes(fake: FakeZitadel, acme: str, client: Client) -> None:
    fake.collide(times=2)
    before = client.set_many("a", "b")
    assert (before.status, before.json["code"]) == (500, 2)
    assert "SQLSTATE 23505" in before.json["message"]
    assert client.remove("a").error_id == "META-mcnw3"  # found out before it could collide
    assert fake.stored(acme) == {}
    assert client.set_many("a", "b").status == 200


def test_every_third_write_collides(fake: FakeZitadel, client: Client) -> None:
    fake.collide(every=3, times=None)
    assert [client.set(f"k{number}").status for number in range(7)] == [200, 200, 500, 200, 200, 500, 200]


def test_the_branches_of_july_2026(fake: FakeZitadel, acme: str, client: Client) -> None:
    """What no recording shows."""
    first = client.set_many("a", "b").json
    assert client.set_many("a", "b").json == first
    invalid = client.set("a", "")
    assert (invalid.status, invalid.json["code"]) == (400, 3)
    fake.set_many(acme, {f"k{number}": b"x" * 500_000 for number in range(9)})
    assert client.list().status == 200
    del client.headers["Authorization"]
    assert client.get("a").status == 401


def test_pages_are_complete_in_any_order() -> None:
    keys = [f"k{number:03}" for number in range(100)]
    with FakeZitadel(scramble_order=True) as fake:
        acme = fake.create_organization("acme", metadata=dict.fromkeys(keys, "v"))
        client = Client(fake, acme)
        listed = [*client.list().values]
        pages = [client.list(query={"limit": 30, "offset": str(offset)}) for offset in range(0, 100, 30)]
        assert listed != sorted(listed)
        assert [key for page in pages for key in page.values] == listed
        assert {page.json["details"]["totalResult"] for page in pages} == {"100"}
        assert sorted(listed) == keys


def test_twenty_writers(fake: FakeZitadel, acme: str) -> None:
    """Each call's events have consecutive sequences, the answer carries the last, and nothing is lost."""
    answers: list[tuple[str, int]] = []

    def write(number: int) -> None:
        client = Client(fake, acme)
        for turn in range(10):
            key = f"{number}-{turn}"
            reply = client.set_many(f"{key}-a", f"{key}-b")
            answers.append((key, int(reply.json["details"]["sequence"])))

    threads = [threading.Thread(target=write, args=(number,)) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    entries = fake.entries(acme)
    assert len(entries) == 400
    assert sorted(entry.sequence for entry in entries.values()) == list(range(6, 406))
    for key, sequence in answers:
        assert (entries[f"{key}-a"].sequence, entries[f"{key}-b"].sequence) == (sequence - 1, sequence)
    assert len(fake.writes) == 200


def test_roles_that_were_not_recorded(fake: FakeZitadel, acme: str) -> None:
    fake.set(acme, "a", "v")
    other = fake.create_organization("other")

    def outcome(role: str | None, home: str) -> tuple[int, int]:
        client = Client(fake, acme, token=fake.create_user(role, home).token)
        return client.get("a").status, client.set("a").status

    assert outcome("ORG_USER_SELF_MANAGER", acme) == (403, 403)
    assert outcome("IAM_OWNER_VIEWER", other) == (200, 403)
