"""The plan's limits: a disaster acts at once, the others in checks in a row. Pure.

They take back only what the control doesn't suffer as well: where one trouble of both could look so
by chance, they pause instead. Users are counted by keyed hashes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import takewhile
from typing import NamedTuple

from functions.metrics.tally import USERS_CAP, Tally
from functions.rollouts.evidence import RECENT_SECONDS, Both, rate
from functions.rollouts.harm import (
    AFTER_SHIFT_SECONDS,
    DISASTER_USERS,
    LEAST_FAILING_USERS,
    LIVE_SECONDS,
    RUN_FAILED_SHARE,
    RUN_LEAST,
    SLOW_MS,
    Measured,
    of_upstream,
    shared_trouble,
)
from functions.rollouts.plan import Limits, Plan
from functions.rollouts.verdict import LIMIT, Kind, Situation, Verdict, percent
from functions.stats.fisher import as_many

BY_CHANCE = 0.0001
"""In checks beyond a limit the candidate is worse than the control when chance parts them so less
often than that: bursts of errors that both have are frequent, and each takes many looks."""

DISASTER_BY_CHANCE = 0.01
"""In a disaster, which is rare and doesn't wait."""


def disaster(plan: Plan, situation: Situation) -> Verdict | None:
    """A large part of the candidate's requests fails: FAIL at once."""
    limits = plan.limits_at(situation.stage)
    limit, least = limits.disaster_rate, limits.disaster_requests
    seen, alone = situation.seen, situation.share >= 1.0
    recent, last = seen.recent, seen.last
    run = _last_requests(last.candidate)
    return _disaster_in(
        recent.candidate, recent, limit, least, Compared(DISASTER_BY_CHANCE, RECENT_SECONDS, alone)
    ) or _disaster_in(
        run,
        last,
        max(limit, RUN_FAILED_SHARE),
        RUN_LEAST,
        Compared(BY_CHANCE, _span(last.candidate), alone),
    )


class Compared(NamedTuple):
    """How the candidate is compared: in so many seconds, beyond what chance does so often; or with
    nobody."""

    by_chance: float
    seconds: float
    alone: bool


def _disaster_in(
    candidate: Tally, over: Both, limit: float, least: int, how: Compared
) -> Verdict | None:
    """`over` is what both arms did over the time of these requests of the candidate."""
    failed, users = _users_error_rate(candidate), len(candidate.users_failing)
    well = candidate.served - candidate.failures
    if well + users < least or users < DISASTER_USERS or failed < limit:
        return None
    figures = {
        "failing_users": users,
        "failures": candidate.failures,
        "requests": candidate.served,
        "error_rate": round(failed, 4),
        "limit": limit,
        "error_rate_control": round(_users_error_rate(over.control), 4),
    }
    measured = Measured(round(failed, 4), candidate.served, how.seconds)
    if of_upstream(over, alone=how.alone):
        return shared_trouble("disaster", figures, measured)
    if not how.alone and not _worse(_users_failing, over, how.by_chance):
        suffers = _users_error_rate(over.control) >= failed / 2
        return shared_trouble("disaster", figures, measured, sure=suffers)
    return Verdict(
        Kind.FAIL,
        "disaster",
        f"Rolled back: {users} users hit errors on the new version while {well} requests to it "
        f"went well; the limit for acting at once is {percent(limit)}.",
        figures,
        LIMIT,
        *measured,
    )


@dataclass(frozen=True, slots=True)
class _Measure:
    name: str
    words: str
    limit: float
    value: Callable[[Tally], float]
    enough: Callable[[Tally], bool]
    counts: Callable[[Tally], tuple[int, int]] | None = None
    """How many were bad, of how many; None where nothing is counted."""


def _measures(limits: Limits) -> Iterator[_Measure]:
    yield _Measure(
        "error_rate",
        "of requests to the new version failed, a user's repeats not counted",
        limits.error_rate,
        _users_error_rate,
        lambda tally: len(tally.users_failing) >= LEAST_FAILING_USERS,
        _users_failing,
    )
    yield _Measure(
        "slow_rate",
        "of requests to the new version took longer than 30 s",
        limits.slow_rate,
        _slow_rate,
        lambda tally: tally.slow_of_users(SLOW_MS) >= LEAST_FAILING_USERS,
        lambda tally: (tally.above.get(str(SLOW_MS), 0), tally.served),
    )
    yield _Measure(
        "memory",
        "of the memory was in use while the new version ran",
        limits.memory,
        lambda tally: tally.memory_max,
        lambda _tally: True,
    )


