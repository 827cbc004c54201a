"""The rules that a plan names or that need a baseline: latency, checks, health, critical errors,
audiences, deadlines, rules that break."""

from __future__ import annotations

from dataclasses import replace

import pytest

from functions.metrics.by_users import ByUsers
from functions.metrics.distinct import NOBODY, Users
from functions.metrics.measures import Measure
from functions.metrics.performance import Score
from functions.metrics.tally import Tally
from functions.rollouts import judge as judging
from functions.rollouts.baseline import Baseline
from functions.rollouts.check import Check
from functions.rollouts.criterion import Criterion
from functions.rollouts.evidence import Both, Seen
from functions.rollouts.judge import judge
from functions.rollouts.latency import latency
from functions.rollouts.plan import Criteria, Limits, Plan, Without
from functions.rollouts.sample_ratio import sample_ratio
from functions.rollouts.verdict import Kind, Situation, Verdict
from functions.rollouts.watched import Stretch
from tests.unit.rollouts.test_judge import (
    CASES,
    HEALTHY,
    PLAN,
    Case,
    alike,
    at,
    control,
    tally,
    users,
)

FROZEN = Baseline(0.0, 7200.0, 5_000, 0.012, {500: 0.25, 800: 0.12, 1000: 0.05})
RATED = Check("rating", below=3.5, samples=50)
CHECKED = replace(PLAN, checks=(RATED,))
COMPARED = replace(PLAN, checks=(Check("roi", fall=0.2), Check("complained", rise=0.5)))


def slow(both: Both, candidate: int, of_control: int, rung: str = "1000") -> Both:
    return Both(
        replace(both.candidate, above={rung: candidate}),
        replace(both.control, above={rung: of_control}),
    )


def values(count: int, mean: float, spread: float = 0.0) -> Measure:
    """So many values, half of them `spread` above the mean and half of them below."""
    return Measure(
        count, round(1000 * count * mean), round(10**6 * count * (mean * mean + spread * spread))
    )


def trail(*means: tuple[float, float | None], count: int = 50, spread: float = 0.5) -> Situation:
    """Of minutes, the newest first: the mean rating of the candidate, and of the control."""
    stretches = tuple(
        Stretch(
            960 - 60 * number,
            1020 - 60 * number,
            {"rating": values(count, mine, spread)},
            {} if theirs is None else {"rating": values(9 * count, theirs, spread)},
        )
        for number, (mine, theirs) in enumerate(means)
    )
    return at_seen(Seen(HEALTHY, trail=stretches))


def at_seen(seen: Seen, **options: object) -> Situation:
    return replace(at(HEALTHY), seen=seen, **options)  # type: ignore[arg-type]


def unwell(candidate: int | None, of_control: int | None, **options: object) -> Situation:
    return at_seen(Seen(HEALTHY, unwell=(candidate, of_control)), **options)


def measured(**arms: tuple[Measure, Measure]) -> Both:
    mine = {name: pair[0] for name, pair in arms.items()}
    theirs = {name: pair[1] for name, pair in arms.items()}
    return Both(
        replace(HEALTHY.candidate, measures=mine, users=people(HEALTHY.candidate)),
        replace(HEALTHY.control, measures=theirs, users=people(HEALTHY.control)),
    )


def unknown_users(both: Both) -> Both:
    return Both(replace(both.candidate, users=NOBODY), replace(both.control, users=NOBODY))


def people(tally: Tally) -> Users:
    """Who all come once."""
    return Users(frozenset(range(tally.served)))


def failing_code(candidate: int, of_control: int) -> Both:
    return Both(
        replace(HEALTHY.candidate, errors={"LOST": candidate} if candidate else {}),
        replace(HEALTHY.control, errors={"LOST": of_control} if of_control else {}),
    )


def everybody(requests: int, failures: int) -> Situation:
    """At 100 % without a holdback."""
    stage = Both(tally(requests, failures), Tally())
    return at(stage, share=1.0, frozen=FROZEN)


