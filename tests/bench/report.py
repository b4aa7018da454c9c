# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the benchmark found: as reStructuredText, as a picture, and against its aims."""

from __future__ import annotations

import dataclasses
import html
import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

AIM_ITEM = 0.005
AIM_TIMES_URI = 40
AIM_TIMES_SESSION = 1.5
AIM_MEMORY = 150_000_000

LABELS = {
    "uri": "ansible.builtin.uri",
    "process": "module, as a process",
    "in process": "module, in process",
    "v2": "the same by API v2",
    "session": "plain requests session",
    "debug": "ansible.builtin.debug",
    "empty": "empty play",
}
BARS = ("uri", "process", "in process", "session", "debug")
URI_PHASES = {"one changed, with purge": "unchanged"}
"""What uri does where it has no purge."""


@dataclass
class Results:
    """Seconds of all runs, and what the server counted, by scenario, phase and method."""

    titles: dict[str, str] = field(default_factory=dict)
    keys: dict[str, int] = field(default_factory=dict)
    seconds: dict[str, dict[str, dict[str, list[float]]]] = field(default_factory=dict)
    counts: dict[str, dict[str, dict[str, dict[str, int]]]] = field(default_factory=dict)
    memory: dict[str, int] = field(default_factory=dict)
    imports: dict[str, Any] = field(default_factory=dict)
    machine: dict[str, Any] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)

    def describe(self, scenario: str, title: str, keys: int) -> None:
        self.titles[scenario], self.keys[scenario] = title, keys

    def add(self, scenario: str, phase: str, method: str, seconds: float, counts: dict[str, int]) -> None:
        self.seconds.setdefault(scenario, {}).setdefault(phase, {}).setdefault(method, []).append(seconds)
        self.counts.setdefault(scenario, {}).setdefault(phase, {})[method] = counts

    def best(self, scenario: str, phase: str, method: str) -> float | None:
        """Return the shortest of all runs: what disturbs a run makes it longer."""
        phases = self.seconds[scenario]
        # These do the same in every phase.
        same = phases if method in ("debug", "empty") else [phase]
        samples = [sample for name in same for sample in phases[name].get(method, ())]
        return min(samples) if samples else None

    def item(self, scenario: str, phase: str, method: str) -> float | None:
        """Return the seconds for one key: of a playbook without those of an empty play."""
        whole, play = self.best(scenario, phase, method), self.best(scenario, phase, "empty")
        if whole is None or play is None:
            return None
        return (whole - (0 if method == "session" else play)) / self.keys[scenario]

    def phases(self) -> Iterator[tuple[str, str]]:
        yield from ((scenario, phase) for scenario, phases in self.seconds.items() for phase in phases)

    def as_json(self) -> str:
        aims = [dataclasses.asdict(aim) for aim in judge(self)]
        return json.dumps({**dataclasses.asdict(self), "aims": aims}, indent=2) + "\n"


@dataclass(frozen=True)
class Aim:
    """What was hoped for, what was found, and whether that is enough."""

    text: str
    found: str
    met: bool


def judge(results: Results) -> list[Aim]:
    return [*_judge_items(results), *_judge_many(results), *_judge_footprint(results)]


def _judge_items(results: Results) -> Iterator[Aim]:
    for phase in results.seconds["loop"]:
        found, debug, session = _measured(
            results.item("loop", phase, name) for name in ("in process", "debug", "session")
        )
        uri = results.item("loop", phase, "uri")
        limit = debug + session + AIM_ITEM
        yield Aim(
            f"A loop item in process, {phase}: at most {milliseconds(AIM_ITEM)} more than an item of debug "
            f"({milliseconds(debug)}) and the plain session's calls ({milliseconds(session)}) take",
            f"{milliseconds(found)}, which is {milliseconds(found - debug - session)} more; {_distance(limit, found)}",
            found <= limit,
        )
        if uri is not None:
            times = uri / found
            yield Aim(
                f"A loop item in process, {phase}: at least {AIM_TIMES_URI} times faster than with uri",
                f"{times:.0f} times; {_distance(uri / AIM_TIMES_URI, found)} for an item",
                times >= AIM_TIMES_URI,
            )


