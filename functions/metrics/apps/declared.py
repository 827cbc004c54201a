"""A metric that apps report: what it is called, of which kind, and what its events count as. Pure.

    kind         value of an event            counts as
    counter      0 or more (1)                itself
    duration     milliseconds                 a duration, with percentiles
    gauge        any number                   itself
    score        0 to 100                     itself
    rating       1 to 5 stars                 itself, `satisfied` (4, 5) and `complained` (1, 2)
    complaint    1 (1)                        itself, `satisfied` (0) and `complained` (1)
    crash        1 (1)                        itself
    conversion   1, or 0 for none (1)         itself; its mean is the rate

In brackets: what an event without a value stands for. `satisfied` and `complained` are 0 or 1, so
their means are the rates.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any, Literal

from functions.metrics import labels, measures, satisfaction
from functions.metrics.measures import LARGEST, Known
from functions.metrics.names import COMPLAINED, SATISFIED
from functions.readable import Definitions, readable

LATE = "late"
"""What came too late to count is counted by this name."""

RESERVED = frozenset({SATISFIED, COMPLAINED, LATE, labels.OTHER, "overflow"})
"""Palier counts these itself, for every service."""

SELECTED = frozenset(
    {
        "availability",
        "concurrency",
        "consecutive_failures",
        "cpu",
        "error_rate",
        "execution_time_p95_ms",
        "memory",
        "performance_score",
        "requests_per_second",
        "retries_max",
        "retries_p95",
    }
)
"""What rules call Palier's own measurements: a metric of that name would be taken for them."""

APP = "app"
"""Whose metrics those are that name no service: the app's own."""

SERVICE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}")
LONGEST_UNIT = 40
LONGEST_ABOUT = 300
MOST = 60
MOST_DURATIONS = 20
"""Metrics of an environment. With what functions report themselves, a slot keeps them all apart."""


class Kind(StrEnum):
    COUNTER = "counter"
    DURATION = "duration"
    GAUGE = "gauge"
    SCORE = "score"
    RATING = "rating"
    COMPLAINT = "complaint"
    CRASH = "crash"
    CONVERSION = "conversion"


class Better(StrEnum):
    """Which way is better."""

    HIGHER = "higher"
    LOWER = "lower"
    NONE = "none"


WAYS: Mapping[Better, Literal["higher", "lower"] | None] = {
    Better.HIGHER: "higher",
    Better.LOWER: "lower",
    Better.NONE: None,
}


@dataclass(frozen=True)
class Values:
    """What an event's value may be; `usual` is what an event without one stands for."""

    least: float
    most: float
    whole: bool = False
    usual: float | None = None

    def problem(self, value: float | None) -> str | None:
        """What is expected instead; None when it will do."""
        if value is None:
            return None if self.usual is not None else f"a value: {self.told}"
        fits = self.least <= value <= self.most and (not self.whole or value == int(value))
        return None if fits else self.told

    @property
    def told(self) -> str:
        if self.least == self.most:
            return f"{self.least:.0f}, or no value"
        what = "a whole number" if self.whole else "a number"
        return f"{what} from {_number(self.least)} to {_number(self.most)}"


ONE = Values(1, 1, whole=True, usual=1)
VALUES: Mapping[Kind, Values] = {
    Kind.COUNTER: Values(0, LARGEST, usual=1),
    Kind.DURATION: Values(0, LARGEST),
    Kind.GAUGE: Values(-LARGEST, LARGEST),
    Kind.SCORE: Values(0, 100),
    Kind.RATING: Values(1, 5, whole=True),
    Kind.COMPLAINT: ONE,
    Kind.CRASH: ONE,
    Kind.CONVERSION: Values(0, 1, whole=True, usual=1),
}
UNITS: Mapping[Kind, str] = {Kind.DURATION: "ms", Kind.RATING: "stars"}
"""Kinds that have but one unit."""

BETTER: Mapping[Kind, Better] = {
    Kind.RATING: Better.HIGHER,
    Kind.COMPLAINT: Better.LOWER,
    Kind.CRASH: Better.LOWER,
    Kind.CONVERSION: Better.HIGHER,
}
"""Kinds of which one way is better, whoever declares them."""


