# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How values and keys are put into calls."""

from __future__ import annotations

import itertools
import json
import urllib.parse
from collections.abc import Sequence

import pytest
from ansible_collections.community.zitadel.plugins.module_utils._auth import AccessToken
from ansible_collections.community.zitadel.plugins.module_utils._connection import Connection
from ansible_collections.community.zitadel.plugins.module_utils._metadata import Owner, Write
from ansible_collections.community.zitadel.plugins.module_utils._metadata_v1 import MetadataV1
from ansible_collections.community.zitadel.plugins.module_utils._transport import ConnectionOptions
from ansible_collections.community.zitadel.plugins.module_utils._values import from_base64
from hypothesis import given, settings
from hypothesis import strategies as st

METADATA = MetadataV1(
    Connection(ConnectionOptions("http://localhost:1", AccessToken("a"))), Owner("organization", "1", "1")
)
KEYS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=200)
SIZES = st.integers(1, 50) | st.sampled_from([1000, 100_000, 249_000, 375_000, 499_999, 500_000])


def check_pieces(writes: Sequence[Write], method: str, keys: Sequence[str]) -> None:
    assert [key for write in writes for key in write.values] == list(keys)
    for write in writes:
        assert write.method == method
        assert write.path == "/management/v1/metadata/_bulk"
        assert write.body is not None
        assert len(write.body) <= 1_000_000
        assert 1 <= len(write.values) <= 10_000
    for first, second in itertools.pairwise(writes):
        # No more calls than needed: what begins the second does not fit into the first.
        assert first.body is not None
        assert second.body is not None
        (opening,) = {"POST": [b'{"metadata":['], "DELETE": [b'{"keys":[']}[method]
        items = json.loads(second.body)["metadata" if method == "POST" else "keys"]
        item = json.dumps(items[0], ensure_ascii=False, separators=(",", ":")).encode()
        assert second.body.startswith(opening + item)
        assert len(first.values) == 10_000 or len(first.body) + 1 + len(item) > 1_000_000 - 1


@settings(max_examples=40)
@given(st.dictionaries(KEYS, SIZES, min_size=2, max_size=12))
def test_every_value_is_in_exactly_one_piece(sizes: dict[str, int]) -> None:
    values = {key: bytes([len(key) % 256]) * size for key, size in sizes.items()}
    writes = list(METADATA.writes(values))
    check_pieces(writes, "POST", list(values))
    sent = [item for write in writes for item in json.loads(write.body or b"")["metadata"]]
    assert {item["key"]: from_base64(item["value"], "value") for item in sent} == values


@given(st.lists(KEYS, min_size=2, unique=True))
def test_every_key_to_remove_is_in_exactly_one_piece(keys: list[str]) -> None:
    writes = list(METADATA.writes(dict.fromkeys(keys)))
    check_pieces(writes, "DELETE", keys)
    assert [key for write in writes for key in json.loads(write.body or b"")["keys"]] == keys


@pytest.mark.parametrize("count", [9_999, 10_000, 10_001, 25_000])
def test_many_small_ones(count: int) -> None:
    keys = [f"k{number}" for number in range(count)]
    for writes, method in (
        (list(METADATA.writes(dict.fromkeys(keys, b"v"))), "POST"),
        (list(METADATA.writes(dict.fromkeys(keys))), "DELETE"),
    ):
        check_pieces(writes, method, keys)
        assert len(writes) == -(-count // 10_000)


@pytest.mark.parametrize("key", ["k" * 200, "😀" * 200, '"' * 200, "\x01" * 200])
def test_long_keys_fill_a_call_by_bytes(key: str) -> None:
    keys = [f"{number:05}{key[5:]}" for number in range(9_000)]
    check_pieces(list(METADATA.writes(dict.fromkeys(keys))), "DELETE", keys)


def test_a_call_that_is_just_large_enough() -> None:
    # 4,999 keys make up 200 bytes each with quotes and comma; the last one leads over the limit byte by byte.
    keys = [f"{number:04}{'k' * 193}" for number in range(4_999)]
    counts = []
    for length in range(150, 200):
        writes = list(METADATA.writes(dict.fromkeys([*keys, "z" * length])))
        check_pieces(writes, "DELETE", [*keys, "z" * length])
        counts.append(len(writes))
    assert counts == sorted(counts)
    assert set(counts) == {1, 2}


def test_nothing_to_write_makes_no_call() -> None:
    assert not list(METADATA.writes({}))
    assert not list(METADATA.writes(dict.fromkeys([])))


@given(
    KEYS
    | st.text("abcXYZ019-._~", min_size=1)
    | st.sampled_from([".", "..", "...", "_bulk", "_search", "_Bulk", "a/b", "/", "a%2Fb", "a b", "a\n", "ü", "+", ":"])
)
def test_only_unreserved_keys_travel_in_the_path(key: str) -> None:
    (write,) = METADATA.writes({key: b"v"})
    (removal,) = METADATA.writes(dict.fromkeys([key]))
    if urllib.parse.quote(key, safe="") == key and key not in (".", "..", "_bulk", "_search"):
        assert write.path == removal.path == f"/management/v1/metadata/{key}"
        assert json.loads(write.body or b"") == {"value": "dg=="}
        assert removal.body is None
    else:
        assert write.path == removal.path == "/management/v1/metadata/_bulk"
        assert json.loads(write.body or b"") == {"metadata": [{"key": key, "value": "dg=="}]}
        assert json.loads(removal.body or b"") == {"keys": [key]}
    assert write.values.keys() == removal.values.keys() == {key}
    assert (write.method, removal.method) == ("POST", "DELETE")
