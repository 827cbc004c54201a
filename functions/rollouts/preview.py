"""What a plan will do, in words, before anybody gets the candidate. Pure."""

from __future__ import annotations

from functions.rollouts.durations import duration
from functions.rollouts.plan import Plan


def preview(plan: Plan) -> tuple[str, ...]:
    """What the plan will do and what it can't see, a sentence each."""
    advance = "when it proves healthy" if plan.automatic else "when a person promotes it"
    lines = [
        f"{plan.percentage(number):g} % of users for at least {duration(stage.bake_seconds)}, "
        f"then on {advance}; paused if it can't after {duration(stage.max_wait_seconds)}."
        for number, stage in enumerate(plan.stages)
    ]
    lines += [each.sentence for each in plan.criteria.measures]
    if plan.criteria.budget is not None:
        lines.append(
            f"Each stage takes {100 * plan.criteria.budget:g} % or more of the service's error "
            "budget to be left."
        )
    lines.append(f"Then it is watched for {duration(plan.watch_seconds)} and becomes the default.")
    if not plan.holdback:
        lines.append(
            "At 100 % nobody is left on the old version to compare with: only the limits "
            "on errors, slowness and memory can take it back then."
        )
    return tuple(lines)
