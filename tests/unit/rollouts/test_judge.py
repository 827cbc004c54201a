"""The judge as a table: what was seen, and what follows."""

from dataclasses import dataclass, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.alerts.alarm import Alarm
from functions.alerts.rule import ACTIONS, NOTIFY, PAUSE, ROLL_BACK, SEVERITIES
from functions.metrics.by_users import ByUsers
from functions.metrics.completions import Completion
from functions.metrics.measures import Measure
from functions.metrics.tally import Tally
from functions.rollouts.criterion import Criterion
from functions.rollouts.evidence import Both, Seen
from functions.rollouts.judge import judge
from functions.rollouts.plan import Criteria, Plan, Stage
from functions.rollouts.verdict import Kind, Situation, Verdict

PLAN = Plan(
    "table",
    (Stage(10, 60, 600), Stage(50, 60, 600), Stage(100, 60, 600)),
    criteria=Criteria(requests=100),
)


def users(prefix: str, count: int) -> frozenset[str]:
    return frozenset(f"{prefix}{number:04d}" for number in range(count))


DEMANDING = replace(
    PLAN,
    criteria=Criteria(measures=(Criterion("quality", 50, 0.9), Criterion("cost", 50, at_most=2))),
)
THRIFTY = replace(PLAN, criteria=Criteria(budget=0.25))


def reporting(**means: tuple[int, float]) -> Both:
    """As HEALTHY, with measures: {name: (values, mean)}."""
    measures = {
        name: Measure(count, round(count * mean * 1000), 0) for name, (count, mean) in means.items()
    }
    return Both(replace(tally(200), measures=measures), control(1800))


def tally(
    requests: int,
    failures: int = 0,
    *,
    cause: str = "candidate",
    failing: int | None = None,
    prefix: str = "c",
    memory: float = 0.0,
    slow: int = 0,
) -> Tally:
    distinct = failures if failing is None else failing
    return Tally(
        requests=requests,
        failures=failures,
        causes={cause: failures} if failures else {},
        users_failing=users(prefix, distinct),
        memory_max=memory,
        above={"30000": slow} if slow else {},
    )


def ended(failures: int, cause: str = "candidate") -> Tally:
    """The candidate's last twenty requests."""
    ends = tuple(Completion(9_000 * n, f"c{n:04d}", n < failures) for n in range(20))
    return replace(tally(20, failures, cause=cause), recent=ends)


def control(requests: int, failures: int = 0, **options: object) -> Tally:
    return tally(requests, failures, prefix="b", **options)  # type: ignore[arg-type]


def at(
    stage: Both,
    *,
    recent: Both | None = None,
    checks: tuple[Both, ...] = (),
    last: Both | None = None,
    share: float = 0.1,
    elapsed: float = 120,
    since_shift: float = 1000,
    **options: object,
) -> Situation:
    return Situation(
        seen=Seen(stage, recent or Both(), checks, last=last or Both()),
        share=share,
        elapsed=elapsed,
        needed=60,
        since_shift=since_shift,
        **options,  # type: ignore[arg-type]
    )


def alike(both: Both, **options: object) -> Situation:
    """The stage is as its last minute, and as its last three checks."""
    return at(both, recent=both, checks=(both, both, both), **options)  # type: ignore[arg-type]


HEALTHY = Both(tally(200), control(1800))


def bad_checks(count: int, beside: Tally) -> tuple[Both, ...]:
    """Six percent of the candidate's requests fail in each, for other users each time."""
    return tuple(Both(tally(100, 6, prefix=f"c{n}-"), beside) for n in range(count))


def alarm(rule: str, *, severity: str = "P1", actions: tuple[str, ...] = (NOTIFY,)) -> Alarm:
    return Alarm(rule, severity, actions, since=10.0, value=0.9, sentence=f"{rule} fires.")


MEMORY = alarm("p1-memory", actions=(NOTIFY, PAUSE))
GRAVE = alarm("score", severity="P2", actions=(NOTIFY, ROLL_BACK))


