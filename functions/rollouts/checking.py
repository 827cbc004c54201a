"""What the plan's checks say of the candidate. Pure.

A bound of its own is broken when enough stretches of time in a row lie beyond it, long enough. It
takes the candidate back only where it is also worse than the control over all these stretches, by
more than chance does once in 10,000 times (limits.BY_CHANCE): stretches are picked because they are
bad, so they look worse than they are. Where the control lies beyond the bound as well, it is a
shared trouble. A bound against the control acts as soon as an always-valid confidence sequence lies
beyond it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from math import sqrt

from functions.metrics.measures import NONE, Measure
from functions.metrics.tally import Tally
from functions.rollouts import spending, watched
from functions.rollouts.alarmed import TELLING
from functions.rollouts.check import Check
from functions.rollouts.criterion import number
from functions.rollouts.harm import LEAST_FAILING_USERS, Measured, shared_trouble
from functions.rollouts.limits import BY_CHANCE
from functions.rollouts.own import P95
from functions.rollouts.plan import Plan
from functions.rollouts.verdict import LIMIT, SEQUENCE, Kind, Situation, Verdict, percent
from functions.rollouts.watched import Stretch
from functions.stats.confidence_sequence import Sample, above, below
from functions.stats.fisher import as_many

RULE, COMPARED = "check", "comparison"
CHECK = "check_"
"""In figures, before the name of a metric; `control_check_` is what the control has."""

CONTROL_CHECK = "control_check_"
WORSE_ERRORS = 4.0
"""How many standard errors a mean lies behind the control's, at least: as rare as BY_CHANCE, with
some to spare for values that are not spread like a bell."""

LEAST_COMPARED = 30
"""Values of each arm, for the central limit theorem to say anything."""

UNLIKE = 2.72
"""The mean square of how much users ask, as a multiple of the square of the mean."""


@dataclass(frozen=True, slots=True)
class Struck:
    """A check beyond a bound in so many stretches in a row, which together are `over`."""

    check: Check
    strikes: int
    over: Stretch


def checks(plan: Plan, situation: Situation) -> Verdict | None:
    """A bound of the candidate's own is broken for long enough: FAIL, or PAUSE for a shared one."""
    for found in struck(plan, situation):
        verdict = _judged(found, situation)
        if verdict:
            return verdict
    return None


def comparisons(plan: Plan, situation: Situation) -> Verdict | None:
    """A metric is certainly worse than the control's by more than its share: FAIL.

    PAUSE where that can't be certain: where nobody knows how many users the values are of, and at
    100 %, where the mean of a week before doesn't say how days and nights differ.
    """
    if situation.audience:
        return None
    compared = [each for each in plan.checks if each.fall is not None or each.rise is not None]
    alpha = plan.alpha * spending.MEASURES * spending.of_stage(len(situation.closed))
    for each in compared:
        bounds = sum(bound is not None for one in compared for bound in (one.fall, one.rise))
        verdict = _compared(each, situation, alpha / bounds)
        if verdict:
            return verdict
    return None


def struck(plan: Plan, situation: Situation) -> Iterator[Struck]:
    """The checks with a broken bound."""
    for check in plan.checks:
        found = _struck(check, situation)
        if found:
            yield found


def _struck(check: Check, situation: Situation) -> Struck | None:
    """The run of bad stretches that ends now, each with enough values; None when it is too short.

    What was before a person let it go on is known, and doesn't count.
    """
    if check.below is None and check.above is None:
        return None
    run: Stretch | None = None
    current: Stretch | None = None
    strikes = 0
    for stretch in situation.seen.trail:
        if situation.resumed_at is not None and stretch.since < situation.resumed_at:
            break
        current = current.add(stretch) if current else stretch
        if watched.samples(check, current.candidate, situation.score) < check.samples:
            continue
        value = watched.value(check, current.candidate, situation.score)
        if value is None or not watched.broken(check, value):
            break
        run, current, strikes = (run.add(current) if run else current), None, strikes + 1
    long_enough = run and run.until - run.since >= check.seconds
    return Struck(check, strikes, run) if run and long_enough and strikes >= check.strikes else None


def _judged(found: Struck, situation: Situation) -> Verdict | None:
    check, over = found.check, found.over
    value = watched.value(check, over.candidate, situation.score)
    if value is None:
        return None
    of_control = watched.value(check, over.control, situation.score)
    count = watched.samples(check, over.candidate, situation.score)
    figures = {
        f"{CHECK}{check.metric}": round(value, 4),
        "checks": found.strikes,
        "values": count,
        "seconds": over.until - over.since,
    }
    measured = Measured(round(value, 4), count, over.until - over.since)
    compared = watched.samples(check, over.control, situation.score) >= check.samples
    if compared and of_control is not None:
        figures[f"{CONTROL_CHECK}{check.metric}"] = round(of_control, 4)
        if watched.broken(check, of_control):
            return shared_trouble(RULE, figures, measured)
        if not _worse(check, over, situation):
            return None
    few = _too_few_tell(check, situation)
    if few is not None:
        return _told_by_few(check, few, figures, measured)
    return Verdict(
        Kind.FAIL,
        RULE,
        f"Rolled back: {_said(check, value)} in {found.strikes} checks in a row.",
        figures,
        LIMIT,
        *measured,
    )


def _said(check: Check, value: float) -> str:
    """How far a value is beyond its bound, in words."""
    if check.metric == P95:
        return (
            f"{percent(value)} of requests to the new version took longer than "
            f"{check.above or 0:,.0f} ms, and at most 5 % may,"
        )
    low = check.below is not None and value < check.below
    bound = check.below if low else check.above
    word = "below" if low else "above"
    return (
        f"`{check.metric}` of the new version was {number(value)}, {word} {number(bound or 0.0)},"
    )


