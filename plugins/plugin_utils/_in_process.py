# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs a module of this collection inside the controller where that makes no difference but speed.

This takes names that are private to ansible-core. Where one of them has moved, the module runs as usual.
"""

from __future__ import annotations

import contextlib
import io
import os
import sys
import typing as t

from ansible import constants, errors
from ansible.module_utils import basic
from ansible.module_utils.common import warnings
from ansible.module_utils.parsing.convert_bool import boolean
from ansible.plugins.action import ActionBase
from ansible.release import __version__
from ansible.utils.display import Display
from ansible_collections.community.zitadel.plugins.module_utils._module import ZitadelModule
from ansible_collections.community.zitadel.plugins.module_utils._transport import REQUESTS_IMPORT_ERROR
from ansible_collections.community.zitadel.plugins.plugin_utils import _arguments
from ansible_collections.community.zitadel.plugins.plugin_utils._interpreter import is_own_interpreter
from ansible_collections.community.zitadel.plugins.plugin_utils._yaml_values import problem_of

_NAMES_IN_TASK = ("org_id", "organization_id", "org_name", "org_domain")
_NAMES_OF_HOST = ("org_id", "org_name", "org_domain")

# Before ansible-core 2.19, it was a value.
_OMITTED: t.Any = getattr(errors, "AnsibleValueOmittedError", ())

_display = Display()
_tried: set[bool] = set()
"""The check modes that this process has seen to work."""


class InProcessAction(ActionBase):
    """Runs main() of the module with the same name: the same code, fed and read as core would feed and read it."""

    _supports_check_mode = True
    _supports_async = True
    main: t.Callable[[], None]
    names_organization = False
    """Whether a task names one organization, or none for the service account's own."""
    on_failure: t.ClassVar[t.Mapping[str, t.Any]] = {}
    """What every failure of the module returns, beside what all modules return."""

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        """Return the result of the task."""
        task_vars = task_vars or {}
        result: dict[str, t.Any] = super().run(tmp, task_vars)
        host = task_vars.get("inventory_hostname")
        try:
            self._refuse_to_guess_organization(task_vars)
            problem = problem_of(self._task.args, getattr(self._task, "_ds", None))
            if problem:
                raise _Refused(problem)
            reason, arguments = self._prepare(task_vars)
        except _Refused as refused:
            result.update(self._failure(str(refused)))
            return result
        if reason is None:
            result.update(self._parse(_run(type(self).main, arguments, self._notify(host))))
            return result
        _display.vvv(f"{self._task.action} runs as a module: {reason}.", host=host)
        result.update(self._execute_module(task_vars=task_vars, wrap_async=self._task.async_val))
        return result

    def _refuse_to_guess_organization(self, task_vars: t.Mapping[str, t.Any]) -> None:
        """Raise _Refused for a task that would use the service account's own organization once for each host."""
        names = [name for name in _NAMES_OF_HOST if f"zitadel_{name}" in task_vars]
        if not self.names_organization or not names or any(name in self._task.args for name in _NAMES_IN_TASK):
            return
        name = names[0]
        advice = f'Add {name}: "{{{{ zitadel_{name} }}}}" to the task'
        if name != "org_id":
            advice += ', or org_id: "{{ zitadel_org_id }}" once the host has that variable'
        raise _Refused(
            f"The task names no organization, but the host {task_vars.get('inventory_hostname')} has zitadel_{name}. "
            f"{advice}. Otherwise it would use the service account's own organization, once for each host."
        )

    def _prepare(self, task_vars: dict[str, t.Any]) -> tuple[str | None, bytes]:
        """Return why the module has to run as usual, or None and its arguments. Raises _Refused."""
        try:
            reason = self._reason(task_vars)
            return reason, b"" if reason else self._encoded_arguments(task_vars)
        except (errors.AnsibleError, _Refused):
            raise
        except Exception as error:  # noqa: BLE001
            # What is wrong with the task itself is found again where the module runs as usual.
            return f"ansible-core {__version__} is not as expected ({type(error).__name__}: {error})", b""

    def _reason(self, task_vars: dict[str, t.Any]) -> str | None:
        """Return why the module has to have a process of its own, or would do something else there."""
        turned_off = self._turned_off(task_vars)
        if turned_off:
            return turned_off
        if self._connection.transport != "local":
            return f"the connection is {self._connection.transport}, not local"
        if self._connection.become is not None:
            return "become is used"
        if self._task.async_val:
            return "async is used"
        environment: dict[str, t.Any] = {}
        self._compute_environment_string(environment)
        if environment:
            return "environment is used"
        if constants.DEFAULT_KEEP_REMOTE_FILES:
            return "keep_remote_files is on in the configuration of Ansible"
        if REQUESTS_IMPORT_ERROR is not None:
            return f"requests cannot be imported by {sys.executable}, which runs Ansible"
        interpreter = self._interpreter(task_vars)
        if not is_own_interpreter(interpreter, self._loader.get_basedir()):
            return f"ansible_python_interpreter is {interpreter}, and {sys.executable} runs Ansible"
        return None

    def _turned_off(self, task_vars: t.Mapping[str, t.Any]) -> str | None:
        """Return what turns off running in process, None if nothing does."""
        name = "the variable zitadel_in_process"
        wanted = self._template(task_vars.get("zitadel_in_process"), task_vars)
        if wanted is None:
            name = "the environment variable ZITADEL_IN_PROCESS"
            wanted = os.environ.get("ZITADEL_IN_PROCESS", "").strip() or True
        try:
            return None if boolean(wanted) else f"{name} is false"
        except TypeError:
            raise _Refused(
                f"Not a boolean: {name} is {wanted!r}. Set it to true or false, or leave it out to run modules inside "
                "the controller where that is possible."
            ) from None

    def _interpreter(self, task_vars: t.Mapping[str, t.Any]) -> str:
        delegated_vars = task_vars.get("ansible_delegated_vars", {}).get(self._task.delegate_to)
        configured = constants.config.get_config_value("INTERPRETER_PYTHON", variables=delegated_vars or task_vars)
        return str(self._template(configured, task_vars) or "").strip()

    def _template(self, value: t.Any, task_vars: t.Mapping[str, t.Any]) -> t.Any:
        """Return a variable with its templates done, None if they left it out by ``omit``."""
        try:
            value = self._templar.template(value)
        except _OMITTED:
            return None
        return None if value == task_vars.get("omit") else value

    def _encoded_arguments(self, task_vars: dict[str, t.Any]) -> bytes:
        """Return what core would send to the module, once a module that does nothing shows that it understands that."""
        for_core: dict[str, t.Any] = {}
        self._update_module_args(self._task.action, for_core, task_vars)
        check_mode = bool(self._task.check_mode)
        if check_mode not in _tried:
            arguments = _arguments.encode({"ANSIBLE_MODULE_ARGS": {**for_core, "text": "é"}})
            answer = self._parse(_run(_try_out, arguments, _ignore))
            if (answer.get("text"), answer.get("check_mode")) != ("é", check_mode):
                raise _Unexpected("a module that does nothing failed")
            _tried.add(check_mode)
        return _arguments.encode({"ANSIBLE_MODULE_ARGS": {**self._task.args, **for_core}})

    def _parse(self, output: str) -> dict[str, t.Any]:
        """Read what a module printed as core reads it."""
        response = {"stdout": output, "stderr": "", "rc": 0}
        if _arguments.PROFILE is None:
            return _not_a_template(self._parse_returned_data(response))
        data = self._parse_returned_data(response, _arguments.PROFILE)
        # Since ansible-core 2.21 it is an object.
        return data if isinstance(data, dict) else t.cast(dict[str, t.Any], data.as_result_dict(for_round_trip=True))

    def _failure(self, msg: str) -> dict[str, t.Any]:
        """Return the result of a task that failed before its module ran."""
        error = dict.fromkeys(("status", "code", "id", "message"))
        return _not_a_template({"failed": True, "changed": False, "msg": msg, "error": error, **self.on_failure})

    def _notify(self, host: str | None) -> t.Callable[[str], None]:
        """Return what a module calls with each line that is for -v, which says nothing of a task with no_log."""
        return _ignore if self._task.no_log else lambda line: _display.v(line, host=host)


