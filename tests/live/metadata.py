# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Metadata on a real server, past every fault: what readers see, and another writer."""

from __future__ import annotations

import base64
import itertools
from collections.abc import Mapping
from typing import Any, ClassVar

from fake_zitadel import Entry, User
from fake_zitadel.population import to_bytes

from .instance import Instance, Refused


class RealMetadata:
    """Part of ``RealZitadel``."""

    instance: ClassVar[Instance]
    _users: dict[str, User]
    # What was read of organizations since they were written.
    _seen: dict[str, dict[str, Entry]]

    def entries(self, organization: str) -> dict[str, Entry]:
        if organization not in self._seen:
            self._seen[organization] = self._list("/management/v1/metadata", organization)
        return self._seen[organization]

    def metadata(self, organization: str) -> dict[str, bytes]:
        return {key: entry.value for key, entry in self.entries(organization).items()}

    stored = metadata  # a real server tells nothing else

    def set(self, organization: str, key: str, value: bytes | str) -> None:
        self.set_many(organization, {key: value})

    def set_many(self, organization: str, metadata: Mapping[str, bytes | str]) -> None:
        self._set("/management/v1/metadata", organization, metadata)

    def remove(self, organization: str, *keys: str) -> None:
        self._seen.pop(organization, None)
        path = "/management/v1/metadata/_bulk"
        self.instance.call("DELETE", path, {"keys": list(keys)}, organization=organization)

    def user_entries(self, user: User | str) -> dict[str, Entry]:
        one = self._user(user)
        return self._list(f"/management/v1/users/{one.user_id}/metadata", one.organization)

    def user_metadata(self, user: User | str) -> dict[str, bytes]:
        return {key: entry.value for key, entry in self.user_entries(user).items()}

    def set_user(self, user: User | str, key: str, value: bytes | str) -> None:
        self.set_user_many(user, {key: value})

    def set_user_many(self, user: User | str, metadata: Mapping[str, bytes | str]) -> None:
        one = self._user(user)
        self._set(f"/management/v1/users/{one.user_id}/metadata", one.organization, metadata)

    def _user(self, user: User | str) -> User:
        return user if isinstance(user, User) else self._users[user]

    def _set(self, path: str, organization: str, metadata: Mapping[str, bytes | str]) -> None:
        self._seen.pop(organization, None)
        values = {key: base64.b64encode(to_bytes(value)).decode() for key, value in metadata.items()}
        entries = [{"key": key, "value": value} for key, value in values.items()]
        # Four of the largest values fit into one message.
        size = 4 if sum(map(len, values.values())) > 2_000_000 else 5_000
        for start in range(0, len(entries), size):
            piece = {"metadata": entries[start : start + size]}
            self.instance.call("POST", f"{path}/_bulk", piece, organization=organization)

    def _list(self, path: str, organization: str) -> dict[str, Entry]:
        found: dict[str, Entry] = {}
        for limit in (1000, 8):
            try:
                for page in itertools.count():
                    body = {"query": {"offset": str(page * limit), "limit": limit, "asc": True}}
                    answer = self.instance.call("POST", f"{path}/_search", body, organization=organization)
                    entries = [_entry(one) for one in answer.get("result", [])]
                    found.update({entry.key: entry for entry in entries})
                    if len(entries) < limit:
                        return found
            except Refused as error:
                # The answer would be too large for one message.
                if "larger than max" not in str(error) or limit == 8:
                    raise
        return found


def _entry(one: Mapping[str, Any]) -> Entry:
    details = one["details"]
    value = base64.b64decode(one["value"])
    return Entry(one["key"], value, int(details["sequence"]), details["creationDate"], details["changeDate"])
