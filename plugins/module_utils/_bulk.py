# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Setting the metadata of many organizations in phases: check, find, read, ask, create, write, verify all."""

from __future__ import annotations

import typing as t

from ansible_collections.community.zitadel.plugins.module_utils._bulk_create import (
    BulkEntry,
    check_create,
    create_all,
    missing_to_create,
    planned_diff,
    planned_result,
)
from ansible_collections.community.zitadel.plugins.module_utils._connection import Connection
from ansible_collections.community.zitadel.plugins.module_utils._desired import Params, desired_metadata
from ansible_collections.community.zitadel.plugins.module_utils._errors import ZitadelError, sentences
from ansible_collections.community.zitadel.plugins.module_utils._lifecycle import ask_to_create
from ansible_collections.community.zitadel.plugins.module_utils._owners import Choice, Found, organization_choice
from ansible_collections.community.zitadel.plugins.module_utils._searches import find_all
from ansible_collections.community.zitadel.plugins.module_utils._tasks import Mode, State, read_state
from ansible_collections.community.zitadel.plugins.module_utils._workers import Workers


class _Problems:
    """The errors of all entries, which one message lists."""

    def __init__(self, titles: t.Sequence[str]) -> None:
        self._titles = titles
        self._errors: dict[str, ZitadelError] = {}

    def add(self, title: str, error: ZitadelError) -> None:
        self._errors.setdefault(title, error)

    def collect(self, entries: t.Sequence[BulkEntry], results: t.Sequence[object]) -> None:
        for entry, result in zip(entries, results, strict=True):
            if isinstance(result, ZitadelError):
                self.add(entry.title, result)

    def refuse(self) -> None:
        """Raise ZitadelError if there are any."""
        if self._errors:
            raise _nothing_written({title: self._errors[title] for title in self._titles if title in self._errors})

    def refuse_after(self, created: t.Mapping[str, str | None]) -> None:
        """Raise ZitadelError if there are any after organizations were created, of which these have ids."""
        if self._errors:
            texts = " ".join(f"{title}: {sentences(error.msg)}" for title, error in self._errors.items())
            results = [
                {"entry": title, "changed": True, "created": True, "org_id": org_id}
                for title, org_id in created.items()
            ]
            raise next(iter(self._errors.values())).but(
                f"No metadata was written. {texts} Created: {', '.join(created)}.",
                result={"changed": bool(created), "organizations": results},
            )


def _nothing_written(errors: t.Mapping[str, ZitadelError]) -> ZitadelError:
    """Return one error of all that are wrong with entries, by their titles."""
    texts = " ".join(f"{title}: {sentences(error.msg)}" for title, error in errors.items())
    # What purge would have removed too much of.
    diffs = [error.result["diff"] for error in errors.values() if "diff" in error.result]
    return next(iter(errors.values())).but(
        f"Nothing was written, since these entries have errors. {texts}",
        result={"changed": False, "organizations": [], **({"diff": diffs} if diffs else {})},
    )


def set_many_organizations(
    connection: Connection, entries: t.Sequence[tuple[str, Params | ZitadelError]], mode: Mode
) -> dict[str, t.Any]:
    """Do what the module zitadel_org_metadata_bulk is asked for and return its result.

    entries are the title of each, such as "Entry 1, acme", and its validated options or what is wrong with them.
    Raises ZitadelError, with nothing written if an entry makes no sense, or an organization cannot be read or written.
    """
    problems = _Problems([title for title, _params in entries])
    sensible = _sensible(entries, problems)
    with Workers(connection, connection.options.connections) as workers:
        quiet = mode._replace(warn=workers.in_caller(mode.warn))
        found = find_all(connection, [entry.choice for entry in sensible], workers)
        new = missing_to_create(sensible, found)
        problems.collect(sensible, [None if entry in new else one for entry, one in zip(sensible, found, strict=True)])
        _refuse_twice(sensible, found, problems)
        states = _prepare(connection, sensible, found, workers, quiet, problems)
        if new:
            _ask_to_create(connection, new, mode, problems)
        problems.refuse()
        created: dict[str, Found] = {}
        if not mode.check_mode:
            created = create_all(connection, new, workers)
            states.update(_prepare(connection, new, list(created.values()), workers, quiet, problems, asks=False))
            states = {entry.title: states[entry.title] for entry in sensible if entry.title in states}
            problems.refuse_after({title: one.owner.id for title, one in created.items()})
            _write(states, workers, mode, created)
    results = [
        planned_result(entry, mode) if entry.title not in states else _result_of(entry.title, states, created, mode)
        for entry in sensible
    ]
    result: dict[str, t.Any] = {"changed": any(one["changed"] for one in results), "organizations": results}
    if mode.diff:
        result["diff"] = [
            planned_diff(entry) if entry.title not in states else states[entry.title].diff(mode.check_mode)
            for entry in sensible
        ]
    return result


def _say_nothing(_text: str) -> None:
    pass


