# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The AnsibleModule of this collection: how parameters come in, and how a result leaves without secrets."""

from __future__ import annotations

import os
import traceback
import typing as t

from ansible.module_utils.basic import AnsibleModule, missing_required_lib
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.community.zitadel.plugins.module_utils._errors import ZitadelError
from ansible_collections.community.zitadel.plugins.module_utils._http import (
    REQUESTS_IMPORT_ERROR,
    Connection,
    connect,
)
from ansible_collections.community.zitadel.plugins.module_utils._options import (
    ORGANIZATION_SPEC,
    connection_options,
    entry_title,
)

_MASK = "VALUE_SPECIFIED_IN_NO_LOG_PARAMETER"
_NAMED_OPTIONS = ("headers", "key_json", "metadata", "metadata_b64")
_VALUE_OPTIONS = ("value", "value_b64", "metadata", "metadata_b64")


class ZitadelModule(AnsibleModule):
    """Treats null as not given, and shows no secret: not in the result, the invocation, or the log."""

    _running = False

    def run(self, task: t.Callable[[Connection], dict[str, t.Any]]) -> None:
        """Connect, do the task, and leave with its result or the message of its ZitadelError."""
        self._running = True
        if REQUESTS_IMPORT_ERROR:
            self.fail_json(msg=missing_required_lib("requests"), exception=REQUESTS_IMPORT_ERROR)
        try:
            options = connection_options(self.params, os.environ)
            self.no_log_values.update(options.login.secrets)
            result = task(connect(options))
        except ZitadelError as error:
            result = {**error.result, "failed": True, "msg": error.msg, "error": error.error}
        except Exception as error:  # noqa: BLE001
            # Its text could hold a secret.
            frame = traceback.extract_tb(error.__traceback__)[-1]
            where = f"{os.path.basename(frame.filename)}, line {frame.lineno}"
            msg = f"This is a defect in community.zitadel, please report it: {type(error).__name__} in {where}."
            result = {"failed": True, "msg": msg}
        # Not while an exception is handled: fail_json would add its traceback.
        if result.pop("failed", False):
            self.fail_json(**result)
        self.exit_json(**result)

    def fail_json(self, msg: str, **kwargs: t.Any) -> None:
        """Leave with a failure, which always has the return values that every failure has."""
        always: dict[str, t.Any] = {"changed": False, "error": ZitadelError(msg).error}
        if ORGANIZATION_SPEC.keys() <= self.argument_spec.keys():
            always["org_id"] = None
        if "organizations" in self.argument_spec:
            always["organizations"] = []
        if not self._running:
            msg = self._entry_at_fault() or msg
        super().fail_json(msg, **{**always, **kwargs})

    def _entry_at_fault(self) -> str | None:
        """Return what is wrong with which entry, where the arguments were refused: core does not tell which."""
        for option, entries in self._lists_of_entries():
            for number, entry in enumerate(entries, 1):
                if not isinstance(entry, dict):
                    return f"Entry {number} is not a dictionary. Give each organization as one."
                result = ArgumentSpecValidator(self.argument_spec[option]["options"]).validate(entry)
                kind = "Unsupported parameters: " if result.unsupported_parameters else ""
                if result.error_messages:
                    return f"{entry_title(number, entry)}: {kind}{'; '.join(result.error_messages)}"
        return None

    def _lists_of_entries(self) -> list[tuple[str, list[t.Any]]]:
        """Return the options that hold options of their own, as far as they are lists."""
        holders = [option for option, spec in self.argument_spec.items() if "options" in spec]
        return [(option, self.params[option]) for option in holders if isinstance(self.params.get(option), list)]

    def _load_params(self) -> None:
        super()._load_params()
        self.params: dict[str, t.Any] = _without_nulls(self.params)
        for option, entries in self._lists_of_entries():
            self.params[option] = [_without_nulls(entry) if isinstance(entry, dict) else entry for entry in entries]

    def _log_invocation(self) -> None:
        params = self.params
        # A log takes no NUL, which only a mistaken option holds.
        self.params = {
            option: value.replace("\0", "\\0") if isinstance(value, str) else value
            for option, value in _shown(params, self.argument_spec, values=False).items()
        }
        super()._log_invocation()
        self.params = params

    def _return_formatted(self, kwargs: dict[str, t.Any]) -> None:
        # Also called when the arguments were refused, before they were all checked and converted.
        self.params = _shown(self.params, self.argument_spec, values=True)
        # A blank secret, which is refused, is in every text.
        self.no_log_values -= {value for value in self.no_log_values if not str(value).strip()}
        super()._return_formatted(kwargs)


def _without_nulls(options: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    return {option: value for option, value in options.items() if value is not None}


def _shown(params: t.Mapping[str, t.Any], spec: t.Mapping[str, t.Any], *, values: bool) -> dict[str, t.Any]:
    """Return parameters without secrets and, unless asked for and not sensitive, without metadata values."""
    known = {name for option, details in spec.items() for name in (option, *details.get("aliases", ()))}
    # A misspelt option can be a misspelt secret, or a misspelt "sensitive".
    unknown = {option for option in params if option not in known and not option.startswith("_ansible_")}
    # Core knows no secret yet where it cannot even read an option that holds others.
    secret = {option for option, details in spec.items() if details.get("no_log")}
    masked = {"headers", "key_json", *secret, *unknown}
    if unknown or not values or params.get("sensitive") not in (None, False):
        masked.update(_VALUE_OPTIONS)
    return {
        option: _masked(value, keys=option in _NAMED_OPTIONS)
        if option in masked
        else _shown_entries(value, spec.get(option, {}), values)
        for option, value in params.items()
    }


def _shown_entries(value: t.Any, spec: t.Mapping[str, t.Any], values: bool) -> t.Any:
    if "options" not in spec or value is None:
        return value
    if not isinstance(value, list):
        return _MASK
    return [_shown(entry, spec["options"], values=values) if isinstance(entry, dict) else _MASK for entry in value]


def _masked(value: t.Any, *, keys: bool) -> t.Any:
    """Return none and, if asked for, the keys of a dict as they are, and nothing else."""
    if value is None:
        return None
    return dict.fromkeys(value, _MASK) if keys and isinstance(value, dict) else _MASK
