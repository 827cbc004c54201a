"""An objective: which share of what a service does is to be good, over how many days. Pure.

| kind         | what is counted                          | good                           |
|--------------|------------------------------------------|--------------------------------|
| availability | served requests                          | did not fail                   |
| latency      | served requests, or durations of a name  | took at most `threshold_ms`    |
| performance  | minutes with a request                   | scored `least` or more         |
| measure      | values from 0 to 1 reported under a name | the value; the rest to 1 isn't |

Clients' own mistakes count nowhere. What is counted beside a version counts as people met it: what
those got who had chosen the version does, what its fallback wrote does not, since the request has
failed its version. A measure takes all that is reported, claimed or not.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, fields
from enum import StrEnum
from typing import Any

from functions.errors import InvalidArgument
from functions.metrics.ladder import LADDER_MS
from functions.metrics.measures import NAME
from functions.readable import Definitions, readable

DAYS = (7, 28, 30)
LEAST_TARGET, LARGEST_TARGET = 0.5, 0.99999
LONGEST_SERVICE = 63
LARGEST_VOLUME = 10_000_000


class Kind(StrEnum):
    AVAILABILITY = "availability"
    LATENCY = "latency"
    PERFORMANCE = "performance"
    MEASURE = "measure"


@dataclass(frozen=True)
class Objective:
    """
    target        the share that is to be good, 0 to 1
    days          the window of its budget, which ends now
    threshold_ms  latency: a rung of LADDER_MS
    least         performance: the score (0 to 100) that a minute is to have
    metric        the name of a measure, or of durations; "" for the requests' own
    lower         measure: less of it is better, so 0 is good and 1 is not
    volume        how much must have been counted in a burn rate's long window before it says
                  anything
    """

    id: str
    service: str
    kind: Kind
    target: float
    days: int = 30
    threshold_ms: int = 0
    least: float = 0.0
    metric: str = ""
    lower: bool = False
    volume: int = 100

    @property
    def indicator(self) -> str:
        """What is counted, in a word: objectives with the same one share their counts."""
        if self.kind is Kind.LATENCY:
            return f"latency:{self.metric}:{self.threshold_ms}"
        if self.kind is Kind.PERFORMANCE:
            return f"performance:{self.least:g}"
        if self.kind is Kind.MEASURE:
            return f"measure:{self.metric}:{'lower' if self.lower else 'higher'}"
        return str(self.kind)

    def to_document(self) -> dict[str, Any]:
        """Without the id, which names the document."""
        data = asdict(self) | {"kind": self.kind.value}
        del data["id"]
        return data

    @staticmethod
    def from_document(identifier: str, data: Mapping[str, Any]) -> Objective:
        known = {name: value for name, value in data.items() if name in _FIELDS}
        return Objective(**{**known, "id": identifier, "kind": Kind(data["kind"])})


_FIELDS = frozenset(item.name for item in fields(Objective))


def objectives_of(definitions: Definitions) -> tuple[tuple[Objective, ...], tuple[str, ...]]:
    """What is published, but for fields that only a later bundle understands; and the ids of those
    that can't be read."""
    found, unreadable = readable(
        definitions, lambda name, each: validate(Objective.from_document(name, each))
    )
    return tuple(found.values()), unreadable


def validate(objective: Objective) -> Objective:
    """The objective, or InvalidArgument that says why it says nothing."""
    problems = list(_problems(objective))
    if problems:
        raise InvalidArgument(f"This objective can't work. {' '.join(problems)}")
    return objective


def sentence(objective: Objective) -> str:
    """What it asks for, as people say it."""
    share = f"{100 * objective.target:g} %"
    of = f"`{objective.metric}`"
    if objective.kind is Kind.AVAILABILITY:
        good = f"{share} of requests don't fail"
    elif objective.kind is Kind.LATENCY:
        what = of if objective.metric else "requests"
        good = f"{share} of {what} take at most {objective.threshold_ms / 1000:g} s"
    elif objective.kind is Kind.PERFORMANCE:
        good = f"{share} of minutes score {objective.least:g} or more"
    else:
        bound = f"at most {100 * (1 - objective.target):g} %" if objective.lower else share
        good = f"the mean of {of} is {bound}{'' if objective.lower else ' or more'}"
    return f"{objective.service}: {good}, over {objective.days} days."


def _problems(of: Objective) -> Iterator[str]:
    if not 1 <= len(of.service) <= LONGEST_SERVICE or "/" in of.service or "@" in of.service:
        yield "`service` names a service: 1 to 63 characters without / and @."
    if not (math.isfinite(of.target) and LEAST_TARGET <= of.target <= LARGEST_TARGET):
        yield "`target` is a share from 0.5 to 0.99999: at 1 there would be no budget at all."
    if of.days not in DAYS:
        yield "`days` is 7, 28 or 30."
    if not 1 <= of.volume <= LARGEST_VOLUME:
        yield "`volume` is 1 to 10,000,000: without any a burn rate would say something of nothing."
    if of.metric and not NAME.fullmatch(of.metric):
        yield f"{of.metric[:40]!r} is not the name of a measure."
    yield from _problems_of_kind(of)


def _problems_of_kind(of: Objective) -> Iterator[str]:
    if of.kind is Kind.LATENCY and of.threshold_ms not in LADDER_MS:
        rungs = ", ".join(map(str, LADDER_MS))
        yield f"`threshold_ms` is one that is counted exactly: {rungs}."
    if of.kind is not Kind.LATENCY and of.threshold_ms:
        yield "`threshold_ms` belongs to latency."
    if of.kind is Kind.PERFORMANCE and not 0 < of.least <= 100:
        yield "`least` is a score above 0, at most 100."
    if of.kind is not Kind.PERFORMANCE and of.least:
        yield "`least` belongs to performance."
    if of.kind is Kind.MEASURE and not of.metric:
        yield "`metric` says which measure it is about."
    if of.kind in (Kind.AVAILABILITY, Kind.PERFORMANCE) and of.metric:
        yield "`metric` belongs to measure and latency."
    if of.kind is not Kind.MEASURE and of.lower:
        yield "`lower` belongs to measure."
