# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Organizations as an inventory: what ansible-inventory prints, what plays over it do, and what tenants cannot do."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from fake_zitadel import FakeZitadel
from integration.harness import Ansible, Listed, Run, processes, task

pytestmark = pytest.mark.every_core

PLUGIN = "community.zitadel.zitadel_orgs"
SECRETS = ("header-5ecret", "b64-5ecret")
# What a tenant can write. It would leave a file beside the playbook.
ATTACK = "{{ lookup('pipe', 'touch attacked') }}"
EXPRESSION = "lookup('pipe', 'touch attacked')"
TENANTS: dict[str, dict[str, bytes | str]] = {
    "acme": {"tier": "gold", "region": "eu", "features": '{"sso":true}', "logo": b"\xff", "limit/users": "5"},
    "beta": {"tier": "silver", "region": "us"},
    "all": {"tier": "gold"},
    "localhost": {"tier": "gold"},
    "tier_gold": {"tier": "gold"},
    "neighbour": {"tier": "gold"},
    "a,b": {},
    ATTACK: {"tier": ATTACK, "region": EXPRESSION, ATTACK: "1"},
}
OPTIONS: dict[str, Any] = {
    "hostname": "name",
    "strict": True,
    "compose": {
        "region": "zitadel_org.metadata.region | default('')",
        "sentence": "'the tenant ' ~ zitadel_org.name",
        "nested": "{'in': [zitadel_org.name, zitadel_org.metadata.tier | default('none')]}",
    },
    "groups": {"european": "region == 'eu'"},
    "keyed_groups": [{"key": "zitadel_org.metadata.tier | default('none')", "prefix": "tier"}],
}
# A static inventory beside it, whose host a tenant has named itself after.
OTHERS = "neighbour ansible_host=203.0.113.1\n"


@dataclass(frozen=True)
class Site:
    ansible: Ansible
    fake: FakeZitadel
    ids: dict[str, str]

    @property
    def env(self) -> dict[str, str]:
        """The environment, with blanks as AWX injects them."""
        blank = dict.fromkeys(
            ("ZITADEL_VALIDATE_CERTS", "ZITADEL_TIMEOUT", "ZITADEL_KEY_FILE", "ZITADEL_API_VERSION"), ""
        )
        return {**blank, "ZITADEL_URL": self.fake.url, "ZITADEL_TOKEN": self.fake.token}

    def file(self, options: Mapping[str, Any], name: str = "zitadel_orgs.yml") -> Path:
        path = self.ansible.folder / name
        path.write_text(yaml.safe_dump({"plugin": PLUGIN, **options}))
        return path

    def inventory(self, *args: str | Path, env: Mapping[str, str] | None = None) -> Listed:
        return self.ansible.inventory(*args, env={**self.env, **(env or {})})

    def play(self, tasks: Sequence[Mapping[str, Any]], *args: str | Path) -> Run:
        play = {"hosts": "all:!neighbour", "gather_facts": False, "tasks": list(tasks)}
        return self.ansible.playbook(json.dumps([play]), env=self.env, args=list(map(str, args)), compare=False)

    @property
    def was_attacked(self) -> bool:
        return (self.ansible.folder / "attacked").exists()


@pytest.fixture(scope="module")
def site(ansible: Ansible) -> Iterator[Site]:
    with FakeZitadel() as fake:
        fake.change_state(fake.home_id, "inactive")
        ids = {name: fake.create_organization(name, metadata=metadata) for name, metadata in TENANTS.items()}
        fake.change_state(fake.create_organization("inactive", metadata={"tier": "gold"}), "inactive")
        (ansible.folder / "hosts").write_text(OTHERS)
        yield Site(ansible, fake, ids)


@pytest.fixture(scope="module")
def listed(site: Site) -> Listed:
    """What --list --export prints, with all that Ansible can say, and with secrets and templates in the file."""
    options = {
        **OPTIONS,
        "url": "{{ my_url }}",
        "token": "{{ lookup('env', 'MY_TOKEN') }}",
        "headers": {"X-A": SECRETS[0], "X-B": f"{{{{ '{SECRETS[1]}' }}}}"},
        "validate_certs": "{{ 1 > 2 }}",
        "timeout": "{{ 20 + 1 }}",
        "ca_path": "{{ nothing | default(omit) }}",
    }
    env = {"ZITADEL_URL": "", "ZITADEL_TOKEN": "", "MY_TOKEN": site.fake.token}
    args: list[str | Path] = ["-i", "hosts", "-i", site.file(options), "-e", f"my_url={site.fake.url}"]
    return site.inventory(*args, "--list", "--export", "-vvvv", "--output", "exported.json", env=env)


@pytest.fixture(scope="module")
def exported(site: Site, listed: Listed) -> Listed:
    text = (site.ansible.folder / "exported.json").read_text()
    return Listed(listed.rc, text, listed.stderr)