@dataclass(frozen=True)
class Reported:
    """What one event counts as, by name; durations in milliseconds."""

    measures: Mapping[str, float] = field(default_factory=dict)
    durations: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class AppMetric:
    """`service` "" for the app's own, `unit` for people ("" where the kind says it)."""

    name: str
    kind: Kind
    service: str = ""
    unit: str = ""
    better: Better = Better.NONE
    about: str = ""

    @property
    def arm_service(self) -> str:
        """The service that its events are counted for, beside what is split."""
        return self.service or APP

    def value_of(self, value: float | None) -> float:
        """What an event's value stands for, one that `VALUES` has no problem with."""
        usual = VALUES[self.kind].usual
        return float(usual or 0) if value is None else value

    def reported(self, value: float) -> Reported:
        """What an event of this value counts as."""
        if self.kind is Kind.DURATION:
            return Reported(durations={self.name: value})
        if self.kind is Kind.RATING:
            return Reported({self.name: value, **satisfaction.of_stars(value)})
        if self.kind is Kind.COMPLAINT:
            return Reported({self.name: value, SATISFIED: 0.0, COMPLAINED: 1.0})
        return Reported({self.name: value})

    def harms(self, value: float) -> bool:
        """Whether an event of this value tells of harm to its user. Of numbers that may be good or
        bad only a rule knows: each may."""
        if self.kind is Kind.RATING:
            return satisfaction.of_stars(value)[COMPLAINED] > 0
        return value == 0 if self.kind is Kind.CONVERSION else True

    def known(self) -> Known:
        """As a measure that a plan may demand."""
        return Known(self.unit, WAYS[self.better], self.about)

    def to_definition(self) -> dict[str, Any]:
        """What is stored and published by its name."""
        data = asdict(self)
        del data["name"]
        return {**data, "kind": self.kind.value, "better": self.better.value}

    @staticmethod
    def from_definition(name: str, data: Mapping[str, Any]) -> AppMetric:
        """Raises KeyError or ValueError for one that can't be read."""
        return AppMetric(
            name=name,
            kind=Kind(data["kind"]),
            service=data.get("service", ""),
            unit=data.get("unit", ""),
            better=Better(data.get("better", Better.NONE)),
            about=data.get("about", ""),
        )


def completed(metric: AppMetric) -> AppMetric:
    """With the unit and the better way that its kind has, where it leaves them open."""
    unit = metric.unit or UNITS.get(metric.kind, "")
    better = BETTER.get(metric.kind, Better.NONE) if metric.better is Better.NONE else metric.better
    return AppMetric(metric.name, metric.kind, metric.service, unit, better, metric.about)


def problems(metric: AppMetric, measured: Mapping[str, Mapping[str, Known]]) -> Iterator[str]:
    """Why a completed metric can't be declared; a sentence each.

    `measured` are by service the measures that the bundle's own functions report.
    """
    name = metric.name
    if not measures.NAME.fullmatch(name):
        yield (
            "A metric is named with lower-case letters, digits and underscores, at most 40, "
            "starting with a letter."
        )
        return
    if name in RESERVED | SELECTED or any(name in known for known in measured.values()):
        yield f"`{name}` is measured by Palier itself: choose another name."
    if metric.service and not SERVICE.fullmatch(metric.service):
        yield "A service is named with letters, digits, dots, hyphens and underscores, at most 63."
    unit, better = UNITS.get(metric.kind), BETTER.get(metric.kind)
    if unit is not None and metric.unit != unit:
        yield f"The unit of a {metric.kind} is {unit}."
    if better is not None and metric.better is not better:
        yield f"Of a {metric.kind}, {better} is better."


def read_all(part: Definitions) -> dict[str, AppMetric]:
    """Those of a published part, by name; what a later bundle wrote and this can't read is left
    out, so its events are refused as undeclared."""
    return readable(part, AppMetric.from_definition)[0]


def demandable(metrics: Iterable[AppMetric]) -> dict[str, Known]:
    """Those whose mean a rollout's plan may demand, with what ratings and complaints say: events
    count for the arms of every rollout."""
    found: dict[str, Known] = {}
    for metric in metrics:
        if metric.kind is Kind.DURATION:
            continue  # kept with percentiles, not among the measures
        found[metric.name] = metric.known()
        if metric.kind in (Kind.RATING, Kind.COMPLAINT):
            found[SATISFIED] = Known("0 or 1", "higher", "content, by what they rate")
            found[COMPLAINED] = Known("0 or 1", "lower", "complaining, or rating low")
    return found


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) < LARGEST else ("1e9" if value > 0 else "-1e9")
