# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Servers that cannot be reached, cannot be trusted, or do not know who asks: TLS, proxies, extra headers."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import trustme

from integration.harness import Ansible, Run, task
from integration.server import Zitadel

TIER = {"key": "tier", "value": "gold"}


@dataclass(frozen=True)
class Certificates:
    """An authority, another one, and a client certificate, as files."""

    server: ssl.SSLContext
    server_with_client_certificates: ssl.SSLContext
    authority: str
    other_authority: str
    client: str
    client_certificate: str
    client_key: str


@pytest.fixture(scope="module")
def certificates(ansible: Ansible) -> Certificates:
    authority, other = trustme.CA(), trustme.CA()
    certificate = authority.issue_cert("localhost")
    client = authority.issue_cert("ansible@example.com")

    def context() -> ssl.SSLContext:
        made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        certificate.configure_cert(made)
        return made

    def file(name: str, *blobs: trustme.Blob) -> str:
        path = ansible.home / name
        path.write_bytes(b"".join(blob.bytes() for blob in blobs))
        return str(path)

    strict = context()
    strict.verify_mode = ssl.CERT_REQUIRED
    # With TLS 1.3 a client learns of the refusal only after it has sent its request.
    strict.maximum_version = ssl.TLSVersion.TLSv1_2
    authority.configure_trust(strict)
    chain = client.cert_chain_pems
    return Certificates(
        server=context(),
        server_with_client_certificates=strict,
        authority=file("authority.pem", authority.cert_pem),
        other_authority=file("other.pem", other.cert_pem),
        client=file("client.pem", client.private_key_pem, *chain),
        client_certificate=file("client-certificate.pem", *chain),
        client_key=file("client-key.pem", client.private_key_pem),
    )


@pytest.fixture(scope="module")
def tls(ansible: Ansible, certificates: Certificates) -> Iterator[Run]:
    with (
        Zitadel(tls=certificates.server) as fake,
        Zitadel(tls=certificates.server_with_client_certificates, token=fake.token) as strict,
        Zitadel(token=fake.token) as plain,
    ):
        trust = {"ca_path": certificates.authority}
        by_address = fake.url.replace("localhost", "127.0.0.1")
        options: dict[str, dict[str, Any]] = {
            "default trust": {},
            "its authority": trust,
            "its authority, ~ in the path": {"ca_path": "~/authority.pem"},
            "another authority": {"ca_path": certificates.other_authority},
            "another name": {"url": by_address, **trust},
            "no validation": {"validate_certs": False},
            "no validation, another name": {"validate_certs": False, "url": by_address},
            "http": {"url": fake.url.replace("https", "http")},
            "https to http": {"url": plain.url.replace("http", "https")},
            "no client certificate": {"url": strict.url, **trust},
            "client certificate": {"url": strict.url, "client_cert": certificates.client, **trust},
            "client certificate and key": {
                "url": strict.url,
                "client_cert": certificates.client_certificate,
                "client_key": certificates.client_key,
                **trust,
            },
            "certificate without its key": {"client_cert": certificates.client_certificate, **trust},
            "no certificate": {"client_cert": certificates.client_key, **trust},
        }
        tasks = [task(name, {**TIER, **more}) for name, more in options.items()]
        tasks.append(
            task("environment keyword", TIER, environment={"ZITADEL_CA_PATH": certificates.authority}),
        )
        # What requests would take for trust is none of this.
        env = {"REQUESTS_CA_BUNDLE": certificates.authority, "CURL_CA_BUNDLE": certificates.authority}
        yield ansible.run(fake, tasks, defaults={"retries": 0}, env=env)


@pytest.mark.parametrize(
    "name",
    [
        "its authority",
        "its authority, ~ in the path",
        "no validation",
        "no validation, another name",
        "client certificate",
        "client certificate and key",
        "environment keyword",
    ],
)
def test_tls_works_with(tls: Run, name: str) -> None:
    assert not tls[name].failed, tls[name]["msg"]


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("default trust", ["https://localhost:", "is not trusted", "ca_path", "validate_certs"]),
        ("another authority", ["is not trusted", "ca_path", "validate_certs"]),
        ("another name", ["https://127.0.0.1:", "is not trusted", "127.0.0.1'"]),
        ("http", ["http://localhost:", "cannot be reached"]),
        ("https to http", ["TLS with https://127.0.0.1:", "scheme"]),
        ("no client certificate", ["TLS with https://localhost:", "client_cert"]),
        ("certificate without its key", ["client_cert", "client-certificate.pem"]),
        ("no certificate", ["client_cert", "client-key.pem"]),
    ],
)
def test_tls_fails_with(tls: Run, name: str, says: list[str]) -> None:
    assert tls[name].failed
    assert [part for part in says if part not in tls[name]["msg"]] == [], tls[name]["msg"]
    assert tls[name]["changed"] is False
    assert "Traceback" not in tls.output


