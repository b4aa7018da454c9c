# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reading the metadata of one owner: what the info modules and the lookups do. Options in, result out."""

from __future__ import annotations

import typing as t

from ansible_collections.community.zitadel.plugins.module_utils._api_version import Warn, open_and_read
from ansible_collections.community.zitadel.plugins.module_utils._connection import Connection
from ansible_collections.community.zitadel.plugins.module_utils._desired import Params
from ansible_collections.community.zitadel.plugins.module_utils._errors import ZitadelError
from ansible_collections.community.zitadel.plugins.module_utils._metadata import Entry, Selection, selection_of
from ansible_collections.community.zitadel.plugins.module_utils._owners import Found
from ansible_collections.community.zitadel.plugins.module_utils._values import (
    check_key,
    refuse_empty,
    to_base64,
    to_text,
)

FILTERS = ("key", "key_prefix", "key_contains")


class Read(t.NamedTuple):
    """The selected entries, sorted by key, and where they come from."""

    entries: list[Entry]
    org_id: str | None
    api_version: str
    place: str


def read_metadata(connection: Connection, found: Found, selection: Selection, warn: Warn) -> Read:
    """Return the selected entries of an owner. Warns if others may be missing than those that are wanted by key.

    Raises ZitadelError, also if the owner does not exist or may not be read.
    """
    api, listing = open_and_read(connection, found.owner, selection, warn=warn, exists=found.exists)
    if not listing.complete:
        warn(
            f"The metadata of {api.place} is too large for one answer, and other writers changed it while it was "
            "read in pages: keys that were written meanwhile may be missing."
        )
    entries = [listing.entries[key] for key in sorted(listing.entries)]
    return Read(entries, api.org_id, api.version, api.place)


def metadata_info(
    connection: Connection, params: Params, find: t.Callable[[Connection, Params], Found], warn: Warn
) -> dict[str, t.Any]:
    """Do what a module that reads the metadata of one owner is asked for and return its result. Raises ZitadelError."""
    selection = _selection(params)
    found = find(connection, params)
    read = read_metadata(connection, found, selection, warn)
    return {
        "changed": False,
        **found.owner.ids(read.org_id),
        "api_version": read.api_version,
        **as_options(read.entries),
        "entries": [
            {
                "key": entry.key,
                "value": to_text(entry.value),
                "value_b64": to_base64(entry.value),
                "details": entry.details._asdict(),
            }
            for entry in read.entries
        ],
    }


def as_options(entries: t.Iterable[Entry]) -> dict[str, dict[str, str]]:
    """Return entries as the options metadata, for values that are UTF-8 text, and metadata_b64, for all others."""
    metadata: dict[str, str] = {}
    metadata_b64: dict[str, str] = {}
    for entry in entries:
        text = to_text(entry.value)
        if text is None:
            metadata_b64[entry.key] = to_base64(entry.value)
        else:
            metadata[entry.key] = text
    return {"metadata": metadata, "metadata_b64": metadata_b64}


def _selection(params: Params) -> Selection:
    refuse_empty(params, FILTERS)
    given = [option for option in FILTERS if params[option] is not None]
    texts = {option: params[option] if isinstance(params[option], list) else [params[option]] for option in given}
    for option in given:
        for text in texts[option]:
            check_key(text, option)
    if len(given) > 1:
        raise ZitadelError(
            f"{' and '.join(given)} are mutually exclusive. Give one of them, or none for everything. Options from "
            "module_defaults count as well."
        )
    if not given:
        return Selection()
    if given == ["key"]:
        return selection_of(texts["key"])
    return Selection("STARTS_WITH" if given == ["key_prefix"] else "CONTAINS", params[given[0]])
