"""Do more of the candidate's users fail than chance explains? Asked as often as one likes. Pure.

Compared with the control where the split leaves one, by the users that fail of both; where it
doesn't, with how the control was before (baseline.py). In a stage for an audience chance didn't
choose the users, so nothing is compared.
"""

from __future__ import annotations

from math import exp, log

from functions.rollouts import spending
from functions.rollouts.baseline import tried_and_failing
from functions.rollouts.evidence import failing, part_of_level, sampled_failing
from functions.rollouts.harm import LEAST_FAILING_USERS
from functions.rollouts.plan import Plan
from functions.rollouts.sampled import level_of, sample
from functions.rollouts.verdict import (
    ALWAYS_VALID,
    LARGEST_FIGURE,
    Kind,
    Situation,
    Verdict,
    percent,
)
from functions.stats.e_process import Failing, expected_failing, log_e_value, log_evidence


def stage_evidence(plan: Plan, situation: Situation) -> float:
    """The log e-value of this stage alone, kept when it is left."""
    if situation.audience:
        return 0.0
    if situation.share < 1.0:
        counts, level = sampled_failing(situation.seen.stage, situation.share)
        return log_e_value(counts, plan.tolerance) + log(part_of_level(level))
    counts, level = _against_before(plan, situation)
    return log_e_value(counts) + log(part_of_level(level))


def evidence_so_far(plan: Plan, situation: Situation) -> float:
    """The log e-value of the whole ramp, this stage included."""
    stages = [*situation.closed, stage_evidence(plan, situation)]
    return log_evidence(stages, planned=len(plan.stages) + 1)


def needed(plan: Plan) -> float:
    """The e-value at which the candidate is taken back."""
    return 1.0 / (plan.alpha * spending.ERRORS)


def evidence(plan: Plan, situation: Situation) -> Verdict | None:
    """So many more of the candidate's users fail than the split explains: FAIL at once."""
    stage = situation.seen.stage
    if situation.audience or len(stage.candidate.users_failing) < LEAST_FAILING_USERS:
        return None
    weight = evidence_so_far(plan, situation)
    if weight < log(needed(plan)):
        return None
    figures = {
        "e_value": e_value(weight),
        "needed": round(needed(plan), 2),
        "share": situation.share,
    }
    found = _found_before if situation.share >= 1.0 else _found_beside
    return found(plan, situation, figures)


def e_value(weight: float) -> float:
    """For people and JSON, from its logarithm."""
    return round(min(exp(min(weight, 30.0)), LARGEST_FIGURE), 2)


def _found_beside(_plan: Plan, situation: Situation, figures: dict[str, float]) -> Verdict | None:
    counts = failing(situation.seen.stage, situation.share)
    if counts.candidate < LEAST_FAILING_USERS:
        return None
    expected = expected_failing(counts)
    return Verdict(
        Kind.FAIL,
        "evidence",
        f"Rolled back: {counts.candidate} users hit errors on the new version; "
        f"{_about(expected)} expected if it were as healthy as the old one.",
        {
            "failing_users": counts.candidate,
            "expected_failing_users": round(expected, 2),
            "failing_users_control": counts.control,
            **figures,
        },
        method=ALWAYS_VALID,
        value=counts.candidate,
        sample=situation.seen.stage.candidate.served,
        window_seconds=situation.window_seconds,
    )


def _found_before(plan: Plan, situation: Situation, figures: dict[str, float]) -> Verdict:
    users, tried = tried_and_failing(situation.seen.stage.candidate)
    usual = situation.frozen.failing if situation.frozen else 1.0
    about = "about " if level_of(situation.seen.stage.candidate.users_failing) else ""
    return Verdict(
        Kind.FAIL,
        "evidence",
        f"Rolled back: {about}{users:,} of {tried:,} tries on the new version ended in an error; "
        f"before the rollout the old one stayed below {percent(usual)}.",
        {
            "failing_users": users,
            "tried": tried,
            "usual": round(usual, 5),
            "tolerance": plan.tolerance,
            **figures,
        },
        method=ALWAYS_VALID,
        value=round(users / tried, 5) if tried else None,
        sample=tried,
        window_seconds=situation.window_seconds,
    )


def _against_before(plan: Plan, situation: Situation) -> tuple[Failing, int]:
    """Users who failed and tries that didn't, against the most that was usual of the control, and
    the level of the sample (sampled.py). Trouble of what both versions depend on is not the
    candidate's: with it nothing is compared.

    A user counts once a stage here, and once an hour in what was usual: in a stage of many hours
    those who fail in each of them weigh less, which takes the candidate for no worse than it is.
    """
    candidate, frozen = situation.seen.stage.candidate, situation.frozen
    usual = plan.tolerance * frozen.failing if frozen and frozen.known else 1.0
    if 2 * candidate.causes.get("upstream", 0) >= max(1, candidate.failures):
        usual = 1.0
    users, level = sample(candidate.users_failing)
    # Users are drawn by their hashes; of the tries that went well, as large a part is theirs.
    return Failing(users, (candidate.served - candidate.failures) / 2**level, usual), level


def _about(value: float) -> str:
    if value == 0:
        return "none"
    return f"about {value:.0f}" if value >= 1 else "at most 1"
