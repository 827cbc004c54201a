"""At which looks something could be decided at all. Exact: what is left out decides nothing.

The judge's rules are asked at each look of the controller, and nearly always have nothing to say.
Each screen is a condition that its rule can't do without, found for all looks of a segment at once;
where none holds, the look is skipped. tests/simulation holds that skipping gives the same moves, at
the same times, as looking always. A rule without a screen is asked always.

The mixture of an e-process is an average of likelihood ratios, so never above the greatest one:
n KL(share found ‖ share expected), which takes no gamma functions.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import log

import numpy as np
import numpy.typing as npt

from benchmarks.judging.segment import START, Segment
from benchmarks.judging.traffic import CAUSES, Flags, Ints
from functions.metrics import distinct
from functions.metrics.tally import USERS_CAP
from functions.metrics.windows import SLOT_SECONDS
from functions.rollouts import judge, latency, sample_ratio, spending, suspicion
from functions.rollouts.evidence import (
    FIRST_PART,
    FOLD_EVERY_SECONDS,
    RECENT_SECONDS,
    SETTLED_SECONDS,
)
from functions.rollouts.harm import (
    AFTER_SHIFT_SECONDS,
    DISASTER_USERS,
    INTERNAL_RATE,
    LEAST_FAILING_USERS,
    UPSTREAM_CANDIDATE,
    UPSTREAM_CONTROL,
    UPSTREAM_RATE,
)
from functions.rollouts.plan import Limits
from functions.rollouts.rollout import Rollout
from functions.stats.e_process import Failing, log_e_value, log_evidence, tolerated_share
from functions.stats.sample_ratio import Sampled, log_mismatch

Reals = npt.NDArray[np.float64]

RECENT = RECENT_SECONDS // SLOT_SECONDS
LIVE = (SETTLED_SECONDS + FOLD_EVERY_SECONDS) // SLOT_SECONDS + 4
"""Slots that are not folded yet, at most; checks are made of these."""

LAST_REQUESTS = 20
SLOW_MS = 30_000


class Counts:
    """Of a segment: requests and failures of both arms, as sums of what was before each slot."""

    def __init__(self, segment: Segment) -> None:
        slots = segment.requests.slots - segment.first
        self.slots, self.segment = slots, segment
        self.candidate = _sums(segment.slot[segment.candidate], slots)
        self.control = _sums(segment.slot[~segment.candidate], slots)
        self.candidate_failed = _sums(segment.slot[segment.candidate & segment.failed], slots)
        self.control_failed = _sums(segment.slot[~segment.candidate & segment.failed], slots)

    def upstream(self, candidate: bool) -> Ints:
        """Of an arm, failures that upstream caused."""
        segment = self.segment
        failed = np.flatnonzero(segment.failed & (segment.candidate == candidate))
        of_it = segment.causes(failed) == CAUSES.index("upstream")
        return _sums(segment.slot[failed[of_it]], self.slots)

    def slow(self) -> Ints:
        slow = self.segment.candidate & (self.segment.log_ms > log(SLOW_MS) - 1e-3)
        return _sums(self.segment.slot[slow], self.slots)


def evidence(counts: Counts, rollout: Rollout, _limits: Limits) -> Flags:
    """Rests on the failing users so far, which are counted as functions.rollouts.evidence does."""
    candidate, control = failing_users(counts.segment)
    expected = tolerated_share(counts.segment.share, rollout.plan.tolerance)
    weight = np.maximum(greatest(candidate, control, expected), max(rollout.closed, default=0.0))
    found = (weight >= -log(rollout.plan.alpha)) & (candidate >= LEAST_FAILING_USERS)

    def enough(mine: int, theirs: int) -> bool:
        """As functions.rollouts.suspicion weighs them, on the level that has most of alpha."""
        failing = Failing(mine, theirs, counts.segment.share)
        stages = [*rollout.closed, log_e_value(failing, rollout.plan.tolerance) + log(FIRST_PART)]
        weighed = log_evidence(stages, planned=len(rollout.plan.stages) + 1)
        return weighed >= log(suspicion.needed(rollout.plan))

    return _asked_once(found, enough, candidate, control)


def internal(counts: Counts, rollout: Rollout, _limits: Limits) -> Flags:
    """Soon after a shift, in both arms."""
    now = START + (counts.segment.first + 1 + np.arange(counts.slots)) * SLOT_SECONDS
    soon = now - (rollout.shift.at if rollout.shift else now) <= AFTER_SHIFT_SECONDS
    requests = _last(counts.candidate + counts.control, RECENT)
    failed = _last(counts.candidate_failed + counts.control_failed, RECENT)
    return soon & (failed >= LEAST_FAILING_USERS) & (failed >= INTERNAL_RATE * requests)


def upstream(counts: Counts, _rollout: Rollout, _limits: Limits) -> Flags:
    """Users who fail are no more than failures."""
    candidate, control = (_last(counts.upstream(arm), RECENT) for arm in (True, False))
    return (
        (candidate >= UPSTREAM_CANDIDATE)
        & (control >= UPSTREAM_CONTROL)
        & (candidate >= UPSTREAM_RATE * _last(counts.candidate, RECENT))
        & (control >= UPSTREAM_RATE * _last(counts.control, RECENT))
    )


def disaster(counts: Counts, _rollout: Rollout, limits: Limits) -> Flags:
    failed, requests = (_last(each, RECENT) for each in (counts.candidate_failed, counts.candidate))
    large = (failed >= DISASTER_USERS) & (failed >= limits.disaster_rate * requests)
    mine = counts.segment.failed[counts.segment.candidate]
    sums = np.concatenate(([0], np.cumsum(mine)))
    ends = counts.candidate[1:]
    run = sums[ends] - sums[np.maximum(0, ends - LAST_REQUESTS)]
    found: Flags = large | (run >= DISASTER_USERS)
    return found


def limits(counts: Counts, _rollout: Rollout, limits: Limits) -> Flags:
    """Checks follow each other backwards from the newest slot but one, each as short as gives it
    enough requests. Failing users are no more than failures."""
    found = np.zeros(counts.slots, np.bool_)
    rates = [(counts.candidate_failed, limits.error_rate), (counts.slow(), limits.slow_rate)]
    for failed, rate in rates:
        end, struck = np.arange(counts.slots), np.ones(counts.slots, np.bool_)
        for _ in range(limits.strikes):
            served = counts.candidate[end] - limits.check_requests
            begin = np.searchsorted(counts.candidate, served, side="right") - 1
            begin = np.minimum(begin, end - 1)
            struck &= begin >= 0
            begin = np.maximum(begin, 0)
            bad = failed[end] - failed[begin]
            struck &= bad > rate * (counts.candidate[end] - counts.candidate[begin])
            struck &= bad >= LEAST_FAILING_USERS
            end = begin
        found |= struck
    high = np.concatenate(([0], np.cumsum(counts.segment.memory > limits.memory)))
    return found | (_last(high, LIVE + 1) > 0)


def slow(counts: Counts, rollout: Rollout, _limits: Limits) -> Flags:
    """Rests on the requests above some rungs so far, weighed by how many users there are; of a mean
    of bets one is above the mean."""
    found = np.zeros(counts.slots, np.bool_)
    frozen, segment = rollout.frozen, counts.segment
    if frozen is None or segment.share >= 1.0:
        return found if frozen is None else ~found
    needed = -log(rollout.plan.alpha * spending.SLOW)
    served = np.maximum(counts.candidate[1:] + counts.control[1:], 1)
    users = sum(held << level for held, level in (arrived(segment, arm) for arm in (True, False)))
    weight = np.minimum(1.0, users / served)
    share = np.clip(counts.candidate[1:] / served, 1e-9, 1 - 1e-9)
    expected = latency.TOLERANCE * share / (latency.TOLERANCE * share + 1 - share)
    for rung in frozen.slow:
        above = segment.log_ms > log(rung) - 1e-6
        mine, theirs = (
            _sums(segment.slot[above & (segment.candidate == arm)], counts.slots)[1:]
            for arm in (True, False)
        )
        found |= greatest(mine * weight, theirs * weight, expected) >= needed
    return found


def ratio(counts: Counts, _rollout: Rollout, _limits: Limits) -> Flags:
    """Rests on how many users arrived so far, which are counted as functions.metrics.distinct
    does; it asks the same both ways."""
    segment = counts.segment
    (candidate, level), (control, other) = (arrived(segment, arm) for arm in (True, False))
    many, few = segment.share * 0.5**level, (1 - segment.share) * 0.5**other
    shares = many / (many + few), few / (many + few)
    weight = np.maximum(
        greatest(candidate, control, shares[0]), greatest(control, candidate, shares[1])
    )
    found: Flags = weight >= -log(sample_ratio.ALPHA)

    def enough(candidate: int, level: int, control: int, other: int) -> bool:
        ones, others = Sampled(candidate, level), Sampled(control, other)
        return log_mismatch(ones, others, segment.share) >= -log(sample_ratio.ALPHA)

    return _asked_once(found, enough, candidate, level, control, other)


def _asked_once(found: Flags, enough: Callable[..., bool], *numbers: Ints) -> Flags:
    """Of what was found, where it is enough: the same numbers come again for hours."""
    asked = np.stack(numbers, axis=1)[found]
    told, at = np.unique(asked, axis=0, return_inverse=True)
    answers = np.array([enough(*map(int, each)) for each in told], np.bool_)
    exact = found.copy()
    exact[found] = answers[at.reshape(-1)]
    return exact


def never(counts: Counts, _rollout: Rollout, _limits: Limits) -> Flags:
    """Needs what isn't told in the simulation, or waits only for what is looked at anyway."""
    return np.zeros(counts.slots, np.bool_)


