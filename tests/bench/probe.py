# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the benchmark must measure from within a process of its own.

``probe.py peak FILE COMMAND …`` runs a command and writes the peak memory of the largest process in it, in bytes.
A parent as small as this one has to start it: on Linux a program inherits the peak of the process that starts it.
``probe.py imports`` reads the arguments of a task and runs the module with them, and tells what it imported.
"""

from __future__ import annotations

import contextlib
import inspect
import io
import json
import resource
import subprocess
import sys
import time

LEFT_OUT = ("jwt", "cryptography")


def peak(file: str, *command: str) -> int:
    code = subprocess.call(command)
    kilobytes = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    with open(file, "w", encoding="ascii") as output:
        output.write(str(kilobytes * 1024))
    return code


def imports() -> int:
    arguments = sys.stdin.buffer.read()
    times = [time.perf_counter()]
    from ansible.module_utils import basic

    times.append(time.perf_counter())
    import requests  # noqa: F401 - only measured

    times.append(time.perf_counter())
    before = len(sys.modules)
    from ansible_collections.community.zitadel.plugins.modules import zitadel_org_metadata

    times.append(time.perf_counter())
    own = len(sys.modules) - before
    basic._ANSIBLE_ARGS = arguments
    basic._ANSIBLE_PROFILE = "legacy"
    output = io.StringIO()
    with contextlib.redirect_stdout(output), contextlib.suppress(SystemExit):
        zitadel_org_metadata.main()
    result = json.loads(output.getvalue())
    if result.get("failed"):
        sys.exit(result["msg"])
    report = {
        "ansible.module_utils.basic": times[1] - times[0],
        "requests": times[2] - times[1],
        "collection": times[3] - times[2],
        "collection_modules": own,
        "compiling": _seconds_to_compile("ansible_collections.community.zitadel."),
        "unwanted": [name for name in LEFT_OUT if name in sys.modules],
    }
    print(json.dumps(report))
    return 0


def _seconds_to_compile(package: str) -> float:
    """Ansible keeps no byte code of a collection, but compiles what it imports in each run."""
    modules = [module for name, module in sys.modules.items() if name.startswith(package)]
    sources = [inspect.getsource(module) for module in modules if module.__file__]
    started = time.perf_counter()
    for source in sources:
        compile(source, "", "exec", dont_inherit=True)
    return time.perf_counter() - started


if __name__ == "__main__":
    sys.exit(imports() if sys.argv[1:] == ["imports"] else peak(*sys.argv[2:]))
