"""What takes a candidate back, rule by rule: each has something to say, or None. Pure.

The rules on a large part of failing requests and on the plan's limits take back only what the
control doesn't suffer as well; a shared trouble pauses instead. Users are counted by keyed hashes,
each once a stage.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from functions.metrics.tally import USERS_CAP, Tally
from functions.rollouts.evidence import (
    FOLD_EVERY_SECONDS,
    RECENT_SECONDS,
    SETTLED_SECONDS,
    Both,
    rate,
)
from functions.rollouts.plan import Plan
from functions.rollouts.verdict import LIMIT, Kind, Situation, Verdict, percent

CRITICAL = "critical_"
"""In figures, before a code of an error."""

INTERNAL = "internal"
"""The rule whose FAIL goes back one split instead of all the way."""

AFTER_SHIFT_SECONDS = 600.0
LEAST_FAILING_USERS = 3
"""Fewer distinct users never take anything back by themselves."""

DISASTER_USERS = 5
RUN_FAILED_SHARE = 0.5
RUN_LEAST = 15
"""Of the last 20 requests, repeats not counted: how little traffic shows a disaster."""

UPSTREAM = "upstream"
UPSTREAM_RATE = 0.05
UPSTREAM_CONTROL = 10
UPSTREAM_CANDIDATE = 2
INTERNAL_RATE = 0.05
INTERNAL_REQUESTS = 20
SLOW_MS = 30_000
LIVE_SECONDS = float(SETTLED_SECONDS + FOLD_EVERY_SECONDS)
"""Checks are made of what is not folded yet: at most so much."""

SHARED = (
    "Paused: the old version suffers as well, so going back would not help. A person should look."
)
UNSURE = (
    "Paused: too few requests went to the old version meanwhile to tell whether it suffers as "
    "well. A person should look."
)


def critical(plan: Plan, situation: Situation) -> Verdict | None:
    """An error that the plan names, seen of the candidate only: FAIL at once.

    While what both depend on fails, a code of it may be seen of the candidate first by chance.
    """
    stage = situation.seen.stage
    if of_upstream(situation.seen.recent, alone=situation.share >= 1.0):
        return None
    for code in plan.critical:
        count = stage.candidate.errors.get(code, 0)
        if not count or stage.control.errors.get(code, 0):
            continue
        return Verdict(
            Kind.FAIL,
            "critical",
            f"Rolled back: the new version had the critical error {code} ({_times(count)}), the "
            "old one did not.",
            {f"{CRITICAL}{code}": count, "requests": stage.candidate.served},
            method=LIMIT,
            value=count,
            sample=stage.candidate.served,
            window_seconds=situation.window_seconds,
        )
    return None


def internal(_plan: Plan, situation: Situation) -> Verdict | None:
    """Crashes or exhaustion that began with a shift, in both arms: FAIL, to the split before."""
    if situation.since_shift > AFTER_SHIFT_SECONDS:
        return None
    if situation.raised and situation.internal_before >= INTERNAL_RATE / 2:
        return None  # it did not begin with the shift
    candidate, control = situation.seen.recent.candidate, situation.seen.recent.control
    requests = candidate.served + control.served
    failed = _of_users(candidate, INTERNAL)[0] + _of_users(control, INTERNAL)[0]
    users = len(candidate.users_failing | control.users_failing)
    if requests < INTERNAL_REQUESTS or users < LEAST_FAILING_USERS:
        return None
    control_rate = _of_users(control, INTERNAL)[1]
    if failed < INTERNAL_RATE * requests or control_rate < INTERNAL_RATE / 2:
        return None  # in the candidate alone it is the candidate's, and other rules see it
    return Verdict(
        Kind.FAIL,
        INTERNAL,
        f"Taken back to the split before: soon after it was changed, {percent(failed / requests)} "
        "of the requests to both versions crashed or ran out of time or memory.",
        {
            "internal": round(failed),
            "requests": requests,
            "internal_rate_control": round(control_rate, 4),
            "since_shift": round(situation.since_shift, 1),
        },
        method=LIMIT,
        value=round(failed / requests, 4),
        sample=requests,
        window_seconds=RECENT_SECONDS,
    )


def upstream(_plan: Plan, situation: Situation) -> Verdict | None:
    """What both versions depend on is failing in both arms: PAUSE. Where everybody gets the
    candidate, its own failures have to tell."""
    recent, alone = situation.seen.recent, situation.share >= 1.0
    if not of_upstream(recent, alone=alone):
        return None
    rates = [_of_users(tally, UPSTREAM)[1] for tally in (recent.candidate, recent.control)]
    figures = {"upstream_rate": round(rates[0], 4), "upstream_rate_control": round(rates[1], 4)}
    told = f"{percent(rates[0])} of requests on the new version"
    beside = "" if alone else f", {percent(rates[1])} on the old one"
    return Verdict(
        Kind.PAUSE,
        "upstream",
        f"Paused: what both versions depend on is failing ({told}{beside}), so the new version is "
        "not the cause.",
        {"upstream_rate": figures["upstream_rate"]} if alone else figures,
        method=LIMIT,
        value=round(rates[0], 4),
        sample=recent.candidate.served,
        window_seconds=RECENT_SECONDS,
    )


def of_upstream(both: Both, *, alone: bool) -> bool:
    """Whether what both versions depend on fails in both arms, and is most of what fails on the
    candidate: failures of its own are not upstream's, whatever happens beside them."""
    found = [_of_users(tally, UPSTREAM) for tally in (both.candidate, both.control)]
    (count, rate_here), (of_control, rate_there) = found
    if 2 * both.candidate.causes.get(UPSTREAM, 0) < both.candidate.failures:
        return False
    if alone:
        return count >= UPSTREAM_CONTROL and rate_here >= UPSTREAM_RATE
    enough = count >= UPSTREAM_CANDIDATE and of_control >= UPSTREAM_CONTROL
    return enough and min(rate_here, rate_there) >= UPSTREAM_RATE


class Measured(NamedTuple):
    """What was measured, over how many requests or values, in how many seconds."""

    value: float | None = None
    sample: int = 0
    window_seconds: float = 0.0


def shared_trouble(
    rule: str,
    figures: Mapping[str, float],
    measured: Measured,
    method: str = LIMIT,
    *,
    sure: bool = True,
) -> Verdict:
    """The control has it as well, or nobody can tell yet: PAUSE."""
    return Verdict(Kind.PAUSE, rule, SHARED if sure else UNSURE, figures, method, *measured)


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count:,} times"


def error_rate(tally: Tally) -> float:
    """Failures a request, 0 where none was served."""
    return tally.error_rate or 0.0


def _of_users(tally: Tally, cause: str) -> tuple[float, float]:
    """Failures of that cause, and as a share of what was tried: as many as users had them, since a
    client that tries again in vain tells nothing new. With more failing users than are kept,
    requests are counted."""
    failures, users = tally.causes.get(cause, 0), len(tally.users_failing)
    if not 0 < users < USERS_CAP or users >= tally.failures:
        return failures, rate(failures, tally)
    once = failures * users / tally.failures
    return once, once / (tally.served - tally.failures + users)
