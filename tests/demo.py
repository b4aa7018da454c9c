# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What ``make demo`` runs: the collection, built and installed, at work on a ZITADEL.

With ZITADEL_URL, ZITADEL_TOKEN and ZITADEL_ORG_ID set it works on that server, else on a fake one of its own. It reads
and writes keys that begin with demo_ only. Secrets travel in the environment, never in a command line.
"""

from __future__ import annotations

import base64
import os
import re
import secrets
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import requests

from fake_zitadel.process import serving

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / "build/demo"
PLAYBOOK = "examples/getting_started.yml"
PROGRAMS = Path(sys.executable).parent
NEEDED = ("ZITADEL_URL", "ZITADEL_TOKEN", "ZITADEL_ORG_ID")
PREFIX = "demo_"
SENSITIVE = "demo_webhook_secret"
PAGE = 500


def _say(text: str) -> None:
    print(f"\n=== {text}", flush=True)


def _environment() -> dict[str, str]:
    """Leave the user's own Ansible settings and collections out of it."""
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith("ANSIBLE_")},
        "PATH": os.pathsep.join([str(PROGRAMS), os.environ["PATH"]]),
        "ANSIBLE_COLLECTIONS_PATH": str(BUILD / "collections"),
        "ANSIBLE_CONFIG": str(BUILD / "ansible.cfg"),  # an empty file
        "ANSIBLE_FORCE_COLOR": str(sys.stdout.isatty()),
        "ANSIBLE_HOME": str(BUILD / "ansible"),
        "ANSIBLE_INVENTORY_UNPARSED_WARNING": "False",
        "ANSIBLE_LOCALHOST_WARNING": "False",
    }


def _install(environment: dict[str, str]) -> None:
    shutil.rmtree(BUILD, ignore_errors=True)
    BUILD.mkdir(parents=True)
    (BUILD / "ansible.cfg").touch()
    _run(environment, "ansible-galaxy", "collection", "build", "--output-path", "build/demo")
    (archive,) = BUILD.glob("*.tar.gz")
    _run(
        environment,
        *("ansible-galaxy", "collection", "install", "--offline"),
        *("--collections-path", "build/demo/collections", str(archive.relative_to(ROOT))),
    )


def _run(environment: dict[str, str], *command: str) -> str:
    """Run a command, pass its output on as it comes, and return it without colours."""
    print("$", *command, flush=True)
    output = []
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        for line in process.stdout:
            print(line, end="", flush=True)
            output.append(line)
    if process.returncode:
        sys.exit(f"{command[0]} failed (exit {process.returncode}).")
    return re.sub(r"\x1b\[[0-9;]*m", "", "".join(output))


@contextmanager
def _fake_server(environment: dict[str, str]) -> Iterator[dict[str, str]]:
    """Run the fake server and give the environment that leads to its organization; stop it whatever happens."""
    token = secrets.token_urlsafe(32)
    with serving("--organization", "acme", environment={**environment, "ZITADEL_TOKEN": token}) as ready:
        yield {
            **{name: value for name, value in environment.items() if not name.startswith("ZITADEL_")},
            "NO_PROXY": "127.0.0.1",
            "no_proxy": "127.0.0.1",
            "ZITADEL_URL": ready["url"],
            "ZITADEL_TOKEN": token,
            "ZITADEL_ORG_ID": ready["organizations"]["acme"],
        }


def _play(environment: dict[str, str], *options: str) -> str:
    return _run(environment, "ansible-playbook", *options, PLAYBOOK)


def _changed(output: str) -> int:
    counts = re.findall(r"\bchanged=(\d+)", output)
    if not counts:
        sys.exit("ansible-playbook printed no recap.")
    return sum(map(int, counts))


class _Bearer(requests.auth.AuthBase):
    """Unlike a plain header, not replaced by what ~/.netrc says."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._token}"
        return request


def stored(variables: dict[str, str]) -> Iterator[tuple[str, bytes]]:
    """Read the keys of the demo from the API, not through the collection: a second witness."""
    query = {"keyQuery": {"key": PREFIX, "method": "TEXT_QUERY_METHOD_STARTS_WITH"}}
    with requests.Session() as session:
        session.auth = _Bearer(variables["ZITADEL_TOKEN"])
        session.headers["x-zitadel-orgid"] = variables["ZITADEL_ORG_ID"]
        offset = 0
        while True:
            answer = session.post(
                f"{variables['ZITADEL_URL'].rstrip('/')}/management/v1/metadata/_search",
                json={"query": {"offset": str(offset), "limit": PAGE, "asc": True}, "queries": [query]},
                verify=os.environ.get("ZITADEL_CA_PATH") or True,
                timeout=30,
                allow_redirects=False,
            )
            answer.raise_for_status()
            entries = answer.json().get("result", [])
            yield from ((entry["key"], base64.b64decode(entry["value"])) for entry in entries)
            offset += len(entries)
            if len(entries) < PAGE:
                return


def line(key: str, value: bytes) -> str:
    """Return what the demo prints of a key."""
    try:
        text = "(not shown)" if key == SENSITIVE else value.decode()
    except UnicodeDecodeError:
        text = value.hex(" ", 4)
    return f"{key:<24} {len(value):>7} bytes   {text if len(text) <= 60 else text[:57] + '...'}"


def _demonstrate(environment: dict[str, str]) -> None:
    _say("What would change? Nothing is written yet (--check)")
    _play(environment, "--check", "--diff")
    _say("Now for real")
    _play(environment, "--diff")
    _say("And again: nothing is left to do")
    changed = _changed(_play(environment, "--diff"))
    if changed:
        sys.exit(f"The second run should have changed nothing, but changed {changed} task(s).")
    _say(
        f"The keys of organization {environment['ZITADEL_ORG_ID']} that begin with {PREFIX}, as the server returns them"
    )
    for key, value in sorted(stored(environment)):
        print(line(key, value))


def main() -> None:
    given = [name for name in NEEDED if os.environ.get(name)]
    if given and len(given) < len(NEEDED):
        missing = ", ".join(name for name in NEEDED if name not in given)
        sys.exit(f"{', '.join(given)} is set, but not {missing}: set all three, or none for a fake server.")
    # Stop the server also when told to end; Ctrl-C raises by itself.
    signal.signal(signal.SIGTERM, lambda number, _frame: sys.exit(128 + number))
    environment = _environment()
    _say("Build the collection and install it into build/demo")
    _install(environment)
    if given:
        _say(f"Work on {os.environ['ZITADEL_URL']}")
        _demonstrate(environment)
    else:
        _say("Start a fake ZITADEL")
        with _fake_server(environment) as environment_of_fake:
            _demonstrate(environment_of_fake)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
