# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Users through playbooks: a loop inside the controller, the lookup, and what a failure returns."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from integration.harness import Ansible, Run, processes, task
from integration.server import Zitadel

pytestmark = pytest.mark.every_core

WRITE, READ, LIST = "zitadel_user_metadata", "zitadel_user_metadata_info", "zitadel_user_info"
LOOKUP = "{{ lookup('community.zitadel.zitadel_user_metadata', 'tier', login_name='jane') }}"
ALL = "{{ lookup('community.zitadel.zitadel_user_metadata', key_prefix='a/') }}"
UNKNOWN = "{{ lookup('community.zitadel.zitadel_user_metadata', 'tier', login_name='nobody', default='x') }}"
GOES_ON = {"ignore_errors": True}
MISSING = "{{ lookup('community.zitadel.zitadel_user_metadata', 'no/key', email='jane@example.com') }}"


@pytest.fixture(scope="module")
def played(ansible: Ansible) -> Iterator[tuple[Run, Zitadel]]:
    with Zitadel() as fake:
        acme = fake.create_organization("acme")
        jane = fake.create_human("jane", acme, email="jane@example.com", metadata={"tier": "silver"})
        connection = {"zitadel_url": fake.url, "zitadel_token": fake.token, "zitadel_user_id": jane.user_id}
        tasks = [
            task("loop", {"login_name": "jane", "key": "{{ item }}", "value": "1"}, WRITE, loop=["a/b", "a/ü"]),
            task("planned", {"login_name": "jane", "key": "tier", "value": "gold"}, WRITE, check_mode=True),
            task("read", {"email": "jane@example.com"}, READ),
            task("listed", {"has_metadata": {"tier": "silver"}}, LIST),
            task("unknown", {"user_id": "1", "key": "tier", "state": "absent"}, WRITE),
            task("number", {"login_name": "jane", "metadata": "{{ {1: 'x'} }}"}, WRITE),
            {"name": "lookup", "ansible.builtin.debug": {"msg": LOOKUP}, "vars": connection},
            {"name": "lookup of all", "ansible.builtin.debug": {"msg": ALL}, "vars": connection},
            {"name": "lookup: unknown", "ansible.builtin.debug": {"msg": UNKNOWN}, "vars": connection, **GOES_ON},
            {"name": "lookup: missing", "ansible.builtin.debug": {"msg": MISSING}, "vars": connection, **GOES_ON},
            task("filter by a number", {"has_metadata": "{{ {1: 'x'} }}"}, LIST),
        ]
        # A host of an organization needs no organization here.
        yield ansible.run(fake, tasks, args=["-vvvv", "--diff"], vars={"zitadel_org_id": acme}), fake


def test_it_runs_inside_the_controller(played: tuple[Run, Zitadel]) -> None:
    assert processes(played[0]) == set()


def test_what_is_written_and_read(played: tuple[Run, Zitadel]) -> None:
    run, fake = played
    assert [item["added"] for item in run.items("loop")] == [["a/b"], ["a/ü"]]
    assert run["loop"]["changed"] is True
    assert "(jane)" in run.items("loop")[0]["diff"]["before_header"]
    assert run["planned"]["updated"] == ["tier"]
    assert run["read"]["metadata"] == {"tier": "silver", "a/b": "1", "a/ü": "1"}
    assert [user["login_name"] for user in run["listed"]["users"]] == ["jane"]
    assert run["lookup"]["msg"] == "silver"
    assert run["lookup of all"]["msg"] == {"a/b": "1", "a/ü": "1"}
    assert len([request for request in fake.requests if request.modifies]) == 2


def test_a_lookup_that_fails(played: tuple[Run, Zitadel]) -> None:
    run, _fake = played
    # A default is for keys, not for users.
    assert "No user with the login name 'nobody'" in run["lookup: unknown"]["msg"]
    assert "There is no metadata key 'no/key' in user " in run["lookup: missing"]["msg"]


def test_failures(played: tuple[Run, Zitadel]) -> None:
    run, _fake = played
    assert "There is no user 1" in run["unknown"]["msg"]
    assert "quotes" in run["number"]["msg"]
    assert "has_metadata: the key '1' is not a string: YAML reads it as a number" in run["filter by a number"]["msg"]
    for name in ("unknown", "number"):
        result = run[name]
        assert (result.failed, result["changed"], result["org_id"], result["user_id"]) == (True, False, None, None)
        assert "error" in result.data
