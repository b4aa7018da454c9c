# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the answers of real servers mean, and the words that a user reads."""

from __future__ import annotations

import collections
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.community.zitadel.plugins.module_utils._auth import AccessToken
from ansible_collections.community.zitadel.plugins.module_utils._errors import (
    Fate,
    Refusal,
    WrongOrganization,
    ZitadelError,
)
from ansible_collections.community.zitadel.plugins.module_utils._messages import Context, explain
from ansible_collections.community.zitadel.plugins.module_utils._metadata import ABSENT_IDS

from fake_zitadel import FakeZitadel
from unit.helpers import Site, connection_to

RECORDINGS = Path(__file__).parents[1] / "recordings"
RELEASES = ("3.4.9", "4.13.1")
ABSENT = ABSENT_IDS["organization"]


def refusals(release: str) -> Iterator[tuple[str, int, Any]]:
    for line in (RECORDINGS / f"zitadel-v{release}.jsonl").read_text().splitlines():
        exchange = json.loads(line)
        response = exchange["response"]
        if not 200 <= response["status"] < 300:
            yield exchange["name"], response["status"], response["body"]


def read(status: int, body: Any) -> Refusal:
    return Refusal.read(status, body.encode() if isinstance(body, str) else json.dumps(body).encode())


@pytest.mark.parametrize("release", RELEASES)
def test_every_recorded_refusal_is_taken_apart(release: str) -> None:
    for _name, status, body in refusals(release):
        check(read(status, body), status, body)


def check(refusal: Refusal, status: int, body: Any) -> None:
    assert refusal.status == status
    assert refusal.json is isinstance(body, dict)
    if not isinstance(body, dict):
        assert (refusal.code, refusal.id) == (None, None)
        assert (refusal.message or "") in " ".join(body.split())
        return
    assert refusal.code == body.get("code")
    assert refusal.message is not None
    assert refusal.message == (body.get("message") or body["error_description"])
    ids = [detail["id"] for detail in body.get("details", []) if detail.get("id")]
    assert refusal.id == (ids[0] if ids else None)
    at_end = re.search(r"\(([A-Z0-9]+-\w+)\)$", refusal.message)
    assert refusal.id == (at_end[1] if at_end else None)
    # Real servers refused all of these for good.
    assert not refusal.busy
    assert refusal.collision is refusal.message.endswith("Secret.NotExisting")


def test_the_recordings_show_absent_keys_and_other_404s() -> None:
    for release in RELEASES:
        found = collections.Counter(read(status, body).id for _name, status, body in refusals(release) if status == 404)
        assert found.keys() >= {*ABSENT, None, "AUTHZ-cdgFk", "QUERY-Rgh32"}


def test_wrapped_errors_mean_what_the_other_release_says_plainly() -> None:
    plain = {name: read(status, body).code for name, status, body in refusals("3.4.9")}
    compared = set()
    for name, status, body in refusals("4.13.1"):
        refusal = read(status, body)
        if (status, refusal.code) == (500, 2) and name in plain:
            compared.add(refusal.meaning)
            assert refusal.meaning == plain[name]
        else:
            assert refusal.meaning == refusal.code or (status, refusal.code) == (500, 2)
    # InvalidArgument, Unauthenticated, and the database error that is not wrapped
    assert compared == {3, 16, 2}


WRAPPED = "rpc error: code = {} desc = something ()"


@pytest.mark.parametrize(
    ("name", "code"),
    [("InvalidArgument", 3), ("NotFound", 5), ("PermissionDenied", 7), ("Unauthenticated", 16), ("Unheard", 2)],
)
def test_wrapped_codes(name: str, code: int) -> None:
    refusal = read(500, {"code": 2, "message": WRAPPED.format(name)})
    assert refusal.meaning == code
    assert refusal.unauthenticated is (code == 16)
    assert refusal.id is None


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        pytest.param({"message": "a (X-1b)", "details": [{"id": "Y-2c"}]}, "Y-2c", id="the detail's before the text's"),
        pytest.param({"message": "a (X-1b)", "details": [{"@type": "t"}]}, "X-1b", id="a detail without"),
        pytest.param({"message": "a (X-1b)", "details": []}, "X-1b", id="no details"),
        pytest.param({"message": "a (X-1b)", "details": "x"}, "X-1b", id="details that are none"),
        pytest.param({"message": "a (X-1b)", "details": ["x"]}, "X-1b", id="a detail that is none"),
        pytest.param({"message": "(X-1b) a"}, None, id="not at the end"),
        pytest.param({"message": "a (see below)"}, None, id="no id in brackets"),
        pytest.param({"message": ["a"]}, None, id="a message that is no text"),
        pytest.param({}, None, id="nothing"),
    ],
)
def test_the_id_of_an_error(body: dict[str, Any], expected: str | None) -> None:
    assert read(400, body).id == expected


