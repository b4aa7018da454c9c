# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""``python -m fake_zitadel``."""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

TESTS = Path(__file__).parents[1]


@contextmanager
def running(*arguments: str, **environment: str) -> Iterator[tuple[subprocess.Popen[str], dict[str, Any]]]:
    process = subprocess.Popen(
        [sys.executable, "-m", "fake_zitadel", *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(TESTS), **environment},
    )
    try:
        assert process.stdout
        yield process, json.loads(process.stdout.readline())
    finally:
        process.kill()
        process.communicate()


def ask(ready: dict[str, Any], path: str, method: str = "GET") -> tuple[int, Any]:
    url = urlsplit(ready["url"])
    connection = http.client.HTTPConnection(str(url.hostname), url.port)
    connection.request(method, path, headers={"Authorization": f"Bearer {ready['token']}"})
    answer = connection.getresponse()
    return answer.status, json.loads(answer.read())


def test_it_serves_until_told_to_stop(tmp_path: Path) -> None:
    file = tmp_path / "ready.json"
    arguments = [
        "--release",
        "3.4.9",
        "--organization",
        "acme",
        "--organization",
        "beta",
        "--ready-file",
        str(file),
        "--read-only",
    ]
    with running(*arguments, ZITADEL_TOKEN="from-the-environment") as (process, ready):
        assert ready["token"] == "from-the-environment"
        assert ready["organizations"].keys() == {"acme", "beta"}
        status, answer = ask(ready, "/management/v1/orgs/me")
        assert (status, answer["org"]["name"]) == (200, "ZITADEL")
        assert ask(ready, "/management/v1/orgs/me", "DELETE")[0] == 403
        assert ask(ready, "/_fake/requests") == (200, {"requests": 2, "writes": 1})
        assert json.loads(file.read_text()) == ready
        assert file.stat().st_mode & 0o777 == 0o600
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
        assert process.stderr
        assert process.stderr.read() == ""


def test_it_stops_when_its_input_is_closed() -> None:
    with running("--exit-with-stdin", "--token", "x") as (process, ready):
        assert ready["token"] == "x"
        assert process.stdin
        process.stdin.close()
        assert process.wait(10) == 0
        process.stdin = None


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs a process that leaves a child behind")
def test_it_stops_when_its_parent_is_gone() -> None:
    # The parent reads the line, hands it on and goes; its child has our pipe open until it stops, too.
    parent = (
        "import subprocess, sys\n"
        "command = [sys.executable, '-m', 'fake_zitadel', '--exit-with-parent']\n"
        "child = subprocess.Popen(command, stdout=subprocess.PIPE)\n"
        "child.stdout.readline()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", parent],
        stderr=subprocess.PIPE,
        timeout=30,
        env={**os.environ, "PYTHONPATH": str(TESTS)},
        check=True,
    )
    assert done.stderr == b""
