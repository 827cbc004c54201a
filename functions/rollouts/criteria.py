"""What a candidate must show before it may advance. Pure."""

from __future__ import annotations

from math import log, sqrt

from functions.metrics.tally import Tally
from functions.rollouts.alarmed import holding, said
from functions.rollouts.criterion import number
from functions.rollouts.durations import duration
from functions.rollouts.harm import error_rate, evidence_so_far
from functions.rollouts.plan import Plan
from functions.rollouts.verdict import Kind, Situation, Verdict, figures_of, percent


def criteria(plan: Plan, situation: Situation) -> Verdict | None:
    """What the stage still needs: NO_DATA or INCONCLUSIVE, past its deadline PAUSE."""
    kind, rule, waiting = _missing(plan, situation)
    if kind is None:
        return None
    figures = _figures(plan, situation) | {"needed_requests": plan.criteria.requests}
    if situation.overdue:
        return Verdict(
            Kind.PAUSE,
            rule,
            "Paused: it could not prove itself healthy in the time planned. "
            f"{waiting[:1].upper()}{waiting[1:]}",
            figures,
        )
    return Verdict(kind, rule, f"Waiting: {waiting}", figures)


def _missing(plan: Plan, situation: Situation) -> tuple[Kind | None, str, str]:
    """What the stage still needs: kind and rule of the verdict, and the words for it."""
    stage = situation.seen.stage
    candidate = stage.candidate
    requests, needed = candidate.served, plan.criteria.requests
    failed = error_rate(candidate)
    if not requests:
        return Kind.NO_DATA, "no data", "nobody has used the new version since the last change."
    if requests < needed:
        return (
            Kind.INCONCLUSIVE,
            "requests",
            f"{requests:,} of the {needed:,} requests needed on the new version so far.",
        )
    comparable = _control_needed(needed, situation.share)
    if stage.control.served < comparable:
        return (
            Kind.INCONCLUSIVE,
            "control",
            f"{stage.control.served:,} of the {comparable:,} requests on the old version that a "
            "comparison takes.",
        )
    if situation.elapsed < situation.needed:
        left = duration(situation.needed - situation.elapsed)
        return Kind.INCONCLUSIVE, "time", f"healthy so far; {left} to go."
    if failed > plan.criteria.error_rate:
        return (
            Kind.INCONCLUSIVE,
            "criteria",
            f"{percent(failed)} of requests to the new version failed; "
            f"at most {percent(plan.criteria.error_rate)} may before it advances.",
        )
    unmet = _unmet(plan, candidate)
    if unmet:
        return Kind.INCONCLUSIVE, *unmet
    lacking = overspent(plan, situation.budget_left)
    if lacking:
        return Kind.INCONCLUSIVE, "budget", lacking
    if evidence_so_far(plan, situation) > log(sqrt(1.0 / plan.alpha)):
        return (
            Kind.INCONCLUSIVE,
            "suspicion",
            "more users of the new version hit errors than chance explains well.",
        )
    critical = holding(situation)
    if critical:
        return Kind.INCONCLUSIVE, "alarm", said(critical[0], situation)
    return None, "", ""


def _unmet(plan: Plan, candidate: Tally) -> tuple[str, str] | None:
    """The first measure that has too few values, or whose mean is out of bounds: rule and words."""
    for each in plan.criteria.measures:
        measure = candidate.measure(each.name)
        if measure.mean is None or measure.count < each.samples:
            return (
                "samples",
                f"{measure.count:,} of the {each.samples:,} values of `{each.name}` needed of the "
                "new version so far.",
            )
        if not each.holds(measure.mean):
            return (
                "measures",
                f"the mean of `{each.name}` is {number(measure.mean)} on the new version; "
                f"{each.bounds} is needed before it advances.",
            )
    return None


def overspent(plan: Plan, left: float | None) -> str | None:
    """Why what is left of the service's error budget doesn't do; None when it does, or nobody asks
    for it."""
    needed = plan.criteria.budget
    if needed is None or (left is not None and left >= needed):
        return None
    if left is None:
        return (
            "nobody knows what is left of the service's error budget: it has no objective, or "
            "nothing has been counted for one of them yet."
        )
    share = f"{percent(left)} is left" if left > 0 else "nothing is left"
    return f"{share} of the service's error budget; at least {percent(needed)} is needed."


def _figures(plan: Plan, situation: Situation) -> dict[str, float]:
    """Those of the situation, and of what the plan demands the means of both arms."""
    figures = figures_of(situation)
    if plan.criteria.budget is not None and situation.budget_left is not None:
        figures["budget_left"] = round(situation.budget_left, 4)
    stage = situation.seen.stage
    for each in plan.criteria.measures:
        figures[f"values_of_{each.name}"] = stage.candidate.measure(each.name).count
        for tally, suffix in ((stage.candidate, ""), (stage.control, "_control")):
            mean = tally.measure(each.name).mean
            if mean is not None:
                figures[f"mean_of_{each.name}{suffix}"] = round(mean, 4)
    return figures


def _control_needed(requests: int, share: float) -> int:
    """Half of what the split lets expect beside so many requests of the candidate, and some."""
    if share >= 1.0:
        return 0
    return max(1, round(requests * min(1.0, (1.0 - share) / share) / 2))


def healthy(plan: Plan, situation: Situation) -> Verdict:
    """PASS, with what was seen."""
    stage = situation.seen.stage
    return Verdict(
        Kind.PASS,
        "healthy",
        f"Healthy: {stage.candidate.failures:,} of {stage.candidate.served:,} requests to the new "
        f"version failed, {stage.control.failures:,} of {stage.control.served:,} on the old one.",
        _figures(plan, situation),
    )