def _judge_many(results: Results) -> Iterator[Aim]:
    for phase in results.seconds["many"]:
        found, session, debug, play = _measured(
            results.best("many", phase, name) for name in ("in process", "session", "debug", "empty")
        )
        limit = AIM_TIMES_SESSION * session + play
        # In a Python of their own: Ansible has imported some of it already.
        imports = sum(results.imports[name] for name in ("requests", "collection", "compiling"))
        yield Aim(
            f"{results.titles['many']}, in process, {phase}: at most {AIM_TIMES_SESSION} times the plain session "
            f"({seconds(session)}) and an empty play ({seconds(play)}), {seconds(limit)}",
            f"{seconds(found)}; {_distance(limit, found)}. A debug task with the same keys takes {seconds(debug)}, and "
            f"imports up to {milliseconds(imports)}, once in a run",
            found <= limit,
        )


def _measured(values: Iterable[float | None]) -> list[float]:
    """Return these figures. What is short of one cannot be unpacked."""
    return [value for value in values if value is not None]


def _judge_footprint(results: Results) -> Iterator[Aim]:
    peak = results.memory["process"]
    more = results.memory["in process"] - results.memory["empty"]
    yield Aim(
        f"One task that sets 25 values of 400 kB: a peak under {AIM_MEMORY / 1e6:.0f} MB as a process",
        f"{peak / 1e6:.0f} MB; in process {more / 1e6:.0f} MB more than an empty play",
        peak < AIM_MEMORY,
    )
    unwanted = results.imports["unwanted"]
    yield Aim(
        "A task that logs in with a token imports neither jwt nor cryptography",
        f"{' and '.join(unwanted)} imported" if unwanted else "it does not",
        not unwanted,
    )


def _distance(limit: float, found: float) -> str:
    return f"{milliseconds(abs(limit - found))} {'to spare' if found <= limit else 'too much'}"


def write_up(results: Results) -> str:
    """Return the tables for the documentation."""
    machine, imports = results.machine, results.imports
    software = ", ".join(f"{name} {number}" for name, number in results.versions.items())
    setting = (
        f"Taken on {machine['processor']}, {machine['cores']} cores, with {software}. The server is a fake on the same "
        "machine. Each figure is the best of the runs, which took turns; what takes long ran once."
    )
    footprint = (
        f"A task imports the collection in {milliseconds(imports['collection'])} ({imports['collection_modules']} Python "
        f"modules), after {milliseconds(imports['ansible.module_utils.basic'])} for ``ansible.module_utils.basic`` and "
        f"{milliseconds(imports['requests'])} for ``requests``. Ansible compiles a collection anew in each run, which "
        f"takes {milliseconds(imports['compiling'])} more."
    )
    aims = [[aim.text, aim.found, "yes" if aim.met else "NO"] for aim in judge(results)]
    parts = [
        setting,
        table("Seconds for the whole run", _wholes(results)),
        table("Milliseconds for one key, without those of an empty play", _items(results)),
        table("Aims", [["Aim", "Found", "Met"], *aims]),
        footprint,
    ]
    return "\n".join(part + "\n" for part in parts)


def _wholes(results: Results) -> list[list[str]]:
    rows = [["Work", *LABELS.values(), "uri : in process", "process : in process"]]
    for scenario, phase in results.phases():
        times = {name: results.best(scenario, phase, name) for name in LABELS}
        cells = [seconds(times[name]) for name in LABELS]
        uri = results.best("loop", URI_PHASES.get(phase, phase), "uri")
        if scenario == "many" and uri is not None:
            parts = results.keys["many"] // results.keys["loop"]
            times["uri"] = parts * uri
            cells[0] = f"{seconds(times['uri'])} ({parts} x {results.keys['loop']} keys, not measured)"
        title = f"{results.titles[scenario]}, {phase}"
        ratios = [ratio(times[name], times["in process"]) for name in ("uri", "process")]
        rows.append([title, *cells, *ratios])
    return rows


def _items(results: Results) -> list[list[str]]:
    names = [name for name in LABELS if name != "empty"]
    rows = [["Work", *(LABELS[name] for name in names), "uri : in process", "in process : session"]]
    for scenario, phase in results.phases():
        times = {name: results.item(scenario, phase, name) for name in names}
        title = f"{results.titles[scenario]}, {phase}"
        cells = [milliseconds(times[name]) for name in names]
        one = times["in process"]
        rows.append([title, *cells, ratio(times["uri"], one), ratio(one, times["session"])])
    return rows


def table(title: str, rows: Sequence[Sequence[str]]) -> str:
    lines = [f".. list-table:: {title}", "   :header-rows: 1", ""]
    for row in rows:
        lines += [f"   {'* -' if number == 0 else '  -'} {cell}" for number, cell in enumerate(row)]
    return "\n".join(lines)


def seconds(value: float | None) -> str:
    if value is None:
        return "n/a"
    digits = 0 if value >= 100 else 1 if value >= 10 else 2 if value >= 0.1 else 3
    return f"{value:.{digits}f} s"


