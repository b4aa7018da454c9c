# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the tasks do: parameters in, result out. Knows nothing of Ansible."""

from __future__ import annotations

import os
import time
import typing as t

from ansible_collections.community.zitadel.plugins.module_utils._api import (
    Details,
    Entry,
    Listing,
    OrganizationMetadata,
    Selection,
    Write,
    WrongOrganization,
    find_organizations,
    travels_in_path,
)
from ansible_collections.community.zitadel.plugins.module_utils._errors import ZitadelError
from ansible_collections.community.zitadel.plugins.module_utils._http import Connection
from ansible_collections.community.zitadel.plugins.module_utils._options import (
    Params,
    entry_title,
    organization_choice,
    refuse_empty,
)
from ansible_collections.community.zitadel.plugins.module_utils._plan import (
    Outcome,
    Plan,
    Purge,
    Wanted,
    outcome,
    plan,
    selection_of,
)
from ansible_collections.community.zitadel.plugins.module_utils._values import (
    check_key,
    from_base64,
    from_user,
    named,
    shown,
    to_base64,
    to_text,
)

_VERIFY_DELAYS = (0.05, 0.1, 0.2, 0.3, 0.35)
"""Seconds between the reads that wait for a write to become visible: about one in all."""

_NO_SINGLE_KEY = dict.fromkeys(("key", "value", "value_b64"))


def set_organization_metadata(
    connection: Connection, params: Params, *, check_mode: bool, diff: bool, warn: t.Callable[[str], None]
) -> dict[str, t.Any]:
    """Do what the module zitadel_org_metadata is asked for and return its result.

    Raises ZitadelError, whose result says what was written before it.
    """
    task = _OrganizationTask(connection, params, warn)
    try:
        task.prepare()
        if not check_mode:
            task.apply()
    except ZitadelError as error:
        error.result = task.failure()
        raise
    return task.result(check_mode=check_mode, diff=diff)


def set_many_organizations(
    connection: Connection, params: Params, *, check_mode: bool, diff: bool, warn: t.Callable[[str], None]
) -> dict[str, t.Any]:
    """Do what the module zitadel_org_metadata_bulk is asked for and return its result.

    Raises ZitadelError, with nothing written if an entry makes no sense or an organization cannot be read.
    """
    tasks: dict[str, _OrganizationTask] = {}
    problems: list[ZitadelError] = []
    for number, entry in enumerate(params["organizations"], 1):
        title = entry_title(number, entry)
        task = _OrganizationTask(connection, {**entry, **_NO_SINGLE_KEY}, warn)
        try:
            task.prepare()
            _refuse_twice(task, tasks)
        except ZitadelError as error:
            error.msg = f"{title}: {error.msg}"
            problems.append(error)
            if error.hopeless:
                break
        tasks[title] = task
    if problems:
        texts = " ".join(problem.msg for problem in problems)
        first = problems[0]
        first.msg = f"Nothing was written, since not every organization can be set. {texts}"
        first.result = {"changed": False, "organizations": []}
        raise first
    if not check_mode:
        _apply_in_turn(tasks)
    results = [{"entry": title, **task.result(check_mode=check_mode, diff=False)} for title, task in tasks.items()]
    result = {"changed": any(result["changed"] for result in results), "organizations": results}
    if diff:
        result["diff"] = [
            {"before_header": title, "after_header": title, **task.diff(check_mode=check_mode)}
            for title, task in tasks.items()
        ]
    return result


def _refuse_twice(task: _OrganizationTask, others: t.Mapping[str, _OrganizationTask]) -> None:
    """Raise ZitadelError if another entry is of the same organization: each would plan without the other's writes."""
    for title, other in others.items():
        if other.org_id is not None and other.org_id == task.org_id:
            raise ZitadelError(
                f"{title} is the same organization, {task.org_id}. Make one entry of the two, or one task of each."
            )


def _apply_in_turn(tasks: t.Mapping[str, _OrganizationTask]) -> None:
    done: dict[str, _OrganizationTask] = {}
    for title, task in tasks.items():
        done[title] = task
        try:
            task.apply()
        except ZitadelError as error:
            written = ", ".join(other for other, earlier in done.items() if earlier.changed) or "none"
            error.msg = f"{title}: {error.msg} The entries after it were not written. Written: {written}."
            results = [{"entry": other, **earlier.failure()} for other, earlier in done.items()]
            error.result = {"changed": any(result["changed"] for result in results), "organizations": results}
            raise


