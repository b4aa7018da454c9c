# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Servers and proxies repeat what they got in many forms. None of them shows a secret."""

from __future__ import annotations

import base64
import json
import re
import urllib.parse
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from ansible_collections.community.zitadel.plugins.module_utils._redaction import redact
from ansible_collections.community.zitadel.plugins.modules import zitadel_org_metadata_bulk
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fake_zitadel import FakeZitadel
from unit.helpers import Runner

# No form changes these parts, so that one of them in the output is a leak.
PARTS = ("alpha5", "bravo5", "charlie5", "delta5", "foxtrot5")
TEXT = 'alpha5"bravo5\\charlie5<&>\n\t für  delta5 +/%=😀\x07foxtrot5'
LINE = 'alpha5"bravo5\\charlie5<&>\t ü  delta5 +/%=foxtrot5'
WORD = 'alpha5"bravo5\\charlie5<&>delta5+/%=foxtrot5'


def go_json(text: str) -> str:
    """As encoding/json of Go writes it."""
    written = json.dumps(text, ensure_ascii=False)[1:-1]
    for character in "<>&":
        written = written.replace(character, f"\\u{ord(character):04x}")
    return written


def go_quoted(text: str) -> str:
    """As %q of Go writes it."""
    names = {"\\": "\\\\", '"': '\\"', "\a": "\\a", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
    names["\v"] = "\\v"

    def quoted(character: str) -> str:
        number = ord(character)
        if character in names:
            return names[character]
        if character.isprintable():
            return character
        if number < 0x80:
            return f"\\x{number:02x}"
        return f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"

    return "".join(map(quoted, text))


def lower_escapes(text: str) -> str:
    return re.sub("%[0-9A-F]{2}", lambda escape: escape[0].lower(), urllib.parse.quote(text, safe=""))


FORMS: dict[str, Callable[[str], str]] = {
    "as it is": str,
    "whitespace collapsed": lambda text: " ".join(text.split()),
    "JSON": lambda text: json.dumps(text)[1:-1],
    "JSON with all letters": lambda text: json.dumps(text, ensure_ascii=False)[1:-1],
    "JSON of Go": go_json,
    "quoted by Go": go_quoted,
    "percent-encoded": lambda text: urllib.parse.quote(text, safe=""),
    "percent-encoded but slashes": urllib.parse.quote,
    "percent-encoded in lower case": lower_escapes,
    "as a form": urllib.parse.quote_plus,
}
SOME_FORMS = ("JSON of Go", "quoted by Go", "percent-encoded", "as a form")
ANSWERS: dict[str, Callable[[str], Any]] = {
    "JSON": lambda text: {"code": 3, "message": f"before {text} behind"},
    "text": lambda text: f"before {text} behind",
    "title": lambda text: f"<title>before {text} behind</title>",
}


def texts(found: Any) -> Iterator[str]:
    """Every text in a result, the names of its fields too."""
    if isinstance(found, str):
        yield found
    elif isinstance(found, dict):
        for name, value in found.items():
            yield name
            yield from texts(value)
    elif isinstance(found, list):
        for value in found:
            yield from texts(value)


def shown(runner: Runner, result: dict[str, Any]) -> str:
    """All that leaves the module."""
    return "\n".join([runner.output, *texts(result), *runner.log])


def assert_redacted(runner: Runner, result: dict[str, Any], parts: tuple[str, ...] = PARTS) -> None:
    assert result["failed"] is True
    found = shown(runner, result)
    assert not [part for part in parts if part in found]


@pytest.mark.parametrize("answer", ANSWERS)
@pytest.mark.parametrize("form", FORMS)
def test_a_sensitive_value_in_an_answer(runner: Runner, fake: FakeZitadel, form: str, answer: str) -> None:
    fake.respond(400, ANSWERS[answer](FORMS[form](TEXT)), path="/k$")
    result = runner.run(org_id=fake.home_id, key="k", value=TEXT, sensitive=True)
    assert_redacted(runner, result)
    assert re.search("before .* behind", result["msg"], re.DOTALL)


SECRETS: dict[str, tuple[str, dict[str, Any]]] = {
    "token": (WORD, {"token": WORD}),
    "header": (LINE, {"headers": {"X-Proxy": LINE}}),
    "client secret": (TEXT, {"token": None, "client_id": "robot", "client_secret": TEXT}),
    "bytes": (TEXT, {"value": None, "value_b64": base64.b64encode(TEXT.encode()).decode(), "sensitive": True}),
}


@pytest.mark.parametrize("form", SOME_FORMS)
@pytest.mark.parametrize("secret", SECRETS)
def test_other_secrets_in_an_answer(runner: Runner, fake: FakeZitadel, secret: str, form: str) -> None:
    text, options = SECRETS[secret]
    fake.respond(400, ANSWERS["JSON"](FORMS[form](text)), path="/k$" if secret == "bytes" else None)
    assert_redacted(runner, runner.run(**{"org_id": fake.home_id, "key": "k", "value": "v", **options}))


@pytest.mark.parametrize("form", ["whitespace collapsed", "JSON"])
def test_a_private_key_in_an_answer(runner: Runner, fake: FakeZitadel, form: str) -> None:
    key = fake.create_key(fake.create_user("IAM_OWNER"))
    fake.respond(400, ANSWERS["text"](FORMS[form](key["key"])), path="token")
    result = runner.run(token=None, key_json=key, org_id=fake.home_id, key="k", value="v")
    assert_redacted(runner, result, tuple(re.findall("[A-Za-z0-9]{12,}", key["key"])))


def test_a_sensitive_value_of_an_entry(runner: Runner, fake: FakeZitadel) -> None:
    fake.respond(400, ANSWERS["JSON"](go_quoted(TEXT)), path="/k$")
    entry = {"org_id": fake.home_id, "metadata": {"k": TEXT}, "sensitive": True}
    assert_redacted(runner, runner.run(zitadel_org_metadata_bulk.main, organizations=[entry]))


def test_bytes_that_are_no_text(runner: Runner, fake: FakeZitadel) -> None:
    value = b"alpha5\xff\x00bravo5\xfe"
    fake.respond(400, ANSWERS["JSON"]("alpha5\\xff\\x00bravo5\\xfe"), path="/k$")
    result = runner.run(org_id=fake.home_id, key="k", value_b64=base64.b64encode(value).decode(), sensitive=True)
    assert_redacted(runner, result)


def test_base64_that_is_percent_encoded(runner: Runner, fake: FakeZitadel) -> None:
    value = base64.b64encode(b"\xff\xfe\xfb\xef" * 9).decode()
    assert "+" in value
    assert "/" in value
    escaped = urllib.parse.quote(value, safe="")
    fake.respond(400, ANSWERS["JSON"](escaped), path="/k$")
    result = runner.run(org_id=fake.home_id, key="k", value_b64=value, sensitive=True)
    assert_redacted(runner, result, (escaped, escaped[:40], value))


LONG = "\n".join(f'line {number}: "alpha5" = ü, <bravo5>' for number in range(100))


@pytest.mark.parametrize("form", SOME_FORMS)
def test_a_long_value_that_the_server_has_cut_off(runner: Runner, fake: FakeZitadel, form: str) -> None:
    for limit in (100, 102, 107, 115):  # also within an escape
        cut = FORMS[form](LONG)[:limit]
        fake.respond(400, {"code": 3, "message": f"before {cut}... behind"}, path="/k$")
        result = runner.run(org_id=fake.home_id, key="k", value=LONG, sensitive=True)
        assert_redacted(runner, result)


@pytest.mark.parametrize(
    "page",
    [
        pytest.param("x" * 180 + " {}", id="text"),
        pytest.param("<title>" + "x" * 180 + " {}</title>", id="title"),
        pytest.param(" " * 9_980 + "{}", id="behind many blanks"),
    ],
)
def test_an_answer_that_is_shortened_within_a_secret(runner: Runner, fake: FakeZitadel, page: str) -> None:
    token = "alpha5bravo5" * 10
    fake.respond(400, page.format(token))
    assert_redacted(runner, runner.run(token=token, org_id=fake.home_id, key="k", value="v"))


def test_a_redirect_that_repeats_a_token(runner: Runner, fake: FakeZitadel) -> None:
    fake.redirect(f"https://login.example.com/{urllib.parse.quote(WORD, safe='')}/again")
    result = runner.run(token=WORD, org_id=fake.home_id, key="k", value="v")
    assert_redacted(runner, result)
    assert "redirects to https://login.example.com/" in result["msg"]


HEADERS = [
    pytest.param("Bearer alpha5.bravo5", "token alpha5.bravo5 has expired", id="token"),
    pytest.param("Bearer alpha5+bravo5=", "token alpha5%2Bbravo5%3D has expired", id="token, percent-encoded"),
    pytest.param("theme=dark; session=alpha5-bravo5", "no session alpha5-bravo5", id="cookie"),
]


@pytest.mark.parametrize(("value", "said"), HEADERS)
@pytest.mark.parametrize("answer", ANSWERS)
def test_a_word_of_a_header_in_an_answer(runner: Runner, fake: FakeZitadel, value: str, said: str, answer: str) -> None:
    fake.respond(403, ANSWERS[answer](said))
    result = runner.run(
        org_id=fake.home_id, key="k", value="v", headers={"Proxy-Authorization": value}, api_version="v1"
    )
    assert_redacted(runner, result)
    assert result["error"]["status"] == 403


def test_words_of_headers_are_left_in_our_own_text(runner: Runner, fake: FakeZitadel) -> None:
    headers = {"Proxy-Authorization": "Cannot alpha5 read", "X-Proxy": "organization", "X-Other": "the metadata of"}
    fake.fail(500, 13, "token alpha5 has expired")
    result = runner.run(org_id=fake.home_id, key="k", value="v", headers=headers)
    assert_redacted(runner, result)
    assert result["msg"].startswith(f"Cannot read the metadata of organization {fake.home_id}")
    assert "has expired" in result["msg"]


# A password in url

URLS = [
    pytest.param("https://robot:alpha5bravo5@id.example.com", id="usual"),
    pytest.param(" https://robot:alpha5bravo5@id.example.com/ ", id="whitespace around"),
    pytest.param("https://robot:alpha5@bravo5@id.example.com", id="with @"),
    pytest.param("https://robot:alpha5/bravo5@id.example.com", id="with /"),
    pytest.param("https://robot:alpha5#bravo5@id.example.com", id="with #"),
    pytest.param("https://robot:alpha5?bravo5@id.example.com", id="with ?"),
    pytest.param("https://robot:alpha5 bravo5@id.example.com", id="with a blank"),
    pytest.param("https://robot:alpha5%40bravo5@id.example.com", id="percent-encoded"),
    pytest.param("https://:alpha5@id.example.com", id="no user"),
    pytest.param("https://robot:alpha5@", id="no host"),
    pytest.param("https://robot:alpha5@[::1", id="broken host"),
    pytest.param("https://robot:alpha5@id.example.com:port", id="broken port"),
    pytest.param("ftp://robot:alpha5@id.example.com", id="another scheme"),
    pytest.param("robot:alpha5@id.example.com", id="no scheme"),
    pytest.param("//robot:alpha5@id.example.com", id="no scheme, but slashes"),
    pytest.param("robot:alpha5@id.example.com:8080/path", id="no scheme, port and path"),
]


@pytest.mark.parametrize("url", URLS)
def test_a_password_in_url(runner: Runner, monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    options = {"org_id": "1", "key": "k", "value": "v"}
    result = runner.run(url=url, **options)
    assert_redacted(runner, result)
    assert "url" in result["msg"]
    monkeypatch.setenv("ZITADEL_URL", url)
    result = runner.run(url=None, **options)
    assert_redacted(runner, result)
    assert "url" in result["msg"].lower()


@pytest.mark.parametrize("more", [{"retries": "many"}, {"tokn": "x"}], ids=["wrong type", "misspelt"])
def test_a_password_in_url_where_another_option_is_wrong(
    runner: Runner, monkeypatch: pytest.MonkeyPatch, more: dict[str, Any]
) -> None:
    url = "https://robot:alpha5bravo5@id.example.com"
    options = {"org_id": "1", "key": "k", "value": "v", **more}
    assert_redacted(runner, runner.run(url=url, **options))
    monkeypatch.setenv("ZITADEL_URL", url)
    assert_redacted(runner, runner.run(url=None, **options))


@pytest.mark.parametrize("url", [["https://robot:alpha5@a"], {"https://robot:alpha5@a": None}], ids=["list", "dict"])
def test_a_password_in_a_url_that_is_no_text(runner: Runner, url: Any) -> None:
    assert_redacted(runner, runner.run(url=url, org_id="1", key="k", value="v"))


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    middle=st.text(st.characters(exclude_categories=["Cs"]), min_size=3, max_size=60),
    form=st.sampled_from(sorted(FORMS)),
    answer=st.sampled_from(sorted(ANSWERS)),
)
def test_any_value_in_any_form(runner: Runner, fake: FakeZitadel, middle: str, form: str, answer: str) -> None:
    value = f"alpha5{middle}bravo5"
    fake.respond(400, ANSWERS[answer](FORMS[form](value)), path="/k$")
    assert_redacted(runner, runner.run(org_id=fake.home_id, key="k", value=value, sensitive=True))


def test_our_own_text() -> None:
    """Only what is there as it is: our words are never parts of a secret."""
    assert redact("the key abc-def of abc", ["abc", "abc-def", ""]) == "the key ******** of ********"
    assert redact("Bearer  token", ["Bearer token"]) == "Bearer  token"
