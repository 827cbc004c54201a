"""Which plans can't work: they could never advance, or never be taken back. Pure.

What depends on the service, its measures and the segments of the environment is in fitting.py.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import pairwise

from functions.errors import InvalidArgument
from functions.metrics.labels import OTHER_CODE
from functions.metrics.observation import CODE, OK
from functions.rollouts import check, opening
from functions.rollouts.demands import criteria_problems, limits_problems
from functions.rollouts.durations import DAY, duration
from functions.rollouts.plan import RAISES, START, Plan, Type

MAXIMUM_STAGES = 20
LONGEST = 90 * DAY
SMALLEST_PERCENTAGE = 0.01
CANARY_PERCENTAGE = 25.0
LONGEST_HOTFIX = DAY
MAXIMUM_CRITICAL = 20


def validate(plan: Plan) -> Plan:
    """The plan, or InvalidArgument that says why it could never advance or never take back."""
    problems = [
        *_stage_problems(plan),
        *_audience_problems(plan),
        *_ending_problems(plan),
        *_type_problems(plan),
        *_judgement_problems(plan),
        *check.problems(plan.checks),
        *check.too_patient(plan.checks, _longest(plan)),
        *opening.problems(plan.openings),
    ]
    if problems:
        raise InvalidArgument(f"This plan can't work. {' '.join(problems)}")
    return plan


def _stage_problems(plan: Plan) -> Iterator[str]:
    if not 1 <= len(plan.stages) <= MAXIMUM_STAGES:
        yield f"It needs 1 to {MAXIMUM_STAGES} stages."
        return
    before, audience = 0.0, ""
    for number, stage in enumerate(plan.stages, 1):
        opened = bool(audience) and not stage.audience and stage.percentage == before
        if not SMALLEST_PERCENTAGE <= stage.percentage <= 100.0:
            yield f"Stage {number} needs a percentage from 0.01 to 100."
        elif round(stage.percentage, 2) != stage.percentage:
            yield f"Stage {number}: a percentage has at most two decimals."
        elif stage.percentage <= before and not opened:
            yield f"Stage {number} does not raise the percentage."
        if not 0.0 <= stage.bake_seconds <= LONGEST:
            yield f"Stage {number} bakes for 0 s to 90 days."
        if not stage.bake_seconds < stage.max_wait_seconds <= LONGEST:
            yield (
                f"Stage {number} could never advance: its time is over after "
                f"{duration(stage.max_wait_seconds)}, before it has baked for "
                f"{duration(stage.bake_seconds)}."
            )
        before, audience = stage.percentage, stage.audience


def _audience_problems(plan: Plan) -> Iterator[str]:
    """Nobody may be moved out again: whoever has it in one stage has it in the next."""
    audiences = [stage.audience for stage in plan.stages]
    if any(audiences) and audiences[-1]:
        yield "The last stage is for everybody, without an `audience`: otherwise it never ends."
    if len(set(audiences) - {""}) > 1:
        yield "All stages with an `audience` have the same one: users would be moved out again."
    for number, (one, following) in enumerate(pairwise(audiences), 2):
        if following and not one:
            yield (
                f"Stage {number} is for an audience after one for everybody: users would be moved "
                "out again. Stages with an `audience` come first."
            )


def _ending_problems(plan: Plan) -> Iterator[str]:
    if not plan.stages or plan.stages[-1].percentage != 100.0:
        yield "The last stage must be 100 %: otherwise it never ends."
    if not 0.0 <= plan.holdback <= 50.0 or round(plan.holdback, 2) != plan.holdback:
        yield "The holdback is 0 to 50 %, with at most two decimals."
    elif _eats_holdback(plan):
        yield (
            f"The stage before the last takes from the holdback of {plan.holdback:g} %: "
            "users would be moved out again at 100 %."
        )
    if not 0.0 <= plan.watch_seconds <= LONGEST:
        yield "The watch lasts 0 s to 90 days."


def _eats_holdback(plan: Plan) -> bool:
    """An audience's stage is widened by the last one, whatever its percentage."""
    if len(plan.stages) < 2 or plan.stages[-2].audience:
        return False
    return plan.stages[-2].percentage >= 100.0 - plan.holdback


def _type_problems(plan: Plan) -> Iterator[str]:
    """What the kind of deployment promises."""
    first = plan.stages[0].percentage if plan.stages else 0.0
    if plan.type is Type.MANUAL and plan.automatic:
        yield "A manual deployment is advanced by people: `automatic` is false."
    if plan.type is Type.CANARY and (len(plan.stages) < 2 or first > CANARY_PERCENTAGE):
        yield (
            f"A canary begins with a stage of {CANARY_PERCENTAGE:g} % or less and has another "
            "after it: otherwise nothing is tried on few."
        )
    if plan.type is Type.BLUE_GREEN and (len(plan.stages) != 1 or plan.holdback):
        yield (
            "A blue-green deployment switches everybody at once: one stage of 100 %, without a "
            "holdback."
        )
    least = sum(stage.bake_seconds for stage in plan.stages)
    if plan.type is Type.HOTFIX and least > LONGEST_HOTFIX:
        yield (
            f"A hotfix that takes {duration(least)} at least is none: its stages bake for 1 day "
            "together at most."
        )


def _judgement_problems(plan: Plan) -> Iterator[str]:
    if not 0.0 < plan.alpha <= 0.2:
        yield "`alpha` is above 0 and at most 0.2."
    if not 1.0 <= plan.tolerance <= 10.0:
        yield "`tolerance` is 1 to 10."
    if plan.open_for not in (START, RAISES):
        yield f"`open_for` is `{START}` or `{RAISES}`."
    yield from limits_problems(plan.limits)
    yield from criteria_problems(plan.criteria, plan.limits)
    for number, stage in enumerate(plan.stages):
        where = f"Stage {number + 1}: "
        if stage.limits is not None:
            yield from (f"{where}{each}" for each in limits_problems(stage.limits))
        if stage.limits is not None or stage.criteria is not None:
            found = criteria_problems(plan.criteria_at(number), plan.limits_at(number))
            yield from (f"{where}{each}" for each in found)
    yield from _critical_problems(plan.critical)


def _longest(plan: Plan) -> float:
    """How long a stage or the watch may last. A step by a person takes as long as it takes."""
    if not plan.automatic:
        return math.inf
    last = plan.stages[-1].max_wait_seconds if plan.stages else 0.0
    return max([plan.watch_seconds + last, *(each.max_wait_seconds for each in plan.stages)])


def _critical_problems(codes: tuple[str, ...]) -> Iterator[str]:
    if len(codes) > MAXIMUM_CRITICAL:
        yield f"At most {MAXIMUM_CRITICAL} codes may be `critical`."
    if len(set(codes)) < len(codes):
        yield "A code is `critical` once."
    for code in codes:
        if not CODE.fullmatch(code) or code in (OK, OTHER_CODE):
            yield f"{code[:40]!r} is not the code of an error: it could never take anything back."
