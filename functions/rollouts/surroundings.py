"""What there is around a rollout, as it is published: measures, scores, health, segments."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from functions.alerts.objectives.scoring import score_from
from functions.alerts.objectives.store import SCORES
from functions.documents import Reads, Scope
from functions.flags.validation import KEY
from functions.metrics.apps.declared import demandable, read_all
from functions.metrics.measures import Known
from functions.metrics.performance import score_of
from functions.published import DECLARED
from functions.readable import readable
from functions.rollouts.fitting import Surroundings
from functions.rollouts.plan import Plan

SERVING = "serving"
SEGMENTS = "segments"

Part = Callable[[str], Any]
"""A published part by its name; {} when there is none."""

Measured = Mapping[str, Mapping[str, Known]]
"""By service, the measures that it reports. Handed in: the room that reports them knows."""


def around(
    reads: Reads, scope: Scope, part: Part, service: str, plan: Plan, measured: Measured
) -> Surroundings:
    """Raises FailedPrecondition (a part is damaged), StoreUnavailable."""
    from_apps = demandable(read_all(part(DECLARED)).values()) if service else {}
    scores = readable(part(SCORES.collection), lambda _service, each: score_from(each))[0]
    serving: Mapping[str, Any] = part(SERVING).get(service, {})
    return Surroundings(
        service=service,
        reported={**from_apps, **measured.get(service, {})},
        target_ms=score_of(service, scores).target_ms,
        probed=bool(serving.get("health_url")),
        audiences=_existing(reads, scope, plan),
    )


def _existing(reads: Reads, scope: Scope, plan: Plan) -> frozenset[str]:
    """The segments that there are, of those that the plan names."""
    named = {stage.audience for stage in plan.stages if stage.audience}
    paths = {scope.doc(SEGMENTS, key): key for key in named if KEY.fullmatch(key)}
    found = reads.get_many(sorted(paths)) if paths else {}
    return frozenset(key for path, key in paths.items() if found.get(path) is not None)
