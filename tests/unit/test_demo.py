# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The demo may run on somebody's own server: it shows nothing but its own keys, and no secret."""

from __future__ import annotations

import demo
from fake_zitadel import FakeZitadel


def test_the_demo_lists_its_own_keys_only(fake: FakeZitadel) -> None:
    own = {f"{demo.PREFIX}{number}": str(number) for number in range(demo.PAGE + 1)}
    org_id = fake.create_organization("of a user", metadata={**own, "demoX": "1", "tier": "gold"})
    variables = {"ZITADEL_URL": f"{fake.url}/", "ZITADEL_TOKEN": fake.token, "ZITADEL_ORG_ID": org_id}
    assert dict(demo.stored(variables)) == {key: value.encode() for key, value in own.items()}


def test_the_demo_shows_no_secret() -> None:
    assert demo.line("demo_tier", b"gold").endswith(" 4 bytes   gold")
    assert demo.line("demo_webhook_secret", b"of a user").endswith(" 9 bytes   (not shown)")
