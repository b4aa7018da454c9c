# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Faults: what is repeated ends well with the right result; what fails half-way tells what was written."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from integration.harness import Ansible, Run, keys_sent, task
from integration.server import Zitadel

SET = {"method": "POST", "path": "metadata/tier$"}
BULK = {"method": "POST", "path": "metadata/_bulk$"}
REMOVE = {"method": "DELETE"}
BUSY = {"code": 14, "message": "starting"}

Arrange = Callable[[Zitadel, str], None]


def _fault(name: str, *args: Any, **match: Any) -> Arrange:
    def arrange(fake: Zitadel, organization: str) -> None:
        getattr(fake, name)(*args, organization=organization, **match)

    return arrange


TIER = {"key": "tier", "value": "gold"}
ABSENT = {"key": "seats", "state": "absent"}
MANY = {"metadata": {"a": "1", "b": "2"}}
NONE = {"absent_keys": ["seats", "seats2"]}

# What goes wrong, the task, and what it added and removed in the end. How often the write is sent: twice.
REPEATED: dict[str, tuple[Arrange, dict[str, Any], list[str], list[str]]] = {
    "busy": (_fault("respond", 503, BUSY, **SET), TIER, ["tier"], []),
    "busy, and HTML": (_fault("respond", 502, "<html>", **SET), TIER, ["tier"], []),
    "too many requests": (_fault("respond", 429, "slow down", **SET), TIER, ["tier"], []),
    "Retry-After": (_fault("respond", 429, BUSY, headers={"Retry-After": "0"}, **SET), TIER, ["tier"], []),
    "collision": (_fault("collide"), TIER, ["tier"], []),
    "collision of a removal": (_fault("collide"), ABSENT, [], ["seats"]),
    "dropped before": (_fault("drop", "before", **SET), TIER, ["tier"], []),
    "dropped after": (_fault("drop", "after", **SET), TIER, ["tier"], []),
    "dropped in the answer": (_fault("drop", "middle", **SET), TIER, ["tier"], []),
    "bulk dropped after": (_fault("drop", "after", **BULK), MANY, ["a", "b"], []),
    "removal dropped before": (_fault("drop", "before", **REMOVE), ABSENT, [], ["seats"]),
    "removal dropped after": (_fault("drop", "after", **REMOVE), ABSENT, [], ["seats"]),
    "bulk removal dropped after": (_fault("drop", "after", **REMOVE), NONE, [], ["seats", "seats2"]),
    "removal done, answered 504": (_fault("respond", 504, "<html>", after=True, **REMOVE), ABSENT, [], ["seats"]),
    "timed out": (_fault("delay", after=True, **SET), {**TIER, "timeout": 0.3}, ["tier"], []),
}


@pytest.fixture(scope="module")
def repeated(ansible: Ansible) -> Iterator[Run]:
    with Zitadel() as fake:
        tasks = []
        for name, (arrange, options, _added, _removed) in REPEATED.items():
            organization = fake.create_organization(name, metadata={"seats": "5", "seats2": "6"})
            arrange(fake, organization)
            tasks.append(task(name, {"org_id": organization, **options}))
        yield ansible.run_at_once(fake, tasks)
        assert not fake.faults.waiting()


@pytest.mark.parametrize("name", REPEATED)
def test_a_fault_costs_nothing_but_time(repeated: Run, name: str) -> None:
    _arrange, options, added, removed = REPEATED[name]
    result = repeated[name]
    assert not result.failed, result["msg"]
    assert result.written == (added, [], removed, [])
    assert result["changed"] is True
    writes = repeated.writes(name)
    assert len(writes) == 2
    assert keys_sent(writes[:1]) == keys_sent(writes[1:])
    entries = repeated.entries(name, result["org_id"])
    assert entries.keys() == {"seats", "seats2", *added} - set(removed)
    if "key" in options and added:
        assert result["details"]["sequence"] == entries["tier"].sequence
        assert result["details"]["change_date"] == entries["tier"].change_date