ONE_USER = ByUsers(values(200, 1.0), users("u", 1))
COMPLAINTS = measured(complained=(values(200, 1.0), values(1800, 0.0)))
RULES = {
    # latency
    "twice as slow": Case(at(slow(HEALTHY, 40, 90), frozen=FROZEN), Kind.FAIL, "latency"),
    "as slow as the control": Case(at(slow(HEALTHY, 10, 90), frozen=FROZEN), Kind.PASS, "healthy"),
    "a little slower, of very many": Case(
        at(slow(Both(tally(100_000), control(900_000)), 5_200, 45_000), frozen=FROZEN),
        Kind.PASS,
        "healthy",
    ),
    "nine slow requests, and none of the control's": Case(
        at(slow(HEALTHY, 9, 0), frozen=FROZEN), Kind.PASS, "healthy"
    ),
    "slow, and nobody knows what is usual": Case(at(slow(HEALTHY, 40, 90)), Kind.PASS, "healthy"),
    "slow at 100 percent": Case(
        replace(everybody(400, 0), seen=Seen(slow(Both(tally(400)), 60, 0))), Kind.FAIL, "latency"
    ),
    "as slow as before at 100 percent": Case(
        replace(everybody(400, 0), seen=Seen(slow(Both(tally(400)), 18, 0))), Kind.PASS, "healthy"
    ),
    # errors without a control
    "six times as many failing as before": Case(everybody(400, 25), Kind.FAIL, "evidence"),
    "as many failing as before": Case(everybody(400, 5), Kind.PASS, "healthy"),
    "failing at 100 percent, and nobody knows what is usual": Case(
        replace(everybody(400, 25), frozen=None), Kind.INCONCLUSIVE, "criteria"
    ),
    "upstream fails at 100 percent": Case(
        replace(
            everybody(400, 0),
            seen=Seen(
                Both(tally(400, 25, cause="upstream")), Both(tally(400, 25, cause="upstream"))
            ),
        ),
        Kind.PAUSE,
        "upstream",
    ),
    # critical errors
    "a critical error of the candidate only": Case(
        at(failing_code(1, 0)), Kind.FAIL, "critical", replace(PLAN, critical=("OTHER", "LOST"))
    ),
    "a critical error while upstream fails for both": Case(
        alike(
            Both(
                replace(tally(50, 6, cause="upstream"), errors={"LOST": 1, "TIMEOUT": 5}),
                replace(control(450, 60, cause="upstream"), errors={"TIMEOUT": 60}),
            )
        ),
        Kind.PAUSE,
        "upstream",
        replace(PLAN, critical=("LOST",)),
    ),
    "a critical error of both": Case(
        at(failing_code(1, 1)), Kind.PASS, "healthy", replace(PLAN, critical=("LOST",))
    ),
    "an error that the plan doesn't name": Case(
        at(failing_code(1, 0)), Kind.PASS, "healthy", replace(PLAN, critical=("OTHER",))
    ),
    # health checks
    "three health checks failed": Case(unwell(3, 0), Kind.FAIL, "health"),
    "two health checks failed": Case(unwell(2, 0), Kind.PASS, "healthy"),
    "health checks of both failed soon after a shift": Case(
        unwell(4, 3, since_shift=60), Kind.FAIL, "internal"
    ),
    "health checks of both failed": Case(unwell(4, 3), Kind.PAUSE, "health"),
    "health checks failed, and the control has none": Case(
        unwell(3, None, since_shift=60), Kind.PAUSE, "health"
    ),
    # checks with bounds
    "rated badly three times": Case(
        trail((3.0, 4.0), (3.1, 4.0), (3.2, 4.0)), Kind.FAIL, "check", CHECKED
    ),
    "rated badly twice": Case(
        trail((3.0, 4.0), (3.1, 4.0), (3.6, 4.0)), Kind.PASS, "healthy", CHECKED
    ),
    "rated badly some time ago": Case(
        trail((3.6, 4.0), (3.1, 4.0), (3.0, 4.0), (3.1, 4.0)), Kind.PASS, "healthy", CHECKED
    ),
    "both rated badly": Case(
        trail((3.0, 3.2), (3.1, 3.2), (3.2, 3.3)), Kind.PAUSE, "check", CHECKED
    ),
    "rated badly by chance, like the control": Case(
        trail((3.49, 3.51), (3.49, 3.51), (3.49, 3.51)), Kind.INCONCLUSIVE, "check", CHECKED
    ),
    "rated badly with nobody to compare": Case(
        trail((3.0, None), (3.1, None), (3.2, None)), Kind.FAIL, "check", CHECKED
    ),
    "rated badly, not for long enough": Case(
        trail((3.0, 4.0), (3.1, 4.0), (3.2, 4.0)),
        Kind.PASS,
        "healthy",
        replace(PLAN, checks=(replace(RATED, seconds=181),)),
    ),
    "rated badly for long enough": Case(
        trail(*[(3.0, 4.0)] * 4),
        Kind.FAIL,
        "check",
        replace(PLAN, checks=(replace(RATED, seconds=240),)),
    ),
    "too few ratings a minute are put together": Case(
        trail(*[(3.0, 4.0)] * 6, count=25), Kind.FAIL, "check", CHECKED
    ),
    "and too few even so": Case(trail(*[(3.0, 4.0)] * 5, count=25), Kind.PASS, "healthy", CHECKED),
    "rated badly before a person let it go on": Case(
        replace(trail(*[(3.0, 4.0)] * 4), resumed_at=850.0), Kind.PASS, "healthy", CHECKED
    ),
    # checks against the control
    "a return on investment that fell by half": Case(
        at(measured(roi=(values(200, 1.0, 0.5), values(1800, 2.0, 0.5)))),
        Kind.FAIL,
        "comparison",
        COMPARED,
    ),
    "one that fell by half, of nobody knows how many users": Case(
        at(unknown_users(measured(roi=(values(200, 1.0, 0.5), values(1800, 2.0, 0.5))))),
        Kind.PAUSE,
        "comparison",
        COMPARED,
    ),
    "one that fell by a fifth": Case(
        at(measured(roi=(values(200, 1.6, 0.5), values(1800, 2.0, 0.5)))),
        Kind.PASS,
        "healthy",
        COMPARED,
    ),
    "a loss that grew by half": Case(
        at(measured(roi=(values(200, -1.5, 0.5), values(1800, -1.0, 0.5)))),
        Kind.FAIL,
        "comparison",
        COMPARED,
    ),
    "a fall of few values": Case(
        at(measured(roi=(values(99, 0.0, 0.1), values(1800, 2.0, 0.1)))),
        Kind.PASS,
        "healthy",
        COMPARED,
    ),
    "complaints that rose": Case(
        at(measured(complained=(values(200, 0.5, 0.5), values(1800, 0.1, 0.3)))),
        Kind.FAIL,
        "comparison",
        COMPARED,
    ),
    "complaints of one signed-in user": Case(
        at(
            Both(
                replace(COMPLAINTS.candidate, by_users={"complained": ONE_USER}),
                COMPLAINTS.control,
            )
        ),
        Kind.PAUSE,
        "check",
        COMPARED,
    ),
    "a fall since before the rollout": Case(
        replace(
            everybody(200, 0),
            seen=Seen(Both(replace(tally(200), measures={"roi": values(200, 1.0, 0.5)}))),
            frozen=replace(FROZEN, measures={"roi": values(5_000, 2.0, 0.5)}),
        ),
        Kind.PAUSE,
        "comparison",
        COMPARED,
    ),
    # what a stage demands
    "worse than the control by more than it may": Case(
        at(measured(rating=(values(200, 3.5), values(1800, 4.0)))),
        Kind.INCONCLUSIVE,
        "worse",
        replace(
            PLAN,
            criteria=Criteria(measures=(Criterion("rating", worse_by=0.1, better="higher"),)),
        ),
    ),
    "worse than the control by what it may": Case(
        at(measured(rating=(values(200, 3.7), values(1800, 4.0)))),
        Kind.PASS,
        "healthy",
        replace(
            PLAN,
            criteria=Criteria(measures=(Criterion("rating", worse_by=0.1, better="higher"),)),
        ),
    ),
    "nothing of the control to be compared with": Case(
        at(measured(rating=(values(200, 3.7), values(29, 4.0)))),
        Kind.INCONCLUSIVE,
        "samples",
        replace(
            PLAN,
            criteria=Criteria(measures=(Criterion("rating", worse_by=0.1, better="higher"),)),
        ),
    ),
    "nothing of before to be compared with at 100 percent": Case(
        replace(
            everybody(200, 0),
            seen=Seen(Both(replace(tally(200), measures={"rating": values(200, 0.1)}))),
        ),
        Kind.INCONCLUSIVE,
        "samples",
        replace(
            PLAN,
            criteria=Criteria(measures=(Criterion("rating", worse_by=0.1, better="higher"),)),
        ),
    ),
    "less available than is demanded": Case(
        at(Both(tally(200, 3), control(1800, 27))),
        Kind.INCONCLUSIVE,
        "measures",
        replace(PLAN, criteria=Criteria(measures=(Criterion("availability", at_least=0.99),))),
    ),
    "a score that is demanded": Case(
        at(slow(HEALTHY, 150, 300, "500"), score=Score(500)),
        Kind.INCONCLUSIVE,
        "measures",
        replace(PLAN, criteria=Criteria(measures=(Criterion("performance_score", at_least=85),))),
    ),
    "a stage with criteria of its own": Case(
        replace(at(HEALTHY), stage=1),
        Kind.INCONCLUSIVE,
        "requests",
        replace(
            PLAN,
            stages=(
                PLAN.stages[0],
                replace(PLAN.stages[1], criteria=Criteria(requests=201)),
                PLAN.stages[2],
            ),
        ),
    ),
    "a stage with limits of its own": Case(
        replace(
            at(HEALTHY, share=0.5),
            stage=1,
            seen=Seen(HEALTHY, checks=(Both(tally(100, 4), control(900)),) * 3),
        ),
        Kind.FAIL,
        "error_rate",
        replace(
            PLAN,
            stages=(
                PLAN.stages[0],
                replace(PLAN.stages[1], limits=Limits(error_rate=0.03)),
                PLAN.stages[2],
            ),
        ),
    ),
    # audiences
    "more failing users of an audience": Case(
        at(Both(tally(1000, 12), control(9000, 9)), audience=True), Kind.PASS, "healthy"
    ),
    "a disaster for an audience": Case(
        at(HEALTHY, recent=Both(tally(20, 6), control(900)), audience=True), Kind.FAIL, "disaster"
    ),
    "an audience of everybody": Case(
        at(Both(tally(200), Tally()), audience=True), Kind.PASS, "healthy"
    ),
    # deadlines
    "back for want of data": Case(
        at(Both(Tally(), control(500)), overdue=True),
        Kind.FAIL,
        "no data",
        replace(PLAN, on_no_data=Without.ROLL_BACK),
    ),
    "paused for want of data": Case(
        at(Both(Tally(), control(500)), overdue=True),
        Kind.PAUSE,
        "no data",
        replace(PLAN, on_inconclusive=Without.ROLL_BACK),
    ),
    "back for want of a proof": Case(
        at(Both(tally(99), control(900)), overdue=True),
        Kind.FAIL,
        "requests",
        replace(PLAN, on_inconclusive=Without.ROLL_BACK),
    ),
}
ALL = CASES | RULES


