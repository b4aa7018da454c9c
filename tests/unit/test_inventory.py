# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The inventory: names of hosts, what of the metadata is read, which cache belongs to which question, and threads."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ansible.errors import AnsibleParserError
from ansible.inventory.data import InventoryData
from ansible.parsing.dataloader import DataLoader
from ansible_collections.community.zitadel.plugins.inventory import zitadel_orgs
from ansible_collections.community.zitadel.plugins.module_utils._auth import (
    AccessToken,
    ClientCredentials,
    ServiceAccountKey,
)
from ansible_collections.community.zitadel.plugins.module_utils._errors import ZitadelError
from ansible_collections.community.zitadel.plugins.module_utils._listing import Condition
from ansible_collections.community.zitadel.plugins.module_utils._organizations import Search
from ansible_collections.community.zitadel.plugins.module_utils._transport import Transport
from ansible_collections.community.zitadel.plugins.plugin_utils._inventory_file import is_ours
from ansible_collections.community.zitadel.plugins.plugin_utils._organization_hosts import host_names

from fake_zitadel import FakeZitadel
from unit.helpers import connection_to


def named(*names: str | None, taken: Callable[[str, str], bool] = lambda _name, _id: False) -> tuple[list[str], int]:
    organizations = [{"id": str(number), "name": name} for number, name in enumerate(names, 100)]
    found, refused = host_names(organizations, "name", taken)
    return list(found.values()), len(refused)


@pytest.mark.parametrize(
    "name", ["acme", "Acme Inc.", "日本", "a-b_c.d@e", "100", "ALL", "tier=gold", "a.yml b", "ayml"]
)
def test_names_that_hosts_can_have(name: str) -> None:
    assert named(name) == ([name], 0)


@pytest.mark.parametrize(
    "name",
    [
        *("all", "ungrouped", "localhost", "127.0.0.1", "::1", "", None, " ", " a", "a ", "-i", "~a", "@file"),
        *(f"a{character}b" for character in ",:!&*?[]{}/\\\n\t\0\x85\x9b\u2028\u202e"),
        # Names of files with variables, of which "." is a folder.
        *(".", "..", ".a", "a.yml", "a.YAML", "a.json"),
    ],
)
def test_names_that_no_host_can_have(name: str | None) -> None:
    assert named(name) == (["100"], 1)


def test_a_name_that_something_else_has() -> None:
    assert named("web", "db", taken=lambda name, _id: name == "web") == (["100", "db"], 1)


def test_not_even_the_id_can_be_a_name() -> None:
    with pytest.raises(ZitadelError, match="with the name 100, which is the id of an organization"):
        named("web", taken=lambda _name, _id: True)


def test_a_name_that_is_the_id_of_another() -> None:
    """It would be the same host, were the other's name no host name."""
    assert named("all", "100", "102") == (["100", "101", "102"], 2)


def test_two_organizations_with_one_name() -> None:
    with pytest.raises(ZitadelError, match=r"the host name 'a': 100 and 101\. Set hostname to id"):
        named("a", "a")


@pytest.mark.parametrize(
    ("condition", "method", "text"),
    [
        (Condition({}, frozenset(), ["*"]), "STARTS_WITH", ""),
        (Condition({}, frozenset({"tier"}), []), "EQUALS", "tier"),
        (Condition({"tier": b"x"}, frozenset(), ["tier"]), "EQUALS", "tier"),
        (Condition({}, frozenset({"a/x"}), ["a/y"]), "STARTS_WITH", "a/"),
        (Condition({}, frozenset({"app/x"}), ["app/*", "app/y?"]), "STARTS_WITH", "app/"),
        (Condition({}, frozenset(), ["[ab]c"]), "STARTS_WITH", ""),
    ],
    ids=str,
)
def test_only_what_is_needed_is_read(condition: Condition, method: str, text: str) -> None:
    assert condition.selection[:2] == (method, text)
    for key in {*condition.keys, *condition.values, "app/any"} if text == "app/" else condition.keys:
        assert condition.selection.matches(key)


def test_each_question_has_a_cache_of_its_own(fake: FakeZitadel) -> None:
    search, condition = Search(state="active"), Condition({"tier": b"gold"}, frozenset(), ["tier"])

    def digest(search: Search = search, condition: Condition = condition, **options: Any) -> str:
        connection = connection_to(fake, **options)
        connection.close()
        return zitadel_orgs._digest(connection, search, condition)

    def key(**other: str) -> ServiceAccountKey:
        return ServiceAccountKey(
            **{"name": "f", "key_id": "1", "user_id": "2", "private_key": "3", "audience": "4", **other}
        )

    digests = [
        digest(),
        digest(url="http://other.example.com"),
        digest(instance_host="other.example.com"),
        digest(api_version="v2"),
        digest(login=AccessToken("other")),
        digest(login=ClientCredentials("a", "b")),
        digest(login=ClientCredentials("a", "c")),
        digest(login=key()),
        digest(login=key(user_id="5")),
        digest(login=key(private_key="5")),
        digest(search=Search(state="inactive")),
        digest(search=Search(state="active", name_prefix="a")),
        digest(condition=condition._replace(values={"tier": b"silver"})),
        digest(condition=condition._replace(keys=frozenset({"tier"}))),
        digest(condition=condition._replace(wanted=["*"])),
    ]
    assert len(set(digests)) == len(digests)
    assert digest(connections=8, timeout=5.0) == digests[0]


