"""Is the candidate healthy? Values in, a verdict out; no clock and no store. Pure.

Rules are asked in this order; the first that has something to say decides:

    1. evidence   so many more of the candidate's users fail than the split explains: FAIL at once
    2. internal   crashes or exhaustion that began with a shift, in either arm: FAIL, to the
                  previous split; both arms share a process
    3. upstream   what both versions depend on is failing in both arms: PAUSE
    4. disaster   a large part of the candidate's requests fails: FAIL at once
    5. limits     errors, slowness or memory beyond the plan's limits in consecutive checks: FAIL
    6. alarms     a firing alert on the candidate whose action is to roll back: FAIL
    7. criteria   what the stage still needs: NO_DATA or INCONCLUSIVE, past its deadline PAUSE
    8.            otherwise PASS

4 and 5 take back only what the control doesn't suffer as well; a shared trouble pauses instead.
Only PASS advances. Users are counted by keyed hashes, each once a stage.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from math import exp, log, sqrt
from typing import Any

from functions.alerts.thresholds import BY_ID, ROLL_BACK
from functions.metrics.tally import USERS_CAP, Tally
from functions.rollouts.evidence import Both, Seen, failing, rate
from functions.rollouts.plan import Limits, Plan, duration
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
LARGEST_FIGURE = 1e12
SLOW_MS = 30_000


class Kind(StrEnum):
    PASS = "pass"  # noqa: S105
    FAIL = "fail"
    INCONCLUSIVE = "inconclusive"
    NO_DATA = "no_data"
    PAUSE = "pause"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is known now. `sentence` is for people, `figures` are the numbers that caused it."""

    kind: Kind
    rule: str
    sentence: str
    figures: Mapping[str, float] = field(default_factory=dict)

    def to_document(self) -> dict[str, Any]:
        return {
            "kind": self.kind.value,
            "rule": self.rule,
            "sentence": self.sentence,
            "figures": dict(self.figures),
        }

    @staticmethod
    def from_document(data: Mapping[str, Any]) -> Verdict:
        return Verdict(Kind(data["kind"]), data["rule"], data["sentence"], data["figures"])


@dataclass(frozen=True, slots=True)
class Situation:
    """Where the rollout stands and what was seen.

    share            of the users who get the candidate, 0..1
    elapsed          seconds of this stage or watch, less its pauses
    needed           seconds that it takes at least
    since_shift      seconds since the split last changed, up or down
    raised           whether that change gave the candidate more users
    overdue          whether the deadline for a PASS has passed
    internal_before  internal failures a request, of both arms, just before the shift
    memory_before    the most memory of both arms just before the shift, 0..1
    closed           log e-values of the stages before this one
    alarms           ids of the firing P1 rules of the candidate
    """

    seen: Seen
    share: float
    elapsed: float
    needed: float
    since_shift: float
    raised: bool = True
    overdue: bool = False
    internal_before: float = 0.0
    memory_before: float = 0.0
    closed: Sequence[float] = ()
    alarms: Sequence[str] = ()


def judge(plan: Plan, situation: Situation) -> Verdict:
    """The verdict of the first rule that has something to say."""
    for rule in (_evidence, _internal, _upstream, _disaster, _limits, _alarms, _criteria):
        verdict = rule(plan, situation)
        if verdict:
            return verdict
    return _healthy(situation)


def stage_evidence(plan: Plan, situation: Situation) -> float:
    """The log e-value of this stage alone, kept when it is left."""
    return log_e_value(failing(situation.seen.stage, situation.share), plan.tolerance)


def _evidence(plan: Plan, situation: Situation) -> Verdict | None:
    counts = failing(situation.seen.stage, situation.share)
    evidence = _log_evidence(plan, situation)
    if evidence < -log(plan.alpha) or counts.candidate < LEAST_FAILING_USERS:
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
            "e_value": round(min(exp(min(evidence, 30.0)), LARGEST_FIGURE), 2),
            "needed": round(1.0 / plan.alpha, 2),
        },
    )


def _internal(_plan: Plan, situation: Situation) -> Verdict | None:
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
        f"Taken back to the split before: soon after it was changed, {_percent(failed / requests)} "
        "of the requests to both versions crashed or ran out of time or memory.",
        {
            "internal": failed,
            "requests": requests,
            "internal_rate_control": round(control_rate, 4),
            "since_shift": round(situation.since_shift, 1),
        },
    )


def _upstream(_plan: Plan, situation: Situation) -> Verdict | None:
    recent = situation.seen.recent
    rates = [_upstream_rate(recent.candidate), _upstream_rate(recent.control)]
    counts = [tally.causes.get("upstream", 0) for tally in (recent.candidate, recent.control)]
    if counts[0] < UPSTREAM_CANDIDATE or counts[1] < UPSTREAM_CONTROL or min(rates) < UPSTREAM_RATE:
        return None
    return Verdict(
        Kind.PAUSE,
        "upstream",
        "Paused: what both versions depend on is failing "
        f"({_percent(rates[0])} of requests on the new version, {_percent(rates[1])} on the old "
        "one), so the new version is not the cause.",
        {"upstream_rate": round(rates[0], 4), "upstream_rate_control": round(rates[1], 4)},
    )


