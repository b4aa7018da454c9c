# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the answers of real servers mean, and what an error carries."""

from __future__ import annotations

import collections
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.community.zitadel.plugins.module_utils._errors import (
    Fate,
    Refusal,
    WrongOrganization,
    ZitadelError,
    defect,
    json_object,
    sentences,
)
from ansible_collections.community.zitadel.plugins.module_utils._metadata import ABSENT_IDS

RECORDINGS = Path(__file__).parents[1] / "recordings"
RELEASES = ("3.4.9", "4.13.1")
RECORDED = (*RELEASES, "3.4.9-2", "4.7.0-2", "4.13.1-2")
WORDS = {
    "invalid_argument": 3,
    "not_found": 5,
    "permission_denied": 7,
    "failed_precondition": 9,
    "unauthenticated": 16,
}
ABSENT = ABSENT_IDS["organization"]


def refusals(recording: str) -> Iterator[tuple[str, int, Any]]:
    for line in (RECORDINGS / f"zitadel-v{recording}.jsonl").read_text().splitlines():
        exchange = json.loads(line)
        response = exchange["response"]
        if not 200 <= response["status"] < 300:
            yield exchange["name"], response["status"], response["body"]


def read(status: int, body: Any) -> Refusal:
    return Refusal.read(status, body.encode() if isinstance(body, str) else json.dumps(body).encode())


@pytest.mark.parametrize("recording", RECORDED)
def test_every_recorded_refusal_is_taken_apart(recording: str) -> None:
    for _name, status, body in refusals(recording):
        check(read(status, body), status, body)


def check(refusal: Refusal, status: int, body: Any) -> None:
    assert refusal.status == status
    assert refusal.json is isinstance(body, dict)
    if not isinstance(body, dict):
        assert (refusal.code, refusal.id, refusal.is_zitadel) == (None, None, False)
        assert (refusal.message or "") in " ".join(body.split())
        return
    code = body.get("code")
    assert refusal.code == (WORDS[code] if isinstance(code, str) else code)
    # Connect writes a word.
    assert refusal.is_zitadel is isinstance(code, int)
    assert refusal.message is not None
    assert refusal.message == (body.get("message") or body["error_description"])
    at_end = re.search(r"\(([A-Z0-9]+-\w+)\)$", refusal.message)
    assert refusal.id == (at_end[1] if at_end else None)
    ids = [detail["id"] for detail in body.get("details", []) if detail.get("id")]
    assert not ids or refusal.id == ids[0]
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
        (429, "grpc: received message larger than max (5 vs. 4)", True),
        (429, "grpc: trying to send message larger than max (5 vs. 4)", True),
        (429, "grpc: received message after decompression larger than max 4", True),
        (429, "message size 5 is larger than configured max 4", True),
        (429, "too many requests", False),
        (400, "message larger than max", False),
    ],
)
def test_every_wording_of_too_large(status: int, message: str, expected: bool) -> None:
    refusal = read(status, {"code": 8, "message": message})
    assert refusal.too_large is expected
    assert refusal.busy is (status == 429 and not expected)
    assert ZitadelError("no", refusal).too_large is expected


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