def test_hosts_and_groups(site: Site, exported: Listed) -> None:
    ids = site.ids
    groups = {name: sorted(group.get("hosts", [])) for name, group in exported.content.items() if name != "_meta"}
    by_id = [ids["all"], ids["localhost"], ids["tier_gold"], ids["neighbour"]]
    assert groups["tier_gold"] == sorted(["acme", *by_id])
    assert groups["tier_silver"] == ["beta"]
    assert groups["tier_none"] == [ids["a,b"]]
    assert groups["european"] == ["acme"]
    hosts = {host for members in groups.values() for host in members}
    assert hosts == {"acme", "beta", "neighbour", *by_id, ids["a,b"], ids[ATTACK]}
    assert exported.content["_meta"]["hostvars"]["neighbour"] == {"ansible_host": "203.0.113.1"}


def test_one_warning_tells_of_names_that_cannot_be_host_names(listed: Listed) -> None:
    assert listed.told.count("[WARNING]: Some organizations have their id as the host name") == 1
    assert "'a,b', 'all', 'localhost', 'neighbour', 'tier_gold' and 1 more" in listed.told
    assert listed.told.count("The inventory leaves out metadata keys that look like templates: 1 of them") == 1


def test_variables_of_a_host(site: Site, exported: Listed) -> None:
    variables = exported.variables("acme")
    assert variables == {
        "ansible_connection": "local",
        "ansible_python_interpreter": "{{ ansible_playbook_python }}",
        "zitadel_org_id": site.ids["acme"],
        "zitadel_org": {
            "id": site.ids["acme"],
            "name": "acme",
            "primary_domain": "acme.localhost",
            "state": "active",
            "metadata": {"tier": "gold", "region": "eu", "features": '{"sso":true}', "limit/users": "5"},
            "metadata_b64": {"logo": "/w=="},
        },
        "region": "eu",
        "sentence": "the tenant acme",
        "nested": {"in": ["acme", "gold"]},
    }
    assert exported.variables(site.ids[ATTACK])["zitadel_org"]["metadata"] == {"tier": ATTACK, "region": EXPRESSION}


def test_secrets_are_nowhere(site: Site, listed: Listed, exported: Listed) -> None:
    assert "zitadel_orgs" in listed.stderr + listed.stdout
    for secret in (*SECRETS, site.fake.token):
        assert secret not in listed.told + exported.stdout
    assert {request.headers["x-b"] for request in site.fake.requests} == {SECRETS[1]}


# Each of these would evaluate what a tenant wrote, if it were not data.
_SEEN = {
    "name": "{{ zitadel_org.name }}",
    "region": "{{ region }}",
    "sentence": "{{ sentence }}",
    "nested": "{{ nested['in'] }}",
    "keys": "{{ zitadel_org.metadata | dict2items | map(attribute='key') | list }}",
    "keys of hostvars": "{{ hostvars[inventory_hostname].zitadel_org.metadata | list }}",
    "host": "{{ inventory_hostname }}",
    "groups": "{{ group_names }}",
}
PLAY: list[dict[str, Any]] = [
    task("write", {"org_id": "{{ zitadel_org_id }}", "key": "seen", "value": "{{ zitadel_org.name }}"}),
    task("write to nobody", {"key": "seen", "value": "1"}),
    {
        "name": "look up",
        "ansible.builtin.debug": {"msg": "{{ lookup('community.zitadel.zitadel_org_metadata', 'seen') }}"},
        "vars": {"zitadel_url": "{{ lookup('env', 'ZITADEL_URL') }}"},
    },
    {"name": "fact", "ansible.builtin.set_fact": {"seen": _SEEN}},
    {"name": "show", "ansible.builtin.debug": {"msg": "{{ seen }}"}},
    {
        "name": "item",
        "ansible.builtin.debug": {"msg": "{{ item.key }}={{ item.value }}"},
        "loop": "{{ zitadel_org.metadata | dict2items }}",
    },
    {"name": "condition", "ansible.builtin.debug": {"msg": "x"}, "when": "{{ region }}", "ignore_errors": True},
]


@pytest.fixture(scope="module", params=["the file", "what was exported"])
def played(site: Site, listed: Listed, exported: Listed, request: pytest.FixtureRequest) -> tuple[Site, Run]:
    """A play over the inventory, and one over an inventory script as AWX makes it of what was exported."""
    if request.param == "the file":
        return site, site.play(PLAY, "-i", "hosts", "-i", site.file(OPTIONS), "-vvvv")
    script = site.ansible.folder / "script"
    script.write_text(f"#!/bin/sh\ncat {site.ansible.folder}/exported.json\n")
    script.chmod(0o755)
    for org_id in site.ids.values():
        site.fake.remove(org_id, "seen")
    return site, site.play(PLAY, "-i", script, "-vvvv")


def test_a_play_over_it_writes_to_each_in_process(played: tuple[Site, Run]) -> None:
    site, run = played
    written = {result.data["org_id"] for result in run.all("write") if result.data["changed"]}
    assert written == set(site.ids.values())
    assert {name: site.fake.metadata(org_id)["seen"].decode() for name, org_id in site.ids.items()} == {
        name: name for name in TENANTS
    }
    assert processes(run) == set()
    assert all("has zitadel_org_id" in result["msg"] for result in run.all("write to nobody"))
    assert len(run.all("write to nobody")) == len(TENANTS)