def _disaster(plan: Plan, situation: Situation) -> Verdict | None:
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
        return _shared("disaster", figures)
    return Verdict(
        Kind.FAIL,
        "disaster",
        f"Rolled back: {users} users hit errors on the new version while {well} requests to it "
        f"went well; the limit for acting at once is {_percent(limit)}.",
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


def _limits(plan: Plan, situation: Situation) -> Verdict | None:
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
            return _shared(measure.name, figures)
        return Verdict(
            Kind.FAIL,
            measure.name,
            f"Rolled back: in {len(checks)} checks in a row at least {_percent(lowest)} "
            f"{measure.words}; the limit is {_percent(measure.limit)}.",
            figures,
        )
    return None


def _alarms(_plan: Plan, situation: Situation) -> Verdict | None:
    for name in situation.alarms:
        if name in BY_ID and ROLL_BACK in BY_ID[name].actions:
            return Verdict(
                Kind.FAIL, "alarm", f"Rolled back: the alert {name} fires on the new version."
            )
    return None


def _criteria(plan: Plan, situation: Situation) -> Verdict | None:
    kind, rule, waiting = _missing(plan, situation)
    if kind is None:
        return None
    figures = _figures(situation) | {"needed_requests": plan.criteria.requests}
    if situation.overdue:
        return Verdict(
            Kind.PAUSE,
            rule,
            f"Paused: it could not prove itself healthy in the time planned. {waiting}",
            figures,
        )
    return Verdict(kind, rule, f"Waiting: {waiting}", figures)


def _missing(plan: Plan, situation: Situation) -> tuple[Kind | None, str, str]:
    """What the stage still needs: kind and rule of the verdict, and the words for it."""
    stage = situation.seen.stage
    candidate = stage.candidate
    requests, needed = candidate.served, plan.criteria.requests
    failed = _error_rate(candidate)
    if not requests:
        return Kind.NO_DATA, "no data", "nobody has used the new version since the last change."
    if requests < needed:
        return (
            Kind.INCONCLUSIVE,
            "requests",
            f"{requests:,} of the {needed:,} requests needed on the new version so far.",
        )
    comparable = _control_needed(needed, situation.share)
    if stage.control.served < comparable:
        return (
            Kind.INCONCLUSIVE,
            "control",
            f"{stage.control.served:,} of the {comparable:,} requests on the old version that a "
            "comparison takes.",
        )
    if situation.elapsed < situation.needed:
        left = duration(situation.needed - situation.elapsed)
        return Kind.INCONCLUSIVE, "time", f"healthy so far; {left} to go."
    if failed > plan.criteria.error_rate:
        return (
            Kind.INCONCLUSIVE,
            "criteria",
            f"{_percent(failed)} of requests to the new version failed; "
            f"at most {_percent(plan.criteria.error_rate)} may before it advances.",
        )
    if _log_evidence(plan, situation) > log(sqrt(1.0 / plan.alpha)):
        return (
            Kind.INCONCLUSIVE,
            "suspicion",
            "more users of the new version hit errors than chance explains well.",
        )
    if situation.alarms:
        return (
            Kind.INCONCLUSIVE,
            "alarm",
            f"the alert {situation.alarms[0]} fires on the new version.",
        )
    return None, "", ""


def _control_needed(requests: int, share: float) -> int:
    """Half of what the split lets expect beside so many requests of the candidate, and some."""
    if share >= 1.0:
        return 0
    return max(1, round(requests * min(1.0, (1.0 - share) / share) / 2))


def _healthy(situation: Situation) -> Verdict:
    stage = situation.seen.stage
    return Verdict(
        Kind.PASS,
        "healthy",
        f"Healthy: {stage.candidate.failures:,} of {stage.candidate.served:,} requests to the new "
        f"version failed, {stage.control.failures:,} of {stage.control.served:,} on the old one.",
        _figures(situation),
    )


def _shared(rule: str, figures: Mapping[str, float]) -> Verdict:
    return Verdict(
        Kind.PAUSE,
        rule,
        "Paused: the old version suffers as well, so going back would not help. "
        "A person should look.",
        figures,
    )


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


def _log_evidence(plan: Plan, situation: Situation) -> float:
    stages = [*situation.closed, stage_evidence(plan, situation)]
    return log_evidence(stages, planned=len(plan.stages) + 1)


def _figures(situation: Situation) -> dict[str, float]:
    stage = situation.seen.stage
    return {
        "requests": stage.candidate.served,
        "failures": stage.candidate.failures,
        "failing_users": len(stage.candidate.users_failing),
        "requests_control": stage.control.served,
        "failures_control": stage.control.failures,
        "elapsed": round(situation.elapsed, 1),
    }


def _error_rate(tally: Tally) -> float:
    return tally.error_rate or 0.0


def _users_error_rate(tally: Tally) -> float:
    """As the error rate, but a user who fails again and again counts as one failed request.

    Clients that retry multiply failures: counted each, chance would look like a disaster. With more
    failing users than are kept (USERS_CAP) nobody stands out, and requests are counted.
    """
    users = len(tally.users_failing)
    if users >= USERS_CAP:
        return _error_rate(tally)
    tried = tally.served - tally.failures + users
    return users / tried if tried else 0.0


def _slow_rate(tally: Tally) -> float:
    return rate(tally.above.get(str(SLOW_MS), 0), tally)


def _internal_failures(tally: Tally) -> int:
    return tally.causes.get("internal", 0)


def _upstream_rate(tally: Tally) -> float:
    return rate(tally.causes.get("upstream", 0), tally)


def _percent(value: float) -> str:
    return f"{100 * value:.1f}".rstrip("0").rstrip(".") + " %"


def _about(value: float) -> str:
    if value == 0:
        return "none"
    return f"about {value:.0f}" if value >= 1 else "at most 1"
