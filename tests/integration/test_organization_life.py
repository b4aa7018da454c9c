# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Onboarding through playbooks: the module, entries with create, and the role."""

from __future__ import annotations

from integration.harness import Ansible, task
from integration.server import Zitadel

ORG, BULK = "zitadel_org", "zitadel_org_metadata_bulk"


def test_the_life_of_an_organization(ansible: Ansible) -> None:
    with Zitadel() as fake:
        role = {"org_metadata_organizations": [{"org_name": "delta", "create": True, "metadata": {"a": "1"}}]}
        tasks = [
            task("planned", {"name": "acme"}, ORG, check_mode=True),
            task("created", {"name": "acme"}, ORG, register="acme"),
            task("renamed", {"org_id": "{{ acme.org_id }}", "name": "beta", "state": "inactive"}, ORG),
            task("wrong name", {"org_id": "{{ acme.org_id }}", "name": "acme", "state": "absent"}, ORG),
            task("removed", {"org_id": "{{ acme.org_id }}", "name": "beta", "state": "absent"}, ORG),
            task("null", {"name": None}, ORG),
            task("bulk", {"organizations": [{"org_name": "gamma", "create": True, "metadata": {"a": "1"}}]}, BULK),
            {
                "name": "role",
                "ansible.builtin.include_role": {"name": "community.zitadel.org_metadata"},
                "vars": {"zitadel_url": fake.url, "zitadel_token": fake.token, **role},
            },
        ]
        run = ansible.run(fake, tasks, args=["--diff"])
        assert (run["planned"]["changed"], run["planned"]["org_id"]) == (True, None)
        assert run["created"]["organization"]["state"] == "active"
        assert run["renamed"]["diff"] == {
            "before": {"name": "acme", "state": "active"},
            "after": {"name": "beta", "state": "inactive"},
        }
        assert "has the name 'beta' and not 'acme'" in run["wrong name"]["msg"]
        assert (run["removed"]["changed"], run["removed"]["organization"]) == (True, None)
        assert "name is null" in run["null"]["msg"]
        (gamma,) = run["bulk"]["organizations"]
        assert (gamma["created"], gamma["added"]) == (True, ["a"])
        left = {one.name: one for one in fake.organizations.values() if one.state != "removed"}
        assert left.keys() == {"ZITADEL", "gamma", "delta"}
        assert fake.metadata(left["delta"].organization_id) == {"a": b"1"}
