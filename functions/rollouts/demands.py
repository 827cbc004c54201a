"""Which demands and limits can't work, of a plan or of one of its stages. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from functions.rollouts import criterion
from functions.rollouts.plan import Criteria, Limits

MOST_CHECKED = 10_000
"""In 240 s (harm.LIVE_SECONDS) that is more than 40 requests a second to the candidate."""


def limits_problems(limits: Limits) -> Iterator[str]:
    """Why these could never take anything back; a sentence each."""
    checks: Sequence[tuple[bool, str]] = (
        (0.0 < limits.error_rate < 1.0, "With this `error_rate` errors could never take it back."),
        (0.0 < limits.slow_rate < 1.0, "With this `slow_rate` it could never be too slow."),
        (0.0 < limits.memory < 1.0, "With this `memory` it could never use too much."),
        (1 <= limits.strikes <= 10, "`strikes` is 1 to 10."),
        (1 <= limits.check_requests <= 10_000, "`check_requests` is 1 to 10,000."),
        (
            limits.strikes * limits.check_requests <= MOST_CHECKED,
            f"`strikes` times `check_requests` is at most {MOST_CHECKED:,}: checks look at the "
            "last 4 minutes, in which hardly any version has more requests, so the limits could "
            "never take it back.",
        ),
        (
            limits.error_rate <= limits.disaster_rate < 1.0,
            "`disaster_rate` is at least `error_rate` and below 1.",
        ),
        (5 <= limits.disaster_requests <= 10_000, "`disaster_requests` is 5 to 10,000."),
    )
    return (message for holds, message in checks if not holds)


def criteria_problems(criteria: Criteria, limits: Limits) -> Iterator[str]:
    """Why it could never advance on these, or would on no data; a sentence each."""
    checks: Sequence[tuple[bool, str]] = (
        (
            1 <= criteria.requests <= 10_000_000,
            "Without a least number of requests it would advance on no data.",
        ),
        (
            criteria.error_rate > 0.0,
            "With an `error_rate` of 0 to advance, one failed request would hold it for ever.",
        ),
        (
            criteria.error_rate <= limits.error_rate,
            "It may not advance on more errors than the limit that takes it back.",
        ),
        (
            criteria.budget is None or 0.0 <= criteria.budget < 1.0,
            "`budget` is the share of the error budget that must be left, 0 to below 1: all of it "
            "is never left once a request has failed.",
        ),
    )
    yield from (message for holds, message in checks if not holds)
    yield from criterion.problems(criteria.measures)
