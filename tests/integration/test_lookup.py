# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The lookup: what it returns, where its options come from, what it refuses, and that it shows no secret.

All plays are for a host that nobody can reach.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from fake_zitadel import Request
from integration.harness import Ansible, Run, Task, everything
from integration.server import Zitadel

pytestmark = pytest.mark.every_core

NAME = "community.zitadel.zitadel_org_metadata"
JSON_TEXT = '{"sso": true, "list": [1, 2.5, null], "template": "{{ 1 + 1 }}"}'
METADATA: dict[str, bytes] = {
    "tier": b"gold",
    "größe/ü": "größer".encode(),
    "digits": b"012",
    "yes": b"true",
    "blanks": b"  x\n",
    "template": b"{{ 1 + 1 }}",
    "json": JSON_TEXT.encode(),
    "json/list": b"[3, 4]",
    "json/number": b"3",
    "json/false": b"false",
    "json/text": b'"012"',
    "json/null": b"null",
    "12": b"twelve",
    "hosts": b"box",
}
BINARY = b"\xff\x00"
DEEP = {"deep": "[" * 100_000 + "]" * 100_000, "deeper than Ansible": "[" * 900 + "]" * 900}

SECRETS = {
    "environment": "token-of-the-environment-4711",
    "vaulted": "token-in-a-vault-4712",
    "argument": "token-of-an-argument-4713",
    "file": "token-of-a-file-4714",
    "wrong": "wrong-token-4715",
    "misspelt": "misspelt-secret-4716",
    "header": "header-value-4717",
    "wrong_secret": "wrong-secret-4718",
}


def _call(arguments: str, name: str, function: str = "lookup") -> str:
    """The call in a template. Its header tells the fake whose request it is; ``arguments`` may have their own."""
    mark = "" if "headers=" in arguments else f", headers={{'x-task': '{name}'}}"
    return f"{function}('{NAME}', {arguments}{mark})".replace(", ,", ",")


def _look(name: str, arguments: str, **keywords: Any) -> Task:
    """A task that shows what a lookup returns."""
    template = f"{{{{ {_call(arguments, name)} }}}}"
    return {"name": name, "ansible.builtin.debug": {"msg": template}, "ignore_errors": True, **keywords}


# Name: arguments, what the template does with it, and what a user gets.
RETURNED: dict[str, tuple[str, str, Any]] = {
    "one key": ("'tier'", "", "gold"),
    "other letters": ("'größe/ü'", "", "größer"),
    "a key of digits": ("'12'", "", "twelve"),
    "several keys": ("'tier', 'json/number', 'digits', wantlist=true", "", ["gold", "3", "012"]),
    "the same key twice": ("'tier', 'tier', wantlist=true", "", ["gold", "gold"]),
    "everything": (
        "",
        " | dictsort | map('first') | list",
        sorted(METADATA, key=str.lower),
    ),
    "everything, one of it": ("", ".tier", "gold"),
    "everything decoded": ("decode='b64'", "['template']", base64.b64encode(b"{{ 1 + 1 }}").decode()),
    "everything of none": ("org_name='empty'", "", {}),
    "in base64": ("'tier', 'digits', decode='b64', wantlist=true", "", ["Z29sZA==", "MDEy"]),
    "binary in base64": ("'binary', decode='b64', org_name='binary'", "", base64.b64encode(BINARY).decode()),
    # Types
    "text": ("'tier'", " is string", True),
    "text of digits": ("'digits'", " | string", "012"),
    "type of digits": ("'digits'", " is string", True),
    "text of true": ("'yes'", " | string", "true"),
    "type of true": ("'yes'", " is string", True),
    "blanks around": ("'blanks'", " | length == 4", True),
    "text that is JSON": ("'json'", " | string", JSON_TEXT),
    "type of text that is JSON": ("'json'", " is string", True),
    "a template": ("'template'", "", "{{ 1 + 1 }}"),
    "a template in a filter": ("'template'", " | upper | lower", "{{ 1 + 1 }}"),
    "dict": (
        "'json', decode='json'",
        "",
        {"sso": True, "list": [1, 2.5, None], "template": "{{ 1 + 1 }}"},
    ),
    "true in it": ("'json', decode='json'", ".sso is true", True),
    "list": ("'json/list', decode='json'", "", [3, 4]),
    "number": ("'json/number', decode='json'", " + 1 == 4", True),
    "type of a number": ("'json/number', decode='json'", " is integer", True),
    "false": ("'json/false', decode='json'", " is false", True),
    "text of JSON": ("'json/text', decode='json'", " is string", True),
    "null": ("'json/null', decode='json'", " is none", True),
    "several of JSON": ("'json/list', 'json/number', decode='json', wantlist=true", "", [[3, 4], 3]),
    # Missing keys
    "default": ("'nope', default='10'", "", "10"),
    "default none": ("'nope', default=none", " is none", True),
    "default none is not needed": ("'tier', default=none", "", "gold"),
    "default undecoded": ("'nope', decode='json', default='{{'", "", "{{"),
    "default dict": ("'nope', decode='json', default={'sso': false}", "", {"sso": False}),
    "default for one": ("'tier', 'nope', default=[], wantlist=true", "", ["gold", []]),
    "default for all": ("'nope', 'none', default=0, wantlist=true", "", [0, 0]),
}

