"""Do as many users arrive at the candidate as the split sends? Pure.

Where they don't, something besides the split decides who gets which version or who is counted:
requests that kill their instance before it counts them, a rule that keeps users with one version,
clients that hold on to an old answer. Then no comparison of the versions can be trusted: PAUSE. It
never takes a candidate back, since it doesn't say that the candidate does harm.
"""

from __future__ import annotations

from math import exp, log

from functions.metrics.distinct import Users
from functions.rollouts.plan import Plan
from functions.rollouts.verdict import LARGEST_FIGURE, Kind, Situation, Verdict, percent
from functions.stats.sample_ratio import Sampled, arrived_share, log_mismatch

RULE = "sample ratio"
ALPHA = 0.001
"""Of a stage: a healthy rollout is paused by it in one of a thousand stages at most."""

SETTLING_SECONDS = 300.0
"""Not asked sooner after a shift: requests are counted when they end, so at first the slower
version's users seem to be missing. After five minutes fewer than 5 % are, when one takes 15 s
longer, which is less than samples of this size can show."""


def sample_ratio(_plan: Plan, situation: Situation) -> Verdict | None:
    """The wrong number of users arrived: PAUSE; INCONCLUSIVE once a person let the stage go on."""
    if situation.since_shift < SETTLING_SECONDS:
        return None
    stage = situation.seen.stage
    candidate, control = _sampled(stage.candidate.users), _sampled(stage.control.users)
    weight = log_mismatch(candidate, control, situation.share)
    if weight < -log(ALPHA):
        return None
    arrived = arrived_share(candidate, control)
    users = candidate.estimate + control.estimate
    found = (
        f"do not trust these figures: {percent(situation.share)} was planned, {percent(arrived)} "
        f"arrived, of {users:,} users."
    )
    known = situation.resumed_at is not None and situation.resumed_at >= situation.began
    goes_on = known and not situation.overdue
    return Verdict(
        Kind.INCONCLUSIVE if goes_on else Kind.PAUSE,
        RULE,
        f"Waiting: {found} It doesn't advance by itself; a person may promote it."
        if goes_on
        else f"Paused: {found} Something besides the split decides who gets the new version, or "
        "who is counted.",
        {
            "planned": round(situation.share, 4),
            "arrived": round(arrived, 4),
            "users": users,
            "e_value": round(min(exp(min(weight, 30.0)), LARGEST_FIGURE), 2),
            "needed": round(1.0 / ALPHA, 2),
        },
        method="sequential sample-ratio test",
        value=round(arrived, 4),
        sample=candidate.users + control.users,
        window_seconds=round(situation.since_shift, 1),
    )


def _sampled(users: Users) -> Sampled:
    return Sampled(len(users.ranks), users.level)
