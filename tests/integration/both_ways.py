# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Inside the controller's process or in processes of their own: what tasks do and tell must be the same.

Tests run in process and keep what each playbook told and sent. With ``--as-modules`` the same tests run again in the
other way, and each playbook is compared with what was kept of it.
"""

from __future__ import annotations

import base64
import binascii
import difflib
import json
import os
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fake_zitadel import FakeZitadel, Request

Told = dict[str, list[Any]]
"""What a playbook told and sent as JSON, without what may differ."""

# What may differ: core's banner, where time, folder and port show, and what is told of connections and interpreters.
_SAME = (
    (re.compile(r"(Module|Action) failed: "), "… failed: "),
    (re.compile(r"(127\.0\.0\.1|localhost):\d+"), "HOST:PORT"),
    (re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z"), "DATE"),
    (re.compile(r"\bj\d{9,13}\.\d+"), "JOB"),
    (re.compile(r"_payload_\w{8}/"), "_payload/"),
    (re.compile(r"\bplaybook-\d+\.yml"), "PLAYBOOK"),
    (
        re.compile(
            r"^(<|Trying secret|Using module file|Pipelining is enabled|Loading collection|ASYNC (POLL|OK|FAILED) on).*\n",
            re.MULTILINE,
        ),
        "",
    ),
    # How a server that expects TLS ends a connection is chance.
    (re.compile(r"it closed the connection without an answer|Connection reset by peer"), "LOST"),
    # Core lists what it takes for a boolean in the order of a set.
    (re.compile(r"(?<=Valid booleans include: ).*?(?=\"|$)", re.MULTILINE), "…"),
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
        """Keep what the running test told in process, or compare it with what is kept."""
        test = os.environ["PYTEST_CURRENT_TEST"].rpartition(" ")[0]
        self._runs[test] += 1
        path = self.folder / (re.sub(r"[^\w.-]+", "_", f"{test}-{self._runs[test]}") + ".json")
        text = json.dumps(told, indent=1, ensure_ascii=False, sort_keys=True)
        if self.in_process:
            self.folder.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
            return
        assert path.exists(), f"Run the tests without --as-modules first: nothing is known of {test}"
        lines = (path.read_text(encoding="utf-8").splitlines(), text.splitlines())
        difference = "\n".join(difflib.unified_diff(*lines, "in process", "as modules", lineterm=""))
        assert not difference, f"As modules, the playbook told or sent something else:\n{difference}"


def told(
    folder: Path,
    output: str,
    results: Iterable[Mapping[str, Any]],
    requests: Mapping[FakeZitadel, list[Request]],
) -> Told:
    """Return all that a playbook printed, told to callbacks, sent to fakes and left in them, as far as it must be the same."""

    def same(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: same(f'"{key}": "{item}"' if key == "value_b64" else item) for key, item in value.items()}
        if isinstance(value, list):
            return [same(item) for item in value]
        if not isinstance(value, str):
            return value
        value = _BASE64.sub(_decoded, value).replace(str(folder), "FOLDER")
        for pattern, replacement in _SAME:
            value = pattern.sub(replacement, value)
        return value

    whole = {
        "output": same(output).splitlines(),
        "results": [same(dict(result)) for result in results],
        "requests": [same(_sent(request)) for sent in requests.values() for request in _once_logged_in(sent)],
        "held": [
            {key: same(value.decode("utf-8", "backslashreplace")) for key, value in fake.metadata(organization).items()}
            for fake in requests
            for organization in fake.store.organizations
        ],
    }
    if len({result["host"] for result in whole["results"]}) > 1:
        # Hosts take turns as it happens.
        for part in ("output", "results", "requests"):
            whole[part].sort(key=lambda value: json.dumps(value, sort_keys=True))
    return whole


def _decoded(match: re.Match[str]) -> str:
    try:
        return base64.b64decode(match.group(), validate=True).decode("utf-8", "backslashreplace")
    except binascii.Error:
        return match.group()


def _once_logged_in(requests: Iterable[Request]) -> Iterable[Request]:
    """Leave out that of processes each logs in anew, where the items of a loop share a login."""
    seen = set()
    for request in requests:
        login = (request.path, request.headers.get("x-task"))
        if not request.path.startswith("/oauth/") or login not in seen:
            yield request
        seen.add(login)


def _sent(request: Request) -> dict[str, Any]:
    return {
        "request": f"{request.method} {request.path}",
        "headers": {name: value for name, value in request.headers.items() if name not in _OWN_HEADERS},
        # A login sends an assertion made for one run, or a secret.
        "body": "" if request.path.startswith("/oauth/") else request.body.decode("utf-8", "backslashreplace"),
        "status": request.status,
    }
