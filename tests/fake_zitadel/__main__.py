# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Command line: prints one line of JSON when it listens, then serves until it is told to stop."""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import threading
from pathlib import Path

from .fake import FakeZitadel
from .releases import RELEASES


def main() -> int:
    parser = argparse.ArgumentParser(prog="fake_zitadel", description="A stand-in for a ZITADEL server.")
    parser.add_argument("--release", choices=sorted(RELEASES), default="4.13.1")
    parser.add_argument("--port", type=int, default=0, help="0 is any free port")
    parser.add_argument("--organization", metavar="NAME", action="append", default=[], help="may be repeated")
    parser.add_argument("--organizations", metavar="NUMBER", type=int, default=0, help="more of them, with metadata")
    parser.add_argument("--delay", metavar="SECONDS", type=float, default=0, help="wait so long before each answer")
    parser.add_argument("--token", help="the administrator's token; the environment's ZITADEL_TOKEN if not given")
    parser.add_argument("--read-only", action="store_true", help="refuse every write with 403")
    parser.add_argument("--host-name", action="append", default=[], help="another name it answers to; may be repeated")
    parser.add_argument("--ready-file", type=Path, help="write the line of JSON here, too")
    parser.add_argument("--key-file", type=Path, help="write a key of the administrator here")
    parser.add_argument("--exit-with-stdin", action="store_true", help="stop when standard input is closed")
    parser.add_argument("--exit-with-parent", action="store_true", help="stop when the parent process is gone")
    arguments = parser.parse_args()

    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: stop.set())
    parent = os.getppid()
    fake = FakeZitadel(
        arguments.release,
        port=arguments.port,
        hosts=arguments.host_name,
        token=arguments.token or os.environ.get("ZITADEL_TOKEN") or None,
        read_only=arguments.read_only,
        record=False,
    )
    with fake:
        organizations = {name: fake.create_organization(name) for name in arguments.organization}
        if arguments.key_file:
            _write_private(arguments.key_file, json.dumps(fake.create_key(fake.admin)))
        for count in range(arguments.organizations):
            metadata: dict[str, bytes | str] = {"tier": ("gold", "silver", "bronze")[count % 3], "number": str(count)}
            organizations[f"tenant {count:04}"] = fake.create_organization(f"tenant {count:04}", metadata=metadata)
        if arguments.delay:
            fake.delay(arguments.delay, times=None)
        ready = json.dumps({"url": fake.url, "token": fake.token, "organizations": organizations})
        if arguments.ready_file:
            _write_private(arguments.ready_file, ready + "\n")
        print(ready, flush=True)
        if arguments.exit_with_stdin:
            threading.Thread(target=_stop_at_end_of_stdin, args=(stop,), daemon=True).start()
        # A wait without a time limit would not notice that the parent is gone.
        while not stop.wait(0.5 if arguments.exit_with_parent else None):
            if os.getppid() != parent:
                break
    return 0


def _stop_at_end_of_stdin(stop: threading.Event) -> None:
    while os.read(sys.stdin.fileno(), 4096):
        pass
    stop.set()


def _write_private(path: Path, text: str) -> None:
    """Write a file that holds a secret, whole or not at all: somebody waits for it."""
    draft = path.with_name(f"{path.name}.part")
    draft.touch(mode=0o600)
    draft.write_text(text)
    draft.replace(path)


if __name__ == "__main__":
    sys.exit(main())
