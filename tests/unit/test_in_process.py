# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where a task runs, why it does not run in process, and what is refused before its module runs."""

from __future__ import annotations

import importlib.util
import io
import json
import sys
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ansible import constants, template
from ansible.module_utils import basic
from ansible.module_utils.common import json as core_json
from ansible.module_utils.common import warnings
from ansible.parsing import vault
from ansible.parsing.dataloader import DataLoader
from ansible.playbook.play_context import PlayContext
from ansible.playbook.task import Task
from ansible.plugins.action import ActionBase
from ansible.plugins.loader import connection_loader
from ansible.template import Templar
from ansible_collections.community.zitadel.plugins.action import (
    zitadel_org_info,
    zitadel_org_metadata,
    zitadel_org_metadata_bulk,
    zitadel_org_metadata_info,
)
from ansible_collections.community.zitadel.plugins.module_utils._module import ZitadelModule
from ansible_collections.community.zitadel.plugins.plugin_utils import _arguments, _in_process
from ansible_collections.community.zitadel.plugins.plugin_utils._interpreter import is_own_interpreter

from fake_zitadel import FakeZitadel
from unit.helpers import NO_ERROR

pytestmark = pytest.mark.every_core

METADATA = zitadel_org_metadata.ActionModule
INFO = zitadel_org_metadata_info.ActionModule


def _template(text: str) -> str:
    """Return a text that core takes for a template: since ansible-core 2.19, not every text is one."""
    trust: Callable[[str], str] = getattr(template, "trust_as_template", str)
    return trust(text)


class Act:
    """A task of an action plugin on a local host. Where it runs as a module, that is only noted."""

    def __init__(self, fake: FakeZitadel, patch: pytest.MonkeyPatch) -> None:
        self.fake = fake
        self.patch = patch
        self.modules = 0
        self.said: list[str] = []
        self.variables: dict[str, Any] = {
            "inventory_hostname": "box",
            "ansible_facts": {},
            "ansible_python_interpreter": sys.executable,
        }
        self.task = Task()
        self.task.action = "community.zitadel.zitadel_org_metadata"
        self.task.check_mode = self.task.diff = self.task.no_log = False
        self.connection = connection_loader.get("local", PlayContext())
        patch.setattr(_in_process, "_tried", set())
        patch.setattr(_in_process._display, "v", lambda line, host: self.said.append(f"<{host}> {line}"))
        patch.setattr(_in_process._display, "vvv", lambda line, host: self.said.append(f"<{host}> {line}"))
        patch.setattr(ActionBase, "_execute_module", self._execute_module)

    def _execute_module(self, **_more: Any) -> dict[str, Any]:
        self.modules += 1
        return {"changed": False}

    def make(self, action: type[ActionBase] = METADATA, /, **options: Any) -> Any:
        self.task.args = {"url": self.fake.url, "token": self.fake.token, **options}
        loader = DataLoader()
        templar = Templar(loader=loader, variables=self.variables)
        return action(self.task, self.connection, PlayContext(), loader, templar, None)

    def run(self, action: type[ActionBase] = METADATA, /, **options: Any) -> dict[str, Any]:
        options = options or {"key": "a", "value": "1"}
        return dict(self.make(action, **options).run(task_vars=self.variables))

    @property
    def reason(self) -> str:
        """What was said of a task that ran as a module."""
        assert (self.modules, self.fake.requests, len(self.said)) == (1, [], 1)
        return self.said[0]


@pytest.fixture
def act(fake: FakeZitadel, monkeypatch: pytest.MonkeyPatch) -> Act:
    return Act(fake, monkeypatch)


def test_each_run_begins_as_a_process_would(act: Act) -> None:
    warnings.warn("of somebody else")
    warnings.deprecate("of somebody else", version="9.0.0", collection_name="community.zitadel")
    state = [vars(owner).get(name) for owner, name in PRIVATE]
    assert act.run()["changed"]
    result = act.run(key="a", value="1", vlue="2")
    assert "Unsupported parameters" in result["msg"]
    assert not {"warnings", "deprecations"} & result.keys()
    assert [vars(owner).get(name) for owner, name in PRIVATE] == state
    assert (act.modules, act.said) == (0, [])


