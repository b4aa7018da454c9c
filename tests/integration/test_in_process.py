# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Inside the controller's process or in one of its own: a user sees no difference but speed."""

from __future__ import annotations

import difflib
import json
import os
import re
from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from fake_zitadel import FakeZitadel, Request
from integration import (
    test_argument_errors,
    test_faults,
    test_logging_in,
    test_many_keys,
    test_reading,
    test_refusals,
    test_right_organization,
    test_secrets,
    test_values_and_keys,
)
from integration.harness import PROGRAMS, Ansible, Arranged, Run, task

INFO = "zitadel_org_metadata_info"
TOKEN = "token-of-the-test-4711"

# Each task stands alone or follows from those before it. VAULTED, URL are filled in.
PLAYBOOK = """
- hosts: box
  gather_facts: false
  module_defaults:
    group/community.zitadel.all:
      url: URL
      token: VAULTED
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
        vaulted: VAULTED
    - name: a vaulted value
      community.zitadel.zitadel_org_metadata:
        key: 5
        value: VAULTED
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
    - name: many organizations
      community.zitadel.zitadel_org_metadata_bulk:
        organizations:
          - {org_name: acme, metadata: {bulk: "{{ dangerous }}"}}
          - {org_name: other, metadata: {hidden: "{{ plain }}"}, sensitive: true}
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
    - name: many organizations, one unknown
      community.zitadel.zitadel_org_metadata_bulk:
        organizations: [{org_name: acme, metadata: {bulk: x}}, {org_name: nobody, metadata: {bulk: x}}]
      module_defaults:
        group/community.zitadel.all: {url: "URL", token: TOKEN}
      ignore_errors: true
    - name: half-way
      community.zitadel.zitadel_org_metadata: {metadata: {h1: x, h2: x}, absent_keys: [delegated, until]}
      ignore_errors: true
    - name: the last
      community.zitadel.zitadel_org_metadata: {key: nobody, value: x}
      module_defaults:
        group/community.zitadel.all: {url: "URL", token: wrong-token, retries: 0}
"""


@dataclass(frozen=True)
class Part:
    """What another file of tests runs, and which of its tasks: for a process of its own, each takes half a second."""

    arrange: Callable[[Ansible, FakeZitadel], Arranged]
    names: Collection[str]


def _proxy(_ansible: Ansible, fake: FakeZitadel) -> Arranged:
    """Tasks for a server that only a proxy can reach: the fake."""
    server = "http://id.example.com"
    fake.respond(200, {"details": {"totalResult": "0"}}, times=None, path=f"^{server}/.*_search$")
    answer = {"org": {"id": fake.home_id, "state": "ORG_STATE_ACTIVE"}}
    fake.respond(200, answer, times=None, path=f"^{server}/.*orgs/me$")
    tasks = [
        task("by the proxy", {"url": server, "org_id": fake.home_id}, INFO),
        task("https", {"url": "https://id.example.com", "retries": 0}, INFO),
    ]
    return Arranged(tasks, env={"http_proxy": fake.url, "https_proxy": fake.url, "no_proxy": "127.0.0.1"})


# Those of a group run together, and share an environment.
GROUPS: dict[str, dict[str, Part]] = {
    "errors": {
        "arguments": Part(
            lambda ansible, fake: test_argument_errors.arrange(fake),
            (
                "only null",
                "long value",
                "NUL in a key",
                "infinity",
                "other state",
                "header of two lines",
                "list: state",
                "bulk: list of text",
                "bulk: no bool",
            ),
        ),
        "refusals": Part(
            lambda ansible, fake: test_refusals.arrange(fake, test_refusals.CASES, retries=0)[1],
            ("may not write", "HTML", "dropped", "write collision"),
        ),
        "half-way": Part(
            lambda ansible, fake: test_faults.arrange_half_way(fake), ("second piece refused", "removal refused")
        ),
        "values": Part(
            lambda ansible, fake: test_values_and_keys.arrange_values(fake)[1],
            ("set JSON from a template", "set dict from a variable", "set NUL", "read", "copy"),
        ),
        "many keys": Part(
            lambda ansible, fake: test_many_keys.arrange(fake),
            ("mixed, in check mode", "purge, in check mode"),
        ),
        "reading": Part(lambda ansible, fake: test_reading.arrange(fake)[1], ("everything",)),
    },
    "environment": {
        "secrets": Part(lambda ansible, fake: test_secrets.arrange(ansible, fake)[1], test_secrets.AS_A_MODULE),
        "organization": Part(
            lambda ansible, fake: test_right_organization.arrange(fake)[1],
            ("org_domain", "org_id default(none)", "removed, in check mode"),
        ),
        "proxy": Part(_proxy, ("by the proxy", "https")),
    },
    "playbook": {
        "logging in": Part(
            lambda ansible, fake: test_logging_in.arrange(ansible, fake, test_logging_in.create_logins(fake)),
            (
                "token_file in $HOME",
                "key_json as dict",
                "client_id alone",
                "token default(none)",
                "no token_file",
                "wrong secret",
            ),
        ),
    },
}
# BOTH_WAYS=all compares all tasks of these files, which takes minutes.
ALL = os.environ.get("BOTH_WAYS") == "all"