def always(counts: Counts, _rollout: Rollout, _limits: Limits) -> Flags:
    return np.ones(counts.slots, np.bool_)


def checked(counts: Counts, rollout: Rollout, limits: Limits) -> Flags:
    if not rollout.plan.checks:
        return never(counts, rollout, limits)
    return always(counts, rollout, limits)


SCREENS: Mapping[str, Callable[[Counts, Rollout, Limits], Flags]] = {
    "critical": never,
    "latency": slow,
    "health": never,
    "checks": checked,
    "comparisons": checked,
    "evidence": evidence,
    "internal": internal,
    "upstream": upstream,
    "disaster": disaster,
    "limits": limits,
    "alarms": never,
    "sample_ratio": ratio,
    "criteria": never,
}
"""By the name of the rule in functions.rollouts.judge."""


PAUSING = frozenset({"upstream", "sample_ratio"})
"""Rules that at most pause: while it is paused they have nothing to add."""


@dataclass(frozen=True)
class Flagged:
    """Whether something could be decided at the look after each slot of a segment, by what is seen
    alone; a PASS and a deadline come by time."""

    running: Flags
    paused: Flags
    passable: Flags
    """Where the candidate has had the requests that a PASS takes, and no more failures."""


def flagged(segment: Segment, rollout: Rollout) -> Flagged:
    """A rule without a screen is always asked."""
    counts = Counts(segment)
    bounds = rollout.plan.limits_at(rollout.state.stage)
    running, paused = (never(counts, rollout, bounds) for _ in range(2))
    for rule in judge.RULES:
        name = rule.__name__
        found = SCREENS.get(name, always)(counts, rollout, bounds)
        running |= found
        if name not in PAUSING:
            paused |= found
    criteria = rollout.plan.criteria_at(rollout.state.stage)
    served, failed = counts.candidate[1:], counts.candidate_failed[1:]
    passable = (served >= criteria.requests) & (failed <= criteria.error_rate * served + 1e-6)
    return Flagged(running, paused, passable)


