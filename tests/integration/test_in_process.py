# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""When a task runs inside the controller's process, and that it ends there as well as in one of its own."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

import pytest

from integration.harness import PROGRAMS, Ansible, Run, processes, task
from integration.server import Zitadel

pytestmark = pytest.mark.every_core

INFO = "zitadel_org_metadata_info"


class Played(NamedTuple):
    run: Run
    fake: Zitadel


@pytest.fixture(scope="module")
def played(ansible: Ansible) -> Iterator[Played]:
    """The same program under another name is another environment; a folder that is a link is none."""
    other = ansible.folder / "python"
    other.write_text(f'#!/bin/sh\nexec {PROGRAMS / "python"} "$@"\n')
    other.chmod(0o755)
    link = ansible.folder / "link"
    link.symlink_to(PROGRAMS)
    # A module would search for an interpreter for this host, and might find one without requests.
    (ansible.folder / "hosts").write_text("box ansible_connection=local\n")
    interpreters = {
        "another interpreter": str(other),
        "by a template": "{{ ansible_playbook_python }}",
        "by another name": str(PROGRAMS / "../bin/python3"),
        "in a linked folder": str(link / "python"),
        "by PATH": "python3",
        "automatic": "auto_legacy_silent",
        "left out": "{{ nothing | default(omit) }}",
    }
    options = {"key": "a", "value": "1"}
    tasks = [
        task("off", options, vars={"zitadel_in_process": False}),
        task("off by a template", {"key": "a"}, INFO, vars={"zitadel_in_process": "{{ 'no' }}"}),
        task("on", {"key": "a"}, INFO, vars={"zitadel_in_process": True}),
        task("left to others", {"key": "a"}, INFO, vars={"zitadel_in_process": "{{ nothing | default(omit) }}"}),
        task("no boolean", {"key": "b", "value": "1"}, vars={"zitadel_in_process": ""}),
        task("empty environment", options, environment={}),
        task("host without an interpreter", options, delegate_to="box"),
        task("retried", {"key": "retried", "value": "1"}),
        *(task(name, options, vars={"ansible_python_interpreter": path}) for name, path in interpreters.items()),
    ]
    with Zitadel() as fake:
        fake.respond(503, {"code": 14, "message": "busy"}, headers={"Retry-After": "0"}, path="metadata/retried$")
        yield Played(ansible.run(fake, tasks, args=["-vvvv", "-i", "hosts"]), fake)


def test_only_some_tasks_need_a_process(played: Played) -> None:
    run, fake = played
    assert processes(run) == {"off", "off by a template", "another interpreter"}
    assert {result.task for result in run.results if result.failed} == {"no boolean"}
    assert fake.metadata(fake.home_id) == {"a": b"1", "retried": b"1"}


def test_a_task_says_why_it_runs_as_a_module(played: Played) -> None:
    said = [line for line in played.run.output.splitlines() if " runs as a module: " in line]
    assert [line.rpartition(": ")[2] for line in said[:2]] == ["the variable zitadel_in_process is false."] * 2
    assert len(said) == 3
    assert "ansible_python_interpreter is /" in said[2]


def test_what_is_no_boolean_is_named(played: Played) -> None:
    assert "the variable zitadel_in_process is ''" in played.run["no boolean"]["msg"]
    assert "Traceback" not in played.run.output


def test_a_retry_is_shown(played: Played) -> None:
    assert [line for line in played.run.output.splitlines() if line.startswith("<localhost> ") and "503" in line]


@contextmanager
def ignoring_ctrl_c() -> Iterator[None]:
    """Be like a program that a shell runs in the background."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


@pytest.mark.parametrize("in_process", [True, False])
def test_ctrl_c_during_a_request_ends_the_playbook(ansible: Ansible, in_process: bool) -> None:
    with Zitadel() as fake, ignoring_ctrl_c():
        acme = fake.create_organization("acme")
        fake.before(lambda request: ansible.interrupt(), path="_search$")
        fake.delay(path="_search$")
        tasks = [task("interrupted", {"org_id": acme, "key": "a", "value": "1"}), task("next", {"org_id": acme}, INFO)]
        run = ansible.run(fake, tasks, vars={"zitadel_in_process": in_process})
        assert run.rc != 0
        assert "Traceback" not in run.output
        assert "interrupted" in run.output.rpartition("TASK [interrupted]")[2]
        assert "TASK [next]" not in run.output
        assert not fake.writes
