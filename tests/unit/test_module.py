# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How parameters come in, and how results leave without secrets: in the result, the invocation, and the log."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from ansible_collections.community.zitadel.plugins.modules import (
    zitadel_org_info,
    zitadel_org_metadata,
    zitadel_org_metadata_info,
)

from unit.helpers import NO_ERROR, Runner, Site, arguments_of, lists

pytestmark = pytest.mark.every_core

HEADER = "header-5ecret"
VALUE = "value-5ecret"
VALUE_B64 = base64.b64encode(VALUE.encode()).decode()
SENSITIVE: dict[str, Any] = {"key": "k", "value": VALUE, "sensitive": True}


def test_a_result(runner: Runner, acme: Site) -> None:
    result = runner.run(org_id=acme.org_id, key="k", value="plain", headers={"X-Proxy": HEADER})
    assert result["changed"] is True
    assert lists(result) == {"added": ["k"]}
    shown = arguments_of(result)
    assert shown["headers"] == {"X-Proxy": "VALUE_SPECIFIED_IN_NO_LOG_PARAMETER"}
    assert shown["token"] == "VALUE_SPECIFIED_IN_NO_LOG_PARAMETER"
    assert (shown["key"], shown["value"], shown["url"]) == ("k", "plain", runner.fake.url)
    assert runner.fake.requests[0].headers["x-proxy"] == HEADER
    runner.assert_hidden(HEADER)


def test_no_value_is_ever_logged(runner: Runner, acme: Site) -> None:
    runner.run(org_id=acme.org_id, metadata={"a": "plain-1"}, metadata_b64={"b": VALUE_B64}, headers={"X": HEADER})
    runner.run(org_id=acme.org_id, key="k", value="plain-2")
    runner.run(org_id=acme.org_id, key="k", value_b64=VALUE_B64)
    log = "\n".join(runner.log)
    assert "Invoked with" in log
    assert "metadata={'a': " in log
    for text in ("plain-1", "plain-2", VALUE, VALUE_B64, HEADER, runner.fake.token):
        assert text not in log


@pytest.mark.parametrize(
    "options",
    [
        pytest.param(SENSITIVE, id="value"),
        pytest.param({"key": "k", "value": {"a": VALUE}, "sensitive": "yes"}, id="dict"),
        pytest.param({"key": "k", "value_b64": VALUE_B64, "sensitive": True}, id="base64"),
        pytest.param({"metadata": {"k": VALUE, "l": [VALUE]}, "sensitive": True}, id="many"),
        pytest.param({"metadata_b64": {"k": VALUE_B64}, "sensitive": True}, id="many as base64"),
    ],
)
@pytest.mark.parametrize("before", [{}, {"k": "old-5ecret", "gone": "old-5ecret"}], ids=["new", "changed"])
def test_sensitive_values_are_nowhere(runner: Runner, options: dict[str, Any], before: dict[str, str]) -> None:
    site = Site(runner.fake, before)
    result = runner.run(org_id=site.org_id, absent_keys=["gone"], _ansible_diff=True, **options)
    assert result["changed"] is True
    assert result["diff"]["after"]["k"].startswith("<sensitive, ")
    assert ", changed>" in result["diff"]["after"]["k"] or not before
    if "metadata" in options:
        assert arguments_of(result)["metadata"].keys() == options["metadata"].keys()
    runner.assert_hidden(VALUE, VALUE_B64, "old-5ecret", base64.b64encode(b"old-5ecret").decode())


def test_sensitive_values_are_not_in_failures(runner: Runner, acme: Site) -> None:
    for message in (f"bad {VALUE}", f"bad {VALUE_B64}"):
        runner.fake.respond(400, {"code": 3, "message": message}, path="/k$")
        result = runner.run(org_id=acme.org_id, **SENSITIVE)
        assert result["failed"] is True
        assert result["error"]["status"] == 400
        runner.assert_hidden(VALUE, VALUE_B64)


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param({"tokn": "typo-5ecret"}, id="unknown option"),
        pytest.param({"state": "latest"}, id="no such choice"),
        pytest.param({"retries": "many"}, id="no number"),
        pytest.param({"sensitive": "maybe"}, id="no boolean"),
        pytest.param({"metadata": 5}, id="no dict"),
        pytest.param({"headers": f"X={HEADER}", "timeout": "x"}, id="headers as text"),
        pytest.param({"headers": HEADER}, id="headers that are none"),
        pytest.param({"sensitiv": True, "sensitive": None}, id="misspelt sensitive"),
        pytest.param({"key_json": {"key": "typo-5ecret"}, "retries": "x"}, id="key"),
        pytest.param({"key_json": '{"key": "typo-5ecret"}', "retries": "x"}, id="key as text"),
        pytest.param({"client_secret": "typo-5ecret", "retries": "x"}, id="client secret"),
        pytest.param({"keep": {"a": 1}}, id="no list"),
    ],
)
def test_arguments_that_are_refused_show_no_secret(runner: Runner, wrong: dict[str, Any]) -> None:
    result = runner.run(**{"headers": {"X": HEADER}, **SENSITIVE, **wrong})
    assert result["failed"] is True
    assert result["changed"] is False
    assert result["error"] == NO_ERROR
    assert result["org_id"] is None
    runner.assert_hidden(HEADER, VALUE, "typo-5ecret")
    assert not runner.fake.requests


