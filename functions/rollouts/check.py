"""A number of the candidate that takes it back when it is bad for long enough. Pure."""

from __future__ import annotations

from dataclasses import dataclass


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