REASONS: dict[str, tuple[Callable[[Act], object], str]] = {
    "variable": (
        lambda act: act.variables.update(zitadel_in_process=_template("{{ 'no' }}")),
        "the variable zitadel_in_process is",
    ),
    "environment variable": (
        lambda act: act.patch.setenv("ZITADEL_IN_PROCESS", "0"),
        "the environment variable ZITADEL_IN_PROCESS is false",
    ),
    "connection": (
        lambda act: act.patch.setattr(act.connection, "transport", "ssh"),
        "the connection is ssh, not local",
    ),
    "become": (lambda act: act.patch.setattr(act.connection, "become", object()), "become is used"),
    "async": (lambda act: act.patch.setattr(act.task, "async_val", 10), "async is used"),
    "environment": (lambda act: act.patch.setattr(act.task, "environment", [{}, {"a": "b"}]), "environment is used"),
    "files": (
        lambda act: act.patch.setattr(constants, "DEFAULT_KEEP_REMOTE_FILES", True),
        "keep_remote_files is on in the configuration of Ansible",
    ),
    "requests": (
        lambda act: act.patch.setattr(_in_process, "REQUESTS_IMPORT_ERROR", "Traceback"),
        f"requests cannot be imported by {sys.executable}",
    ),
    "interpreter": (
        lambda act: act.variables.update(ansible_python_interpreter=_template("/bin/{{ 'sh' }} ")),
        f"ansible_python_interpreter is /bin/sh, and {sys.executable} runs Ansible",
    ),
}


@pytest.mark.parametrize("reason", REASONS)
def test_a_task_that_runs_as_a_module_says_why(act: Act, reason: str) -> None:
    change, text = REASONS[reason]
    change(act)
    act.run()
    assert act.reason.startswith(f"<box> community.zitadel.zitadel_org_metadata runs as a module: {text}")


@pytest.mark.parametrize(
    ("value", "shown"),
    [("", "''"), (" ", "' '"), ("maybe", "'maybe'"), ([True], "[True]"), (_template("{{ 'ye' }}"), "'ye'")],
)
def test_a_variable_that_is_no_boolean_is_an_error(act: Act, value: Any, shown: str) -> None:
    act.variables["zitadel_in_process"] = value
    # Also where something else forces a module.
    act.patch.setattr(act.task, "async_val", 10)
    result = act.run()
    assert (result["failed"], result["changed"], result["org_id"], result["error"]) == (True, False, None, NO_ERROR)
    assert f"the variable zitadel_in_process is {shown}" in result["msg"]
    assert (act.modules, act.fake.requests) == (0, [])


def test_an_environment_variable_that_is_no_boolean_is_an_error(act: Act) -> None:
    act.patch.setenv("ZITADEL_IN_PROCESS", "maybe")
    result = act.run(zitadel_org_metadata_bulk.ActionModule, organizations=[])
    assert "the environment variable ZITADEL_IN_PROCESS is 'maybe'" in result["msg"]
    assert result["organizations"] == []


def test_a_blank_environment_variable_is_none_and_the_variable_wins(act: Act) -> None:
    act.patch.setenv("ZITADEL_IN_PROCESS", " ")
    assert act.run()["changed"]
    act.patch.setenv("ZITADEL_IN_PROCESS", "false")
    act.variables["zitadel_in_process"] = True
    assert act.run(key="b", value="1")["changed"]
    assert (act.modules, act.said) == (0, [])


# What core keeps to itself and running in process takes, as far as this core has it.
PRIVATE = [
    (owner, name)
    for owner, names in (
        (core_json, ("Direction", "get_module_encoder")),
        (basic, ("_ANSIBLE_ARGS", "_ANSIBLE_PROFILE", "_PARSED_MODULE_ARGS")),
        (warnings, ("_global_warnings", "_global_deprecations")),
        (ActionBase, ("_compute_environment_string", "_update_module_args", "_parse_returned_data")),
    )
    for name in names
    if hasattr(owner, name)
]


def _fresh_arguments() -> types.ModuleType:
    """Import the module again, with the core of now."""
    assert _arguments.__file__
    spec = importlib.util.spec_from_file_location("fresh_arguments", _arguments.__file__)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(("owner", "name"), PRIVATE, ids=[name for _owner, name in PRIVATE])
