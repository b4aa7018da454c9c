# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From the options of a task to the desired state of an owner's metadata. Pure."""

from __future__ import annotations

import fnmatch
import typing as t

from ansible_collections.community.zitadel.plugins.module_utils._errors import ZitadelError
from ansible_collections.community.zitadel.plugins.module_utils._metadata import Selection, selection_of
from ansible_collections.community.zitadel.plugins.module_utils._values import (
    check_key,
    from_base64,
    from_user,
    named,
    refuse_empty,
)

Params = t.Mapping[str, t.Any]
"""Validated options by name, None where not given"""

SCIM_PREFIX = "urn:zitadel:scim:"
"""Keys of users that belong to ZITADEL's SCIM interface begin so. Purge never removes them."""


class Purge(t.NamedTuple):
    """Which keys that were not given are removed."""

    prefix: str = ""
    keep: tuple[str, ...] = ()
    max_removals: int | None = None
    protected: str | None = None
    """Purge never removes keys that begin with this"""

    def covers(self, key: str) -> bool:
        if not key.startswith(self.prefix) or (self.protected is not None and key.startswith(self.protected)):
            return False
        return not any(fnmatch.fnmatchcase(key, pattern) for pattern in self.keep)


class Desired(t.NamedTuple):
    """The desired state: keys with their values, keys that must not exist, and what becomes of all others."""

    present: t.Mapping[str, bytes]
    absent: frozenset[str] = frozenset()
    purge: Purge | None = None

    @property
    def keys(self) -> frozenset[str]:
        """The keys that the task names."""
        return self.absent.union(self.present)

    def selection(self) -> Selection:
        """Return the entries that decide what to write."""
        return selection_of(self.keys, self.purge.prefix if self.purge else None)


def desired_metadata(params: Params, protected: str | None = None) -> Desired:
    """Return what the options of the module zitadel_org_metadata ask for, those that hold one key being optional.

    Purge spares keys that begin with protected. Raises ZitadelError if the options make no sense.
    """
    refuse_empty(params, ("key", "purge_prefix"))
    key, state = params.get("key"), params["state"]
    options = ("metadata", "metadata_b64")
    many = any(params[option] is not None for option in options)
    if key is not None and many:
        raise ZitadelError(
            "key and metadata or metadata_b64 are mutually exclusive. Put the key into metadata. Options from "
            "module_defaults count as well."
        )
    if key is None and not many and params["absent_keys"] is None:
        raise ZitadelError(_nothing_asked(params))
    for option in ("value", "value_b64"):
        if params.get(option) is not None and key is None:
            raise ZitadelError(f"{option} is given without key. Give the key to set.")
    metadata, metadata_b64 = params["metadata"] or {}, params["metadata_b64"] or {}
    twice = metadata.keys() & metadata_b64.keys()
    if twice:
        raise ZitadelError(f"{named(twice)} is in both metadata and metadata_b64. Give each key one value.")
    present: dict[str, bytes] = {}
    absent = {check_key(name, "absent_keys") for name in params["absent_keys"] or ()}
    if state == "absent":
        absent.update(check_key(name, option) for option in options for name in params[option] or ())
        absent.update([check_key(key, "key")] if key is not None else [])
    else:
        if key is not None:
            present[check_key(key, "key")] = _one_value(params)
        for name, value in metadata.items():
            present[check_key(name, "metadata")] = from_user(value, f"metadata: the value of {name!r}")
        for name, value in metadata_b64.items():
            present[check_key(name, "metadata_b64")] = from_base64(value, f"metadata_b64: the value of {name!r}")
    both = absent & present.keys()
    if both:
        raise ZitadelError(
            f"The task removes {named(both)} by absent_keys, and also sets it. Name each key in one place only."
        )
    return Desired(present, frozenset(absent), _purge(params, present, protected))


def _nothing_asked(params: Params) -> str:
    names = [*(["key"] if "key" in params else []), "metadata", "metadata_b64"]
    values = [option for option in ("value", "value_b64") if params.get(option) is not None]
    given = [*values, f"state: {params['state']}", *(["purge: true"] if params["purge"] else [])]
    return (
        f"There is nothing to set or remove: the task gives {', '.join(given)}, but {', '.join(names)} and absent_keys are "
        f"not given, or null. Give {', '.join(names)} or absent_keys."
    )


def _one_value(params: Params) -> bytes:
    if (params["value"] is None) == (params["value_b64"] is None):
        raise ZitadelError(
            f"The key {params['key']!r} needs either value or value_b64, and not null. "
            "To remove the key, use state: absent."
        )
    name = f"the value of {params['key']!r}"
    if params["value"] is not None:
        return from_user(params["value"], f"value: {name}")
    return from_base64(params["value_b64"], f"value_b64: {name}")


def _purge(params: Params, present: t.Mapping[str, bytes], protected: str | None) -> Purge | None:
    prefix, limit = params["purge_prefix"], params["max_removals"]
    if not params["purge"]:
        for option in ("purge_prefix", "keep", "max_removals"):
            if params[option] not in (None, []):
                raise ZitadelError(f"{option} is given without purge: true. Set purge, or leave {option} out.")
        return None
    if params["state"] != "present" or params.get("key") is not None:
        raise ZitadelError("purge needs state: present and metadata or metadata_b64. To remove keys, use absent_keys.")
    if limit is not None and limit < 0:
        raise ZitadelError(f"max_removals is {limit}. Give the number of keys that purge may remove, 0 or more.")
    if not any(key.startswith(prefix or "") for key in present) and (prefix is None or limit is None):
        raise ZitadelError(
            "purge with no key in metadata and metadata_b64 would remove every key, so the task is refused. To remove "
            "keys, name them in absent_keys; to remove all that begin with a prefix, set purge_prefix and max_removals."
            if prefix is None
            else f"None of the given keys begins with the purge_prefix {prefix!r}, so purge would remove all keys that "
            "begin with it. The task is refused, since the prefix may be misspelt. Correct it or, to remove these keys, "
            "set max_removals as well."
        )
    return Purge(prefix or "", tuple(params["keep"] or ()), limit, protected)
