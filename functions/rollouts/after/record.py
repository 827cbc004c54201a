"""What transitions write beside themselves, in the same commit: what flags were before a rollout,
and each rollback as a recorded deployment, with a notice to users.

Nothing here may keep a rollback from being made: what can't be read counts as unknown.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from functions.changes import View
from functions.documents import Document, Write
from functions.flags.flag import Flag
from functions.published import NOTICES
from functions.rollouts.after import notice, store
from functions.rollouts.after.rollback import Rollback, Stood, restored
from functions.rollouts.rollout import Occasion, Rollout
from functions.rollouts.state import Phase


class Passing(Protocol):
    """A transition."""

    @property
    def before(self) -> Rollout: ...

    @property
    def after(self) -> Rollout: ...

    @property
    def occasion(self) -> Occasion: ...


Came = Mapping[str, tuple[Flag, Flag]]
"""Each flag of the transitions, by key: as it was found, and as it is written."""


@dataclass(frozen=True, slots=True)
class Beside:
    writes: Sequence[Write] = ()
    parts: Mapping[str, Any] = field(default_factory=dict)


def beside(view: View, transitions: Sequence[Passing], flags: Came) -> Beside:
    """What else belongs into the commit of these transitions."""
    writes = [
        write for each in transitions if _begins(each) and (write := _noted(view, each, flags))
    ]
    taken_back = [each for each in transitions if _takes_back(each)]
    if not taken_back:
        return Beside(writes)
    paths = {each.after.id: store.before_path(view.scope, each.after.id) for each in taken_back}
    known = view.get_many(sorted(paths.values()))
    rollbacks = [_rollback(view, each, known[paths[each.after.id]], flags) for each in taken_back]
    told = [notice.of(each) for each in rollbacks]
    part = notice.with_notices(view.part_as_found(NOTICES), told, view.now)
    return Beside(
        [*writes, *(store.written(view.scope, each) for each in rollbacks)], {NOTICES: part}
    )


def notices(view: View) -> dict[str, Any]:
    """The published part of that name, made anew of the rollbacks that are recorded."""
    lately = store.since(view, view.scope, view.now - notice.KEPT_SECONDS)
    return notice.with_notices({}, map(notice.of, lately), view.now) if lately else {}


def _begins(each: Passing) -> bool:
    return each.before.shift is None and each.after.state.splitting


def _takes_back(each: Passing) -> bool:
    """Of what users have had: a rollout that never split deployed nothing."""
    rolled_back = each.after.state.phase is Phase.ROLLED_BACK
    return rolled_back and each.before.shift is not None


def _noted(view: View, each: Passing, flags: Came) -> Write | None:
    stood = {
        moved.flag: Stood.of(flags[moved.flag][0])
        for moved in each.after.moves
        if moved.flag in flags
    }
    return store.before_written(view.scope, each.after.id, stood)


def _rollback(view: View, each: Passing, before: Document | None, flags: Came) -> Rollback:
    rollout, occasion = each.after, each.occasion
    stood = store.before_of(before)
    back = tuple(
        restored(
            moved.control,
            moved.candidate,
            stood.get(moved.flag),
            flags[moved.flag][1],
            _own_revisions(each, flags[moved.flag]),
        )
        for moved in rollout.moves
        if moved.flag in flags
    )
    return Rollback(
        id=rollout.id,
        flag=rollout.flag,
        service=rollout.measured_as,
        control=back[0].control if back else rollout.control,
        candidate=rollout.candidate,
        percentage=each.before.percentage,
        at=occasion.now,
        by=occasion.actor,
        reason=occasion.reason,
        generation_before=view.generation,
        generation=occasion.generation,
        quarantined=rollout.quarantined,
        error_limit=rollout.plan.limits.error_rate,
        usual=rollout.frozen.failing if rollout.frozen and rollout.frozen.known else None,
        verdict=occasion.verdict.to_document() if occasion.verdict else None,
        flags=back,
    )


def _own_revisions(each: Passing, came: tuple[Flag, Flag]) -> int:
    """A success made one; so does this transition where it changes more than the split."""
    promoted = each.before.state.phase is Phase.SUCCEEDED
    return int(promoted) + came[1].revision - came[0].revision
