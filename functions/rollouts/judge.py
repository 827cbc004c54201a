"""Is the candidate healthy? Values in, a verdict out; no clock and no store. Pure, but that a rule
that breaks is logged.

Rules are asked in this order; the first that has something to say decides:

    critical     an error that the plan names, of the candidate only: FAIL at once
    evidence     so many more of the candidate's users fail than the split explains: FAIL at once
    internal     crashes or exhaustion that began with a shift, in either arm: FAIL, to the
                 previous split; both arms share a process
    upstream     what both versions depend on is failing in both arms: PAUSE
    disaster     a large part of the candidate's requests fails: FAIL at once
    limits       errors, slowness or memory beyond the plan's limits in consecutive checks: FAIL
    latency      so many more of its requests are slow than the split explains: FAIL at once
    health       its health checks go badly, one after the other: FAIL
    checks       a metric beyond a bound of the plan, in consecutive checks: FAIL
    comparisons  a metric certainly worse than the control's by more than the plan allows: FAIL
    alarms       an alert on the candidate that rolls back fires: FAIL, or one that pauses: PAUSE
    ratio        not as many users arrived as the split explains: PAUSE
    criteria     what the stage still needs: NO_DATA or INCONCLUSIVE; past its deadline PAUSE, or
                 FAIL where the plan says so
                 otherwise PASS

disaster, limits, health, checks and alarms take back only what the control doesn't suffer as well;
a shared trouble pauses instead. evidence, latency, comparisons and ratio rest on chance having
chosen who gets the candidate: they aren't asked in a stage for an audience, and where more users
arrived than the split explains, ratio alone of them speaks. Only PASS advances. A rule that breaks
takes nothing back, and keeps the rollout where it is. Users are counted by keyed hashes, each once
a stage.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from functions import log
from functions.rollouts.alarmed import alarms
from functions.rollouts.checking import checks, comparisons
from functions.rollouts.criteria import criteria, healthy
from functions.rollouts.harm import critical, internal, upstream
from functions.rollouts.health import health
from functions.rollouts.latency import latency
from functions.rollouts.limits import disaster, limits
from functions.rollouts.plan import Plan
from functions.rollouts.sample_ratio import sample_ratio
from functions.rollouts.suspicion import evidence
from functions.rollouts.verdict import Kind, Situation, Verdict, alarm_figures

Rule = Callable[[Plan, Situation], Verdict | None]

RULES: tuple[Rule, ...] = (
    critical,
    evidence,
    internal,
    upstream,
    disaster,
    limits,
    latency,
    health,
    checks,
    comparisons,
    alarms,
    sample_ratio,
    criteria,
)
COMPARING: frozenset[Rule] = frozenset({evidence, latency, comparisons})
"""Rules that compare arms which chance must have chosen."""

ERROR = "error"


def judge(plan: Plan, situation: Situation) -> Verdict:
    """The verdict of the first rule that has something to say, with every alert that fires."""
    verdict = _first(plan, situation)
    alerts = alarm_figures(situation)
    return replace(verdict, figures={**verdict.figures, **alerts}) if alerts else verdict


def _first(plan: Plan, situation: Situation) -> Verdict:
    broken = ""
    for rule in (*RULES, healthy):
        if situation.audience and (rule in COMPARING or rule is sample_ratio):
            continue
        if broken and rule in (criteria, healthy):
            return _unjudged(broken, situation)
        try:
            verdict = rule(plan, situation)
            if verdict and rule in COMPARING and _distrusted(plan, situation):
                continue
        except Exception as error:  # the other rules still guard
            broken = broken or rule.__name__
            log.exception("rule of the judge broken", error, rule=rule.__name__)
            continue
        if verdict:
            return verdict
    return _unjudged(broken, situation)


def _distrusted(plan: Plan, situation: Situation) -> bool:
    """Whether more users arrived at the candidate than the split sends: more of them fail then
    though it is no worse. Where fewer arrive, a comparison is kinder to it than it should be.

    The comparison is left out then; the rule on the ratio speaks once no other does."""
    ratio = sample_ratio(plan, situation)
    return ratio is not None and ratio.figures["arrived"] > ratio.figures["planned"]


def _unjudged(rule: str, situation: Situation) -> Verdict:
    """Nothing advances and nothing is taken back; past the deadline it pauses."""
    stays = (
        f"the rule {rule!r} could not be evaluated, which is an error in Palier. The other rules "
        "found nothing wrong. Nothing advances until it is mended or a person promotes the rollout."
    )
    figures = {"elapsed": situation.window_seconds, "stage": float(situation.stage)}
    sample = situation.seen.stage.candidate.served
    kind = Kind.PAUSE if situation.overdue else Kind.ERROR
    begins = "Paused" if situation.overdue else "Could not be judged"
    return Verdict(
        kind, ERROR, f"{begins}: {stays}", figures, rule, None, sample, situation.window_seconds
    )