def read_organization_metadata(
    connection: Connection,
    params: Params,
    selection: Selection,
    warn: t.Callable[[str], None],
    wanted: t.Collection[str] = (),
) -> tuple[list[Entry], str | None]:
    """Return the selected entries, sorted by key, and the organization that answered.

    Warns if others may be missing than those that are wanted.

    Raises ZitadelError, also if the organization does not exist or may not be read.
    """
    metadata = _open(connection, params)
    try:
        listing = metadata.read(selection, wanted)
        if metadata.org_id is None:
            metadata.prove()
    except ZitadelError as error:
        error.result = {"org_id": metadata.org_id}
        raise
    if not listing.complete and not wanted:
        warn(
            f"The metadata of {metadata.place} is too large for one answer, and other writers changed it while it was "
            "read in pages: keys that were written meanwhile may be missing."
        )
    return [listing.entries[key] for key in sorted(listing.entries)], metadata.org_id


def organization_metadata_info(
    connection: Connection, params: Params, *, warn: t.Callable[[str], None]
) -> dict[str, t.Any]:
    """Do what the module zitadel_org_metadata_info is asked for and return its result. Raises ZitadelError."""
    filters = {"key": "EQUALS", "key_prefix": "STARTS_WITH", "key_contains": "CONTAINS"}
    refuse_empty(params, filters)
    given = [option for option in filters if params[option] is not None]
    for option in given:
        check_key(params[option], option)
    if len(given) > 1:
        raise ZitadelError(f"{' and '.join(given)} exclude each other. Give one of them, or none for everything.")
    selection = Selection()
    if given:
        selection = Selection(t.cast(t.Any, filters[given[0]]), params[given[0]])
    entries, org_id = read_organization_metadata(connection, params, selection, warn)
    texts = {entry.key: to_text(entry.value) for entry in entries}
    return {
        "changed": False,
        "org_id": org_id,
        "metadata": {key: text for key, text in texts.items() if text is not None},
        "metadata_b64": {entry.key: to_base64(entry.value) for entry in entries if texts[entry.key] is None},
        "entries": [
            {
                "key": entry.key,
                "value": texts[entry.key],
                "value_b64": to_base64(entry.value),
                "details": entry.details._asdict(),
            }
            for entry in entries
        ],
    }


def organization_info(connection: Connection, params: Params) -> dict[str, t.Any]:
    """Do what the module zitadel_org_info is asked for and return its result. Raises ZitadelError."""
    refuse_empty(params, ("org_id", "name", "domain"))
    organizations = find_organizations(
        connection,
        org_id=params["org_id"],
        name=params["name"],
        domain=params["domain"],
        state=params["state"],
    )
    return {
        "changed": False,
        "organizations": [
            {**organization._asdict(), "details": organization.details._asdict()} for organization in organizations
        ],
    }


def wanted_metadata(params: Params) -> Wanted:
    """Return what the options of the module zitadel_org_metadata ask for. Raises ZitadelError if they make no sense."""
    refuse_empty(params, ("key", "purge_prefix"))
    key, state = params["key"], params["state"]
    many = params["metadata"] is not None or params["metadata_b64"] is not None
    if key is not None and many:
        raise ZitadelError("key and metadata or metadata_b64 exclude each other. Put the key into metadata.")
    if key is None and not many and params["absent_keys"] is None:
        raise ZitadelError("Nothing is asked for. Give key, metadata, metadata_b64 or absent_keys.")
    for option in ("value", "value_b64"):
        if params[option] is not None and key is None:
            raise ZitadelError(f"{option} is given without key. Give the key to set.")
    metadata, metadata_b64 = params["metadata"] or {}, params["metadata_b64"] or {}
    twice = metadata.keys() & metadata_b64.keys()
    if twice:
        raise ZitadelError(f"{named(twice)} is in both metadata and metadata_b64. Give each key one value.")
    present: dict[str, bytes] = {}
    absent = {check_key(name, "absent_keys") for name in params["absent_keys"] or ()}
    if state == "absent":
        absent.update(
            check_key(name, option) for option in ("metadata", "metadata_b64") for name in params[option] or ()
        )
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
        raise ZitadelError(f"absent_keys asks to remove {named(both)}, which the task also sets. Leave it out of one.")
    return Wanted(present, frozenset(absent), _purge(params, present))


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


