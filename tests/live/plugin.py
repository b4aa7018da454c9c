# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""For pytest: lets the integration tests talk to a real server, says what was left out and why, and cleans up."""

from __future__ import annotations

import signal
from collections import Counter, defaultdict
from typing import Any

import pytest

import integration.server
from fake_zitadel import RELEASES, FakeZitadel

from .instance import RANGES, WARNING, Instance, Refused, is_since
from .zitadel import RealZitadel

_ANSWERS_LIKE = pytest.StashKey[str]()


def pytest_configure(config: pytest.Config) -> None:
    instance = Instance.of_environment()
    print(f"Testing on {instance.url}\n{WARNING}", flush=True)
    instance.check()
    RealZitadel.instance = instance
    config.stash[_ANSWERS_LIKE] = release = _release(instance)
    said = f"{instance.release} (says ZITADEL_TEST_RELEASE), which" if instance.release else "The server"
    print(
        f"{said} answers like {RANGES[release]}. All that is created has {RealZitadel.run_tag} in its name.", flush=True
    )
    integration.server.Zitadel = RealZitadel  # type: ignore[assignment, misc]
    # A service account's assertion is for the server, not for the proxy in front of it.
    integration.server.ENVIRONMENT["ZITADEL_AUDIENCE"] = instance.url
    signal.signal(signal.SIGTERM, signal.default_int_handler)


def _release(instance: Instance) -> str:
    name = f"release{RealZitadel.run_tag}000"
    organization = str(instance.call("POST", "/management/v1/orgs", {"name": name})["id"])
    try:
        return instance.nearest_release(organization)
    finally:
        instance.remove_organization(organization, name)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Run once what runs for several releases; leave out what needs a newer one, or the fake itself."""
    release = config.stash[_ANSWERS_LIKE]
    offered: dict[str, set[str]] = defaultdict(set)
    for item in items:
        offered[item.location[0]] |= _releases(item)
    for item in items:
        chosen = max(
            offered[item.location[0]], key=lambda one: (is_since(release, one), list(RANGES).index(one)), default=""
        )
        mine = _releases(item)
        if mine and chosen not in mine:
            item.add_marker(pytest.mark.skip(reason="runs once, not for each release"))
        since = item.get_closest_marker("since")
        if since and not is_since(release, since.args[0]):
            item.add_marker(pytest.mark.skip(reason=f"needs ZITADEL {since.args[0]} or later"))
        fake_only = item.get_closest_marker("fake_only")
        if fake_only:
            item.add_marker(pytest.mark.skip(reason=fake_only.args[0]))
        if getattr(item, "module", None) and FakeZitadel in vars(item.module).values():  # type: ignore[attr-defined]
            item.add_marker(pytest.mark.skip(reason="needs the fake itself"))


def _releases(item: pytest.Item) -> set[str]:
    """The releases in the parameters of a test and its fixtures."""
    callspec = getattr(item, "callspec", None)
    parameters = callspec.params.values() if callspec else ()
    parts = [part for one in parameters for part in (one if isinstance(one, tuple) else (one,))]
    return {part for part in parts if isinstance(part, str) and part in RELEASES}


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    reasons: Counter[tuple[str, str]] = Counter()
    for report in terminalreporter.stats.get("skipped", []):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        reasons[reason.removeprefix("Skipped: "), report.location[0]] += 1
    release = config.stash[_ANSWERS_LIKE]
    terminalreporter.section("left out")
    for (reason, file), number in sorted(reasons.items()):
        terminalreporter.write_line(f"{number:4} of {file}: {reason}")
    terminalreporter.write_line(f"The rest ran on {RealZitadel.instance.url}, which answers like {RANGES[release]}.")


def pytest_unconfigure() -> None:
    """Remove what interrupted tests left. A second Ctrl-C has to wait."""
    if not hasattr(RealZitadel, "instance"):
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        left = RealZitadel.instance.find_organizations(RealZitadel.run_tag)
        for organization, name in left.items():
            print(f"Removing {name}")
            RealZitadel.instance.remove_organization(organization, RealZitadel.run_tag)
    except (OSError, Refused) as error:
        print(f"Organizations with {RealZitadel.run_tag} in their names may be left on the server: {error}")
    finally:
        signal.signal(signal.SIGINT, before)