# The same, of all keys with a prefix.
PREFIX: dict[str, tuple[str, str, Any]] = {
    "everything with a prefix": (
        "key_prefix='json/'",
        " | dictsort | map('first') | list",
        ["json/false", "json/list", "json/null", "json/number", "json/text"],
    ),
    "nothing with a prefix": ("key_prefix='nope/'", "", {}),
}

# The same, where nothing has to be asked.
NO_KEYS: dict[str, tuple[str, str, Any]] = {
    "empty list": ("[], wantlist=true", "", []),
    "empty list with a default": ("[], default='x', wantlist=true", "", []),
    "empty lists": ("[], [], wantlist=true", "", []),
}

# Arguments, and what the message says.
REFUSED: dict[str, tuple[str, list[str]]] = {
    "missing": ("'nope'", ["no metadata key 'nope'", "default"]),
    "two missing": ("'tier', 'nope', 'none'", ["no metadata key 'nope', 'none'"]),
    "binary": ("'binary', org_name='binary'", ["'binary' is not UTF-8 text (2 bytes)", "decode='b64'"]),
    "everything, one binary": ("org_name='binary'", ["'binary' is not UTF-8 text", "decode='b64'"]),
    "binary as JSON": ("'binary', decode='json', org_name='binary'", ["'binary' is not UTF-8 text"]),
    "deep JSON": ("'deep', decode='json', org_name='binary'", ["'deep'", "decode='text'"]),
    "JSON too deep for Ansible": ("'deeper than Ansible', decode='json', org_name='binary'", ["'deeper than Ansible'"]),
    "no JSON": ("'tier', decode='json'", ["'tier' is not JSON", "decode='text'"]),
    "empty key": ("''", ["a metadata key is empty"]),
    "long key": ("'k' * 201", ["201 characters", "at most 200"]),
    "other decode": ("'tier', decode='yaml'", ["decode", "text, json, b64", "yaml"]),
    "unknown option": ("'tier', tokn=misspelt", ["nsupported", "tokn"]),
    "unknown options": ("'tier', key='a', prefix='b'", ["nsupported", "key", "prefix"]),
    "null as a key": ("none, default=1", ["quote"]),
    "null among keys": ("['tier', none], default=1", ["quote"]),
    "boolean as a key": ("true, default=1", ["quote"]),
    "number as a key": ("12, default=1", ["quote"]),
    "fraction as a key": ("['tier', 1.5], default=1", ["quote"]),
    "date as a key": ("'2026-11-24' | to_datetime('%Y-%m-%d'), default=1", ["quote"]),
    "number for a prefix": ("key_prefix=1", ["key_prefix", "quote"]),
    "empty prefix": ("key_prefix=''", ["key_prefix", "empty"]),
    "no number": ("'tier', retries='many'", ["retries", "int"]),
    "empty url": ("'tier', url=''", ["url is given, but empty"]),
    "url without scheme": ("'tier', url='id.example.com'", ["url", "'id.example.com'"]),
    "nobody listens": ("'tier', url='http://127.0.0.1:9', retries=0", ["http://127.0.0.1:9 cannot be reached"]),
    "two logins": (
        "'tier', token=argument, key_file='~/key.json'",
        ["token and key_file are given", "mutually exclusive"],
    ),
    "blank token": ("'tier', token=' '", ["token is given, but empty"]),
    "wrong token": ("'tier', token=wrong", ["access token was refused", "expired"]),
    "wrong secret": (
        "'tier', client_id='nobody', client_secret=wrong_secret",
        ["client credentials of 'nobody' were refused", "'nobody'", "login name"],
    ),
    "no token_file": ("'tier', token_file='~/no-such'", ["token_file", "No such file"]),
    "own Authorization": ("'tier', headers={'authorization': header}", ["headers may not set authorization"]),
    "header of two lines": ("'tier', headers={'x-a': two_lines}", ["headers", "x-a"]),
    "unknown organization": ("'tier', org_id='12345'", ["no organization 12345", "org_name"]),
    "unknown organization, everything": ("org_id='12345'", ["no organization 12345"]),
    "unknown organization, default": ("'tier', org_id='12345', default=none", ["no organization 12345"]),
    "removed organization": ("'tier', org_id=removed_id, default=1", ["removed"]),
    "unknown name": ("'tier', org_name='nobody'", ["No organization with the name 'nobody'"]),
    "two names": ("'tier', org_id='1', org_name='acme'", ["org_id and org_name are given"]),
    "null org_id": ("'tier', org_id=none", ["org_id", "null"]),
    "null org_name": ("'tier', org_name=none", ["org_name", "null"]),
    "null organization_id": ("'tier', organization_id=none, default=1", ["null"]),
    "null org_domain, everything": ("org_domain=none", ["org_domain", "null"]),
    "list for org_name": ("'tier', org_name=['acme']", ["org_name"]),
    "empty org_id": ("'tier', org_id=''", ["org_id is given, but empty"]),
    "no role": ("'tier', token=stranger", ["no role in organization"]),
}

