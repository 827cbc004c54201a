"""Which plans can't work: they could never advance, or never be taken back. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from functions.errors import InvalidArgument
from functions.rollouts import criterion
from functions.rollouts.durations import DAY, duration
from functions.rollouts.plan import Plan

MAXIMUM_STAGES = 20
LONGEST = 90 * DAY
SMALLEST_PERCENTAGE = 0.01


def validate(plan: Plan) -> Plan:
    """The plan, or InvalidArgument that says why it could never advance or never take back."""
    problems = [*_stage_problems(plan), *_ending_problems(plan), *_judgement_problems(plan)]
    if problems:
        raise InvalidArgument(f"This plan can't work. {' '.join(problems)}")
    return plan


def _stage_problems(plan: Plan) -> list[str]:
    if not 1 <= len(plan.stages) <= MAXIMUM_STAGES:
        return [f"It needs 1 to {MAXIMUM_STAGES} stages."]
    problems = []
    before = 0.0
    for number, stage in enumerate(plan.stages, 1):
        if not SMALLEST_PERCENTAGE <= stage.percentage <= 100.0:
            problems.append(f"Stage {number} needs a percentage from 0.01 to 100.")
        elif round(stage.percentage, 2) != stage.percentage:
            problems.append(f"Stage {number}: a percentage has at most two decimals.")
        elif stage.percentage <= before:
            problems.append(f"Stage {number} does not raise the percentage.")
        if not 0.0 <= stage.bake_seconds <= LONGEST:
            problems.append(f"Stage {number} bakes for 0 s to 90 days.")
        if not stage.bake_seconds < stage.max_wait_seconds <= LONGEST:
            problems.append(
                f"Stage {number} could never advance: it would pause after "
                f"{duration(stage.max_wait_seconds)}, before it has baked for "
                f"{duration(stage.bake_seconds)}."
            )
        before = stage.percentage
    return problems


def _ending_problems(plan: Plan) -> list[str]:
    problems = []
    if not plan.stages or plan.stages[-1].percentage != 100.0:
        problems.append("The last stage must be 100 %: otherwise it never ends.")
    if not 0.0 <= plan.holdback <= 50.0 or round(plan.holdback, 2) != plan.holdback:
        problems.append("The holdback is 0 to 50 %, with at most two decimals.")
    elif len(plan.stages) > 1 and plan.stages[-2].percentage >= 100.0 - plan.holdback:
        problems.append(
            f"The stage before the last takes from the holdback of {plan.holdback:g} %: "
            "users would be moved out again at 100 %."
        )
    if not 0.0 <= plan.watch_seconds <= LONGEST:
        problems.append("The watch lasts 0 s to 90 days.")
    return problems


def _judgement_problems(plan: Plan) -> list[str]:
    limits, criteria = plan.limits, plan.criteria
    checks: Sequence[tuple[bool, str]] = (
        (0.0 < plan.alpha <= 0.2, "`alpha` is above 0 and at most 0.2."),
        (1.0 <= plan.tolerance <= 10.0, "`tolerance` is 1 to 10."),
        (0.0 < limits.error_rate < 1.0, "With this `error_rate` errors could never take it back."),
        (0.0 < limits.slow_rate < 1.0, "With this `slow_rate` it could never be too slow."),
        (0.0 < limits.memory < 1.0, "With this `memory` it could never use too much."),
        (1 <= limits.strikes <= 10, "`strikes` is 1 to 10."),
        (1 <= limits.check_requests <= 10_000, "`check_requests` is 1 to 10,000."),
        (
            limits.error_rate <= limits.disaster_rate < 1.0,
            "`disaster_rate` is at least `error_rate` and below 1.",
        ),
        (5 <= limits.disaster_requests <= 10_000, "`disaster_requests` is 5 to 10,000."),
        (
            1 <= criteria.requests <= 10_000_000,
            "Without a least number of requests it would advance on no data.",
        ),
        (
            0.0 <= criteria.error_rate <= limits.error_rate,
            "It may not advance on more errors than the limit that takes it back.",
        ),
        (
            criteria.budget is None or 0.0 <= criteria.budget <= 1.0,
            "`budget` is the share of the error budget that must be left, 0 to 1.",
        ),
    )
    found = [message for holds, message in checks if not holds]
    return [*found, *criterion.problems(criteria.measures)]
