# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs a module of this collection inside the controller where that makes no difference but speed."""

from __future__ import annotations

import contextlib
import io
import os
import sys
import typing as t

from ansible import constants
from ansible.module_utils import basic
from ansible.module_utils.common import warnings
from ansible.module_utils.parsing.convert_bool import boolean
from ansible.plugins.action import ActionBase
from ansible.utils.unsafe_proxy import wrap_var
from ansible_collections.community.zitadel.plugins.module_utils._http import REQUESTS_IMPORT_ERROR
from ansible_collections.community.zitadel.plugins.plugin_utils._arguments import PROFILE, encode


class InProcessAction(ActionBase):
    """Runs main() of the module with the same name: the same code, fed and read as core would feed and read it."""

    _supports_check_mode = True
    _supports_async = True
    main: t.Callable[[], None]

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        """Return the result of the task."""
        task_vars = task_vars or {}
        result: dict[str, t.Any] = super().run(tmp, task_vars)
        if self._can_run_in_process(task_vars):
            result.update(self._run_in_process(task_vars))
            return result
        wrap_async = self._task.async_val
        result.update(self._execute_module(task_vars=task_vars, wrap_async=wrap_async))
        if not wrap_async:
            self._remove_tmp_path(self._connection._shell.tmpdir)
        return result

    def _can_run_in_process(self, task_vars: dict[str, t.Any]) -> bool:
        """Tell whether the module would do the very same in a process of its own."""
        environment: dict[str, t.Any] = {}
        self._compute_environment_string(environment)
        return (
            self._connection.transport == "local"
            and self._connection.become is None
            and not self._task.async_val
            and not environment
            and not constants.DEFAULT_KEEP_REMOTE_FILES
            and REQUESTS_IMPORT_ERROR is None
            and self._is_wanted(task_vars)
            and self._is_own_interpreter(task_vars)
        )

    def _is_wanted(self, task_vars: dict[str, t.Any]) -> bool:
        wanted = self._templar.template(task_vars.get("zitadel_in_process"))
        if wanted is None:
            wanted = os.environ.get("ZITADEL_IN_PROCESS", "").strip() or True
        return bool(boolean(wanted))

    def _is_own_interpreter(self, task_vars: dict[str, t.Any]) -> bool:
        delegated_vars = task_vars.get("ansible_delegated_vars", {}).get(self._task.delegate_to)
        configured = constants.config.get_config_value("INTERPRETER_PYTHON", variables=delegated_vars or task_vars)
        interpreter = self._templar.template(configured)
        return interpreter == sys.executable or str(interpreter).startswith("auto")

    def _run_in_process(self, task_vars: dict[str, t.Any]) -> dict[str, t.Any]:
        """Do what _execute_module does, without files and without another process."""
        arguments = self._task.args.copy()
        self._update_module_args(self._task.action, arguments, task_vars)
        output = io.StringIO()
        # What a process would begin with, and what its end would drop.
        basic._ANSIBLE_ARGS = encode({"ANSIBLE_MODULE_ARGS": arguments})
        basic._ANSIBLE_PROFILE = PROFILE
        warnings._global_warnings.clear()
        try:
            with contextlib.redirect_stdout(output):
                type(self).main()
        except SystemExit:
            pass
        finally:
            basic._ANSIBLE_ARGS = None
        return self._parse({"stdout": output.getvalue(), "stderr": "", "rc": 0})

    def _parse(self, response: dict[str, t.Any]) -> dict[str, t.Any]:
        """Read what the module printed as core reads it."""
        if PROFILE is None:
            return t.cast(dict[str, t.Any], wrap_var(self._parse_returned_data(response)))
        data = self._parse_returned_data(response, PROFILE)
        # Since ansible-core 2.21 it is an object.
        return data if isinstance(data, dict) else t.cast(dict[str, t.Any], data.as_result_dict(for_round_trip=True))
