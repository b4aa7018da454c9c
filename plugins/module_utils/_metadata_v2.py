# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Metadata by API v2, of an organization or a user, over Connect. The owner goes into the body; there is no sequence."""

from __future__ import annotations

import base64
import typing as t

from ansible_collections.community.zitadel.plugins.module_utils._api_common import (
    as_absent,
    batches,
    refuse_hidden,
    rewrites,
)
from ansible_collections.community.zitadel.plugins.module_utils._connection import Connection
from ansible_collections.community.zitadel.plugins.module_utils._errors import (
    LIMIT_ID,
    UNKNOWN_FATE,
    NotZitadel,
    ZitadelError,
)
from ansible_collections.community.zitadel.plugins.module_utils._messages import lacks_v2, unexpected
from ansible_collections.community.zitadel.plugins.module_utils._metadata import (
    Details,
    Entry,
    Listing,
    NotInOneCall,
    Owner,
    Selection,
    Step,
    Values,
    Write,
    json_bytes,
    selection_of,
)
from ansible_collections.community.zitadel.plugins.module_utils._organizations import (
    own_organization,
    prove_organization,
)
from ansible_collections.community.zitadel.plugins.module_utils._pages import Page, read_selection, smaller
from ansible_collections.community.zitadel.plugins.module_utils._permissions import header_arrives, may
from ansible_collections.community.zitadel.plugins.module_utils._values import to_base64

_NEVER = "0001-01-01T00:00:00Z"
"""The date of an answer where there never was metadata"""

_RELEASES = {"organization": "v4.7.0", "user": "v4.0.0"}


