# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The server that the integration tests talk to: the fake, or a real one (``make test-live``, see ``tests/live``)."""

from __future__ import annotations

from fake_zitadel import FakeZitadel as Zitadel

# What playbooks find in their environment, whatever else they do.
ENVIRONMENT: dict[str, str] = {}

__all__ = ["ENVIRONMENT", "Zitadel"]