def test_a_core_without_a_name_runs_modules(act: Act, owner: Any, name: str) -> None:
    act.patch.delattr(owner, name)
    act.patch.setattr(_in_process, "_arguments", _fresh_arguments())
    act.run()
    assert "runs as a module: ansible-core 2." in act.reason


def test_an_action_without_its_template_engine_runs_modules(act: Act) -> None:
    action = act.make(key="a", value="1")
    del action._templar
    action.run(task_vars=act.variables)
    assert "runs as a module: ansible-core 2." in act.reason


@pytest.mark.parametrize(
    ("owner", "name", "changed", "check_mode"),
    [
        (basic, "_load_params", lambda: json.loads(sys.stdin.buffer.read()), True),
        (basic, "_load_params", dict, False),
        (basic.AnsibleModule, "_return_formatted", lambda module, kwargs: None, True),
        (ActionBase, "_update_module_args", lambda action, name, arguments, task_vars: None, True),
        (ActionBase, "_parse_returned_data", lambda action, response, *profile: {"stdout": response["stdout"]}, True),
    ],
)
def test_a_core_that_works_differently_runs_modules(
    act: Act, owner: Any, name: str, changed: Any, check_mode: bool
) -> None:
    """Above all, one that tells a module in another way that it is in check mode."""
    act.patch.setattr(owner, name, changed)
    act.patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"of a terminal")))
    act.task.check_mode = check_mode
    act.run()
    assert "runs as a module: ansible-core 2." in act.reason
    assert sys.stdin.read() == "of a terminal"


def test_check_mode_is_not_for_an_option_to_decide(act: Act) -> None:
    act.task.check_mode = True
    assert act.run(key="a", value="1", _ansible_check_mode=False)["changed"]
    assert not act.fake.writes


def test_arguments_are_written_the_same_without_the_encoder_of_core(monkeypatch: pytest.MonkeyPatch) -> None:
    """The lookup takes them from there, too."""
    secrets = [("default", vault.VaultSecret(b"secret"))]
    loader = DataLoader()
    loader.set_vault_secrets(secrets)
    if hasattr(vault, "VaultSecretsContext"):
        monkeypatch.setattr(vault.VaultSecretsContext, "_current", vault.VaultSecretsContext(secrets))
    encrypted = vault.VaultLib(secrets).encrypt("gold").decode().replace("\n", "\n  ")
    variables = loader.load(f"vaulted: !vault |\n  {encrypted}\n'1': [ü, 1.5, null, true]\n2: {{d: 2026-11-24}}\n")
    variables["template"] = _template("{{ [vaulted, [now(utc=true)] | map(attribute='year') | list, ()] }}")
    templar = Templar(loader=loader, variables=variables)
    values = {**variables, "list": [variables["vaulted"]], "done": templar.template(variables["template"])}
    expected = _arguments.encode(values)
    for name in ("Direction", "get_module_encoder"):
        monkeypatch.delattr(core_json, name, raising=False)
    assert _fresh_arguments().encode(values) == expected
    assert json.loads(expected)["vaulted"] == "gold"


def test_lines_for_v_are_shown_during_the_run(act: Act) -> None:
    act.patch.setattr(ZitadelModule, "notify", staticmethod(_ignored), raising=False)
    shown: list[list[str]] = []

    def main() -> None:
        ZitadelModule.notify("tries again in 1 s")
        shown.append(list(act.said))
        basic.AnsibleModule({"key": {}, "value": {}, "url": {}, "token": {"no_log": True}}).exit_json()

    act.patch.setattr(METADATA, "main", staticmethod(main))
    act.run()
    act.task.no_log = True
    act.run()
    assert shown == [["<box> tries again in 1 s"]] * 2
    assert ZitadelModule.notify is _ignored


def _ignored(_line: str) -> None: ...


