# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One module_defaults for the group of the collection reaches every module of it."""

from __future__ import annotations

import json
from typing import Any

from fake_zitadel import FakeZitadel
from integration.harness import GROUP, ROOT, Ansible, Task, play

# Options without which a module does nothing; none of them is a connection option.
OPTIONS: dict[str, dict[str, Any]] = {
    "zitadel_org_info": {},
    "zitadel_org_metadata": {"key": "tier", "value": "gold"},
    "zitadel_org_metadata_bulk": {"organizations": [{"metadata": {"tier": "gold"}}]},
    "zitadel_org_metadata_info": {},
}


def test_it_reaches_all_modules(ansible: Ansible) -> None:
    # Also to one that is to come.
    assert OPTIONS.keys() == {path.stem for path in ROOT.glob("plugins/modules/*.py")}
    with FakeZitadel(require_headers={"x-proxy-token": "let-me-through"}) as fake:
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