def test_a_server_that_is_killed_and_comes_back_costs_nothing_but_time(ansible: Ansible) -> None:
    with Zitadel() as fake:
        acme = fake.create_organization("acme")

        def restart() -> None:
            fake.stop()
            threading.Timer(0.2, fake.start).start()

        def kill(_request: object) -> None:
            # In another thread, since stopping cuts the connection that this one answers.
            threading.Thread(target=restart).start()

        fake.before(kill, path="metadata/_bulk$")
        fake.delay(path="metadata/_bulk$")
        run = ansible.run(fake, [task("set", {"org_id": acme, **MANY})])
        assert run["set"]["added"] == ["a", "b"]
        assert fake.metadata(acme) == {"a": b"1", "b": b"2"}


# Failures half-way. Three pieces, then removals.


HALF_WAY: dict[str, tuple[Arrange, list[str], list[str], str]] = {
    "second piece refused": (
        _fault("fail", 500, 13, "oh dear", path="_bulk$", method="POST", every=2),
        ["blob0"],
        [],
        "oh dear",
    ),
    "second piece done, answered 504": (
        _fault("respond", 504, "<html>", after=True, path="_bulk$", method="POST", every=2),
        ["blob0", "blob1"],
        [],
        "A read shows that ZITADEL made the change",
    ),
    "second piece dropped": (
        _fault("drop", "before", path="_bulk$", method="POST", every=2),
        ["blob0"],
        [],
        "a read does not show it, but it can still happen",
    ),
    "removal refused": (
        _fault("fail", 403, 7, "No matching permissions found (AUTH-5mWD2)", method="DELETE"),
        ["blob0", "blob1", "blob2", "blob3"],
        [],
        "org.write",
    ),
    "verification refused": (
        lambda fake, organization: fake.after(
            lambda request: fake.fail(500, 13, "oh dear", organization=organization, times=None),
            method="DELETE",
            organization=organization,
        ),
        ["blob0", "blob1", "blob2", "blob3"],
        ["seats", "seats2"],
        "oh dear",
    ),
}


@pytest.fixture(scope="module")
def half_way(ansible: Ansible) -> Iterator[Run]:
    tasks = []
    # Not two in one piece: 600,000 bytes of base64 for each.
    blobs = {f"blob{number}": "{{ 'x' * 450000 }}" for number in range(4)}
    with Zitadel() as fake:
        for name, (arrange, _added, _removed, _says) in HALF_WAY.items():
            organization = fake.create_organization(name, metadata={"seats": "5", "seats2": "6"})
            arrange(fake, organization)
            options = {"org_id": organization, "metadata": blobs, "absent_keys": ["seats", "seats2"], "retries": 0}
            tasks.append(task(name, options))
            tasks.append(task(f"{name}, again", options, when=name != "verification refused"))
        yield ansible.run(fake, tasks)


@pytest.mark.parametrize("name", HALF_WAY)
def test_a_failure_half_way_tells_what_was_written(half_way: Run, name: str) -> None:
    _arrange, added, removed, says = HALF_WAY[name]
    result = half_way[name]
    assert result.failed
    assert says in result["msg"], result["msg"]
    assert result["changed"] is True
    assert (result["added"], result["updated"], result["removed"]) == (added, [], removed)
    # What it tells is what there is.
    held = half_way.entries(name, result["org_id"]).keys()
    assert held == {"seats", "seats2", *added} - set(removed)


@pytest.mark.parametrize("name", [name for name in HALF_WAY if name != "verification refused"])
def test_the_next_run_does_the_rest(half_way: Run, name: str) -> None:
    again = half_way[f"{name}, again"]
    assert not again.failed
    assert again["removed"] == ["seats", "seats2"]
    assert sorted(again["added"] + half_way[name]["added"]) == ["blob0", "blob1", "blob2", "blob3"]


def test_nothing_is_claimed_where_the_first_write_failed(ansible: Ansible) -> None:
    with Zitadel() as fake:
        acme = fake.create_organization("acme")
        fake.drop("before", path="metadata/tier$")
        run = ansible.run(fake, [task("set", {"org_id": acme, **TIER, "retries": 0})])
        assert run["set"].failed
        assert run["set"]["changed"] is False
        assert "added" not in run["set"].data
