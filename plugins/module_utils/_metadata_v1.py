# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Metadata by the Management API v1, of an organization or a user. The organization goes into x-zitadel-orgid."""

from __future__ import annotations

import base64
import typing as t

from ansible_collections.community.zitadel.plugins.module_utils._api_common import (
    as_absent,
    batches,
    refuse_hidden,
    rewrites,
    travels_in_path,
)
from ansible_collections.community.zitadel.plugins.module_utils._connection import Connection
from ansible_collections.community.zitadel.plugins.module_utils._errors import (
    UNKNOWN_FATE,
    WrongOrganization,
    ZitadelError,
)
from ansible_collections.community.zitadel.plugins.module_utils._messages import unexpected
from ansible_collections.community.zitadel.plugins.module_utils._metadata import (
    Details,
    Entry,
    Listing,
    Owner,
    Selection,
    Step,
    Values,
    Write,
    json_bytes,
    selection_of,
)
from ansible_collections.community.zitadel.plugins.module_utils._pages import Page, read_selection
from ansible_collections.community.zitadel.plugins.module_utils._permissions import header_arrives, may
from ansible_collections.community.zitadel.plugins.module_utils._values import to_base64

_PAGE_SIZE = 500
_ROUTES = frozenset({"_bulk", "_search"})


class MetadataV1:
    """The metadata of one owner. Every answer is checked to be of its organization."""

    version: t.Literal["v1"] = "v1"

    def __init__(self, connection: Connection, owner: Owner, hidden: t.Collection[str] = ()) -> None:
        """Nothing is sent yet; no error shows the texts in hidden where the server repeats them."""
        self._connection = connection
        self._owner = owner
        self._hidden = hidden
        self._org_id: str | None = None
        user = f"/users/{owner.id}" if owner.kind == "user" else ""
        self._path = f"/management/v1{user}/metadata"

    @property
    def org_id(self) -> str | None:
        return self._org_id

    @property
    def place(self) -> str:
        return f"{self._owner.place} at {self._connection.url}"

    def read(self, selection: Selection, *, exists: bool = False, retries: int | None = None) -> Listing:
        """POST …/metadata/_search and, where no entry shows the organization, GET /management/v1/orgs/me."""
        if self._owner.kind == "user" and not travels_in_path(str(self._owner.id)):
            raise ZitadelError(
                f"Cannot use {self.place} by the Management API (v1): its id has characters that are not safe in the path "
                "of a URL, and might lead to another user. Set api_version to v2, which ZITADEL v4.0.0 and later have for "
                "users."
            )
        listing = self._read(selection, retries)
        # An empty list proves nothing: not that the organization exists, and not that the header arrives.
        if self._org_id is None and not exists:
            self._prove()
        elif self._org_id is None:
            self._prove_once()
        return listing

    def reread(self, keys: t.Iterable[str], *, retries: int | None = None) -> dict[str, Entry]:
        """POST …/metadata/_search."""
        return self._read(selection_of(keys), retries).entries

    def may_write(self) -> bool | None:
        """POST /auth/v1/permissions/zitadel/me/_search. A "no" counts where the header is known to arrive."""
        allowed = may(self._connection, self._owner.org_id, self._owner.permission("write"))
        if allowed is False and self._org_id is None and not header_arrives(self._connection):
            return None
        return allowed

    def writes(self, values: Values) -> t.Iterator[Write]:
        """POST or DELETE …/metadata/{key} for one key that can travel in a path, else …/metadata/_bulk."""
        sets = {key: value for key, value in values.items() if value is not None}
        removals = [key for key, value in values.items() if value is None]
        if len(sets) == 1 and self._goes_alone(*sets):
            ((key, value),) = sets.items()
            yield Write(sets, "POST", f"{self._path}/{key}", json_bytes({"value": to_base64(value)}))
        else:
            items = ((key, json_bytes({"key": key, "value": to_base64(value)})) for key, value in sets.items())
            yield from self._bulk("POST", "metadata", values, items)
        if len(removals) == 1 and _travels_in_path(*removals):
            yield Write(dict.fromkeys(removals), "DELETE", f"{self._path}/{removals[0]}", None)
        else:
            yield from self._bulk("DELETE", "keys", values, ((key, json_bytes(key)) for key in removals))

    def send(self, write: Write) -> Details:
        """Do a write. Raises ZitadelError, among them KeyAbsent."""
        doing = f"{write.doing} in {self.place}"
        try:
            answer = self._call(write.method, write.path, doing, "write", write.body)
        except ZitadelError as error:
            raise as_absent(error, self._owner) from None
        try:
            return self._details(answer["details"], doing)
        except (KeyError, AttributeError, TypeError, ValueError):
            raise ZitadelError(unexpected(doing), fate=UNKNOWN_FATE) from None

    def rewrites(self, lost: Values, seen: t.Mapping[str, Entry]) -> t.Iterator[Step]:
        """Of an organization, a single set always makes an event."""
        return rewrites(lost, seen, self._goes_alone)

    def _goes_alone(self, key: str) -> bool:
        """Whether a single call sets this key, and always makes an event."""
        # For users, v3.4.9 says 200 to a single set of the value that was removed last, and does nothing.
        return self._owner.kind == "organization" and _travels_in_path(key)

    def _bulk(
        self, method: t.Literal["POST", "DELETE"], name: str, values: Values, items: t.Iterable[tuple[str, bytes]]
    ) -> t.Iterator[Write]:
        opening, closing = f'{{"{name}":['.encode(), b"]}"
        for keys, content in batches(items, len(opening) + len(closing)):
            yield Write({key: values[key] for key in keys}, method, f"{self._path}/_bulk", opening + content + closing)

    def _read(self, selection: Selection, retries: int | None) -> Listing:
        first_retries = [retries]

        def fetch(part: Selection, page: Page | None) -> tuple[list[Entry], int]:
            return self._search(part, page, first_retries.pop() if first_retries else None)

        return read_selection(fetch, selection, None, _PAGE_SIZE)

    def _search(self, selection: Selection, page: Page | None, retries: int | None) -> tuple[list[Entry], int]:
        doing = f"read the metadata of {self.place}"
        text, method = selection.searched_text, f"TEXT_QUERY_METHOD_{selection.method}"
        body: dict[str, t.Any] = {"queries": [{"keyQuery": {"key": text, "method": method}}]} if text else {}
        if page:
            body["query"] = {"limit": page.limit, "offset": str(page.offset)}
        answer = self._call("POST", f"{self._path}/_search", doing, "read", json_bytes(body), retries)
        try:
            entries = [self._entry(item, doing) for item in answer.get("result", [])]
            total = int(answer["details"].get("totalResult", 0))
        except (AttributeError, KeyError, TypeError, ValueError):
            raise ZitadelError(unexpected(doing)) from None
        refuse_hidden(entries, total, page and page.offset, self._owner, doing)
        return entries, total

    def _prove_once(self) -> None:
        """Check that the organization answers, unless two others have. Raises ZitadelError.

        That the header reaches another API would not do: a release was reported to ignore it in this one.
        """
        instance = self._connection.instance
        if instance.proves(self._owner.org_id):
            return
        # One after the other, so that two requests are enough for all threads.
        with instance.lock:
            if not instance.proves(self._owner.org_id):
                self._prove(exists=True)

    def _prove(self, *, exists: bool = False) -> None:
        """Check that the organization answers and, unless it is known to, exists. GET /management/v1/orgs/me.

        Raises ZitadelError.
        """
        doing = f"read {self.place}"
        place = f"organization {self._owner.org_id}" if self._owner.org_id else self._owner.place
        organization = self._connection.call(
            "GET",
            "/management/v1/orgs/me",
            doing=doing,
            place=place,
            permission="org.read",
            org_id=self._owner.org_id,
            hidden=self._hidden,
        ).get("org")
        if not isinstance(organization, dict) or not organization.get("id"):
            raise ZitadelError(unexpected(doing))
        self._check_owner(str(organization["id"]), doing)
        # A removed organization has no state there.
        if not exists and organization.get("state", "") in ("", "ORG_STATE_REMOVED"):
            raise ZitadelError(f"Cannot use {self.place}: it has been removed. Name another organization.")

    def _entry(self, item: t.Mapping[str, t.Any], doing: str) -> Entry:
        value = base64.b64decode(item.get("value", ""), validate=True)
        return Entry(str(item["key"]), value, self._details(item["details"], doing))

    def _details(self, content: t.Mapping[str, t.Any], doing: str) -> Details:
        details = Details.read(content)
        if details.resource_owner:
            self._check_owner(details.resource_owner, doing)
        return details

    def _check_owner(self, org_id: str, doing: str) -> None:
        asked = self._owner.org_id
        expected = asked or self._org_id
        self._org_id = org_id
        if expected is not None and org_id != expected:
            raise WrongOrganization(
                f"Cannot {doing}. The answer came from organization {org_id} instead of {expected}. A reverse proxy "
                "drops or changes the header x-zitadel-orgid, or this release ignores it. Nothing more is written. "
                "Let the header pass, or set api_version to v2."
            )
        if asked:
            self._connection.instance.answered(org_id)

    def _call(
        self,
        method: str,
        path: str,
        doing: str,
        permission: t.Literal["read", "write"],
        body: bytes | None = None,
        retries: int | None = None,
    ) -> dict[str, t.Any]:
        return self._connection.call(
            method,
            path,
            doing=doing,
            place=self._owner.place,
            permission=self._owner.permission(permission),
            org_id=self._owner.org_id,
            body=body,
            hidden=self._hidden,
            retries=retries,
        )


def _travels_in_path(key: str) -> bool:
    """Whether a key reaches the server as a segment of the path, and no other call."""
    return travels_in_path(key) and key not in _ROUTES
