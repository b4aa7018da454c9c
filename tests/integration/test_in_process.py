# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""When a task runs inside the controller's process, and that it ends there as well as in one of its own."""

from __future__ import annotations

import pytest

from fake_zitadel import FakeZitadel
from integration.harness import PROGRAMS, Ansible, processes, task

INFO = "zitadel_org_metadata_info"


def test_a_variable_can_turn_it_off(ansible: Ansible) -> None:
    with FakeZitadel() as fake:
        tasks = [
            task("off", {"key": "a", "value": "1"}, vars={"zitadel_in_process": False}),
            task("off by a template", {"key": "a"}, INFO, vars={"zitadel_in_process": "{{ 'no' }}"}),
            task("on", {"key": "a"}, INFO, vars={"zitadel_in_process": True}),
        ]
        run = ansible.run(fake, tasks, args=["-vvvv"])
        assert processes(run) == {"off", "off by a template"}
        assert fake.metadata(fake.home_id) == {"a": b"1"}


def test_the_environment_can_turn_it_off(ansible: Ansible) -> None:
    with FakeZitadel() as fake:
        run = ansible.run(
            fake,
            [
                task("set", {"key": "a", "value": "1"}),
                task("on", {"key": "a"}, INFO, vars={"zitadel_in_process": "yes"}),
            ],
            args=["-vvvv"],
            env={"ZITADEL_IN_PROCESS": "false"},
        )
        assert processes(run) == {"set"}
        assert fake.metadata(fake.home_id) == {"a": b"1"}


def test_another_interpreter_gets_a_process(ansible: Ansible) -> None:
    """Also where it is the same program under another name: that may be another environment."""
    other = ansible.folder / "python"
    other.write_text(f'#!/bin/sh\nexec {PROGRAMS / "python"} "$@"\n')
    other.chmod(0o755)
    with FakeZitadel() as fake:
        options = {"key": "a", "value": "1"}
        tasks = [
            task("other", options, vars={"ansible_python_interpreter": str(other)}),
            task("own", options, vars={"ansible_python_interpreter": "{{ ansible_playbook_python }}"}),
            task("automatic", options, vars={"ansible_python_interpreter": "auto_silent"}),
            task("empty environment", options, environment={}),
        ]
        run = ansible.run(fake, tasks, args=["-vvvv"])
        assert run.rc == 0
        assert "ignored=0" in run.output
        assert processes(run) == {"other"}


def test_a_host_without_an_interpreter_needs_no_process(ansible: Ansible) -> None:
    """A module would search for one, and might find one without requests."""
    (ansible.folder / "box").write_text("box ansible_connection=local\n")
    with FakeZitadel() as fake:
        run = ansible.run(fake, [task("set", {"key": "a", "value": "1"})], args=["-vvvv", "-i", "box"], hosts="box")
        assert not run["set"].failed
        assert processes(run) == set()
        assert fake.metadata(fake.home_id) == {"a": b"1"}


@pytest.mark.parametrize("in_process", [True, False])
def test_ctrl_c_during_a_request_ends_the_playbook(ansible: Ansible, in_process: bool) -> None:
    with FakeZitadel() as fake:
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
