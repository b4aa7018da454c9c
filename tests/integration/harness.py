# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs ansible-playbook as a user does, and keeps what it printed and what callbacks were told."""

from __future__ import annotations

import itertools
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

from fake_zitadel import Entry, FakeZitadel, Request
from integration import server
from integration.both_ways import Ways, told

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
PROGRAMS = Path(sys.executable).parent
GROUP = "group/community.zitadel.all"

Task = dict[str, Any]
Play = dict[str, Any]
Snapshot = dict[str, dict[str, Entry]]

CORE = version("ansible-core")
# On ansible-core 2.18 a template that yields none becomes an empty text.
TEMPLATES_KEEP_NONE = tuple(map(int, CORE.split(".")[:2])) >= (2, 19)

_TASK_HEADER = "x-task"
# Seconds after which a run hangs.
_TIMEOUT = 300


@dataclass(frozen=True)
class Result:
    """What a callback was told: the result of a task, of one item of its loop ("item …"), or of one try ("retry")."""

    event: str
    playbook: str
    task: str
    host: str
    data: dict[str, Any]

    def __getitem__(self, name: str) -> Any:
        return self.data[name]

    @property
    def failed(self) -> bool:
        return self.event.removeprefix("item ") in ("failed", "unreachable")

    @property
    def written(self) -> tuple[list[str], list[str], list[str], list[str]]:
        """The four lists of keys: added, updated, removed, unchanged."""
        return self["added"], self["updated"], self["removed"], self["unchanged"]


@dataclass(repr=False)
class Run:
    """One run of ansible-playbook."""

    rc: int
    output: str
    results: list[Result]
    _fake: FakeZitadel | None = None
    _numbers: dict[str, str] = field(default_factory=dict)
    _snapshots: dict[str, Snapshot] = field(default_factory=dict)

    def __getitem__(self, task: str) -> Result:
        """The one final result of a task."""
        found = [result for result in self.all(task) if not result.event.startswith(("item", "retry"))]
        assert len(found) == 1, f"{len(found)} results of {task!r}:\n{self.output}"
        return found[0]

    def all(self, task: str) -> list[Result]:
        return [result for result in self.results if result.task == task]

    def of(self, playbook: str) -> list[Result]:
        """What was told of one playbook of several, by the name of its file."""
        return [result for result in self.results if result.playbook == playbook]

    def items(self, task: str) -> list[Result]:
        return [result for result in self.all(task) if result.event.startswith("item")]

    def requests(self, task: str) -> list[Request]:
        """The requests that a task sent. Only tasks made by ``task`` are known."""
        assert self._fake
        number = self._numbers[task]
        return [request for request in self._fake.requests if request.headers.get(_TASK_HEADER) == number]

    def writes(self, task: str) -> list[Request]:
        return [request for request in self.requests(task) if request.modifies]

    def entries(self, task: str, organization: str) -> dict[str, Entry]:
        """What readers saw in an organization after the last request of a task."""
        return self._snapshots[self._numbers[task]][organization]

    def calls(self, task: str) -> list[str]:
        """The same as a list of what was called, without the part that all paths have."""
        return [f"{one.method} {one.path.removeprefix('/management/v1')}" for one in self.requests(task)]


@dataclass(frozen=True)
class Listed:
    """One run of ansible-inventory."""

    rc: int
    stdout: str
    stderr: str

    @property
    def told(self) -> str:
        """All that it said, in one line: long lines are broken where the terminal ends."""
        return " ".join(f"{self.stdout}{self.stderr}".split())

    @property
    def content(self) -> dict[str, Any]:
        """The JSON that --list or --host prints."""
        assert self.rc == 0, self.stderr
        return dict(json.loads(self.stdout))

    def variables(self, host: str) -> dict[str, Any]:
        """The variables of a host that --list shows, whether they are marked as data or not."""
        return dict(_plain(self.content["_meta"]["hostvars"][host]))


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return value["__ansible_unsafe"] if "__ansible_unsafe" in value else {k: _plain(v) for k, v in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list) else value