class _Refused(Exception):
    """The task fails, however its module would run."""


class _Unexpected(Exception):
    """Core took or gave something else than it should."""


def _not_a_template(result: dict[str, t.Any]) -> dict[str, t.Any]:
    """Return a result whose text is data, never a template. Only ansible-core 2.18 needs the mark."""
    if _arguments.PROFILE is not None:
        return result
    from ansible.utils.unsafe_proxy import wrap_var

    return t.cast(dict[str, t.Any], wrap_var(result))


def _ignore(_line: str) -> None:
    """Show nothing."""


def _try_out() -> None:
    """Be a module that does nothing: what comes of it tells whether modules can run in process."""
    module = basic.AnsibleModule({"text": {"type": "str"}}, no_log=True, supports_check_mode=True)
    module.exit_json(text=module.params["text"], check_mode=module.check_mode)


def _run(main: t.Callable[[], None], arguments: bytes, notify: t.Callable[[str], None]) -> str:
    """Return what a module prints, without files and without another process."""
    output = io.StringIO()
    with contextlib.ExitStack() as stack:
        # What a process would begin with, and what its end would drop.
        stack.enter_context(_replaced(basic, "_ANSIBLE_ARGS", arguments))
        if _arguments.PROFILE is not None:
            stack.enter_context(_replaced(basic, "_ANSIBLE_PROFILE", _arguments.PROFILE))
            stack.enter_context(_replaced(basic, "_PARSED_MODULE_ARGS", None))
        for name in ("_global_warnings", "_global_deprecations"):
            stack.enter_context(_replaced(warnings, name, type(getattr(warnings, name))()))
        stack.enter_context(_replaced(ZitadelModule, "notify", staticmethod(notify)))
        stack.enter_context(_replaced(sys, "stdin", io.TextIOWrapper(io.BytesIO())))
        stack.enter_context(contextlib.redirect_stdout(output))
        stack.enter_context(contextlib.redirect_stderr(io.StringIO()))
        stack.enter_context(contextlib.suppress(SystemExit))
        main()
    return output.getvalue()


@contextlib.contextmanager
def _replaced(owner: t.Any, name: str, value: t.Any) -> t.Iterator[None]:
    """Give a name another value for a while. Raises AttributeError if there is no such name."""
    before = vars(owner)[name] if isinstance(owner, type) else getattr(owner, name)
    setattr(owner, name, value)
    try:
        yield
    finally:
        setattr(owner, name, before)
