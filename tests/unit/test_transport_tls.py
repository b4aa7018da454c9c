# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""TLS and certificates: as the options say, whatever requests would make of the environment."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
import trustme
from ansible_collections.community.zitadel.plugins.module_utils._errors import ZitadelError

from fake_zitadel import FakeZitadel
from unit.helpers import Waits, call, connection_to, refused_call

pytestmark = pytest.mark.every_core


class Authority:
    def __init__(self, folder: Path) -> None:
        self._authority = trustme.CA()
        self.file = str(folder / "ca.pem")
        self._authority.cert_pem.write_to_path(self.file)
        client = self._authority.issue_cert("client@example.com")
        self.client_cert, self.client_key = str(folder / "client.pem"), str(folder / "client.key")
        self.client_both = str(folder / "both.pem")
        client.cert_chain_pems[0].write_to_path(self.client_cert)
        client.private_key_pem.write_to_path(self.client_key)
        client.private_key_and_cert_chain_pem.write_to_path(self.client_both)

    def server(self, *names: str, wants_clients: bool = False) -> ssl.SSLContext:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self._authority.issue_cert(*(names or ("localhost",))).configure_cert(context)
        if wants_clients:
            self._authority.configure_trust(context)
            context.verify_mode = ssl.CERT_REQUIRED
        return context


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def secure(authority: Authority) -> Iterator[FakeZitadel]:
    with FakeZitadel(tls=authority.server()) as fake:
        yield fake


def test_an_unknown_authority_is_refused_at_once(secure: FakeZitadel, waits: Waits) -> None:
    error = refused_call(connection_to(secure))
    assert error.msg.startswith(f"Cannot try it. The TLS certificate of {secure.url} is not trusted: ")
    assert "ca_path" in error.msg
    assert "validate_certs" in error.msg
    assert not error.fate.doubtful
    assert not waits
    assert not secure.requests


def test_ca_path(secure: FakeZitadel, authority: Authority) -> None:
    call(connection_to(secure, ca_path=authority.file))