def test_requests_ca_bundle_does_not_replace_ca_path(ansible: Ansible, certificates: Certificates) -> None:
    with Zitadel(tls=certificates.server) as fake:
        run = ansible.run(
            fake,
            [task("set", {**TIER, "ca_path": certificates.authority}), task("not validated", TIER)],
            defaults={"validate_certs": False},
            env={"REQUESTS_CA_BUNDLE": certificates.other_authority},
        )
        assert not run["set"].failed
        assert not run["not validated"].failed


def test_nobody_listens(ansible: Ansible) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        run = ansible.run(None, [task("set", {**TIER, "url": url, "token": "x", "retries": 0})])
        assert run["set"].failed
        assert f"{url} cannot be reached: Connection refused, in one try. Check url" in run["set"]["msg"]


READ = {"key": "x"}
INFO = "zitadel_org_metadata_info"


def test_proxies_of_the_environment_are_used(ansible: Ansible) -> None:
    with Zitadel() as fake, Zitadel(token=fake.token) as proxy, socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        nobody = f"http://127.0.0.1:{taken.getsockname()[1]}"
        # A proxy is asked for whole addresses.
        proxy.respond(200, {"details": {"totalResult": "0"}}, times=None, path=f"^{fake.url}/.*_search$")
        answer = {"org": {"id": proxy.home_id, "state": "ORG_STATE_ACTIVE"}}
        proxy.respond(200, answer, times=None, path=f"^{fake.url}/.*orgs/me$")
        tasks = [
            task("proxy", READ, INFO),
            task("no_proxy", READ, INFO, environment={"no_proxy": "127.0.0.1"}),
            task("all but others", READ, INFO, environment={"no_proxy": "example.com"}),
            task("nobody listens", READ, INFO, environment={"http_proxy": nobody}),
            task("https", {**READ, "url": "https://id.example.com"}, INFO),
        ]
        run = ansible.run(fake, tasks, defaults={"retries": 0}, env={"http_proxy": proxy.url, "https_proxy": proxy.url})
        proxied = {request.headers["x-task"] for request in proxy.requests}
        direct = {request.headers["x-task"] for request in fake.requests}
        numbers = run._numbers
        assert proxied == {numbers["proxy"], numbers["all but others"]}
        assert direct == {numbers["no_proxy"]}
        assert run["proxy"]["org_id"] == proxy.home_id
        assert "The proxy that the environment names" in run["nobody listens"]["msg"]
        assert "no_proxy" in run["nobody listens"]["msg"]
        assert "cannot be used: Tunnel connection failed: 501 " in run["https"]["msg"]

        fake.clear_requests()
        proxy.clear_requests()
        env = {"http_proxy": proxy.url, "no_proxy": "localhost,127.0.0.1"}
        run = ansible.run(fake, [task("direct", READ, INFO)], env=env, beside=[proxy])
        assert run["direct"]["org_id"] == fake.home_id
        assert not proxy.requests


def test_netrc_changes_nothing(ansible: Ansible, home: Path) -> None:
    (home / ".netrc").write_text("default login mallory password hunter2\n")
    (home / ".netrc").chmod(0o600)
    with Zitadel() as fake:
        user = fake.create_user("IAM_OWNER")
        client_id, client_secret = fake.create_secret(user)
        client = {"client_id": client_id, "client_secret": client_secret}
        # The run has no token: client_id is another way to log in.
        tasks = [task("token", {**READ, "token": fake.token}, INFO), task("client", {**READ, **client}, INFO)]
        run = ansible.run(fake, tasks, defaults={"token": None}, env={"NETRC": str(home / ".netrc")})
        assert not run["token"].failed
        assert {request.headers["authorization"] for request in run.requests("token")} == {f"Bearer {fake.token}"}
        assert not run["client"].failed
        assert "mallory" not in str(fake.requests)
        assert "Basic" in run.requests("client")[0].headers.get("authorization", "Basic")
    (home / ".netrc").unlink()


