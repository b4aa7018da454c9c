# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Replays a recording against a fake, which is made to hold what the server held."""

from __future__ import annotations

import json

from fake_zitadel import FakeZitadel
from fake_zitadel_tests.older_users import create_older_users
from fake_zitadel_tests.replay import SEARCH_ORGANIZATIONS, Exchange, Replay
from live.instance import Instance


class FakeReplay(Replay):
    """One recording against one fake."""

    def __init__(self, fake: FakeZitadel, exchanges: list[Exchange]) -> None:
        instance = Instance(fake.url, fake.token, fake.create_key(fake.admin))
        super().__init__(instance, exchanges)
        self.fake = fake
        found = create_older_users(instance, exchanges)
        for number in range(_older_organizations(exchanges) - len(found)):
            fake.create_organization(f"older, never seen {number}")

    def prepare(self, exchange: Exchange) -> None:
        """Be as slow as the server where the recorder was too quick for it."""
        recorded = exchange["response"]["body"]
        if "Secret.NotExisting" in json.dumps(recorded):
            self.fake.store.users[self.comparison.translate(self.machine_of_secret)].secret_unknown_uses = 1
        if exchange["request"]["path"] == SEARCH_ORGANIZATIONS and not recorded["details"].get("totalResult"):
            for query in exchange["request"]["body"]["queries"]:
                wanted = self.comparison.translate(query.get("idQuery", {}).get("id", ""))
                organization = self.fake.store.organizations.get(wanted)
                if organization and organization.exists:
                    organization.unlisted_searches = 1


def _older_organizations(exchanges: list[Exchange]) -> int:
    """How many there were beside the default one, as the first search for all of them tells."""
    known = 1
    for exchange in exchanges:
        method, path = exchange["request"]["method"], exchange["request"]["path"]
        if path == SEARCH_ORGANIZATIONS and not (exchange["request"].get("body") or {}).get("queries"):
            return int(exchange["response"]["body"]["details"]["totalResult"]) - known
        if exchange["response"]["status"] in (200, 201):
            known += path in ("/management/v1/orgs", "/v2/organizations") or path.endswith("/AddOrganization")
            known -= (method, path) == ("DELETE", "/management/v1/orgs/me")
    return 0