def test_the_lookup_needs_no_organization(played: tuple[Site, Run]) -> None:
    site, run = played
    names = {result.host: result["msg"] for result in run.all("look up")}
    assert names["acme"] == "acme"
    assert names[site.ids[ATTACK]] == ATTACK


def test_what_tenants_write_is_data(played: tuple[Site, Run]) -> None:
    site, run = played
    assert not site.was_attacked
    host = site.ids[ATTACK]
    (shown,) = [result["msg"] for result in run.all("show") if result.host == host]
    assert shown["name"] == ATTACK
    assert shown["sentence"] == f"the tenant {ATTACK}"
    assert shown["region"] == EXPRESSION
    assert shown["nested"] == [ATTACK, ATTACK]
    assert shown["host"] == host
    assert f"tier={ATTACK}" in {result["msg"] for result in run.items("item") if result.host == host}
    assert [result.failed for result in run.all("condition") if result.host == host] == [True]


@dataclass(frozen=True)
class Mistake:
    options: dict[str, Any]
    said: str
    name: str = "zitadel_orgs.yml"


MISTAKES = {
    "unknown": Mistake({"hostnames": "name"}, "Unsupported options: hostnames. Supported options are api_version,"),
    "two logins": Mistake({"token": "a", "key_file": "b"}, "token and key_file are given"),
    "token": Mistake({"token": "wrong-5ecret"}, "The access token was refused (HTTP 401)"),
    "away": Mistake({"url": "http://127.0.0.1:1", "retries": 0}, "Cannot search organizations at http://127.0.0.1:1."),
    "null": Mistake({"name_prefix": None}, "name_prefix is null"),
    "null state": Mistake({"state": None}, "state is null"),
    "null metadata": Mistake({"metadata": None}, "metadata is null"),
    "blank": Mistake({"url": ""}, "url is given, but empty"),
    "state": Mistake({"state": "removed"}, "value of state must be one of: active, inactive"),
    "no condition": Mistake({"has_metadata": {}}, "has_metadata is given, but empty"),
    "number": Mistake({"has_metadata": {1: "x"}}, "has_metadata: the key '1' is not a string"),
    "boolean": Mistake({"has_keys": [True]}, "has_keys: True is a boolean, not a string"),
    "list": Mistake({"url": ["x"]}, "url is a list, not a string"),
    "patterns": Mistake({"metadata": "sometimes"}, "metadata is 'sometimes'. Give true for all metadata"),
    "template": Mistake({"token": "{{ nothing }}"}, "token: the template cannot be evaluated: "),
    "connections": Mistake({"connections": 64}, "connections is 64"),
    "certs": Mistake({"validate_certs": "maybe"}, "'maybe' is not a valid boolean"),
    "strict": Mistake({"strict": True, "compose": {"x": "zitadel_org.a.b"}}, "Could not set x for host"),
    "expressions": Mistake({"compose": ["x"]}, "['x']"),
    "name": Mistake({}, "is not read. The name of a file for community.zitadel.zitadel_orgs must end in", "orgs.yml"),
}


@pytest.fixture(scope="module")
def mistaken(site: Site) -> Listed:
    """All mistakes as sources of one inventory, whose other source is right."""
    sources = [
        site.file({"headers": {"X": SECRETS[0]}, **mistake.options}, f"{name.replace(' ', '-')}.{mistake.name}")
        for name, mistake in MISTAKES.items()
    ]
    args = [part for source in (*sources, site.file({})) for part in ("-i", source)]
    return site.inventory(*args, "--graph")


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_gives_one_clear_line(mistaken: Listed, name: str) -> None:
    warnings = mistaken.told.split("[WARNING]: ")
    assert len([warning for warning in warnings if MISTAKES[name].said in warning]) == 1
    assert "Traceback" not in mistaken.told
    assert "defect" not in mistaken.told
    assert "5ecret" not in mistaken.told


def test_the_sources_without_mistakes_remain(site: Site, mistaken: Listed) -> None:
    assert mistaken.rc == 0
    assert [org_id for org_id in site.ids.values() if org_id not in mistaken.stdout] == []
    assert not site.was_attacked


def test_the_cache_holds_what_was_asked_for_and_no_secret(site: Site) -> None:
    folder = site.ansible.folder / "cache"
    cache = {"cache": True, "cache_plugin": "ansible.builtin.jsonfile", "cache_connection": str(folder)}
    source = site.file(
        {**cache, "has_metadata": {"tier": "gold"}, "metadata": ["reg*", "tier"], "token": site.fake.token}
    )
    first = site.inventory("-i", source, "--list", "--export")
    site.fake.clear_requests()
    again = site.inventory("-i", source, "--list", "--export")
    assert site.fake.requests == []
    assert again.content == first.content
    assert first.variables(site.ids["acme"])["zitadel_org"]["metadata"] == {"region": "eu", "tier": "gold"}
    (file,) = folder.iterdir()
    text = file.name + file.read_text()
    assert "region" in text
    assert [one for one in (site.fake.token, "limit/users", "/w==") if one in first.stdout + text] == []
