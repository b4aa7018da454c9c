# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Many organizations: listed with metadata, as an inventory, and set, with 1, 4 and 8 connections.

On the fake with a delay before each answer, as a network has one, and without. One round: a run takes minutes.
``python tests/bench/many.py`` runs this alone, ``make bench`` after the rest.
"""

from __future__ import annotations

import argparse
import html
import json
import math
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench.__main__ import BUILD, FORKS, HERE, Ansible, Server, alone, machine, play_of, say, versions
from bench.report import STYLE, Aim, seconds, table
from fake_zitadel.process import serving

DELAY = 0.02
CONNECTIONS = (1, 4, 8)
KEYS = 3
AIM_TIMES = 6
AIM_INVENTORY = 1.5
AIM_MEMORY = 200_000_000
LIST, INVENTORY = "listed with metadata", "inventory"
NEW, UNCHANGED, CHANGED = "bulk, new", "bulk, unchanged", "bulk, one changed"
OVER_NEW, OVER_UNCHANGED = "play over the inventory, new", "play over the inventory, unchanged"
ROLE_NEW, ROLE_UNCHANGED = "role, new", "role, unchanged"
LOOP_NEW, LOOP_UNCHANGED = "loop, new", "loop, unchanged"
BASE, BASE_OF_ENTRIES = "empty play", "debug with the entries of bulk"

Seconds = dict[str, dict[str, float]]
"""By the work, and by the connections or forks."""


@dataclass
class Results:
    count: int
    delayed: Seconds = field(default_factory=dict)
    plain: Seconds = field(default_factory=dict)
    fetched: float = 0.0
    """What the requests of the inventory take alone, with the most connections"""
    memory: dict[str, int] = field(default_factory=dict)
    machine: dict[str, Any] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)


class Bench:
    """All measurements against one server."""

    def __init__(self, server: Server, found: Seconds) -> None:
        self.server = server
        self.ansible = Ansible(server)
        self.ansible.environment.pop("ZITADEL_ORG_ID")
        self.found = found
        self.ids = [org_id for name, org_id in server.organizations.items() if name != "keys"]
        self.source = BUILD / "zitadel_orgs.yml"
        self.source.write_text("plugin: community.zitadel.zitadel_orgs\n", encoding="utf-8")

    def measure(self, work: str, setting: str, least: int, run: Callable[[], float]) -> None:
        """Note the seconds of a run, which sends so many requests and few more."""
        before = self.server.counts()["requests"]
        took = run()
        sent = self.server.counts()["requests"] - before
        if not least <= sent <= least + 10:
            sys.exit(f"{work} sent {sent} requests instead of {least}.")
        self.found.setdefault(work, {})[setting] = took
        say(f"  {work:<36}{setting:<16}{took:9.2f} s {sent:>6} requests")

    def playing(self, name: str, task: dict[str, Any], *options: str | Path, **more: Any) -> Callable[..., float]:
        playbook = self.ansible.write(name, play_of(task, **more))
        return lambda **environment: self.ansible.play(playbook, *options, **environment)

    def base(self) -> None:
        """Measure what Ansible itself takes: with nothing, and with as much to read and to show as the bulk module."""
        debug: dict[str, Any] = {"ansible.builtin.debug": {"msg": "x"}}
        empty = self.playing("base", debug)
        empty()  # the first run of all reads Ansible from the disk
        self.measure(BASE, "1", 0, empty)
        entries = [{"org_id": org_id, "metadata": self.wanted("base")} for org_id in self.ids]
        debug = {"ansible.builtin.debug": {"msg": "{{ entries }}"}}
        self.measure(BASE_OF_ENTRIES, "1", 0, self.playing("base-of-entries", debug, entries=entries))

    def list_and_inventory(self) -> None:
        listing = self.playing("list", {"community.zitadel.zitadel_org_info": {"metadata": True}, "register": "found"})
        for number in CONNECTIONS:
            setting = {"ZITADEL_CONNECTIONS": str(number)}
            self.measure(LIST, str(number), len(self.ids), lambda setting=setting: listing(**setting))  # type: ignore[misc]
        for number in CONNECTIONS:
            setting = {"ZITADEL_CONNECTIONS": str(number)}
            self.measure(INVENTORY, str(number), len(self.ids), lambda setting=setting: self.inventory(**setting))  # type: ignore[misc]

    def inventory(self, **environment: str) -> float:
        command = ("ansible-inventory", "-i", self.source, "--list", "--output", BUILD / "inventory.json")
        return self.ansible.run(*command, **environment)

    def fetch(self) -> float:
        """Return the seconds that plain sessions take for the requests of the inventory."""
        number = max(CONNECTIONS)
        started = time.perf_counter()
        with ThreadPoolExecutor(number) as pool:
            list(pool.map(self._fetch, (self.ids[part::number] for part in range(number))))
        return time.perf_counter() - started

    def _fetch(self, ids: list[str]) -> None:
        session = requests.Session()
        session.trust_env = False
        session.headers["Authorization"] = f"Bearer {self.server.token}"
        for org_id in ids:
            answer = session.post(
                f"{self.server.url}/management/v1/metadata/_search",
                json={},
                headers={"x-zitadel-orgid": org_id},
                timeout=60,
            )
            answer.raise_for_status()

    def wanted(self, name: str) -> dict[str, str]:
        return {f"{name}-{number}": f"the value of {number}" for number in range(KEYS)}

    def bulk(self, name: str) -> Callable[..., float]:
        entries = [{"org_id": org_id, "metadata": self.wanted(name)} for org_id in self.ids]
        task = {"community.zitadel.zitadel_org_metadata_bulk": {"organizations": "{{ entries }}"}}
        return self.playing(f"bulk-{name}", task, entries=entries)

    def set_many(self) -> None:
        count = len(self.ids)
        for number in CONNECTIONS:
            name = f"bulk-{number}"
            run = self.bulk(name)

            def play(run: Callable[..., float] = run, number: int = number) -> float:
                return run(ZITADEL_CONNECTIONS=str(number))

            self.measure(NEW, str(number), 4 * count, play)
            self.measure(UNCHANGED, str(number), count, play)
            self._change(name)
            self.measure(CHANGED, str(number), count, play)

    def _change(self, name: str) -> None:
        answer = requests.post(
            f"{self.server.url}/management/v1/metadata/{next(iter(self.wanted(name)))}",
            json={"value": "eA=="},
            headers={"Authorization": f"Bearer {self.server.token}", "x-zitadel-orgid": self.ids[0]},
            timeout=60,
        )
        answer.raise_for_status()

    def set_each(self) -> None:
        """Do the same by the role, by a play over the inventory, which is read before, not measured, and by a loop."""
        count = len(self.ids)
        entries = [{"org_id": org_id, "metadata": self.wanted("role")} for org_id in self.ids]
        include = {"name": "community.zitadel.org_metadata"}
        variables = {"org_metadata_organizations": "{{ entries }}"}
        role = self.playing("role", {"ansible.builtin.include_role": include, "vars": variables}, entries=entries)
        # As the role is used: with as many connections as it takes by itself.
        self.measure(ROLE_NEW, "4", 4 * count, role)
        self.measure(ROLE_UNCHANGED, "4", count, role)
        self.inventory()
        exported = BUILD / "inventory"
        exported.write_text(f"#!/bin/sh\ncat {BUILD / 'inventory.json'}\n", encoding="utf-8")
        exported.chmod(0o755)
        module = "community.zitadel.zitadel_org_metadata"
        task: dict[str, Any] = {module: {"org_id": "{{ zitadel_org_id }}", "metadata": self.wanted("over")}}
        options = ("--inventory", exported, "--forks", str(FORKS))
        over = self.playing("over", task, *options, hosts="all:!" + self.server.organizations["keys"])
        setting = f"{FORKS} forks"
        # The home organization of the service account is a host, too.
        self.measure(OVER_NEW, setting, 4 * (count + 1), over)
        self.measure(OVER_UNCHANGED, setting, count + 1, over)
        task = {
            module: {"org_id": "{{ item }}", "metadata": self.wanted("loop")},
            "loop": "{{ ids }}",
        }
        loop = self.playing("loop", task, ids=self.ids)
        self.measure(LOOP_NEW, "1", 4 * count, loop)
        self.measure(LOOP_UNCHANGED, "1", count, loop)

    def memory(self) -> dict[str, int]:
        """Return the peak memory in bytes of the largest process of each."""
        peak = (sys.executable, HERE / "probe.py", "peak", BUILD / "peak")
        found = {}
        entries = [{"org_id": org_id, "metadata": self.wanted("bulk-8")} for org_id in self.ids]
        task = {"community.zitadel.zitadel_org_metadata_bulk": {"organizations": "{{ entries }}"}}
        commands = {
            BASE: ("ansible-playbook", self.ansible.write("empty", play_of())),
            LIST: ("ansible-playbook", BUILD / "plays/list.yml"),
            INVENTORY: ("ansible-inventory", "-i", self.source, "--list", "--output", BUILD / "inventory.json"),
            UNCHANGED: ("ansible-playbook", self.ansible.write("memory", play_of(task, entries=entries))),
        }
        for name, command in commands.items():
            self.ansible.run(*peak, *command, ZITADEL_CONNECTIONS="8")
            found[name] = int((BUILD / "peak").read_text(encoding="ascii"))
            say(f"  {name:<36}{found[name] / 1e6:7.0f} MB")
        return found


def judge(results: Results) -> Iterator[Aim]:
    """Compare with what was hoped for."""
    base = results.delayed[BASE]["1"]
    most = str(max(CONNECTIONS))
    for work in (LIST, INVENTORY, NEW, UNCHANGED, CHANGED):
        without = BASE if work in (LIST, INVENTORY) else BASE_OF_ENTRIES
        one, many = (results.delayed[work][setting] - results.delayed[without]["1"] for setting in ("1", most))
        yield Aim(
            f"{work}: with {most} connections at most a sixth of the time with 1, not counting that of: {without}",
            f"{seconds(many)} and {seconds(one)}: {one / many:.1f} times faster",
            one / many >= AIM_TIMES,
        )
    beyond = results.delayed[INVENTORY][most] - results.fetched
    yield Aim(
        f"The inventory takes at most {AIM_INVENTORY} s more than its requests",
        f"{seconds(beyond)} more, of which ansible-inventory itself takes {seconds(base)}",
        beyond <= AIM_INVENTORY,
    )
    largest = max(results.memory.values())
    yield Aim(f"At most {AIM_MEMORY / 1e6:.0f} MB of memory", f"{largest / 1e6:.0f} MB", largest < AIM_MEMORY)


def write_up(results: Results) -> str:
    """Return the tables for the documentation."""
    rows = [["Work", "Connections or forks", f"with {DELAY * 1000:.0f} ms for each request", "without"]]
    for work, settings in results.delayed.items():
        for setting, value in settings.items():
            rows.append([work, setting, seconds(value), seconds(results.plain.get(work, {}).get(setting))])
    aims = [[aim.text, aim.found, "yes" if aim.met else "NO"] for aim in judge(results)]
    memory = [[name, f"{value / 1e6:.0f} MB"] for name, value in results.memory.items()]
    software = ", ".join(f"{name} {number}" for name, number in results.versions.items())
    parts = [
        f"{results.count} organizations. On {results.machine['processor']}, {results.machine['cores']} cores, {software}.",
        table("Seconds for the whole run", rows),
        table("Peak memory", [["Work", "Memory"], *memory]),
        table("Aims", [["Aim", "Found", "Met"], *aims]),
    ]
    return "\n".join(part + "\n" for part in parts)


WIDTH, LEFT, RIGHT, TOP, BAR, GAP = 860, 330, 90, 64, 15, 4
COLOURS = {"1": "uri", "4": "process", "8": "in-process"}


def draw(results: Results) -> str:
    """Return a bar chart of the runs with the delay."""
    bars = [
        (work if number == 0 else "", setting, value)
        for work, settings in results.delayed.items()
        if work not in (BASE, BASE_OF_ENTRIES)
        for number, (setting, value) in enumerate(settings.items())
    ]
    high = max(value for _work, _setting, value in bars)
    step = 10 ** math.floor(math.log10(high))
    scale = (WIDTH - LEFT - RIGHT) / high
    height = TOP + sum(BAR + GAP + (8 if work else 0) for work, _setting, _value in bars) + 16
    title = f"Seconds for {results.count:,} organizations, {DELAY * 1000:.0f} ms for each request"
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{title}">',
        f"<style>{STYLE}</style>",
        f'<rect class="ground" width="{WIDTH}" height="{height}"/>',
        f'<text class="title big" x="24" y="24">{title}</text>',
    ]
    for number in range(int(high / step) + 1):
        x = LEFT + number * step * scale
        parts.append(f'<line class="axis" x1="{x:.1f}" x2="{x:.1f}" y1="{TOP - 8}" y2="{height - 12}"/>')
        parts.append(f'<text x="{x:.1f}" y="{TOP - 14}" text-anchor="middle">{number * step} s</text>')
    y = TOP
    for work, setting, value in bars:
        y += 8 if work else 0
        label = setting if "fork" in setting else f"{setting} connection{'s' if setting != '1' else ''}"
        colour = COLOURS.get(setting, "session")
        parts.append(f'<text class="title" x="24" y="{y + 12}">{html.escape(work)}</text>')
        parts.append(f'<text x="{LEFT - 8}" y="{y + 12}" text-anchor="end">{label}</text>')
        parts.append(f'<rect class="{colour}" x="{LEFT}" y="{y}" width="{value * scale:.1f}" height="{BAR}" rx="2"/>')
        parts.append(f'<text x="{LEFT + value * scale + 6:.1f}" y="{y + 12}">{seconds(value)}</text>')
        y += BAR + GAP
    return "\n".join([*parts, "</svg>"]) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="fewer organizations, to try it out")
    results = Results(100 if parser.parse_args().quick else 1_000)
    signal.signal(signal.SIGTERM, lambda number, _frame: sys.exit(128 + number))
    os.makedirs(BUILD, exist_ok=True)
    with alone():
        for delay, found in ((DELAY, results.delayed), (0.0, results.plain)):
            arguments = ("--organization=keys", f"--organizations={results.count}", f"--delay={delay}")
            with serving(*arguments) as ready:
                bench = Bench(Server(**ready), found)
                say(f"\n{results.count} organizations, {delay * 1000:.0f} ms for each request")
                bench.base()
                bench.list_and_inventory()
                if delay:
                    results.fetched = bench.fetch()
                bench.set_many()
                bench.set_each()
                if not delay:
                    say("\nPeak memory")
                    results.memory = bench.memory()
    results.machine, results.versions = machine(), versions()
    text = write_up(results)
    (BUILD / "many.json").write_text(json.dumps(results.__dict__, indent=2) + "\n", encoding="utf-8")
    (BUILD / "many.rst").write_text(text, encoding="utf-8")
    (BUILD / "many.svg").write_text(draw(results), encoding="utf-8")
    say(f"\n{text}\nWritten to build/bench: many.json, many.rst, many.svg")


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
