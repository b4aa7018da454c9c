# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The file of an inventory: its options as a module would get them, with templates done.

Core reads them in another way: it uses environment variables that are empty, which AWX injects, and evaluates no
templates in connection options.
"""

from __future__ import annotations

import json
import re
import typing as t

from ansible import errors
from ansible_collections.community.zitadel.plugins.module_utils._errors import ZitadelError
from ansible_collections.community.zitadel.plugins.plugin_utils import _arguments
from ansible_collections.community.zitadel.plugins.plugin_utils._yaml_values import problem_of

NAME = "community.zitadel.zitadel_orgs"
ENDINGS = tuple(f"{name}.{extension}" for name in ("zitadel_orgs", "zitadel") for extension in ("yml", "yaml"))

EXPRESSIONS = frozenset({"compose", "groups", "keyed_groups"})
"""Options that hold expressions, each of which is evaluated once for each host"""

# Before ansible-core 2.19, it was a value.
_OMITTED: t.Any = getattr(errors, "AnsibleValueOmittedError", ())
_OMIT = "__omit_place_holder__zitadel"
_PLUGIN = re.compile(rf"^[\"']?plugin[\"']?\s*:\s*[\"']?{re.escape(NAME)}\b", re.MULTILINE)


def is_ours(path: str) -> bool:
    """Return whether a file says that it is for this plugin, whatever its name."""
    try:
        with open(path, encoding="utf-8") as file:
            return _PLUGIN.search(file.read(100_000)) is not None
    except (OSError, ValueError):
        return False


def load(loader: t.Any, path: str) -> dict[str, t.Any]:
    """Return the content of the file, decrypted if need be. Raises ZitadelError if it is not a dictionary of options."""
    # Since ansible-core 2.19, what is not trusted is no template.
    more = {} if _arguments.PROFILE is None else {"trusted_as_template": True}
    content = loader.load_from_file(path, cache="none", **more)
    if not isinstance(content, dict):
        raise ZitadelError(f"The inventory file is not a dictionary of options. Begin it with plugin: {NAME}.")
    if content.get("plugin") != NAME:
        raise ZitadelError(
            f"The inventory file is for another plugin: plugin is {content.get('plugin')!r}. Set it to {NAME}."
        )
    return content


def evaluated(options: t.Mapping[str, t.Any], templar: t.Any, variables: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """Return options as plain JSON, with their templates done, without those that are left out by ``omit``.

    variables are those that templates can use. Raises ZitadelError that names the option.
    """
    templar.available_variables = {"omit": _OMIT, **variables}
    result = {}
    for name, value in options.items():
        try:
            done = templar.template(value)
        except _OMITTED:
            continue
        except Exception as error:  # noqa: BLE001
            # Core would show the lines of the file around it, which can hold secrets.
            raise ZitadelError(f"{name}: the template cannot be evaluated: {' '.join(str(error).split())}") from None
        if done != _OMIT:
            result[name] = done
    problem = problem_of(result)
    if problem:
        raise ZitadelError(problem)
    return t.cast(dict[str, t.Any], json.loads(_arguments.encode(result)))