@pytest.mark.parametrize("code", ["5", 5.0, None, [5]], ids=repr)
def test_a_code_that_is_no_number(code: Any) -> None:
    assert read(404, {"code": code}).code is None


@pytest.mark.parametrize(
    ("body", "message"),
    [
        pytest.param("<html><head><TITLE lang=en>\n 502  Bad\nGateway</TITLE>", "502 Bad Gateway", id="title"),
        pytest.param("<p>secret page</p>", None, id="no title"),
        pytest.param("no healthy upstream\n", "no healthy upstream", id="text"),
        pytest.param("x" * 1000, "x" * 200, id="long text"),
        pytest.param("", None, id="nothing"),
    ],
)
def test_what_is_kept_of_a_page(body: str, message: str | None) -> None:
    assert read(502, body) == Refusal(502, message=message, raw=body)


@pytest.mark.parametrize(
    ("status", "message", "expected"),
    [
        pytest.param(500, "An internal error", True, id="500"),
        pytest.param(502, None, True, id="502"),
        pytest.param(504, None, True, id="504"),
        pytest.param(200, "<html>", True, id="200 that is no answer"),
        pytest.param(500, "(SQLSTATE 23505)", False, id="two writers"),
        pytest.param(500, WRAPPED.format("InvalidArgument"), False, id="wrapped 400"),
        pytest.param(500, WRAPPED.format("Unauthenticated"), False, id="wrapped 401"),
        pytest.param(429, None, False, id="429"),
        pytest.param(400, None, False, id="400"),
        pytest.param(404, None, False, id="404"),
        pytest.param(302, None, False, id="302"),
        pytest.param(499, None, True, id="cancelled"),
    ],
)
def test_whether_the_server_may_have_acted(status: int, message: str | None, expected: bool) -> None:
    assert Refusal(status, message=message, raw=message or "").fate.doubtful is expected


URL = "https://id.example.com"


CONTEXT = Context(URL, "organization 42", "org.write")


def api(status: int, code: int, message: str) -> Refusal:
    return read(status, {"code": code, "message": message})


def page(status: int, text: str) -> Refusal:
    return Refusal.read(status, text.encode())


@pytest.mark.parametrize(
    ("refusal", "said"),
    [
        pytest.param(
            Refusal(302, location="https://login.example.com/"),
            ["redirects to https://login.example.com/", "Set url", "headers"],
            id="redirect",
        ),
        pytest.param(
            api(401, 16, "Errors.Token.Invalid (AUTH-7fs1e)"), ["token was refused", "expired", "scope"], id="token"
        ),
        pytest.param(
            api(500, 2, "rpc error: code = Unauthenticated desc = auth header missing ()"),
            ["token was refused"],
            id="token, wrapped",
        ),
        pytest.param(page(401, "Log in"), ["HTTP 401 and not JSON", "headers", "'Log in'"], id="401 that is no JSON"),
        pytest.param(
            api(403, 7, "Organisation doesn't exist (AUTH-Bs7Ds)"),
            ["There is no organization 42", "org_name", "org_domain"],
            id="unknown organization",
        ),
        pytest.param(
            api(404, 5, "membership not found (AUTHZ-cdgFk)"),
            ["no role in organization 42", "ORG_OWNER", "ORG_OWNER_VIEWER"],
            id="no role",
        ),
        pytest.param(
            api(403, 7, "No matching permissions found (AUTH-5mWD2)"),
            ["lacks the permission org.write in organization 42", "ORG_SETTINGS_MANAGER"],
            id="no permission",
        ),
        pytest.param(
            api(400, 9, "Organisation not found (COMMAND-QXPGs)"), ["organization 42 has been removed"], id="removed"
        ),
        pytest.param(api(429, 8, "x (QUOTA-vjAy8)"), ["used up its quota", "does not help"], id="quota"),
        pytest.param(api(429, 8, "x (LIMITS-molsj)"), ["blocked", "does not help"], id="blocked"),
        pytest.param(
            api(429, 8, "grpc: received message larger than max (6 vs. 4)"), ["larger than the server"], id="too large"
        ),
        pytest.param(Refusal(413), ["refuses a request of this size", "client_max_body_size"], id="413"),
        pytest.param(
            api(404, 5, "unable to set instance using origin &{a  http}: Instance not found"),
            [f"No ZITADEL instance answers under the host name of {URL}", "instance_host"],
            id="wrong host",
        ),
        pytest.param(
            page(404, "unable to set instance using origin &{a  http}"),
            [f"No ZITADEL instance answers under the host name of {URL}"],
            id="wrong host, as text",
        ),
        pytest.param(page(502, "Bad Gateway"), ["not available (HTTP 502)", "'Bad Gateway'"], id="page"),
        pytest.param(api(404, 5, "Not Found"), ["does not know this call", "root of a ZITADEL"], id="unknown route"),
        pytest.param(api(400, 3, "invalid X"), ["does not accept what was sent", "invalid X"], id="invalid"),
        pytest.param(
            api(500, 2, "rpc error: code = InvalidArgument desc = invalid X ()"),
            ["does not accept what was sent", "invalid X"],
            id="invalid, wrapped",
        ),
        pytest.param(api(429, 8, "slow down"), ["is rate limited", "retries"], id="rate limit"),
        pytest.param(api(503, 14, "starting"), ["is not available", "retries"], id="unavailable"),
        pytest.param(api(500, 13, "internal"), ["ZITADEL failed (HTTP 500, code 13)", "internal"], id="internal"),
    ],
)
def test_what_a_refusal_means_to_a_user(refusal: Refusal, said: list[str]) -> None:
    text = explain(refusal, CONTEXT)
    for words in said:
        assert words in text
    if refusal.json and refusal.message:
        assert refusal.message in text