@pytest.mark.parametrize("action", [METADATA, INFO])
@pytest.mark.parametrize(
    ("variables", "advice"),
    [
        ({"zitadel_org_id": "1", "zitadel_org_name": "acme"}, 'Add org_id: "{{ zitadel_org_id }}" to the task.'),
        ({"zitadel_org_id": None}, 'Add org_id: "{{ zitadel_org_id }}" to the task.'),
        (
            {"zitadel_org_name": ""},
            'Add org_name: "{{ zitadel_org_name }}" to the task, or org_id: "{{ zitadel_org_id }}"',
        ),
        ({"zitadel_org_domain": "a.b"}, 'Add org_domain: "{{ zitadel_org_domain }}" to the task, or org_id: '),
    ],
)
def test_a_host_of_an_organization_needs_its_name_in_the_task(
    act: Act, action: type[ActionBase], variables: dict[str, Any], advice: str
) -> None:
    act.variables.update(variables)
    act.task.check_mode = True
    for in_process in (True, False):
        act.variables["zitadel_in_process"] = in_process
        result = act.run(action)
        assert (result["failed"], result["changed"], result["org_id"], result["error"]) == (True, False, None, NO_ERROR)
        assert f"the host box has {next(iter(variables))}. {advice}" in result["msg"]
        # It must stay what it is where somebody shows it.
        assert (
            Templar(DataLoader(), variables={"result": result}).template(_template("{{ result.msg }}")) == result["msg"]
        )
    assert (act.modules, act.fake.requests) == (0, [])


@pytest.mark.parametrize("name", ["org_id", "organization_id", "org_name", "org_domain"])
def test_any_name_in_the_task_will_do(act: Act, name: str) -> None:
    """Even none: what that means is for the module to say."""
    act.variables["zitadel_org_id"] = "1"
    assert f"{name} is null" in act.run(**{name: None, "key": "a", "value": "1"})["msg"]


def test_modules_of_many_organizations_need_no_name(act: Act) -> None:
    act.variables["zitadel_org_id"] = "1"
    assert not act.run(zitadel_org_info.ActionModule, name="a").get("failed")


@pytest.fixture
def environments(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The environments "own", which runs Ansible, and "other", of one Python; "link" leads to the first."""
    (tmp_path / "python3.12").write_text("#!/bin/sh\n")
    (tmp_path / "python3.12").chmod(0o755)
    for name in ("own", "other"):
        programs = tmp_path / name / "bin"
        programs.mkdir(parents=True)
        (programs / "python3.12").symlink_to(tmp_path / "python3.12")
        (programs / "python3").symlink_to("python3.12")
        (programs / "python").symlink_to("python3")
    (tmp_path / "own/bin/sh").write_text("#!/bin/sh\n")
    (tmp_path / "own/bin/sh").chmod(0o755)
    (tmp_path / "link").symlink_to("own")
    (tmp_path / "python").symlink_to("own/bin/python")
    monkeypatch.setattr(sys, "executable", str(tmp_path / "own/bin/python3"))
    monkeypatch.setenv("PATH", f"/nowhere:{tmp_path}/own/bin:{tmp_path}/other/bin")
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


@pytest.mark.parametrize(
    ("interpreter", "own"),
    [
        ("", True),
        ("auto", True),
        ("auto_silent", True),
        ("auto_legacy", True),
        ("auto_legacy_silent", True),
        ("FOLDER/own/bin/python", True),
        ("FOLDER/own/bin/python3", True),
        ("FOLDER/own/bin/python3.12", True),
        ("FOLDER/other/../own/bin/../bin//python", True),
        ("FOLDER/link/bin/python", True),
        ("FOLDER/link/../own/bin/python", True),
        ("~/own/bin/python", True),
        # Core starts modules in the folder of the playbook.
        ("own/bin/python", True),
        ("../own/bin/python", False),
        ("python", True),
        ("python3.12", True),
        ("python3.13", False),
        ("sh", False),
        ("FOLDER/other/bin/python3", False),
        ("other/bin/python3", False),
        ("FOLDER/python3.12", False),
        # Not in the folder, so not in the environment either.
        ("FOLDER/python", False),
        ("FOLDER/own/bin/sh", False),
        ("FOLDER/own/bin/python3.11", False),
        ("/usr/bin/env python3", False),
        ("automatic", False),
    ],
)
def test_an_interpreter_is_known_by_any_name(environments: Path, interpreter: str, own: bool) -> None:
    assert is_own_interpreter(interpreter.replace("FOLDER", str(environments)), str(environments)) is own


def test_path_decides_which_python_a_name_means(environments: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", f"{environments}/other/bin:{environments}/own/bin")
    assert not is_own_interpreter("python3", str(environments))
