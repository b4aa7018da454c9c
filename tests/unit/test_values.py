# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a user types, the bytes that are stored, and what is shown of them."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any

import pytest
from ansible_collections.community.zitadel.plugins.module_utils._errors import ZitadelError
from ansible_collections.community.zitadel.plugins.module_utils._values import (
    check_key,
    from_base64,
    from_user,
    named,
    shown,
    to_base64,
    to_text,
)
from hypothesis import given
from hypothesis import strategies as st

TEXT = st.text(st.characters(exclude_categories=["Cs"]), min_size=1)
JSON = st.recursive(
    st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner) | st.dictionaries(TEXT, inner),
    max_leaves=10,
)


@pytest.mark.parametrize(
    ("value", "stored"),
    [
        pytest.param("gold", b"gold", id="text"),
        pytest.param("Grüße 日本 😀", "Grüße 日本 😀".encode(), id="text beyond ASCII"),
        pytest.param(" a\r\n\tb ", b" a\r\n\tb ", id="blanks and line breaks stay"),
        pytest.param('{"b": 1, "a": 2}', b'{"b": 1, "a": 2}', id="text that looks like JSON stays text"),
        pytest.param("null", b"null", id="the text null"),
        pytest.param(" ", b" ", id="one blank"),
        pytest.param("\0", b"\0", id="NUL in a value"),
        pytest.param(True, b"true", id="true"),
        pytest.param(False, b"false", id="false"),
        pytest.param(3, b"3", id="integer"),
        pytest.param(0, b"0", id="zero"),
        pytest.param(2.5, b"2.5", id="float"),
        pytest.param(10**30, b"1" + b"0" * 30, id="big integer"),
        pytest.param({"b": 1, "a": [True, None, "ü"]}, '{"a":[true,null,"ü"],"b":1}'.encode(), id="canonical dict"),
        pytest.param({"z": {"y": 1, "x": 2}}, b'{"z":{"x":2,"y":1}}', id="canonical inside"),
        pytest.param([1, "two"], b'[1,"two"]', id="list"),
        pytest.param({}, b"{}", id="empty dict"),
        pytest.param([], b"[]", id="empty list"),
    ],
)
def test_values_are_stored_as_text_or_canonical_json(value: Any, stored: bytes) -> None:
    assert from_user(value, "value") == stored


@pytest.mark.parametrize(
    ("value", "said"),
    [
        pytest.param(None, "is null", id="null"),
        pytest.param("", "is empty", id="empty"),
        pytest.param("\ud800", "not UTF-8 text", id="lone surrogate"),
        pytest.param({"a": "\udc80"}, "not UTF-8 text", id="lone surrogate inside"),
        pytest.param("x" * 500_001, "has 500001 bytes", id="a byte too many"),
        pytest.param("ü" * 250_001, "has 500002 bytes", id="bytes count, not characters"),
        pytest.param(float("nan"), "as JSON", id="not a number"),
        pytest.param([float("inf")], "as JSON", id="infinity"),
        pytest.param({"a": object()}, "as JSON", id="no JSON type"),
        pytest.param({1: "a", "b": 2}, "as JSON", id="keys without an order"),
    ],
)
def test_values_that_cannot_be_stored_name_the_option(value: Any, said: str) -> None:
    with pytest.raises(ZitadelError, match=f"^metadata: the value of 'k' .*{said}"):
        from_user(value, "metadata: the value of 'k'")


@pytest.mark.parametrize("size", [1, 500_000])
def test_sizes_at_the_limits_are_taken(size: int) -> None:
    assert len(from_user("x" * size, "value")) == size
    assert len(from_base64(to_base64(b"x" * size), "value_b64")) == size


@given(TEXT)
def test_text_is_stored_as_utf8(text: str) -> None:
    assert from_user(text, "value").decode() == text


@given(JSON)
def test_json_comes_back_and_has_one_form(value: Any) -> None:
    stored = from_user(value, "value")
    assert isinstance(value, str) or json.loads(stored) == value
    if isinstance(value, dict):
        assert from_user(dict(reversed(value.items())), "value") == stored


@given(st.binary(min_size=1))
def test_bytes_come_back_from_base64(data: bytes) -> None:
    assert from_base64(to_base64(data), "value_b64") == data


