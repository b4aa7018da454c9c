# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Inside the controller's process or in one of its own: a user sees no difference but speed."""

from __future__ import annotations

import difflib
import re
import subprocess
from dataclasses import dataclass
from typing import Any

import pytest

from fake_zitadel import FakeZitadel
from integration.harness import PROGRAMS, Ansible, Result, Run, task

INFO = "zitadel_org_metadata_info"
TOKEN = "token-of-the-test-4711"

# Each task stands alone or follows from those before it. VAULTED, URL are filled in.
PLAYBOOK = """
- hosts: box
  gather_facts: false
  module_defaults:
    group/community.zitadel.all:
      url: URL
      token: !vault |
VAULTED
      retries: 0
      org_name: acme
  vars:
    plain: gold
    dangerous: !unsafe "{{ plain }}"
    nested: {b: "{{ plain }}", a: [1, 2.5, true, null]}
    json_text: '{"b": 1}'
  tasks:
    - name: new, in check mode
      community.zitadel.zitadel_org_metadata: {key: tier, value: gold}
      check_mode: true
    - name: new
      community.zitadel.zitadel_org_metadata: {key: tier, value: "{{ plain }}"}
      register: new
    - name: registered
      ansible.builtin.debug: {var: new}
    - name: unchanged, by alias
      community.zitadel.zitadel_org_metadata: {organization_id: "{{ new.org_id }}", key: tier, value: gold}
      module_defaults:
        group/community.zitadel.all: {url: "URL", token: TOKEN}
    - name: many, with conversions
      community.zitadel.zitadel_org_metadata:
        metadata: '{"a": "1", "ü/ö": 2}'
        metadata_b64: {d: /w==}
        absent_keys: x,y
        purge: "yes"
        keep: tier
        max_removals: "7"
        timeout: "5"
        verify: "true"
    - name: templates
      community.zitadel.zitadel_org_metadata:
        metadata:
          nested: "{{ nested }}"
          dangerous: "{{ dangerous }}"
          text: "{{ json_text | string }}"
          vaulted: "{{ vaulted }}"
      vars:
        vaulted: !vault |
VAULTED
    - name: a vaulted value
      community.zitadel.zitadel_org_metadata:
        key: 5
        value: !vault |
VAULTED
    - name: sensitive
      community.zitadel.zitadel_org_metadata: {key: hidden, value: "{{ nested }}", sensitive: "1"}
    - name: loop
      community.zitadel.zitadel_org_metadata: {key: "{{ item.key }}", value: "{{ item.value }}"}
      loop: [{key: l1, value: 1}, {key: l2, value: ""}, {key: tier, value: gold}]
      loop_control: {label: "{{ item.key }}"}
      throttle: 1
      ignore_errors: true
    - name: changed_when
      community.zitadel.zitadel_org_metadata: {key: tier, value: silver}
      changed_when: false
    - name: failed_when
      community.zitadel.zitadel_org_metadata: {key: tier, value: silver}
      failed_when: "'tier' in failing.unchanged"
      register: failing
      ignore_errors: true
    - name: until
      community.zitadel.zitadel_org_metadata: {key: until, value: x}
      register: tried
      until: tried is succeeded
      retries: 3
      delay: 0
    - name: until, in vain
      community.zitadel.zitadel_org_metadata: {key: vain, value: x}
      register: tried
      until: tried is succeeded
      retries: 1
      delay: 0
      ignore_errors: true
    - name: delegated
      community.zitadel.zitadel_org_metadata: {key: delegated, value: x}
      delegate_to: localhost
      run_once: true
    - name: no_log
      community.zitadel.zitadel_org_metadata: {key: hidden, value: x}
      no_log: true
    - name: written by somebody else
      community.zitadel.zitadel_org_metadata: {key: raced, value: x}
    - name: removed
      community.zitadel.zitadel_org_metadata: {key: tier, state: absent}
    - name: token_file beside the playbook
      community.zitadel.zitadel_org_metadata_info: {key: tier, token_file: token-beside}
      module_defaults:
        group/community.zitadel.all: {url: "URL", org_name: acme}
    - name: token_file in ~
      community.zitadel.zitadel_org_metadata_info: {key: tier, token_file: ~/token}
      module_defaults:
        group/community.zitadel.all: {url: "URL", org_name: acme}
    - name: read
      community.zitadel.zitadel_org_metadata_info: {}
    - name: organizations
      community.zitadel.zitadel_org_info: {}
      module_defaults:
        group/community.zitadel.all: {url: "URL", token: TOKEN}
    - name: environment
      community.zitadel.zitadel_org_metadata: {key: tier, value: gold}
      environment: {ZITADEL_RETRIES: "1"}
    - name: async
      community.zitadel.zitadel_org_metadata: {key: slow, value: x}
      async: 30
      poll: 1
    # Failures
    - name: unknown option
      community.zitadel.zitadel_org_metadata: {key: tier, vlue: gold}
      ignore_errors: true
    - name: no bool
      community.zitadel.zitadel_org_metadata: {key: tier, value: gold, sensitive: maybe}
      ignore_errors: true
    - name: no int
      community.zitadel.zitadel_org_metadata: {metadata: {a: 1}, purge: true, max_removals: "TOKEN"}
      ignore_errors: true
    - name: no dict
      community.zitadel.zitadel_org_metadata: {metadata: [1]}
      ignore_errors: true
    - name: empty value
      community.zitadel.zitadel_org_metadata: {key: tier, value: ""}
      ignore_errors: true
    - name: refused
      community.zitadel.zitadel_org_metadata: {key: refused, value: x}
      ignore_errors: true
    - name: half-way
      community.zitadel.zitadel_org_metadata: {metadata: {h1: x, h2: x}, absent_keys: [delegated, until]}
      ignore_errors: true
    - name: the last
      community.zitadel.zitadel_org_metadata: {key: nobody, value: x}
      module_defaults:
        group/community.zitadel.all: {url: "URL", token: wrong-token, retries: 0}
"""