class MetadataV2:
    """The metadata of one owner."""

    version: t.Literal["v2"] = "v2"

    def __init__(self, connection: Connection, owner: Owner, hidden: t.Collection[str] = ()) -> None:
        """Nothing is sent yet; no error shows the texts in hidden where the server repeats them."""
        self._connection = connection
        self._owner = owner
        self._hidden = hidden
        self._is_proven = False
        self._kind = owner.kind.capitalize()
        service = "org" if owner.kind == "organization" else "user"
        self._service = f"/zitadel.{service}.v2.{self._kind}Service"

    @property
    def org_id(self) -> str | None:
        return self._owner.org_id if self._is_proven else None

    @property
    def place(self) -> str:
        return f"{self._owner.place} at {self._connection.url}"

    def read(self, selection: Selection, *, exists: bool = False, retries: int | None = None) -> Listing:
        """List…Metadata and, where it is empty, POST /v2/organizations/_search by id."""
        if self._owner.id is None:
            org_id = own_organization(self._connection)
            self._owner = Owner("organization", org_id, org_id)
        listing = self._read(selection, retries)
        # An empty list is also what an unknown organization, or one that may not be read, has.
        if not listing.entries and not exists and self._owner.kind == "organization":
            prove_organization(self._connection, str(self._owner.id))
        self._is_proven = True
        return listing

    def reread(self, keys: t.Iterable[str], *, retries: int | None = None) -> dict[str, Entry]:
        """List…Metadata."""
        return self._read(selection_of(keys), retries).entries

    def may_write(self) -> bool | None:
        """POST /auth/v1/permissions/zitadel/me/_search, which needs the header: unknown where that does not arrive."""
        if self._owner.org_id is None or not header_arrives(self._connection):
            return None
        return may(self._connection, self._owner.org_id, self._owner.permission("write"))

    def writes(self, values: Values) -> t.Iterator[Write]:
        """Set…Metadata, with an empty value for a key to remove where the release takes it; else Delete…Metadata."""
        sets: dict[str, bytes | None] = {key: value for key, value in values.items() if value is not None}
        removals: dict[str, bytes | None] = dict.fromkeys(key for key, value in values.items() if value is None)
        if sets and removals and self._connection.instance.removes_by_empty_value is not False:
            sets, removals = {**sets, **removals}, {}
        pairs = ((key, json_bytes({"key": key, "value": to_base64(value or b"")})) for key, value in sets.items())
        yield from self._batches("Set", "metadata", values, pairs)
        yield from self._batches("Delete", "keys", values, ((key, json_bytes(key)) for key in removals))

    def send(self, write: Write) -> Details:
        """Do a write. Raises ZitadelError, among them KeyAbsent and NotInOneCall."""
        instance = self._connection.instance
        if None not in write.values.values() or "/Delete" in write.path:
            return self._send(write)
        if instance.removes_by_empty_value is None:
            # One thread tries it for all.
            with instance.lock:
                if instance.removes_by_empty_value is None:
                    return self._remove_by_empty_value(write)
        return self._remove_by_empty_value(write)

    def _remove_by_empty_value(self, write: Write) -> Details:
        instance = self._connection.instance
        if instance.removes_by_empty_value is False:
            raise NotInOneCall(f"Cannot {write.doing} in {self.place} by one call.")
        try:
            details = self._send(write)
        except ZitadelError as error:
            if error.refusal and error.refusal.empty_value:
                instance.removes_by_empty_value = False
                raise NotInOneCall(error.msg, error.refusal) from None
            raise
        instance.removes_by_empty_value = True
        return details

    def _send(self, write: Write) -> Details:
        doing = f"{write.doing} in {self.place}"
        try:
            answer = self._call(write.path, doing, "write", write.body)
        except ZitadelError as error:
            raise as_absent(error, self._owner) from None
        # Always one of the two, also where nothing was to be done.
        date = answer.get("setDate") or answer.get("deletionDate")
        if not isinstance(date, str):
            raise ZitadelError(unexpected(doing), fate=UNKNOWN_FATE)
        return Details(change_date=None if date == _NEVER else date)

    def rewrites(self, lost: Values, seen: t.Mapping[str, Entry]) -> t.Iterator[Step]:
        """A set of the value that the server holds makes no event."""
        return rewrites(lost, seen)

    def _batches(
        self,
        verb: t.Literal["Set", "Delete"],
        name: str,
        values: Values,
        items: t.Iterable[tuple[str, bytes]],
    ) -> t.Iterator[Write]:
        opening = json_bytes(self._named())[:-1] + f',"{name}":['.encode()
        for keys, content in batches(items, len(opening) + 2):
            path = f"{self._service}/{verb}{self._kind}Metadata"
            yield Write({key: values[key] for key in keys}, "POST", path, opening + content + b"]}")

    def _named(self) -> dict[str, t.Any]:
        return {f"{self._owner.kind}Id": self._owner.id}

    def _read(self, selection: Selection, retries: int | None) -> Listing:
        first_retries = [retries]
        size = self._connection.instance.page_size

        def fetch(part: Selection, page: Page | None) -> tuple[list[Entry], int]:
            return self._list(part, page, first_retries.pop() if first_retries else None)

        return read_selection(fetch, selection, Page(size), size)

    def _list(self, selection: Selection, page: Page | None, retries: int | None) -> tuple[list[Entry], int]:
        doing = f"read the metadata of {self.place}"
        body = self._named()
        if page:
            body["pagination"] = {"limit": page.limit, "offset": str(page.offset), "asc": True}
        if selection.searched_text:
            method = f"TEXT_FILTER_METHOD_{selection.method}"
            body["filters"] = [{"keyFilter": {"key": selection.searched_text, "method": method}}]
        path = f"{self._service}/List{self._kind}Metadata"
        try:
            answer = self._call(path, doing, "read", json_bytes(body), retries)
        except ZitadelError as error:
            if page and error.refusal and error.refusal.id == LIMIT_ID:
                self._connection.instance.page_size = smaller(page.limit, error)
            raise
        try:
            total = int(answer["pagination"].get("totalResult", 0))
            entries = [_entry(item) for item in answer.get("metadata", [])]
        except (AttributeError, KeyError, TypeError, ValueError):
            raise NotZitadel(unexpected(doing)) from None
        refuse_hidden(entries, total, page and page.offset, self._owner, doing)
        return entries, total

    def _call(
        self,
        path: str,
        doing: str,
        permission: t.Literal["read", "write"],
        body: bytes | None,
        retries: int | None = None,
    ) -> dict[str, t.Any]:
        try:
            return self._connection.call(
                "POST",
                path,
                doing=doing,
                place=self._owner.place,
                permission=self._owner.permission(permission),
                body=body,
                hidden=self._hidden,
                retries=retries,
            )
        except ZitadelError as error:
            if not (error.refusal and error.refusal.unknown_procedure):
                raise
            kind = self._owner.kind
            why = lacks_v2(error.refusal, self._connection.url, f"{kind}s", _RELEASES[kind], self._service)
            raise error.but(f"Cannot {doing}. {why}") from None


def _entry(item: t.Mapping[str, t.Any]) -> Entry:
    details = Details(creation_date=item.get("creationDate"), change_date=item.get("changeDate"))
    return Entry(str(item["key"]), base64.b64decode(item.get("value", ""), validate=True), details)
