# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The AnsibleModule of this collection: how options come in, and how a result leaves without secrets."""

from __future__ import annotations

import typing as t

from ansible.module_utils.basic import AnsibleModule, missing_required_lib
from ansible_collections.community.zitadel.plugins.module_utils._connection import Connection
from ansible_collections.community.zitadel.plugins.module_utils._errors import ZitadelError, defect
from ansible_collections.community.zitadel.plugins.module_utils._given import (
    name_variable,
    problems_of,
    validated,
    without_nulls,
)
from ansible_collections.community.zitadel.plugins.module_utils._options import connection_of
from ansible_collections.community.zitadel.plugins.module_utils._shown import shown_options
from ansible_collections.community.zitadel.plugins.module_utils._spec import Spec
from ansible_collections.community.zitadel.plugins.module_utils._tasks import Mode
from ansible_collections.community.zitadel.plugins.module_utils._transport import REQUESTS_IMPORT_ERROR

Task = t.Callable[[Connection, dict[str, t.Any], Mode], dict[str, t.Any]]
"""Takes the connection, the options and how to run, and returns the result. Raises ZitadelError."""


class ZitadelModule(AnsibleModule):
    """Treats null as not given, and shows no secret: not in the result, the invocation, or the log."""

    notify: t.ClassVar[t.Callable[[str], None]] = staticmethod(lambda _line: None)
    """Takes a line before each wait for another try. A module in a process of its own cannot show it."""

    def __init__(self, spec: Spec) -> None:
        """Take the argument spec. Leaves with a failure if the options do not meet it."""
        self._spec = spec
        self._running = False
        self._warned: set[str] = set()
        self._given: dict[str, t.Any] = {}
        self._problems: list[str] = []
        super().__init__(argument_spec=t.cast(dict[str, t.Any], spec), supports_check_mode=True)

    def run(self, task: Task) -> None:
        """Connect, do the task, and leave with its result or the message of its ZitadelError."""
        self._running = True
        if REQUESTS_IMPORT_ERROR:
            self.fail_json(msg=missing_required_lib("requests"), exception=REQUESTS_IMPORT_ERROR)
        result: dict[str, t.Any]
        try:
            try:
                if self._problems:
                    raise ZitadelError(" ".join(self._problems))
                connection = connection_of(self.params, self._given, type(self).notify)
                self.no_log_values.update(connection.options.login.secrets)
                mode = Mode(self.check_mode, self._diff, self._warn_once)
                result = task(connection, self.params, mode)
            except ZitadelError:
                raise
            except Exception as error:  # noqa: BLE001
                raise defect(error) from None
        except ZitadelError as error:
            result = {**error.result, "failed": True, "msg": error.msg, "error": error.error}
        # Not while an exception is handled: fail_json would add its traceback.
        if result.pop("failed", False):
            self.fail_json(**result)
        self.exit_json(**result)

    def _warn_once(self, text: str) -> None:
        if text not in self._warned:
            self._warned.add(text)
            self.warn(text)

    def entries(self) -> list[tuple[str, dict[str, t.Any] | ZitadelError]]:
        """Return the title of each entry of organizations, with its validated options or what is wrong with them."""
        spec = self._spec["organizations"]["options"]
        entries: list[tuple[str, dict[str, t.Any] | ZitadelError]] = []
        given = self._given["organizations"]
        for number, entry in enumerate(given if isinstance(given, list) else [], 1):
            title = _title(number, entry)
            try:
                if not isinstance(entry, dict):
                    raise ZitadelError("It is not a dictionary. Give each organization as a dictionary of options.")
                entries.append((title, validated(spec, entry)))
            except ZitadelError as error:
                entries.append((title, error))
        return entries

    def fail_json(self, msg: str, **kwargs: t.Any) -> None:
        """Leave with a failure, which always has the return values that every failure has."""
        always: dict[str, t.Any] = {"changed": False, "error": ZitadelError(msg).error}
        if "organizations" in self._spec:
            always["organizations"] = []
        if "key_prefix" in self._spec or "max_removals" in self._spec:
            always["org_id"] = None
            always.update({"user_id": None} if "user_id" in self._spec else {})
        if not self._running:
            msg = " ".join([*self._problems, name_variable(msg, self._spec, self._given)])
        super().fail_json(msg, **{**always, **kwargs})

    def _load_params(self) -> None:
        super()._load_params()
        self._given = self.params
        self._problems = problems_of(self._spec, self._given)
        self.params: dict[str, t.Any] = without_nulls(self._spec, self._given)
        if "organizations" in self._spec and self.params.get("organizations") is not None:
            # Core would stop at the first that is wrong, without its number.
            wrong = [isinstance(entry, ZitadelError) for _title, entry in self.entries()]
            given = self.params["organizations"]
            # Without any, what is given is no list, which is a problem of its own.
            self.params["organizations"] = [
                {} if bad else entry for bad, entry in zip(wrong, given if wrong else [], strict=True)
            ]

    def _log_invocation(self) -> None:
        params = self.params
        # A log takes no NUL, which only a mistaken option has.
        self.params = {
            option: value.replace("\0", "\\0") if isinstance(value, str) else value
            for option, value in self._shown(values=False).items()
        }
        super()._log_invocation()
        self.params = params

    def _return_formatted(self, kwargs: dict[str, t.Any]) -> None:
        # Also called when the arguments were refused, before they were all checked and converted.
        self.params = self._shown(values=True)
        # A secret that is only whitespace, which is refused, occurs in every text.
        self.no_log_values -= {value for value in self.no_log_values if not str(value).strip()}
        super()._return_formatted(kwargs)

    def _shown(self, *, values: bool) -> dict[str, t.Any]:
        return shown_options(self.params, self._spec, values=values)


def _title(number: int, entry: t.Any) -> str:
    """Return what a message calls an entry of many organizations."""
    options = ("org_name", "org_domain", "org_id")
    names = [entry.get(option) for option in options] if isinstance(entry, dict) else []
    name = next((str(name) for name in names if isinstance(name, (str, int)) and name), None)
    return f"Entry {number}, {name}" if name else f"Entry {number}"
