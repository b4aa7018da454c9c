# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An inventory source of AWX, and a job over it in slices, each of which gets an inventory script with its hosts."""

from __future__ import annotations

import pytest

from awx.jobs import FIELDS, Awx
from fake_zitadel import FakeZitadel

pytestmark = pytest.mark.every_core

ATTACK = "{{ lookup('pipe', 'touch attacked') }}"
SEATS = {"silver": b"10", "gold": b"250", ATTACK: b"1"}


def test_an_inventory_source_and_a_sliced_job(awx: Awx) -> None:
    with FakeZitadel() as fake:
        fake.change_state(fake.home_id, "inactive")
        tiers = dict(zip(["acme", "beta", "all", ATTACK], ["gold", "silver", "gold", ATTACK], strict=True))
        ids = {name: fake.create_organization(name, metadata={"tier": tier}) for name, tier in tiers.items()}
        credential = {**dict.fromkeys(FIELDS, ""), "url": fake.url, "token": fake.token}
        update = awx.update(credential, "zitadel_orgs.yml")
        assert update.rc == 0, update.printed
        hosts = {"acme", "beta", ids["all"], ids[ATTACK]}
        assert update.content["_meta"]["hostvars"].keys() == hosts
        assert update.content["tier_gold"]["hosts"] == ["acme", ids["all"]]
        assert fake.token not in update.printed + str(update.content)
        for number in range(2):
            job = awx.launch(credential, {}, "set_metadata_of_each.yml", update.script(number, 2))
            assert job.rc == 0, job.stdout
            done = {event["event_data"]["host"] for event in job.events if event["event"] == "runner_on_ok"}
            assert done == set(sorted(hosts)[number::2])
            assert job.places_of([fake.token]) == []
        assert {name: fake.metadata(ids[name])["seats"] for name in ids} == {
            name: SEATS[tier] for name, tier in tiers.items()
        }
        assert not list(awx.folder.rglob("attacked"))


def test_a_source_that_fails_is_a_failed_update(awx: Awx) -> None:
    with FakeZitadel() as fake:
        credential = {**dict.fromkeys(FIELDS, ""), "url": fake.url, "token": "wrong-5ecret"}
        update = awx.update(credential, "zitadel_orgs.yml")
        assert update.rc != 0
        assert update.content == {}
        assert "The access token was refused" in " ".join(update.printed.split())
        assert "5ecret" not in update.printed