def milliseconds(value: float | None) -> str:
    if value is None:
        return "n/a"
    number = value * 1e3
    digits = 0 if abs(number) >= 100 else 1 if abs(number) >= 10 else 2
    return f"{number:.{digits}f} ms"


def ratio(one: float | None, other: float | None) -> str:
    if one is None or other is None or one <= 0 or other <= 0:
        return "n/a"
    return f"{one / other:.0f}" if one >= 10 * other else f"{one / other:.1f}"


# The picture

TITLE = "Seconds for the whole run, on a logarithmic axis"
WIDTH, LEFT, RIGHT, TOP = 860, 40, 90, 92
BAR, GAP, GROUP = 13, 3, 34
STYLE = """
text { font: 12px system-ui, sans-serif; fill: #24292f } .title { font-weight: 600 } .big { font-size: 15px }
.ground { fill: #ffffff } .axis { stroke: #d0d7de } .play { stroke: #57606a; stroke-dasharray: 4 3 }
.uri { fill: #b0413e } .process { fill: #d98c2b } .in-process { fill: #1f7a4d } .session { fill: #6e7781 }
.debug { fill: #a9b3bd }
@media (prefers-color-scheme: dark) {
text { fill: #e6edf3 } .ground { fill: #0d1117 } .axis { stroke: #30363d } .play { stroke: #8b949e }
.uri { fill: #e5716d } .process { fill: #e0a458 } .in-process { fill: #3fb97c } .session { fill: #8b949e }
.debug { fill: #57606a }
}
"""


def draw(results: Results) -> str:
    """Return a bar chart of the whole runs as SVG. It brings its own ground, since a page may not follow the scheme."""
    groups = [(f"{results.titles[name]}, {phase}", _bars(results, name, phase)) for name, phase in results.phases()]
    values = [value for _title, bars in groups for value in bars.values()]
    low, high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
    scale = (WIDTH - LEFT - RIGHT) / (high - low)

    def x(value: float) -> float:
        return LEFT + (math.log10(value) - low) * scale

    height = TOP + sum(GROUP + len(bars) * (BAR + GAP) for _title, bars in groups) + 20
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{TITLE}">',
        f"<style>{STYLE}</style>",
        f'<rect class="ground" width="{WIDTH}" height="{height}"/>',
        f'<text class="title big" x="{LEFT}" y="24">{TITLE}</text>',
        *_legend(results),
    ]
    for power in range(low, high + 1):
        parts.append(_line("axis", x(10.0**power), TOP - 10, height - 16))
        parts.append(f'<text x="{x(10.0**power):.1f}" y="{TOP - 16}" text-anchor="middle">{10.0**power:g} s</text>')
    play = results.best("loop", "new", "empty")
    assert play is not None
    parts.append(_line("play", x(play), TOP - 10, height - 16))
    parts.append(f'<text x="{x(play):.1f}" y="{height - 4}" text-anchor="middle">empty play {seconds(play)}</text>')
    y = TOP
    for title, bars in groups:
        parts.append(f'<text class="title" x="{LEFT}" y="{y + 18}">{html.escape(title)}</text>')
        y += GROUP - 8
        for name, value in bars.items():
            parts.append(_bar(name, LEFT, y, x(value) - LEFT))
            parts.append(f'<text x="{x(value) + 5:.1f}" y="{y + 11}">{seconds(value)}</text>')
            y += BAR + GAP
        y += 8
    return "\n".join([*parts, "</svg>"]) + "\n"


def _bars(results: Results, scenario: str, phase: str) -> Mapping[str, float]:
    found = {name: results.best(scenario, phase, name) for name in BARS}
    return {name: value for name, value in found.items() if value is not None}


def _legend(results: Results) -> Iterator[str]:
    used = {name for scenario, phase in results.phases() for name in _bars(results, scenario, phase)}
    x = LEFT
    for name in (name for name in BARS if name in used):
        yield _bar(name, x, 40, 14)
        yield f'<text x="{x + 20}" y="51">{LABELS[name]}</text>'
        x += 34 + 7 * len(LABELS[name])


def _bar(name: str, x: float, y: float, width: float) -> str:
    name = name.replace(" ", "-")
    return f'<rect class="{name}" x="{x:.1f}" y="{y}" width="{max(width, 1):.1f}" height="{BAR}" rx="2"/>'


def _line(name: str, x: float, top: float, bottom: float) -> str:
    return f'<line class="{name}" x1="{x:.1f}" x2="{x:.1f}" y1="{top}" y2="{bottom}"/>'
