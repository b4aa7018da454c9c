# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""All that a playbook can say around a module: keywords, defaults, conversions, templates, vaulted text, failures."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from integration.harness import Ansible, Run, processes
from integration.server import Zitadel

pytestmark = [pytest.mark.every_core, pytest.mark.both_ways]

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
          date: 2026-11-24
          time: 2026-11-24T10:20:30
          vaulted: "{{ vaulted }}"
      vars:
        vaulted: VAULTED
    - name: a vaulted value
      community.zitadel.zitadel_org_metadata:
        key: "5"
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
    - name: one of two written by somebody else
      community.zitadel.zitadel_org_metadata: {key: "{{ item }}", value: x}
      loop: [raced2, calm]
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
TASKS = re.findall(r"^    - name: (.*)$", PLAYBOOK, re.MULTILINE)


@dataclass(frozen=True)
class Played:
    run: Run
    held: dict[str, bytes]


@pytest.fixture(scope="module")
def played(ansible: Ansible) -> Iterator[Played]:
    with Zitadel(token=TOKEN) as fake:
        acme = fake.create_organization("acme", metadata={"x": "1", "z": "1"})
        fake.create_organization("other")
        fake.fail(500, 13, "not yet", path="metadata/until$", times=2)
        fake.fail(500, 13, "never", path="metadata/vain$", times=None)
        fake.fail(400, 3, f"I do not want {TOKEN}", path="metadata/refused$")
        fake.fail(403, 7, "No matching permissions found (AUTH-5mWD2)", method="DELETE", path="_bulk$", every=2)
        fake.after(lambda request: fake.set(acme, "raced", "other"), path="metadata/raced$")
        fake.after(lambda request: fake.set(acme, "raced2", "other"), path="metadata/raced2$")
        (ansible.folder / "token-beside").write_text(TOKEN)
        (ansible.home / "token").write_text(TOKEN)
        text = PLAYBOOK.replace("VAULTED\n", ansible.vaulted(TOKEN)).replace("URL", fake.url).replace("TOKEN", TOKEN)
        args = ["-vvvv", "--diff", *ansible.local_hosts({"box": {}, "localhost": {}}), *ansible.vault_arguments]
        run = ansible.playbook(text, fakes=[fake], args=args, env={"ANSIBLE_PIPELINING": "false"})
        yield Played(run, fake.metadata(acme))


def test_it_went_as_planned(played: Played) -> None:
    run = played.run
    assert run.rc == 2
    assert {result.task for result in run.results} == set(TASKS)
    failed = [result.task for result in run.results if result.event == "failed"]
    after = TASKS.index("unknown option")
    assert failed == ["loop", "failed_when", "until, in vain", *TASKS[after:]]
    assert run["written by somebody else"]["warnings"]
    assert [bool(item.data.get("warnings")) for item in run.items("one of two written by somebody else")] == [
        True,
        False,
    ]
    assert run["until"]["attempts"] == 3
    assert run["half-way"]["changed"] is True


def test_values_arrive_as_they_were_given(played: Played) -> None:
    assert played.held["dangerous"] == b"{{ plain }}"
    assert played.held["vaulted"] == TOKEN.encode()
    assert played.held["5"] == TOKEN.encode()
    assert (played.held["date"], played.held["time"]) == (b"2026-11-24", b"2026-11-24T10:20:30")
    assert played.held["nested"] == b'{"a":[1,2.5,true,null],"b":"gold"}'


def test_only_some_tasks_need_a_process(ansible: Ansible, played: Played) -> None:
    needed = {"environment", "async"} if ansible.in_process else set(TASKS) - {"registered"}
    assert processes(played.run) == needed
