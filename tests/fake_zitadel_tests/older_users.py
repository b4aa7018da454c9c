# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The users whom a recording found, but did not create."""

from __future__ import annotations

import base64
from typing import Any

from fake_zitadel_tests.replay import Exchange
from live.instance import Instance


def create_older_users(instance: Instance, exchanges: list[Exchange]) -> list[str]:
    """Create them, and the organizations that they are in, whose ids are returned."""
    organizations: dict[str, str] = {}
    for owner, user, metadata in _foreign_users(exchanges):
        if owner not in organizations:
            answer = instance.call("POST", "/management/v1/orgs", {"name": f"older {owner}"})
            organizations[owner] = answer["id"]
        here = organizations[owner]
        name = user["machine"]["name"]
        machine = {"userName": user["username"], "name": name, "accessTokenType": "ACCESS_TOKEN_TYPE_BEARER"}
        answer = instance.call("POST", "/management/v1/users/machine", machine, organization=here)
        entries = [{"key": key, "value": base64.b64encode(value).decode()} for key, value in metadata.items()]
        path = f"/management/v1/users/{answer['userId']}/metadata/_bulk"
        instance.call("POST", path, {"metadata": entries}, organization=here)
    return list(organizations.values())


def _foreign_users(exchanges: list[Exchange]) -> list[tuple[str, dict[str, Any], dict[str, bytes]]]:
    """Organization, user and metadata of those who were there before, in the order in which they were found."""
    created = {one["response"]["body"].get("userId") for one in exchanges if is_answered(one, "/management/v1/users/")}
    found: dict[str, tuple[str, dict[str, Any], dict[str, bytes]]] = {}
    for exchange in exchanges:
        if not is_answered(exchange, "/v2/users") or exchange["request"]["method"] != "POST":
            continue
        queries = exchange["request"]["body"].get("queries", [])
        key = next((one["metadataKeyFilter"]["key"] for one in queries if "metadataKeyFilter" in one), "")
        value = next((one["metadataValueFilter"]["value"] for one in queries if "metadataValueFilter" in one), "")
        for user in exchange["response"]["body"].get("result", []):
            if user["userId"] in created:
                continue
            known = found.setdefault(user["userId"], (user["details"]["resourceOwner"], user, {}))
            if value:
                known[2][key] = base64.b64decode(value)
    return list(found.values())


def is_answered(exchange: Exchange, path: str) -> bool:
    answer = exchange["response"]
    return exchange["request"]["path"].startswith(path) and answer["status"] == 200 and isinstance(answer["body"], dict)
