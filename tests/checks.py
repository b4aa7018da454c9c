# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run the checks of ``make test``, two at a time: all of them, or those named as arguments.

What a check prints is shown when it fails; of pytest always, since it says what was left out.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / "build"
NEWEST = ROOT / ".venv/newest/bin"
OLDEST = ROOT / ".venv/oldest/bin"
COLLECTION = "ansible_collections/community/zitadel"
# Tools that insist on a clean checkout in a folder of the right name work in a copy.
COPY = BUILD / "copy" / COLLECTION
SANITY_HOME = ROOT / ".venv/sanity"

# ansible-test would download the program that puts pip into its environments; here they get a copy of the one at hand.
GET_PIP = """\
import shutil
import sysconfig
from pathlib import Path

shutil.copytree({pip!r}, Path(sysconfig.get_path("purelib"), "pip"))
"""


@dataclass(frozen=True)
class Check:
    name: str
    command: str  # for the shell
    cwd: Path = ROOT
    programs: Path = NEWEST
    home: Path | None = None
    always_show: bool = False


# In the order of testpaths, the slow ones first: else one worker would be left with a long file at the end.
PYTEST = "python -m pytest -q -n 2 --dist loadfile --no-loadscope-reorder"
# As modules, tasks take half a second each: on the oldest ansible-core, only where core itself has most of a say.
AS_MODULES_ON_OLDEST = "tests/integration/test_keywords.py"
CHECKS = [
    Check(
        "tests-oldest",
        f"{PYTEST} -m every_core && {PYTEST} -m every_core --as-modules {AS_MODULES_ON_OLDEST}",
        programs=OLDEST,
        always_show=True,
    ),
    # All that is released; the tests have ruff and mypy.
    Check("sanity", "ansible-test sanity --color no --exclude tests/", cwd=COPY, home=SANITY_HOME),
    Check("tests-newest", f"{PYTEST} && {PYTEST} --as-modules tests/integration", always_show=True),
    Check("format", "ruff format --check"),
    Check("lint", "ruff check"),
    Check("types", "mypy"),
    Check("imports", f"PYTHONPATH=. lint-imports --no-cache {ROOT}/pyproject.toml", cwd=BUILD / "collections"),
    Check("yaml", "yamllint --strict ."),
    Check("workflows", "check-jsonschema --builtin-schema vendor.github-workflows .github/workflows/*.yml"),
    Check("dependabot", "check-jsonschema --builtin-schema vendor.dependabot .github/dependabot.yml"),
    Check("compose", "check-jsonschema --builtin-schema vendor.compose-spec tests/compose.yml"),
    Check("changelog", "antsibull-changelog lint", cwd=COPY),
    Check("ansible-lint", "ansible-lint --strict", cwd=COPY),
    Check(
        "docs",
        "antsibull-docs lint-collection-docs --plugin-docs --validate-collection-refs=self . && sh docs/build",
    ),
    Check(
        "package",
        "export GALAXY_IMPORTER_RUN_ANSIBLE_LINT=no; rm -rf $BUILD/package && ansible-galaxy collection build --output-path $BUILD/package && cd $BUILD/package"
        " && python -m galaxy_importer.main *.tar.gz > log 2>&1; code=$?; cat log; ! grep -E '^(WARNING|ERROR)' log && exit $code",
    ),
    Check(
        "execution-environment",
        "ansible-builder create --file examples/awx/execution-environment.yml --context $BUILD/execution-environment"
        " && ansible-builder introspect $BUILD/collections | tee /dev/stderr | grep -q 'PyJWT.*community.zitadel'",
    ),
]

_printing = threading.Lock()


def _say(text: str) -> None:
    with _printing:
        print(text, flush=True)


def _make_copy() -> None:
    """Copy what git would take into the folder that ansible-test asks for, as a repository of its own."""
    files = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
    ).stdout
    shutil.rmtree(COPY, ignore_errors=True)
    for name in filter(None, os.fsdecode(files).split("\0")):
        if (ROOT / name).is_file():
            (COPY / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, COPY / name)
    subprocess.run(["git", "init", "--quiet"], cwd=COPY, check=True)
    subprocess.run(["git", "add", "--all"], cwd=COPY, check=True)