# What may differ: core's banner, where time and port show, and what is told of connections.
_SAME = (
    (re.compile(r"(Module|Action) failed: "), "… failed: "),
    (re.compile(r"(127\.0\.0\.1|localhost):\d+"), "HOST:PORT"),
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
# Headers that a date, a port or a secret made for one run is in.
_OWN_HEADERS = ("host", "authorization", "content-length")


@dataclass(frozen=True)
class OneWay:
    """How a group ran in one of the ways."""

    run: Run
    folder: Path
    requests: dict[str, list[Request]]
    held: dict[str, list[dict[str, bytes]]]

    def same(self, text: str) -> str:
        """A text without what may differ."""
        text = text.replace(str(self.folder), "FOLDER")
        for pattern, replacement in _SAME:
            text = pattern.sub(replacement, text)
        return text

    def fields(self, value: Any) -> Any:
        """A value without what may differ."""
        if isinstance(value, dict):
            return {key: self.fields(item) for key, item in value.items()}
        if isinstance(value, list):
            return [self.fields(item) for item in value]
        return self.same(value) if isinstance(value, str) else value

    def told(self, name: str) -> list[tuple[str, str, Any]]:
        return [(result.event, result.host, self.fields(result.data)) for result in self.run.all(name)]

    def sent(self, part: str) -> list[Any]:
        """What the server of a part got and answered, without what may differ."""
        return [
            (
                request.method,
                self.same(request.path),
                {name: value for name, value in request.headers.items() if name not in _OWN_HEADERS},
                b"" if request.path.startswith("/oauth/") else request.body,
                request.status,
            )
            for request in self.requests[part]
        ]


Both = dict[str, tuple[OneWay, OneWay]]
"""In process and as a module, of each group."""


def _arrange(fake: FakeZitadel) -> None:
    acme = fake.create_organization("acme", metadata={"x": "1", "z": "1"})
    fake.create_organization("other")
    fake.fail(500, 13, "not yet", path="metadata/until$", times=2)
    fake.fail(500, 13, "never", path="metadata/vain$", times=None)
    fake.fail(400, 3, f"I do not want {TOKEN}", path="metadata/refused$")
    fake.fail(403, 7, "No matching permissions found (AUTH-5mWD2)", method="DELETE", path="_bulk$", every=2)
    fake.after(lambda request: fake.set(acme, "raced", "other"), path="metadata/raced$")


def _playbook(ansible: Ansible, fake: FakeZitadel, vaulted: str) -> Path:
    """Write the playbook above and what it needs."""
    (ansible.folder / "token-beside").write_text(TOKEN)
    (ansible.home / "token").write_text(TOKEN)
    text = PLAYBOOK.replace("VAULTED\n", vaulted).replace("URL", fake.url).replace("TOKEN", TOKEN)
    path = ansible.folder / "both.yml"
    path.write_text(text)
    return path


def _run_one_way(folder: Path, group: str, vaulted: str, *, in_process: bool) -> OneWay:
    ansible = Ansible(folder, timeout=1800 if ALL else 300)
    (folder / "inventory").write_text(
        "localhost ansible_connection=local ansible_python_interpreter='{{ ansible_playbook_python }}'\n"
        "box ansible_connection=local ansible_python_interpreter='{{ ansible_playbook_python }}'\n"
    )
    with ExitStack() as stack:
        fakes = {part: stack.enter_context(FakeZitadel(token=f"token-of-{part}")) for part in GROUPS[group]}
        parts = {}
        for name, part in GROUPS[group].items():
            arranged = part.arrange(ansible, fakes[name])
            tasks = [one for one in arranged.tasks if ALL or one["name"] in part.names]
            parts[name] = (fakes[name], replace(arranged, tasks=tasks))
        playbooks = []
        if group == "playbook":
            fakes["playbook"] = stack.enter_context(FakeZitadel(token=TOKEN))
            _arrange(fakes["playbook"])
            playbooks.append(_playbook(ansible, fakes["playbook"], vaulted))
        run = ansible.run_together(
            parts,
            playbooks=playbooks,
            args=[
                *("-vvvv", "--diff", "-i", "inventory", *ansible.vault_arguments),
                *("-e", json.dumps({"zitadel_in_process": in_process})),
            ],
            # Core lists what it takes for a boolean in the order of a set.
            env={"ANSIBLE_INJECT_INVOCATION": "true", "ANSIBLE_PIPELINING": "true", "PYTHONHASHSEED": "0"},
        )
        held = {name: [fake.metadata(one) for one in fake.store.organizations] for name, fake in fakes.items()}
        return OneWay(run, folder, {name: fake.requests for name, fake in fakes.items()}, held)


@pytest.fixture(scope="module")
def both(ansible: Ansible, tmp_path_factory: pytest.TempPathFactory) -> Both:
    """All groups in both ways, two runs at a time."""
    top = tmp_path_factory.mktemp("both")
    vaulted = ansible.vaulted(TOKEN)
    jobs = {}
    with ThreadPoolExecutor(2) as pool:
        for in_process in (False, True):
            for group in reversed(GROUPS):
                folder = top / f"{group}-{in_process:d}"
                folder.mkdir()
                jobs[group, in_process] = pool.submit(_run_one_way, folder, group, vaulted, in_process=in_process)
    return {group: (jobs[group, True].result(), jobs[group, False].result()) for group in GROUPS}


TASKS = re.findall(r"^    - name: (.*)$", PLAYBOOK, re.MULTILINE)
CASES = [
    *(("playbook", name) for name in TASKS),
    *((group, f"{part}: {name}") for group, parts in GROUPS.items() for part in parts for name in parts[part].names),
]


@pytest.mark.parametrize(("group", "name"), CASES, ids=[name for _group, name in CASES])
def test_the_results_are_the_same(both: Both, group: str, name: str) -> None:
    in_process, as_module = both[group]
    assert in_process.told(name)
    assert in_process.told(name) == as_module.told(name)


@pytest.mark.parametrize("group", GROUPS)
def test_no_other_result_differs(both: Both, group: str) -> None:
    in_process, as_module = both[group]
    names = [result.task for result in in_process.run.results]
    assert [name for name in names if in_process.told(name) != as_module.told(name)] == []
    assert names == [result.task for result in as_module.run.results]
    assert in_process.run.rc == as_module.run.rc == (2 if group == "playbook" else 0)


@pytest.mark.parametrize("group", GROUPS)
def test_the_output_is_the_same(both: Both, group: str) -> None:
    here, there = (way.same(way.run.output).splitlines(keepends=True) for way in both[group])
    assert "".join(difflib.unified_diff(here, there)) == ""


@pytest.mark.parametrize("group", GROUPS)
def test_the_server_got_and_holds_the_same(both: Both, group: str) -> None:
    in_process, as_module = both[group]
    for part in in_process.requests:
        assert in_process.sent(part) == as_module.sent(part)
        assert in_process.held[part] == as_module.held[part]


def test_the_playbook_went_as_planned(both: Both) -> None:
    """Else too little was compared."""
    in_process, _as_module = both["playbook"]
    results = in_process.run.of("both.yml")
    failed = [result.task for result in results if result.event == "failed"]
    after = TASKS.index("unknown option")
    assert failed == ["loop", "failed_when", "until, in vain", *TASKS[after:]]
    assert in_process.run["written by somebody else"]["warnings"]
    assert in_process.run["until"]["attempts"] == 3
    assert in_process.run["half-way"]["changed"] is True
    _home, held, _other = in_process.held["playbook"]
    assert held["dangerous"] == b"{{ plain }}"
    assert held["vaulted"] == TOKEN.encode()
    assert held["5"] == TOKEN.encode()
    assert held["nested"] == b'{"a":[1,2.5,true,null],"b":"gold"}'
    environment, _as_module = both["environment"]
    assert not environment.run["proxy: by the proxy"].failed, environment.run["proxy: by the proxy"]["msg"]
    assert environment.sent("proxy")[0][1].startswith("http://id.example.com/")


def _processes(run: Run) -> set[str]:
    """The tasks that started a process."""
    parts = re.split(r"^TASK \[(.*?)\] \*+$", run.output, flags=re.MULTILINE)
    return {
        name
        for name, output in zip(parts[1::2], parts[2::2], strict=True)
        if re.search(r"^<.*> EXEC ", output, re.MULTILINE)
    }


@pytest.mark.parametrize("group", GROUPS)
def test_only_some_tasks_start_a_process(both: Both, group: str) -> None:
    in_process, as_module = both[group]
    if not ALL:
        assert _processes(in_process.run) == ({"environment", "async"} if group == "playbook" else set())
    others = {"registered", "secrets: registered"}
    ran = {result.task for result in as_module.run.results if result.event != "skipped"}
    assert _processes(as_module.run) == ran - others


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