def test_the_name_of_the_plugin_is_found_in_a_file(tmp_path: Path) -> None:
    path = tmp_path / "orgs.yml"
    for text, expected in (
        ("# x\nplugin: community.zitadel.zitadel_orgs\n", True),
        ('{\n"plugin": "community.zitadel.zitadel_orgs"}', True),
        ("plugin: community.zitadel.other\n# plugin: community.zitadel.zitadel_orgs", False),
        ("\xff", False),
    ):
        path.write_bytes(text.encode("latin-1"))
        assert is_ours(str(path)) is expected
    assert not is_ours(str(tmp_path))


class Plugin(zitadel_orgs.InventoryModule):
    """The plugin without ansible-core's knowledge of its documentation."""

    option_definitions = dict.fromkeys(("plugin", "compose", "groups", "keyed_groups", "strict", "cache"))

    def set_options(self, *_args: Any, **_more: Any) -> None:
        """Take none."""

    def get_option(self, _option: str, *_args: Any, **_more: Any) -> None:
        """Have none."""


def test_a_file_for_another_plugin_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "zitadel.yml"
    for text, said in (
        ("all: {hosts: {a: {}}}", "plugin is None"),
        ("plugin: x", "plugin is 'x'"),
        ("[]", "not a dict"),
    ):
        path.write_text(text)
        with pytest.raises(AnsibleParserError, match=said):
            Plugin().parse(InventoryData(), DataLoader(), str(path))


@pytest.mark.parametrize("fails", [False, True])
def test_no_thread_and_no_connection_is_left(
    fake: FakeZitadel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fails: bool
) -> None:
    made: list[Transport] = []
    closed: list[Transport] = []

    def logged(method: Callable[..., None], log: list[Transport]) -> Callable[..., None]:
        def call(self: Transport, *args: Any) -> None:
            log.append(self)
            method(self, *args)

        return call

    monkeypatch.setattr(Transport, "__init__", logged(Transport.__init__, made))
    monkeypatch.setattr(Transport, "close", logged(Transport.close, closed))
    for number in range(9):
        fake.create_organization(f"acme {number}")
    if fails:
        fake.fail(500, 13, "internal", path="metadata/_search", times=None)
    path = tmp_path / "zitadel_orgs.yml"
    path.write_text(f"plugin: {Plugin.NAME}\nurl: {fake.url}\ntoken: {fake.token}\nconnections: 8\nretries: 0\n")
    inventory = InventoryData()
    before = set(threading.enumerate())
    if fails:
        with pytest.raises(AnsibleParserError, match=r"Organization '.*': Cannot read the metadata"):
            Plugin().parse(inventory, DataLoader(), str(path))
    else:
        Plugin().parse(inventory, DataLoader(), str(path))
    assert len(inventory.hosts) == (0 if fails else 10)
    assert [thread for thread in threading.enumerate() if "_work" in thread.name and thread not in before] == []
    assert len(made) > 1
    assert set(made) <= set(closed)


def read(plugin_file: Path, inventory: InventoryData, fake: FakeZitadel) -> None:
    plugin_file.write_text(f"plugin: {Plugin.NAME}\nurl: {fake.url}\ntoken: {fake.token}\n")
    Plugin().parse(inventory, DataLoader(), str(plugin_file))


def test_an_id_in_another_source_is_the_same_organization(fake: FakeZitadel, tmp_path: Path) -> None:
    inventory = InventoryData()
    inventory.add_group("canary")
    inventory.add_host(fake.home_id, "canary")
    read(tmp_path / "zitadel_orgs.yml", inventory, fake)
    host = inventory.hosts[fake.home_id]
    assert host.vars["zitadel_org"]["name"] == "ZITADEL"
    assert [group.name for group in host.get_groups() if group.name != "all"] == ["canary"]


def test_an_id_of_another_instance_is_another_organization(fake: FakeZitadel, tmp_path: Path) -> None:
    inventory = InventoryData()
    inventory.add_host(fake.home_id)
    inventory.set_variable(fake.home_id, "zitadel_org_id", "7")
    with pytest.raises(AnsibleParserError, match=r"an organization of another instance, with the name"):
        read(tmp_path / "zitadel_orgs.yml", inventory, fake)
