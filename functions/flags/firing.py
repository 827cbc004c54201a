"""What happens to flags when the time of scheduled changes has come. Pure.

One after the other, each on what those before it have made of the flags and of what is published.
One that is not possible fails and changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from functions.errors import FailedPrecondition, InvalidArgument, NotFound, PayloadTooLarge
from functions.flags import schedule as moves
from functions.flags.flag import Flag
from functions.flags.publication import Edit, Part, in_use, published, require_sound
from functions.flags.schedule import Action, Schedule
from functions.published import canonical

REFUSALS = (FailedPrecondition, InvalidArgument, NotFound, PayloadTooLarge)
"""What a flag that is written may meet with. Trying again would not change it."""


@dataclass(slots=True)
class Standing:
    """How things stand; `fire` moves it on.

    flags    by key, those that are to be changed; one that is missing is gone
    part     the published flags
    pending  by id, all pending schedules of these flags
    used     what rooms above use a flag for, by key: asked for those that are to be archived
    most     flags that may be published
    allowed  raises one of REFUSALS when rooms above forbid what a flag becomes (before, after)
    """

    flags: dict[str, Flag]
    part: Part
    pending: dict[str, Schedule]
    used: Mapping[str, Sequence[str]]
    most: int
    allowed: Callable[[Flag, Flag], None]


@dataclass(frozen=True, slots=True)
class Effect:
    """A schedule that ended. Without flags it failed, or the flag was so already."""

    schedule: Schedule
    before: Flag | None = None
    after: Flag | None = None

    @property
    def size(self) -> int:
        """About how many bytes it takes to store: the flag, its revision, and the trail."""
        flags = [self.before, self.after, self.after, self.after]
        views = [flag.to_document() for flag in flags if flag]
        return sum(len(canonical(view)) for view in [*views, self.schedule.to_view()])


def fire(
    standing: Standing, due: Iterable[Schedule], now: float, by: str, most_bytes: int
) -> list[Effect]:
    """What becomes of those that are due, in their order, until it is more than `most_bytes`."""
    effects: list[Effect] = []
    size = 0
    for each in moves.in_order(due):
        if size > most_bytes:
            break
        effect = _fire(standing, standing.pending.pop(each.id), now, by)
        size += effect.size
        effects.append(effect)
    return effects


def refused(schedule: Schedule, now: float, by: str, refusal: Exception) -> Effect:
    return Effect(moves.fail(schedule, now, by, str(refusal)))


def _fire(standing: Standing, schedule: Schedule, now: float, by: str) -> Effect:
    try:
        before, after, part = _possible(standing, schedule)
    except REFUSALS as refusal:
        return refused(schedule, now, by, refusal)
    after = after if after is before else replace(after, updated_at=now)
    standing.part = part
    standing.flags[before.key] = after
    for other in _others(standing, before.key):
        standing.pending[other.id] = moves.rebased(other, schedule, before)
    ended = moves.apply(schedule, now, by, after)
    return Effect(ended) if after is before else Effect(ended, before, after)


def _possible(standing: Standing, schedule: Schedule) -> tuple[Flag, Flag, Part]:
    """The flag before and after, and what is published then. Raises one of REFUSALS."""
    before = standing.flags.get(schedule.flag)
    if before is None:
        raise NotFound(f"The flag {schedule.flag} is gone, or can't be read.")
    moves.require_unclashing(schedule, before)
    after = moves.result(schedule, before)
    if after is before:
        return before, before, standing.part
    if schedule.action is Action.ARCHIVE:
        _require_unused(standing, before)
    else:
        after.check()
        standing.allowed(before, after)
    edit = Edit(flags=[after])
    part = published(standing.part, edit)
    require_sound(part, edit)
    if schedule.action is Action.RESTORE and len(part["document"]["flags"]) > standing.most:
        raise FailedPrecondition(f"An environment holds at most {standing.most:,} flags.")
    return before, after, part


def _require_unused(standing: Standing, flag: Flag) -> None:
    users = {f"rollout {flag.split.rollout}"} if flag.split else set()
    users.update(standing.used.get(flag.key, ()))
    users.update(moves.as_users(moves.needing(flag, _others(standing, flag.key))))
    if users:
        raise in_use("flag", flag.key, sorted(users))


def _others(standing: Standing, key: str) -> list[Schedule]:
    return [each for each in standing.pending.values() if each.flag == key]
