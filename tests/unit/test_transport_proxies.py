# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Proxies: which one is used, what is said of wrong credentials, and settings that cannot be used."""

from __future__ import annotations

import re
import socket
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest
import requests.utils

from fake_zitadel import FakeZitadel
from unit.helpers import Runner, Waits, call, connection_to, refused_call

pytestmark = pytest.mark.every_core

PASSWORD = "proxy-5ecret"
TASK: dict[str, Any] = {"org_id": "1", "key": "k", "value": "v"}


def target(fake: FakeZitadel) -> str:
    return fake.requests[-1].path


@pytest.mark.parametrize("variable", ["http_proxy", "HTTP_PROXY"])
@pytest.mark.parametrize("scheme", ["http://", ""])
def test_a_proxy_of_the_environment_is_used(
    fake: FakeZitadel, monkeypatch: pytest.MonkeyPatch, variable: str, scheme: str
) -> None:
    monkeypatch.setenv(variable, scheme + fake.url.removeprefix("http://"))
    fake.respond(200, {"org": {}})
    call(connection_to(fake, url="http://id.example.com"))
    assert target(fake) == "http://id.example.com/management/v1/orgs/me"
    assert fake.requests[-1].bearer == fake.token


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        pytest.param("https_proxy", "{dead}", id="for the other scheme"),
        pytest.param("all_proxy", "{dead}", id="for all, which urllib does not know"),
        pytest.param("http_proxy", "", id="empty"),
    ],
)
def test_proxies_that_are_not_meant(
    fake: FakeZitadel, monkeypatch: pytest.MonkeyPatch, variable: str, value: str
) -> None:
    monkeypatch.setenv(variable, value.format(dead="http://127.0.0.1:9"))
    call(connection_to(fake, retries=0))
    assert target(fake) == "/management/v1/orgs/me"


@pytest.mark.parametrize("no_proxy", ["127.0.0.1", "other.example.com,127.0.0.1", "*", "127.0.0.1:{port}"])
@pytest.mark.parametrize("variable", ["no_proxy", "NO_PROXY"])
def test_no_proxy(fake: FakeZitadel, monkeypatch: pytest.MonkeyPatch, variable: str, no_proxy: str) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv(variable, no_proxy.format(port=fake.url.rpartition(":")[2]))
    call(connection_to(fake, retries=0))
    assert target(fake) == "/management/v1/orgs/me"


