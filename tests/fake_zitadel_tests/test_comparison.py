# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The comparison of ``test_replay`` notices a fake that is kinder than the server."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest

from fake_zitadel_tests.comparison import Comparison

ENTRY = {
    "status": 200,
    "headers": {"content-type": "application/json", "cache-control": "no-store"},
    "body": {
        "metadata": {
            "details": {
                "sequence": "7",
                "creationDate": "2026-11-24T06:15:00.267076Z",
                "changeDate": "2026-11-24T06:15:00.284894Z",
                "resourceOwner": "400983679897177126",
            },
            "key": "tier",
            "value": "Z29sZA==",
        }
    },
}
ERROR = {
    "status": 404,
    "headers": {"content-type": "application/json", "www-authenticate": "x"},
    "body": {
        "code": 5,
        "message": "Metadata not found (QUERY-Rph32)",
        "details": [{"@type": "x", "id": "QUERY-Rph32", "message": "Metadata not found"}],
    },
}


def differences(recorded: dict[str, Any], ours: dict[str, Any], comparison: Comparison | None = None) -> list[str]:
    body = json.dumps(ours["body"]).encode()
    return (comparison or Comparison()).differences(recorded, ours["status"], ours["headers"], body)


def test_the_same_is_the_same() -> None:
    assert differences(ENTRY, ENTRY) == []
    assert differences(ERROR, ERROR) == []


def test_ids_and_dates_are_ours() -> None:
    ours = copy.deepcopy(ENTRY)
    ours["body"]["metadata"]["details"] = {  # type: ignore[index]
        "sequence": "7",
        "creationDate": "2030-01-01T00:00:00Z",
        "changeDate": "2030-01-01T00:00:00.123Z",
        "resourceOwner": "111111111111111111",
    }
    assert differences(ENTRY, ours) == []


def _details(ours: dict[str, Any]) -> dict[str, Any]:
    details: dict[str, Any] = ours["body"]["metadata"]["details"]
    return details


@pytest.mark.parametrize(
    "mutate",
    [
        lambda ours: ours.update(status=201),
        lambda ours: ours["headers"].update({"content-type": "text/plain"}),
        lambda ours: ours["headers"].pop("cache-control"),
        lambda ours: ours["headers"].update({"retry-after": "1"}),
        lambda ours: _details(ours).update(sequence="8"),
        lambda ours: _details(ours).update(sequence=7),
        lambda ours: _details(ours).update(creationDate=_details(ours)["changeDate"]),
        lambda ours: _details(ours).update(creationDate="2026-11-24 06:15:00"),
        lambda ours: _details(ours).update(creationDate="2026-11-24T06:15:00.2670Z"),
        lambda ours: _details(ours).pop("changeDate"),
        lambda ours: _details(ours).update(more="x"),
        lambda ours: _details(ours).update(resourceOwner="acme"),
        lambda ours: ours["body"]["metadata"].update(value="Z29sZB=="),
        lambda ours: ours["body"].update(metadata=[ours["body"]["metadata"]]),
    ],
)
def test_an_entry_that_differs_is_noticed(mutate: Callable[[dict[str, Any]], object]) -> None:
    ours = copy.deepcopy(ENTRY)
    mutate(ours)
    assert differences(ENTRY, ours)


@pytest.mark.parametrize(
    "mutate",
    [
        lambda ours: ours["body"].update(code=2),
        lambda ours: ours["body"].update(message="Metadata not found"),
        lambda ours: ours["body"]["details"][0].update(id="META-mcnw3"),
        lambda ours: ours["body"]["details"].append({}),
        lambda ours: ours["body"].pop("details"),
        lambda ours: ours["headers"].pop("www-authenticate"),
    ],
)
def test_an_error_that_differs_is_noticed(mutate: Callable[[dict[str, Any]], object]) -> None:
    ours = copy.deepcopy(ERROR)
    mutate(ours)
    assert differences(ERROR, ours)


def test_what_was_equal_stays_equal() -> None:
    comparison = Comparison()
    assert differences(ENTRY, ENTRY, comparison) == []
    other_date, other_owner = copy.deepcopy(ENTRY), copy.deepcopy(ENTRY)
    _details(other_date)["creationDate"] = "2026-11-24T06:15:00.267077Z"
    _details(other_owner)["resourceOwner"] = "400983679897177127"
    assert differences(ENTRY, other_date, comparison)
    assert differences(ENTRY, other_owner, comparison)


def test_a_size_allows_for_dates_and_nothing_else() -> None:
    body = b'{"a":"2026-11-24T06:15:00.267Z"}'
    for size, alike in (
        (len(body), True),
        (len(body) + 3, True),
        (len(body) + 1, False),
        (len(body) - 4, True),
        (len(body) - 3, False),
    ):
        recorded = {"status": 200, "headers": {}, "body": f"<{size} bytes>"}
        assert (Comparison().differences(recorded, 200, {}, body) == []) is alike
