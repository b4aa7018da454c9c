# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Many keys in one task: metadata, absent_keys and purge, how few calls they take, and that nothing else is sent."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from integration.harness import Ansible, Run, details_of, keys_sent, task
from integration.server import Zitadel

SEARCH = "POST /metadata/_search"
PROOF = "GET /orgs/me"
PERMISSION = "POST /auth/v1/permissions/zitadel/me/_search"
SET = "POST /metadata/_bulk"
REMOVE = "DELETE /metadata/_bulk"
WITH_DIFF = ("new", "mixed", "mixed, in check mode", "purge, in check mode")

Lists = tuple[list[str], list[str], list[str], list[str]]


@pytest.fixture(scope="module")
def fake() -> Iterator[Zitadel]:
    with Zitadel(scramble_order=True) as fake:
        yield fake


@pytest.fixture(scope="module")
def run(ansible: Ansible, fake: Zitadel) -> Run:
    acme = fake.create_organization("acme", metadata={"note": "mine"})
    purged = fake.create_organization(
        "purged", metadata={"a": "1", "b": "1", "tenant/a": "1", "tenant/note_1": "1", "tenant/Note_2": "1"}
    )
    some = {"org_id": acme, "metadata": {"a": "1", "b": "2"}, "metadata_b64": {"c": "/w=="}}
    mixed = {"org_id": acme, "metadata": {"a": "1", "b": "3", "d": "4"}, "absent_keys": ["c", "never"]}
    owned = {
        "org_id": purged,
        "metadata": {"tenant/b": "2"},
        "purge": True,
        "purge_prefix": "tenant/",
        "keep": ["tenant/note_*"],
    }
    return ansible.run(
        fake,
        [
            task("new, in check mode", some, check_mode=True),
            task("new", some, diff=True),
            task("unchanged", some),
            task("mixed, in check mode", mixed, check_mode=True, diff=True),
            task("mixed", mixed, diff=True),
            task("mixed again", mixed),
            task("absent", {"org_id": acme, "state": "absent", "metadata": {"a": None, "d": "ignored"}}),
            task("absent, one in base64", {"org_id": acme, "state": "absent", "metadata_b64": {"b": "%"}}),
            task("absent_keys alone", {"org_id": acme, "absent_keys": ["b", "x"]}),
            task("absent_keys beside key", {"org_id": acme, "key": "e", "value": "5", "absent_keys": ["b", "y"]}),
            task("none asked for", {"org_id": acme, "absent_keys": []}),
            task("empty metadata", {"org_id": acme, "metadata": {}}),
            task("too many removals", {**owned, "max_removals": 1}),
            task("purge, in check mode", {**owned, "max_removals": 2}, check_mode=True, diff=True),
            task("purge", {**owned, "max_removals": 2}),
            task("purge again", {**owned, "max_removals": 0}),
            task("purge all but a", {"org_id": purged, "metadata": {"a": "1"}, "purge": True, "keep": ["none"]}),
        ],
    )


@pytest.mark.parametrize(
    ("name", "lists", "calls"),
    [
        ("new, in check mode", (["a", "b", "c"], [], [], []), [SEARCH, PERMISSION]),
        ("new", (["a", "b", "c"], [], [], []), [SEARCH, SET, SEARCH]),
        ("unchanged", ([], [], [], ["a", "b", "c"]), [SEARCH]),
        ("mixed, in check mode", (["d"], ["b"], ["c"], ["a", "never"]), [SEARCH, PERMISSION]),
        ("mixed", (["d"], ["b"], ["c"], ["a", "never"]), [SEARCH, SET, "DELETE /metadata/c", SEARCH]),
        ("mixed again", ([], [], [], ["a", "b", "c", "d", "never"]), [SEARCH]),
        ("absent", ([], [], ["a", "d"], []), [SEARCH, REMOVE, SEARCH]),
        ("absent, one in base64", ([], [], ["b"], []), [SEARCH, "DELETE /metadata/b", SEARCH]),
        ("absent_keys alone", ([], [], [], ["b", "x"]), [SEARCH]),
        ("absent_keys beside key", (["e"], [], [], ["b", "y"]), [SEARCH, "POST /metadata/e", SEARCH]),
        ("none asked for", ([], [], [], []), [PROOF]),
        ("empty metadata", ([], [], [], []), [PROOF]),
        ("purge, in check mode", (["tenant/b"], [], ["tenant/Note_2", "tenant/a"], []), [SEARCH, PERMISSION]),
        ("purge", (["tenant/b"], [], ["tenant/Note_2", "tenant/a"], []), [SEARCH, SET, REMOVE, SEARCH]),
        ("purge again", ([], [], [], ["tenant/b"]), [SEARCH]),
        ("purge all but a", ([], [], ["b", "tenant/b", "tenant/note_1"], ["a"]), [SEARCH, REMOVE, SEARCH]),
    ],
)
def test_what_is_sent_and_returned(run: Run, name: str, lists: Lists, calls: list[str]) -> None:
    result = run[name]
    assert not result.failed
    assert result.written == lists
    assert result["changed"] is any(lists[:3])
    assert run.calls(name) == calls
    if not name.endswith("check mode"):
        assert sorted(keys_sent(run.requests(name))) == sorted(lists[0] + lists[1] + lists[2])