def telling(number: int) -> Situation:
    """A grave alert that rests on what so many users report."""
    told = {"crash": ByUsers(Measure(number, 1_000 * number, 10**6 * number), users("u", number))}
    stage = replace(HEALTHY, candidate=replace(HEALTHY.candidate, by_users=told))
    return at(stage, alarms=(replace(GRAVE, by_users="crash"),))


@dataclass(frozen=True)
class Case:
    situation: Situation
    kind: Kind
    rule: str
    plan: Plan = PLAN


CASES = {
    # evidence
    "six users fail and nobody else": Case(
        at(Both(tally(6, 6), control(50))), Kind.FAIL, "evidence"
    ),
    "twelve where three were expected": Case(
        at(Both(tally(300, 12), control(2700, 27))), Kind.FAIL, "evidence"
    ),
    "one client that retries a hundred times": Case(
        at(Both(tally(150, 100, failing=1), control(900))), Kind.INCONCLUSIVE, "criteria"
    ),
    "two users are never enough": Case(
        at(Both(tally(3, 2), control(500)), share=0.01), Kind.INCONCLUSIVE, "requests"
    ),
    "the control without errors, the candidate failing half the time": Case(
        at(Both(tally(20, 10), control(180))), Kind.FAIL, "evidence"
    ),
    "evidence counts while paused or over time as well": Case(
        at(Both(tally(6, 6), control(50)), overdue=True), Kind.FAIL, "evidence"
    ),
    "stages add up": Case(
        at(Both(tally(60, 3), control(500)), closed=(4.91,)), Kind.FAIL, "evidence"
    ),
    "stages don't multiply": Case(
        at(Both(tally(60, 3), control(500)), closed=(4.5,)), Kind.INCONCLUSIVE, "requests"
    ),
    # upstream trouble in both arms
    "upstream fails for both": Case(
        alike(Both(tally(40, 12, cause="upstream"), control(360, 100, cause="upstream"))),
        Kind.PAUSE,
        "upstream",
    ),
    "upstream fails for both, totally": Case(
        alike(Both(tally(40, 40, cause="upstream"), control(360, 360, cause="upstream"))),
        Kind.PAUSE,
        "upstream",
    ),
    "upstream fails for the candidate alone": Case(
        alike(Both(tally(40, 12, cause="upstream"), control(360))), Kind.FAIL, "evidence"
    ),
    # internal causes after a shift
    "both crash soon after a shift": Case(
        alike(
            Both(tally(40, 6, cause="internal"), control(360, 50, cause="internal")),
            since_shift=90,
        ),
        Kind.FAIL,
        "internal",
    ),
    "both crashed before the shift already": Case(
        alike(
            Both(tally(40, 6, cause="internal"), control(360, 50, cause="internal")),
            since_shift=90,
            internal_before=0.1,
        ),
        Kind.PAUSE,
        "error_rate",
    ),
    "both still crash after the split was lowered": Case(
        alike(
            Both(tally(40, 6, cause="internal"), control(360, 50, cause="internal")),
            since_shift=90,
            raised=False,
            internal_before=0.1,
        ),
        Kind.FAIL,
        "internal",
    ),
    "both crash long after the shift": Case(
        alike(
            Both(tally(40, 6, cause="internal"), control(360, 50, cause="internal")),
            since_shift=601,
        ),
        Kind.PAUSE,
        "error_rate",
    ),
    # disasters
    "a quarter fails at 95 percent": Case(
        at(HEALTHY, recent=Both(tally(20, 5), control(40)), share=0.95), Kind.FAIL, "disaster"
    ),
    "a quarter fails, and hardly anybody is left on the old version": Case(
        at(HEALTHY, recent=Both(tally(20, 5), control(1)), share=0.95), Kind.PAUSE, "disaster"
    ),
    "a quarter fails, and nobody is left on the old version": Case(
        at(HEALTHY, recent=Both(tally(20, 5)), share=1.0), Kind.FAIL, "disaster"
    ),
    "a quarter of too few requests": Case(
        at(HEALTHY, recent=Both(tally(19, 19), control(1)), share=0.95), Kind.PASS, "healthy"
    ),
    "clients that retry make a quarter of the requests fail": Case(
        at(HEALTHY, recent=Both(tally(60, 30, failing=5), control(1)), share=0.95),
        Kind.PASS,
        "healthy",
    ),
    "a quarter fails for four users only": Case(
        at(HEALTHY, recent=Both(tally(20, 10, failing=4), control(1)), share=0.95),
        Kind.PASS,
        "healthy",
    ),
    "a disaster in both arms": Case(
        at(HEALTHY, recent=Both(tally(40, 20), control(40, 18)), share=0.5),
        Kind.PAUSE,
        "disaster",
    ),
    "half of the last requests fail, with little traffic": Case(
        at(HEALTHY, last=Both(ended(10), control(180))), Kind.FAIL, "disaster"
    ),
    "most of the last requests failed in an incident of both, which is over": Case(
        at(HEALTHY, recent=Both(tally(6), control(54)), last=Both(ended(15), control(180, 110))),
        Kind.PAUSE,
        "disaster",
    ),
    "the last requests failed in what both depend on": Case(
        at(
            HEALTHY,
            recent=Both(tally(2, 2, cause="upstream"), control(9, 2, cause="upstream")),
            last=Both(ended(20, cause="upstream"), control(180, 60, cause="upstream")),
        ),
        Kind.PAUSE,
        "disaster",
    ),
    "upstream fails for the candidate's last requests alone": Case(
        at(HEALTHY, last=Both(ended(20, cause="upstream"), control(180))), Kind.FAIL, "disaster"
    ),
    "the candidate fails by itself beside upstream trouble": Case(
        alike(
            Both(
                replace(tally(100, 90), causes={"upstream": 6, "candidate": 84}),
                control(1000, 60, cause="upstream"),
            ),
            audience=True,
        ),
        Kind.FAIL,
        "disaster",
    ),
    # limits
    "six percent in three checks": Case(
        at(HEALTHY, checks=bad_checks(3, control(100)), share=0.5),
        Kind.FAIL,
        "error_rate",
    ),
    "six percent in three checks, too few to compare with": Case(
        at(HEALTHY, checks=(Both(tally(100, 6), control(5)),) * 3, share=0.95),
        Kind.PAUSE,
        "error_rate",
    ),
    "six percent for as many checks as it takes to compare": Case(
        at(HEALTHY, checks=bad_checks(40, control(5)), share=0.95),
        Kind.FAIL,
        "error_rate",
    ),
    "six percent in three checks, with nobody left to compare with": Case(
        at(HEALTHY, checks=(Both(tally(100, 6)),) * 3, share=1.0), Kind.FAIL, "error_rate"
    ),
    "six percent in two checks of three": Case(
        at(
            HEALTHY,
            checks=(
                Both(tally(100, 6), control(5)),
                Both(tally(100, 4), control(5)),
                Both(tally(100, 6), control(5)),
            ),
            share=0.95,
        ),
        Kind.PASS,
        "healthy",
    ),
    "six percent in two checks so far": Case(
        at(HEALTHY, checks=(Both(tally(100, 6), control(5)),) * 2, share=0.95),
        Kind.PASS,
        "healthy",
    ),
    "six percent of both": Case(
        at(HEALTHY, checks=(Both(tally(100, 6), control(100, 5)),) * 3, share=0.5),
        Kind.PAUSE,
        "error_rate",
    ),
    "slow in three checks": Case(
        at(HEALTHY, checks=(Both(tally(100, slow=6), control(900)),) * 3), Kind.FAIL, "slow_rate"
    ),
    "memory that a shift brought about, in both": Case(
        at(
            HEALTHY,
            checks=(Both(tally(100, memory=0.9), control(900, memory=0.9)),) * 3,
            since_shift=120,
            memory_before=0.4,
        ),
        Kind.FAIL,
        "memory",
    ),
    "memory that was short before": Case(
        at(
            HEALTHY,
            checks=(Both(tally(100, memory=0.9), control(900, memory=0.9)),) * 3,
            since_shift=120,
            memory_before=0.85,
        ),
        Kind.PAUSE,
        "memory",
    ),
    # criteria
    "nobody came": Case(at(Both(Tally(), control(500))), Kind.NO_DATA, "no data"),
    "nobody came in all the time": Case(
        at(Both(Tally(), control(500)), overdue=True), Kind.PAUSE, "no data"
    ),
    "only clients' own mistakes came": Case(
        at(Both(Tally(requests=9, causes={"client": 9}), control(500))), Kind.NO_DATA, "no data"
    ),
    "too few requests": Case(at(Both(tally(99), control(900))), Kind.INCONCLUSIVE, "requests"),
    "too few requests in all the time": Case(
        at(Both(tally(99), control(900)), overdue=True), Kind.PAUSE, "requests"
    ),
    "nobody to compare with": Case(at(Both(tally(200), Tally())), Kind.INCONCLUSIVE, "control"),
    "nobody to compare with, as planned": Case(
        at(Both(tally(200), Tally()), share=1.0), Kind.PASS, "healthy"
    ),
    "too early": Case(at(HEALTHY, elapsed=59), Kind.INCONCLUSIVE, "time"),
    "more errors than may advance": Case(
        at(Both(tally(200, 5), control(1800, 45))), Kind.INCONCLUSIVE, "criteria"
    ),
    "nothing of a measure that is demanded": Case(
        at(HEALTHY), Kind.INCONCLUSIVE, "samples", DEMANDING
    ),
    "too few values of a measure, all good": Case(
        at(reporting(quality=(49, 1.0), cost=(200, 1))), Kind.INCONCLUSIVE, "samples", DEMANDING
    ),
    "a mean below its bound": Case(
        at(reporting(quality=(50, 0.8995), cost=(200, 1))), Kind.INCONCLUSIVE, "measures", DEMANDING
    ),
    "the second of two above its bound": Case(
        at(reporting(quality=(50, 0.9), cost=(1200, 1234.5))),
        Kind.INCONCLUSIVE,
        "measures",
        DEMANDING,
    ),
    "a mean below its bound in all the time": Case(
        at(reporting(quality=(50, 0.5), cost=(200, 1)), overdue=True),
        Kind.PAUSE,
        "measures",
        DEMANDING,
    ),
    "all that is demanded": Case(
        at(reporting(quality=(50, 0.9), cost=(200, 2))), Kind.PASS, "healthy", DEMANDING
    ),
    "the control's measures are nobody's": Case(
        at(Both(tally(200), reporting(quality=(90, 1.0), cost=(90, 1)).candidate)),
        Kind.INCONCLUSIVE,
        "samples",
        DEMANDING,
    ),
    "more budget is left than is needed": Case(
        at(HEALTHY, budget_left=0.5), Kind.PASS, "healthy", THRIFTY
    ),
    "as much budget is left as is needed": Case(
        at(HEALTHY, budget_left=0.25), Kind.PASS, "healthy", THRIFTY
    ),
    "less budget is left than is needed": Case(
        at(HEALTHY, budget_left=0.2499), Kind.INCONCLUSIVE, "budget", THRIFTY
    ),
    "the budget is overdrawn in all the time": Case(
        at(HEALTHY, budget_left=-3.0, overdue=True), Kind.PAUSE, "budget", THRIFTY
    ),
    "nobody knows what is left of the budget": Case(
        at(HEALTHY), Kind.INCONCLUSIVE, "budget", THRIFTY
    ),
    "an overdrawn budget that nobody asked for": Case(
        at(HEALTHY, budget_left=-3.0), Kind.PASS, "healthy"
    ),
    "suspicious": Case(at(Both(tally(1000, 9), control(9000, 24))), Kind.INCONCLUSIVE, "suspicion"),
    "a critical alert that only tells keeps it where it is": Case(
        at(HEALTHY, alarms=(alarm("p1-consecutive-failures"),)), Kind.INCONCLUSIVE, "alarm"
    ),
    "an alert that pauses": Case(
        at(HEALTHY, alarms=(alarm("p1-memory", actions=(NOTIFY, PAUSE)),)), Kind.PAUSE, "alarm"
    ),
    "one that fired when somebody let it go on was known": Case(
        at(HEALTHY, alarms=(alarm("p1-memory", actions=(PAUSE, ROLL_BACK)),), resumed_at=50.0),
        Kind.INCONCLUSIVE,
        "alarm",
    ),
    "in the stage after it is news again": Case(
        at(HEALTHY, alarms=(MEMORY,), began=60.0, resumed_at=50.0), Kind.PAUSE, "alarm"
    ),
    "one of both that was known holds nothing up": Case(
        at(HEALTHY, alarms=(MEMORY,), shared_alarms={"p1-memory": 0.88}, resumed_at=50.0),
        Kind.PASS,
        "healthy",
    ),
    "nor in the stage after": Case(
        at(
            HEALTHY,
            alarms=(MEMORY,),
            shared_alarms={"p1-memory": 0.88},
            began=60.0,
            resumed_at=50.0,
        ),
        Kind.PASS,
        "healthy",
    ),
    "one of both that nobody knew pauses": Case(
        at(HEALTHY, alarms=(MEMORY,), shared_alarms={"p1-memory": 0.88}, resumed_at=5.0),
        Kind.PAUSE,
        "alarm",
    ),
    "one of both that only tells holds it up until somebody knows": Case(
        at(HEALTHY, alarms=(alarm("p1-memory"),), shared_alarms={"p1-memory": 0.88}),
        Kind.INCONCLUSIVE,
        "alarm",
    ),
    "one that began before and is still too much takes back what began anew": Case(
        at(HEALTHY, alarms=(GRAVE,), began=50.0), Kind.FAIL, "alarm"
    ),
    "and one that was too much after it began": Case(
        at(HEALTHY, alarms=(replace(GRAVE, quiet_since=51.0),), began=50.0), Kind.FAIL, "alarm"
    ),
    "what one user tells pauses": Case(telling(1), Kind.PAUSE, "alarm"),
    "what two tell as well": Case(telling(2), Kind.PAUSE, "alarm"),
    "what three tell takes back": Case(telling(3), Kind.FAIL, "alarm"),
    "and so it does after a person knew of one": Case(
        replace(telling(3), resumed_at=50.0), Kind.FAIL, "alarm"
    ),
    "what one tells is known when a person goes on": Case(
        replace(telling(1), resumed_at=50.0), Kind.PASS, "healthy"
    ),
    "what servers report needs no users": Case(
        replace(telling(1), alarms=(GRAVE,)), Kind.FAIL, "alarm"
    ),
    "one that is only kept firing from before does not": Case(
        at(HEALTHY, alarms=(replace(GRAVE, quiet_since=40.0),), began=50.0), Kind.PASS, "healthy"
    ),
    "an alert that rolls back": Case(
        at(HEALTHY, alarms=(alarm("score", severity="P2", actions=(NOTIFY, ROLL_BACK)),)),
        Kind.FAIL,
        "alarm",
    ),
    "of several alerts the strongest acts": Case(
        at(
            HEALTHY,
            alarms=(
                alarm("p1-memory", actions=(NOTIFY, PAUSE)),
                alarm("score", severity="P3", actions=(ROLL_BACK,)),
            ),
        ),
        Kind.FAIL,
        "alarm",
    ),
    "what fires on the control as well takes nothing back": Case(
        at(
            HEALTHY,
            alarms=(alarm("score", actions=(ROLL_BACK,)),),
            shared_alarms={"score": 0.8},
        ),
        Kind.PAUSE,
        "alarm",
    ),
    "a lesser alert that only tells stops nothing": Case(
        at(HEALTHY, alarms=(alarm("p3-memory", severity="P3"),)), Kind.PASS, "healthy"
    ),
    "healthy": Case(at(HEALTHY), Kind.PASS, "healthy"),
    "as unhealthy as the control": Case(
        at(Both(tally(200, 2), control(1800, 18))), Kind.PASS, "healthy"
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_verdict(case: Case) -> None:
    verdict = judge(case.plan, case.situation)
    assert (verdict.kind, verdict.rule) == (case.kind, case.rule), verdict.sentence


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        (
            "twelve where three were expected",
            "Rolled back: 12 users hit errors on the new version; about 3 expected if it were as "
            "healthy as the old one.",
        ),
        (
            "a quarter fails at 95 percent",
            "Rolled back: 5 users hit errors on the new version while 15 requests to it went "
            "well; the limit for acting at once is 25 %.",
        ),
        (
            "six percent in three checks",
            "Rolled back: in 3 checks in a row at least 6 % of requests to the new version "
            "failed, a user's repeats not counted; the limit is 5 %.",
        ),
        (
            "upstream fails for both, totally",
            "Paused: what both versions depend on is failing (100 % of requests on the new "
            "version, 100 % on the old one), so the new version is not the cause.",
        ),
        ("too few requests", "Waiting: 99 of the 100 requests needed on the new version so far."),
        (
            "too few values of a measure, all good",
            "Waiting: 49 of the 50 values of `quality` needed of the new version so far.",
        ),
        (
            "the second of two above its bound",
            "Waiting: the mean of `cost` is 1,234.5 on the new version; at most 2 is needed before "
            "it advances.",
        ),
        (
            "a mean below its bound in all the time",
            "Paused: it could not prove itself healthy in the time planned. The mean of `quality` "
            "is 0.5 on the new version; at least 0.9 is needed before it advances.",
        ),
        (
            "healthy",
            "Healthy: 0 of 200 requests to the new version failed, 0 of 1,800 on the old one.",
        ),
    ],
)
def test_sentences(name: str, sentence: str) -> None:
    case = CASES[name]
    assert judge(case.plan, case.situation).sentence == sentence