def _worse(check: Check, over: Stretch, situation: Situation) -> bool:
    """Whether the candidate's values lie behind the control's beyond chance. Who is in an audience
    isn't chosen by chance: there the bound alone counts."""
    if situation.audience:
        return True
    value = watched.value(check, over.candidate, situation.score) or 0.0
    more_is_bad = check.metric == P95 or (check.above is not None and value > check.above)
    for part in watched.parts_of(check, situation.score):
        pair = (sums.get(part, NONE) for sums in (over.candidate, over.control))
        if _behind(*pair, more_is_bad=more_is_bad):
            return True
    return False


def _behind(mine: Measure, theirs: Measure, *, more_is_bad: bool) -> bool:
    """By Fisher's exact test for shares, by WORSE_ERRORS for means."""
    if not mine.count or not theirs.count:
        return False
    ones, others = watched.ones(mine), watched.ones(theirs)
    if ones is not None and others is not None:
        bad = (ones, others) if more_is_bad else (mine.count - ones, theirs.count - others)
        return as_many(bad[0], mine.count, bad[1], theirs.count) < BY_CHANCE
    first, second = watched.sample(mine), watched.sample(theirs)
    gap = (first.mean - second.mean) if more_is_bad else (second.mean - first.mean)
    spread = max(first.variance, second.variance)
    return gap > WORSE_ERRORS * sqrt(spread / first.count + spread / second.count)


def _compared(check: Check, situation: Situation, alpha: float) -> Verdict | None:
    stage = situation.seen.stage
    mine = stage.candidate.measure(check.metric)
    theirs = _control_of(check.metric, situation)
    if min(mine.count, theirs.count) < max(check.samples, LEAST_COMPARED):
        return None
    sure = situation.share < 1.0 and all((stage.candidate.users, stage.control.users))
    if not sure and situation.resumed_at is not None:
        return None  # a person knows
    ones, others = watched.sample(mine), watched.sample(theirs)
    if sure:
        ones, others = _of_users(ones, stage.candidate), _of_users(others, stage.control)
        if min(ones.count, others.count) < LEAST_COMPARED:
            return None
    share, word = _beyond(check, ones, others, alpha)
    if not word:
        return None
    figures = {
        f"{CHECK}{check.metric}": round(ones.mean, 4),
        f"{CONTROL_CHECK}{check.metric}": round(others.mean, 4),
        word: share,
        "values": mine.count,
        "values_control": theirs.count,
    }
    measured = Measured(round(ones.mean, 4), mine.count, situation.window_seconds)
    few = _too_few_tell(check, situation)
    if few is not None:
        return _told_by_few(check, few, figures, measured)
    side = "below" if word == "fall" else "above"
    before = "" if situation.share < 1.0 else " before the rollout"
    return Verdict(
        Kind.FAIL if sure else Kind.PAUSE,
        COMPARED,
        f"{'Rolled back' if sure else 'Paused'}: `{check.metric}` of the new version is "
        f"{number(ones.mean)}; {side} the old one's {number(others.mean)}{before} by more than "
        f"{percent(share)}.",
        figures,
        SEQUENCE,
        *measured,
    )


def _of_users(sample: Sample, arm: Tally) -> Sample:
    """As if there were so many fewer values as those of one user may say the same: with m values a
    user at the mean, and users as unlike as a log-normal of 1 makes them, n / (1 + (m - 1) · e) of
    n (Kish's design effect, for values of a user that are all alike)."""
    repeats = max(0.0, arm.served / arm.users.estimate - 1.0)
    return replace(sample, count=int(sample.count / (1.0 + repeats * UNLIKE)))


def _control_of(metric: str, situation: Situation) -> Measure:
    """The control's values, or those before the rollout where nobody is left on it."""
    if situation.share < 1.0:
        return situation.seen.stage.control.measure(metric)
    return situation.frozen.measures.get(metric, NONE) if situation.frozen else NONE


def _beyond(check: Check, ones: Sample, others: Sample, alpha: float) -> tuple[float, str]:
    """The share, and which one of `fall` and `rise` it is; no word when neither is certain."""
    sign = 1.0 if others.mean >= 0.0 else -1.0  # a loss falls by growing
    if check.fall is not None and below(ones, others, alpha, 1.0 - sign * check.fall):
        return check.fall, "fall"
    if check.rise is not None and above(ones, others, alpha, 1.0 + sign * check.rise):
        return check.rise, "rise"
    return 0.0, ""


def _too_few_tell(check: Check, situation: Situation) -> int | None:
    """How many signed-in users told of harm, where all of it rests on them and they are too few to
    take a version back; None otherwise."""
    candidate: Tally = situation.seen.stage.candidate
    told = candidate.by_users.get(check.metric)
    if told is None or len(told.users) >= LEAST_FAILING_USERS:
        return None
    servers = candidate.without_users(check.metric).measure(check.metric)
    return None if servers.count >= check.samples else len(told.users)


def _told_by_few(
    check: Check, users: int, figures: dict[str, float], measured: Measured
) -> Verdict:
    return Verdict(
        Kind.PAUSE,
        RULE,
        f"Paused: `{check.metric}` of the new version is {number(measured.value or 0.0)}, beyond "
        f"its bound. Signed-in users who told of it: {users}; it takes {LEAST_FAILING_USERS} to "
        "take the version back.",
        {**figures, TELLING: users},
        LIMIT,
        *measured,
    )