def test_the_roles_that_may_read() -> None:
    refusal = api(403, 7, "x (AUTH-5mWD2)")
    own = Context(URL, permission="org.read")
    assert "org.read in the service account's own organization" in explain(refusal, own)
    assert "VIEWER" in explain(refusal, own)
    assert "VIEWER" not in explain(refusal, CONTEXT)


def test_an_error_that_says_one_thing_more() -> None:
    first = WrongOrganization("A", read(404, {"code": 5}), fate=Fate(doubtful=True), result={"changed": True})
    error = first.adding("B.")
    assert (first.msg, error.msg) == ("A", "A. B.")
    assert isinstance(error, WrongOrganization)
    assert (error.refusal, error.fate, error.result) == (first.refusal, first.fate, first.result)
    error = ZitadelError("A.")
    assert error.error == {"status": None, "code": None, "id": None, "message": None}


# Through the client and the fake: the interface's last section.


def _login_as(site: Site, role: str | None, organization: str | None = None) -> None:
    user = site.fake.create_user(role, organization or site.org_id)
    site.connection = connection_to(site.fake, login=AccessToken(user.token))


SITUATIONS: list[tuple[str, Callable[[Site], object], dict[str, Any], list[str]]] = [
    ("expired token", lambda site: site.fake.expire_token(), {}, ["token was refused (HTTP 401)", "expired"]),
    ("viewer", lambda site: _login_as(site, "ORG_OWNER_VIEWER"), {}, ["permission org.write in organization {org}"]),
    ("no role", lambda site: _login_as(site, None), {}, ["The service account has no role in organization {org}"]),
    ("stranger", lambda site: _login_as(site, "ORG_OWNER", site.fake.home_id), {}, ["no role in organization {org}"]),
    ("unknown id", lambda site: None, {"org_id": "123"}, ["There is no organization 123 at {url}", "org_name"]),
    ("a name as the id", lambda site: None, {"org_id": "acme"}, ["There is no organization acme", "org_name"]),
    ("unknown name", lambda site: None, {"org_id": None, "org_name": "Acme"}, ["name 'Acme'", "{url}"]),
    ("unknown domain", lambda site: None, {"org_id": None, "org_domain": "a.b"}, ["the domain 'a.b'", "{url}"]),
    (
        "removed organization",
        lambda site: site.fake.change_state(site.org_id, "removed"),
        {},
        ["organization {org} at {url}: it has been removed"],
    ),
    (
        "removed in between",
        lambda site: site.fake.before(lambda _: site.fake.change_state(site.org_id, "removed"), path="/k$"),
        {},
        ["Cannot set the key 'k'", "organization {org} has been removed"],
    ),
    ("no answer", lambda site: site.fake.redirect("https://l/"), {}, ["{url} redirects to https://l/"]),
    (
        "quota",
        lambda site: site.fake.respond(429, {"code": 8, "message": "x (QUOTA-vjAy8)"}),
        {},
        ["instance {url} is blocked or has used up its quota"],
    ),
    ("long key", lambda site: None, {"key": "k" * 201}, ["key: the metadata key 'kkk", "201 characters"]),
    ("long value", lambda site: None, {"value": "v" * 500_001}, ["the value of 'k' has 500001 bytes"]),
]


@pytest.mark.parametrize(("prepare", "options", "said"), [pytest.param(*rest, id=name) for name, *rest in SITUATIONS])
def test_situations_that_a_user_must_understand(
    prepare: Callable[[Site], object], options: dict[str, Any], said: list[str]
) -> None:
    with FakeZitadel() as fake:
        site = Site(fake, {"other": "1"} if options.get("key") is None else {})
        prepare(site)
        error = site.fail(**{"key": "k", "value": "v", **options})
        for text in said:
            assert text.format(org=site.org_id, url=fake.url) in error.msg
        assert fake.token not in error.msg
        assert "k" not in site.metadata
        assert not error.result.get("changed")