def test_what_was_measured_stands_in_the_figures() -> None:
    for name in ("all that is demanded", "a mean below its bound"):
        case = CASES[name]
        figures = judge(case.plan, case.situation).figures
        assert (figures["values_of_quality"], figures["mean_of_cost"] > 0) == (50, True)
        assert "mean_of_cost_control" not in figures
    compared = Both(HEALTHY.candidate, reporting(quality=(90, 0.95)).candidate)
    figures = judge(DEMANDING, at(compared)).figures
    assert figures["mean_of_quality_control"] == 0.95
    assert "mean_of_quality" not in figures


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_verdicts_survive_the_store(case: Case) -> None:
    verdict = judge(case.plan, case.situation)
    assert Verdict.from_document(verdict.to_document()) == verdict


counts = st.integers(0, 400)


@st.composite
def tallies(draw: st.DrawFn, prefix: str) -> Tally:
    requests = draw(counts)
    failures = draw(st.integers(0, requests))
    causes = draw(st.sampled_from(["upstream", "candidate", "internal"]))
    return tally(
        requests,
        failures,
        cause=causes,
        failing=draw(st.integers(min(1, failures), failures)),
        prefix=prefix,
        memory=draw(st.floats(0, 1)),
        slow=draw(st.integers(0, requests)),
    )