def _purge(params: Params, present: t.Mapping[str, bytes]) -> Purge | None:
    if not params["purge"]:
        for option in ("purge_prefix", "keep", "max_removals"):
            if params[option] not in (None, []):
                raise ZitadelError(f"{option} is given without purge: true. Set purge, or leave {option} out.")
        return None
    if params["state"] != "present" or params["key"] is not None:
        raise ZitadelError("purge needs state: present and metadata or metadata_b64. To remove keys, use absent_keys.")
    if not present:
        raise ZitadelError(
            "purge with nothing in metadata and metadata_b64 would remove every key, so it is refused. "
            "To remove keys, name them in absent_keys."
        )
    limit = params["max_removals"]
    if limit is not None and limit < 0:
        raise ZitadelError(f"max_removals is {limit}. Give the number of keys that purge may remove, 0 or more.")
    return Purge(params["purge_prefix"] or "", tuple(params["keep"]), limit)


def _open(connection: Connection, params: Params, hidden: t.Collection[str] = ()) -> OrganizationMetadata:
    """Find the organization that the options or the environment name."""
    choice = organization_choice(params, os.environ)
    org_id = choice.org_id
    if choice.name is not None or choice.domain is not None:
        org_id = _find_organization(connection, choice.name, choice.domain)
    return OrganizationMetadata(connection, org_id, hidden)


def _find_organization(connection: Connection, name: str | None, domain: str | None) -> str:
    found = find_organizations(connection, name=name, domain=domain)
    what = f"the name {name!r}" if domain is None else f"the domain {domain!r}"
    if not found:
        raise ZitadelError(
            f"No organization with {what} can be seen at {connection.url}. Check the spelling and that the caller has "
            "a role there; an organization that was just created can take a moment to appear."
        )
    if len(found) > 1:
        ids = ", ".join(organization.id for organization in found)
        raise ZitadelError(f"More than one organization has {what}: {ids}. Name one by org_id.")
    return found[0].id


def _read(metadata: OrganizationMetadata, wanted: Wanted) -> Listing:
    keys = [*wanted.present, *wanted.absent]
    listing = metadata.read(wanted.selection(), keys) if keys else Listing({})
    if metadata.org_id is None:
        metadata.prove()
    return listing


class _OrganizationTask:
    """What shall be true of one organization: looked at first, then made true."""

    def __init__(self, connection: Connection, params: Params, warn: t.Callable[[str], None]) -> None:
        self._connection = connection
        self._params = params
        self._warn = warn
        self._metadata: OrganizationMetadata | None = None
        self._writer: _Writer | None = None

    def prepare(self) -> None:
        """Check the parameters, read the organization, and plan. Raises ZitadelError; nothing is written."""
        self._wanted = wanted_metadata(self._params)
        hidden = _texts_of(self._wanted.present.values()) if self._params["sensitive"] else ()
        self._metadata = _open(self._connection, self._params, hidden)
        listing = _read(self._metadata, self._wanted)
        self._plan = plan(listing.entries, self._wanted, complete=listing.complete)
        self._before = listing.entries
        self._writer = _Writer(self._metadata, listing.entries, self._warn)

    def apply(self) -> None:
        """Write what differs and, unless told otherwise, verify it. Raises ZitadelError."""
        if self._plan.changed and self._writer:
            self._writer.write(self._plan)
            if self._params["verify"]:
                self._writer.verify()

    @property
    def org_id(self) -> str | None:
        return self._metadata.org_id if self._metadata else None

    @property
    def changed(self) -> bool:
        """Whether anything was written."""
        return self._writer is not None and self._writer.changed

    def failure(self) -> dict[str, t.Any]:
        """Return what a failed task returns beside the error."""
        written = self._writer.lists(self._plan) if self._writer and self.changed else {}
        return {"changed": self.changed, "org_id": self.org_id, **written}

    def result(self, *, check_mode: bool, diff: bool) -> dict[str, t.Any]:
        """Return what a successful task returns."""
        changed = self._plan.changed if check_mode else self.changed
        result = {"changed": changed, "org_id": self.org_id, "details": self._details(), **self._lists(check_mode)}
        if diff:
            result["diff"] = self.diff(check_mode=check_mode)
        return result

    def diff(self, *, check_mode: bool) -> dict[str, dict[str, str]]:
        """Return the keys that were or, in check mode, would be written, with their values before and after."""
        lists = self._lists(check_mode)
        before, after, sensitive = self._before, self._wanted.present, self._params["sensitive"]
        affected = sorted([*lists["added"], *lists["updated"], *lists["removed"]])
        return {
            "before": {key: shown(before[key].value, sensitive=sensitive) for key in affected if key in before},
            "after": {
                key: shown(after[key], sensitive=sensitive, changed=key in before) for key in affected if key in after
            },
        }

    def _lists(self, check_mode: bool) -> dict[str, list[str]]:
        return self._plan.lists() if check_mode or not self._writer else self._writer.lists(self._plan)

    def _details(self) -> dict[str, t.Any]:
        writer = self._writer
        if writer is None:
            return Details()._asdict()
        if self._params["key"] is None:
            return writer.last._asdict()
        entry = writer.seen.get(self._params["key"])
        return (entry.details if entry else Details())._asdict()