def test_more_headers_and_the_instance_host_go_with_every_request(ansible: Ansible) -> None:
    secret = "let-me-through-4711"
    with Zitadel(require_headers={"X-Proxy-Token": secret}, hosts=["id.example.com"]) as fake:
        client_id, client_secret = fake.create_secret(fake.create_user("IAM_OWNER"))
        login = {"token": None, "client_id": client_id, "client_secret": client_secret}
        through = {"headers": {"X-Proxy-Token": secret, "x-number": 5}}
        run = ansible.run(
            fake,
            [
                task("through", {**READ, **through}, INFO),
                task("without", READ, INFO),
                task("host", {**READ, **through, "instance_host": "id.example.com"}, INFO),
                task(
                    "host of the environment",
                    {**READ, **through},
                    INFO,
                    environment={"ZITADEL_INSTANCE_HOST": "id.example.com"},
                ),
            ],
            defaults=login,
        )
        assert not run["through"].failed
        sent = run.requests("through")
        assert sent[0].path == "/oauth/v2/token"
        assert {request.headers["x-proxy-token"] for request in sent} == {secret}
        assert {request.headers["x-number"] for request in sent} == {"5"}
        for name in ("host", "host of the environment"):
            assert not run[name].failed
            assert {request.headers["x-zitadel-instance-host"] for request in run.requests(name)} == {"id.example.com"}
        assert run["without"].failed
        assert "redirects to https://login.example.com/sign-in" in run["without"]["msg"]
        assert "headers" in run["without"]["msg"]


def test_options_come_from_the_environment(ansible: Ansible, certificates: Certificates) -> None:
    """Those that no other test takes from there, and what the task says counts more."""
    hosts = ["id.example.com", "other.example.com"]
    with Zitadel(tls=certificates.server_with_client_certificates, hosts=hosts) as fake:
        late = fake.create_organization("late")
        busy = fake.create_organization("busy")
        key = fake.create_key(fake.create_user("IAM_OWNER"))
        fake.delay(organization=late, times=None)
        fake.respond(503, {"code": 14, "message": "starting"}, organization=busy, times=None)
        login = {"token": None, "key_json": key}
        tasks = [
            task("all", READ, INFO),
            task("validated", {**READ, "validate_certs": True}, INFO),
            task("its authority", {**READ, "validate_certs": True, "ca_path": certificates.authority}, INFO),
            task("other certificate", {**READ, "client_cert": certificates.client_key}, INFO),
            task("other host", {**READ, "instance_host": "other.example.com"}, INFO),
            task("late", {**READ, "org_id": late, "retries": 0}, INFO),
            task("busy", {**READ, "org_id": busy}, INFO),
            task("busy, once more", {**READ, "org_id": busy, "retries": 0}, INFO),
            task("audience", {**READ, **login}, INFO),
            task("own audience", {**READ, **login, "audience": fake.audience("https://id.example.com")}, INFO),
        ]
        env = {
            "ZITADEL_VALIDATE_CERTS": "no",
            "ZITADEL_CLIENT_CERT": "~/client-certificate.pem",
            "ZITADEL_CLIENT_KEY": certificates.client_key,
            "ZITADEL_INSTANCE_HOST": "id.example.com",
            "ZITADEL_TIMEOUT": "0.3",
            "ZITADEL_RETRIES": "1",
            "ZITADEL_AUDIENCE": "https://audience.example.com",
        }
        run = ansible.run(fake, tasks, env=env)
        failed = {result.task: result["msg"] for result in run.results if result.failed}
        assert failed.keys() == {"validated", "other certificate", "late", "busy", "busy, once more", "audience"}
        assert "is not trusted" in failed["validated"]
        assert "client_cert" in failed["other certificate"]
        assert "did not answer within 0.3 seconds" in failed["late"]
        assert len(run.requests("busy")) == 2
        assert len(run.requests("busy, once more")) == 1
        assert "https://audience.example.com" in failed["audience"]
        for name, host in (("all", "id.example.com"), ("other host", "other.example.com")):
            assert {request.headers["x-zitadel-instance-host"] for request in run.requests(name)} == {host}


@pytest.mark.parametrize("library", ["requests", "jwt"])
def test_a_missing_library_is_named(ansible: Ansible, library: str) -> None:
    folder = ansible.folder / f"without-{library}"
    folder.mkdir()
    (folder / f"{library}.py").write_text("raise ImportError('not here')\n")
    with Zitadel() as fake:
        key = fake.create_key(fake.create_user("IAM_OWNER"))
        tasks = [
            task("token", READ, INFO),
            task("key", {**READ, "token": None, "key_json": key}, INFO),
            {
                "name": "lookup",
                "ansible.builtin.debug": {
                    "msg": "{{ lookup('community.zitadel.zitadel_org_metadata', url=url, key_json=key, default=1) }}"
                },
                "vars": {"url": fake.url, "key": key},
                "ignore_errors": True,
            },
        ]
        run = ansible.run(fake, tasks, env={"PYTHONPATH": str(folder)})
        name = {"requests": "requests", "jwt": "PyJWT[crypto]"}[library]
        failed = {result.task: result["msg"] for result in run.results if result.failed}
        assert failed.keys() == {"key", "lookup"} | ({"token"} if library == "requests" else set())
        assert [task for task, msg in failed.items() if name not in msg] == []
        assert {request.headers["x-task"] for request in fake.requests} == (
            set() if library == "requests" else {run._numbers["token"]}
        )
        assert "Traceback" not in run.output
