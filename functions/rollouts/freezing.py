"""How the control was before a split begins, read and kept with the start.

Its stored hours of the last week, and the slots that the step has at hand anyway. Read once, when
the split begins: a rollout that waits for its opening costs nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

from functions import log
from functions.documents import Scope, Store
from functions.errors import StoreUnavailable
from functions.metrics.hour_store import HOURS, of_service
from functions.metrics.hours import hour_start
from functions.metrics.performance import Score, score_of
from functions.metrics.windows import Window
from functions.rollouts.baseline import HISTORY_SECONDS, freeze
from functions.rollouts.plan import Plan
from functions.rollouts.transition import Transition

Scores = Mapping[str, Score]
USUALLY: Scores = MappingProxyType({})
"""Where nobody decided how services are scored."""


def with_baseline(
    store: Store, scope: Scope, moving: Transition, slots: Sequence[Window], scores: Scores
) -> Transition:
    """The transition; one that begins the first split with what the control was until now."""
    rollout, now = moving.after, moving.occasion.now
    if moving.before.shift is not None or rollout.shift is None:
        return moving
    control = rollout.arms.control
    frozen = freeze(
        control,
        [*_hours(store, scope, control.service, now), *slots],
        _named(rollout.plan),
        now,
        score_of(rollout.service, scores),
    )
    return replace(moving, after=replace(rollout, frozen=frozen))


def _named(plan: Plan) -> list[str]:
    """The measures that the plan compares with the control."""
    demanded = [
        each for stage in range(len(plan.stages)) for each in plan.criteria_at(stage).measures
    ]
    return sorted({each.metric for each in plan.checks} | {each.name for each in demanded})


def _hours(store: Store, scope: Scope, service: str, now: float) -> list[Window]:
    """None when they can't be read now: a start, and what else is committed with it, doesn't wait
    for what only makes the judge see better."""
    since = hour_start(now - HISTORY_SECONDS)
    try:
        return [each for page in of_service(store, scope, HOURS, service, since) for each in page]
    except StoreUnavailable as error:
        log.exception("history of a control unread", error, service=service)
        return []