VARIABLE = {"zitadel_org_id": "{{ variable_id }}"}

# Arguments, variables of the task, and whose token comes. The token of the play is in a vault.
LOGINS: dict[str, tuple[str, dict[str, Any], str]] = {
    "variable of a vaulted one": ("'tier'", {}, "vaulted"),
    "argument": ("'tier', token=argument", {}, "argument"),
    "argument none": ("'tier', token=none", {}, "vaulted"),
    "another way in the argument": ("'tier', token_file='~/token'", {}, "file"),
    "variable null": ("'tier'", {"zitadel_token": None}, "environment"),
    "variable of the task": ("'tier'", {"zitadel_token": "{{ arg ~ '' }}", "arg": "{{ argument }}"}, "argument"),
    "token_file in a variable": ("'tier'", {"zitadel_token": None, "zitadel_token_file": "~/token"}, "file"),
}

# Arguments, variables of the task, and the organization that is read.
ORGANIZATIONS: dict[str, tuple[str, dict[str, Any], str]] = {
    "variable": ("'who'", VARIABLE, "variable"),
    "org_id": ("'who', org_id=other_id", VARIABLE, "other"),
    "organization_id": ("'who', organization_id=other_id", VARIABLE, "other"),
    "org_name": ("'who', org_name='other'", VARIABLE, "other"),
    "org_domain": ("'who', org_domain='other.example.org'", VARIABLE, "other"),
    "environment": ("'who'", {}, "environment"),
    "name in a variable": ("'who'", {"zitadel_org_name": "{{ 'oth' ~ 'er' }}"}, "other"),
}

# Variables of the task that name no organization.
NOBODY: dict[str, dict[str, Any]] = {
    "null variable": {"zitadel_org_id": None},
    "null name in a variable": {"zitadel_org_name": None},
    "default(none) in a variable": {"zitadel_org_name": "{{ tenant | default(none) }}"},
}


@dataclass(frozen=True)
class Lookups:
    run: Run
    fake: Zitadel
    acme: str

    def requests(self, name: str) -> list[Request]:
        return [request for request in self.fake.requests if request.headers.get("x-task") == name]