def limits(plan: Plan, situation: Situation) -> Verdict | None:
    """Errors, slowness or memory beyond the plan's limits in consecutive checks: FAIL."""
    given = plan.limits_at(situation.stage)
    checks = list(situation.seen.checks[: given.strikes])
    if len(checks) < given.strikes:
        return None
    for measure in _measures(given):
        values = [measure.value(check.candidate) for check in checks]
        struck = all(
            value > measure.limit and measure.enough(check.candidate)
            for value, check in zip(values, checks, strict=True)
        )
        if not struck:
            continue
        together = _together(checks)
        controls = sum(measure.value(check.control) for check in checks) / len(checks)
        figures = {
            measure.name: round(values[0], 4),
            "limit": measure.limit,
            "checks": len(checks),
            "requests": together.candidate.served,
            f"{measure.name}_control": round(controls, 4),
        }
        lowest = min(values)
        shared = _shared(measure, situation)
        window = min(situation.elapsed, LIVE_SECONDS)
        measured = Measured(round(values[0], 4), together.candidate.served, round(window, 1))
        if shared:
            suffers = controls >= measure.limit / 2
            return shared_trouble(measure.name, figures, measured, sure=suffers)
        return Verdict(
            Kind.FAIL,
            measure.name,
            f"Rolled back: in {len(checks)} checks in a row at least {percent(lowest)} "
            f"{measure.words}; the limit is {percent(measure.limit)}.",
            figures,
            LIMIT,
            *measured,
        )
    return None


def _shared(measure: _Measure, situation: Situation) -> bool:
    """Whether the control may suffer as well.

    Bad checks are picked from many, so the candidate looks worse than it is. It is compared over
    all checks in a row that are bad: with a small holdback it takes some until anybody can tell.
    """
    run = _together(list(takewhile(partial(_beyond, measure), situation.seen.checks)))
    if not measure.counts:
        suffers = run.control.served > 0 and measure.value(run.control) >= measure.limit / 2
        return suffers and not _began_with_the_shift(measure, situation)
    return situation.share < 1.0 and not _worse(measure.counts, run, BY_CHANCE)


def _beyond(measure: _Measure, check: Both) -> bool:
    return measure.value(check.candidate) > measure.limit and measure.enough(check.candidate)


def _worse(counts: Callable[[Tally], tuple[int, int]], both: Both, by_chance: float) -> bool:
    """Whether the candidate is worse than the control at that moment, and not by chance."""
    return as_many(*counts(both.candidate), *counts(both.control)) < by_chance


def _began_with_the_shift(measure: _Measure, situation: Situation) -> bool:
    """Memory is shared by both arms: what a shift brought about is the candidate's."""
    return (
        measure.name == "memory"
        and situation.raised
        and situation.since_shift <= AFTER_SHIFT_SECONDS
        and situation.memory_before <= measure.limit
    )


def _last_requests(tally: Tally) -> Tally:
    """The last requests as a tally of their own."""
    failed = [completion for completion in tally.recent if completion.failed]
    return Tally(
        requests=len(tally.recent),
        failures=len(failed),
        users_failing=frozenset(completion.user for completion in failed),
    )


def _span(tally: Tally) -> float:
    """Seconds from the first to the last of the last requests."""
    if not tally.recent:
        return 0.0
    return round((tally.recent[-1].at_ms - tally.recent[0].at_ms) / 1000, 1)


def _together(checks: Sequence[Both]) -> Both:
    together = Both()
    for check in checks:
        together = together.add(check)
    return together


def _users_error_rate(tally: Tally) -> float:
    """As the error rate, but a user who fails again and again counts as one failed request.

    Clients that retry multiply failures: counted each, chance would look like a disaster. With more
    failing users than are kept (USERS_CAP) nobody stands out, and requests are counted.
    """
    users, tried = _users_failing(tally)
    return users / tried if tried else 0.0


def _users_failing(tally: Tally) -> tuple[int, int]:
    """Failing users and what was tried, a user's repeats not counted."""
    users = len(tally.users_failing)
    if users >= USERS_CAP:
        return tally.failures, tally.served
    return users, tally.served - tally.failures + users


def _slow_rate(tally: Tally) -> float:
    return rate(tally.above.get(str(SLOW_MS), 0), tally)
