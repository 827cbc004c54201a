"""Scheduled changes take effect: the verb of `tick`.

    what is due → is it possible? → one commit {flags, revisions, snapshot, schedules, audit
    entries, messages about those that failed}

Each schedule moves on the condition that nobody touched it since it was read: it fires once,
however many ticks look, die or come late, and what was cancelled or moved away never does.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from functions import log
from functions.changes import Change, Decision, Entry, View, commit_change
from functions.clock import Clock
from functions.documents import Document, Scope, Store, Write
from functions.errors import PayloadTooLarge
from functions.flags.firing import Effect, Standing, fire, refused
from functions.flags.flag import Flag
from functions.flags.manage import schedule_store as store
from functions.flags.manage.allowed import Allowed, anything, require_allowed
from functions.flags.manage.flags import MAXIMUM_FLAGS
from functions.flags.manage.history import revision_writes
from functions.flags.manage.publish import FLAGS_COLLECTION
from functions.flags.manage.schedule_store import Stored
from functions.flags.manage.users import Uses, no_uses
from functions.flags.schedule import Action, Schedule, State, in_order
from functions.identity import Actor, Permission
from functions.published import FLAGS, encode_part

ACTOR = Actor.machine("tick")
BY = str(ACTOR)
SOON_SECONDS = 60.0
"""For what is due within this time it is worth looking again."""

TOGETHER = store.FLAGS_AT_ONCE
BYTES_TOGETHER = 2_000_000
"""In one commit, far from Firestore's 10 MiB."""

SECONDS = 5.0
"""No commit begins later in a look: rollouts want to be judged. The rest follows in the next."""

Telling = Callable[[Scope, Schedule], Write]
"""The write that tells people of a schedule that failed. Handed in: a room above this one knows."""


@dataclass(frozen=True, slots=True)
class Above:
    """What rooms above know of flags: what they use them for, and what they forbid them to give."""

    uses: Uses = no_uses
    allowed: Allowed = anything


NOTHING_ABOVE = Above()


@dataclass(frozen=True, slots=True)
class Fired:
    """What a look did; `soon`: it is worth looking again soon."""

    applied: int = 0
    failed: int = 0
    soon: bool = False


def apply_due(
    database: Store,
    clock: Clock,
    scope: Scope,
    telling: Telling,
    above: Above = NOTHING_ABOVE,
) -> Fired:
    """Applies all that is due. One that can't be applied fails, and stops no other.

    Raises StoreUnavailable; then nothing is half done, and the next look does it.
    """
    near = store.due_until(database, scope, clock.now() + SOON_SECONDS, TOGETHER + 1)
    ahead = sum(not each.schedule.due(clock.now()) for each in near)
    began, ended, left = clock.monotonic(), list[Schedule](), len(near) > ahead
    while left and clock.monotonic() - began < SECONDS:
        change = Change(scope, ACTOR, Permission.EDIT_FLAGS, "the time of scheduled changes")
        outcome = commit_change(database, clock, change, lambda view: _decide(view, telling, above))
        effects, left = outcome.result
        ended += [effect.schedule for effect in effects]
        for effect in effects:
            _log(effect)
    failed = sum(each.state is State.FAILED for each in ended)
    return Fired(len(ended) - failed, failed, soon=bool(left or ahead))


def _decide(view: View, telling: Telling, above: Above) -> Decision:
    """Its result: what became of schedules, and whether others are left."""
    found = store.due_until(view, view.scope, view.now, TOGETHER + 1)
    basis = _Basis.read(view, {each.schedule.flag for each in found[:TOGETHER]}, above)
    if not basis.due:
        return Decision(result=((), False))
    standing, effects = _fire(basis, basis.due[:TOGETHER], view.now)
    changed = any(effect.after for effect in effects)
    writes, entries = _writes(view, basis, standing, effects)
    return Decision(
        writes=[*writes, *(telling(view.scope, each) for each in _failed(effects))],
        parts={FLAGS: standing.part} if changed else {},
        entries=entries,
        result=(effects, len(found) > TOGETHER or len(effects) < len(basis.due)),
    )


