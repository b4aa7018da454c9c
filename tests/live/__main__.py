# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""``make test-live``: the integration tests against a real server. Arguments are those of pytest."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parents[1]

if __name__ == "__main__":
    arguments = sys.argv[1:]
    if not any(Path(one.partition("::")[0]).exists() for one in arguments):
        arguments.append(str(TESTS / "integration"))
    sys.exit(pytest.main(["-p", "live.plugin", "-q", *arguments]))
