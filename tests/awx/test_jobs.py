# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Jobs of AWX against the fake: a credential of our type, injected by AWX's code, and run by ansible-runner."""

from __future__ import annotations

import json
import ssl
import urllib.parse
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
import trustme

from awx.jobs import FIELDS, Awx, Job
from fake_zitadel import FakeZitadel, Request, User

WANTED = {"tier": "gold", "seats": 250}
STORED = {"tier": b"gold", "seats": b"250"}
WRONG_TOKEN = "wrong-token-4711"


@dataclass(frozen=True)
class Case:
    """A job, the organization that it was for, and what it sent."""

    job: Job
    fake: FakeZitadel
    acme: str
    requests: list[Request]

    @property
    def users(self) -> set[str]:
        """Login names of those whose tokens called the API."""
        tokens = {request.bearer for request in self.requests if request.path.startswith("/management/")}
        return {self.fake.store.tokens[token or ""].user.login_name for token in tokens}

    @property
    def grants(self) -> list[str]:
        """What the token endpoint was asked for."""
        forms = [dict(urllib.parse.parse_qsl(one.body.decode())) for one in self.requests if "/oauth/" in one.path]
        return [form["grant_type"].rpartition(":")[2] for form in forms]


class Instance:
    """A fake, and jobs for it."""

    def __init__(self, fake: FakeZitadel, awx: Awx) -> None:
        self.fake = fake
        self.awx = awx
        self._number = 0

    def user(self, acme: str) -> User:
        """Create a user who may write in an organization, and nothing else."""
        user = self.fake.create_user()
        self.fake.grant(user, ["ORG_SETTINGS_MANAGER"], acme)
        return user

    def organization(self) -> str:
        self._number += 1
        return self.fake.create_organization(f"acme {self._number}")

    def launch(self, acme: str, **filled: str) -> Case:
        """Run a job with these fields of the credential, and all others blank."""
        self.fake.clear_requests()
        credential = {**dict.fromkeys(FIELDS, ""), "url": self.fake.url, **filled}
        job = self.awx.launch(credential, {"zitadel_org_id": acme, "zitadel_metadata": WANTED})
        return Case(job, self.fake, acme, self.fake.requests)


@pytest.fixture(scope="module")
def instance(awx: Awx) -> Iterator[Instance]:
    with FakeZitadel() as fake:
        yield Instance(fake, awx)


@dataclass(frozen=True)
class Way:
    """A way to log in: the job that did so, and what has to be told of it."""

    case: Case
    secrets: list[str]
    user: User
    grants: list[str]


def _with_token(instance: Instance) -> Way:
    acme = instance.organization()
    user = instance.user(acme)
    return Way(instance.launch(acme, token=user.token), [user.token], user, [])


def _with_key(instance: Instance) -> Way:
    acme = instance.organization()
    user = instance.user(acme)
    content = instance.fake.create_key(user)
    lines = [line for line in content["key"].splitlines() if line]
    case = instance.launch(acme, service_account_key=json.dumps(content, indent=2))
    return Way(case, lines, user, ["jwt-bearer"])


def _with_client(instance: Instance) -> Way:
    acme = instance.organization()
    user = instance.user(acme)
    client_id, client_secret = instance.fake.create_secret(user)
    case = instance.launch(acme, client_id=client_id, client_secret=client_secret)
    return Way(case, [client_secret], user, ["client_credentials"])


@pytest.fixture(
    scope="module",
    params=[
        pytest.param(_with_token, id="token", marks=pytest.mark.every_core),
        pytest.param(_with_key, id="key"),
        pytest.param(_with_client, id="client"),
    ],
)
def way(instance: Instance, request: pytest.FixtureRequest) -> Way:
    launch: Callable[[Instance], Way] = request.param
    return launch(instance)


def test_the_organization_is_changed_as_asked(way: Way) -> None:
    case = way.case
    assert case.job.rc == 0, case.job.stdout
    assert case.job.result["added"] == ["seats", "tier"]
    assert case.job.result["org_id"] == case.acme
    assert case.fake.metadata(case.acme) == STORED


