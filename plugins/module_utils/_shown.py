# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which options appear in results, invocations and logs: those whose specification says so."""

from __future__ import annotations

import typing as t

from ansible_collections.community.zitadel.plugins.module_utils._redaction import without_user
from ansible_collections.community.zitadel.plugins.module_utils._spec import Option, Spec

_MASK = "VALUE_SPECIFIED_IN_NO_LOG_PARAMETER"


def shown_options(params: t.Mapping[str, t.Any], spec: Spec, *, values: bool) -> dict[str, t.Any]:
    """Return options as they may be shown; values says whether those that are metadata may be.

    A misspelt option can be a misspelt secret,
    or a misspelt "sensitive", so that it hides all values beside it.
    """
    options = {alias: option for name, option in spec.items() for alias in (name, *option.get("aliases", ()))}
    unknown = any(name not in options and not name.startswith("_ansible_") for name in params)
    values = values and not unknown and params.get("sensitive") in (None, False)
    return {
        name: value if name.startswith("_ansible_") else _shown(name, value, options.get(name), values)
        for name, value in params.items()
    }


def _shown(name: str, value: t.Any, option: Option | None, values: bool) -> t.Any:
    shown = option.shown if isinstance(option, Option) else "never"
    if value is None:
        return None
    if option is not None and "options" in option:
        return _shown_entries(value, option["options"], values)
    if shown == "always" or (shown == "unless sensitive" and values):
        return without_user(value) if name == "url" and isinstance(value, str) else value
    # The names of headers and keys help, and are no secrets.
    if option is not None and option.get("type") == "dict" and isinstance(value, dict):
        return dict.fromkeys(value, _MASK)
    return _MASK


def _shown_entries(entries: t.Any, spec: Spec, values: bool) -> t.Any:
    if not isinstance(entries, list):
        return _MASK
    return [shown_options(entry, spec, values=values) if isinstance(entry, dict) else _MASK for entry in entries]
