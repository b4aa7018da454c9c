# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What module_defaults for the groups of the collection reach."""

from __future__ import annotations

import json
from typing import Any

import pytest

from integration.harness import GROUP, ROOT, Ansible, Task, play
from integration.server import Zitadel

pytestmark = [pytest.mark.every_core, pytest.mark.both_ways]

# Options without which a module does nothing; none of them is a connection option.
OPTIONS: dict[str, dict[str, Any]] = {
    "zitadel_org": {"name": "ZITADEL"},
    "zitadel_org_info": {},
    "zitadel_org_metadata": {"key": "tier", "value": "gold"},
    "zitadel_org_metadata_bulk": {"organizations": [{"org_name": "ZITADEL", "metadata": {"tier": "gold"}}]},
    "zitadel_org_metadata_info": {},
    "zitadel_user_info": {},
    "zitadel_user_metadata": {"login_name": "admin", "key": "tier", "value": "gold"},
    "zitadel_user_metadata_info": {"login_name": "admin"},
}


def test_it_reaches_all_modules(ansible: Ansible) -> None:
    # Also to one that is to come.
    assert OPTIONS.keys() == {path.stem for path in ROOT.glob("plugins/modules/*.py")}
    with Zitadel(require_headers={"x-proxy-token": "let-me-through"}) as fake:
        defaults = {"url": fake.url, "token": fake.token, "headers": {"x-proxy-token": "let-me-through"}, "retries": 0}
        tasks: list[Task] = [{"name": module, f"community.zitadel.{module}": OPTIONS[module]} for module in OPTIONS]
        # What a task says counts more.
        own = {"headers": {"x-proxy-token": "let-me-through", "x-own": "yes"}, "key": "tier"}
        tasks.append({"name": "own", "community.zitadel.zitadel_org_metadata_info": own})
        run = ansible.playbook(json.dumps([play(tasks, module_defaults={GROUP: defaults})]), fakes=[fake])
        assert run.rc == 0, run.output
        assert {result.task for result in run.results} >= {one["name"] for one in tasks}
        assert {request.bearer for request in fake.requests} == {fake.token}
        assert [request.path for request in fake.requests if "x-own" in request.headers] == [
            "/management/v1/metadata/_search"
        ]
        assert fake.metadata(fake.home_id) == {"tier": b"gold"}


def test_the_organization_of_each_host(ansible: Ansible) -> None:
    """A second group names it once. A task that names none would use that of the service account for each host."""
    with Zitadel() as fake:
        hosts = {name: {"zitadel_org_id": fake.create_organization(name)} for name in ("acme", "other")}
        connection = {GROUP: {"url": fake.url, "token": fake.token}}
        organization = {"group/community.zitadel.organization": {"org_id": "{{ zitadel_org_id }}"}}
        write, read = "community.zitadel.zitadel_org_metadata", "community.zitadel.zitadel_org_metadata_info"
        named: list[Task] = [
            {"name": "write", write: {"key": "tier", "value": "{{ inventory_hostname }}"}},
            {"name": "read", read: {}},
        ]
        unnamed: list[Task] = [
            {"name": "write unnamed", write: {"key": "tier", "value": "gold"}, "ignore_errors": True},
            {"name": "check unnamed", write: {"key": "a", "value": "b"}, "check_mode": True, "ignore_errors": True},
            {"name": "read unnamed", read: {}, "ignore_errors": True},
        ]
        plays = [
            play(named, hosts="all", module_defaults={**connection, **organization}),
            play(unnamed, hosts="all", module_defaults=connection),
        ]
        run = ansible.playbook(json.dumps(plays), fakes=[fake], args=ansible.local_hosts(hosts))
        for host, variables in hosts.items():
            results = {result.task: result for result in run.results if result.host == host}
            assert {task for task, result in results.items() if result.failed} == {one["name"] for one in unnamed}
            assert results["read"]["metadata"] == {"tier": host}
            assert 'Add org_id: "{{ zitadel_org_id }}" to the task' in results["write unnamed"]["msg"]
            assert fake.metadata(variables["zitadel_org_id"]) == {"tier": host.encode()}
        assert {request.headers["x-zitadel-orgid"] for request in fake.requests} == {
            variables["zitadel_org_id"] for variables in hosts.values()
        }