@pytest.mark.parametrize("case", RULES.values(), ids=RULES.keys())
def test_verdict(case: Case) -> None:
    verdict = judge(case.plan, case.situation)
    assert (verdict.kind, verdict.rule) == (case.kind, case.rule), verdict.sentence
    assert Verdict.from_document(verdict.to_document()) == verdict
    assert verdict.sentence.endswith(".")


@pytest.mark.parametrize("case", ALL.values(), ids=ALL.keys())
def test_every_verdict_says_how_it_was_found(case: Case) -> None:
    verdict = judge(case.plan, case.situation)
    assert verdict.method
    assert verdict.window_seconds > 0
    assert verdict.sample > 0 or verdict.rule in ("no data", "upstream")


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        (
            "twice as slow",
            "Rolled back: 20 % of requests to the new version took longer than 1 s; 5 % on the "
            "old one.",
        ),
        (
            "slow at 100 percent",
            "Rolled back: 15 % of requests to the new version took longer than 1 s; before the "
            "rollout the old one stayed below 5 %.",
        ),
        (
            "six times as many failing as before",
            "Rolled back: 25 of 400 tries on the new version ended in an error; before the rollout "
            "the old one stayed below 1.2 %.",
        ),
        (
            "a critical error of the candidate only",
            "Rolled back: the new version had the critical error LOST (once), the old one did not.",
        ),
        (
            "rated badly three times",
            "Rolled back: `rating` of the new version was 3.1, below 3.5, in 3 checks in a row.",
        ),
        (
            "a return on investment that fell by half",
            "Rolled back: `roi` of the new version is 1; below the old one's 2 by more than 20 %.",
        ),
        (
            "worse than the control by more than it may",
            "Waiting: the mean of `rating` is 3.5 on the new version and 4 on the old one; it may "
            "be worse by at most 10 % before it advances.",
        ),
        (
            "back for want of data",
            "Rolled back: it could not prove itself healthy in the time planned. Nobody has used "
            "the new version since the last change.",
        ),
    ],
)
def test_sentences(name: str, sentence: str) -> None:
    case = RULES[name]
    assert judge(case.plan, case.situation).sentence == sentence


