"""What people may do with scheduled changes, as decisions for `commit_change`.

A change is checked as it would take effect: on the flag as the schedules before it leave it, among
the other flags and segments as they are now. So a mistake shows when it is made.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from functions.changes import Decision, Entry, View
from functions.errors import FailedPrecondition, InvalidArgument
from functions.flags import schedule as moves
from functions.flags.flag import Flag
from functions.flags.manage import history
from functions.flags.manage import schedule_store as store
from functions.flags.manage.allowed import Allowed, anything, require_allowed
from functions.flags.manage.flags import read_flag, require_revision
from functions.flags.manage.publish import publish
from functions.flags.publication import Edit, in_use
from functions.flags.schedule import Action, Schedule, Wish
from functions.flags.validation import check_key

Decide = Callable[[View], Decision]


@dataclass(frozen=True, slots=True)
class Rescheduling:
    """What is to become of a schedule; None stays as it is. `flag_revision` is the revision of the
    flag that somebody has looked at: new changes are based on it."""

    at: float | None = None
    changes: Mapping[str, Any] | None = None
    flag_revision: int | None = None


def schedule_change(
    identifier: str, key: str, flag_revision: int, wish: Wish, allowed: Allowed = anything
) -> Decide:
    """Schedules a change of a flag, based on a revision of it. Its result is the Schedule.

    Raises NotFound, GenerationConflict, InvalidArgument (time, changes), FailedPrecondition (too
    many, or it could not take effect), or what `allowed` raises.
    """
    check_key(key)

    def decide(view: View) -> Decision:
        _, flag = read_flag(view, key)
        require_revision(flag, flag_revision, flag.edited(wish.changes or {}))
        others = _pending(view, key)
        _require_room(view, key, others)
        made = moves.new(identifier, flag, wish, view.now, str(view.actor), view.reason)
        _require_possible(view, flag, made, others, allowed)
        return Decision(
            writes=[store.create_write(view.scope, made)],
            entries=[Entry("schedule.create", _target(made), after=made.to_view())],
            result=made,
        )

    return decide


def reschedule(
    identifier: str, based_on: int, wanted: Rescheduling, allowed: Allowed = anything
) -> Decide:
    """Another time, or other changes, on the basis of the schedule's revision.

    Raises NotFound, GenerationConflict (of the schedule, or of the flag), InvalidArgument,
    FailedPrecondition (it has ended, or could not take effect), or what `allowed` raises.
    """
    if wanted.changes is not None and wanted.flag_revision is None:
        raise InvalidArgument(
            "New changes need the flag's revision that they are based on, as `flag_revision`.",
            extra={"path": "$.flag_revision"},
        )
    if wanted == Rescheduling():
        raise InvalidArgument("Say what is to change: `at`, `changes` or `flag_revision`.")

    def decide(view: View) -> Decision:
        stored = store.find(view, view.scope, identifier)
        schedule = stored.schedule
        _, flag = read_flag(view, schedule.flag)
        if wanted.flag_revision is not None:
            require_revision(flag, wanted.flag_revision, flag.edited(wanted.changes or {}))
        moved = moves.reschedule(
            schedule,
            view.now,
            str(view.actor),
            at=wanted.at,
            changes=wanted.changes,
            seen=None if wanted.flag_revision is None else flag,
        )
        history.require_revision(f"The schedule {identifier}", schedule, based_on, moved)
        others = [each for each in _pending(view, schedule.flag) if each.id != identifier]
        _require_possible(view, flag, moved, others, allowed)
        return _decision("schedule.change", stored, moved)

    return decide


def cancel_schedule(identifier: str) -> Decide:
    """It never takes effect. It names no revision; cancelling again changes nothing.

    Raises NotFound or FailedPrecondition (it took effect, or failed, already).
    """

    def decide(view: View) -> Decision:
        stored = store.find(view, view.scope, identifier)
        if stored.schedule.state is moves.State.CANCELLED:
            return Decision(result=stored.schedule)
        cancelled = moves.cancel(stored.schedule, view.now, str(view.actor))
        return _decision("schedule.cancel", stored, cancelled)

    return decide


def _decision(action: str, stored: store.Stored, after: Schedule) -> Decision:
    entry = Entry(action, _target(after), before=stored.schedule.to_view(), after=after.to_view())
    return Decision(
        writes=[store.update_write(stored, after)],
        entries=[entry],
        result=after,
    )


def _pending(view: View, key: str) -> list[Schedule]:
    return [each.schedule for each in store.pending_of(view, view.scope, [key])]


def _require_room(view: View, key: str, pending: list[Schedule]) -> None:
    if len(pending) >= store.MAXIMUM_PENDING_OF_A_FLAG:
        raise FailedPrecondition(
            f"The flag {key} has {len(pending)} scheduled changes, as many as a flag may.",
            remedy="Cancel some, or wait until they have taken effect.",
        )
    if store.pending_everywhere(view) >= store.MAXIMUM_PENDING:
        raise FailedPrecondition(
            f"An environment has at most {store.MAXIMUM_PENDING} scheduled changes.",
            remedy="Cancel some, or wait until they have taken effect.",
        )


def _require_possible(
    view: View, flag: Flag, schedule: Schedule, others: list[Schedule], allowed: Allowed
) -> None:
    """Raises InvalidArgument or FailedPrecondition unless it could take effect as things are.

    Rollouts are not asked: those that run now may be over by then.
    """
    moves.require_unclashing(schedule, flag)
    ordered = moves.in_order([*others, schedule])
    position = ordered.index(schedule)
    then = moves.foreseen(flag, ordered[:position])
    if then.archived and schedule.action not in moves.OF_ARCHIVED:
        raise FailedPrecondition(
            f"The flag {flag.key} is archived by then.",
            remedy="Restore it first, or choose an earlier time.",
        )
    after = moves.result(schedule, then)
    if after is then:
        return
    if schedule.action is Action.ARCHIVE:
        later = moves.needing(then, ordered[position + 1 :])
        if later:
            raise in_use("flag", flag.key, moves.as_users(later))
    if not after.archived:
        after.check()
    require_allowed(view, then, after, allowed)
    publish(view, Edit(flags=[after]))


def _target(schedule: Schedule) -> str:
    return f"schedules/{schedule.id}"