def _prepare_sanity_home() -> None:
    """Give ansible-test a home of its own for its environments, with the user's settings of pip."""
    code = (
        "from ansible_test._internal.python_requirements import get_venv_packages;"
        "from ansible_test._internal.host_configs import VirtualPythonConfig;"
        "print(get_venv_packages(VirtualPythonConfig(version='3.x'))['pip'])"
    )
    version = subprocess.run([NEWEST / "python", "-c", code], check=True, capture_output=True, text=True).stdout.strip()
    get_pip = SANITY_HOME / f".ansible/test/cache/get_pip_{version.replace('.', '_')}.py"
    get_pip.parent.mkdir(parents=True, exist_ok=True)
    code = "import pip; print(pip.__path__[0])"
    pip = subprocess.run([NEWEST / "python", "-c", code], check=True, capture_output=True, text=True).stdout.strip()
    get_pip.write_text(GET_PIP.format(pip=pip))
    for name in (".config/pip", ".pip", ".cache/pip"):
        link = SANITY_HOME / name
        link.parent.mkdir(parents=True, exist_ok=True)
        if not link.is_symlink() and (Path.home() / name).is_dir():
            link.symlink_to(Path.home() / name)


def _environment(check: Check) -> dict[str, str]:
    path = [str(check.programs)]
    if check.home:
        # Without the launchers of version managers: ansible-test takes each python3.x it sees for a working one.
        pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
        path += [str(p) for p in sorted(pyenv.glob("versions/3.*/bin"))]
        path += [p for p in os.environ["PATH"].split(os.pathsep) if Path(p).name != "shims"]
    else:
        path.append(os.environ["PATH"])
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("ANSIBLE_", "ZITADEL_"))},
        "PATH": os.pathsep.join(path),
        "BUILD": str(BUILD),
        "ANSIBLE_COLLECTIONS_PATH": str(BUILD / "collections"),
        "ANSIBLE_HOME": str(BUILD / "ansible"),
        "NO_COLOR": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    if check.home:
        environment["HOME"] = str(check.home)
    return environment


def _install() -> None:
    """Make the environment of most checks. The tests on the oldest ansible-core, which have their own, run meanwhile."""
    subprocess.run(["make", str(NEWEST.parent.relative_to(ROOT) / "ready")], cwd=ROOT, check=True)
    _make_copy()
    _prepare_sanity_home()


def _run(check: Check, installed: Future[None]) -> bool:
    if check.programs == NEWEST:
        installed.result()
    _say(f"begin {check.name}")
    started = time.monotonic()
    result = subprocess.run(
        ["/bin/sh", "-c", check.command],
        cwd=check.cwd,
        env=_environment(check),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        check=False,
    )
    passed = result.returncode == 0
    report = [f"{'ok   ' if passed else 'FAIL '} {check.name}: {time.monotonic() - started:.1f} s"]
    if not passed:
        report.append(f"$ cd {shlex.quote(str(check.cwd))}; {check.command}    (exit {result.returncode})")
    if check.always_show or not passed:
        report.append(result.stdout.rstrip())
    _say("\n".join(report))
    return passed


def main(names: list[str]) -> int:
    unknown = set(names) - {check.name for check in CHECKS}
    if unknown:
        sys.exit(f"No such check: {', '.join(sorted(unknown))}")
    checks = [check for check in CHECKS if not names or check.name in names]
    started = time.monotonic()
    with ThreadPoolExecutor(max_workers=2) as pool:
        installed = pool.submit(_install)
        outcomes = pool.map(lambda check: _run(check, installed), checks)
        results = dict(zip([check.name for check in checks], outcomes, strict=True))
    failed = [name for name, passed in results.items() if not passed]
    if failed:
        print(f"Failed: {', '.join(failed)}")
    print(f"All checks took {time.monotonic() - started:.0f} s")
    print(f"{len(results) - len(failed)} passed, {len(failed)} failed", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
