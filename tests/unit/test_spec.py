# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The specifications of all options: which variables they have, which are secret, and where null is an error."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from ansible.module_utils.errors import AnsibleFallbackNotFound
from ansible_collections.community.zitadel.plugins.module_utils import _spec
from ansible_collections.community.zitadel.plugins.module_utils._spec import (
    CONNECTION_SPEC,
    ENTRIES_SPEC,
    FILTER_SPEC,
    METADATA_SPEC,
    ONE_KEY_SPEC,
    ORGANIZATION_FILTER_SPEC,
    ORGANIZATION_SPEC,
    ORGANIZATION_STATE_SPEC,
    USER_FILTER_SPEC,
    USER_SPEC,
    WITH_METADATA_SPEC,
    Option,
    environment,
)

pytestmark = pytest.mark.every_core


def every_option() -> Iterator[tuple[str, Option]]:
    specs = {name: spec for name, spec in vars(_spec).items() if name.endswith("_SPEC")}
    assert len(specs) > 10
    while specs:
        title, spec = specs.popitem()
        for name, option in spec.items():
            yield f"{title}.{name}", option
            if "options" in option:
                specs[f"{title}.{name}"] = option["options"]


def test_an_option_is_hidden_unless_its_specification_says_otherwise() -> None:
    assert Option().shown == "never"
    # A plain dictionary would be hidden as well, but could not say that null is an error.
    assert [name for name, option in every_option() if not isinstance(option, Option)] == []


def test_options_and_their_variables() -> None:
    variables = {name: spec["fallback"][1] for name, spec in CONNECTION_SPEC.items() if "fallback" in spec}
    without = {"token", "token_file", "key_file", "key_json", "client_id", "client_secret", "headers"}
    assert variables == {name: [f"ZITADEL_{name.upper()}"] for name in CONNECTION_SPEC.keys() - without}
    assert all(CONNECTION_SPEC[name]["fallback"][0] is environment for name in variables)


def test_secrets() -> None:
    assert {name for name, option in every_option() if option.get("no_log")} == {
        "CONNECTION_SPEC.token",
        "CONNECTION_SPEC.client_secret",
    }
    hidden = {name for name, option in every_option() if option.shown == "never" and "options" not in option}
    secret = ("token", "client_secret", "key_json", "headers")
    assert hidden == {f"CONNECTION_SPEC.{name}" for name in secret}
    values = {name.rpartition(".")[2] for name, option in every_option() if option.shown == "unless sensitive"}
    assert values == {"metadata", "metadata_b64", "value", "value_b64"}


def test_null_is_an_error_where_less_would_mean_more() -> None:
    """Where an owner is named, and for each filter: without it, another one, or more, would be read or written."""
    for spec in (ORGANIZATION_SPEC, USER_SPEC, FILTER_SPEC, ORGANIZATION_FILTER_SPEC, USER_FILTER_SPEC):
        assert [name for name, option in spec.items() if not option.null_is_error] == []
    entry = ENTRIES_SPEC["organizations"]["options"]
    assert {name for name, option in entry.items() if option.null_is_error} == {*ORGANIZATION_SPEC, "purge_prefix"}
    assert {name for name, option in METADATA_SPEC.items() if option.null_is_error} == {"purge_prefix"}
    assert {name for name, option in WITH_METADATA_SPEC.items() if option.null_is_error} == {"has_metadata", "has_keys"}
    assert {name for name, option in ORGANIZATION_STATE_SPEC.items() if option.null_is_error} == {"name", "org_id"}
    assert not any(option.null_is_error for option in (*CONNECTION_SPEC.values(), *ONE_KEY_SPEC.values()))


def test_keys_have_to_be_quoted() -> None:
    keys = ("key", "key_prefix", "key_contains", "absent_keys", "purge_prefix", "keep", "has_keys")
    assert {name.rpartition(".")[2] for name, option in every_option() if option.quoted} == set(keys)
    assert [name for name, option in every_option() if name.rpartition(".")[2] in keys and not option.quoted] == []


@pytest.mark.parametrize("blank", ["", " ", "\n"], ids=["empty", "blank", "newline"])
def test_a_variable_that_is_empty_counts_as_not_set(monkeypatch: pytest.MonkeyPatch, blank: str) -> None:
    monkeypatch.setenv("ZITADEL_RETRIES", blank)
    with pytest.raises(AnsibleFallbackNotFound):
        environment("ZITADEL_RETRIES")
    monkeypatch.setenv("ZITADEL_RETRIES", "0")
    assert environment("ZITADEL_RETRIES") == "0"
    with pytest.raises(AnsibleFallbackNotFound):
        environment("ZITADEL_NOT_SET")