class _Writer:
    """Writes a plan, and remembers what was written and what readers were seen to see."""

    def __init__(self, metadata: OrganizationMetadata, before: dict[str, Entry], warn: t.Callable[[str], None]) -> None:
        self._metadata = metadata
        self._before = before
        self._warn = warn
        sequences = (entry.details.sequence for entry in before.values())
        self._newest_before = max((sequence for sequence in sequences if sequence is not None), default=None)
        self._written: dict[str, _WrittenKey] = {}
        self.seen = dict(before)
        """What a read shows, as far as it is known."""
        self.last = Details()
        """The answer to the last write."""

    @property
    def changed(self) -> bool:
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
        values = {**todo.added, **todo.updated}
        for write in self._metadata.sets(values):
            self._send(write, values, "set")
        self._remove(todo.removed)

    def verify(self) -> None:
        """Make sure that readers see what was written, and repair once what they do not see. Raises ZitadelError."""
        missing = self._not_yet_seen(self._written)
        if not missing:
            return
        self._repair(missing)
        missing = self._not_yet_seen(missing)
        if missing:
            raise ZitadelError(
                f"{self._metadata.place} acknowledged every write, but readers still do not see all of them: "
                + ", ".join(f"{key!r} ({self._written[key].action})" for key in sorted(missing))
                + ". Read these keys later; if they are still wrong, run the task again."
            )

    def _remove(self, keys: t.Collection[str], action: str = "removed", *, revived: bool = False) -> None:
        for write in self._metadata.removals(keys):
            try:
                self._send(write, dict.fromkeys(write.keys), action)
            except ZitadelError as error:
                if not error.absent:
                    raise
                self._remove_rest(write.keys, error, action, revived=revived)

    def _remove_rest(self, keys: t.Sequence[str], error: ZitadelError, action: str, *, revived: bool) -> None:
        """Remove what is left after a removal was refused because a key is absent: then it removed none."""
        seen = self._read(keys, until=lambda entries: any(key not in entries for key in keys))
        left = [key for key in keys if key in seen]
        gone = [key for key in keys if key not in seen]
        if gone and error.uncertain:
            # An earlier try did arrive, and removed them all: what is there was set again, or its removal was lost.
            self._note(gone, {}, None, action)
            left = [key for key in left if not self._is_later(key, seen[key], None, self._newest_before)]
        if left and gone:
            self._remove(left, action, revived=revived)
        elif left and not revived:
            self._revive_and_remove({key: seen[key] for key in left}, action)
        elif left:
            raise error

    def _revive_and_remove(self, entries: t.Mapping[str, Entry], action: str) -> None:
        """Remove keys that are removed already, but that readers missed the removal of: set what they see first."""
        values = {key: entry.value for key, entry in entries.items()}
        for write in self._metadata.sets(values):
            self._send(write, values, "set in order to remove it again")
        self._remove(list(values), action, revived=True)

    def _repair(self, missing: t.Collection[str]) -> None:
        """Do again what readers do not see, by calls that always make an event."""
        lost = {key: value for key in sorted(missing) if (value := self._written[key].value) is not None}
        single = {key: value for key, value in lost.items() if travels_in_path(key)}
        for key, value in single.items():
            for write in self._metadata.sets({key: value}):
                self._send(write, lost, "set again")
        # A bulk set makes no event for a value that ZITADEL holds already.
        others = {key: value for key, value in lost.items() if key not in single}
        self._remove_if_there(list(others))
        for write in self._metadata.sets(others):
            self._send(write, lost, "set again")
        shown_still = {key: self.seen[key] for key in missing if key not in lost and key in self.seen}
        if shown_still:
            self._revive_and_remove(shown_still, "removed again")

    def _remove_if_there(self, keys: t.Collection[str]) -> None:
        """Remove keys whatever readers see of them, in as few calls as they let."""
        for write in self._metadata.removals(keys):
            try:
                self._send(write, dict.fromkeys(write.keys), "removed in order to set it again")
            except ZitadelError as error:
                if not error.absent:
                    raise
                if len(write.keys) > 1:
                    for key in write.keys:
                        self._remove_if_there([key])

    def _send(self, write: Write, values: t.Mapping[str, bytes | None], action: str) -> None:
        """Do a write and note it. Raises ZitadelError; where the answer leaves it open, a read tells what was done."""
        try:
            details = self._metadata.send(write)
        except WrongOrganization as error:
            self._note(write.keys, values, None, action)
            error.add("It was written there.")
            raise
        except ZitadelError as error:
            if error.uncertain and not error.absent:
                self._find_out(write, values, action, error)
            raise
        self.last = details
        self._note(write.keys, values, details, action)

    def _find_out(self, write: Write, values: t.Mapping[str, bytes | None], action: str, error: ZitadelError) -> None:
        try:
            seen = self._metadata.read(selection_of(write.keys), write.keys, retries=0).entries
        except ZitadelError:
            error.add("It is not known whether ZITADEL did it all the same.")
            return
        # A call does all or nothing, and is not sent what is right already: one key tells of all.
        if any(outcome(seen.get(key), values[key], None) is Outcome.RIGHT for key in write.keys):
            self._note(write.keys, values, None, action)
            error.add("A read shows that ZITADEL did it all the same.")
        else:
            error.add("A read does not show it, but it can still happen. Run the task again to make sure.")

    def _note(
        self,
        keys: t.Iterable[str],
        values: t.Mapping[str, bytes | None],
        details: Details | None,
        action: str,
    ) -> None:
        """Remember what was written. Without an answer, it is at least newer than all that was read before."""
        sequence = details.sequence if details else self._newest_before
        for key in keys:
            value = values.get(key)
            self._written[key] = _WrittenKey(value, sequence, action)
            before = self.seen.pop(key, None)
            if value is not None:
                self.seen[key] = Entry(key, value, _details_after(before, details or Details()))

    def _is_later(self, key: str, seen: Entry | None, value: bytes | None, sequence: int | None) -> bool:
        """Tell whether somebody else wrote a key after this task, and warn of it."""
        later = outcome(seen, value, sequence) is Outcome.LATER
        if later:
            self._warn(
                f"The key {key!r} in {self._metadata.place} was written by somebody else after this task "
                f"{'removed' if value is None else 'set'} it. That was left alone."
            )
        return later

    def _not_yet_seen(self, keys: t.Iterable[str]) -> set[str]:
        """Read until readers see these keys as written, for about a second, and return those that they do not."""
        missing = set(keys)

        def judge(entries: t.Mapping[str, Entry]) -> bool:
            for key in sorted(missing):
                written = self._written[key]
                seen, value, sequence = entries.get(key), written.value, written.sequence
                right = outcome(seen, value, sequence) is Outcome.RIGHT
                if right or self._is_later(key, seen, value, sequence):
                    missing.discard(key)
            return not missing

        self._read(list(missing), until=judge)
        return missing

    def _read(self, keys: t.Sequence[str], *, until: t.Callable[[t.Mapping[str, Entry]], bool]) -> dict[str, Entry]:
        """Read these keys until the condition holds, for about a second, and return what was read last."""
        for delay in (*_VERIFY_DELAYS, None):
            entries = self._metadata.read(selection_of(keys), keys).entries
            for key in keys:
                self.seen.pop(key, None)
            self.seen.update((key, entries[key]) for key in keys if key in entries)
            if until(entries) or delay is None:
                return entries
            time.sleep(delay)
        raise AssertionError("the last read returns")


class _WrittenKey(t.NamedTuple):
    """What was done to a key: the value it was set to, None if removed, and the sequence of the answer."""

    value: bytes | None
    sequence: int | None
    action: str


def _details_after(before: Entry | None, answer: Details) -> Details:
    """Put together what a read reports after a set."""
    created = before.details.creation_date if before else answer.event_date
    return Details(answer.sequence, created, answer.event_date, answer.resource_owner)


def _texts_of(values: t.Iterable[bytes]) -> set[str]:
    """Return all that must not be shown of sensitive values."""
    texts: set[str] = set()
    for value in values:
        texts.update({to_base64(value), to_text(value) or to_base64(value)})
    return texts