def task(name: str, options: Mapping[str, Any], module: str = "zitadel_org_metadata", **keywords: Any) -> Task:
    """Return a task of a module of the collection; ``keywords`` stand beside the module."""
    return {"name": name, f"community.zitadel.{module}": dict(options), "ignore_errors": True, **keywords}


def play(tasks: Sequence[Task], **keywords: Any) -> Play:
    """Return a play for localhost. Connection options go into ``module_defaults``."""
    return {"hosts": "localhost", "gather_facts": False, "tasks": list(tasks), **keywords}


class Ansible:
    """Runs playbooks in a folder and with a home of their own, and nothing of the caller's environment."""

    def __init__(self, folder: Path, ways: Ways) -> None:
        """Modules run as ``ways`` says, and what they do is compared there."""
        self.folder = folder
        self.in_process = ways.in_process
        self.home = folder / "home"
        self.home.mkdir()
        (folder / "ansible.cfg").touch()
        self.process: subprocess.Popen[bytes] | None = None
        self._ways = ways
        self._runs = 0
        self._numbers = itertools.count(1)

    def run(
        self,
        fake: FakeZitadel | None,
        tasks: Sequence[Task],
        *,
        defaults: Mapping[str, Any] | None = None,
        variables: Mapping[str, Any] | None = None,
        env: Mapping[str, str] | None = None,
        args: Sequence[str] = (),
        beside: Sequence[FakeZitadel] = (),
        compare: bool = True,
        **keywords: Any,
    ) -> Run:
        """Run tasks in one play against a fake, as its administrator unless ``defaults`` log in otherwise.

        ``beside`` are other fakes that they reach, ``defaults`` options for all tasks (None takes one away),
        ``variables`` such that the playbook does not show, and ``keywords`` those of the play.
        """
        options: dict[str, Any] = {"url": fake.url, "token": fake.token} if fake else {}
        options = {name: value for name, value in {**options, **(defaults or {})}.items() if value is not None}
        numbers = {}
        numbered = []
        for one in tasks:
            marked = dict(one)
            for action, arguments in one.items():
                # Tells the fake which task a request belongs to.
                if action.startswith("community.zitadel.") and isinstance(arguments.get("headers", {}), Mapping):
                    number = numbers[one["name"]] = f"t{next(self._numbers)}"
                    marked[action] = {**arguments, "headers": {_TASK_HEADER: number, **arguments.get("headers", {})}}
            numbered.append(marked)
        whole = play(numbered, **{"module_defaults": {GROUP: options}, **keywords})
        snapshots: dict[str, Snapshot] = {}
        if fake:
            fake.after(lambda request: _take_snapshot(fake, request, snapshots), times=None)
        if variables:
            path = self.folder / f"variables-{self._runs}.json"
            path.write_text(json.dumps(variables))
            args = [*args, "-e", f"@{path}"]
        fakes = [fake, *beside] if fake else beside
        run = self.playbook(json.dumps([whole]), fakes=fakes, env=env, args=args, compare=compare)
        run._fake, run._numbers, run._snapshots = fake, numbers, snapshots
        return run

    def run_at_once(self, fake: FakeZitadel, tasks: Sequence[Task], **keywords: Any) -> Run:
        """Run tasks of one module, each on a host of its own: they wait side by side. Nothing but options counts."""
        (module,) = {name for one in tasks for name in one if name.startswith("community.zitadel.")}
        names = {f"host{number}": one["name"] for number, one in enumerate(tasks)}
        numbers = {name: f"t{next(self._numbers)}" for name in names.values()}
        hosts = {
            host: {"options": {**one[module], "headers": {_TASK_HEADER: numbers[name]}}}
            for (host, name), one in zip(names.items(), tasks, strict=True)
        }
        snapshots: dict[str, Snapshot] = {}
        fake.after(lambda request: _take_snapshot(fake, request, snapshots), times=None)
        options = {"url": fake.url, "token": fake.token}
        whole = play([{"name": "each", module: "{{ options }}"}], hosts="all", module_defaults={GROUP: options})
        args = [*self.local_hosts(hosts), "--forks", str(len(hosts))]
        run = self.playbook(json.dumps([whole]), fakes=[fake], args=args, **keywords)
        run.results = [replace(result, task=names[result.host]) for result in run.results]
        run._fake, run._numbers, run._snapshots = fake, numbers, snapshots
        return run

    def playbook(
        self,
        text: str | Path,
        *,
        fakes: Sequence[FakeZitadel] = (),
        env: Mapping[str, str] | None = None,
        args: Sequence[str] = (),
        cwd: Path | None = None,
        compare: bool = True,
    ) -> Run:
        """Run a playbook: its text, or the path of a file.

        What it tells, and what these fakes got and hold, is compared with the other way, unless that cannot be.
        """
        self._runs += 1
        record = self.folder / f"record-{self._runs}.jsonl"
        record.touch()
        path = text if isinstance(text, Path) else self.folder / f"playbook-{self._runs}.yml"
        if isinstance(text, str):
            path.write_text(text, encoding="utf-8")
        before = {fake: len(fake.requests) for fake in fakes}
        with _heeding_ctrl_c():
            self.process = subprocess.Popen(
                [str(PROGRAMS / "ansible-playbook"), *args, str(path)],
                cwd=cwd or self.folder,
                env={**self._environment(record), **(env or {})},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        try:
            output = self.process.communicate(timeout=_TIMEOUT)[0].decode("utf-8")
        except BaseException:
            self.interrupt(signal.SIGKILL)
            raise
        results = [json.loads(line) for line in record.read_text(encoding="utf-8").splitlines()]
        if compare:
            requests = {fake: fake.requests[start:] for fake, start in before.items()}
            self._ways.check(told(self.folder, self.process.returncode, output, results, requests))
        return Run(self.process.returncode, output, [Result(**result) for result in results])

    def inventory(self, *args: str | Path, env: Mapping[str, str] | None = None) -> Listed:
        """Run ansible-inventory."""
        process = subprocess.run(
            [str(PROGRAMS / "ansible-inventory"), *map(str, args)],
            cwd=self.folder,
            env={**self._environment(self.folder / "none.jsonl"), **(env or {})},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_TIMEOUT,
            check=False,
        )
        return Listed(process.returncode, process.stdout.decode(), process.stderr.decode())

    def local_hosts(self, hosts: Mapping[str, Mapping[str, Any]]) -> list[str]:
        """Return arguments for an inventory of hosts (name and variables) that are this machine.

        Their interpreter is ours, as that of localhost is: one that is discovered need not have requests.
        """
        local = {"ansible_connection": "local", "ansible_python_interpreter": "{{ ansible_playbook_python }}"}
        inventory = self.folder / f"hosts-{self._runs}.json"
        inventory.write_text(json.dumps({"all": {"hosts": hosts, "vars": local}}))
        return ["--inventory", str(inventory)]

    @property
    def vault_arguments(self) -> list[str]:
        """What lets ansible-playbook and ansible-vault read what ``vaulted`` returns."""
        password = self.folder / "password"
        password.write_text("secret\n")
        return ["--vault-password-file", str(password)]

    def vaulted(self, text: str) -> str:
        """Encrypt a text: what stands behind the colon in YAML, its lines indented by at least 12 blanks."""
        encrypted = subprocess.run(
            [PROGRAMS / "ansible-vault", "encrypt_string", *self.vault_arguments, text],
            check=True,
            capture_output=True,
            text=True,
            env=self._environment(self.folder / "none.jsonl"),
        ).stdout
        lines = [line.strip() for line in encrypted.splitlines() if not line.startswith("!vault")]
        return "!vault |\n" + "".join(f"{' ' * 12}{line}\n" for line in lines)

    def interrupt(self, number: signal.Signals = signal.SIGINT) -> None:
        """Do to the running playbook and its workers what Ctrl-C does."""
        assert self.process
        os.killpg(self.process.pid, number)

    def _environment(self, record: Path) -> dict[str, str]:
        return {
            "PATH": f"{PROGRAMS}:/usr/bin:/bin",
            "HOME": str(self.home),
            "LANG": "C.UTF-8",
            "PYTHONDONTWRITEBYTECODE": "1",
            "ANSIBLE_CONFIG": str(self.folder / "ansible.cfg"),
            "ANSIBLE_HOME": str(self.home / ".ansible"),
            # Ansible asks the user database for its home, not the environment.
            "ANSIBLE_REMOTE_TEMP": str(self.home / ".ansible/tmp"),
            "ANSIBLE_ASYNC_DIR": str(self.home / ".ansible_async"),
            "ANSIBLE_COLLECTIONS_PATH": str(ROOT / "build/collections"),
            "ANSIBLE_CALLBACK_PLUGINS": str(HERE / "callback_plugins"),
            "ANSIBLE_CALLBACKS_ENABLED": "record",
            "ANSIBLE_INVENTORY_UNPARSED_WARNING": "false",
            "ANSIBLE_LOCALHOST_WARNING": "false",
            "ANSIBLE_NOCOLOR": "true",
            "ANSIBLE_INJECT_INVOCATION": "true",
            "RECORD_FILE": str(record),
            **server.ENVIRONMENT,
            # Pipelining saves time where it is not the point.
            **({} if self.in_process else {"ZITADEL_IN_PROCESS": "false", "ANSIBLE_PIPELINING": "true"}),
        }


@contextmanager
def _heeding_ctrl_c() -> Iterator[None]:
    """Let programs that are started meanwhile heed SIGINT.

    A shell ignores it for what runs in the background, such as ``make test &``, and programs inherit that. Python
    ends by it only where it was not ignored from the beginning.
    """
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _take_snapshot(fake: FakeZitadel, request: Request, snapshots: dict[str, Snapshot]) -> None:
    number = request.headers.get(_TASK_HEADER)
    if number:
        snapshots[number] = {organization: fake.entries(organization) for organization in list(fake.organizations)}


def everything(run: Run) -> str:
    """All that a user, a log or a callback got to see."""
    return run.output + "".join(json.dumps(result.data, ensure_ascii=False) for result in run.results)


def processes(run: Run) -> set[str]:
    """The tasks of a run with -vvvv that started a process."""
    parts = re.split(r"^TASK \[(.*?)\] \*+$", run.output, flags=re.MULTILINE)
    return {
        name
        for name, output in zip(parts[1::2], parts[2::2], strict=True)
        if re.search(r"^<.*> EXEC ", output, re.MULTILINE)
    }


def details_of(entries: Mapping[str, Entry], key: str, organization: str) -> dict[str, Any]:
    """The ``details`` that a read of a key reports; all null if it is not there."""
    entry = entries.get(key)
    if entry is None:
        return dict.fromkeys(("sequence", "creation_date", "change_date", "resource_owner"))
    return {
        "sequence": entry.sequence,
        "creation_date": entry.creation_date,
        "change_date": entry.change_date,
        "resource_owner": organization,
    }


def keys_sent(requests: Iterable[Request]) -> list[str]:
    """The keys that requests set or removed, in order."""
    keys: list[str] = []
    for request in requests:
        if not request.modifies:
            continue
        if not request.path.endswith("/_bulk"):
            keys.append(request.path.rpartition("/")[2])
        elif request.method == "DELETE":
            keys += request.json["keys"]
        else:
            keys += [entry["key"] for entry in request.json["metadata"]]
    return keys
