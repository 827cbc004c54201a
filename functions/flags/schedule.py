"""A change of a flag that is to take effect at a time, and the only ways it can move. Pure.

    pending ──apply──▶ applied
       │ ▲ ──fail────▶ failed
       │ └─reschedule (as often as one likes)
       └───cancel────▶ cancelled

A schedule remembers what the fields that it writes were when somebody last looked (`before`). When
its time comes and one of them has become something else, nothing is overwritten: it fails. What an
earlier schedule made of a field is no surprise: those that follow are told (`rebased`).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import takewhile
from typing import Any

from functions.errors import FailedPrecondition, InvalidArgument
from functions.flags.flag import Flag
from functions.published import canonical, timestamp

LONGEST_AHEAD_SECONDS = 365 * 86_400


class State(StrEnum):
    PENDING = "pending"
    APPLIED = "applied"
    CANCELLED = "cancelled"
    FAILED = "failed"


class Action(StrEnum):
    EDIT = "edit"
    KILL = "kill"
    REVIVE = "revive"
    ARCHIVE = "archive"
    RESTORE = "restore"


SWITCHES: Mapping[Action, Mapping[str, bool]] = {
    Action.KILL: {"killed": True},
    Action.REVIVE: {"killed": False},
    Action.ARCHIVE: {"archived": True},
    Action.RESTORE: {"archived": False},
}
"""What the actions other than an edit write."""

OF_ARCHIVED = (Action.ARCHIVE, Action.RESTORE)


@dataclass(frozen=True, slots=True)
class Schedule:
    """
    at             when it is to take effect (epoch seconds)
    writes         field → what it becomes: of the flag's content, or `killed`, or `archived`
    before         field → what it was when somebody last looked
    based_on       the flag's revision then
    by, reason     who scheduled it, and why
    revision       rises whenever it is rescheduled
    changed_by     who rescheduled it last
    made_revision  the flag's revision that it led to, once applied
    why            what kept it from being applied
    """

    id: str
    flag: str
    at: float
    action: Action
    writes: Mapping[str, Any]
    before: Mapping[str, Any]
    based_on: int
    by: str
    reason: str
    created_at: float
    state: State = State.PENDING
    revision: int = 1
    changed_by: str | None = None
    ended_at: float | None = None
    ended_by: str | None = None
    made_revision: int | None = None
    why: str | None = None

    @property
    def pending(self) -> bool:
        return self.state is State.PENDING

    @property
    def changes(self) -> Mapping[str, Any]:
        """The entries of the flag's content that an edit writes."""
        return self.writes if self.action is Action.EDIT else {}

    def due(self, now: float) -> bool:
        return self.pending and self.at <= now

    def said(self) -> str:
        """Whose it is and why: the reason of what it does."""
        changed = f", changed by {self.changed_by}" if self.changed_by else ""
        return f"schedule {self.id} of {self.by}{changed}: {self.reason or 'no reason given'}"

    def to_view(self) -> dict[str, Any]:
        """What people with the right to see it get, as JSON."""
        return {
            "id": self.id,
            "revision": self.revision,
            "flag": self.flag,
            "at": self.at,
            "state": self.state.value,
            "action": self.action.value,
            "changes": dict(self.changes),
            "before": dict(self.before),
            "based_on": self.based_on,
            "by": self.by,
            "reason": self.reason,
            "created_at": self.created_at,
            "changed_by": self.changed_by,
            "ended_at": self.ended_at,
            "ended_by": self.ended_by,
            "made_revision": self.made_revision,
            "why": self.why,
        }

    def to_document(self) -> dict[str, Any]:
        """`due_at` is there only while pending: one query finds what is due."""
        return {
            **self.to_view(),
            "due_at": timestamp(self.at) if self.pending else None,
            "changes": canonical(dict(self.changes)),
            "before": canonical(dict(self.before)),
            "created_at": timestamp(self.created_at),
            "ended_at": None if self.ended_at is None else timestamp(self.ended_at),
        }

    @staticmethod
    def from_document(data: Mapping[str, Any]) -> Schedule:
        action = Action(data["action"])
        ended_at = data["ended_at"]
        return Schedule(
            id=data["id"],
            flag=data["flag"],
            at=data["at"],
            action=action,
            writes=SWITCHES.get(action) or json.loads(data["changes"]),
            before=json.loads(data["before"]),
            based_on=data["based_on"],
            by=data["by"],
            reason=data["reason"],
            created_at=data["created_at"].timestamp(),
            state=State(data["state"]),
            revision=data["revision"],
            changed_by=data["changed_by"],
            ended_at=None if ended_at is None else ended_at.timestamp(),
            ended_by=data["ended_by"],
            made_revision=data["made_revision"],
            why=data["why"],
        )


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody wants to happen to a flag, and when. `changes` are entries of its content."""

    at: float
    action: Action = Action.EDIT
    changes: Mapping[str, Any] | None = None


def new(identifier: str, flag: Flag, wish: Wish, now: float, by: str, reason: str = "") -> Schedule:
    """A pending schedule, based on the flag as it is. Raises InvalidArgument (time, changes)."""
    require_time(wish.at, now)
    writes = _writes(flag, wish.action, wish.changes)
    return Schedule(
        id=identifier,
        flag=flag.key,
        at=wish.at,
        action=wish.action,
        writes=writes,
        before=_of(flag, writes),
        based_on=flag.revision,
        by=by,
        reason=reason,
        created_at=now,
    )


def reschedule(
    schedule: Schedule,
    now: float,
    by: str,
    *,
    at: float | None = None,
    changes: Mapping[str, Any] | None = None,
    seen: Flag | None = None,
) -> Schedule:
    """At another time, or with other changes. `seen` is the flag that somebody looked at anew;
    without it, what they know of it stays what it was, and so do the changes.

    Raises FailedPrecondition (it has ended) or InvalidArgument (time, changes).
    """
    _require_pending(schedule, "change")
    if at is not None:
        require_time(at, now)
    moved = replace(
        schedule,
        at=schedule.at if at is None else at,
        revision=schedule.revision + 1,
        changed_by=by,
    )
    if seen is None:
        return moved
    writes = moved.writes if changes is None else _writes(seen, moved.action, changes)
    return replace(moved, writes=writes, before=_of(seen, writes), based_on=seen.revision)


def cancel(schedule: Schedule, now: float, by: str) -> Schedule:
    """Raises FailedPrecondition unless it is pending."""
    _require_pending(schedule, "cancel")
    return replace(schedule, state=State.CANCELLED, ended_at=now, ended_by=by)


def apply(schedule: Schedule, now: float, by: str, made: Flag) -> Schedule:
    """It has led to `made`. Raises FailedPrecondition unless it is pending."""
    _require_pending(schedule, "apply")
    return replace(
        schedule,
        state=State.APPLIED,
        ended_at=now,
        ended_by=by,
        made_revision=made.revision,
    )


def fail(schedule: Schedule, now: float, by: str, why: str) -> Schedule:
    """It could not be applied. Raises FailedPrecondition unless it is pending."""
    _require_pending(schedule, "fail")
    return replace(schedule, state=State.FAILED, ended_at=now, ended_by=by, why=why)


def in_order(schedules: Iterable[Schedule]) -> list[Schedule]:
    """As they take effect."""
    return sorted(schedules, key=lambda each: (each.at, each.created_at, each.id))


def clashes(schedule: Schedule, flag: Flag) -> list[str]:
    """The fields that became something else since somebody looked, and not what was wanted."""
    current = _of(flag, schedule.writes)
    return sorted(
        name
        for name, wanted in schedule.writes.items()
        if not _same(current[name], schedule.before[name]) and not _same(current[name], wanted)
    )


def require_unclashing(schedule: Schedule, flag: Flag) -> None:
    """Raises FailedPrecondition that names the fields that were changed in between."""
    fields = clashes(schedule, flag)
    if fields:
        raise FailedPrecondition(
            f"Of the flag {flag.key}, {_listed(fields)} changed since revision "
            f"{schedule.based_on}, on which the schedule {schedule.id} is based.",
            remedy="Look at the flag, and say with `flag_revision` that you have.",
            extra={"fields": fields, "based_on": schedule.based_on, "revision": flag.revision},
        )


def result(schedule: Schedule, flag: Flag) -> Flag:
    """The flag a revision later; the same one when it is already as it was to become.

    Raises FailedPrecondition (the flag is archived).
    """
    if flag.archived and schedule.action not in OF_ARCHIVED:
        raise FailedPrecondition(f"The flag {flag.key!r} is archived.", remedy="Restore it first.")
    if all(
        _same(value, schedule.writes[name]) for name, value in _of(flag, schedule.writes).items()
    ):
        return flag
    edited = flag.edited(schedule.changes)
    if schedule.action is Action.EDIT:
        return edited
    return replace(edited, **schedule.writes)


def foreseen(flag: Flag, schedules: Iterable[Schedule]) -> Flag:
    """The flag once these have been applied, as far as they can be."""
    ahead = in_order(schedules)
    while ahead:
        schedule, *ahead = ahead
        if clashes(schedule, flag) or (flag.archived and schedule.action not in OF_ARCHIVED):
            continue
        ahead = [rebased(each, schedule, flag) for each in ahead]
        flag = result(schedule, flag)
    return flag


def rebased(schedule: Schedule, fired: Schedule, flag: Flag) -> Schedule:
    """A pending schedule once another one was applied to `flag`: it knows what that one wrote.

    What it didn't know before, somebody else having changed it, it doesn't know now.
    """
    current = _of(flag, fired.writes)
    known = {
        name: wanted
        for name, wanted in fired.writes.items()
        if name in schedule.before and _same(schedule.before[name], current[name])
    }
    return replace(schedule, before={**schedule.before, **known}) if known else schedule


def needing(flag: Flag, pending: Iterable[Schedule]) -> list[Schedule]:
    """Those that need the flag to stay as available as it is: all that come before it is restored
    may not find it archived, and none may find it deleted."""
    ordered = in_order(pending)
    if flag.archived:
        return ordered
    return list(takewhile(lambda each: each.action is not Action.RESTORE, ordered))


def as_users(schedules: Iterable[Schedule]) -> list[str]:
    """As what uses a flag is named."""
    return [f"schedule {each.id}" for each in schedules]


def require_time(at: float, now: float) -> None:
    """Raises InvalidArgument unless `at` lies in the future, and not too far."""
    if not now < at <= now + LONGEST_AHEAD_SECONDS:
        raise InvalidArgument(
            "`at` lies in the future, at most a year ahead.",
            extra={"path": "$.at", "now": round(now, 3)},
        )


def _writes(flag: Flag, action: Action, changes: Mapping[str, Any] | None) -> Mapping[str, Any]:
    """The changes as the flag would show them."""
    if action is not Action.EDIT:
        if changes:
            raise InvalidArgument(
                f"To {action} a flag takes no `changes`.", extra={"path": "$.changes"}
            )
        return SWITCHES[action]
    if not changes:
        raise InvalidArgument(
            "An edit takes the `changes` that it is to make.", extra={"path": "$.changes"}
        )
    edited = flag.edited(changes).content()
    return {name: edited[name] for name in changes}


def _of(flag: Flag, names: Iterable[str]) -> dict[str, Any]:
    fields = {**flag.content(), "killed": flag.killed, "archived": flag.archived}
    return {name: fields[name] for name in names}


def _same(one: Any, other: Any) -> bool:
    """As JSON: 1, 1.0 and true are three things."""
    return canonical(one) == canonical(other)


def _listed(fields: Sequence[str]) -> str:
    return f"{', '.join(fields)} {'has' if len(fields) == 1 else 'have'}"


def _require_pending(schedule: Schedule, verb: str) -> None:
    if not schedule.pending:
        raise FailedPrecondition(
            f"You can {verb} a schedule only while it is pending; {schedule.id} is "
            f"{schedule.state}.",
            remedy="Schedule a new change.",
            extra={"state": schedule.state.value},
        )