def test_an_error_that_says_one_thing_more() -> None:
    first = WrongOrganization("A", read(404, {"code": 5}), fate=Fate(doubtful=True), result={"changed": True})
    error = first.adding("B.")
    assert (first.msg, error.msg) == ("A", "A. B.")
    assert isinstance(error, WrongOrganization)
    assert (error.refusal, error.fate, error.result) == (first.refusal, first.fate, first.result)
    error = ZitadelError("A.")
    assert error.error == {"status": None, "code": None, "id": None, "message": None}


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        pytest.param(429, {"code": 8, "message": "slow down"}, Fate(transient=True, hopeless=True), id="rate limit"),
        pytest.param(503, "starting", Fate(doubtful=True, transient=True, hopeless=True), id="unavailable"),
        pytest.param(500, {"code": 2, "message": "(SQLSTATE 23505)"}, Fate(transient=True), id="two writers"),
        pytest.param(500, {"code": 13, "message": "internal"}, Fate(doubtful=True), id="internal"),
        pytest.param(401, "log in", Fate(hopeless=True), id="401"),
        pytest.param(401, {"code": "unauthenticated"}, Fate(hopeless=True), id="401 of Connect"),
        pytest.param(429, {"code": 8, "message": "larger than max"}, Fate(), id="too large"),
        pytest.param(429, {"code": 8, "message": "x (QUOTA-vjAy8)"}, Fate(), id="quota"),
        pytest.param(403, {"code": 7, "message": "no"}, Fate(), id="permission"),
    ],
)
def test_what_is_known_of_a_request(status: int, body: Any, expected: Fate) -> None:
    assert read(status, body).fate == expected


def test_a_doubt_stays_over_all_tries() -> None:
    doubtful = Fate(doubtful=True, transient=True)
    assert Fate(hopeless=True).after(doubtful) == Fate(doubtful=True, hopeless=True)
    assert doubtful.after(Fate()) == doubtful
    assert Fate().after(Fate(transient=True)) == Fate()


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (404, {"code": 5, "message": "Not Found"}, True),
        (404, {"code": "not_found", "message": "Not Found"}, True),
        (404, {"code": 5, "message": "Not Found", "details": [{"id": "X-1"}]}, False),
        (404, {"code": 5, "message": "membership not found (AUTHZ-cdgFk)"}, False),
        (404, "Not Found", False),
        (405, {"code": 5, "message": "Not Found"}, False),
    ],
    ids=str,
)
def test_a_call_that_the_server_does_not_know(status: int, body: Any, expected: bool) -> None:
    assert read(status, body).unknown_route is expected


@pytest.mark.parametrize(
    ("code", "message", "expected"),
    [
        ("invalid_argument", "value length must be between 1 and 500000 bytes", True),
        ("invalid_argument", "key length must be between 1 and 200 runes", False),
        ("internal", "value length must be between 1 and 500000 bytes", False),
    ],
)
def test_a_release_that_removes_nothing_by_an_empty_value(code: str, message: str, expected: bool) -> None:
    assert read(400, {"code": code, "message": f"validation error: metadata[1].{message}"}).empty_value is expected


def test_a_text_is_redacted_before_it_is_shortened() -> None:
    secret = "s" * 300

    def redact(text: str) -> str:
        return text.replace(secret, "********")

    assert Refusal.read(502, f"bad {secret}".encode(), redact=redact).message == "bad ********"
    refusal = Refusal.read(302, b"", f"https://a/{secret}", redact)
    assert refusal.location == "https://a/********"
    refusal = Refusal.read(429, b'{"code": 8, "message": "larger than max"}', redact=lambda _text: "********")
    # Its meaning does not depend on what is shown.
    assert (refusal.message, refusal.too_large) == ("********", True)
    assert "larger" not in repr(refusal)


def test_what_nobody_expected_shows_no_text() -> None:
    with pytest.raises(RuntimeError) as raised:
        raise RuntimeError("5ecret")
    error = defect(raised.value)
    assert re.search(r"RuntimeError in test_errors\.py, line \d+\. Please report it", error.msg)
    assert "5ecret" not in error.msg


@pytest.mark.parametrize("text", ["Yes.", "Yes!", "Yes?", "Yes…"])
def test_sentences_end(text: str) -> None:
    assert (sentences(text), sentences("Yes")) == (text, "Yes.")


@pytest.mark.parametrize("body", [b"", b"[]", b"null", b"\xff", b"[" * 100_000, b'{"a": 1'])
def test_what_is_no_json_object(body: bytes) -> None:
    assert json_object(body) is None
    assert json_object(b' {"a": 1}\n') == {"a": 1}