def test_the_prefix_is_filtered_by_the_server(run: Run) -> None:
    (read,) = run.requests("purge again")
    assert read.json["queries"] == [{"keyQuery": {"key": "tenant/", "method": "TEXT_QUERY_METHOD_STARTS_WITH"}}]


def test_purge_beyond_max_removals_writes_nothing(run: Run) -> None:
    result = run["too many removals"]
    assert result.failed
    assert not run.writes("too many removals")
    assert result["changed"] is False
    assert "would remove 2 keys ('tenant/Note_2', 'tenant/a')" in result["msg"]
    assert "max_removals allows 1" in result["msg"]


def test_details_are_those_of_the_key_that_was_set_last(run: Run) -> None:
    acme = run["new"]["org_id"]
    assert run["new, in check mode"]["details"] == details_of({}, "c", acme)
    new = details_of(run.entries("new", acme), "c", acme)
    assert run["new"]["details"] == run["unchanged"]["details"] == new
    mixed = {key: entry for key, entry in run.entries("mixed", acme).items() if key in ("a", "b", "d")}
    last = max(mixed, key=lambda key: mixed[key].sequence)
    assert run["mixed"]["details"] == details_of(mixed, last, acme)


def test_the_diff_shows_affected_keys_only(run: Run) -> None:
    binary = "<binary, 1 bytes, sha256:a8100ae6aa1940d0b663bb31cd466142ebbdbd5187131b92d93818987832eb89>"
    shown = {name: (run[name]["diff"]["before"], run[name]["diff"]["after"]) for name in WITH_DIFF}
    assert shown["new"] == ({}, {"a": "1", "b": "2", "c": binary})
    assert shown["mixed"] == shown["mixed, in check mode"] == ({"b": "2", "c": binary}, {"b": "3", "d": "4"})
    assert shown["purge, in check mode"] == ({"tenant/a": "1", "tenant/Note_2": "1"}, {"tenant/b": "2"})


def test_what_the_server_holds(run: Run, fake: Zitadel) -> None:
    assert fake.metadata(run["new"]["org_id"]) == {"note": b"mine", "e": b"5"}
    assert fake.metadata(run["purge"]["org_id"]) == {"a": b"1"}
    assert run.entries("purge", run["purge"]["org_id"]).keys() == {"a", "b", "tenant/b", "tenant/note_1"}


def test_25_values_of_400_kb_behind_a_proxy_that_takes_1_mib(ansible: Ansible) -> None:
    names = [f"blob{number:02}" for number in range(25)]
    value = "{{ 'x' * 399000 + item_number | string }}"
    metadata = {name: value.replace("item_number", str(number)) for number, name in enumerate(names)}
    with Zitadel(max_body=1 << 20) as fake:
        acme = fake.create_organization("acme")
        wanted = {"org_id": acme, "metadata": metadata}
        run = ansible.run(
            fake,
            [
                task("set", wanted, no_log=True, register="set"),
                task("again", wanted, no_log=True),
                task("purge", {"org_id": acme, "metadata": {"blob03": metadata["blob03"]}, "purge": True}, no_log=True),
            ],
        )
        assert run.rc == 0, run.output
        assert "ignored=0" in run.output
        held = run.entries("set", acme)
        assert {name: entry.value for name, entry in held.items()} == {
            name: b"x" * 399000 + str(number).encode() for number, name in enumerate(names)
        }
        sets = run.writes("set")
        assert sorted(keys_sent(sets)) == names
        assert max(len(request.body) for request in sets) <= 1_000_000
        assert not run.writes("again")
        assert sorted(keys_sent(run.writes("purge"))) == [name for name in names if name != "blob03"]
        assert fake.metadata(acme).keys() == {"blob03"}