@st.composite
def boths(draw: st.DrawFn) -> Both:
    return Both(draw(tallies("c")), draw(tallies("b")))


@st.composite
def alarms(draw: st.DrawFn) -> Alarm:
    actions = draw(st.sets(st.sampled_from(ACTIONS)))
    return alarm(
        draw(st.sampled_from(["a", "b"])),
        severity=draw(st.sampled_from(SEVERITIES)),
        actions=tuple(sorted(actions)),
    )


@st.composite
def situations(draw: st.DrawFn) -> Situation:
    return Situation(
        seen=Seen(
            draw(boths()), draw(boths()), tuple(draw(st.lists(boths(), min_size=0, max_size=4)))
        ),
        share=draw(st.sampled_from([0.01, 0.1, 0.5, 0.95, 1.0])),
        elapsed=draw(st.floats(0, 1000)),
        needed=draw(st.floats(0, 1000)),
        since_shift=draw(st.floats(0, 1000)),
        raised=draw(st.booleans()),
        overdue=draw(st.booleans()),
        internal_before=draw(st.floats(0, 0.2)),
        memory_before=draw(st.floats(0, 1)),
        closed=tuple(draw(st.lists(st.floats(-8, 4), max_size=3))),
        began=draw(st.sampled_from([0.0, 40.0, 60.0])),
        resumed_at=draw(st.sampled_from([None, 5.0, 50.0])),
        alarms=tuple(draw(st.lists(alarms(), max_size=3))),
        shared_alarms=dict.fromkeys(draw(st.sets(st.sampled_from(["a", "b"]))), 0.5),
    )