@pytest.mark.parametrize("key", ["text", "dict"])
def test_a_private_key_is_nowhere(runner: Runner, acme: Site, key: str) -> None:
    content = runner.fake.create_key(runner.fake.create_user("IAM_OWNER"))
    given = content if key == "dict" else json.dumps(content)
    secret = content["key"].splitlines()[3]
    options: dict[str, Any] = {"token": None, "key_json": given, "org_id": acme.org_id, "_ansible_diff": True}
    # Even where it is the value.
    runner.run(**options, metadata={"copy": content["key"], "as_json": {"a": content["key"]}})
    assert secret.encode() in acme.metadata["copy"]
    runner.assert_hidden(secret)
    failed = runner.run(**{**options, "audience": "https://other"}, key="k", value="v")
    assert "audience 'https://other'" in failed["msg"]
    runner.assert_hidden(secret)
    shown = arguments_of(failed)["key_json"]
    assert shown == "VALUE_SPECIFIED_IN_NO_LOG_PARAMETER"


@pytest.mark.parametrize("way", ["TOKEN", "TOKEN_FILE", "KEY_FILE", "KEY_JSON", "CLIENT"])
def test_secrets_of_the_environment_and_of_files_are_kept_out(
    runner: Runner, acme: Site, monkeypatch: pytest.MonkeyPatch, tmp_path: Any, way: str
) -> None:
    user = runner.fake.create_user("IAM_OWNER")
    key = runner.fake.create_key(user)
    client_id, client_secret = runner.fake.create_secret(user)
    (tmp_path / "token").write_text(f"{user.token}\n")
    (tmp_path / "key").write_text(json.dumps(key))
    variables, secret = {
        "TOKEN": ({"TOKEN": user.token}, user.token),
        "TOKEN_FILE": ({"TOKEN_FILE": str(tmp_path / "token")}, user.token),
        "KEY_FILE": ({"KEY_FILE": str(tmp_path / "key")}, key["key"]),
        "KEY_JSON": ({"KEY_JSON": json.dumps(key)}, key["key"]),
        "CLIENT": ({"CLIENT_ID": client_id, "CLIENT_SECRET": client_secret}, client_secret),
    }[way]
    for name, value in variables.items():
        monkeypatch.setenv(f"ZITADEL_{name}", value)
    result = runner.run(token=None, org_id=acme.org_id, key="copy", value=secret, _ansible_diff=True)
    assert result["changed"] is True
    assert acme.metadata == {"copy": secret.encode()}
    runner.assert_hidden(secret.strip().splitlines()[-1] if way.startswith("KEY") else secret)


