"""What takes a candidate back, rule by rule: each has something to say, or None. Pure.

The rules on a large part of failing requests and on the plan's limits take back only what the
control doesn't suffer as well; a shared trouble pauses instead. Users are counted by keyed hashes,
each once a stage.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import exp, log

from functions.metrics.tally import USERS_CAP, Tally
from functions.rollouts.evidence import Both, failing, rate
from functions.rollouts.plan import Limits, Plan
from functions.rollouts.verdict import LARGEST_FIGURE, Kind, Situation, Verdict, percent
from functions.stats.e_process import expected_failing, log_e_value, log_evidence

INTERNAL = "internal"
"""The rule whose FAIL goes back one split instead of all the way."""

AFTER_SHIFT_SECONDS = 600.0
LEAST_FAILING_USERS = 3
"""Fewer distinct users never take anything back by themselves."""

DISASTER_USERS = 5
RUN_FAILED_SHARE = 0.5
RUN_LEAST = 15
"""Of the last 20 requests, repeats not counted: how little traffic shows a disaster."""

UPSTREAM_RATE = 0.05
UPSTREAM_CONTROL = 10
UPSTREAM_CANDIDATE = 2
INTERNAL_RATE = 0.05
INTERNAL_REQUESTS = 20
SLOW_MS = 30_000
SHARED = (
    "Paused: the old version suffers as well, so going back would not help. A person should look."
)


def stage_evidence(plan: Plan, situation: Situation) -> float:
    """The log e-value of this stage alone, kept when it is left."""
    return log_e_value(failing(situation.seen.stage, situation.share), plan.tolerance)


def evidence_so_far(plan: Plan, situation: Situation) -> float:
    """The log e-value of the whole ramp, this stage included."""
    stages = [*situation.closed, stage_evidence(plan, situation)]
    return log_evidence(stages, planned=len(plan.stages) + 1)


def evidence(plan: Plan, situation: Situation) -> Verdict | None:
    """So many more of the candidate's users fail than the split explains: FAIL at once."""
    counts = failing(situation.seen.stage, situation.share)
    weight = evidence_so_far(plan, situation)
    if weight < -log(plan.alpha) or counts.candidate < LEAST_FAILING_USERS:
        return None
    expected = expected_failing(counts)
    return Verdict(
        Kind.FAIL,
        "evidence",
        f"Rolled back: {counts.candidate} users hit errors on the new version; "
        f"{_about(expected)} expected if it were as healthy as the old one.",
        {
            "failing_users": counts.candidate,
            "expected_failing_users": round(expected, 2),
            "failing_users_control": counts.control,
            "share": situation.share,
            "e_value": round(min(exp(min(weight, 30.0)), LARGEST_FIGURE), 2),
            "needed": round(1.0 / plan.alpha, 2),
        },
    )


def internal(_plan: Plan, situation: Situation) -> Verdict | None:
    """Crashes or exhaustion that began with a shift, in both arms: FAIL, to the split before."""
    if situation.since_shift > AFTER_SHIFT_SECONDS:
        return None
    if situation.raised and situation.internal_before >= INTERNAL_RATE / 2:
        return None  # it did not begin with the shift
    candidate, control = situation.seen.recent.candidate, situation.seen.recent.control
    requests = candidate.served + control.served
    failed = _internal_failures(candidate) + _internal_failures(control)
    users = len(candidate.users_failing | control.users_failing)
    if requests < INTERNAL_REQUESTS or users < LEAST_FAILING_USERS:
        return None
    control_rate = rate(_internal_failures(control), control)
    if failed < INTERNAL_RATE * requests or control_rate < INTERNAL_RATE / 2:
        return None  # in the candidate alone it is the candidate's, and other rules see it
    return Verdict(
        Kind.FAIL,
        INTERNAL,
        f"Taken back to the split before: soon after it was changed, {percent(failed / requests)} "
        "of the requests to both versions crashed or ran out of time or memory.",
        {
            "internal": failed,
            "requests": requests,
            "internal_rate_control": round(control_rate, 4),
            "since_shift": round(situation.since_shift, 1),
        },
    )


def upstream(_plan: Plan, situation: Situation) -> Verdict | None:
    """What both versions depend on is failing in both arms: PAUSE."""
    recent = situation.seen.recent
    rates = [_upstream_rate(recent.candidate), _upstream_rate(recent.control)]
    counts = [tally.causes.get("upstream", 0) for tally in (recent.candidate, recent.control)]
    if counts[0] < UPSTREAM_CANDIDATE or counts[1] < UPSTREAM_CONTROL or min(rates) < UPSTREAM_RATE:
        return None
    return Verdict(
        Kind.PAUSE,
        "upstream",
        "Paused: what both versions depend on is failing "
        f"({percent(rates[0])} of requests on the new version, {percent(rates[1])} on the old "
        "one), so the new version is not the cause.",
        {"upstream_rate": round(rates[0], 4), "upstream_rate_control": round(rates[1], 4)},
    )


