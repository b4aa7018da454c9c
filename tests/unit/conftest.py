# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
import time
import types
from collections.abc import Iterator

import pytest
from ansible_collections.community.zitadel.plugins.module_utils import _back_off, _connection, _lifecycle, _writer
from hypothesis import settings

from fake_zitadel import FakeZitadel
from unit.helpers import Runner, Site, Waits

settings.register_profile("unit", derandomize=True, deadline=None, database=None)
settings.load_profile("unit")

_PROXY_VARIABLES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy", "request_method")
_TRUST_VARIABLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR", "NETRC")


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing that the machine says counts."""
    for name in list(os.environ):
        if name.startswith("ZITADEL_") or name.lower() in _PROXY_VARIABLES or name in _TRUST_VARIABLES:
            monkeypatch.delenv(name)


@pytest.fixture(autouse=True)
def waits(monkeypatch: pytest.MonkeyPatch) -> Waits:
    """No test waits."""
    waits = Waits()
    clock = types.SimpleNamespace(
        sleep=waits.wait, time=time.time, monotonic=lambda: time.monotonic() + sum(list(waits))
    )
    for module in (_back_off, _connection, _lifecycle, _writer):
        monkeypatch.setattr(module, "time", clock)
    return waits


@pytest.fixture
def fake() -> Iterator[FakeZitadel]:
    with FakeZitadel() as fake:
        yield fake


@pytest.fixture
def acme(fake: FakeZitadel) -> Site:
    return Site(fake)


@pytest.fixture
def runner(fake: FakeZitadel, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Runner:
    return Runner(fake, capsys, monkeypatch)
