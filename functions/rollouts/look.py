"""One look at one rollout: what was seen, the verdict, and what follows from it. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from functions.alerts.alarm import Alarm, alike
from functions.metrics.windows import Window
from functions.rollouts import state
from functions.rollouts.alarmed import too_few
from functions.rollouts.evidence import Evidence, seen
from functions.rollouts.french import WAITING
from functions.rollouts.harm import INTERNAL
from functions.rollouts.held import closed, unapproved
from functions.rollouts.judge import judge
from functions.rollouts.rollout import Rollout
from functions.rollouts.state import Paused, Phase, State
from functions.rollouts.suspicion import stage_evidence
from functions.rollouts.traffic.gate import UNCONCERNED, Standing, overdue
from functions.rollouts.verdict import Kind, Situation, Verdict


@dataclass(frozen=True, slots=True)
class Told:
    """What other rooms say: the alerts that fire on the candidate and on the control, the share
    that is left of the service's error budget (None: nobody knows), and Cloud Run's traffic."""

    alarms: Sequence[Alarm] = ()
    control_alarms: Sequence[Alarm] = ()
    budget_left: float | None = None
    traffic: Standing = UNCONCERNED


NOTHING_TOLD = Told()


@dataclass(frozen=True, slots=True)
class Look:
    """`stage_evidence` is the log e-value of the stage so far."""

    situation: Situation
    verdict: Verdict
    stage_evidence: float


@dataclass(frozen=True, slots=True)
class Move:
    """What the controller does next, the word for it, and what it is based on."""

    after: State
    kind: str
    verdict: Verdict | None = None
    closing: float = 0.0
    """The log e-value of the stage that is being left."""
    reason: str = ""
    """Where no verdict says it."""


def look(
    rollout: Rollout,
    evidence: Evidence,
    windows: Sequence[Window],
    now: float,
    told: Told = NOTHING_TOLD,
) -> Look:
    """What is known of a rollout whose split is in force."""
    situation = _situation(rollout, evidence, windows, now, told)
    verdict = judge(rollout.plan, situation)
    if told.traffic.drift and verdict.kind not in (Kind.FAIL, Kind.PAUSE):
        verdict = told.traffic.drift
    return Look(situation, verdict, stage_evidence(rollout.plan, situation))


def following(
    rollout: Rollout,
    evidence: Evidence | None,
    windows: Sequence[Window],
    now: float,
    told: Told = NOTHING_TOLD,
) -> Move | None:
    """What the controller does now; None when it is to go on waiting."""
    if rollout.state.phase is Phase.STARTING:
        if told.traffic.refused:
            return _given_up(rollout, told.traffic.refused, now)
        if closed(rollout, now):
            return None
        if told.traffic.waits:
            return _given_up(rollout, overdue(rollout, told.traffic.waits, now), now)
        return Move(state.begin(rollout.plan, rollout.state, now), "started")
    if rollout.state.phase is Phase.BLOCKED:
        return Move(state.roll_back(rollout.state, now), "rolled_back", rollout.verdict)
    if evidence is None or not rollout.state.splitting:
        return None
    found = look(rollout, evidence, windows, now, told)
    move = respond(rollout, found.verdict, now)
    return move and replace(move, verdict=found.verdict, closing=found.stage_evidence)


def _given_up(rollout: Rollout, reason: str, now: float) -> Move | None:
    """A start that can't be made, or was waited for too long: others may wait for its turn."""
    return (
        Move(state.supersede(rollout.state, now), "superseded", reason=reason) if reason else None
    )


def respond(rollout: Rollout, verdict: Verdict, now: float) -> Move | None:
    """What follows from a verdict; None when it is to go on waiting."""
    plan, where = rollout.plan, rollout.state
    if verdict.kind is Kind.FAIL:
        if verdict.rule != INTERNAL:
            return Move(state.roll_back(where, now), "rolled_back")
        after = state.step_back(plan, where, now)
        kind = "rolled_back" if after.phase is Phase.ROLLED_BACK else "stepped_back"
        return Move(after, kind)
    if where.phase is Phase.PAUSED:
        return None
    if verdict.kind is Kind.PAUSE:
        return Move(state.pause(where, now, _paused_for(verdict)), "paused")
    if verdict.kind is Kind.PASS and plan.automatic:
        if unapproved(rollout):
            return Move(state.pause(where, now, Paused.APPROVAL), "approval_needed")
        if closed(rollout, now):
            return None
        after = state.advance(plan, where, now)
        return Move(after, _WORDS.get(after.phase, "advanced"))
    return None


def _paused_for(verdict: Verdict) -> Paused:
    if verdict.rule in _PAUSED_FOR:
        return _PAUSED_FOR[verdict.rule]
    return Paused.INCONCLUSIVE if verdict.rule in WAITING else Paused.JUDGE


_PAUSED_FOR = {"no data": Paused.NO_DATA, "health": Paused.HEALTH, "drift": Paused.DRIFT}
_WORDS = {Phase.WATCHING: "watching", Phase.SUCCEEDED: "succeeded"}


def _situation(
    rollout: Rollout,
    evidence: Evidence,
    windows: Sequence[Window],
    now: float,
    told: Told,
) -> Situation:
    where, shift = rollout.state, rollout.shift
    until = where.paused_at if where.paused_at is not None else now
    found = seen(
        evidence, rollout.arms, windows, now, rollout.plan.limits_at(where.stage).check_requests
    )
    of_control = [each for each in told.control_alarms if not too_few(each, found.stage.control)]
    return Situation(
        seen=found,
        share=rollout.percentage / 100.0,
        elapsed=max(0.0, until - where.since),
        needed=rollout.needed_seconds,
        since_shift=max(0.0, now - shift.at) if shift else 0.0,
        raised=shift.raised if shift else True,
        overdue=where.deadline is not None and now >= where.deadline,
        internal_before=shift.internal_before if shift else 0.0,
        memory_before=shift.memory_before if shift else 0.0,
        closed=rollout.closed,
        began=where.since,
        resumed_at=where.resumed_at,
        alarms=told.alarms,
        shared_alarms=alike(told.alarms, of_control),
        budget_left=told.budget_left,
        stage=where.stage,
        audience=bool(rollout.audience),
        frozen=rollout.frozen,
        score=rollout.score,
    )