def test_where_nothing_is_known_of_latency_the_figures_say_so() -> None:
    assert judge(PLAN, at(HEALTHY)).figures["slow_known"] == 0
    figures = judge(PLAN, at(slow(HEALTHY, 10, 90), frozen=FROZEN)).figures
    assert (figures["slow_known"], figures["slow_ms"]) == (1, 1000)
    assert (figures["slow"], figures["slow_control"]) == (0.05, 0.05)


def test_a_rule_that_breaks_takes_nothing_back_and_lets_nothing_advance(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def breaking(_plan: Plan, _situation: Situation) -> Verdict | None:
        raise ZeroDivisionError

    broken = tuple(breaking if rule is latency else rule for rule in judging.RULES)
    monkeypatch.setattr(judging, "RULES", broken)
    verdict = judge(PLAN, at(HEALTHY))
    assert (verdict.kind, verdict.rule, verdict.method) == (Kind.ERROR, "error", "breaking")
    assert verdict.sentence.startswith("Could not be judged: the rule 'breaking'")
    assert judge(PLAN, at(HEALTHY, overdue=True)).kind is Kind.PAUSE
    six_fail = CASES["six users fail and nobody else"].situation
    assert judge(PLAN, six_fail).rule == "evidence", "the other rules still guard"
    upstream = CASES["upstream fails for both, totally"].situation
    assert judge(PLAN, upstream).rule == "upstream"


def test_more_arrivals_than_were_planned_make_no_comparison(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Twice as many users arrived, and so twice as many fail."""

    def ratio(arrived: float) -> judging.Rule:
        figures = {"arrived": arrived, "planned": 0.1}
        return lambda _plan, _situation: Verdict(Kind.PAUSE, "sample ratio", "So.", figures)

    def arriving(share: float) -> None:
        rules = [ratio(share) if rule is sample_ratio else rule for rule in judging.RULES]
        monkeypatch.setattr(judging, "sample_ratio", ratio(share))
        monkeypatch.setattr(judging, "RULES", tuple(rules))

    worse = CASES["twelve where three were expected"].situation
    failing = replace(worse, seen=replace(worse.seen, recent=Both(tally(60, 40), control(540))))
    arriving(0.2)
    assert judge(PLAN, worse).rule == "sample ratio"
    assert judge(PLAN, failing).rule == "disaster", "a doubted comparison silences no other rule"
    arriving(0.06)
    assert judge(PLAN, worse).rule == "evidence"


@pytest.mark.parametrize(("people", "wanted"), [(1, Kind.PASS), (4, Kind.FAIL)])
def test_requests_beyond_thirty_seconds_of_one_user_take_nothing_back(
    people: int, wanted: Kind
) -> None:
    above, slowest = {"30000": 12}, {str(number): 30_000 for number in range(people)}
    one = Both(replace(tally(20), above=above, slowest=slowest), control(180))
    plan = replace(PLAN, limits=Limits(slow_rate=0.1))
    assert judge(plan, at_seen(Seen(HEALTHY, checks=(one,) * 3))).kind is wanted
