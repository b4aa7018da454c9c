# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Modules that run in one process share connections, and keep none that they do not need."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

import pytest

from fake_zitadel import FakeZitadel

pytestmark = pytest.mark.every_core

FREE = 100
ITEMS = FREE + 10

# As the action plugin runs a loop: the same module again and again in one process, here one with a limit of its own.
LOOP = f"""
import contextlib, io, json, os, resource, sys
from ansible.module_utils import basic
from ansible_collections.community.zitadel.plugins.modules import zitadel_org_metadata_info

basic.has_journal = False
basic.syslog.syslog = lambda *_arguments: None
items = json.load(sys.stdin)
hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
messages = []
for number, item in enumerate(items):
    if number == 1:
        # The first has loaded all that is loaded once.
        resource.setrlimit(resource.RLIMIT_NOFILE, (os.dup(0) + {FREE}, hard))
    basic._ANSIBLE_ARGS = json.dumps({{"ANSIBLE_MODULE_ARGS": item}}).encode()
    basic._ANSIBLE_PROFILE = "legacy"
    output = io.StringIO()
    with contextlib.suppress(SystemExit), contextlib.redirect_stdout(output):
        zitadel_org_metadata_info.main()
    messages.append(json.loads(output.getvalue()).get("msg"))
json.dump(messages, sys.stdout)
"""


def loop(items: list[dict[str, Any]]) -> list[str | None]:
    """Run the module for each item in one process, and return the messages of those that failed, else null."""
    done = subprocess.run(
        [sys.executable, "-c", LOOP],
        input=json.dumps(items),
        capture_output=True,
        text=True,
        timeout=120,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": os.pathsep.join(sys.path)},
        check=True,
    )
    return list(json.loads(done.stdout))


def test_a_loop_needs_no_connection_for_each_item() -> None:
    with FakeZitadel() as fake:
        options = {"url": fake.url, "token": fake.token, "retries": 0}
        items = [{**options, "headers": {"X-Item": str(number)}} for number in range(ITEMS)]
        items += [{**options, "token": fake.create_user("IAM_OWNER").token} for _number in range(ITEMS)]
        assert loop(items) == [None] * len(items)
