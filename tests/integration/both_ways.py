# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Inside the controller's process or in processes of their own: what tasks do and tell must be the same.

Tests run in process and keep what each playbook told and sent. With ``--as-modules`` the same tests run again in the
other way, and each playbook is compared with what was kept of it.
"""

from __future__ import annotations

import base64
import difflib
import json
import os
import re
import shutil
import urllib.parse
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fake_zitadel import FakeZitadel, Request

Told = dict[str, Any]
"""What a playbook told and sent as JSON, without what may differ."""

# What may differ: core's banner, where time, folder and port show, and what is told of connections and interpreters.
_SAME = (
    (re.compile(r"(Module|Action) failed: "), "… failed: "),
    (re.compile(r"(127\.0\.0\.1|localhost):\d+"), "HOST:PORT"),
    (re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z"), "DATE"),
    (re.compile(r"\bj\d{9,13}\.\d+"), "JOB"),
    (re.compile(r"_payload_\w{8}/"), "_payload/"),
    (re.compile(r"\b(playbook|hosts|variables)-\d+\."), r"\1."),
    (
        re.compile(
            r"^(<|Trying secret|Using module file|Pipelining is enabled|Loading collection|ASYNC (POLL|OK|FAILED) on).*\n",
            re.MULTILINE,
        ),
        "",
    ),
    # How a server that expects TLS ends a connection is chance.
    (re.compile(r"the connection was closed without an answer|Connection reset by peer"), "LOST"),
    # Core lists what it takes for a boolean in the order of a set.
    (re.compile(r"(?<=Valid booleans include: )(('\w+'|[\d.]+|True|False)(, )?)+"), "…"),
)
# Values may have dates in them, too.
_BASE64 = re.compile(r'(?<="value":")[^"]+|(?<="value_b64": ")[^"]+')
# Headers that a port, a date, a number or a secret of one run is in.
_OWN_HEADERS = ("host", "authorization", "content-length", "x-task")


@dataclass
class Ways:
    """One of the ways, and the folder that keeps what was told in process."""

    in_process: bool
    folder: Path
    _runs: Counter[str] = field(default_factory=Counter)

    def check(self, told: Told) -> None:
        """Keep what the running test told in process, or compare it with what is kept of this test."""
        file, _colons, test = os.environ["PYTEST_CURRENT_TEST"].rpartition(" ")[0].partition("::")
        folder = self.folder / Path(file).stem
        if self.in_process and not self._runs[file]:
            shutil.rmtree(folder, ignore_errors=True)
        self._runs[file] += 1
        self._runs[test] += 1
        path = folder / (re.sub(r"[^\w.-]+", "_", f"{test}-{self._runs[test]}") + ".json")
        text = json.dumps(told, indent=1, ensure_ascii=False, sort_keys=True)
        if self.in_process:
            folder.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
            return
        assert path.exists(), f"Run the same tests without --as-modules first: nothing is known of {test} of {file}"
        lines = (path.read_text(encoding="utf-8").splitlines(), text.splitlines())
        difference = "\n".join(difflib.unified_diff(*lines, "in process", "as modules", lineterm=""))
        assert not difference, f"As modules, the playbook told or sent something else:\n{difference}"


def told(
    folder: Path,
    rc: int,
    output: str,
    results: Iterable[Mapping[str, Any]],
    requests: Mapping[FakeZitadel, list[Request]],
) -> Told:
    """Return all that a playbook printed, told to callbacks, sent to fakes and left in them, as far as it must be the same."""

    def same(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: same(_decoded(item) if key == "value_b64" else item) for key, item in value.items()}
        if isinstance(value, list):
            return [same(item) for item in value]
        if not isinstance(value, str):
            return value
        value = _BASE64.sub(lambda found: _decoded(found.group()), value).replace(str(folder), "FOLDER")
        for pattern, replacement in _SAME:
            value = pattern.sub(replacement, value)
        return value

    whole: Told = {
        "rc": rc,
        "output": same(output).splitlines(),
        "results": [same(dict(result)) for result in results],
        "requests": [same(_sent(request)) for sent in requests.values() for request in _in_turn(sent)],
        "held": [
            {key: same(_text(value)) for key, value in fake.metadata(organization).items()}
            for fake in requests
            for organization in list(fake.organizations)
        ],
    }
    if len({result["host"] for result in whole["results"]}) > 1:
        # Hosts take turns as it happens.
        whole["results"].sort(key=lambda result: result["host"])
        whole["output"].sort()
    elif "[WARNING]" in output:
        # Between which items of a loop a warning is printed depends on how fast they are; the results are in order.
        whole["output"].sort()
    return whole


def _in_turn(requests: Iterable[Request]) -> list[Request]:
    """Return the requests of each task and host in order: what these send at the same time is chance."""
    return sorted(
        requests,
        key=lambda request: [request.headers.get(name, "") for name in ("x-task", "x-case", "x-zitadel-orgid")],
    )


def _decoded(value: Any) -> Any:
    """Return what a text is the base64 of, and everything else as it is."""
    try:
        return _text(base64.b64decode(value, validate=True)) if isinstance(value, str) else value
    except ValueError:
        return value


def _text(value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return repr(value)


def _sent(request: Request) -> dict[str, Any]:
    return {
        "request": f"{request.method} {request.path}",
        "headers": {name: value for name, value in request.headers.items() if name not in _OWN_HEADERS},
        "body": _login(request.body) if request.path.startswith("/oauth/") else _text(request.body),
        "status": request.status,
    }


def _login(body: bytes) -> dict[str, list[str]]:
    """Return a form without what is made for one run."""
    form = urllib.parse.parse_qs(_text(body))
    return {name: values for name, values in form.items() if name not in ("assertion", "client_secret")}
