"""Whether a plan fits the service that it is for, and what of a template is left out there. Pure.

A template names what most services report. What is `optional` in it and isn't reported is left out,
and so is a bound on slowness that lies below what the service itself takes for fast.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace

from functions.metrics.measures import Known
from functions.metrics.performance import USUAL
from functions.rollouts import check, criterion, own
from functions.rollouts.check import Check
from functions.rollouts.criterion import Criterion, resolved
from functions.rollouts.plan import Criteria, Plan

VERSION_SUFFIX = ".version"
UNREPORTED, SLOWER = "unreported", "slower"


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What there is around a rollout.

    service     whose versions are rolled out; "": nobody's
    reported    the measures that it reports, and that apps do
    target_ms   what its users are content with, as its score has it
    probed      whether its health is asked for
    audiences   segments of the environment, of those that the plan names at least
    """

    service: str
    reported: Mapping[str, Known] = field(default_factory=dict)
    target_ms: int = USUAL.target_ms
    probed: bool = False
    audiences: Collection[str] = ()

    @property
    def measured(self) -> Mapping[str, Known]:
        """With what Palier measures by itself."""
        if not self.service:
            return self.reported
        of_service = {name: known for name, known in own.OWN.items() if self._measures(name)}
        return {**self.reported, **of_service}

    @property
    def demandable(self) -> Mapping[str, Known]:
        """What may be demanded before a stage advances."""
        return {
            name: known
            for name, known in self.measured.items()
            if name not in own.OWN or name in own.DEMANDABLE
        }

    def _measures(self, name: str) -> bool:
        return self.probed or name not in own.PROBED


@dataclass(frozen=True, slots=True)
class LeftOut:
    """`why` is UNREPORTED, or SLOWER: the service is slower than that when all is well."""

    name: str
    why: str


def service_of(flag: str) -> str:
    """The service whose versions a flag's variants are: `stories` of `stories.version`; "" of flags
    with other names."""
    return flag.removesuffix(VERSION_SUFFIX) if flag.endswith(VERSION_SUFFIX) else ""


def fitted(plan: Plan, around: Surroundings) -> Plan:
    """The plan without what is optional and can't be there, as its service measures things."""
    stages = tuple(
        replace(stage, criteria=_fitted(stage.criteria, around)) if stage.criteria else stage
        for stage in plan.stages
    )
    checks = tuple(each for each in plan.checks if not each.optional or _can_act(each, around))
    return replace(plan, stages=stages, criteria=_fitted(plan.criteria, around), checks=checks)


def left_out(asked: Plan, plan: Plan, service: str) -> tuple[LeftOut, ...]:
    """What of the plan that was asked for isn't in the one that was made of it, each once."""
    kept = {each.metric for each in plan.checks} | set(_demanded(plan))
    names = [*_demanded(asked), *(each.metric for each in asked.checks)]
    return tuple(
        LeftOut(name, SLOWER if service and name == own.P95 else UNREPORTED)
        for name in dict.fromkeys(names)
        if name not in kept
    )


def misfits(plan: Plan, around: Surroundings) -> list[str]:
    """Why this plan can't work here; a sentence each."""
    audiences = dict.fromkeys(stage.audience for stage in plan.stages if stage.audience)
    found = [
        f"There is no segment {audience!r} in this environment: nobody would ever get it."
        for audience in audiences
        if audience not in around.audiences
    ]
    for criteria in (plan.criteria, *(stage.criteria for stage in plan.stages)):
        if criteria is not None:
            found += criterion.misplaced(criteria.measures, around.service, around.demandable)
    found += check.misplaced(plan.checks, around.service, around.measured)
    return list(dict.fromkeys(found))


def _fitted(criteria: Criteria, around: Surroundings) -> Criteria:
    there_are = around.demandable
    measures = tuple(
        resolved(each, there_are.get(each.name))
        for each in criteria.measures
        if not each.optional or each.name in there_are
    )
    return replace(criteria, measures=measures)


def _can_act(one: Check, around: Surroundings) -> bool:
    slower = one.metric == own.P95 and one.above is not None and one.above < around.target_ms
    return one.metric in around.measured and not slower


def _demanded(plan: Plan) -> list[str]:
    demands: list[Criterion] = [*plan.criteria.measures]
    for stage in plan.stages:
        if stage.criteria is not None:
            demands += stage.criteria.measures
    return [each.name for each in demands]
