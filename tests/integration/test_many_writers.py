# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Twenty tasks at once that write one organization, on a server that refuses some writes because they met."""

from __future__ import annotations

import json

from integration.harness import GROUP, Ansible, play, task
from integration.server import Zitadel

HOSTS = [f"host{number:02}" for number in range(20)]


def test_all_succeed_and_every_value_is_there(ansible: Ansible) -> None:
    shared = [f"shared{number}" for number in range(10)]
    with Zitadel("4.7.0") as fake:
        acme = fake.create_organization("acme", metadata=dict.fromkeys(shared, "x"))
        fake.collide(every=5, times=None)
        options = {"url": fake.url, "token": fake.token, "org_id": acme}
        name = "{{ inventory_hostname }}"
        own = "{{ {inventory_hostname ~ '/a': '1', inventory_hostname ~ '/b': {'x': inventory_hostname}} }}"
        tasks = [
            task("set and remove", {**options, "metadata": own, "absent_keys": shared}),
            task("set one", {**options, "key": name, "value": name}),
            task("change one", {**options, "key": name, "value": "{{ inventory_hostname }} changed"}),
        ]
        text = json.dumps([play(tasks, hosts="all", module_defaults={GROUP: {"retries": 10}})])
        args = [*ansible.local_hosts({host: {} for host in HOSTS}), "--forks", "20"]
        # Who meets whom is chance.
        run = ansible.playbook(text, args=args, compare=False)

        failed = [(result.host, result.task, result["msg"]) for result in run.results if result.failed]
        assert failed == []
        assert len(run.results) == 60
        assert fake.metadata(acme) == {
            key: value
            for host in HOSTS
            for key, value in {
                f"{host}/a": b"1",
                f"{host}/b": json.dumps({"x": host}, separators=(",", ":")).encode(),
                host: f"{host} changed".encode(),
            }.items()
        }
        # They did meet, and removals came too late: else nothing was proved.
        statuses = [request.status for request in fake.writes]
        assert statuses.count(500) > 5
        removed = [key for result in run.all("set and remove") for key in result["removed"]]
        assert set(removed) == set(shared)
