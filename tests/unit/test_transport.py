# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a request carries, and the session that carries it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible_collections.community.zitadel.plugins.module_utils._auth import AccessToken, ClientCredentials

from fake_zitadel import FakeZitadel
from unit.helpers import call, connection_to

pytestmark = pytest.mark.every_core

HEADERS = (("X-Proxy-Id", "proxy-id-1"), ("X-Proxy-Token", "proxy-token-1"))


def test_headers_of_a_request(fake: FakeZitadel) -> None:
    call(connection_to(fake), org_id=fake.home_id)
    (request,) = fake.requests
    assert request.headers["authorization"] == f"Bearer {fake.token}"
    assert request.headers["accept-language"] == "en"
    assert request.headers["accept"] == "application/json"
    assert request.headers["x-zitadel-orgid"] == fake.home_id
    assert request.headers["user-agent"] == "ansible-community.zitadel"
    assert not {"x-zitadel-instance-host", "content-type", "cookie"} & request.headers.keys()


def test_no_organization_no_header(fake: FakeZitadel) -> None:
    call(connection_to(fake))
    assert "x-zitadel-orgid" not in fake.requests[0].headers


def test_headers_of_a_body(fake: FakeZitadel) -> None:
    call(connection_to(fake), "POST", "/management/v1/metadata/_search", body=b"{}")
    assert fake.requests[0].headers["content-type"] == "application/json"
    assert fake.requests[0].body == b"{}"


def test_more_headers_and_the_instance_travel_with_every_request() -> None:
    with FakeZitadel(require_headers=dict(HEADERS), hosts=["id.example.com"]) as fake:
        user = fake.create_user("ORG_OWNER")
        login = ClientCredentials(*fake.create_secret(user))
        call(connection_to(fake, login=login, headers=HEADERS, instance_host="id.example.com"))
        assert [request.path for request in fake.requests] == ["/oauth/v2/token", "/management/v1/orgs/me"]
        for request in fake.requests:
            assert request.headers["x-zitadel-instance-host"] == "id.example.com"
            assert request.headers["x-proxy-token"] == "proxy-token-1"


def test_a_language_that_the_user_asks_for(fake: FakeZitadel) -> None:
    call(connection_to(fake, headers=(("accept-language", "de"),)))
    assert fake.requests[0].headers["accept-language"] == "de"


def test_a_file_netrc_does_not_count(fake: FakeZitadel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".netrc").write_text("machine 127.0.0.1\nlogin a\npassword b\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    login = ClientCredentials(*fake.create_secret(fake.admin))
    for one in (AccessToken(fake.token), login):
        call(connection_to(fake, login=one))
    assert [request.headers.get("authorization", "")[:6] for request in fake.requests] == ["Bearer", "", "Bearer"]


def test_one_connection_serves_many_requests(fake: FakeZitadel) -> None:
    ports = set()
    server = fake._server
    assert server
    process = server.process_request

    def count(request: Any, address: Any) -> None:
        ports.add(address)
        process(request, address)

    server.process_request = count  # type: ignore[assignment,method-assign]
    connection = connection_to(fake)
    for _time in range(5):
        call(connection)
    assert len(ports) == 1
