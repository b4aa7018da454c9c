# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Organizations and their metadata as Python calls. The only file that knows ZITADEL's paths and JSON."""

from __future__ import annotations

import base64
import json
import re
import typing as t

from ansible_collections.community.zitadel.plugins.module_utils._errors import ZitadelError
from ansible_collections.community.zitadel.plugins.module_utils._http import Connection
from ansible_collections.community.zitadel.plugins.module_utils._values import named, to_base64

MAX_CALL_BYTES = 1_000_000
"""Bytes of JSON in one call: what proxies let pass, and far less than the 4 MiB of ZITADEL itself."""

MAX_CALL_KEYS = 10_000

_METADATA = "/management/v1/metadata"
_BULK = f"{_METADATA}/_bulk"
_PAGE_SIZE = 500
# Eight values of the greatest size always fit into one answer.
_SMALLEST_PAGE_SIZE = 8
_PASSES = 3
_ORGANIZATIONS_PAGE_SIZE = 500
_PATH_KEY = re.compile(r"[A-Za-z0-9._~-]+")
_ROUTES = frozenset({".", "..", "_bulk", "_search"})


class Details(t.NamedTuple):
    """When something was written: dates as RFC 3339 text. What the server did not tell is None."""

    sequence: int | None = None
    creation_date: str | None = None
    change_date: str | None = None
    resource_owner: str | None = None

    @classmethod
    def read(cls, content: t.Mapping[str, t.Any]) -> Details:
        sequence = content.get("sequence")
        return cls(
            sequence=None if sequence is None else int(sequence),
            creation_date=content.get("creationDate"),
            change_date=content.get("changeDate"),
            resource_owner=content.get("resourceOwner"),
        )

    @property
    def event_date(self) -> str | None:
        """The date of the event in the answer of a write: single sets call it creationDate, all others changeDate."""
        return self.change_date or self.creation_date


class Entry(t.NamedTuple):
    """One metadata entry as a reader sees it."""

    key: str
    value: bytes
    details: Details


class Selection(t.NamedTuple):
    """The entries to read: those with a key, or whose keys start with or contain a text; all by default."""

    method: t.Literal["EQUALS", "STARTS_WITH", "CONTAINS"] = "STARTS_WITH"
    text: str = ""

    def matches(self, key: str) -> bool:
        if self.method == "EQUALS":
            return key == self.text
        return key.startswith(self.text) if self.method == "STARTS_WITH" else self.text in key

    def queries(self) -> list[dict[str, t.Any]]:
        """Return what the server can filter by.

        It takes a backslash in a pattern for an escape, so only text without one is sent; matches() does the rest.
        """
        text = self.text
        if self.method != "EQUALS":
            parts = text.split("\\")
            text = parts[0] if self.method == "STARTS_WITH" else max(parts, key=len)
        return [{"keyQuery": {"key": text, "method": f"TEXT_QUERY_METHOD_{self.method}"}}] if text else []


class Listing(t.NamedTuple):
    """The entries of a selection by key, and whether it is sure that none is missing."""

    entries: dict[str, Entry]
    complete: bool = True


class Write(t.NamedTuple):
    """One call that sets or removes keys, all of them or none."""

    method: t.Literal["POST", "DELETE"]
    path: str
    keys: tuple[str, ...]
    body: bytes | None

    @property
    def doing(self) -> str:
        return f"{'set' if self.method == 'POST' else 'remove'} {named(self.keys)}"


class WrongOrganization(ZitadelError):
    """An answer came from another organization than asked for."""


