# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What ``make bench`` runs: the same work by ansible.builtin.uri, by the module, in process, and by plain requests.

All methods take turns on one fake server, which is a process of its own. After each measurement the server's own
counters show that a method did what it was measured for: it made the calls that the plain session makes.
Nothing here fails because something is slow.
"""

from __future__ import annotations

import argparse
import base64
import contextlib
import fcntl
import json
import os
import platform
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

import requests
import yaml

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
BUILD = ROOT / "build/bench"
PROGRAMS = Path(sys.executable).parent
sys.path.insert(0, str(HERE.parent))

from bench.report import Results, draw, write_up  # noqa: E402
from fake_zitadel.process import serving  # noqa: E402

METADATA = "/management/v1/metadata"
USER_SERVICE = "/zitadel.user.v2.UserService"
USER = "admin"
"""The login name of the user that the benchmark writes to"""
MODULE = "community.zitadel.zitadel_org_metadata"
FORKS = 10
ROUNDS = 3
LARGE_VALUES = 25
LARGE_VALUE_BYTES = 400_000
NEW, UNCHANGED, CHANGED = "new", "unchanged", "one changed, with purge"

Play = dict[str, Any]
Task = dict[str, Any]
Method = Callable[[str], float]
"""Does the work of a phase and returns the seconds it took."""


@dataclass(frozen=True)
class Server:
    url: str
    token: str
    organizations: dict[str, str]

    def counts(self) -> dict[str, int]:
        """Return how many requests and writes there were so far."""
        return dict(requests.get(f"{self.url}/_fake/requests", timeout=30).json())


class PlainSession:
    """The floor: a session of requests that does the calls of the module, and nothing to be safe."""

    def __init__(self, server: Server, organization: str = "keys") -> None:
        self._url = server.url
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.headers["Authorization"] = f"Bearer {server.token}"
        self._session.headers["x-zitadel-orgid"] = server.organizations[organization]

    def call(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        answer = self._session.request(method, self._url + path, json=body, timeout=60)
        answer.raise_for_status()
        return answer.json()

    def read(self, method: str = "STARTS_WITH", text: str = "") -> dict[str, str]:
        query = {"keyQuery": {"key": text, "method": f"TEXT_QUERY_METHOD_{method}"}}
        answer = self.call("POST", f"{METADATA}/_search", {"queries": [query]} if text else {})
        return {entry["key"]: base64.b64decode(entry["value"]).decode() for entry in answer.get("result", [])}

    def set(self, key: str, value: str) -> None:
        self.call("POST", f"{METADATA}/{key}", {"value": _base64(value)})

    def set_if_different(self, key: str, value: str) -> None:
        """Do what the module does for one key."""
        found = self.read("EQUALS", key)
        if not found:
            self.call("GET", "/management/v1/orgs/me")
        if found.get(key) != value:
            self.set(key, value)
            self.read("EQUALS", key)

    def find_user(self) -> str:
        query = {"loginNameQuery": {"loginName": USER, "method": "TEXT_QUERY_METHOD_EQUALS"}}
        return str(self.call("POST", "/v2/users", {"queries": [query]})["result"][0]["userId"])

    def set_of_user_if_different(self, key: str, value: str) -> None:
        """Do what the module does for one key of a user, by API v2."""
        user_id = self.find_user()
        filters = [{"keyFilter": {"key": key, "method": "TEXT_FILTER_METHOD_EQUALS"}}]
        read = {"userId": user_id, "filters": filters}
        entries = self.call("POST", f"{USER_SERVICE}/ListUserMetadata", read).get("metadata", [])
        if not entries or base64.b64decode(entries[0]["value"]).decode() != value:
            entry = {"key": key, "value": _base64(value)}
            self.call("POST", f"{USER_SERVICE}/SetUserMetadata", {"userId": user_id, "metadata": [entry]})
            self.call("POST", f"{USER_SERVICE}/ListUserMetadata", read)

    def set_those_that_differ(self, wanted: Mapping[str, str], *, whole: bool) -> None:
        """Do what the module does for many keys; with purge it reads the whole organization."""
        prefix = os.path.commonprefix(list(wanted))  # noqa: RUF071 - of characters, as the module
        found = self.read(text="" if whole else prefix)
        if not found:
            self.call("GET", "/management/v1/orgs/me")
        different = {key: value for key, value in wanted.items() if found.get(key) != value}
        if len(different) == 1:
            for key, value in different.items():
                self.set(key, value)
                self.read("EQUALS", key)
        elif different:
            entries = [{"key": key, "value": _base64(value)} for key, value in different.items()]
            self.call("POST", f"{METADATA}/_bulk", {"metadata": entries})
            self.read(text=prefix)

    def remove_everything(self) -> None:
        keys = list(self.read())
        if keys:
            self.call("DELETE", f"{METADATA}/_bulk", {"keys": keys})
        user_id = self.find_user()
        read = {"userId": user_id, "pagination": {"limit": 1000}}
        entries = self.call("POST", f"{USER_SERVICE}/ListUserMetadata", read).get("metadata", [])
        if entries:
            keys = [entry["key"] for entry in entries]
            self.call("POST", f"{USER_SERVICE}/DeleteUserMetadata", {"userId": user_id, "keys": keys})


def _base64(value: str) -> str:
    return base64.b64encode(value.encode()).decode()


class Ansible:
    """Runs ansible-playbook as a user does, without the user's own settings."""

    def __init__(self, server: Server) -> None:
        for name in ("plays", "python"):
            shutil.rmtree(BUILD / name, ignore_errors=True)
        (BUILD / "plays").mkdir(parents=True)
        (BUILD / "ansible.cfg").touch()
        own = ("ANSIBLE_", "ZITADEL_", "PYTHON")
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith(own)},
            "PATH": os.pathsep.join([str(PROGRAMS), os.environ["PATH"]]),
            "ANSIBLE_COLLECTIONS_PATH": str(ROOT / "build/collections"),
            "ANSIBLE_CONFIG": str(BUILD / "ansible.cfg"),
            "ANSIBLE_HOME": str(BUILD / "ansible"),
            "ANSIBLE_INVENTORY_UNPARSED_WARNING": "False",
            "ANSIBLE_LOCALHOST_WARNING": "False",
            "ANSIBLE_REMOTE_TEMP": str(BUILD / "ansible/tmp"),
            "NO_PROXY": "127.0.0.1",
            "no_proxy": "127.0.0.1",
            # As after a user's first run, but not among the sources.
            "PYTHONPYCACHEPREFIX": str(BUILD / "pycache"),
            "ZITADEL_URL": server.url,
            "ZITADEL_TOKEN": server.token,
            "ZITADEL_ORG_ID": server.organizations["keys"],
        }

    def write(self, name: str, play: Play) -> Path:
        path = BUILD / f"plays/{name}.yml"
        path.write_text(yaml.safe_dump([play], sort_keys=False, width=120), encoding="utf-8")
        return path

    def run(self, *command: str | Path, **environment: str) -> float:
        """Return the seconds that a command took. A failure ends the benchmark."""
        started = time.perf_counter()
        with subprocess.Popen(
            [str(part) for part in command],
            cwd=BUILD,
            env={**self.environment, **environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as process:
            try:
                output = process.communicate()[0]
            except BaseException:
                # Not killed: Ansible ends its workers, which are in sessions of their own.
                process.terminate()
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.communicate(timeout=10)
                process.kill()
                raise
        seconds = time.perf_counter() - started
        if process.returncode:
            sys.exit(f"{output}\n{command[-1]} failed (exit {process.returncode}).")
        return seconds

    def play(self, playbook: Path, *options: str | Path, **environment: str) -> float:
        return self.run("ansible-playbook", *options, playbook, **environment)


# Where a module's files would go: a task that ran as a process after all would fail.
IN_PROCESS = {"ANSIBLE_REMOTE_TEMP": "/dev/null/none"}
AS_PROCESS = {"ZITADEL_IN_PROCESS": "false"}


def play_of(*tasks: Task, hosts: str = "localhost", **variables: Any) -> Play:
    return {"hosts": hosts, "gather_facts": False, "vars": variables, "tasks": list(tasks)}


def module_task(**options: Any) -> Task:
    return {"name": "Set with the module", MODULE: options}


def debug_task(message: str) -> Task:
    return {"name": "Show a text", "ansible.builtin.debug": {"msg": message}}


def uri_tasks(item: str, key: str, value: str) -> tuple[Task, Task]:
    """Return the tasks that people write today: read, compare, write. ``item`` holds what the first registered."""
    address = "{{ lookup('env', 'ZITADEL_URL') }}" + METADATA
    headers = {
        "Authorization": "Bearer {{ lookup('env', 'ZITADEL_TOKEN') }}",
        "x-zitadel-orgid": "{{ lookup('env', 'ZITADEL_ORG_ID') }}",
    }
    read = {
        "name": "Read the key",
        "ansible.builtin.uri": {
            "url": f"{address}/{{{{ {key} }}}}",
            "headers": headers,
            "status_code": [200, 404],
        },
        "register": "found",
    }
    inner = "item." if item == "item" else ""
    write = {
        "name": "Write the value if it differs",
        "ansible.builtin.uri": {
            "url": f"{address}/{{{{ {inner}{key} }}}}",
            "method": "POST",
            "headers": headers,
            "body_format": "json",
            "body": {"value": f"{{{{ {inner}{value} | b64encode }}}}"},
        },
        "when": f"{item}.status == 404 or {item}.json.metadata.value != {inner}{value} | b64encode",
        "changed_when": True,
    }
    return read, write


def looped(task: Task, label: str = "item.key", loop: str = "wanted | dict2items") -> Task:
    return {**task, "loop": f"{{{{ {loop} }}}}", "loop_control": {"label": f"{{{{ {label} }}}}"}}


@dataclass
class Scenario:
    """Work that every method does, phase after phase, from an empty organization on."""

    name: str
    title: str
    count: int
    phases: Sequence[str]
    methods: dict[str, Method]
    slow: Sequence[str] = ()
    """Methods that are measured once."""


@dataclass
class Bench:
    """What all scenarios need."""

    server: Server
    ansible: Ansible
    quick: bool
    rounds: int
    results: Results = field(default_factory=Results)

    def playing(self, name: str, play: Play, *options: str | Path, **environment: str) -> Method:
        playbook = self.ansible.write(name, play)
        return lambda _phase: self.ansible.play(playbook, *options, **environment)

    def module(self, name: str, play: Play, *options: str | Path) -> dict[str, Method]:
        return {
            "in process": self.playing(name, play, *options, **IN_PROCESS),
            "process": self.playing(name, play, *options, **AS_PROCESS),
        }

    def uri(self, name: str, play: Play, *options: str | Path) -> dict[str, Method]:
        return {} if self.quick else {"uri": self.playing(name, play, *options)}

    def timed(self, work: Callable[[PlainSession, str], object]) -> dict[str, Method]:
        """Return the method of the plain session, which connects anew for each measurement."""

        def method(phase: str) -> float:
            started = time.perf_counter()
            work(PlainSession(self.server), phase)
            return time.perf_counter() - started

        return {"session": method}

    def measure(self, scenario: Scenario) -> None:
        say(f"\n{scenario.title}: {', '.join(scenario.methods)}")
        for number in range(self.rounds):
            for name, method in scenario.methods.items():
                if number == 0 or name not in scenario.slow:
                    self._measure_method(scenario, name, method)

    def _measure_method(self, scenario: Scenario, name: str, method: Method) -> None:
        PlainSession(self.server).remove_everything()
        for phase in scenario.phases:
            if phase == CHANGED:
                PlainSession(self.server).set(next(iter(wanted_keys(scenario.count))), "something else")
            before = self.server.counts()
            seconds = method(phase)
            counts = {kind: number - before[kind] for kind, number in self.server.counts().items()}
            self.results.add(scenario.name, phase, name, seconds, counts)
            say(
                f"  {phase:<24}{name:<12}{seconds:9.3f} s {counts['requests']:>6} requests, {counts['writes']:>4} writes"
            )
            self._check(scenario.name, phase, name, counts)

    def _check(self, scenario: str, phase: str, name: str, counts: Mapping[str, int]) -> None:
        """Refuse to compare methods that do not do the same."""
        expected = self.results.counts[scenario][phase]["session"]
        if name in ("in process", "process") and counts != expected:
            sys.exit(f"{name} made {counts}, but the plain session {expected}: they cannot be compared.")
        if name == "uri" and counts["writes"] != expected["writes"]:
            sys.exit(f"uri made {counts['writes']} writes instead of {expected['writes']}.")
        if name in ("debug", "empty") and counts["requests"]:
            sys.exit(f"{name} should ask the server nothing.")


def wanted_keys(count: int) -> dict[str, str]:
    return {f"key-{number:04}": f"the value of number {number:04}" for number in range(count)}


def one_by_one(bench: Bench, count: int) -> Scenario:
    wanted = wanted_keys(count)

    def session(plain: PlainSession, _phase: str) -> None:
        for key, value in wanted.items():
            plain.set_if_different(key, value)

    module = module_task(key="{{ item.key }}", value="{{ item.value }}")
    debug = debug_task("{{ item.key }}={{ item.value }}")
    read, write = uri_tasks("item", "item.key", "item.value")
    tasks = (looped(read), looped(write, "item.item.key", "found.results"))
    methods = {
        **bench.timed(session),
        "empty": bench.playing("empty", play_of()),
        "debug": bench.playing("loop-debug", play_of(looped(debug), wanted=wanted)),
        **bench.module("loop-module", play_of(looped(module), wanted=wanted)),
        **bench.uri("loop-uri", play_of(*tasks, wanted=wanted)),
    }
    return Scenario("loop", f"{count:,} keys in a loop", count, (NEW, UNCHANGED), methods, ("uri", "process"))


def users_one_by_one(bench: Bench, count: int) -> Scenario:
    """The same as in a loop over keys, of a user that each task finds by its login name."""
    wanted = wanted_keys(count)

    def session(plain: PlainSession, _phase: str) -> None:
        for key, value in wanted.items():
            plain.set_of_user_if_different(key, value)

    options = {"login_name": USER, "key": "{{ item.key }}", "value": "{{ item.value }}"}
    task = looped({"name": "Set", "community.zitadel.zitadel_user_metadata": options})
    methods = {
        **bench.timed(session),
        "empty": bench.playing("empty", play_of()),
        "debug": bench.playing("users-debug", play_of(looped(debug_task("{{ item.key }}")), wanted=wanted)),
        "in process": bench.playing("users-module", play_of(task, wanted=wanted), **IN_PROCESS),
    }
    return Scenario("users", f"{count:,} keys of a user in a loop", count, (NEW, UNCHANGED), methods)


def one_task(bench: Bench, count: int, *, purge: bool) -> Scenario:
    wanted = wanted_keys(count)

    def module(as_process: bool, **more: str) -> Method:
        environment = {**(AS_PROCESS if as_process else IN_PROCESS), **more}
        plain = bench.playing(f"task-{count}", play_of(module_task(metadata=wanted)), **environment)
        purging = bench.playing(f"task-{count}-purge", play_of(module_task(metadata=wanted, purge=True)), **environment)
        return lambda phase: (purging if phase == CHANGED else plain)(phase)

    methods = {
        **bench.timed(lambda plain, phase: plain.set_those_that_differ(wanted, whole=phase == CHANGED)),
        "empty": bench.playing("empty", play_of()),
        # Reads and templates the same keys, and shows nothing.
        "debug": bench.playing(f"debug-{count}", play_of({"ansible.builtin.debug": {"msg": wanted, "verbosity": 1}})),
        "in process": module(as_process=False),
        "process": module(as_process=True),
        **({"v2": module(as_process=False, ZITADEL_API_VERSION="v2")} if purge else {}),
    }
    phases = (NEW, UNCHANGED, CHANGED) if purge else (NEW, UNCHANGED)
    return Scenario("many" if purge else "task", f"{count:,} keys in one task", count, phases, methods)


def many_hosts(bench: Bench, count: int) -> Scenario:
    wanted = wanted_keys(count)
    inventory = BUILD / "plays/hosts.yml"
    hosts = {f"host-{key}": {"key": key, "value": value} for key, value in wanted.items()}
    variables = {"ansible_connection": "local", "ansible_python_interpreter": "{{ ansible_playbook_python }}"}
    inventory.write_text(yaml.safe_dump({"all": {"hosts": hosts, "vars": variables}}), encoding="utf-8")
    options = ("--inventory", inventory, "--forks", str(FORKS))

    def session(_plain: PlainSession, _phase: str) -> None:
        with ThreadPoolExecutor(FORKS) as pool:
            list(pool.map(lambda key: PlainSession(bench.server).set_if_different(key, wanted[key]), wanted))

    module = play_of(module_task(key="{{ key }}", value="{{ value }}"), hosts="all")
    debug = play_of(debug_task("{{ key }}={{ value }}"), hosts="all")
    methods = {
        **bench.timed(session),
        "empty": bench.playing("hosts-empty", play_of(hosts="all"), *options),
        "debug": bench.playing("hosts-debug", debug, *options),
        **bench.module("hosts-module", module, *options),
        **bench.uri("hosts-uri", play_of(*uri_tasks("found", "key", "value"), hosts="all"), *options),
    }
    title = f"{count:,} hosts with {FORKS} forks, one key each"
    return Scenario("hosts", title, count, (NEW, UNCHANGED), methods, ("uri", "process"))


def measure_memory(bench: Bench) -> dict[str, int]:
    """Return the peak memory in bytes of one task with many large values."""
    numbers = range(LARGE_VALUES)
    values = {f"large-{number:02}": f"{{{{ '{number:02}' * {LARGE_VALUE_BYTES // 2} }}}}" for number in numbers}
    task = module_task(metadata=values)
    peak = (sys.executable, HERE / "probe.py", "peak")
    interpreter, file = BUILD / "python", BUILD / "peak"
    command = " ".join(f"'{part}'" for part in (*peak, file, sys.executable))
    interpreter.write_text(f'#!/bin/sh\nexec {command} "$@"\n', encoding="utf-8")
    interpreter.chmod(0o755)
    say(f"\nPeak memory of one task that sets {LARGE_VALUES} values of {LARGE_VALUE_BYTES // 1000} kB")
    found = {}

    def note(name: str) -> None:
        found[name] = int(file.read_text(encoding="ascii"))
        say(f"  {name:<36}{found[name] / 1e6:7.0f} MB")

    playbook = bench.ansible.write("large-process", play_of(task, ansible_python_interpreter=str(interpreter)))
    bench.ansible.play(playbook, ZITADEL_ORG_ID=bench.server.organizations["process"])
    note("process")
    for name, play in (("empty", play_of()), ("in process", play_of(task))):
        playbook = bench.ansible.write(f"large-{name.replace(' ', '-')}", play)
        organization = bench.server.organizations["in process"]
        bench.ansible.run(*peak, file, "ansible-playbook", playbook, **IN_PROCESS, ZITADEL_ORG_ID=organization)
        note(name)
    return found


def measure_imports(bench: Bench) -> dict[str, Any]:
    """Return the seconds that the imports of a task with a token take, the best of some, and what it imported."""
    say("\nImports of a task that logs in with a token")
    arguments = {"ANSIBLE_MODULE_ARGS": {"key": "tier", "value": "gold"}}
    environment = {
        **bench.ansible.environment,
        "PYTHONPATH": str(ROOT / "build/collections"),
        "ZITADEL_ORG_ID": bench.server.organizations["imports"],
    }
    reports: list[dict[str, Any]] = []
    # The first compiles.
    for _number in range(1 + ROUNDS):
        command = (sys.executable, HERE / "probe.py", "imports")
        text = json.dumps(arguments)
        output = subprocess.run(command, env=environment, input=text, stdout=subprocess.PIPE, text=True, check=True)
        reports.append(json.loads(output.stdout))
    found = reports[-1]
    for name in ("ansible.module_utils.basic", "requests", "collection", "compiling"):
        found[name] = min(float(report[name]) for report in reports)
        say(f"  {name:<36}{found[name] * 1e3:7.1f} ms")
    say(f"  jwt, cryptography: {', '.join(found['unwanted']) + ' IMPORTED' if found['unwanted'] else 'not imported'}")
    return found


def machine() -> dict[str, Any]:
    with open("/proc/cpuinfo", encoding="utf-8") as lines:
        models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return {"processor": models[0] if models else platform.processor(), "cores": len(os.sched_getaffinity(0))}


def versions() -> dict[str, str]:
    galaxy = yaml.safe_load((ROOT / "galaxy.yml").read_text(encoding="utf-8"))
    return {
        "Python": platform.python_version(),
        "ansible-core": version("ansible-core"),
        "requests": version("requests"),
        "community.zitadel": str(galaxy["version"]),
    }


def say(text: str) -> None:
    print(text, flush=True)


@contextlib.contextmanager
def alone() -> Iterator[None]:
    """Let only one benchmark run in a checkout: two would share files, and both would be slower."""
    with open(BUILD / "lock", "w", encoding="ascii") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            sys.exit("A benchmark is running here already.")
        yield


def warm_up(bench: Bench) -> None:
    """Let Python compile and the machine cache what all measurements share."""
    say("Warming up")
    for method in bench.module("warm-up", play_of(module_task(key="warm", value="up"))).values():
        method(NEW)
    PlainSession(bench.server).remove_everything()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python tests/bench", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="fewer keys, one round, and without uri, to try it out")
    quick = parser.parse_args().quick
    # Stop the server also when told to end; Ctrl-C raises by itself.
    signal.signal(signal.SIGTERM, lambda number, _frame: sys.exit(128 + number))
    few, many = (10, 100) if quick else (100, 1_000)
    BUILD.mkdir(parents=True, exist_ok=True)
    organizations = [f"--organization={name}" for name in ("keys", "process", "in process", "imports")]
    with alone(), serving(*organizations) as ready:
        server = Server(**ready)
        bench = Bench(server, Ansible(server), quick, 1 if quick else ROUNDS)
        warm_up(bench)
        scenarios = [
            one_by_one(bench, few),
            users_one_by_one(bench, few),
            one_task(bench, few, purge=False),
            one_task(bench, many, purge=True),
            many_hosts(bench, few),
        ]
        for scenario in scenarios:
            bench.results.describe(scenario.name, scenario.title, scenario.count)
            bench.measure(scenario)
        bench.results.memory = measure_memory(bench)
        bench.results.imports = measure_imports(bench)
    bench.results.machine, bench.results.versions = machine(), versions()
    figures = write_up(bench.results)
    (BUILD / "results.json").write_text(bench.results.as_json(), encoding="utf-8")
    (BUILD / "figures.rst").write_text(figures, encoding="utf-8")
    (BUILD / "performance.svg").write_text(draw(bench.results), encoding="utf-8")
    say(f"\n{figures}\nWritten to build/bench: results.json, figures.rst, performance.svg")


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
