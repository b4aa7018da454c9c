# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The credential type: what AWX demands of one, and what its code makes of filled and blank fields."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import jinja2
import jinja2.sandbox
import pytest
from ansible_collections.community.zitadel.plugins.module_utils._auth import LOGIN_OPTIONS
from ansible_collections.community.zitadel.plugins.module_utils._spec import CONNECTION_SPEC

from awx.jobs import FIELDS, INJECTORS, INPUTS, inject

pytestmark = pytest.mark.every_core

FILLED = {
    "url": "https://id.example.com",
    "token": "the-token",
    "service_account_key": '{\n  "type": "serviceaccount"\n}\n',
    "client_id": "ansible",
    "client_secret": "the-secret",
    "audience": "https://audience.example.com",
    "instance_host": "instance.example.com",
    "ca_certificate": "-----BEGIN CERTIFICATE-----\nMII=\n-----END CERTIFICATE-----\n",
    "validate_certs": "false",
}
SECRETS = ("token", "service_account_key", "client_secret")
FILES = {"service_account_key": "ZITADEL_KEY_FILE", "ca_certificate": "ZITADEL_CA_PATH"}
# Login options that another field covers, and what is no matter of a credential.
WITHOUT_A_FIELD = {
    *("token_file", "key_json", "headers", "client_cert", "client_key"),
    *("timeout", "retries", "api_version", "connections"),
}


def test_awx_takes_the_fields() -> None:
    assert INPUTS.keys() == {"fields", "required"}
    assert len(FIELDS) == len(INPUTS["fields"])
    assert set(INPUTS["required"]) <= FIELDS.keys()
    attributes = {"id", "label", "type", "help_text", "secret", "multiline", "choices", "default"}
    for name, one in FIELDS.items():
        assert re.fullmatch(r"[a-z_]+", name)
        assert one.keys() <= attributes
        assert one["label"]
        # AWX has no other types, and secrets, choices and lines only for this one.
        assert one["type"] == "string"
        assert isinstance(one.get("default", ""), str)
        assert all(isinstance(choice, str) for choice in one.get("choices", []))
    # AWX replaces a blank by the first choice.
    assert FIELDS["validate_certs"]["choices"][0] == FIELDS["validate_certs"]["default"] == "true"


def test_secrets_are_secrets_and_files_have_lines() -> None:
    assert tuple(name for name, one in FIELDS.items() if one.get("secret")) == SECRETS
    assert {name for name, one in FIELDS.items() if one.get("multiline")} == FILES.keys()


def test_awx_takes_the_injectors() -> None:
    assert INJECTORS.keys() == {"file", "env"}, "extra_vars would end in the job's record"
    names = [re.fullmatch(r"template\.([a-z_]+)", label) for label in INJECTORS["file"]]
    files = {match[1]: f"/file/{match[1]}" for match in names if match}
    assert len(files) == len(INJECTORS["file"])
    # AWX tries each template with all fields filled in, and takes no name that is not there.
    environment = jinja2.sandbox.ImmutableSandboxedEnvironment(undefined=jinja2.StrictUndefined)
    for template in (*INJECTORS["file"].values(), *INJECTORS["env"].values()):
        assert template.isascii()
        assert environment.from_string(template).render(**FILLED, tower={"filename": files})


def test_every_authentication_method_has_its_variable_and_the_organization_none() -> None:
    options = {variable.removeprefix("ZITADEL_").lower() for variable in INJECTORS["env"]}
    assert options == (CONNECTION_SPEC.keys() | set(LOGIN_OPTIONS)) - WITHOUT_A_FIELD
    assert not [name for name in FIELDS if "org" in name]


def test_fields_become_variables_and_files(tmp_path: Path) -> None:
    injected = inject(FILLED, tmp_path)
    assert injected.args == []
    for name, variable in FILES.items():
        file = Path(injected.env[variable])
        assert file.read_text() == FILLED[name]
        assert file.stat().st_mode & 0o077 == 0
    others = {variable: value for variable, value in injected.env.items() if variable not in FILES.values()}
    assert others == {
        "ZITADEL_URL": "https://id.example.com",
        "ZITADEL_TOKEN": "the-token",
        "ZITADEL_CLIENT_ID": "ansible",
        "ZITADEL_CLIENT_SECRET": "the-secret",
        "ZITADEL_AUDIENCE": "https://audience.example.com",
        "ZITADEL_INSTANCE_HOST": "instance.example.com",
        "ZITADEL_VALIDATE_CERTS": "false",
    }


def test_the_record_of_the_job_gets_no_secret(tmp_path: Path) -> None:
    injected = inject(FILLED, tmp_path)
    assert injected.safe_env.keys() == injected.env.keys()
    assert [name for name in SECRETS if FILLED[name] in injected.safe_env.values()] == []
    assert injected.safe_env["ZITADEL_URL"] == FILLED["url"]


@pytest.mark.parametrize(
    "blanks",
    [
        {},
        dict.fromkeys(FILLED, ""),
        {"service_account_key": " \n", "ca_certificate": "\n"},
    ],
    ids=["left out", "empty", "newlines"],
)
def test_blank_fields_become_blank_variables(tmp_path: Path, blanks: dict[str, Any]) -> None:
    injected = inject(blanks, tmp_path)
    assert injected.env == dict.fromkeys(INJECTORS["env"], "")
    # AWX writes the files all the same.
    assert [path.read_text().strip() for path in (tmp_path / "env").iterdir()] == ["", ""]


def test_a_value_is_no_template(tmp_path: Path) -> None:
    key = json.dumps({"key": "{{ token }}{% if %}"})
    injected = inject({"token": "{{ url }}", "service_account_key": key}, tmp_path)
    assert injected.env["ZITADEL_TOKEN"] == "{{ url }}"
    assert Path(injected.env["ZITADEL_KEY_FILE"]).read_text() == key
