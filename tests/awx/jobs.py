# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs jobs and updates of inventories as AWX does: its own code injects a credential, ansible-runner does the rest."""

from __future__ import annotations

import json
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest import mock

import yaml
from awx_plugins.interfaces import (
    _temporary_private_api,
    _temporary_private_container_api,
    _temporary_private_credential_api,
    _temporary_private_inject_api,
)

ROOT = Path(__file__).resolve().parent.parent.parent
EXAMPLES = ROOT / "examples/awx"
PROGRAMS = Path(sys.executable).parent
INPUTS: dict[str, Any] = yaml.safe_load((EXAMPLES / "credential_type_inputs.yml").read_text())
INJECTORS: dict[str, dict[str, str]] = yaml.safe_load((EXAMPLES / "credential_type_injectors.yml").read_text())
FIELDS: dict[str, dict[str, Any]] = {one["id"]: one for one in INPUTS["fields"]}

_PLAYBOOK = "set_metadata.yml"
_INVENTORY = "localhost ansible_connection=local ansible_python_interpreter='{{ ansible_playbook_python }}'\n"
# In a process of its own, since ansible-runner passes on the whole environment of the one that it runs in. The
# parameters come as input: they hold the secrets, and AWX writes them to no file either.
_RUN = "import ansible_runner, json, sys; sys.exit(ansible_runner.run(**json.load(sys.stdin)).rc)"
_COMMAND = "import ansible_runner, json, sys; sys.exit(ansible_runner.run_command(**json.load(sys.stdin))[2])"
# What AWX sets for each update of an inventory.
_OF_UPDATES = {
    "ANSIBLE_HOST_PATTERN_MISMATCH": "error",
    "ANSIBLE_INVENTORY_EXPORT": "True",
    "ANSIBLE_INVENTORY_UNPARSED_FAILED": "True",
    "ANSIBLE_VERBOSE_TO_STDERR": "True",
}


@dataclass(frozen=True)
class Injected:
    """What AWX's code made of a credential: for the job, for its record, and for the command line."""

    env: dict[str, str]
    safe_env: dict[str, str]
    args: list[str]


def inject(credential: Mapping[str, Any], private_data_dir: Path) -> Injected:
    """Let AWX's code inject a credential of our type: its fields, as they were filled in."""
    credential_type = _temporary_private_api.ManagedCredentialType(
        namespace="zitadel", name="ZITADEL", kind="cloud", inputs=INPUTS, injectors=INJECTORS
    )
    injected = Injected({}, {}, [])
    (private_data_dir / "env").mkdir(exist_ok=True)
    # Containers see the folder as /runner. There is no container here.
    with mock.patch.object(_temporary_private_container_api, "CONTAINER_ROOT", str(private_data_dir)):
        _temporary_private_inject_api.inject_credential(
            credential_type,
            _temporary_private_credential_api.Credential(dict(credential)),
            injected.env,
            injected.safe_env,
            injected.args,
            str(private_data_dir),
        )
    return injected


@dataclass(frozen=True, repr=False)
class Job:
    """A job that has run."""

    rc: int
    stdout: str
    events: list[dict[str, Any]]
    injected: Injected
    stored: dict[str, str] = field(default_factory=dict)
    """All that AWX keeps of it, by what it is: each job event, the output, the arguments and the environment."""
    environment: dict[str, str] = field(default_factory=dict)
    """The environment that ansible-playbook had."""

    @property
    def result(self) -> dict[str, Any]:
        """The result of the one task."""
        results: list[dict[str, Any]] = [
            event["event_data"]["res"]
            for event in self.events
            if event["event"] in ("runner_on_ok", "runner_on_failed", "runner_on_unreachable")
        ]
        assert len(results) == 1, self.stdout
        return results[0]

    def places_of(self, secrets: Iterable[str]) -> list[str]:
        """Where in what is stored a secret stands."""
        return [place for secret in secrets for place, text in self.stored.items() if secret in text]


