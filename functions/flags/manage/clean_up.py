"""The clean-up of stale flags, as a decision for `commit_change`: first the plan, then, with its
token, those flags are archived in one change."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from functions import log
from functions.changes import Decision, Entry, View
from functions.documents import Document
from functions.flags.clean_up import RECENT_DAYS, Basis, Step, plan, synced_lately
from functions.flags.flag import Flag
from functions.flags.manage import confirmation, evaluation_store
from functions.flags.manage.publish import FLAGS_COLLECTION, publish, save_flag
from functions.flags.manage.stored import DAMAGED
from functions.flags.manage.users import Uses, users_of
from functions.flags.publication import Edit
from functions.flags.stale import find_stale, with_required
from functions.flags.sums import days_until, totals
from functions.flags.validation import check_key
from functions.published import FLAGS

Decide = Callable[[View], Decision]


@dataclass(frozen=True)
class CleanedUp:
    """The plan with the token that confirms it (None when there is nothing to do), and whether it
    was carried out."""

    steps: Sequence[Step]
    confirm: str | None
    done: bool = False

    def to_view(self) -> dict[str, Any]:
        return {
            "done": self.done,
            "plan": [step.to_view() for step in self.steps],
            "confirm": self.confirm,
        }


def clean_up(keys: Sequence[str], confirm: str | None, uses: Uses) -> Decide:
    """Its result is CleanedUp. Without `confirm` nothing is written.

    Raises InvalidArgument (no keys of flags), PayloadTooLarge, or GenerationConflict (the plan has
    become another one since the token was given).
    """
    wanted = sorted(set(keys))
    for key in wanted:
        check_key(key)

    def decide(view: View) -> Decision:
        documents, basis = _read(view, wanted, uses)
        steps = plan(wanted, basis)
        archived = [step.flag for step in steps if step.flag and step.archives]
        told = [view.scope.path, [step.basis() for step in steps]]
        if confirm is None:
            token = confirmation.token(told) if archived else None
            return Decision(result=CleanedUp(steps, token))
        confirmation.require(confirm, told)
        change = archive(view, documents, archived) if archived else Decision()
        return replace(change, result=CleanedUp(steps, confirm, done=True))

    return decide


def _read(view: View, keys: Sequence[str], uses: Uses) -> tuple[Mapping[str, Document], Basis]:
    paths = {key: view.scope.doc(FLAGS_COLLECTION, key) for key in keys}
    found = view.get_many(list(paths.values()))
    documents = {key: document for key, path in paths.items() if (document := found[path])}
    flags = _readable(documents)
    requires = view.part(FLAGS).get("requires", {})
    counted = evaluation_store.last_evaluated(view, view.scope)
    last = with_required(counted.at, requires)
    stale = find_stale(flags.values(), last, counted.since, view.now)
    counts = evaluation_store.counts_of(view, view.scope, days_until(view.now, RECENT_DAYS))
    basis = Basis(
        flags=flags,
        stale={each.key: each for each in stale},
        used_by=users_of(view, view.scope, list(flags.values()), requires, uses),
        recent=totals(counts.values(), keys),
        synced=synced_lately(counted.at, view.now),
    )
    return documents, basis


def _readable(documents: Mapping[str, Document]) -> dict[str, Flag]:
    flags = {}
    for key, document in documents.items():
        try:
            flags[key] = Flag.from_document(document.data)
        except DAMAGED as error:
            log.exception("flag unreadable", error, flag=key)
    return flags


def archive(view: View, documents: Mapping[str, Document], flags: Sequence[Flag]) -> Decision:
    """All of these flags in one change; `documents` are those that they were read from, by key.

    Raises FailedPrecondition when another flag requires one of them.
    """
    writes, entries, archived = [], [], []
    for before in flags:
        after = replace(before, archived=True, revision=before.revision + 1)
        saved, written = save_flag(view, documents[before.key], after)
        writes += written
        archived.append(saved)
        change = Entry(
            "flag.archive",
            f"flags/{saved.key}",
            before=before.to_document(),
            after=saved.to_document(),
        )
        entries.append(change)
    return Decision(writes, publish(view, Edit(flags=archived)), entries)