@dataclass(frozen=True, slots=True)
class _Basis:
    """What was read of some flags: their documents, and all that is scheduled for them."""

    view: View
    stored: Mapping[str, Stored]
    due: Sequence[Schedule]
    documents: Mapping[str, Document | None]
    used: Mapping[str, Sequence[str]]
    allowed: Allowed

    @staticmethod
    def read(view: View, keys: Collection[str], above: Above) -> _Basis:
        stored = {each.schedule.id: each for each in store.pending_of(view, view.scope, keys)}
        due = in_order(each.schedule for each in stored.values() if each.schedule.due(view.now))
        paths = {key: view.scope.doc(FLAGS_COLLECTION, key) for key in sorted(keys)}
        documents = view.get_many(list(paths.values()))
        archived = {each.flag for each in due if each.action is Action.ARCHIVE}
        return _Basis(
            view,
            stored,
            due,
            {key: documents[path] for key, path in paths.items()},
            above.uses(view, view.scope, archived) if archived else {},
            above.allowed,
        )

    def standing(self) -> Standing:
        return Standing(
            flags=_flags(self.documents),
            part=self.view.part(FLAGS),
            pending={name: each.schedule for name, each in self.stored.items()},
            used=self.used,
            most=MAXIMUM_FLAGS,
            allowed=lambda before, after: require_allowed(self.view, before, after, self.allowed),
        )


def _fire(basis: _Basis, due: Sequence[Schedule], now: float) -> tuple[Standing, list[Effect]]:
    """As many of them at once as fit into the snapshot; one that doesn't fit by itself fails."""
    while True:
        standing = basis.standing()
        effects = fire(standing, due, now, BY, BYTES_TOGETHER)
        problem = _too_large(standing, now)
        if problem is None:
            return standing, effects
        if len(due) == 1:
            return basis.standing(), [refused(due[0], now, BY, problem)]
        due = due[: len(due) // 2]


def _too_large(standing: Standing, now: float) -> PayloadTooLarge | None:
    try:
        encode_part(FLAGS, standing.part, now)
    except PayloadTooLarge as problem:
        return problem
    return None


def _flags(documents: Mapping[str, Document | None]) -> dict[str, Flag]:
    """One that can't be read must not stop the others."""
    flags = {}
    for key, document in documents.items():
        try:
            if document:
                flags[key] = Flag.from_document(document.data)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            log.exception("flag unreadable", error, flag=key)
    return flags


def _writes(
    view: View, basis: _Basis, standing: Standing, effects: Sequence[Effect]
) -> tuple[list[Write], list[Entry]]:
    """Schedules that ended, those that know now what was written, flags and their revisions."""
    writes: list[Write] = []
    entries: list[Entry] = []
    ended = {each.schedule.id: each.schedule for each in effects}
    for name, after in {**standing.pending, **ended}.items():
        if after != basis.stored[name].schedule:
            writes.append(store.update_write(basis.stored[name], after))
    for key in sorted({each.after.key for each in effects if each.after}):
        document = basis.documents[key]
        if document:
            writes.append(Write.update(document, standing.flags[key].to_document()))
    for each in effects:
        entries += _entries(each)
        if each.after:
            path = view.scope.doc(FLAGS_COLLECTION, each.after.key)
            writes += revision_writes(view, path, each.after, each.schedule.said())
    return writes, entries


def _entries(effect: Effect) -> list[Entry]:
    schedule = effect.schedule
    action = "schedule.apply" if schedule.state is State.APPLIED else "schedule.fail"
    after = {"flag": schedule.flag, "made_revision": schedule.made_revision, "why": schedule.why}
    entries = [Entry(action, f"schedules/{schedule.id}", after=after, reason=schedule.said())]
    if effect.before and effect.after:
        entries.append(
            Entry(
                f"flag.{schedule.action}",
                f"flags/{schedule.flag}",
                before=effect.before.to_document(),
                after=effect.after.to_document(),
                reason=schedule.said(),
            )
        )
    return entries


def _failed(effects: Sequence[Effect]) -> list[Schedule]:
    return [each.schedule for each in effects if each.schedule.state is State.FAILED]


def _log(effect: Effect) -> None:
    schedule = effect.schedule
    late = round((schedule.ended_at or schedule.at) - schedule.at, 1)
    facts = {
        "schedule": schedule.id,
        "flag": schedule.flag,
        "action": schedule.action.value,
        "late_seconds": late,
    }
    if schedule.state is State.FAILED:
        log.warning("scheduled change failed", why=schedule.why, **facts)
    else:
        log.info("scheduled change applied", changed=effect.after is not None, **facts)