def _using(acme: Mapping[str, Any]) -> list[Task]:
    """Tasks that use values in other places than the text of a task."""
    tier, flag = _call("'tier'", "x"), _call("'json/false', decode='json'", "x")
    some = _call("'tier', 'template'", "x", "query")
    tasks: list[Task] = [
        {"name": "when", "ansible.builtin.debug": {}, "when": f"{tier} == 'gold'"},
        {"name": "when not", "ansible.builtin.debug": {}, "when": flag},
        {
            "name": "loop",
            "ansible.builtin.debug": {"msg": "{{ item }}"},
            "loop": f"{{{{ {_call(repr('json/list') + ', decode=' + repr('json'), 'x')} }}}}",
        },
        {"name": "loop over values", "ansible.builtin.debug": {"msg": "{{ item }}"}, "loop": f"{{{{ {some} }}}}"},
        {
            "name": "set_fact",
            "ansible.builtin.set_fact": {
                "dangerous": f"{{{{ {_call(repr('template'), 'x')} }}}}",
                "features": f"{{{{ {_call(repr('json') + ', decode=' + repr('json'), 'x')} }}}}",
            },
        },
        {"name": "fact", "ansible.builtin.debug": {"msg": "{{ [dangerous, features.template, features.list] }}"}},
        {"name": "fact in a text", "ansible.builtin.debug": {"msg": "<{{ dangerous }}>"}},
        {
            "name": "assert",
            "ansible.builtin.assert": {"that": [f"{tier} == 'gold'", f"not {flag}", "features.sso"]},
        },
    ]
    return [{**one, "vars": {**acme}} for one in tasks]


@pytest.fixture(scope="module")
def lookups(ansible: Ansible) -> Iterator[Lookups]:
    with Zitadel(hosts=["id.example.com"]) as fake:
        acme = fake.create_organization("acme", metadata=METADATA)
        fake.create_organization("binary", metadata={"binary": BINARY, "text": "x", **DEEP})
        fake.create_organization("empty")
        homes = {
            name: fake.create_organization(name, domain=f"{name}.example.org", metadata={"who": name, "tier": "gold"})
            for name in ("variable", "other", "environment")
        }
        for name in ("environment", "vaulted", "argument", "file"):
            fake.create_user("IAM_OWNER", token=SECRETS[name])
        key = fake.create_key(fake.create_user("IAM_OWNER"))
        client_id, client_secret = fake.create_secret(fake.create_user("IAM_OWNER"))
        (ansible.home / "token").write_text(f"{SECRETS['file']}\n")
        (ansible.home / "key.json").write_text(json.dumps(key))
        shown = {name: secret for name, secret in SECRETS.items() if name != "vaulted"}
        variables = {
            **shown,
            "stranger": fake.create_user().token,
            "removed_id": fake.create_organization("removed", state="removed"),
            "acme_id": acme,
            "other_id": homes["other"],
            "key": key,
            "two_lines": f"{SECRETS['header']}\nx-b: c",
            "client_id": client_id,
            "client_secret": client_secret,
        }
        (ansible.folder / "variables.json").write_text(json.dumps(variables))
        (ansible.folder / "vaulted.yml").write_text(f"vaulted: {ansible.vaulted(SECRETS['vaulted'])}")
        in_acme = {"zitadel_org_id": acme}
        wrong = {"ZITADEL_URL": "http://127.0.0.1:9", "ZITADEL_TOKEN": "x", "ZITADEL_ORG_ID": homes["other"]}
        without = {"zitadel_token": None}
        tasks = [
            # One task for many: each would import the code anew.
            *(
                {
                    "name": name,
                    "ansible.builtin.debug": {
                        "msg": {
                            name: f"{{{{ {_call(call, name)}{more} }}}}" for name, (call, more, _value) in cases.items()
                        }
                    },
                    "vars": in_acme,
                    "ignore_errors": True,
                }
                for name, cases in {"returned": {**RETURNED, **NO_KEYS}, "prefix": PREFIX}.items()
            ),
            *(_look(name, call, vars=in_acme) for name, (call, _says) in REFUSED.items() if "org_" not in call),
            *(
                _look(name, call, vars={**VARIABLE, "zitadel_retries": "0"})
                for name, (call, _says) in REFUSED.items()
                if "org_" in call
            ),
            *_using(in_acme),
            *(_look(name, call, vars={**VARIABLE, **more}) for name, (call, more, _who) in LOGINS.items()),
            *(_look(name, call, vars=more) for name, (call, more, _who) in ORGANIZATIONS.items()),
            *(_look(name, "'who', default=1", vars=more) for name, more in NOBODY.items()),
            _look("client", "'who', client_id=client_id, client_secret=client_secret", vars=VARIABLE),
            _look(
                "secret in a variable",
                "'who', client_id=client_id",
                vars={**VARIABLE, "zitadel_client_secret": "{{ client_secret }}"},
            ),
            _look("key in a variable", "'who'", vars={**VARIABLE, **without, "zitadel_key_json": "{{ key }}"}),
            _look(
                "two variables", "'who'", vars={"zitadel_client_id": "x", "zitadel_client_secret": "{{ wrong_secret }}"}
            ),
            _look("host in a variable", "'who'", vars={**VARIABLE, "zitadel_instance_host": "id.example.com"}),
            _look(
                "headers in a variable",
                "'who', headers=none",
                vars={**VARIABLE, "zitadel_headers": {"x-task": "headers in a variable", "x-secret": "{{ header }}"}},
            ),
            _look("environment keyword", "'who'", vars=without, environment=wrong),
        ]
        whole = {
            # Also where a template belongs to no task. (And loaded there, it is loaded once.)
            "hosts": f"{{{{ {_call('org_id=acme_id', 'hosts')}.hosts }}}}",
            "gather_facts": False,
            "vars_files": ["vaulted.yml"],
            "vars": {
                "zitadel_token": "{{ vaulted }}",
                "variable_id": homes["variable"],
            },
            "environment": {"ZITADEL_TOKEN": "y"},
            "tasks": tasks,
        }
        inventory = ansible.folder / "inventory"
        inventory.write_text("box ansible_connection=ssh ansible_host=192.0.2.1\n")
        fake.clear_requests()
        run = ansible.playbook(
            json.dumps([whole]),
            args=["-vvvv", "-i", "inventory", "-e", "@variables.json", *ansible.vault_arguments],
            env={
                "ZITADEL_URL": f"{fake.url}/",
                "ZITADEL_TOKEN": SECRETS["environment"],
                "ZITADEL_ORG_ID": homes["environment"],
            },
        )
        yield Lookups(run, fake, acme)