def known(situation: Situation) -> bool:
    """Whether a person let it go on after the alarms of this table began."""
    return situation.resumed_at is not None and situation.resumed_at >= 10.0


def known_in_this_stage(situation: Situation) -> bool:
    return known(situation) and (situation.resumed_at or 0.0) >= situation.began


@given(situations())
def test_only_enough_healthy_data_passes(situation: Situation) -> None:
    verdict = judge(PLAN, situation)
    if verdict.kind is Kind.PASS:
        candidate = situation.seen.stage.candidate
        assert candidate.served >= PLAN.criteria.requests
        assert (candidate.error_rate or 0) <= PLAN.criteria.error_rate
        assert situation.elapsed >= situation.needed
        assert all(
            each.severity != "P1" or (each.name in situation.shared_alarms and known(situation))
            for each in situation.alarms
        )
        assert situation.share == 1 or situation.seen.stage.control.served


@given(situations())
def test_upstream_trouble_in_both_arms_comes_before_limits_and_disasters(
    situation: Situation,
) -> None:
    """Whatever else was seen: what both depend on never takes back by a limit."""
    recent = Both(tally(100, 60, cause="upstream"), control(900, 500, cause="upstream"))
    shared = replace(situation, seen=replace(situation.seen, recent=recent))
    assert judge(PLAN, shared).rule in ("upstream", "evidence")


