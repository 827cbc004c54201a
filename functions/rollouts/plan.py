"""What a rollout intends, as data. Pure.

A plan says which share of the users gets the candidate, for how long each stage bakes, what must be
seen before the next one, and what takes it all back. Seconds for times, 0..100 for percentages,
0..1 for rates.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from functions.alerts.thresholds import BY_ID
from functions.errors import InvalidArgument
from functions.rollouts import criterion
from functions.rollouts.check import Check
from functions.rollouts.criterion import Criterion
from functions.rollouts.opening import Opening

HOUR = 3600.0
DAY = 24 * HOUR
MAXIMUM_STAGES = 20
LONGEST = 90 * DAY
SMALLEST_PERCENTAGE = 0.01
START, RAISES = "start", "raises"


@dataclass(frozen=True, slots=True)
class Limits:
    """What takes the candidate back when the control doesn't suffer as well. P1's values.

    error_rate     failures a request
    slow_rate      requests over 30 s a request: above 5 % the 95th percentile is above 30 s
    memory         of the container's limit
    strikes        consecutive checks beyond a limit before it acts
    check_requests the least requests in one check
    disaster_rate  failures a request that act at once, on at least `disaster_requests`
    """

    error_rate: float = BY_ID["p1-error-rate"].threshold
    slow_rate: float = 0.05
    memory: float = BY_ID["p1-memory"].threshold
    strikes: int = 3
    check_requests: int = 20
    disaster_rate: float = 0.25
    disaster_requests: int = 20


@dataclass(frozen=True, slots=True)
class Criteria:
    """What must be seen of the candidate in a stage before it may advance.

    `measures` are what it demands of the numbers that the service reports.
    """

    requests: int = 100
    error_rate: float = 0.02
    measures: tuple[Criterion, ...] = ()
    budget: float | None = None
    """The least share of the service's error budget (0 to 1) that is left of each objective."""

    def to_view(self) -> dict[str, Any]:
        """What people with the right to see it get, as JSON."""
        return asdict(self) | {"measures": [each.to_document() for each in self.measures]}

    def to_document(self) -> dict[str, Any]:
        """As it is kept. An older bundle refuses a name that it doesn't know: what isn't
        demanded isn't named, so that bundles of both kinds can look at the other rollouts."""
        view = self.to_view()
        if not self.measures:
            del view["measures"]
        if self.budget is None:
            del view["budget"]
        return view

    @staticmethod
    def from_document(data: Mapping[str, Any]) -> Criteria:
        measures = tuple(Criterion(**each) for each in data.get("measures", ()))
        return Criteria(**{**data, "measures": measures})


@dataclass(frozen=True, slots=True)
class Stage:
    """`bake_seconds` is the least time at this percentage; after `max_wait_seconds` it pauses.

    audience   key of a segment: the percentage is one of its members; "": of everybody
    approval   a person must have let this stage begin
    criteria   what this stage demands in place of the plan's; None: the plan's
    limits     what takes it back in this stage in place of the plan's; None: the plan's
    """

    percentage: float
    bake_seconds: float
    max_wait_seconds: float
    audience: str = ""
    approval: bool = False
    criteria: Criteria | None = None
    limits: Limits | None = None

    def to_document(self) -> dict[str, Any]:
        """As it is kept; what isn't demanded isn't named, as in Criteria."""
        data: dict[str, Any] = {
            "percentage": self.percentage,
            "bake_seconds": self.bake_seconds,
            "max_wait_seconds": self.max_wait_seconds,
        }
        if self.audience:
            data["audience"] = self.audience
        if self.approval:
            data["approval"] = True
        if self.criteria is not None:
            data["criteria"] = self.criteria.to_document()
        if self.limits is not None:
            data["limits"] = asdict(self.limits)
        return data

    @staticmethod
    def from_document(data: Mapping[str, Any]) -> Stage:
        criteria, limits = data.get("criteria"), data.get("limits")
        return Stage(
            **{
                **data,
                "criteria": None if criteria is None else Criteria.from_document(criteria),
                "limits": None if limits is None else Limits(**limits),
            }
        )

    def to_view(self) -> dict[str, Any]:
        """What people with the right to see it get, as JSON: every field."""
        return {
            **asdict(self),
            "criteria": self.criteria.to_view() if self.criteria else None,
            "limits": asdict(self.limits) if self.limits else None,
        }


class Type(StrEnum):
    """What kind of deployment it is: each behaves in its own way. See docs/how-to/roll-out.md."""

    MANUAL = "manual"
    AUTOMATED = "automated"
    CANARY = "canary"
    BLUE_GREEN = "blue-green"
    HOTFIX = "hotfix"


class Without(StrEnum):
    """What follows when a stage's deadline passes without a PASS."""

    PAUSE = "pause"
    ROLL_BACK = "roll_back"


