# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The tests of real servers, on fakes: what they ask for, what they leave behind, and what they say."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from fake_zitadel import RELEASES, FakeZitadel
from fake_zitadel_tests.client import Client
from live.instance import RANGES, Instance, is_since
from live.zitadel import RealZitadel

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(params=sorted(RELEASES))
def server(request: pytest.FixtureRequest) -> Iterator[FakeZitadel]:
    """A server on which somebody else has an organization and a user, too."""
    with FakeZitadel(request.param) as server:
        server.create_human("jane", server.create_organization("acme", metadata={"tier": "theirs"}))
        yield server


@pytest.fixture
def real(server: FakeZitadel, monkeypatch: pytest.MonkeyPatch) -> Iterator[RealZitadel]:
    monkeypatch.setattr(RealZitadel, "instance", Instance(server.url, server.token), raising=False)
    with RealZitadel(hosts=["id.example.com"]) as real:
        yield real
    # Nothing is left, and nothing of others is touched.
    left = {one.name: server.metadata(one.organization_id) for one in server.organizations.values() if one.exists}
    assert left == {"ZITADEL": {}, "acme": {"tier": b"theirs"}}


def test_the_release_is_found_out(server: FakeZitadel) -> None:
    acme = server.create_organization("ours", metadata={"a": "1"})
    assert Instance(server.url, server.token).nearest_release(acme) == server.release.name
    assert server.metadata(acme) == {"a": b"1"}


def test_releases_are_in_order() -> None:
    assert RANGES.keys() == RELEASES.keys()
    assert [is_since("4.3.0", since) for since in RANGES] == [True, True, False, False, False]


def test_a_test_has_names_of_its_own(real: RealZitadel) -> None:
    acme = real.create_organization("acme", domain="acme.example.com", metadata={"tier": "gold"})
    real.create_human("jane", acme, email="jane@example.com", metadata={"a": "1"})
    client = Client(real)  # type: ignore[arg-type]
    assert client.call("GET", "/management/v1/orgs/me", x_zitadel_orgid=acme).json["org"]["name"] == "acme"
    for query in (
        {"nameQuery": {"name": "acme", "method": "TEXT_QUERY_METHOD_EQUALS"}},
        {"domainQuery": {"domain": "acme.example.com", "method": "TEXT_QUERY_METHOD_EQUALS"}},
        {"domainQuery": {"domain": "acme.localhost", "method": "TEXT_QUERY_METHOD_EQUALS"}},
    ):
        found = client.call("POST", "/v2/organizations/_search", {"queries": [query]}).json.get("result", [])
        assert [one["id"] for one in found] == [acme], query
    found = client.call("POST", "/v2/organizations/_search", {}).json["result"]
    assert sorted(one["name"] for one in found) == ["ZITADEL", "acme"]
    found = client.call("POST", "/v2/users", {}).json["result"]
    assert sorted(one["username"] for one in found) == ["admin", "jane"]
    created = client.call("POST", "/management/v1/orgs", {"name": "beta"}).json["id"]
    assert real.organizations[created].name == "beta"


def test_a_proxy_injects_faults(real: RealZitadel) -> None:
    acme = real.create_organization("acme")
    client = Client(real, acme)  # type: ignore[arg-type]
    real.drop("after", organization=acme, method="POST")
    with pytest.raises(OSError, match="closed connection"):
        client.set("done")
    real.drop("before", path="metadata/never")
    with pytest.raises(OSError, match="closed connection"):
        client.set("never")
    real.respond(503, {"code": 14, "message": "starting"}, path="metadata/busy")
    assert client.set("busy").status == 503
    real.collide()
    assert "SQLSTATE 23505" in client.set("met").json["message"]
    assert real.metadata(acme).keys() == {"done"}
    real.before(lambda _request: real.set(acme, "k", "theirs"), path="metadata/k$", method="GET")
    assert client.get("k").json["metadata"]["value"] == "dGhlaXJz"
    assert real.metadata(acme).keys() == {"done", "k"}
    client.remove("k")
    assert real.metadata(acme).keys() == {"done"}
    assert [request.path.rpartition("/")[2] for request in real.writes] == ["done", "never", "busy", "met", "k"]
    assert not real.faults.waiting()


