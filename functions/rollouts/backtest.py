"""What the controller would have decided, on what was recorded. Pure.

The recorded windows are looked at again, one after the other, by the controller's own `following`.
What was served was served under the split of that time, whatever the plan says: both versions are
compared by the share that arrived of the candidate. So a stretch of time with one split is what can
be tested; one with several is tested piece by piece.

Minutes hold less than the slots that a running rollout is judged by: a look comes once a minute,
users are known only where they failed, and nobody knows which snapshot a request was served under.
What they can't tell is left out (LEFT_OUT): a step that rests on it would be a made-up one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from functions.metrics.performance import USUAL, Score
from functions.metrics.windows import MINUTE_SECONDS, Arm, Window, minute_start
from functions.rollouts.baseline import Baseline, freeze
from functions.rollouts.evidence import HEALTH, Both, fold, fresh, last_minute
from functions.rollouts.look import Look, Move, following, look
from functions.rollouts.plan import Plan
from functions.rollouts.rollout import Occasion, Rollout, moved
from functions.rollouts.state import Phase, State

ACTOR = "backtest"
LEFT_OUT = ("latency", "budget", "approvals", "alerts", "health")
"""What a running rollout is held or taken back by, and a backtest isn't. Slow requests weigh as
much as there are users, and whom minutes served nobody knows."""

_KEPT_SECONDS = 600
"""What a look needs besides the evidence: more than is not folded yet."""


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked: a plan for two versions of a service, in [since, until), epoch seconds.

    share    of the users who got the candidate, 0 to 1; None: what arrived tells
    score    how the service is scored
    """

    plan: Plan
    service: str
    control: str
    candidate: str
    since: float
    until: float
    share: float | None = None
    score: Score = USUAL

    @property
    def arms(self) -> tuple[Arm, Arm]:
        return Arm(self.service, self.candidate), Arm(self.service, self.control)


@dataclass(frozen=True, slots=True)
class Step:
    """What would have been done at `at` (epoch seconds), and where the rollout stood after it."""

    at: float
    move: Move
    rollout: Rollout


@dataclass(frozen=True, slots=True)
class Backtest:
    """
    share    that both versions were compared by
    served   requests of both versions
    looks    how often it was looked
    steps    what would have been done; the first is the start
    last     what was known at the end; None when it had ended by then
    """

    share: float
    served: Both
    looks: int
    steps: tuple[Step, ...]
    last: Look | None


def backtest(
    asked: Question, windows: Sequence[Window], before: Sequence[Window] = ()
) -> Backtest | None:
    """None where nothing was recorded of the candidate. `before` is of the time until `since`: what
    the control is compared with where it wasn't used any more."""
    recorded = sorted(
        (each for each in windows if _within(asked, each)), key=lambda each: each.start
    )
    served = _served(asked, recorded)
    if not served.candidate.served:
        return None
    share = asked.share
    if share is None:
        both = served.candidate.served + served.control.served
        share = served.candidate.served / both
    frozen = freeze(asked.arms[1], before, _named(asked.plan), asked.since, asked.score)
    frozen = replace(frozen, slow={})
    steps, looks, last = _played(asked, recorded, share, frozen)
    return Backtest(share, served, looks, tuple(steps), last)


def _played(
    asked: Question, windows: Sequence[Window], share: float, frozen: Baseline
) -> tuple[list[Step], int, Look | None]:
    now = float(minute_start(asked.since))
    rollout, evidence = _starting(asked, share, now), fresh(0, now)
    steps: list[Step] = []
    looks, last, first = 0, None, 0
    while now <= asked.until and rollout.state.phase not in _ENDED:
        while first < len(windows) and windows[first].start < now - _KEPT_SECONDS:
            first += 1
        seen = [
            each for each in windows[first:] if each.end <= now and each.start >= _began(rollout)
        ]
        move = following(rollout, evidence, seen, now)
        looks += 1
        last = look(rollout, evidence, seen, now) if rollout.state.splitting else None
        if move:
            recent = [each for each in windows[first:] if each.end <= now]
            before, rollout = rollout, _after(rollout, move, recent, now)
            if before.shift is None and rollout.shift is not None:
                rollout = replace(rollout, frozen=frozen)
            steps.append(Step(now, move, rollout))
            if rollout.shift is not before.shift:
                evidence = fresh(0, now)
            last = None if rollout.state.phase in _ENDED else last
        else:
            evidence = fold(evidence, rollout.arms, seen, now)
        now += MINUTE_SECONDS
    return steps, looks, last


_ENDED = frozenset({Phase.SUCCEEDED, Phase.ROLLED_BACK, Phase.SUPERSEDED, Phase.BLOCKED})


def _after(rollout: Rollout, move: Move, windows: Sequence[Window], now: float) -> Rollout:
    arms = rollout.arms
    occasion = Occasion(
        now,
        0,
        ACTOR,
        verdict=move.verdict,
        closing=move.closing,
        before=last_minute(arms.candidate, arms.control, windows, now),
    )
    return moved(rollout, move.after, occasion)


def _began(rollout: Rollout) -> float:
    """When the split came about, or the stage began: what was served before isn't its evidence."""
    return rollout.shift.began if rollout.shift else 0.0


def _starting(asked: Question, share: float, now: float) -> Rollout:
    return Rollout(
        ACTOR,
        ACTOR,
        asked.service,
        asked.control,
        asked.candidate,
        _as_served(asked.plan, share),
        now,
        ACTOR,
        "",
        state=State(Phase.STARTING, since=now),
    )


def _as_served(plan: Plan, share: float) -> Plan:
    """The plan with the split that was in force, at any stage, and no holdback beside it; without
    what is left out."""
    percentage = round(100 * share, 2)
    stages = tuple(
        replace(
            stage,
            percentage=percentage,
            approval=False,
            criteria=replace(stage.criteria, budget=None) if stage.criteria else None,
        )
        for stage in plan.stages
    )
    return replace(
        plan,
        stages=stages,
        holdback=0.0,
        criteria=replace(plan.criteria, budget=None),
        checks=tuple(each for each in plan.checks if each.metric != HEALTH),
    )


def _within(asked: Question, window: Window) -> bool:
    inside = asked.since <= window.start and window.end <= asked.until
    return inside and window.arm in asked.arms


def _served(asked: Question, windows: Sequence[Window]) -> Both:
    # A rollout isn't needed to add up both versions, but it is who knows how.
    arms = replace(_starting(asked, 0.5, asked.since), shift=None).arms
    return arms.both(windows)


def _named(plan: Plan) -> list[str]:
    demanded = [
        each for stage in range(len(plan.stages)) for each in plan.criteria_at(stage).measures
    ]
    return sorted({each.metric for each in plan.checks} | {each.name for each in demanded})
