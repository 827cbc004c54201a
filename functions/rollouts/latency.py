"""Do more requests of the candidate take long than chance explains? Pure.

"Long" is fixed before the rollout: above the first rung of the ladder at or beyond the control's
95th percentile, and above the two rungs below it. Requests that took longer are counted in both
arms and bet on as failing users are; the mean of the three bets is one itself, and finds slowness
of all requests in the middle of the durations and that of a few at their end.

Requests are counted, not users, and a user's requests are slow together: a few who ask often, with
slow phones, would make one arm look slower for good. So requests weigh as much as there are users
(`_weight`), are compared with how many each arm served, whoever asked, and have a small part of
`alpha` (spending.py). As long as less than slowest.KEPT users of the candidate had slow requests,
each of them counts once (Tally.slow_of_users), and LEAST_SLOW are needed: so a few users alone take
nothing back, however often they ask. Beyond so many, one weighs as his requests do on average.
"""

from __future__ import annotations

from math import exp, inf, log

from functions.metrics.tally import Tally
from functions.rollouts import spending
from functions.rollouts.evidence import Both, rate
from functions.rollouts.plan import Plan
from functions.rollouts.suspicion import e_value
from functions.rollouts.verdict import ALWAYS_VALID, Kind, Situation, Verdict, percent
from functions.stats.e_process import Failing, log_e_value, tolerated_share

RULE = "latency"
TOLERANCE = 1.05
"""So many times the control's slow requests are fine: what nobody feels takes nothing back."""

LEAST_SLOW = 10


def latency(plan: Plan, situation: Situation) -> Verdict | None:
    """So many more of the candidate's requests are slow than the split explains: FAIL at once."""
    frozen = situation.frozen
    if situation.audience or frozen is None or not frozen.slow:
        return None
    candidate = situation.seen.stage.candidate
    bets = {
        rung: _bet(situation, rung, usual)
        for rung, usual in frozen.slow.items()
        if candidate.slow_of_users(rung) >= LEAST_SLOW
    }
    if not bets or max(bets.values()) == -inf:
        return None
    weight = _mean(list(bets.values()), len(frozen.slow))
    needed = 1.0 / (plan.alpha * spending.SLOW * spending.of_stage(len(situation.closed)))
    if weight < log(needed):
        return None
    rung = max(bets, key=lambda each: bets[each])
    return _verdict(situation, rung, {"e_value": e_value(weight), "needed": round(needed, 2)})


def figures(situation: Situation) -> dict[str, float]:
    """What this test looks at; `slow_known` is 0 where it has nothing to compare with."""
    frozen = situation.frozen
    rung = frozen.slow_ms if frozen else None
    if situation.audience or rung is None:
        return {"slow_known": 0}
    stage = situation.seen.stage
    return {
        "slow_known": 1,
        "slow_ms": rung,
        "slow": round(_slow(stage.candidate, rung), 4),
        "slow_control": round(_usual(situation, rung), 4),
    }


def _bet(situation: Situation, rung: int, usual: float) -> float:
    """The log e-value for one rung; -inf, which is less, where the candidate isn't slower."""
    stage = situation.seen.stage
    slow = stage.candidate.above_ms(rung)
    if situation.share < 1.0:
        served = stage.candidate.served / (stage.candidate.served + stage.control.served)
        beside, weight = stage.control.above_ms(rung), _weight(stage)
        if slow <= tolerated_share(served, TOLERANCE) * (slow + beside):
            return -inf
        counted = min(slow * weight, stage.candidate.slow_of_users(rung))
        return log_e_value(Failing(counted, beside * weight, served), TOLERANCE)
    expected = min(1.0, usual * TOLERANCE)
    if slow <= expected * stage.candidate.served:
        return -inf
    weight = _weight(stage)
    well = stage.candidate.served - slow
    counted = min(slow * weight, stage.candidate.slow_of_users(rung))
    return log_e_value(Failing(counted, well * weight, expected))


def _weight(stage: Both) -> float:
    """Users a request, 0 to 1; 1 where nobody knows how many users there are."""
    both = (stage.candidate, stage.control)
    users, served = sum(arm.users.estimate for arm in both), sum(arm.served for arm in both)
    return min(1.0, users / served) if users else 1.0


def _mean(logs: list[float], number: int) -> float:
    """The logarithm of the mean of so many e-values, those left out being 0."""
    top = max(logs)
    return top + log(sum(exp(each - top) for each in logs) / number)


def _verdict(situation: Situation, rung: int, figures: dict[str, float]) -> Verdict:
    candidate = situation.seen.stage.candidate
    slow, usual = _slow(candidate, rung), _usual(situation, rung)
    compared = (
        f"{percent(usual)} on the old one"
        if situation.share < 1.0
        else f"before the rollout the old one stayed below {percent(usual)}"
    )
    return Verdict(
        Kind.FAIL,
        RULE,
        f"Rolled back: {percent(slow)} of requests to the new version took longer than "
        f"{rung / 1000:g} s; {compared}.",
        {
            "slow_ms": rung,
            "slow": round(slow, 4),
            "slow_control": round(usual, 4),
            "share": situation.share,
            "requests": candidate.served,
            **figures,
        },
        method=ALWAYS_VALID,
        value=round(slow, 4),
        sample=candidate.served,
        window_seconds=situation.window_seconds,
    )


def _slow(tally: Tally, rung: int) -> float:
    return rate(tally.above_ms(rung), tally)


def _usual(situation: Situation, rung: int) -> float:
    if situation.share < 1.0 or situation.frozen is None:
        return _slow(situation.seen.stage.control, rung)
    return situation.frozen.slow.get(rung, 1.0)
