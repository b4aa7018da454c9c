# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Writes what callbacks are told as JSON lines to the file that the environment names."""

from __future__ import annotations

import json
import os
from typing import Any

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = r"""
name: record
type: aggregate
short_description: Record results for tests
description:
  - Appends every result, and that of every item of a loop, to the file named by the variable E(RECORD_FILE).
"""


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "record"
    CALLBACK_NEEDS_ENABLED = True

    _playbook = ""

    def v2_playbook_on_start(self, playbook: Any) -> None:
        self._playbook = os.path.basename(playbook._file_name)

    def _write(self, event: str, result: Any) -> None:
        # Since ansible-core 2.19 a public attribute, before it a private one.
        task, host, data = (
            getattr(result, name, None) or getattr(result, f"_{name}") for name in ("task", "host", "result")
        )
        names = {"playbook": self._playbook, "task": task.get_name(), "host": host.get_name()}
        with open(os.environ["RECORD_FILE"], "a", encoding="utf-8") as file:
            file.write(json.dumps({"event": event, **names, "data": data}, default=str) + "\n")

    def v2_runner_on_ok(self, result: Any) -> None:
        self._write("ok", result)

    def v2_runner_on_failed(self, result: Any, ignore_errors: bool = False) -> None:
        self._write("failed", result)

    def v2_runner_on_skipped(self, result: Any) -> None:
        self._write("skipped", result)

    def v2_runner_on_unreachable(self, result: Any) -> None:
        self._write("unreachable", result)

    def v2_runner_item_on_ok(self, result: Any) -> None:
        self._write("item ok", result)

    def v2_runner_item_on_failed(self, result: Any) -> None:
        self._write("item failed", result)

    def v2_runner_item_on_skipped(self, result: Any) -> None:
        self._write("item skipped", result)

    def v2_runner_retry(self, result: Any) -> None:
        self._write("retry", result)
