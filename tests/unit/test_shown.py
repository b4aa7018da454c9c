# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What may be shown is said by the specification of an option: what nobody has said anything of is hidden."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.community.zitadel.plugins.module_utils._module import ZitadelModule
from ansible_collections.community.zitadel.plugins.module_utils._shown import shown_options
from ansible_collections.community.zitadel.plugins.module_utils._spec import (
    CONNECTION_SPEC,
    ENTRIES_SPEC,
    METADATA_SPEC,
    ONE_KEY_SPEC,
    Option,
    Spec,
)

from unit.helpers import Runner, arguments_of

MASK = "VALUE_SPECIFIED_IN_NO_LOG_PARAMETER"
SECRET = "pa55phrase-4711"
ENTRY: Spec = ENTRIES_SPEC["organizations"]["options"]


@pytest.mark.parametrize("kind", ["str", "raw", "path", "bool", "list"])
def test_an_option_that_somebody_adds_is_hidden(runner: Runner, kind: str) -> None:
    """Also from the log, and without no_log, which would take its text out of everything."""
    value: Any = [SECRET] if kind == "list" else SECRET if kind != "bool" else True

    def main() -> None:
        ZitadelModule({**CONNECTION_SPEC, "passphrase": Option({"type": kind, "no_log": False})}).run(
            lambda _connection, _params, _mode: {"changed": False}
        )

    result = runner.run(main, passphrase=value)
    assert arguments_of(result)["passphrase"] == MASK
    runner.assert_hidden(SECRET)


def test_an_option_that_somebody_adds_to_entries_is_hidden() -> None:
    spec: Spec = {
        "organizations": Option({"type": "list", "options": {**ENTRY, "passphrase": Option({"type": "str"})}})
    }
    entry = {"org_id": "1", "passphrase": SECRET, "metadata": {"a": "b"}}
    shown = shown_options({"organizations": [entry, SECRET, [SECRET]]}, spec, values=True)
    assert shown == {"organizations": [{**entry, "passphrase": MASK}, MASK, MASK]}


@pytest.mark.parametrize("entries", [SECRET, {"token": SECRET}])
def test_entries_that_are_no_list_are_hidden(entries: Any) -> None:
    assert shown_options({"organizations": entries}, ENTRIES_SPEC, values=True) == {"organizations": MASK}


def test_a_specification_that_lost_its_kind_is_hidden() -> None:
    """A copy of an option is a plain dictionary."""
    spec: Any = {"org_id": {**METADATA_SPEC["state"]}}
    assert shown_options({"org_id": "1"}, spec, values=True) == {"org_id": MASK}


@pytest.mark.parametrize(
    ("more", "values", "expected"),
    [
        pytest.param({}, True, "v", id="shown"),
        pytest.param({"sensitive": False}, True, "v", id="not sensitive"),
        pytest.param({}, False, MASK, id="in the log"),
        pytest.param({"sensitive": True}, True, MASK, id="sensitive"),
        pytest.param({"sensitive": "maybe"}, True, MASK, id="perhaps sensitive"),
        pytest.param({"sensitiv": True}, True, MASK, id="misspelt"),
    ],
)
def test_values(more: dict[str, Any], values: bool, expected: str) -> None:
    spec = {**METADATA_SPEC, **ONE_KEY_SPEC}
    shown = shown_options({"value": "v", "value_b64": "v", "metadata": {"k": "v"}, **more}, spec, values=values)
    assert (shown["value"], shown["value_b64"], shown["metadata"]) == (expected, expected, {"k": expected})


@pytest.mark.parametrize(
    ("option", "value", "expected"),
    [
        ("headers", {"X": SECRET}, {"X": MASK}),
        ("key_json", {"key": SECRET}, MASK),
        ("token", SECRET, MASK),
        ("url", f"https://robot:{SECRET}@id.example.com", "https://********@id.example.com"),
        ("url", f"robot:{SECRET}@id.example.com", "********@id.example.com"),
        ("url", "https://id.example.com", "https://id.example.com"),
        ("client_id", "robot", "robot"),
        ("token", None, None),
        ("_ansible_verbosity", 3, 3),
    ],
)
def test_connection_options(option: str, value: Any, expected: Any) -> None:
    assert shown_options({option: value}, CONNECTION_SPEC, values=True) == {option: expected}