class OrganizationMetadata:
    """The metadata of one organization. Every answer is checked to be of that organization."""

    def __init__(self, connection: Connection, org_id: str | None, hidden: t.Collection[str] = ()) -> None:
        """org_id None is the caller's own organization; no error shows the texts in hidden."""
        self._connection = connection
        self._asked = org_id
        self._hidden = hidden
        self.org_id: str | None = None
        """The organization that answered, None before the first answer that tells."""

    @property
    def place(self) -> str:
        """The organization and instance, as a message names them."""
        organization = f"organization {self._asked}" if self._asked else "the caller's own organization"
        return f"{organization} at {self._connection.url}"

    def read(self, selection: Selection, wanted: t.Collection[str] = (), *, retries: int | None = None) -> Listing:
        """Return the selected entries: in one answer, or in pages where the server refuses it as too large.

        Pages taken while others write can miss entries. Then the listing is not complete, but wanted keys are sure.
        retries is for the first request, that of the connection if None. POST /management/v1/metadata/_search. Raises ZitadelError.
        """
        try:
            entries, total = self._search(selection, {}, retries)
        except ZitadelError as error:
            if not (error.refusal and error.refusal.too_large):
                raise
        else:
            if len(entries) >= total:
                return Listing(self._selected(selection, entries))
        listing = self._read_pages(selection)
        if not listing.complete:
            for key in wanted:
                if key not in listing.entries:
                    listing.entries.update(self.read(Selection("EQUALS", key)).entries)
        return listing

    def prove(self) -> None:
        """Check that the organization exists and that the caller may read it, which an empty list does not show.

        GET /management/v1/orgs/me. Raises ZitadelError.
        """
        doing = f"read {self.place}"
        answer = self._call("GET", "/management/v1/orgs/me", doing, "org.read")
        organization = answer.get("org")
        if not isinstance(organization, dict) or not organization.get("id"):
            raise self._unexpected(doing)
        self._check_owner(str(organization["id"]), doing)
        # A removed organization has no state there.
        if organization.get("state", "") in ("", "ORG_STATE_REMOVED"):
            raise ZitadelError(f"Cannot use {self.place}: it has been removed.")

    def sets(self, values: t.Mapping[str, bytes]) -> t.Iterator[Write]:
        """Yield the calls that set these values, none larger than a call may be.

        POST /management/v1/metadata/{key} for one key that can travel in a path, else POST …/_bulk.
        """
        if len(values) == 1:
            ((key, value),) = values.items()
            if travels_in_path(key):
                yield Write("POST", f"{_METADATA}/{key}", (key,), _json({"value": to_base64(value)}))
                return
        items = ((key, _json({"key": key, "value": to_base64(value)})) for key, value in values.items())
        yield from _bulk("POST", b'{"metadata":[', items)

    def removals(self, keys: t.Collection[str]) -> t.Iterator[Write]:
        """Yield the calls that remove these keys. DELETE /management/v1/metadata/{key} or DELETE …/_bulk."""
        if len(keys) == 1:
            (key,) = keys
            if travels_in_path(key):
                yield Write("DELETE", f"{_METADATA}/{key}", (key,), None)
                return
        yield from _bulk("DELETE", b'{"keys":[', ((key, _json(key)) for key in keys))

    def send(self, write: Write) -> Details:
        """Do a write and return what the answer tells of it.

        Raises ZitadelError, whose attribute absent says that a key to remove is not there.
        """
        doing = f"{write.doing} in {self.place}"
        answer = self._call(write.method, write.path, doing, "org.write", write.body)
        content = answer.get("details")
        if not isinstance(content, dict):
            raise self._unexpected(doing, uncertain=True)
        return self._details(content, doing, uncertain=True)

    def _read_pages(self, selection: Selection) -> Listing:
        size = _PAGE_SIZE
        union: dict[str, Entry] = {}
        for _pass in range(_PASSES):
            seen: list[Entry] = []
            totals: set[int] = set()
            while True:
                try:
                    entries, total = self._search(selection, {"limit": size, "offset": str(len(seen))})
                except ZitadelError as error:
                    if not (error.refusal and error.refusal.too_large) or size == _SMALLEST_PAGE_SIZE:
                        raise
                    size = max(size // 2, _SMALLEST_PAGE_SIZE)
                    continue
                seen += entries
                totals.add(total)
                if not entries or len(seen) >= total:
                    break
            found = self._selected(selection, seen)
            if len(totals) == 1 and len({entry.key for entry in seen}) == len(seen) == max(totals):
                return Listing(found)
            union.update(found)
        return Listing(union, complete=False)

    def _search(
        self, selection: Selection, query: dict[str, t.Any], retries: int | None = None
    ) -> tuple[list[Entry], int]:
        """Return the entries of one answer, and how many there are in all."""
        doing = f"read the metadata of {self.place}"
        body: dict[str, t.Any] = {"queries": selection.queries()} if selection.text else {}
        if query:
            body["query"] = query
        answer = self._call("POST", f"{_METADATA}/_search", doing, "org.read", _json(body), retries)
        details, result = answer.get("details"), answer.get("result", [])
        try:
            if not isinstance(details, dict):
                raise TypeError
            return [self._entry(item, doing) for item in result], int(details.get("totalResult", 0))
        except (AttributeError, KeyError, TypeError, ValueError):
            raise self._unexpected(doing) from None

    def _entry(self, item: t.Mapping[str, t.Any], doing: str) -> Entry:
        value = base64.b64decode(item.get("value", ""), validate=True)
        return Entry(str(item["key"]), value, self._details(item["details"], doing))

    def _details(self, content: t.Mapping[str, t.Any], doing: str, *, uncertain: bool = False) -> Details:
        try:
            details = Details.read(content)
        except (AttributeError, TypeError, ValueError):
            raise self._unexpected(doing, uncertain=uncertain) from None
        if details.resource_owner:
            self._check_owner(details.resource_owner, doing)
        return details

    def _check_owner(self, owner: str, doing: str) -> None:
        expected = self._asked or self.org_id
        self.org_id = owner
        if expected is not None and owner != expected:
            raise WrongOrganization(
                f"Cannot {doing}. The answer came from organization {owner} instead of {expected}. Something in "
                "front of ZITADEL drops or changes the header x-zitadel-orgid, or this release ignores it. "
                "Nothing more is written."
            )

    def _call(
        self,
        method: str,
        path: str,
        doing: str,
        permission: str,
        body: bytes | None = None,
        retries: int | None = None,
    ) -> dict[str, t.Any]:
        return self._connection.call(
            method,
            path,
            doing=doing,
            permission=permission,
            org_id=self._asked,
            body=body,
            hidden=self._hidden,
            retries=retries,
        )

    def _unexpected(self, doing: str, *, uncertain: bool = False) -> ZitadelError:
        return ZitadelError(
            f"Cannot {doing}. The answer is not what ZITADEL answers to this call. "
            "Check that url is the root of a ZITADEL instance, and what stands in front of it.",
            uncertain=uncertain,
        )

    @staticmethod
    def _selected(selection: Selection, entries: t.Iterable[Entry]) -> dict[str, Entry]:
        return {entry.key: entry for entry in entries if selection.matches(entry.key)}


class Organization(t.NamedTuple):
    """An organization as the search shows it."""

    id: str
    name: str
    primary_domain: str | None
    state: str
    """active, inactive or removed"""
    details: Details


def find_organizations(
    connection: Connection,
    *,
    org_id: str | None = None,
    name: str | None = None,
    domain: str | None = None,
    state: str | None = None,
) -> list[Organization]:
    """Return the organizations that the caller may read and that meet all conditions, sorted by name.

    POST /v2/organizations/_search, all pages. Raises ZitadelError.
    """
    queries: list[dict[str, t.Any]] = []
    if org_id is not None:
        queries.append({"idQuery": {"id": org_id}})
    if name is not None:
        queries.append({"nameQuery": {"name": name, "method": "TEXT_QUERY_METHOD_EQUALS"}})
    if domain is not None:
        queries.append({"domainQuery": {"domain": domain, "method": "TEXT_QUERY_METHOD_EQUALS"}})
    if state is not None:
        queries.append({"stateQuery": {"state": f"ORGANIZATION_STATE_{state.upper()}"}})
    doing = f"search organizations at {connection.url}"
    found: dict[str, Organization] = {}
    offset = total = 0
    while offset == 0 or offset < total:
        body = {
            "query": {"limit": _ORGANIZATIONS_PAGE_SIZE, "offset": str(offset), "asc": True},
            "sortingColumn": "ORGANIZATION_FIELD_NAME_NAME",
            "queries": queries,
        }
        content = connection.call("POST", "/v2/organizations/_search", doing=doing, body=_json(body))
        try:
            # The total also counts what the caller may not see, so that a page can be short without being the last.
            total = int(content["details"].get("totalResult", 0))
            found.update((item["id"], _organization(item)) for item in content.get("result", []))
        except (AttributeError, KeyError, TypeError, ValueError):
            raise ZitadelError(
                f"Cannot {doing}. The answer is not what ZITADEL answers to this call. "
                "Check that url is the root of a ZITADEL instance."
            ) from None
        offset += _ORGANIZATIONS_PAGE_SIZE
    matching = (organization for organization in found.values() if name is None or organization.name == name)
    return sorted(matching, key=lambda organization: (organization.name, organization.id))


def _organization(item: t.Mapping[str, t.Any]) -> Organization:
    return Organization(
        id=str(item["id"]),
        name=str(item.get("name", "")),
        primary_domain=item.get("primaryDomain"),
        state=str(item.get("state", "")).removeprefix("ORGANIZATION_STATE_").lower(),
        details=Details.read(item.get("details", {})),
    )


def travels_in_path(key: str) -> bool:
    """Whether a key reaches the server unchanged as a segment of the path, also through proxies."""
    return bool(_PATH_KEY.fullmatch(key)) and key not in _ROUTES


def _bulk(
    method: t.Literal["POST", "DELETE"], opening: bytes, items: t.Iterable[tuple[str, bytes]]
) -> t.Iterator[Write]:
    """Yield bulk calls with as many items (key and JSON) as one call may have."""
    closing = b"]}"
    empty = len(opening) + len(closing)
    keys: list[str] = []
    parts: list[bytes] = []
    size = empty

    def write() -> Write:
        return Write(method, _BULK, tuple(keys), opening + b",".join(parts) + closing)

    for key, part in items:
        if keys and (size + len(part) + 1 > MAX_CALL_BYTES or len(keys) == MAX_CALL_KEYS):
            yield write()
            keys, parts, size = [], [], empty
        keys.append(key)
        parts.append(part)
        size += len(part) + 1
    if keys:
        yield write()


def _json(content: t.Any) -> bytes:
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()
