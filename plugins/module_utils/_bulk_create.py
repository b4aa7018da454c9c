# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Entries whose organization is created first, after all entries were found to be right."""

from __future__ import annotations

import typing as t

from ansible_collections.community.zitadel.plugins.module_utils._connection import Connection
from ansible_collections.community.zitadel.plugins.module_utils._desired import Desired, Params
from ansible_collections.community.zitadel.plugins.module_utils._errors import ZitadelError, sentences
from ansible_collections.community.zitadel.plugins.module_utils._lifecycle import check_name, create_organization
from ansible_collections.community.zitadel.plugins.module_utils._metadata import Details
from ansible_collections.community.zitadel.plugins.module_utils._organizations import NotFound
from ansible_collections.community.zitadel.plugins.module_utils._owners import Choice, Found, organization_owner
from ansible_collections.community.zitadel.plugins.module_utils._tasks import Mode
from ansible_collections.community.zitadel.plugins.module_utils._values import shown
from ansible_collections.community.zitadel.plugins.module_utils._workers import Workers


class BulkEntry(t.NamedTuple):
    """One entry of the option organizations that makes sense."""

    title: str
    params: Params
    choice: Choice
    desired: Desired


def check_create(params: Params) -> None:
    """Raise ZitadelError if an entry with create does not say what to create."""
    if params["org_name"] is None:
        raise ZitadelError("create is given without org_name. Name the organization to create by org_name.")
    if check_name(params["org_name"], "org_name") != params["org_name"]:
        raise ZitadelError("org_name begins or ends with whitespace, which ZITADEL removes. Leave the whitespace out.")


def missing_to_create(
    entries: t.Sequence[BulkEntry], found: t.Sequence[Found | ZitadelError | None]
) -> list[BulkEntry]:
    """Return the entries whose organization was not found and is to be created."""
    return [
        entry for entry, one in zip(entries, found, strict=True) if entry.params["create"] and isinstance(one, NotFound)
    ]


def create_all(connection: Connection, new: t.Sequence[BulkEntry], workers: Workers) -> dict[str, Found]:
    """Create the organizations of entries, and return them by title.

    None is begun after the first failure. Raises ZitadelError, whose result says which were created.
    """

    def create(entry: BulkEntry) -> str:
        return create_organization(connection, str(entry.choice.name))[0].id

    results = workers.map(create, new, stop=lambda _error: True)
    created = {entry.title: org_id for entry, org_id in zip(new, results, strict=True) if isinstance(org_id, str)}
    failures = {entry.title: one for entry, one in zip(new, results, strict=True) if isinstance(one, ZitadelError)}
    # Acknowledged, but not visible in time.
    created |= {title: one.result["org_id"] for title, one in failures.items() if one.result.get("org_id")}
    if failures:
        texts = " ".join(f"{title}: {sentences(error.msg)}" for title, error in failures.items())
        raise next(iter(failures.values())).but(
            f"{texts} No metadata was written. Created: {', '.join(created) or 'none'}.",
            result={
                "changed": bool(created),
                "organizations": [
                    {"entry": title, "changed": True, "created": True, "org_id": org_id}
                    for title, org_id in created.items()
                ],
            },
        )
    names = {entry.title: entry.choice.name for entry in new}
    return {title: organization_owner(org_id, names[title], exists=True) for title, org_id in created.items()}


def planned_result(entry: BulkEntry, mode: Mode) -> dict[str, t.Any]:
    """Return what check mode says of an organization that would be created."""
    lists = {
        "added": sorted(entry.desired.present),
        "updated": [],
        "removed": [],
        "unchanged": sorted(entry.desired.absent),
    }
    return {
        "entry": entry.title,
        "changed": True,
        "created": mode.check_mode,
        "org_id": None,
        "api_version": None,
        "details": Details()._asdict(),
        **lists,
    }


def planned_diff(entry: BulkEntry) -> dict[str, t.Any]:
    """Return the diff of an organization that would be created."""
    present, sensitive = entry.desired.present, entry.params["sensitive"]
    header = f"new organization ({entry.choice.name})"
    return {
        "before_header": header,
        "after_header": header,
        "before": {},
        "after": {key: shown(present[key], sensitive=sensitive) for key in sorted(present)},
    }