@dataclass(frozen=True, repr=False)
class Update:
    """An update of an inventory that has run."""

    rc: int
    printed: str
    content: dict[str, Any]
    """What AWX takes into its inventory"""

    def script(self, number: int, count: int) -> str:
        """Return the inventory script that AWX hands to a slice of a job: its hosts only, with their variables."""
        variables = self.content["_meta"]["hostvars"]
        hosts = sorted(variables)[number::count]
        groups = {name: group for name, group in self.content.items() if name != "_meta"}
        sliced: dict[str, Any] = {
            name: {**group, "hosts": [host for host in group.get("hosts", []) if host in hosts]}
            for name, group in groups.items()
        }
        sliced["_meta"] = {"hostvars": {host: {**variables[host], "remote_tower_enabled": "true"} for host in hosts}}
        return f"#! /usr/bin/env python3\nprint({json.dumps(sliced)!r})\n"


class Awx:
    """Launches jobs, each in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._jobs = 0

    def launch(
        self,
        credential: Mapping[str, Any],
        survey: Mapping[str, Any],
        playbook: str = _PLAYBOOK,
        inventory: str = _INVENTORY,
    ) -> Job:
        """Run a playbook of the examples, with all that Ansible can print. ``survey`` holds the survey's answers."""
        folder = self._folder()
        shutil.copy(EXAMPLES / playbook, folder / "project")
        hosts = folder / "inventory/hosts"
        hosts.write_text(inventory)
        hosts.chmod(0o700 if inventory.startswith("#!") else 0o600)
        (folder / "env/extravars").write_text(json.dumps(survey))
        injected = inject(credential, folder)
        (folder / "env/cmdline").write_text(shlex.join(["-vvvv", "--diff", *injected.args]))
        parameters = {
            "private_data_dir": str(folder),
            "ident": "1",
            "playbook": playbook,
            "inventory": str(hosts),
            "envvars": injected.env,
            "suppress_env_files": True,
            "settings": {"suppress_ansible_output": True},
        }
        return _read(folder / "artifacts/1", self._run(_RUN, folder, parameters), injected)

    def update(self, credential: Mapping[str, Any], source: str) -> Update:
        """Update an inventory from a file of the examples, with all that Ansible can print."""
        folder = self._folder()
        shutil.copy(EXAMPLES / source, folder / "project")
        injected = inject(credential, folder)
        output = folder / "output.json"
        arguments = ["--list", "--export", "-i", str(folder / "project" / source), "--output", str(output), "-vvvvv"]
        parameters = {
            "executable_cmd": "ansible-inventory",
            "cmdline_args": arguments,
            "private_data_dir": str(folder),
            "ident": "1",
            "envvars": {**_OF_UPDATES, **injected.env},
            "suppress_env_files": True,
        }
        process = self._run(_COMMAND, folder, parameters)
        content = json.loads(output.read_text()) if output.exists() else {}
        return Update(process.returncode, process.stdout, content)

    def _folder(self) -> Path:
        self._jobs += 1
        folder = self.folder / f"job-{self._jobs}"
        for name in ("env", "inventory", "project", "home"):
            (folder / name).mkdir(parents=True)
        return folder

    def _run(self, code: str, folder: Path, parameters: Mapping[str, Any]) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-c", code],
            input=json.dumps(parameters),
            cwd=folder,
            env={
                "PATH": f"{PROGRAMS}:/usr/bin:/bin",
                "HOME": str(folder / "home"),
                "LANG": "C.UTF-8",
                "PYTHONDONTWRITEBYTECODE": "1",
                "ANSIBLE_COLLECTIONS_PATH": str(ROOT / "build/collections"),
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=120,
        )


def _read(artifacts: Path, process: subprocess.CompletedProcess[str], injected: Injected) -> Job:
    files = {str(path.relative_to(artifacts)): path.read_text() for path in artifacts.rglob("*") if path.is_file()}
    assert "stdout" in files, process.stdout
    # Stays in the folder of the job, which AWX removes. It keeps the arguments, and the environment made safe.
    command = json.loads(files.pop("command"))
    files["arguments"] = json.dumps(command["command"])
    files["environment"] = json.dumps({**command["env"], **injected.safe_env})
    files["printed by ansible-runner"] = process.stdout
    events = [json.loads(text) for name, text in files.items() if name.startswith("job_events/")]
    events.sort(key=lambda event: int(event["counter"]))
    return Job(process.returncode, files["stdout"], events, injected, files, command["env"])
