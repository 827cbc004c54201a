"""A number of the candidate that takes it back when it is bad for long enough. Pure."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from functions.metrics import measures
from functions.metrics.ladder import LADDER_MS
from functions.metrics.measures import LARGEST, Known
from functions.rollouts import own
from functions.rollouts.durations import DAY, duration

MAXIMUM = 10
LARGEST_RISE = 10.0


@dataclass(frozen=True, slots=True)
class Check:
    """Beyond one of its bounds in `strikes` checks in a row, on `samples` values: taken back.

    metric       `availability`, `performance_score` (0 to 100), `p95_ms`, `health` (share of the
                 health checks that went well), or the name of a measure that the service reports
    below, above bounds of the candidate's own value; `p95_ms` takes a rung of LADDER_MS
    fall, rise   bounds against the control, as shares of its mean (0.2: by 20 %); they act as
                 soon as an always-valid confidence sequence lies beyond them
    seconds      how long a bound must be broken, beside the strikes; 0: the strikes alone
    optional     left out where the service doesn't report the metric: for templates
    """

    metric: str
    below: float | None = None
    above: float | None = None
    fall: float | None = None
    rise: float | None = None
    samples: int = 100
    strikes: int = 3
    seconds: float = 0.0
    optional: bool = False


def problems(checks: Sequence[Check]) -> Iterator[str]:
    """Why these could never take anything back, or would take back everything; a sentence each."""
    if len(checks) > MAXIMUM:
        yield f"At most {MAXIMUM} checks may be named."
    for name, count in Counter(each.metric for each in checks).items():
        if count > 1:
            yield f"`{name[:40]}` is checked twice."
    for each in checks:
        if not measures.NAME.fullmatch(each.metric):
            yield f"{each.metric[:40]!r} is not the name of a metric."
        else:
            yield from _bound_problems(each)
            yield from _own_problems(each)
            yield from _patience_problems(each)


def too_patient(checks: Sequence[Check], seconds: float) -> Iterator[str]:
    """Which could never act in a stage or watch that ends after so long; a sentence each."""
    for each in checks:
        if each.seconds > seconds:
            yield (
                f"`{each.metric[:40]}` must be bad for {duration(each.seconds)}, and no stage "
                f"lasts longer than {duration(seconds)}: this check could never take anything back."
            )


def misplaced(checks: Sequence[Check], service: str, known: Mapping[str, Known]) -> Iterator[str]:
    """What is wrong with these for a service of which the `known` are measured; a sentence each."""
    for each in checks:
        name, measure = each.metric, known.get(each.metric)
        if measure is None:
            yield (
                f"Nothing measures `{name}` of the service {service!r}, so this check could never "
                "take anything back; known are "
                f"{', '.join(f'`{one}`' for one in sorted(known)) or 'none'}."
            )
        elif measure.better == "higher" and (each.above is not None or each.rise is not None):
            yield f"More of `{name}` is better: `above` or `rise` would take a good version back."
        elif measure.better == "lower" and (each.below is not None or each.fall is not None):
            yield f"Less of `{name}` is better: `below` or `fall` would take a good version back."


def _bound_problems(of: Check) -> Iterator[str]:
    name = of.metric
    bounds = [bound for bound in (of.below, of.above) if bound is not None]
    shares = [share for share in (of.fall, of.rise) if share is not None]
    if not bounds and not shares:
        yield f"The check of `{name}` has no bound: it could never take anything back."
    if not all(math.isfinite(bound) and abs(bound) <= LARGEST for bound in bounds):
        yield f"`{name}`: a bound is a number from -1e9 to 1e9."
    elif of.below is not None and of.above is not None and of.below > of.above:
        yield f"Every value of `{name}` is beyond these bounds: no version could stay."
    if of.fall is not None and not 0.0 < of.fall <= 1.0:
        yield f"`{name}`: `fall` is a share of the control's mean, above 0 and at most 1."
    if of.rise is not None and not 0.0 < of.rise <= LARGEST_RISE:
        yield f"`{name}`: `rise` is a share of the control's mean, above 0 and at most 10."


def _own_problems(of: Check) -> Iterator[str]:
    """Of what Palier measures itself, what is better and what can be is known."""
    name, largest = of.metric, own.LARGEST.get(of.metric)
    if name in own.OWN and (of.fall is not None or of.rise is not None):
        yield f"`{name}` takes `below` or `above`: it is not compared with the control by a share."
    if largest is not None:
        if of.above is not None:
            yield f"More of `{name}` is better: `above` would take a good version back."
        if of.below is not None and not 0.0 < of.below <= largest:
            yield f"`{name}` is 0 to {largest:g}: `below` lies above 0 and is at most {largest:g}."
    if name == own.P95:
        if of.below is not None:
            yield f"Less of `{name}` is better: `below` would take a good version back."
        if of.above is not None and of.above not in LADDER_MS:
            rungs = ", ".join(map(str, LADDER_MS))
            yield f"`{name}` is counted exactly above {rungs} ms: `above` is one of these."


def _patience_problems(of: Check) -> Iterator[str]:
    name = of.metric
    if not 1 <= of.samples <= 10_000_000:
        yield f"`{name}`: `samples` is 1 to 10,000,000."
    if not 1 <= of.strikes <= 10:
        yield f"`{name}`: `strikes` is 1 to 10."
    if not 0.0 <= of.seconds <= DAY:
        yield f"`{name}`: `seconds` is 0 to 86,400."
