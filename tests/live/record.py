# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""``make record NAME=v4.17.0``: asks a server all that was recorded of others, and writes its answers in the same form.

It writes the keys of its own organizations, and once, for a moment, the key ``home`` of the service account's own one.
"""

from __future__ import annotations

import json
import re
import secrets
import signal
import sys
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fake_zitadel_tests.comparison import HEADERS
from fake_zitadel_tests.older_users import create_older_users
from fake_zitadel_tests.replay import ASSERTIONS, Exchange, Replay

from .instance import WARNING, Instance, is_name

ROOT = Path(__file__).resolve().parents[2]
RECORDINGS = ROOT / "tests/recordings"
NEW = ROOT / "build/recordings"
LONGEST_BODY = 4096
_SECRET_FIELDS = ("access_token", "clientSecret", "id_token", "refresh_token", "token")
_FILE = re.compile(r"zitadel-v([0-9.]+)(-[0-9]+)?\.jsonl")


@dataclass
class Recording:
    """What was recorded, where it differs from the recording that it follows, and what could not be asked."""

    exchanges: list[Exchange] = field(default_factory=list)
    differences: list[str] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)

    @property
    def lines(self) -> str:
        return "".join(json.dumps(exchange, ensure_ascii=False) + "\n" for exchange in self.exchanges)


def record(replay: Replay, exchanges: Iterable[Exchange]) -> Recording:
    """Ask the server of a replay all that these exchanges asked."""
    recording = Recording()
    for exchange in exchanges:
        name = exchange["name"]
        if name in ASSERTIONS and not replay.key:
            recording.left_out.append(f"{name}: needs ZITADEL_TEST_KEY_FILE")
            continue
        differences = replay.run(exchange)
        if replay.answer.status == 501 and exchange["response"]["status"] != 501:
            recording.left_out.append(f"{name}: this server does not do that (HTTP 501)")
            continue
        recording.differences += [f"{name}: {difference}" for difference in differences]
        recording.exchanges.append(_exchange(replay, exchange))
    return recording


def _exchange(replay: Replay, exchange: Exchange) -> Exchange:
    answer = replay.answer
    request: dict[str, Any] = json.loads(replay.comparison.translate(json.dumps(exchange["request"])))
    headers = {name.lower(): value for name, value in answer.headers.items()}
    response = {
        "status": answer.status,
        "headers": {name: headers[name] for name in HEADERS if name in headers},
        "body": redacted(replay, _body(answer.body, headers)),
    }
    new = {"name": exchange["name"], "caller": exchange["caller"], "request": request, "response": response}
    return {**new, "note": _count(answer.body)} if len(answer.body) > LONGEST_BODY else new


def _body(body: bytes, headers: dict[str, str]) -> Any:
    if len(body) > LONGEST_BODY:
        return f"<{len(body)} bytes>"
    if headers.get("content-type", "").startswith("application/json"):
        try:
            return json.loads(body)
        except ValueError:
            pass
    return body.decode(errors="replace")


def _count(body: bytes) -> str:
    """What is known of an answer that is too long to be written down."""
    answer = json.loads(body)
    entries = answer.get("result", answer.get("metadata", []))
    return f"{len(entries)} entries, pagination {answer.get('pagination', answer.get('details'))}"


def redacted(replay: Replay, value: Any) -> Any:
    """A body without what lets somebody in."""
    if isinstance(value, dict):
        hidden = {name: "<redacted>" for name in _SECRET_FIELDS if isinstance(value.get(name), str)}
        return {**{name: redacted(replay, one) for name, one in value.items()}, **hidden}
    if isinstance(value, list):
        return [redacted(replay, one) for one in value]
    if isinstance(value, str):
        known = [*replay.tokens.values(), replay.secret[1], (replay.key or {}).get("key", "")]
        for secret in filter(lambda one: one and one != "invalid", known):
            value = value.replace(secret, "<redacted>")
    return value


def nearest_recordings(release: str, files: Iterable[Path]) -> dict[str, Path]:
    """Of each series ("", "-2") the recording of the newest release that is not newer, or of the oldest one."""
    found: dict[str, list[tuple[tuple[int, ...], Path]]] = {}
    for file in files:
        match = _FILE.fullmatch(file.name)
        assert match, file
        found.setdefault(match[2] or "", []).append((_numbers(match[1]), file))
    wanted = _numbers(release)
    return {
        series: max((one for one in ours if one[0] <= wanted), default=min(ours))[1]
        for series, ours in sorted(found.items())
    }


def _numbers(release: str) -> tuple[int, ...]:
    return tuple(map(int, release.removeprefix("v").split(".")))


def load(file: Path) -> list[Exchange]:
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


def main(arguments: list[str]) -> None:
    if len(arguments) != 1 or not is_name(arguments[0]):
        sys.exit("Say which release the server is: make record NAME=v4.17.0")
    instance = Instance.of_environment()
    print(f"Recording {instance.url}, on which nothing important should run. {WARNING}", flush=True)
    instance.check()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    NEW.mkdir(parents=True, exist_ok=True)
    for series, nearest in nearest_recordings(arguments[0], RECORDINGS.glob("*.jsonl")).items():
        exchanges = load(nearest)
        suffix = secrets.token_hex(3)
        replay = Replay(instance, exchanges, origin=instance.url, suffix=suffix)
        older: list[str] = []
        try:
            older = create_older_users(instance, exchanges)
            recording = record(replay, exchanges)
        finally:
            for organization in [*older, *replay.created]:
                instance.remove_organization(organization)
        file = NEW / f"zitadel-{arguments[0]}{series}.jsonl"
        file.write_text(recording.lines, encoding="utf-8")
        print(f"\n{file.relative_to(ROOT)}: {len(recording.exchanges)} answers; not asked: {len(recording.left_out)}")
        for line in recording.left_out:
            print(f"  {line}")
        print(
            f"Differences from {nearest.relative_to(ROOT)}: {len(recording.differences)} (totals count what was there)"
        )
        for line in recording.differences:
            print(f"  {line[:500]}")
    print("\nMoved into tests/recordings, these files are replayed against the fake by: make test")


if __name__ == "__main__":
    main(sys.argv[1:])