def test_the_credential_is_what_logs_in(way: Way) -> None:
    assert way.case.grants == way.grants
    assert way.case.users == {way.user.login_name}


def test_nothing_that_is_stored_holds_a_secret(way: Way) -> None:
    issued = [token for token, details in way.case.fake.store.tokens.items() if details.issued]
    assert bool(issued) or not way.grants
    job = way.case.job
    assert job.places_of([*way.secrets, *issued]) == []
    # The search finds what may be shown, in the output and in the events.
    assert {"stdout"} < set(job.places_of(["gold"]))
    assert len(job.events) > 5
    assert {"arguments", "environment"} < job.stored.keys()


def test_the_credential_adds_variables_and_files_and_no_extra_vars(way: Way) -> None:
    injected = way.case.job.injected
    assert injected.args == []
    assert [name for name in injected.env if not name.startswith("ZITADEL_")] == []
    assert way.case.job.environment.items() >= injected.env.items()


def test_a_wrong_token_is_refused_in_words(instance: Instance) -> None:
    case = instance.launch(instance.organization(), token=WRONG_TOKEN)
    assert case.job.rc != 0
    says = ["The access token was refused (HTTP 401)", "wrong, expired, of another instance"]
    assert [text for text in says if text not in case.job.result["msg"]] == []
    assert "The access token was refused (HTTP 401)" in case.job.stdout
    assert case.job.result["error"]["status"] == 401
    assert case.job.places_of([WRONG_TOKEN]) == []
    assert not case.fake.metadata(case.acme)


def test_two_ways_to_log_in_are_refused_before_anything_is_sent(instance: Instance) -> None:
    case = instance.launch(instance.organization(), token=WRONG_TOKEN, service_account_key="{}")
    assert case.job.rc != 0
    assert "ZITADEL_TOKEN and ZITADEL_KEY_FILE are given in the environment" in case.job.result["msg"]
    assert case.job.places_of([WRONG_TOKEN]) == []
    assert case.requests == []


def test_a_blank_answer_for_the_organization_is_refused(instance: Instance) -> None:
    case = instance.launch("", token=instance.fake.token)
    assert case.job.rc != 0
    assert "org_id is given, but empty" in case.job.result["msg"]
    assert case.requests == []


def test_audience_and_instance_host_reach_a_server_under_another_name(awx: Awx) -> None:
    with FakeZitadel(hosts=["id.example.com"]) as fake:
        instance = Instance(fake, awx)
        acme = instance.organization()
        case = instance.launch(
            acme,
            service_account_key=json.dumps(fake.create_key(instance.user(acme))),
            audience="http://id.example.com",
            instance_host="id.example.com",
        )
        assert case.job.rc == 0, case.job.stdout
        assert fake.metadata(acme) == STORED
        assert {one.headers.get("x-zitadel-instance-host") for one in case.requests} == {"id.example.com"}


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def tls(awx: Awx, authority: trustme.CA) -> Iterator[Instance]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    with FakeZitadel(tls=context) as fake:
        yield Instance(fake, awx)


def test_the_ca_certificate_is_trusted(tls: Instance, authority: trustme.CA) -> None:
    pem = authority.cert_pem.bytes().decode()
    case = tls.launch(tls.organization(), token=tls.fake.token, ca_certificate=pem, validate_certs="true")
    assert case.job.rc == 0, case.job.stdout
    assert tls.fake.metadata(case.acme) == STORED


def test_the_certificate_is_verified_unless_the_credential_says_otherwise(tls: Instance) -> None:
    case = tls.launch(tls.organization(), token=tls.fake.token)
    assert case.job.rc != 0
    assert [name for name in ("ca_path", "validate_certs") if name not in case.job.result["msg"]] == []
    assert case.requests == []

    case = tls.launch(tls.organization(), token=tls.fake.token, validate_certs="false")
    assert case.job.rc == 0, case.job.stdout
    assert tls.fake.metadata(case.acme) == STORED