def test_logins(real: RealZitadel) -> None:
    acme = real.create_organization("acme")
    user = real.create_user("ORG_OWNER", acme, token="chosen-by-the-test")
    real.expire_token(user.token, after_uses=1)
    client = Client(real, token=user.token)  # type: ignore[arg-type]
    assert client.call("GET", "/management/v1/orgs/me").json["org"]["id"] == acme
    assert client.call("GET", "/management/v1/orgs/me").status == 401
    assert real.create_key(user)["userId"] == user.user_id
    assert client.call("GET", "/management/v1/orgs/me", x_zitadel_instance_host="id.example.com").status == 401
    assert client.call("GET", "/management/v1/orgs/me", x_zitadel_instance_host="other.example.com").status == 404


def test_what_only_the_fake_can_do_is_left_out(real: RealZitadel) -> None:
    for call in (real.lose_writes, real.lag, real.hide_new_organizations):
        with pytest.raises(pytest.skip.Exception, match="needs a server"):
            call()


def test_the_addresses_of_production_are_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("URL", "TOKEN", "KEY_FILE"):
        monkeypatch.setenv(f"ZITADEL_{name}", "https://id.example.com")
        monkeypatch.delenv(f"ZITADEL_TEST_{name}", raising=False)
    with pytest.raises(SystemExit, match="ZITADEL_TEST_URL and ZITADEL_TEST_TOKEN"):
        Instance.of_environment()


def test_a_server_that_mixes_up_organizations_is_not_tested() -> None:
    with FakeZitadel(drop_headers=["x-zitadel-orgid"]) as server, pytest.raises(SystemExit, match="x-zitadel-orgid"):
        Instance(server.url, server.token).check()
    with FakeZitadel() as server, pytest.raises(SystemExit, match=r"cannot be used: .*HTTP 401"):
        Instance(server.url, "wrong").check()


def _run(server: FakeZitadel, *arguments: str) -> subprocess.CompletedProcess[str]:
    programs = Path(sys.executable).parent
    environment = {
        **os.environ,
        "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT / "tests"),
        "ZITADEL_TEST_URL": server.url,
        "ZITADEL_TEST_TOKEN": server.token,
        "ZITADEL_URL": "https://id.example.com",
    }
    command = [sys.executable, "-m", "live", *arguments]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=300)


def _left(server: FakeZitadel) -> list[str]:
    return [one.name for one in server.organizations.values() if one.exists]


def test_it_runs_the_same_tests_and_says_what_it_left_out() -> None:
    with FakeZitadel("4.7.0") as server:
        done = _run(server, *(f"tests/integration/test_{name}.py" for name in ("organization_life", "verify")))
        assert done.returncode == 0, done.stdout + done.stderr
        lines = done.stdout.splitlines()
        assert server.url in lines[0]
        assert "for ever" in lines[1]
        assert "v4.7 to v4.12" in lines[2]
        assert "1 passed, 11 skipped" in done.stdout
        assert "11 of tests/integration/test_verify.py: needs a server" in done.stdout
        assert _left(server) == ["ZITADEL"]
        assert len(server.organizations) > 4


def test_an_interrupted_run_leaves_nothing(tmp_path: Path) -> None:
    file = tmp_path / "test_interrupted.py"
    file.write_text(
        "import os, signal\n"
        "from integration.server import Zitadel\n"
        "def test_it():\n"
        "    Zitadel().create_organization('acme')\n"
        f"    os.kill(os.getpid(), {int(signal.SIGINT)})\n"
    )
    with FakeZitadel() as server:
        # A program in the background inherits that Ctrl-C is ignored.
        before = signal.signal(signal.SIGINT, signal.default_int_handler)
        try:
            done = _run(server, str(file))
        finally:
            signal.signal(signal.SIGINT, before)
        assert done.returncode == pytest.ExitCode.INTERRUPTED, done.stdout + done.stderr
        assert len(server.organizations) == 4
        assert _left(server) == ["ZITADEL"]