def test_ca_path_replaces_the_default(
    secure: FakeZitadel, authority: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", authority.file)
    other = Authority(tmp_path)
    assert "is not trusted" in refused_call(connection_to(secure, ca_path=other.file)).msg


def test_the_default_is_what_the_operating_system_trusts(
    secure: FakeZitadel, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    # OpenSSL's variable, which ansible.builtin.uri follows as well.
    monkeypatch.setenv("SSL_CERT_FILE", authority.file)
    call(connection_to(secure))


@pytest.mark.parametrize("variable", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
def test_variables_of_requests_add_no_trust(
    secure: FakeZitadel, authority: Authority, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    monkeypatch.setenv(variable, authority.file)
    assert "is not trusted" in refused_call(connection_to(secure)).msg


@pytest.mark.parametrize("variable", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
@pytest.mark.parametrize("content", [None, "no certificate"])
def test_variables_of_requests_take_no_trust(
    secure: FakeZitadel,
    authority: Authority,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    variable: str,
    content: str,
) -> None:
    path = tmp_path / "bundle.pem"
    if content:
        path.write_text(content)
    monkeypatch.setenv(variable, str(path))
    call(connection_to(secure, ca_path=authority.file))
    call(connection_to(secure, validate_certs=False))


def test_another_name_is_refused(authority: Authority) -> None:
    with FakeZitadel(tls=authority.server("other.example.com")) as fake:
        error = refused_call(connection_to(fake, ca_path=authority.file))
        assert "is not trusted" in error.msg
        assert "localhost" in error.msg


@pytest.mark.parametrize(("certified", "trusted"), [("127.0.0.1", True), ("127.0.0.2", False)])
def test_an_ip_address(authority: Authority, waits: Waits, certified: str, trusted: bool) -> None:
    with FakeZitadel(tls=authority.server(certified)) as fake:
        connection = connection_to(fake, url=fake.url.replace("localhost", "127.0.0.1"), ca_path=authority.file)
        if trusted:
            assert call(connection)["org"]
        else:
            assert "is not trusted: " in refused_call(connection).msg
            assert not fake.requests
    assert not waits


def test_validate_certs_off(authority: Authority, recwarn: pytest.WarningsRecorder) -> None:
    with FakeZitadel(tls=authority.server("other.example.com")) as fake:
        call(connection_to(fake, validate_certs=False))
        call(connection_to(fake, validate_certs=False, ca_path=authority.file))
    assert not recwarn.list


@pytest.mark.parametrize("files", ["two files", "one file"])
def test_client_certificates(authority: Authority, files: str) -> None:
    options: dict[str, Any] = {"client_cert": authority.client_cert, "client_key": authority.client_key}
    if files == "one file":
        options = {"client_cert": authority.client_both}
    with FakeZitadel(tls=authority.server(wants_clients=True)) as fake:
        call(connection_to(fake, ca_path=authority.file, **options))
        assert len(fake.requests) == 1


def test_a_missing_client_certificate(authority: Authority) -> None:
    with FakeZitadel(tls=authority.server(wants_clients=True)) as fake:
        error = refused_call(connection_to(fake, ca_path=authority.file, retries=0))
        assert not fake.requests
        assert fake.url in error.msg


@pytest.mark.parametrize(
    ("option", "content"),
    [
        pytest.param("ca_path", None, id="no authority"),
        pytest.param("ca_path", "", id="empty authority"),
        pytest.param("ca_path", "no PEM", id="authority that is no PEM"),
        pytest.param("client_cert", None, id="no certificate"),
        pytest.param("client_cert", "no PEM", id="certificate that is no PEM"),
        pytest.param("client_key", None, id="no key"),
        pytest.param("client_key", "no PEM", id="key that is no PEM"),
    ],
)
def test_files_that_cannot_be_used(
    secure: FakeZitadel, authority: Authority, tmp_path: Path, option: str, content: str | None
) -> None:
    path = tmp_path / "file.pem"
    if content is not None:
        path.write_text(content)
    options = {"ca_path": authority.file, "client_cert": authority.client_cert, "client_key": authority.client_key}
    with pytest.raises(ZitadelError, match=option) as caught:
        connection_to(secure, **{**options, option: str(path)})
    assert str(path) in caught.value.msg
    assert "cannot be used: " in caught.value.msg


def test_a_client_key_that_belongs_to_another_certificate(
    secure: FakeZitadel, authority: Authority, tmp_path: Path
) -> None:
    with pytest.raises(ZitadelError, match=r"client_key .* cannot be used"):
        connection_to(secure, client_cert=authority.client_cert, client_key=Authority(tmp_path).client_key)


def test_https_where_http_is_spoken(fake: FakeZitadel, waits: Waits) -> None:
    url = fake.url.replace("http:", "https:")
    error = refused_call(connection_to(fake, url=url))
    assert f"TLS with {url} failed" in error.msg
    assert "scheme and port" in error.msg
    assert not waits


@contextmanager
def tunnel(port: int, asked: list[str]) -> Iterator[str]:
    """A proxy for one connection with CONNECT, which goes to the port wherever the client wants to."""

    def copy(source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                sink.sendall(data)
        for one in (source, sink):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    def serve() -> None:
        with suppress(OSError):
            client, _address = listener.accept()
            asked.append(client.recv(65536).decode())
            server = socket.create_connection(("127.0.0.1", port))
            client.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
            back = threading.Thread(target=copy, args=(server, client), daemon=True)
            back.start()
            copy(client, server)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=serve, daemon=True).start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


@pytest.mark.parametrize("trusted", [True, False])
def test_a_proxy_changes_nothing_about_trust(
    authority: Authority, monkeypatch: pytest.MonkeyPatch, trusted: bool
) -> None:
    asked: list[str] = []
    with (
        FakeZitadel(tls=authority.server("id.example.com"), hosts=["id.example.com"]) as fake,
        tunnel(int(fake.url.rpartition(":")[2]), asked) as proxy,
    ):
        monkeypatch.setenv("https_proxy", proxy)
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", authority.file)
        options = {"ca_path": authority.file} if trusted else {}
        connection = connection_to(fake, url="https://id.example.com", retries=0, **options)
        if trusted:
            call(connection)
        else:
            assert "is not trusted" in refused_call(connection).msg
    assert asked[0].startswith("CONNECT id.example.com:443 ")
    assert fake.token not in asked[0]
    assert len(fake.requests) == trusted
