# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Setting the metadata of one owner: read, plan, ask, write, verify. Options in, result out.

``_bulk`` does the same steps for many organizations.
"""

from __future__ import annotations

import contextlib
import dataclasses
import typing as t

from ansible_collections.community.zitadel.plugins.module_utils._api_version import open_and_read
from ansible_collections.community.zitadel.plugins.module_utils._connection import Connection
from ansible_collections.community.zitadel.plugins.module_utils._desired import Desired, Params, desired_metadata
from ansible_collections.community.zitadel.plugins.module_utils._errors import ZitadelError, defect
from ansible_collections.community.zitadel.plugins.module_utils._messages import Context, lacks
from ansible_collections.community.zitadel.plugins.module_utils._metadata import Details, Entry, MetadataApi, newest
from ansible_collections.community.zitadel.plugins.module_utils._owners import Found
from ansible_collections.community.zitadel.plugins.module_utils._plan import Plan, check_removals, plan
from ansible_collections.community.zitadel.plugins.module_utils._values import hidden_texts, shown
from ansible_collections.community.zitadel.plugins.module_utils._writer import Writer


class Mode(t.NamedTuple):
    """How a task runs."""

    check_mode: bool
    diff: bool
    warn: t.Callable[[str], None]


@dataclasses.dataclass(frozen=True)
class State:
    """One owner that was read: what is to be written, and the writer that remembers what was."""

    found: Found
    api: MetadataApi
    before: t.Mapping[str, Entry]
    desired: Desired
    plan: Plan
    writer: Writer
    key: str | None
    sensitive: bool
    verifies: bool

    def ask(self, warn: t.Callable[[str], None]) -> None:
        """Ask whether what is planned may be written. Raises ZitadelError if not, and warns if ZITADEL does not tell."""
        if not self.plan.changed:
            return
        allowed = self.api.may_write()
        owner = self.found.owner
        if allowed is None:
            warn(
                f"It is not known whether the service account has the permission {owner.permission('write')}, so that a "
                "real run can fail where check mode does not. A reverse proxy drops the header x-zitadel-orgid, or blocks "
                "/auth/v1/permissions/zitadel/me/_search: let both pass."
            )
        elif not allowed:
            doing = next(iter(self.api.writes(self.plan.values))).doing
            why = lacks(Context("", owner.place, owner.permission("write")))
            raise ZitadelError(f"Cannot {doing} in {self.api.place}. {why}")

    def write(self) -> None:
        """Write what differs. Raises ZitadelError."""
        if self.plan.changed:
            self.writer.write(self.plan)

    def verify(self) -> None:
        """Unless verify is false, make sure that a read shows what was written. Raises ZitadelError."""
        if self.verifies and self.writer.changed:
            self.writer.verify()

    def result(self, mode: Mode) -> dict[str, t.Any]:
        """Return what a successful task returns."""
        return {
            "changed": self.plan.changed if mode.check_mode else self.writer.changed,
            **self.found.owner.ids(self.api.org_id),
            "api_version": self.api.version,
            "details": self._details()._asdict(),
            **self._lists(mode.check_mode),
            **({"diff": self.diff(mode.check_mode)} if mode.diff else {}),
        }

    def failure(self, mode: Mode) -> dict[str, t.Any]:
        """Return what a failed task returns beside the error: what was written before it."""
        written = {}
        if self.writer.changed:
            written = {**self._lists(False), **({"diff": self.diff(False)} if mode.diff else {})}
        return {"changed": self.writer.changed, **self.found.owner.ids(self.api.org_id), **written}

    def diff(self, planned: bool) -> dict[str, t.Any]:
        """Return the keys that were or, if only planned, would be written, with their values before and after."""
        lists = self._lists(planned)
        after, before, sensitive = self.desired.present, self.before, self.sensitive
        affected = sorted([*lists["added"], *lists["updated"], *lists["removed"]])
        header = self.found.header(self.api.org_id)
        return {
            "before_header": header,
            "after_header": header,
            "before": {key: shown(before[key].value, sensitive=sensitive) for key in affected if key in before},
            "after": {
                key: shown(after[key], sensitive=sensitive, changed=key in before) for key in affected if key in after
            },
        }

    @contextlib.contextmanager
    def failing(self, mode: Mode) -> t.Iterator[None]:
        """Give every error that happens within it the result that says what was written."""
        try:
            yield
        except ZitadelError as error:
            raise error.but(result={**self.failure(mode), **error.result}) from None
        except Exception as error:  # noqa: BLE001
            raise defect(error).but(result=self.failure(mode)) from None

    def _lists(self, planned: bool) -> dict[str, list[str]]:
        return self.plan.lists() if planned else self.writer.lists(self.plan)

    def _details(self) -> Details:
        seen = self.writer.seen
        if self.key is not None:
            return seen[self.key].details if self.key in seen else Details()
        # In the order of the calls: where one answer is all that is known of many keys, it belongs to the last.
        known = [entry.details for key, entry in seen.items() if key in self.desired.keys]
        return newest(known) if known else self.writer.last


def set_metadata(
    connection: Connection,
    params: Params,
    find: t.Callable[[Connection, Params], Found],
    mode: Mode,
    protected: str | None = None,
) -> dict[str, t.Any]:
    """Do what a module that sets the metadata of one owner is asked for and return its result.

    find returns the owner that the options name; purge spares keys that begin with protected. Raises ZitadelError,
    whose result says what was written before it.
    """
    desired = desired_metadata(params, protected)
    state = read_state(connection, params, desired, find(connection, params), mode)
    with state.failing(mode):
        if mode.check_mode:
            state.ask(mode.warn)
        else:
            state.write()
            state.verify()
    return state.result(mode)


def read_state(connection: Connection, params: Params, desired: Desired, found: Found, mode: Mode) -> State:
    """Read one owner and plan what to write. Raises ZitadelError; nothing is written."""
    hidden = hidden_texts(desired.present.values()) if params["sensitive"] else frozenset()
    api, listing = open_and_read(
        connection, found.owner, desired.selection(), warn=mode.warn, hidden=hidden, exists=found.exists
    )
    try:
        planned = plan(listing, desired)
    except ZitadelError as error:
        raise error.but(result={"changed": False, **found.owner.ids(api.org_id)}) from None
    state = State(
        found,
        api,
        listing.entries,
        desired,
        planned,
        Writer(api, listing.entries, mode.warn),
        params.get("key"),
        params["sensitive"],
        params["verify"],
    )
    with state.failing(mode):
        try:
            check_removals(planned, desired)
        except ZitadelError as error:
            # What would have gone.
            raise error.but(result={"diff": state.diff(True)} if mode.diff else {}) from None
    return state