@given(situations())
def test_without_a_rule_that_says_so_nothing_is_taken_back_for_fewer_than_three_users(
    situation: Situation,
) -> None:
    def few(both: Both) -> Both:
        lone = frozenset(sorted(both.candidate.users_failing)[:2])
        calm = replace(both.candidate, users_failing=lone, above={}, memory_max=0.0)
        return Both(calm, replace(both.control, causes={}, memory_max=0.0))

    seen = situation.seen
    lonely = replace(
        situation,
        seen=Seen(few(seen.stage), few(seen.recent), tuple(map(few, seen.checks))),
        alarms=(),
    )
    assert judge(PLAN, lonely).kind is not Kind.FAIL


@given(situations())
def test_every_verdict_has_a_sentence_and_finite_figures(situation: Situation) -> None:
    verdict = judge(PLAN, situation)
    assert verdict.sentence.endswith(".")
    assert all(abs(value) < 1e13 for value in verdict.figures.values())


@given(situations())
def test_every_alert_that_fires_is_recorded_whatever_decided(situation: Situation) -> None:
    figures = judge(PLAN, situation).figures
    assert {f"alert_{each.rule}" for each in situation.alarms} <= set(figures)


def test_it_is_said_that_the_control_suffers_as_well() -> None:
    both = CASES["one of both that nobody knew pauses"].situation
    verdict = judge(PLAN, both)
    assert verdict.sentence == "Paused: p1-memory fires. The old version suffers as well."
    assert verdict.figures["control_alert_p1-memory"] == 0.88
    assert judge(PLAN, replace(both, shared_alarms={})).sentence == "Paused: p1-memory fires."


def test_what_is_claimed_hides_no_figure_that_is_believed() -> None:
    known = alarm("score")
    claimed = replace(known, value=9999.0, claimed=True)
    for both in ((known, claimed), (claimed, known)):
        assert judge(PLAN, at(HEALTHY, alarms=both)).figures["alert_score"] == 0.9
    assert judge(PLAN, at(HEALTHY, alarms=(claimed,))).figures["alert_score"] == 9999.0


@given(situations())
def test_only_a_new_alert_of_the_candidate_alone_takes_it_back(situation: Situation) -> None:
    verdict = judge(PLAN, situation)
    if (verdict.kind, verdict.rule) == (Kind.FAIL, "alarm"):
        assert any(
            ROLL_BACK in each.actions
            and (not known_in_this_stage(situation) or each.by_users)
            and each.name not in situation.shared_alarms
            for each in situation.alarms
        )
