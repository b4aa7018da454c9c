# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Users and their metadata, beyond the recordings."""

from __future__ import annotations

from typing import Any

from fake_zitadel import FakeZitadel
from fake_zitadel_tests.client import Client, Reply


def search(client: Client, *queries: dict[str, Any], **more: Any) -> Reply:
    reply = client.call("POST", "/v2/users", {"queries": [*queries], **more})
    assert reply.status == 200
    return reply


def names(reply: Reply) -> list[str]:
    return [user["username"] for user in reply.json.get("result", [])]


def test_queries(fake: FakeZitadel, acme: str) -> None:
    fake.create_human("jane", acme, email="same@example.com", login_names=["jane", "jane@acme.localhost"])
    fake.create_human("john", acme, email="same@example.com", state="locked")
    fake.create_user(name="robot", organization=acme, state="inactive")
    fake.create_human("gone", acme, state="deleted")
    client = Client(fake)
    for query, found in (
        ({"emailQuery": {"emailAddress": "same@example.com"}}, ["jane", "john"]),
        ({"loginNameQuery": {"loginName": "jane@acme.localhost"}}, ["jane"]),
        ({"userNameQuery": {"userName": "JO", "method": "TEXT_QUERY_METHOD_STARTS_WITH_IGNORE_CASE"}}, ["john"]),
        ({"stateQuery": {"state": "USER_STATE_LOCKED"}}, ["john"]),
        ({"stateQuery": {"state": "USER_STATE_INACTIVE"}}, ["robot"]),
        ({"organizationIdQuery": {"organizationId": acme}}, ["jane", "john", "robot"]),
        ({"typeQuery": {"type": "TYPE_HUMAN"}}, ["jane", "john"]),
        ({"notQuery": {"query": {"organizationIdQuery": {"organizationId": acme}}}}, ["admin"]),
        (
            {"orQuery": {"queries": [{"userNameQuery": {"userName": name}} for name in ("robot", "jane")]}},
            ["jane", "robot"],
        ),
    ):
        assert names(search(client, query)) == found


def test_pages(fake: FakeZitadel, acme: str) -> None:
    for number in range(5):
        fake.create_human(f"human {number}", acme)
    query = {"organizationIdQuery": {"organizationId": acme}}
    pages = [search(Client(fake), query, query={"limit": 2, "offset": str(offset)}) for offset in (0, 2, 4, 6)]
    assert [names(page) for page in pages] == [["human 0", "human 1"], ["human 2", "human 3"], ["human 4"], []]
    assert [page.json["details"].get("totalResult") for page in pages] == ["5", "5", "5", None]


def test_a_lost_write_is_healed_by_removing_and_setting() -> None:
    """A single set does not: of users it makes no event when the value is equal."""
    with FakeZitadel("next") as fake:
        user = fake.create_human("jane")
        client, path = Client(fake, fake.home_id), f"/management/v1/users/{user.user_id}/metadata/a"
        fake.lose_writes()
        assert client.call("POST", path, {"value": "MQ=="}).status == 200
        assert client.call("POST", path, {"value": "MQ=="}).status == 200
        assert (fake.user_metadata(user), fake.user_stored(user)) == ({}, {"a": b"1"})
        assert client.call("DELETE", path).status == 200
        assert client.call("POST", path, {"value": "MQ=="}).status == 200
        assert fake.user_metadata(user) == {"a": b"1"}


def test_faults_and_writers_of_users(fake: FakeZitadel, acme: str) -> None:
    user = fake.create_user("ORG_OWNER", acme, metadata={"a": "1"})
    fake.set_user(user.user_id, "b", "2")
    fake.remove_user(user, "a")
    client = Client(fake, token=user.token)
    assert client.connect("ListUserMetadata", userId=user.user_id).values == {"b": "Mg=="}
    fake.fail(503, 14, "x", organization=acme, times=2)
    assert client.connect("ListUserMetadata", userId=user.user_id).status == 503
    assert Client(fake).call("GET", f"/v2/users/{user.user_id}").status == 503
    fake.change_state(acme, "removed")
    assert fake.user_metadata(user) == {}
    assert Client(fake).call("GET", f"/v2/users/{user.user_id}").error_id == "QUERY-Dfbg2"


def test_a_name_that_is_taken(fake: FakeZitadel, acme: str) -> None:
    machine = {"userName": "robot", "name": "Robot"}
    replies = [Client(fake, one).call("POST", "/management/v1/users/machine", machine) for one in (acme, fake.home_id)]
    assert [reply.status for reply in replies] == [200, 409]