@given(st.binary(min_size=40), st.sampled_from(["\n", "\r\n", " ", "\t", "\n  "]), st.integers(1, 76))
def test_line_breaks_in_base64_are_ignored(data: bytes, separator: str, width: int) -> None:
    text = to_base64(data)
    lines = separator.join(text[start : start + width] for start in range(0, len(text), width))
    assert from_base64(f"{separator}{lines}{separator}", "value_b64") == data


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param("dg", "not base64", id="not padded"),
        pytest.param("dg=", "not base64", id="half padded"),
        pytest.param("-_-_", "not base64", id="the alphabet for URLs"),
        pytest.param("plain text!", "not base64", id="plain text"),
        pytest.param("dg==dg==", "not base64", id="two in a row"),
        pytest.param("=", "not base64", id="padding only"),
        pytest.param("Grüße", "not base64", id="not ASCII"),
        pytest.param("\ud800", "not base64", id="lone surrogate"),
        pytest.param("", "is empty", id="empty"),
        pytest.param(" \n", "is empty", id="blanks"),
        pytest.param(None, "is null", id="null"),
        pytest.param(True, "not base64", id="true"),
        pytest.param({"a": 1}, "not base64", id="dict"),
        pytest.param(base64.b64encode(b"x" * 500_001).decode(), "has 500001 bytes", id="a byte too many"),
    ],
)
def test_what_is_no_base64_is_refused(text: Any, said: str) -> None:
    with pytest.raises(ZitadelError, match=f"^value_b64 .*{said}"):
        from_base64(text, "value_b64")


def test_errors_do_not_show_values() -> None:
    for convert, value in (
        (from_user, "topsecret\ud800"),
        (from_user, {"topsecret": object()}),
        (from_base64, "topsecret!"),
    ):
        with pytest.raises(ZitadelError) as caught:
            convert(value, "value")
        assert "topsecret" not in caught.value.msg


@pytest.mark.parametrize("key", ["k", " ", "k" * 200, "日" * 200, "😀" * 200, "a/b", "_bulk", "..", "\t", "ü\n"])
def test_keys_of_1_to_200_characters_are_taken(key: str) -> None:
    assert check_key(key, "key") == key


@pytest.mark.parametrize(
    ("key", "said"),
    [
        pytest.param("", "is empty", id="empty"),
        pytest.param("k" * 201, "has 201 characters", id="a character too many"),
        pytest.param("😀" * 201, "has 201 characters", id="characters count, not bytes"),
        pytest.param("a\0b", "NUL", id="NUL"),
        pytest.param("\udc80", "not UTF-8 text", id="lone surrogate"),
    ],
)
def test_keys_that_cannot_be_stored_name_the_option(key: str, said: str) -> None:
    with pytest.raises(ZitadelError, match=f"^absent_keys: .*{said}") as caught:
        check_key(key, "absent_keys")
    assert len(caught.value.msg) < 250


def test_a_long_key_is_named_by_its_beginning() -> None:
    with pytest.raises(ZitadelError, match="'abcd"):
        check_key("abcd" * 100, "key")


@given(st.binary())
def test_only_text_is_shown(data: bytes) -> None:
    try:
        text = data.decode()
    except UnicodeDecodeError:
        assert to_text(data) is None
        assert shown(data) == f"<binary, {len(data)} bytes, sha256:{hashlib.sha256(data).hexdigest()}>"
    else:
        assert to_text(data) == shown(data) == text


@pytest.mark.parametrize(
    ("changed", "text"),
    [(False, "<sensitive, 5 bytes>"), (True, "<sensitive, 5 bytes, changed>")],
    ids=["new or removed", "changed"],
)
@pytest.mark.parametrize("value", [b"plain", b"\xff\xfe\xfd\xfc\xfb"], ids=["text", "binary"])
def test_sensitive_values_show_their_size_only(value: bytes, changed: bool, text: str) -> None:
    assert shown(value, sensitive=True, changed=changed) == text


@pytest.mark.parametrize(
    ("keys", "text"),
    [
        (["k"], "the key 'k'"),
        (["b", "a"], "2 keys ('a', 'b')"),
        (list("edcba"), "5 keys ('a', 'b', 'c', 'd', 'e')"),
        ([f"k{number}" for number in range(9)], "9 keys ('k0', 'k1', 'k2', 'k3', 'k4', …)"),
    ],
)
def test_messages_name_a_few_keys(keys: list[str], text: str) -> None:
    assert named(keys) == text