@pytest.mark.parametrize("name", [*RETURNED, *NO_KEYS, *PREFIX])
def test_what_it_returns(lookups: Lookups, name: str) -> None:
    task = lookups.run["prefix" if name in PREFIX else "returned"]
    assert not task.failed, task["msg"]
    found, wanted = task["msg"][name], {**RETURNED, **NO_KEYS, **PREFIX}[name][2]
    assert (found, type(found)) == (wanted, type(wanted))


@pytest.mark.parametrize("name", [*RETURNED, *PREFIX])
def test_all_keys_cost_one_request(lookups: Lookups, name: str) -> None:
    calls = [request.path.removeprefix("/management/v1") for request in lookups.requests(name)]
    searches = [call for call in calls if call == "/metadata/_search"]
    assert len(searches) == 1
    # Beside it: the organization by its name, and the proof where nothing was found.
    others = {call for call in calls if call != "/metadata/_search"}
    assert others <= {"/v2/organizations/_search", "/orgs/me"}
    assert len(calls) == len(searches) + len(others)


def test_what_is_asked_for_is_filtered_by_the_server(lookups: Lookups) -> None:
    (one,) = lookups.requests("one key")
    (several,) = lookups.requests("several of JSON")
    (everything_,) = lookups.requests("everything")
    assert one.json["queries"] == [{"keyQuery": {"key": "tier", "method": "TEXT_QUERY_METHOD_EQUALS"}}]
    assert several.json["queries"] == [{"keyQuery": {"key": "json/", "method": "TEXT_QUERY_METHOD_STARTS_WITH"}}]
    assert not everything_.json.get("queries")


@pytest.mark.parametrize("name", REFUSED)
def test_what_it_refuses(lookups: Lookups, name: str) -> None:
    result = lookups.run[name]
    assert result.failed
    says = REFUSED[name][1]
    assert [part for part in says if part not in result["msg"]] == [], result["msg"]


def test_a_missing_key_is_missing_in_an_organization(lookups: Lookups) -> None:
    assert lookups.acme in lookups.run["missing"]["msg"]


def test_json_that_is_too_deep_is_not_called_a_recursion(lookups: Lookups) -> None:
    for name in ("deep JSON", "JSON too deep for Ansible"):
        assert "ecursi" not in lookups.run[name]["msg"]


@pytest.mark.parametrize("name", NOBODY)
def test_a_variable_that_names_nobody_is_an_error(lookups: Lookups, name: str) -> None:
    (variable,) = NOBODY[name]
    assert lookups.run[name].failed
    assert variable.removeprefix("zitadel_") in lookups.run[name]["msg"]
    assert lookups.requests(name) == []


