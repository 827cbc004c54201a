"""Where a service's traffic is meant to go: it follows from its rollouts. Pure.

a rollout begins            the candidate's revision must serve alone already, and the control's
                            must be there to go back to
it splits                   the flag does that: the candidate's revision serves both versions,
                            and goes on serving alone
it was taken back           all traffic goes to the revision of the version that is back, before
                            another one begins
otherwise                   Palier wants nothing
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from functions.rollouts.rollout import Rollout
from functions.rollouts.state import Phase
from functions.rollouts.traffic.serving import Serving

TAKEN_BACK = frozenset({Phase.ROLLED_BACK, Phase.ABORTED})


class Purpose(StrEnum):
    START = "start"
    HOLD = "hold"
    RESTORE = "restore"


@dataclass(frozen=True, slots=True)
class Intent:
    """
    revision   that is meant to serve alone; "" where the version has none of its own
    fallback   the revision to go back to; "" where that version has none of its own
    flag       that was taken back
    since      when it was (epoch seconds)
    """

    purpose: Purpose
    rollout: str
    version: str
    revision: str
    fallback_version: str = ""
    fallback: str = ""
    flag: str = ""
    since: float = field(default=0.0, compare=False)


def intents(serving: Serving, rollouts: Sequence[Rollout]) -> tuple[Intent, ...]:
    """In the order in which they are to be done. `rollouts`: those of the environment that run or
    ended lately, in any order. None: traffic may go wherever it goes.

    What was taken back is restored before another rollout begins, or it never would be. But not
    where that one took its place in the same commit: it is served already, or waits to be.
    """
    last = _taken_back(serving, rollouts)
    back = (_restoring(serving, last),) if last else ()
    running = [each for each in rollouts if each.state.running and concerns(serving, each)]
    if not running:
        return back
    newest = max(running, key=lambda each: each.decided_at)
    splits = any(each.state.splitting for each in running)
    replaced = last and last.state.phase is Phase.ABORTED and last.decided_at == newest.decided_at
    wanted = _running(serving, newest)
    return (wanted,) if splits or replaced else (*back, wanted)


def _taken_back(serving: Serving, rollouts: Sequence[Rollout]) -> Rollout | None:
    """What was taken back last, unless something has succeeded since."""
    of_service = [each for each in rollouts if concerns(serving, each) and not each.state.running]
    ended = [each for each in of_service if each.shift and each.decided_at >= serving.since]
    last = max(ended, key=lambda each: each.decided_at, default=None)
    return last if last and last.state.phase in TAKEN_BACK else None


def _restoring(serving: Serving, last: Rollout) -> Intent:
    revision = serving.revisions.get(last.control, "")
    return Intent(
        Purpose.RESTORE, last.id, last.control, revision, flag=last.flag, since=last.decided_at
    )


def back_to(wanted: Intent, serving: Serving, default: str) -> Intent:
    """The same, for the version that the flag went back to: not the control where that could not
    serve."""
    return replace(wanted, version=default, revision=serving.revisions.get(default, ""))


def concerns(serving: Serving, rollout: Rollout) -> bool:
    """Whether it is about versions that have a revision here."""
    known = {rollout.candidate, rollout.control} & set(serving.revisions)
    return rollout.service == serving.service and bool(known)


def _running(serving: Serving, rollout: Rollout) -> Intent:
    starting = rollout.state.phase is Phase.STARTING
    return Intent(
        Purpose.START if starting else Purpose.HOLD,
        rollout.id,
        rollout.candidate,
        serving.revisions.get(rollout.candidate, ""),
        rollout.control,
        serving.revisions.get(rollout.control, ""),
    )