def test_no_proxy_for_another_host(fake: FakeZitadel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", fake.url)
    monkeypatch.setenv("no_proxy", "other.example.com")
    fake.respond(200, {"org": {}})
    call(connection_to(fake, url="http://id.example.com"))
    assert target(fake).startswith("http://id.example.com/")


def test_a_proxy_that_is_not_there(fake: FakeZitadel, monkeypatch: pytest.MonkeyPatch) -> None:
    with FakeZitadel() as gone:
        monkeypatch.setenv("http_proxy", gone.url.replace("http://", "http://user:HIDDEN@"))
    error = refused_call(connection_to(fake, url="http://id.example.com", retries=0))
    assert "The proxy that the environment names for http://id.example.com cannot be used" in error.msg
    assert "HIDDEN" not in error.msg
    assert not error.fate.doubtful


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_connection_that_is_lost_behind_a_proxy(
    fake: FakeZitadel, monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    monkeypatch.setenv("http_proxy", fake.url)
    fake.drop(when)
    error = refused_call(connection_to(fake, url="http://id.example.com", retries=0))
    assert error.fate.doubtful
    assert "http://id.example.com cannot be reached" in error.msg
    assert len(fake.requests) == 1


# What cannot be used


@contextmanager
def tunnels_refused(asked: list[str]) -> Iterator[str]:
    """A proxy that wants credentials for every tunnel. Yields its host and port."""
    answer = (
        b'HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm="proxy"\r\n'
        b"Content-Length: 0\r\nConnection: close\r\n\r\n"
    )

    def serve() -> None:
        with suppress(OSError):
            while True:
                client = listener.accept()[0]
                with client:
                    asked.append(client.recv(65536).decode())
                    client.sendall(answer)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"127.0.0.1:{listener.getsockname()[1]}"
        with suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
    thread.join(10)


def assert_wrong_credentials(runner: Runner, result: dict[str, Any], waits: Waits, variable: str) -> None:
    assert result["failed"] is True
    assert "407" in result["msg"]
    assert variable in result["msg"]
    assert re.search("proxy[^.]* credentials|credentials[^.]* proxy", result["msg"])
    assert "headers" not in result["msg"]  # those are for a reverse proxy
    assert not waits
    runner.assert_hidden(PASSWORD)


def test_wrong_credentials_for_http(
    runner: Runner, fake: FakeZitadel, waits: Waits, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", fake.url.replace("http://", f"http://robot:{PASSWORD}@"))
    page = "<title>Proxy Authentication Required</title>"
    fake.respond(407, page, headers={"Proxy-Authenticate": 'Basic realm="proxy"'}, times=None)
    result = runner.run(url="http://id.example.com", **TASK)
    assert_wrong_credentials(runner, result, waits, "http_proxy")
    assert len(fake.requests) == 1


def test_wrong_credentials_for_https(runner: Runner, waits: Waits, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    with tunnels_refused(asked) as address:
        monkeypatch.setenv("https_proxy", f"http://robot:{PASSWORD}@{address}")
        result = runner.run(url="https://id.example.com", **TASK)
    assert_wrong_credentials(runner, result, waits, "https_proxy")
    assert len(asked) == 1
    assert "Proxy-Authorization: Basic " in asked[0]


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize(
    ("setting", "why"),
    [
        pytest.param("http://robot:proxy-5ecret@127.0.0.1:99999", "port", id="port out of range"),
        pytest.param("http://robot:proxy-5ecret@127.0.0.1:port", "port", id="port that is no number"),
        pytest.param("ftp://robot:proxy-5ecret@127.0.0.1:9", "ftp", id="scheme"),
        pytest.param("socks5://robot:proxy-5ecret@127.0.0.1:9", "SOCKS|PySocks", id="SOCKS without its library"),
        pytest.param("http://robot:proxy-5ecret-€@127.0.0.1:9", "password|credentials", id="password"),
        pytest.param("http://robot:proxy-5ecret-%E2%82%AC@127.0.0.1:9", "password|credentials", id="escaped password"),
        pytest.param("http://robot:proxy-5ecret@", "host|address", id="no host"),
        pytest.param("http://robot:proxy-5ecret@[::1", "IPv6|host|address", id="broken host"),
    ],
)
def test_a_setting_that_cannot_be_used(
    runner: Runner, waits: Waits, monkeypatch: pytest.MonkeyPatch, scheme: str, setting: str, why: str
) -> None:
    monkeypatch.setenv(f"{scheme}_proxy", setting)
    result = runner.run(url=f"{scheme}://id.example.com", **TASK)
    assert (result["failed"], result["changed"]) == (True, False)
    assert f"{scheme}_proxy" in result["msg"]
    assert re.search(why, result["msg"].replace(f"{scheme}_proxy", ""))
    assert "defect" not in result["msg"]
    assert not waits
    runner.assert_hidden(PASSWORD)


def test_only_the_environment_names_proxies(runner: Runner, fake: FakeZitadel, monkeypatch: pytest.MonkeyPatch) -> None:
    """Asking macOS for its settings in a process that was forked can crash it."""

    def ask_the_system(*_arguments: Any, **_more: Any) -> Any:
        raise AssertionError("the system was asked for its proxies")

    for module in (urllib.request, requests.utils):
        for name in ("getproxies", "proxy_bypass", "getproxies_macosx_sysconf", "proxy_bypass_macosx_sysconf"):
            monkeypatch.setattr(module, name, ask_the_system, raising=False)
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    assert not runner.run(org_id=fake.home_id, key="k", value="v").get("failed")
    monkeypatch.setenv("http_proxy", fake.url)
    runner.run(url="http://id.example.com", **TASK)
    assert fake.requests[-1].path.startswith("http://id.example.com/")
