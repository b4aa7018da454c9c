# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The fake as a process of its own, for a program that works beside it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

_TESTS = Path(__file__).resolve().parents[1]


@contextmanager
def serving(*arguments: str, environment: Mapping[str, str] | None = None) -> Iterator[dict[str, Any]]:
    """Run ``python -m fake_zitadel`` and yield the JSON that it prints: url, token and organizations.

    It says when it listens and when it has stopped, and stops whatever happens. Ends the program if it does not start.
    """
    process = subprocess.Popen(
        [sys.executable, "-m", "fake_zitadel", *arguments, "--exit-with-parent"],
        cwd=_TESTS,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout
        line = process.stdout.readline()
        if not line:
            sys.exit(f"The fake server did not start (exit {process.wait()}).")
        ready = json.loads(line)
        print(f"A fake ZITADEL listens on {ready['url']} as process {process.pid}.", flush=True)
        yield ready
    finally:
        process.terminate()
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        print("The fake ZITADEL has stopped.", flush=True)
