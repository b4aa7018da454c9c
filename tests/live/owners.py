# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What tests see of an organization that exists on the server, and how they learn that it is there."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

from .instance import Instance
from .names import Names


class Organization:
    """One that exists on the server, as somebody else sees it."""

    def __init__(self, instance: Instance, names: Names, organization_id: str) -> None:
        self._instance = instance
        self._names = names
        self.organization_id = organization_id

    @property
    def _seen(self) -> dict[str, Any]:
        answer = self._instance.call("GET", "/management/v1/orgs/me", organization=self.organization_id)
        seen: dict[str, Any] = json.loads(self._names.answer(json.dumps(answer["org"]).encode()))
        return seen

    @property
    def _listed(self) -> dict[str, Any]:
        query = {"queries": [{"idQuery": {"id": self.organization_id}}]}
        answer = self._instance.call("POST", "/v2/organizations/_search", query)
        details: dict[str, Any] = answer["result"][0]["details"]
        return details

    @property
    def name(self) -> str:
        return str(self._seen["name"])

    @property
    def state(self) -> str:
        return str(self._seen.get("state", "removed")).removeprefix("ORG_STATE_").lower()

    @property
    def primary_domain(self) -> str:
        return str(self._seen["primaryDomain"])

    @property
    def listed_sequence(self) -> int:
        return int(self._listed["sequence"])

    @property
    def creation_date(self) -> str:
        return str(self._listed["creationDate"])

    @property
    def listed_date(self) -> str:
        return str(self._listed["changeDate"])


def wait_for(condition: Callable[[], object]) -> None:
    """Wait until readers see what was written; a few seconds at most."""
    for _attempt in range(50):
        if condition():
            return
        time.sleep(0.1)
