# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""API v2 by the option, by module_defaults, by the variables of the lookup and the role, and where v1 does not work."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from integration.harness import GROUP, Ansible, Run, task
from integration.server import Zitadel

pytestmark = pytest.mark.since("4.7.0")

INFO = "zitadel_org_metadata_info"
LOOKUP = "{{ lookup('community.zitadel.zitadel_org_metadata', 'tier', org_name='acme') }}"


@pytest.fixture(scope="module")
def run(ansible: Ansible) -> Iterator[tuple[Run, Zitadel]]:
    with Zitadel(drop_headers=["x-zitadel-orgid"]) as fake:
        acme = fake.create_organization("acme", metadata={"tier": "silver"})
        connection = {"zitadel_url": fake.url, "zitadel_token": fake.token, "zitadel_api_version": "v2"}
        defaults = {"url": fake.url, "token": fake.token, "api_version": "v2"}
        tasks = [
            task("option", {"org_id": acme, "key": "tier", "value": "gold", "api_version": "v2"}),
            task("loop", {"org_id": acme, "key": "{{ item }}", "value": "1"}, loop=["a/b", "ü", "a"]),
            task("read", {"org_name": "acme"}, INFO, check_mode=True),
            task("environment", {"org_id": acme}, INFO, environment={"ZITADEL_API_VERSION": "v2"}),
            task("module_defaults", {"org_id": acme}, INFO, module_defaults={GROUP: defaults}),
            {"name": "lookup", "ansible.builtin.debug": {"msg": LOOKUP}, "vars": connection},
            {
                "name": "role",
                "ansible.builtin.include_role": {"name": "community.zitadel.org_metadata"},
                "vars": {
                    **connection,
                    "org_metadata_organizations": [
                        {"org_name": "acme", "metadata": {"b": "2"}, "purge": True, "keep": ["tier"], "max_removals": 3}
                    ],
                },
            },
            {"name": "result", "ansible.builtin.debug": {"var": "org_metadata_result.organizations"}},
        ]
        yield ansible.run(fake, tasks, args=["--diff"]), fake


def test_a_dropped_header_harms_nobody(run: tuple[Run, Zitadel]) -> None:
    run_, fake = run
    assert run_.rc == 0, run_.output
    (acme,) = [one.organization_id for one in fake.organizations.values() if one.name == "acme"]
    assert fake.metadata(acme) == {"tier": b"gold", "b": b"2"}
    assert fake.metadata(fake.home_id) == {}


def test_results_name_the_api(run: tuple[Run, Zitadel]) -> None:
    run_, _fake = run
    assert run_["option"]["api_version"] == "v2"
    assert [item["api_version"] for item in run_.items("loop")] == ["v2"] * 3
    assert run_["read"]["api_version"] == "v2"
    assert run_["read"]["metadata"] == {"tier": "gold", "a": "1", "a/b": "1", "ü": "1"}
    assert run_["lookup"]["msg"] == "gold"
    (result,) = run_["result"]["org_metadata_result.organizations"]
    assert (result["api_version"], result["added"], result["removed"]) == ("v2", ["b"], ["a", "a/b", "ü"])


@pytest.mark.parametrize("name", ["option", "environment", "module_defaults"])
def test_who_asks_for_v2_gets_nothing_else(run: tuple[Run, Zitadel], name: str) -> None:
    run_, _fake = run
    assert run_[name]["api_version"] == "v2"
    assert all(request.path.startswith("/zitadel.org.v2.") for request in run_.requests(name))


def test_a_loop_warns_once(run: tuple[Run, Zitadel]) -> None:
    run_, _fake = run
    assert run_.output.count("so API v2 is used") == 1