# What may differ: core's banner, where time and port show, and what is told of connections.
_SAME = (
    (re.compile(r"(Module|Action) failed: "), "… failed: "),
    (re.compile(r"127\.0\.0\.1:\d+"), "127.0.0.1:PORT"),
    (re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z"), "DATE"),
    (
        re.compile(
            r"^(<|Trying secret|Using module file|Pipelining is enabled|Loading collection).*\n",
            re.MULTILINE,
        ),
        "",
    ),
    (re.compile(r"\bj\d{9,13}\.\d+"), "JOB"),
    (re.compile(r"zitadel_in_process\W+(true|false)"), "zitadel_in_process"),
    (re.compile(r"^ASYNC (POLL|OK|FAILED) on .*\n", re.MULTILINE), ""),
)


def _same(text: str) -> str:
    for pattern, replacement in _SAME:
        text = pattern.sub(replacement, text)
    return text


@dataclass(frozen=True)
class Both:
    in_process: Run
    as_module: Run
    held: list[dict[str, bytes]]


def _arrange(fake: FakeZitadel) -> str:
    acme = fake.create_organization("acme", metadata={"x": "1", "z": "1"})
    fake.fail(500, 13, "not yet", path="metadata/until$", times=2)
    fake.fail(500, 13, "never", path="metadata/vain$", times=None)
    fake.fail(400, 3, f"I do not want {TOKEN}", path="metadata/refused$")
    fake.fail(403, 7, "No matching permissions found (AUTH-5mWD2)", method="DELETE", path="_bulk$", every=2)
    fake.after(lambda request: fake.set(acme, "raced", "other"), path="metadata/raced$")
    return acme


@pytest.fixture(scope="module")
def both(ansible: Ansible) -> Both:
    folder = ansible.folder
    password = folder / "password"
    password.write_text("secret\n")
    vaulted = subprocess.run(
        [PROGRAMS / "ansible-vault", "encrypt_string", "--vault-password-file", password, TOKEN],
        check=True,
        capture_output=True,
        text=True,
        env=ansible._environment(folder / "none.jsonl"),
    ).stdout
    lines = [line.strip() for line in vaulted.splitlines() if not line.startswith("!vault")]
    (folder / "inventory").write_text(
        "box ansible_connection=local ansible_python_interpreter='{{ ansible_playbook_python }}'\n"
    )
    (folder / "token-beside").write_text(TOKEN)
    (ansible.home / "token").write_text(TOKEN)
    runs, held = [], []
    for in_process in (True, False):
        with FakeZitadel(token=TOKEN) as fake:
            acme = _arrange(fake)
            text = PLAYBOOK.replace("VAULTED", "\n".join(" " * 12 + line for line in lines))
            text = text.replace("URL", fake.url).replace("TOKEN", TOKEN)
            path = folder / "both.yml"
            path.write_text(text)
            args = ["-vvvv", "--diff", "-i", "inventory", "--vault-password-file", "password"]
            run = ansible.playbook(
                path,
                args=[*args, "-e", f'{{"zitadel_in_process": {str(in_process).lower()}}}'],
                # Core lists what it takes for a boolean in the order of a set.
                env={"ANSIBLE_INJECT_INVOCATION": "true", "ANSIBLE_PIPELINING": "true", "PYTHONHASHSEED": "0"},
            )
            runs.append(run)
            held.append(fake.metadata(acme))
    return Both(runs[0], runs[1], held)


TASKS = re.findall(r"^    - name: (.*)$", PLAYBOOK, re.MULTILINE)


@pytest.mark.parametrize("name", TASKS)
def test_the_results_are_the_same(both: Both, name: str) -> None:
    def told(results: list[Result]) -> list[tuple[str, str, Any]]:
        return [(result.event, result.host, _fields(result.data)) for result in results]

    here, there = told(both.in_process.all(name)), told(both.as_module.all(name))
    assert here
    assert here == there


def _fields(value: Any) -> Any:
    """The value without what may differ."""
    if isinstance(value, dict):
        return {key: _fields(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_fields(item) for item in value]
    return _same(value) if isinstance(value, str) else value


def test_the_output_is_the_same(both: Both) -> None:
    outputs = (both.in_process.output, both.as_module.output)
    here, there = (_same(output).splitlines(keepends=True) for output in outputs)
    assert "".join(difflib.unified_diff(here, there)) == ""


def test_the_server_holds_the_same(both: Both) -> None:
    assert both.held[0] == both.held[1]
    assert both.held[0]["dangerous"] == b"{{ plain }}"
    assert both.held[0]["vaulted"] == TOKEN.encode()
    assert both.held[0]["5"] == TOKEN.encode()
    assert both.held[0]["nested"] == b'{"a":[1,2.5,true,null],"b":"gold"}'


def test_the_playbook_went_as_planned(both: Both) -> None:
    """Else too little was compared."""
    assert both.in_process.rc == both.as_module.rc == 2
    failed = [result.task for result in both.in_process.results if result.event == "failed"]
    after = TASKS.index("unknown option")
    assert failed == ["loop", "failed_when", "until, in vain", *TASKS[after:]]
    assert both.in_process["written by somebody else"]["warnings"]
    assert both.in_process["until"]["attempts"] == 3
    assert both.in_process["half-way"]["changed"] is True


def _processes(run: Run) -> set[str]:
    """The tasks that started a process."""
    parts = re.split(r"^TASK \[(.*?)\] \*+$", run.output, flags=re.MULTILINE)
    return {
        name
        for name, output in zip(parts[1::2], parts[2::2], strict=True)
        if re.search(r"^<.*> EXEC ", output, re.MULTILINE)
    }


def test_only_some_tasks_start_a_process(both: Both) -> None:
    assert _processes(both.in_process) == {"environment", "async"}
    assert _processes(both.as_module) == set(TASKS) - {"registered"}


@pytest.mark.parametrize("switch", ["variable", "environment"])
def test_it_can_be_turned_off(ansible: Ansible, switch: str) -> None:
    with FakeZitadel() as fake:
        variables = {"zitadel_in_process": False} if switch == "variable" else {}
        env = {"ZITADEL_IN_PROCESS": "false"} if switch == "environment" else {}
        run = ansible.run(fake, [task("set", {"key": "a", "value": "1"})], args=["-vvvv"], vars=variables, env=env)
        assert _processes(run) == {"set"}
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
        assert _processes(run) == {"other"}


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
