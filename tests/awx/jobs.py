# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs the job of examples/awx as AWX does: its own code injects a credential, ansible-runner runs the playbook."""

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


class Awx:
    """Launches jobs, each in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._jobs = 0

    def launch(self, credential: Mapping[str, Any], survey: Mapping[str, Any]) -> Job:
        """Run the playbook of the example, with all that Ansible can print. ``survey`` holds the survey's answers."""
        self._jobs += 1
        folder = self.folder / f"job-{self._jobs}"
        for name in ("env", "inventory", "project", "home"):
            (folder / name).mkdir(parents=True)
        shutil.copy(EXAMPLES / _PLAYBOOK, folder / "project")
        (folder / "inventory/hosts").write_text(_INVENTORY)
        (folder / "env/extravars").write_text(json.dumps(survey))
        injected = inject(credential, folder)
        (folder / "env/cmdline").write_text(shlex.join(["-vvvv", "--diff", *injected.args]))
        parameters = {
            "private_data_dir": str(folder),
            "ident": "1",
            "playbook": _PLAYBOOK,
            "inventory": str(folder / "inventory/hosts"),
            "envvars": injected.env,
            "suppress_env_files": True,
            "settings": {"suppress_ansible_output": True},
        }
        process = subprocess.run(
            [sys.executable, "-c", _RUN],
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
        return _read(folder / "artifacts/1", process, injected)


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
