# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Metadata in the API v2, beyond the recordings: faults, limits, other releases."""

from __future__ import annotations

from typing import Any

import pytest

from fake_zitadel import FakeZitadel
from fake_zitadel_tests.client import Client, Reply


def write(client: Client, organization: str, **values: str) -> Reply:
    metadata = [{"key": key, "value": value} for key, value in values.items()]
    return client.connect("SetOrganizationMetadata", organizationId=organization, metadata=metadata)


def read(client: Client, organization: str, **more: Any) -> Reply:
    return client.connect("ListOrganizationMetadata", organizationId=organization, **more)


def delete(client: Client, organization: str, *keys: str) -> Reply:
    return client.connect("DeleteOrganizationMetadata", organizationId=organization, keys=keys)


@pytest.mark.parametrize("by_empty_value", [True, False])
def test_a_lost_set_is_healed_by_removing_and_setting(by_empty_value: bool) -> None:
    with FakeZitadel("next") as fake:
        acme = fake.create_organization("acme")
        client = Client(fake)
        fake.lose_writes(path="SetOrganizationMetadata")
        lost = write(client, acme, a="MQ==")
        assert (lost.status, read(client, acme).values) == (200, {})
        assert write(client, acme, a="MQ==").json == lost.json  # and heals nothing
        assert read(client, acme).values == {}
        removed = write(client, acme, a="") if by_empty_value else delete(client, acme, "a")
        assert removed.status == 200
        assert write(client, acme, a="MQ==").status == 200
        assert read(client, acme).values == {"a": "MQ=="}


def test_a_lost_removal(fake: FakeZitadel, acme: str) -> None:
    client = Client(fake)
    fake.set(acme, "a", "1")
    fake.lose_writes(organization=acme)  # it is in the body
    assert write(client, acme, a="").status == 200
    assert read(client, acme).values == {"a": "MQ=="}
    assert delete(client, acme, "a").error_id == "META-2npds"


def test_readers_that_are_behind(fake: FakeZitadel, acme: str) -> None:
    client = Client(fake)
    fake.lag(reads=1)
    write(client, acme, a="MQ==")
    assert [read(client, acme).values for _read in range(2)] == [{}, {"a": "MQ=="}]


def test_a_collision_as_connect_tells_it(fake: FakeZitadel, acme: str) -> None:
    fake.collide()
    reply = write(Client(fake), acme, a="MQ==")
    text = 'ERROR: duplicate key value violates unique constraint "events2_pkey" (SQLSTATE 23505) ()'
    assert (reply.status, reply.json) == (500, {"code": "unknown", "message": text})
    assert fake.stored(acme) == {}


def test_an_administrators_limit_of_lists() -> None:
    with FakeZitadel(max_page=50) as fake:
        acme = fake.create_organization("acme", metadata=dict.fromkeys(map(str, range(120)), "v"))
        client = Client(fake)
        refused = read(client, acme, pagination={"limit": 51})
        assert (refused.status, refused.error_id) == (400, "QUERY-4M0fs")
        assert len(read(client, acme, pagination={"limit": 50}).values) == 50
        assert len(read(client, acme).values) == 100  # the default is another setting


def test_the_limit_of_messages() -> None:
    with FakeZitadel("next") as fake:
        acme = fake.create_organization("acme")
        client = Client(fake)
        value = "AAAA" * 125_000
        keys = [f"k{number}" for number in range(22)]
        assert write(client, acme, **dict.fromkeys(keys[:20], value)).status == 200
        too_large = write(client, acme, **dict.fromkeys(keys, value))
        assert (too_large.status, too_large.json["code"]) == (429, "resource_exhausted")
        fake.set_many(acme, dict.fromkeys(keys, b"x" * 400_000))
        answer = read(client, acme)
        assert (answer.status, answer.json["code"]) == (429, "resource_exhausted")


def test_servers_that_have_it_for_users_only() -> None:
    with FakeZitadel("4.3.0") as fake:
        client = Client(fake)
        reply = read(client, fake.home_id)
        assert (reply.status, reply.headers["content-type"]) == (404, "text/plain; charset=utf-8")
        rest = client.call("POST", f"/v2/organizations/{fake.home_id}/metadata/search", {})
        assert (rest.status, rest.json["message"]) == (404, "Not Found")
        assert client.connect("ListUserMetadata", userId=fake.admin.user_id).status == 200


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        (b"", "zero-length payload is not a valid JSON object"),
        (b'{"organizationId": 1}', "(line 1:20): invalid value for string field organizationId: 1"),
        (b"[]", "syntax error (line 1:1): unexpected token ["),
    ],
)
def test_json_that_is_refused(client: Client, body: bytes, complaint: str) -> None:
    path = "/zitadel.org.v2.OrganizationService/ListOrganizationMetadata"
    reply = client.call("POST", path, body, Content_Type="application/json; charset=utf-8")
    assert (reply.status, reply.json["code"]) == (400, "invalid_argument")
    assert reply.json["message"].startswith("unmarshal message: unmarshal into *org.ListOrganizationMetadataRequest: ")
    assert reply.json["message"].endswith(complaint)