def test_everything_from_the_environment(runner: Runner, acme: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    variables = {
        "URL": runner.fake.url,
        "TOKEN": runner.fake.token,
        "ORG_ID": acme.org_id,
        "INSTANCE_HOST": "localhost",
        "RETRIES": "0",
        "TIMEOUT": "7.5",
        "VALIDATE_CERTS": "false",
    }
    blank = ("CA_PATH", "CLIENT_CERT", "CLIENT_KEY", "AUDIENCE", "CLIENT_ID", "KEY_FILE", "KEY_JSON", "TOKEN_FILE")
    for name, value in {**variables, **dict.fromkeys(blank, "")}.items():
        monkeypatch.setenv(f"ZITADEL_{name}", value)
    result = runner.run(url=None, token=None, key="k", value="v")
    assert acme.metadata == {"k": b"v"}
    shown = arguments_of(result)
    assert (shown["retries"], shown["timeout"], shown["validate_certs"]) == (0, 7.5, False)
    assert shown["ca_path"] is None
    assert runner.fake.requests[0].headers["x-zitadel-instance-host"] == "localhost"
    runner.fake.respond(503)
    assert runner.run(url=None, token=None, key="k", value="v")["error"]["status"] == 503


def test_empty_variables_leave_the_defaults(runner: Runner, acme: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("RETRIES", "TIMEOUT", "VALIDATE_CERTS", "INSTANCE_HOST", "CA_PATH"):
        monkeypatch.setenv(f"ZITADEL_{name}", "")
    shown = arguments_of(runner.run(org_id=acme.org_id, key="k", value="v"))
    assert (shown["retries"], shown["timeout"], shown["validate_certs"]) == (4, 30.0, True)
    assert (shown["instance_host"], shown["ca_path"]) == (None, None)


def test_null_is_not_given(runner: Runner, acme: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZITADEL_TIMEOUT", "9")
    nulls = dict.fromkeys(
        ("timeout", "retries", "headers", "validate_certs", "state", "purge", "keep", "verify", "sensitive", "metadata")
    )
    result = runner.run(org_id=acme.org_id, key="k", value="v", **nulls)
    assert result["changed"] is True
    shown = arguments_of(result)
    assert {name: shown[name] for name in nulls} == {
        "timeout": 9.0,
        "retries": 4,
        "headers": {},
        "validate_certs": True,
        "state": "present",
        "purge": False,
        "keep": [],
        "verify": True,
        "sensitive": False,
        "metadata": None,
    }


@pytest.mark.parametrize(
    ("options", "said"),
    [
        pytest.param({"url": None}, "url is missing", id="no url"),
        pytest.param({"url": ""}, "url is given, but empty", id="empty url"),
        pytest.param({"token": None}, "No authentication method is given", id="no login"),
        pytest.param({"token": ""}, "token is given, but empty", id="empty token"),
        pytest.param({"token_file": "x"}, "token and token_file are given in the task", id="two logins"),
        pytest.param({"org_id": ""}, "org_id is given, but empty", id="empty organization"),
        pytest.param({"organization_id": ""}, "org_id is given, but empty", id="empty organization by its alias"),
        pytest.param({"key": None}, "There is nothing to set or remove", id="nothing"),
        pytest.param({"value": None}, "needs either value or value_b64, and not null", id="no value"),
        pytest.param({"purge": True}, "purge needs state: present and metadata", id="purge with a key"),
        pytest.param({"headers": {"authorization": HEADER}}, "headers may not set authorization", id="header"),
        pytest.param({"headers": {"X": f"{HEADER}\r\nA: b"}}, "the value of X cannot be sent", id="header injection"),
    ],
)
def test_options_that_make_no_sense(runner: Runner, options: dict[str, Any], said: str) -> None:
    result = runner.run(**{"key": "k", "value": "v", **options})
    assert result["failed"] is True
    assert said in result["msg"]
    assert (result["changed"], result["org_id"], result["error"]) == (False, None, NO_ERROR)
    assert "added" not in result
    runner.assert_hidden(HEADER)
    assert not runner.fake.requests


def test_check_mode_and_diff(runner: Runner) -> None:
    site = Site(runner.fake, {"text": "a", "data": b"\xff", "gone": "1", "same": "1"})
    options = {"metadata": {"text": "b", "data": "c", "same": "1"}, "purge": True, "org_id": site.org_id}
    planned = runner.run(**options, _ansible_check_mode=True, _ansible_diff=True)
    assert not runner.fake.writes
    done = runner.run(**options, _ansible_diff=True)
    names = ("changed", "added", "updated", "removed", "unchanged", "diff", "org_id")
    assert {name: planned[name] for name in names} == {name: done[name] for name in names}
    assert done["diff"]["after"] == {"text": "b", "data": "c"}
    assert done["diff"]["before"]["data"].startswith("<binary, 1 bytes, sha256:")
    assert done["diff"]["before"].keys() == {"text", "data", "gone"}
    assert "diff" not in runner.run(**options)


@pytest.mark.parametrize(
    ("module", "options"),
    [
        (zitadel_org_metadata, {"key": "k", "value": "v"}),
        (zitadel_org_metadata_info, {}),
        (zitadel_org_info, {}),
    ],
    ids=["metadata", "metadata_info", "org_info"],
)
def test_what_nobody_expected_becomes_a_message(
    runner: Runner, monkeypatch: pytest.MonkeyPatch, module: Any, options: dict[str, Any]
) -> None:
    def fail(*_arguments: Any, **_more: Any) -> None:
        raise RuntimeError(VALUE)

    for name in ("set_metadata", "metadata_info", "organization_info"):
        monkeypatch.setattr(module, name, fail, raising=False)
    result = runner.run(module.main, **options)
    assert result["failed"] is True
    assert "a defect in community.zitadel" in result["msg"]
    assert "RuntimeError in test_module.py, line " in result["msg"]
    assert result["error"] == NO_ERROR
    assert ("org_id" in result) is (module is not zitadel_org_info)
    runner.assert_hidden(VALUE)


def test_a_failure_of_the_server(runner: Runner, acme: Site) -> None:
    runner.fake.expire_token()
    result = runner.run(org_id=acme.org_id, key="k", value="v")
    assert result["error"] == {
        "status": 401,
        "code": 16,
        "id": "AUTH-7fs1e",
        "message": "Errors.Token.Invalid (AUTH-7fs1e)",
    }
    assert result["org_id"] is None
    runner.assert_hidden()


def test_a_failure_after_a_write(runner: Runner) -> None:
    site = Site(runner.fake, {"old": "1"})
    runner.fake.fail(403, 7, "no (AUTH-5mWD2)", method="DELETE")
    result = runner.run(org_id=site.org_id, metadata={"a": 1}, absent_keys=["old"])
    assert (result["failed"], result["changed"], result["org_id"]) == (True, True, site.org_id)
    assert lists(result) == {"added": ["a"]}
    assert "org.write" in result["msg"]


def test_a_warning(runner: Runner, acme: Site) -> None:
    runner.fake.after(lambda _request: runner.fake.set(acme.org_id, "k", "theirs"), path="/k$")
    assert "'k'" in json.dumps(runner.run(org_id=acme.org_id, key="k", value="v")["warnings"])


# The modules that read


def test_reading_metadata(runner: Runner) -> None:
    site = Site(runner.fake, {"b": "text", "a/1": b"\xff", "a/2": "ü"})
    result = runner.run(zitadel_org_metadata_info.main, org_id=site.org_id)
    assert result["metadata"] == {"a/2": "ü", "b": "text"}
    assert result["metadata_b64"] == {"a/1": "/w=="}
    assert [entry["key"] for entry in result["entries"]] == ["a/1", "a/2", "b"]
    assert result["entries"][0]["value"] is None
    assert result["entries"][1]["value_b64"] == "w7w="
    assert result["entries"][2]["details"]["resource_owner"] == site.org_id
    assert (result["changed"], result["org_id"]) == (False, site.org_id)
    copy = Site(runner.fake)
    runner.run(org_id=copy.org_id, metadata=result["metadata"], metadata_b64=result["metadata_b64"])
    assert copy.metadata == site.metadata


@pytest.mark.parametrize(
    ("options", "keys"),
    [
        ({"key": "a"}, ["a"]),
        ({"key": "A"}, []),
        ({"key_prefix": "a"}, ["a", "a/b"]),
        ({"key_contains": "/"}, ["a/b"]),
        ({}, ["a", "a/b", "c"]),
    ],
    ids=str,
)
def test_selecting_metadata(runner: Runner, options: dict[str, str], keys: list[str]) -> None:
    site = Site(runner.fake, dict.fromkeys(["c", "a", "a/b"], "v"))
    result = runner.run(zitadel_org_metadata_info.main, org_id=site.org_id, **options)
    assert [entry["key"] for entry in result["entries"]] == keys


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"key": "a", "key_prefix": "b"}, "key and key_prefix are mutually exclusive"),
        ({"key": ""}, "key is given, but empty"),
        ({"key_contains": ""}, "key_contains is given, but empty"),
        ({"org_id": ""}, "org_id is given, but empty"),
    ],
    ids=str,
)
def test_selections_that_make_no_sense(runner: Runner, options: dict[str, str], said: str) -> None:
    result = runner.run(zitadel_org_metadata_info.main, **options)
    assert said in result["msg"]
    assert result["org_id"] is None
    assert not runner.fake.requests


def test_reading_organizations(runner: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZITADEL_ORG_ID", "not read")
    wanted = runner.fake.create_organization("b", domain="b.example.com")
    runner.fake.create_organization("a", state="inactive")
    found = runner.run(zitadel_org_info.main)["organizations"]
    assert [(one["name"], one["state"]) for one in found] == [("ZITADEL", "active"), ("a", "inactive"), ("b", "active")]
    for option, value in (("org_id", wanted), ("name", "b"), ("domain", "b.example.com")):
        (one,) = runner.run(zitadel_org_info.main, **{option: value})["organizations"]
        assert (one["id"], one["primary_domain"], one["details"]["resource_owner"]) == (wanted, "b.example.com", wanted)
    assert runner.run(zitadel_org_info.main, name="B")["organizations"] == []
    assert "name is given, but empty" in runner.run(zitadel_org_info.main, name="")["msg"]