def test_values_can_be_used_everywhere(lookups: Lookups) -> None:
    run = lookups.run
    assert run["when"].event == "ok"
    assert run["when not"].event == "skipped"
    assert [item["msg"] for item in run.items("loop")] == [3, 4]
    assert [item["msg"] for item in run.items("loop over values")] == ["gold", "{{ 1 + 1 }}"]
    assert run["fact"]["msg"] == ["{{ 1 + 1 }}", "{{ 1 + 1 }}", [1, 2.5, None]]
    assert run["fact in a text"]["msg"] == "<{{ 1 + 1 }}>"
    assert run["assert"].event == "ok"


@pytest.mark.parametrize("name", LOGINS)
def test_who_comes(lookups: Lookups, name: str) -> None:
    assert not lookups.run[name].failed, lookups.run[name]["msg"]
    assert {request.bearer for request in lookups.requests(name)} == {SECRETS[LOGINS[name][2]]}


@pytest.mark.parametrize("name", ORGANIZATIONS)
def test_which_organization_is_read(lookups: Lookups, name: str) -> None:
    assert lookups.run[name]["msg"] == ORGANIZATIONS[name][2]


@pytest.mark.parametrize(
    ("name", "who"), [("client", "variable"), ("secret in a variable", "variable"), ("key in a variable", "variable")]
)
def test_other_ways_to_log_in(lookups: Lookups, name: str, who: str) -> None:
    assert lookups.run[name]["msg"] == who
    assert lookups.requests(name)[0].path == "/oauth/v2/token"


def test_two_variables_that_log_in_are_refused(lookups: Lookups) -> None:
    assert lookups.run["two variables"].failed
    assert "token and client_id are given" in lookups.run["two variables"]["msg"]
    assert lookups.requests("two variables") == []


def test_other_options_come_from_variables_too(lookups: Lookups) -> None:
    assert lookups.run["host in a variable"]["msg"] == "variable"
    (request,) = lookups.requests("host in a variable")
    assert request.headers["x-zitadel-instance-host"] == "id.example.com"
    (request,) = lookups.requests("headers in a variable")
    assert request.headers["x-secret"] == SECRETS["header"]


def test_the_environment_keyword_does_not_reach_it(lookups: Lookups) -> None:
    assert lookups.run["environment keyword"]["msg"] == "environment"
    assert {request.bearer for request in lookups.requests("environment keyword")} == {SECRETS["environment"]}


def test_no_secret_is_shown_and_no_traceback(lookups: Lookups) -> None:
    shown = everything(lookups.run)
    secrets = {**SECRETS, "admin": lookups.fake.token}
    places = {
        name: [line[:300] for line in lookups.run.output.splitlines() if secret in line][:1]
        + [result.task for result in lookups.run.results if secret in json.dumps(result.data)]
        for name, secret in secrets.items()
        if secret in shown
    }
    assert places == {}
    # At -vvvv, ansible-core 2.18 shows where any lookup fails.
    assert [result.task for result in lookups.run.results if "Traceback" in json.dumps(result.data)] == []
    assert lookups.fake.writes == []


def test_the_environment_of_the_controller(ansible: Ansible) -> None:
    """A blank organization and two ways to log in are errors, unless something else names them."""
    with Zitadel() as fake:
        acme = fake.create_organization("acme", metadata={"tier": "gold"})
        tasks = [
            _look("blank", "'tier', token=own"),
            _look("named", "'tier', token=own", vars={"zitadel_org_id": acme}),
            _look("named by an argument", "'tier', token=own, org_name='acme'"),
            _look("two logins", "'tier', org_name='acme'"),
            _look("no login", "'tier', org_name='acme', client_secret=wrong_secret"),
        ]
        variables = {"own": fake.token, "wrong_secret": SECRETS["wrong_secret"]}
        env = {
            "ZITADEL_URL": fake.url,
            "ZITADEL_ORG_ID": " ",
            "ZITADEL_TOKEN": fake.token,
            "ZITADEL_KEY_FILE": "~/key.json",
        }
        run = ansible.playbook(
            json.dumps([{"hosts": "localhost", "gather_facts": False, "tasks": tasks, "vars": variables}]), env=env
        )
        assert run["blank"].failed
        assert "ZITADEL_ORG_ID is set, but empty" in run["blank"]["msg"]
        assert run["named"]["msg"] == run["named by an argument"]["msg"] == "gold"
        assert "ZITADEL_TOKEN and ZITADEL_KEY_FILE are given in the environment" in run["two logins"]["msg"]
        assert "client_secret is given" in run["no login"]["msg"]
        assert "without client_id" in run["no login"]["msg"]
        assert {request.headers["x-task"] for request in fake.requests} == {"named", "named by an argument"}