def disaster(plan: Plan, situation: Situation) -> Verdict | None:
    """A large part of the candidate's requests fails: FAIL at once."""
    limit, least = plan.limits.disaster_rate, plan.limits.disaster_requests
    seen = situation.seen
    return _disaster_in(plan, seen.recent, limit, least) or _disaster_in(
        plan, _last_requests(seen.stage), max(limit, RUN_FAILED_SHARE), RUN_LEAST
    )


def _disaster_in(plan: Plan, both: Both, limit: float, least: int) -> Verdict | None:
    candidate = both.candidate
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
        "error_rate_control": round(_users_error_rate(both.control), 4),
    }
    compared = both.control.served >= plan.limits.check_requests
    if compared and _users_error_rate(both.control) >= failed / 2:
        return shared_trouble("disaster", figures)
    return Verdict(
        Kind.FAIL,
        "disaster",
        f"Rolled back: {users} users hit errors on the new version while {well} requests to it "
        f"went well; the limit for acting at once is {percent(limit)}.",
        figures,
    )


@dataclass(frozen=True, slots=True)
class _Measure:
    name: str
    words: str
    limit: float
    value: Callable[[Tally], float]
    enough: Callable[[Tally], bool]


def _measures(limits: Limits) -> Iterator[_Measure]:
    yield _Measure(
        "error_rate",
        "of requests to the new version failed, a user's repeats not counted",
        limits.error_rate,
        _users_error_rate,
        lambda tally: len(tally.users_failing) >= LEAST_FAILING_USERS,
    )
    yield _Measure(
        "slow_rate",
        "of requests to the new version took longer than 30 s",
        limits.slow_rate,
        _slow_rate,
        lambda tally: tally.above.get(str(SLOW_MS), 0) >= LEAST_FAILING_USERS,
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
    checks = list(situation.seen.checks[: plan.limits.strikes])
    if len(checks) < plan.limits.strikes:
        return None
    for measure in _measures(plan.limits):
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
        # Bad checks are picked from many, so the candidate looks worse than it is: a control near
        # the limit is trouble of both. How much worse the candidate is, is for the evidence.
        compared = together.control.served >= plan.limits.check_requests
        shared = compared and controls >= measure.limit / 2
        if shared and not _began_with_the_shift(measure, situation):
            return shared_trouble(measure.name, figures)
        return Verdict(
            Kind.FAIL,
            measure.name,
            f"Rolled back: in {len(checks)} checks in a row at least {percent(lowest)} "
            f"{measure.words}; the limit is {percent(measure.limit)}.",
            figures,
        )
    return None


def shared_trouble(rule: str, figures: Mapping[str, float]) -> Verdict:
    """The control has it as well: PAUSE."""
    return Verdict(Kind.PAUSE, rule, SHARED, figures)


def _began_with_the_shift(measure: _Measure, situation: Situation) -> bool:
    """Memory is shared by both arms: what a shift brought about is the candidate's."""
    return (
        measure.name == "memory"
        and situation.raised
        and situation.since_shift <= AFTER_SHIFT_SECONDS
        and situation.memory_before <= measure.limit
    )


def _last_requests(stage: Both) -> Both:
    """The last requests of each arm as tallies of their own."""
    return Both(_last(stage.candidate), _last(stage.control))


def _last(tally: Tally) -> Tally:
    failed = [completion for completion in tally.recent if completion.failed]
    return Tally(
        requests=len(tally.recent),
        failures=len(failed),
        users_failing=frozenset(completion.user for completion in failed),
    )


def _together(checks: Sequence[Both]) -> Both:
    together = Both()
    for check in checks:
        together = together.add(check)
    return together


def error_rate(tally: Tally) -> float:
    """Failures a request, 0 where none was served."""
    return tally.error_rate or 0.0


def _users_error_rate(tally: Tally) -> float:
    """As the error rate, but a user who fails again and again counts as one failed request.

    Clients that retry multiply failures: counted each, chance would look like a disaster. With more
    failing users than are kept (USERS_CAP) nobody stands out, and requests are counted.
    """
    users = len(tally.users_failing)
    if users >= USERS_CAP:
        return error_rate(tally)
    tried = tally.served - tally.failures + users
    return users / tried if tried else 0.0


def _slow_rate(tally: Tally) -> float:
    return rate(tally.above.get(str(SLOW_MS), 0), tally)


def _internal_failures(tally: Tally) -> int:
    return tally.causes.get("internal", 0)


def _upstream_rate(tally: Tally) -> float:
    return rate(tally.causes.get("upstream", 0), tally)


def _about(value: float) -> str:
    if value == 0:
        return "none"
    return f"about {value:.0f}" if value >= 1 else "at most 1"