def greatest(candidate: Ints | Reals, control: Ints | Reals, expected: Reals | float) -> Reals:
    """The logarithm of the greatest likelihood ratio against so large an expected share."""
    total = np.maximum(candidate + control, 1e-9)
    share = np.clip(candidate / total, 1e-12, 1 - 1e-12)
    ratio = candidate * np.log(share / expected) + control * np.log((1 - share) / (1 - expected))
    return np.where(share > expected, ratio, 0.0)


def failing_users(segment: Segment) -> tuple[Ints, Ints]:
    """Distinct failing users of candidate and control after each slot, as far as they compare: of
    full sets, those in the largest half, quarter, … of all hashes that is kept whole."""
    users = len(segment.requests.bucket)
    slots = segment.requests.slots - segment.first
    position = np.flatnonzero(segment.failed)
    key = segment.user[position].astype(np.int64) * 2 + segment.candidate[position]
    first = np.sort(np.unique(key, return_index=True)[1])
    slot = segment.slot[position[first]]
    ranks = segment.requests.rank[segment.user[position[first]]].tolist()
    arms = segment.candidate[position[first]].tolist()
    kept: tuple[list[int], list[int]] = [], []
    counts = np.zeros((len(ranks) + 1, 2), np.int64)
    for number, (rank, arm) in enumerate(zip(ranks, arms, strict=True), start=1):
        mine = kept[arm]
        if len(mine) < USERS_CAP:
            insort(mine, rank)
        elif rank < mine[-1]:
            mine.pop()
            insort(mine, rank)
        else:
            counts[number] = counts[number - 1]
            continue
        full = [each[-1] for each in kept if len(each) >= USERS_CAP]
        if full:
            limit = _limit(min(full), users)
            counts[number] = [bisect_left(each, limit) for each in kept]
        else:
            counts[number] = [len(each) for each in kept]
    after = counts[np.searchsorted(slot, np.arange(slots), side="right")]
    return after[:, 1], after[:, 0]


def _limit(reached: int, users: int) -> int:
    """The rank from which on users are left out, when a set reaches to this one."""
    level = 1
    while (1 << (64 - level)) > (reached << 64) // users:
        level += 1
    return -(-(users << (64 - level)) >> 64)


def arrived(segment: Segment, candidate: bool) -> tuple[Ints, Ints]:
    """Of the sample of an arm's users after each slot: how many it holds, and its level."""
    slots = segment.requests.slots - segment.first
    mine = np.flatnonzero(segment.candidate == candidate)[::-1]
    first = np.full(len(segment.requests.bucket), -1)
    first[segment.user[mine]] = segment.slot[mine]  # the first of a user is written last
    ranks = segment.sampled_as[first >= 0].astype(np.int64)
    first = first[first >= 0]
    held, level = _sums(first, slots)[1:], np.zeros(slots, np.int64)
    while (held > distinct.KEPT).any():
        following = level + (held > distinct.KEPT)
        of_level = _sums(first[ranks < 1 << (distinct.BITS - int(following.max()))], slots)[1:]
        held, level = np.where(held > distinct.KEPT, of_level, held), following
    return held, level


def _sums(slot: Ints, slots: int) -> Ints:
    counts = np.bincount(slot, minlength=slots)
    return np.concatenate(([0], np.cumsum(counts)))


def _last(sums: Ints, length: int) -> Ints:
    """What was counted in the last so many slots, at the end of each."""
    before = np.maximum(0, np.arange(1, len(sums)) - length)
    found: Ints = sums[1:] - sums[before]
    return found
