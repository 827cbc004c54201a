"""What a stage demands of the measures that its service reports. Pure."""

from __future__ import annotations

from functions.metrics.tally import Tally
from functions.rollouts import watched
from functions.rollouts.check import Check
from functions.rollouts.checking import LEAST_COMPARED, struck
from functions.rollouts.criterion import HIGHER, LOWER, Criterion, number
from functions.rollouts.plan import Plan
from functions.rollouts.verdict import Situation, percent

Want = tuple[str, str]
"""The rule that is not met yet, and the words for what it takes."""


def unmet(plan: Plan, situation: Situation) -> Want | None:
    """The first measure that has too few values, or whose mean is out of bounds, or worse than the
    control's; or a check that is beyond its bound now."""
    for each in plan.criteria_at(situation.stage).measures:
        count, mean = mean_of(each.name, situation.seen.stage.candidate, situation)
        if mean is None or count < each.samples:
            return (
                "samples",
                f"{count:,} of the {each.samples:,} values of `{each.name}` needed of the "
                "new version so far.",
            )
        if not each.holds(mean):
            return (
                "measures",
                f"the mean of `{each.name}` is {number(mean)} on the new version; "
                f"{each.bounds} is needed before it advances.",
            )
        lacking = _incomparable(each, situation)
        if lacking:
            return "samples", lacking
        behind = _behind(each, mean, situation)
        if behind is not None:
            return (
                "worse",
                f"the mean of `{each.name}` is {number(mean)} on the new version and "
                f"{number(behind)} on the old one; it may be worse by at most "
                f"{percent(each.worse_by or 0.0)} before it advances.",
            )
    for found in struck(plan, situation):
        return (
            "check",
            f"`{found.check.metric}` of the new version is beyond its bound, though the old one "
            "may be as bad.",
        )
    return None


def _incomparable(criterion: Criterion, situation: Situation) -> str:
    """What is said where the control has too few values to be compared with, or had before the
    rollout where nobody is left on it."""
    if criterion.worse_by is None or situation.audience:
        return ""
    count, _ = control_mean(criterion.name, situation)
    needed = min(criterion.samples, LEAST_COMPARED)
    if count >= needed:
        return ""
    return (
        f"{count:,} of the {needed:,} values of `{criterion.name}` on the old version that a "
        "comparison takes."
    )


def _behind(criterion: Criterion, mean: float, situation: Situation) -> float | None:
    """The control's mean, when the candidate's is worse by more than the criterion allows."""
    if criterion.worse_by is None or situation.audience:
        return None
    _, theirs = control_mean(criterion.name, situation)
    if theirs is None:
        return None
    allowed = criterion.worse_by * abs(theirs)
    gap = theirs - mean if criterion.better == HIGHER else mean - theirs
    worse = abs(gap) if criterion.better not in (HIGHER, LOWER) else gap
    return theirs if worse > allowed else None


def mean_of(name: str, tally: Tally, situation: Situation) -> tuple[int, float | None]:
    """How many values of it there are, and their mean."""
    demanded = Check(name)
    found = watched.sums(tally, watched.parts_of(demanded, situation.score))
    return (
        watched.samples(demanded, found, situation.score),
        watched.value(demanded, found, situation.score),
    )


def control_mean(name: str, situation: Situation) -> tuple[int, float | None]:
    """Of the control now, or before the rollout where nobody is left on it."""
    if situation.share < 1.0:
        return mean_of(name, situation.seen.stage.control, situation)
    kept = situation.frozen.measures.get(name) if situation.frozen else None
    return (kept.count, kept.mean) if kept else (0, None)
