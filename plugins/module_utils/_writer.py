# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Applies a plan to one owner, verifies it, and repairs once what a read does not show."""

from __future__ import annotations

import time
import typing as t

from ansible_collections.community.zitadel.plugins.module_utils._errors import WrongOrganization, ZitadelError, defect
from ansible_collections.community.zitadel.plugins.module_utils._metadata import (
    Details,
    Entry,
    KeyAbsent,
    MetadataApi,
    NotInOneCall,
    Values,
    Write,
    newest,
)
from ansible_collections.community.zitadel.plugins.module_utils._plan import Outcome, Plan, outcome
from ansible_collections.community.zitadel.plugins.module_utils._values import named

_VERIFY_DELAYS = (0.05, 0.1, 0.2, 0.3, 0.35)
"""Seconds between the reads that wait for a write to become visible: about one in all"""

_SET, _REMOVED = "set", "removed"


class _Written(t.NamedTuple):
    """What was done to a key: the value it was set to, None if removed, and the answer."""

    value: bytes | None
    answer: Details
    action: str


class Writer:
    """Writes, and remembers what was written and what the reads showed."""

    def __init__(self, api: MetadataApi, before: t.Mapping[str, Entry], warn: t.Callable[[str], None]) -> None:
        """before is what was read, of all keys that may be written. Nothing is sent yet."""
        self._api = api
        self._before = before
        self._warn = warn
        self._newest_before = newest(entry.details for entry in before.values())
        self._written: dict[str, _Written] = {}
        self.seen = dict(before)
        """What a read shows, as far as it is known"""
        self.last = Details()
        """The answer to the last write"""

    @property
    def changed(self) -> bool:
        """Whether anything was written."""
        return bool(self._written)

    def lists(self, todo: Plan) -> dict[str, list[str]]:
        """Return the return values added, updated, removed and unchanged: what was done to the keys of the plan."""
        set_keys = {key for key, written in self._written.items() if written.value is not None}
        gone = {key for key in todo.removed if key not in self._written and key not in self.seen}
        return {
            "added": sorted(set_keys - self._before.keys()),
            "updated": sorted(set_keys & self._before.keys()),
            "removed": sorted(self._written.keys() - set_keys),
            "unchanged": sorted(gone.union(todo.unchanged)),
        }

    def write(self, todo: Plan) -> None:
        """Set, then remove. Raises ZitadelError at the first write that fails."""
        self._apply(todo.values)

    def verify(self) -> None:
        """Make sure that a read shows what was written, and repair once what it does not show. Raises ZitadelError."""
        missing = self._not_seen(self._written)
        if not missing:
            return
        self._repair(missing)
        missing = self._not_seen(missing)
        if missing:
            raise ZitadelError(
                f"ZITADEL acknowledged every write to {self._api.place}, but a read still does not show all of them: "
                + ", ".join(f"{key!r} ({self._written[key].action})" for key in sorted(missing))
                + ". Read these keys later; if they are still wrong, run the task again."
            )

    def _repair(self, missing: t.Iterable[str]) -> None:
        """Write again what a read does not show, by the steps that the API gives for it."""
        lost = {key: self._written[key].value for key in missing}
        for step in self._api.rewrites(lost, self.seen):
            self._apply(step.values, step.action)

    def _apply(self, values: Values, action: str | None = None) -> None:
        """Write; action is what a message says was done, None outside of a repair. Raises ZitadelError."""
        left = dict(values)
        for write in self._api.writes(values):
            try:
                self._send(write, action)
            except NotInOneCall:
                # From now on, the API sets and removes in calls of their own.
                return self._apply(left, action)
            except KeyAbsent as error:
                self._remove_others(list(write.values), error, action)
            left = {key: value for key, value in left.items() if key not in write.values}
        return None

    def _remove_others(self, keys: list[str], error: ZitadelError, action: str | None) -> None:
        """Go on after a removal was refused because a key is absent: it removed none."""
        if len(keys) == 1 and error.fate.doubtful:
            # An earlier try has removed it.
            self._note({keys[0]: None}, Details(), action)
        elif action is not None:
            # In a repair it is enough that it is gone, whatever a read shows.
            for key in keys if len(keys) > 1 else []:
                self._apply({key: None}, action)
        else:
            self._remove_those_left(keys, error)

    def _remove_those_left(self, keys: list[str], error: ZitadelError) -> None:
        """Remove the keys that are there without those that have just gone."""
        try:
            seen = self._read(keys, until=lambda entries: any(key not in entries for key in keys))
        except ZitadelError as unread:
            if not error.fate.doubtful:
                raise
            raise unread.but(
                f"{unread.msg} It is not known whether an earlier try to remove {named(keys)} succeeded.",
                fate=unread.fate.after(error.fate),
            ) from None
        gone = [key for key in keys if key not in seen]
        left = {key: seen[key] for key in keys if key in seen}
        if gone and error.fate.doubtful:
            # An earlier try has removed them all: what is there was set again, or its removal was lost.
            self._note(dict.fromkeys(gone), Details(), None)
            left = {key: entry for key, entry in left.items() if not self._is_later(key, entry, None)}
        if left and gone:
            self._apply(dict.fromkeys(left))
        elif left:
            # ZITADEL has none of them, but a read shows them all: their removal was lost before this task.
            for step in self._api.rewrites(dict.fromkeys(left), left):
                self._apply(step.values, step.action)

    def _send(self, write: Write, action: str | None) -> None:
        """Do a write and note it. Raises ZitadelError; where the answer leaves it open, a read tells what was done."""
        try:
            details = self._api.send(write)
        except WrongOrganization as error:
            self._note(write.values, Details(), action)
            raise error.adding("This request has changed the organization that answered: undo that there.") from None
        except KeyAbsent:
            raise
        except ZitadelError as error:
            if error.fate.doubtful:
                raise error.adding(self._find_out(write, action)) from None
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, the result says what was written
            raise defect(error).adding(self._find_out(write, action)) from None
        self.last = details
        self._note(write.values, details, action)

    def _find_out(self, write: Write, action: str | None) -> str:
        """Note a write that was done although no answer said so, and return what is known of it."""
        try:
            seen = self._api.reread(write.values, retries=0)
        except Exception:  # noqa: BLE001 - the first failure is the one to report
            return "It is not known whether ZITADEL made the change. Run the task again to make sure."
        # A call does all or nothing, but one key alone can have been written by somebody else.
        if all(outcome(seen.get(key), value, Details()) is Outcome.RIGHT for key, value in write.values.items()):
            self._note(write.values, Details(), action)
            return "A read shows that ZITADEL made the change."
        return (
            "It is not known whether ZITADEL made the change: a read does not show it, but it can still happen, or somebody "
            "else wrote afterwards. Run the task again to make sure."
        )

    def _note(self, values: Values, answer: Details, action: str | None) -> None:
        """Remember what was written. Without an answer, it is at least newer than all that was read before."""
        known = self._newest_before if answer == Details() else answer
        for key, value in values.items():
            self._written[key] = _Written(value, known, action or (_REMOVED if value is None else _SET))
            before = self.seen.pop(key, None)
            if value is not None:
                self.seen[key] = Entry(key, value, _details_after(before, answer))

    def _is_later(self, key: str, seen: Entry | None, value: bytes | None) -> bool:
        """Whether somebody else wrote a key after this task, with a warning."""
        written = self._written.get(key)
        later = outcome(seen, value, written.answer if written else self._newest_before) is Outcome.LATER
        if later:
            self._warn(
                f"The key {key!r} in {self._api.place} was written by somebody else after this task "
                f"{'removed' if value is None else 'set'} it. The task left that later value alone. Run it again to "
                "overwrite the value."
            )
        return later

    def _not_seen(self, keys: t.Iterable[str]) -> set[str]:
        """Read until these keys are as written, for about a second, and return those that are not."""
        missing = set(keys)

        def all_seen(entries: t.Mapping[str, Entry]) -> bool:
            for key in sorted(missing):
                seen, (value, answer, _action) = entries.get(key), self._written[key]
                if outcome(seen, value, answer) is Outcome.RIGHT or self._is_later(key, seen, value):
                    missing.discard(key)
            return not missing

        self._read(list(missing), until=all_seen)
        return missing

    def _read(self, keys: t.Sequence[str], *, until: t.Callable[[t.Mapping[str, Entry]], bool]) -> dict[str, Entry]:
        """Read these keys until the condition holds, for about a second, and return what was read last."""
        for delay in (*_VERIFY_DELAYS, None):
            entries = self._api.reread(keys)
            for key in keys:
                self.seen.pop(key, None)
            self.seen.update(entries)
            if until(entries) or delay is None:
                return entries
            time.sleep(delay)
        raise AssertionError("the last read returns")


def _details_after(before: Entry | None, answer: Details) -> Details:
    """Put together what a read reports after a set."""
    created = before.details.creation_date if before else answer.event_date
    return Details(answer.sequence, created, answer.event_date, answer.resource_owner)