def _result_of(title: str, states: t.Mapping[str, State], created: t.Container[str], mode: Mode) -> dict[str, t.Any]:
    result = states[title].result(mode._replace(diff=False))
    return {"entry": title, **result, "changed": result["changed"] or title in created, "created": title in created}


def _ask_to_create(connection: Connection, new: t.Iterable[BulkEntry], mode: Mode, problems: _Problems) -> None:
    try:
        ask_to_create(connection, mode.warn if mode.check_mode else _say_nothing)
    except ZitadelError as error:
        for entry in new:
            problems.add(entry.title, error)


def _sensible(entries: t.Iterable[tuple[str, Params | ZitadelError]], problems: _Problems) -> list[BulkEntry]:
    sensible = []
    for title, params in entries:
        try:
            if isinstance(params, ZitadelError):
                raise params
            # ZITADEL_ORG_ID would be the same organization for each.
            choice = organization_choice(params, {})
            if choice == Choice():
                raise ZitadelError("It names no organization. Give org_id, org_name or org_domain.")
            if params["create"]:
                check_create(params)
            sensible.append(BulkEntry(title, params, choice, desired_metadata(params)))
        except ZitadelError as error:
            problems.add(title, error)
    return sensible


def _refuse_twice(
    entries: t.Sequence[BulkEntry], found: t.Sequence[Found | ZitadelError | None], problems: _Problems
) -> None:
    """Refuse two entries of one organization: each would plan without the other's writes."""
    first: dict[str | None, str] = {}
    for entry, one in zip(entries, found, strict=True):
        if one is None:
            continue
        # Those that are to be created have no id yet.
        organization = one.owner.id if isinstance(one, Found) else f"name {entry.choice.name}"
        other = first.setdefault(organization, entry.title)
        if other != entry.title:
            problems.add(
                entry.title,
                ZitadelError(
                    f"{other} is the same organization, {organization}. Merge the two entries, or put them into two tasks."
                ),
            )


def _prepare(
    connection: Connection,
    entries: t.Sequence[BulkEntry],
    found: t.Sequence[Found | ZitadelError | None],
    workers: Workers,
    mode: Mode,
    problems: _Problems,
    *,
    asks: bool = True,
) -> dict[str, State]:
    """Read every organization that was found, ask for the permission to write, and return their states by title.

    Without asks, the permission is not asked for: the service account has just created the organizations.
    """

    def read(pair: tuple[BulkEntry, Found | ZitadelError | None]) -> State | None:
        entry, one = pair
        if not isinstance(one, Found):
            return None
        return read_state(connection, entry.params, entry.desired, one, mode)

    read_states = workers.map(read, list(zip(entries, found, strict=True)))
    problems.collect(entries, read_states)
    states = {entry.title: state for entry, state in zip(entries, read_states, strict=True) if isinstance(state, State)}
    if not asks:
        return states
    # Where the permission is unknown, check mode says so, and the real run shows it.
    warn = mode.warn if mode.check_mode else _say_nothing
    asked = workers.map(lambda state: state.ask(warn), list(states.values()))
    for title, answer in zip(states, asked, strict=True):
        if isinstance(answer, ZitadelError):
            problems.add(title, answer)
    return states


def _write(states: t.Mapping[str, State], workers: Workers, mode: Mode, created: t.Container[str]) -> None:
    """Write all, and verify what was written. Raises ZitadelError that says what was written where."""

    def write(state: State) -> bool:
        with state.failing(mode):
            state.write()
        return True

    def verify(state: State) -> bool:
        with state.failing(mode):
            state.verify()
        return True

    todo = {title: state for title, state in states.items() if state.plan.changed}
    written = dict(zip(todo, workers.map(write, list(todo.values()), stop=lambda _error: True), strict=True))
    begun = {title: state for title, state in states.items() if written.get(title, True) is not None}
    failures = {title: error for title, error in written.items() if isinstance(error, ZitadelError)}
    verified = {title: todo[title] for title, result in written.items() if result is True}
    for title, outcome in zip(verified, workers.map(verify, list(verified.values())), strict=True):
        if isinstance(outcome, ZitadelError):
            failures.setdefault(title, outcome)
    if not failures:
        return
    changed = ", ".join(title for title, state in begun.items() if state.writer.changed) or "none"
    texts = " ".join(f"{title}: {sentences(error.msg)}" for title, error in failures.items())
    not_begun = [title for title in states if title not in begun]
    rest = f" Not begun: {', '.join(not_begun)}." if not_begun else ""
    quiet = mode._replace(diff=False)
    shown = [
        (title, state)
        for title, state in states.items()
        if (title in begun and (state.writer.changed or title in failures)) or title in created
    ]
    results = []
    for title, state in shown:
        one = state.failure(quiet)
        results.append(
            {"entry": title, **one, "changed": one["changed"] or title in created, "created": title in created}
        )
    result: dict[str, t.Any] = {"changed": any(one["changed"] for one in results), "organizations": results}
    if mode.diff and result["changed"]:
        result["diff"] = [state.diff(False) for _title, state in shown if state.writer.changed]
    raise next(iter(failures.values())).but(f"{texts} Written: {changed}.{rest}", result=result)