@dataclass(frozen=True, slots=True)
class Plan:
    """Stages with rising percentages up to 100, then a watch, then the candidate is the default.

    holdback    percentage of users who keep the control at "100 %", for comparison
    alpha       how often a healthy candidate may be taken back for its errors, at most
    tolerance   how many times the control's failing users the candidate may have
    automatic   False: only a person advances; the limits still take it back
    type        how it behaves as a deployment
    checks      numbers that take it back, beside the limits
    critical    codes of errors of which one alone takes it back, seen of the candidate only
    openings    when it may start (and be raised, with `open_for` "raises"); none: at any time
    open_for    "start" or "raises": what waits for an opening. A rollback never does
    on_inconclusive, on_no_data   what follows when the time is over without a PASS
    """

    name: str
    stages: tuple[Stage, ...]
    watch_seconds: float = DAY
    holdback: float = 5.0
    alpha: float = 0.01
    tolerance: float = 1.0
    automatic: bool = True
    limits: Limits = field(default_factory=Limits)
    criteria: Criteria = field(default_factory=Criteria)
    type: Type = Type.AUTOMATED
    checks: tuple[Check, ...] = ()
    critical: tuple[str, ...] = ()
    openings: tuple[Opening, ...] = ()
    open_for: str = START
    on_inconclusive: Without = Without.PAUSE
    on_no_data: Without = Without.PAUSE

    def criteria_at(self, stage: int) -> Criteria:
        return self.stages[stage].criteria or self.criteria

    def limits_at(self, stage: int) -> Limits:
        return self.stages[stage].limits or self.limits

    def percentage(self, stage: int) -> float:
        """What the split gives the candidate at a stage: the last ones leave the holdback."""
        return round(min(self.stages[stage].percentage, 100.0 - self.holdback), 2)

    @property
    def last(self) -> int:
        return len(self.stages) - 1

    def to_view(self) -> dict[str, Any]:
        """What people with the right to see it get, as JSON: every field."""
        return {
            **asdict(self),
            "stages": [stage.to_view() for stage in self.stages],
            "criteria": self.criteria.to_view(),
            "type": self.type.value,
            "checks": [asdict(each) for each in self.checks],
            "critical": list(self.critical),
            "openings": [each.to_document() for each in self.openings],
            "on_inconclusive": self.on_inconclusive.value,
            "on_no_data": self.on_no_data.value,
        }

    def to_document(self) -> dict[str, Any]:
        """As it is kept. What is as usual isn't named: older bundles know no name for it."""
        view = self.to_view()
        usual = Plan(self.name, self.stages).to_view()
        for name in _LATER_FIELDS:
            if view[name] == usual[name]:
                del view[name]
        return view | {
            "stages": [stage.to_document() for stage in self.stages],
            "criteria": self.criteria.to_document(),
        }

    @staticmethod
    def from_document(data: Mapping[str, Any]) -> Plan:
        return Plan(
            **{
                **data,
                "stages": tuple(Stage.from_document(stage) for stage in data["stages"]),
                "limits": Limits(**data["limits"]),
                "criteria": Criteria.from_document(data["criteria"]),
                "type": Type(data.get("type", Type.AUTOMATED)),
                "checks": tuple(Check(**each) for each in data.get("checks", ())),
                "critical": tuple(data.get("critical", ())),
                "openings": tuple(map(Opening.from_document, data.get("openings", ()))),
                "on_inconclusive": Without(data.get("on_inconclusive", Without.PAUSE)),
                "on_no_data": Without(data.get("on_no_data", Without.PAUSE)),
            }
        )


_LATER_FIELDS = (
    "type",
    "checks",
    "critical",
    "openings",
    "open_for",
    "on_inconclusive",
    "on_no_data",
)


def validate(plan: Plan) -> Plan:
    """The plan, or InvalidArgument that says why it could never advance or never take back."""
    problems = [*_stage_problems(plan), *_ending_problems(plan), *_judgement_problems(plan)]
    if problems:
        raise InvalidArgument(f"This plan can't work. {' '.join(problems)}")
    return plan


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


def duration(seconds: float) -> str:
    """45 s, 12 min, 3 h or 2 days: as people say it."""
    for size, name in ((DAY, "days"), (HOUR, "h"), (60.0, "min")):
        if seconds >= size:
            value = round(seconds / size, 1)
            return "1 day" if name == "days" and value == 1 else f"{value:g} {name}"
    return f"{seconds:.0f} s"


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


def _plan(name: str, *stages: tuple[float, float], **options: Any) -> Plan:
    """Stages of (percentage, least bake in hours); each waits three times as long at most."""
    built = tuple(
        Stage(percentage, hours * HOUR, max(3 * hours, 1.0) * HOUR) for percentage, hours in stages
    )
    return validate(Plan(name, built, **options))


TEMPLATES: Mapping[str, Plan] = MappingProxyType(
    {
        plan.name: plan
        for plan in (
            _plan("gradual", (10, 24), (25, 48), (50, 72), (100, 0)),
            _plan("canary", (5, 2), (25, 6), (100, 4), watch_seconds=2 * DAY),
            _plan("steps", (5, 24), (25, 24), (50, 24), (100, 0)),
            _plan("blue-green", (100, 0.5), holdback=0.0),
            _plan("hotfix", (25, 0.1), (100, 0.5)),
            _plan("manual", (10, 0), (25, 0), (50, 0), (100, 0), automatic=False),
        )
    }
)
"""Plans by name; the seeds' values."""
