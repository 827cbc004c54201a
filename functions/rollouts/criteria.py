"""What a candidate must show before it may advance. Pure."""

from __future__ import annotations

from math import log, sqrt

from functions.rollouts import latency, watched
from functions.rollouts.alarmed import holding, said
from functions.rollouts.checking import CHECK, struck
from functions.rollouts.durations import duration
from functions.rollouts.harm import error_rate
from functions.rollouts.means import Want, control_mean, mean_of, unmet
from functions.rollouts.plan import Criteria, Plan, Without
from functions.rollouts.suspicion import e_value, evidence_so_far
from functions.rollouts.verdict import (
    ALERTING,
    ALWAYS_VALID,
    COUNT,
    LIMIT,
    Kind,
    Situation,
    Verdict,
    figures_of,
    percent,
)

NO_DATA = "no data"


def criteria(plan: Plan, situation: Situation) -> Verdict | None:
    """What the stage still needs: NO_DATA or INCONCLUSIVE; past its deadline what the plan says."""
    want = _missing(plan, situation)
    if want is None:
        return None
    rule, waiting = want
    kind = Kind.NO_DATA if rule == NO_DATA else Kind.INCONCLUSIVE
    figures = _figures(plan, situation)
    found = _found(plan, rule, situation)
    if not situation.overdue:
        return Verdict(kind, rule, f"Waiting: {waiting}", figures, *found)
    then = plan.on_no_data if kind is Kind.NO_DATA else plan.on_inconclusive
    back = then is Without.ROLL_BACK
    begins = "Rolled back" if back else "Paused"
    return Verdict(
        Kind.FAIL if back else Kind.PAUSE,
        rule,
        f"{begins}: it could not prove itself healthy in the time planned. "
        f"{waiting[:1].upper()}{waiting[1:]}",
        figures,
        *found,
    )


def _missing(plan: Plan, situation: Situation) -> Want | None:
    """The first thing that the stage still needs."""
    return (
        _too_few(plan, situation)
        or _too_early(situation)
        or _too_many_errors(plan, situation)
        or unmet(plan, situation)
        or _spent(plan, situation)
        or _suspected(plan, situation)
        or _firing(situation)
    )


def _too_few(plan: Plan, situation: Situation) -> Want | None:
    stage, needed = situation.seen.stage, plan.criteria_at(situation.stage).requests
    requests = stage.candidate.served
    if not requests:
        return NO_DATA, "nobody has used the new version since the last change."
    if requests < needed:
        return (
            "requests",
            f"{requests:,} of the {needed:,} requests needed on the new version so far.",
        )
    comparable = 0 if situation.audience else _control_needed(needed, situation.share)
    if stage.control.served < comparable:
        return (
            "control",
            f"{stage.control.served:,} of the {comparable:,} requests on the old version that a "
            "comparison takes.",
        )
    return None


def _too_early(situation: Situation) -> Want | None:
    if situation.elapsed >= situation.needed:
        return None
    left = duration(situation.needed - situation.elapsed)
    return "time", f"healthy so far; {left} to go."


def _too_many_errors(plan: Plan, situation: Situation) -> Want | None:
    failed, most = error_rate(situation.seen.stage.candidate), _criteria(plan, situation).error_rate
    if failed <= most:
        return None
    return (
        "criteria",
        f"{percent(failed)} of requests to the new version failed; "
        f"at most {percent(most)} may before it advances.",
    )


def _spent(plan: Plan, situation: Situation) -> Want | None:
    lacking = overspent(plan, situation.budget_left, situation.stage)
    return ("budget", lacking) if lacking else None


def _suspected(plan: Plan, situation: Situation) -> Want | None:
    if evidence_so_far(plan, situation) <= log(sqrt(1.0 / plan.alpha)):
        return None
    return "suspicion", "more users of the new version hit errors than chance explains well."


def _firing(situation: Situation) -> Want | None:
    critical = holding(situation)
    return ("alarm", said(critical[0], situation)) if critical else None


def _criteria(plan: Plan, situation: Situation) -> Criteria:
    return plan.criteria_at(situation.stage)


def _found(plan: Plan, rule: str, situation: Situation) -> tuple[str, float | None, int, float]:
    """Method, value, sample and window of what is not met yet."""
    candidate = situation.seen.stage.candidate
    window = situation.window_seconds
    served = candidate.served
    if rule == "criteria":
        return LIMIT, round(error_rate(candidate), 4), served, window
    if rule == "suspicion":
        weight = evidence_so_far(plan, situation)
        return ALWAYS_VALID, e_value(weight), served, window
    if rule == "budget":
        left = situation.budget_left
        return LIMIT, None if left is None else round(left, 4), served, window
    if rule == "alarm":
        return ALERTING, None, served, window
    if rule in ("samples", "measures", "worse", "check"):
        return LIMIT, None, served, window
    if rule == "time":
        return COUNT, window, served, window
    return (
        COUNT,
        served if rule != "control" else situation.seen.stage.control.served,
        served,
        window,
    )


def overspent(plan: Plan, left: float | None, stage: int = 0) -> str | None:
    """Why what is left of the service's error budget doesn't do; None when it does, or nobody asks
    for it."""
    needed = plan.criteria_at(stage).budget
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
    wanted = _criteria(plan, situation)
    figures = {
        **figures_of(situation),
        **latency.figures(situation),
        "needed_requests": wanted.requests,
        "needed_error_rate": wanted.error_rate,
    }
    if wanted.budget is not None and situation.budget_left is not None:
        figures["budget_left"] = round(situation.budget_left, 4)
    for each in wanted.measures:
        count, mean = mean_of(each.name, situation.seen.stage.candidate, situation)
        figures[f"values_of_{each.name}"] = count
        theirs, of_control = control_mean(each.name, situation)
        if each.worse_by is not None:
            figures[f"values_of_{each.name}_control"] = theirs
        for suffix, found in (("", mean), ("_control", of_control)):
            if found is not None:
                figures[f"mean_of_{each.name}{suffix}"] = round(found, 4)
    for struck_one in struck(plan, situation):
        name = struck_one.check.metric
        value = watched.value(struck_one.check, struck_one.over.candidate, situation.score)
        figures[f"{CHECK}{name}"] = round(value or 0.0, 4)
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
        COUNT,
        round(error_rate(stage.candidate), 4),
        stage.candidate.served,
        situation.window_seconds,
    )
