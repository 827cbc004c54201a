"""Whether as many users arrive as the split sends: what is said, and what follows."""

from __future__ import annotations

from dataclasses import replace
from functools import partial, reduce
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.metrics import distinct
from functions.metrics.distinct import KEPT_OF_SLOT, NOBODY, Users
from functions.rollouts import french
from functions.rollouts.evidence import Both
from functions.rollouts.judge import judge
from functions.rollouts.sample_ratio import RULE, SETTLING_SECONDS, sample_ratio
from functions.rollouts.verdict import Kind, Situation
from tests.unit.rollouts.test_judge import HEALTHY, PLAN, at, control, tally


def crowd(prefix: str, number: int) -> Users:
    """As instances sample so many users: 100 in a slot."""
    slots = [range(first, min(first + 100, number)) for first in range(0, number, 100)]
    within = partial(distinct.merge, kept=KEPT_OF_SLOT)
    samples = [reduce(within, (distinct.of(f"{prefix}{n}") for n in slot)) for slot in slots]
    return reduce(distinct.merge, samples, NOBODY)


def arriving(candidate: Users, control: Users, **options: object) -> Situation:
    both = Both(
        replace(HEALTHY.candidate, users=candidate), replace(HEALTHY.control, users=control)
    )
    return at(both, **options)  # type: ignore[arg-type]


LATER = SETTLING_SECONDS + 100
MISSING = arriving(crowd("c", 600), crowd("b", 9_400), since_shift=LATER)


def test_six_percent_where_ten_were_planned() -> None:
    verdict = judge(PLAN, MISSING)
    assert (verdict.kind, verdict.rule) == (Kind.PAUSE, RULE)
    assert verdict.sentence.startswith("Paused: do not trust these figures: 10 % was planned, ")
    assert verdict.figures["planned"] == 0.1
    assert verdict.figures["arrived"] == pytest.approx(0.06, abs=0.01)
    assert verdict.figures["users"] == pytest.approx(10_000, rel=0.15)
    assert verdict.figures["e_value"] >= verdict.figures["needed"] == 1_000
    assert verdict.value == verdict.figures["arrived"]
    assert verdict.sample < 2 * distinct.KEPT
    assert verdict.window_seconds == LATER
    assert verdict.method


@pytest.mark.parametrize(
    ("candidate", "others", "share"),
    [(1_000, 9_000, 0.1), (1_040, 8_960, 0.1), (5_000, 5_000, 0.5), (95, 5, 0.95), (0, 0, 0.1)],
    ids=["as planned", "a little more", "half", "few", "nobody"],
)
def test_what_is_as_planned_is_passed_over(candidate: int, others: int, share: float) -> None:
    seen = arriving(crowd("c", candidate), crowd("b", others), share=share, since_shift=LATER)
    assert sample_ratio(PLAN, seen) is None
    assert judge(PLAN, seen).rule != RULE


@pytest.mark.parametrize(
    ("candidate", "others", "share"),
    [(2_000, 8_000, 0.1), (700, 700, 0.25), (0, 300, 0.1), (300, 0, 0.9)],
    ids=["twice as many", "half of them", "none of the candidate", "none of the control"],
)
def test_what_is_not_is_found(candidate: int, others: int, share: float) -> None:
    seen = arriving(crowd("c", candidate), crowd("b", others), share=share, since_shift=LATER)
    found = sample_ratio(PLAN, seen)
    assert found
    assert found.kind is Kind.PAUSE


def test_it_is_not_asked_before_slow_requests_have_ended() -> None:
    assert sample_ratio(PLAN, replace(MISSING, since_shift=SETTLING_SECONDS - 1)) is None
    assert sample_ratio(PLAN, replace(MISSING, since_shift=SETTLING_SECONDS))


def test_at_a_hundred_percent_there_is_nothing_to_compare() -> None:
    assert sample_ratio(PLAN, replace(MISSING, share=1.0)) is None


def test_it_waits_for_whoever_let_it_go_on_until_the_deadline() -> None:
    before = replace(MISSING, began=100.0, resumed_at=99.0)
    assert judge(PLAN, before).kind is Kind.PAUSE, "that was in another stage"
    known = replace(before, resumed_at=100.0)
    verdict = judge(PLAN, known)
    assert (verdict.kind, verdict.rule) == (Kind.INCONCLUSIVE, RULE)
    assert "a person may promote it" in verdict.sentence
    assert judge(PLAN, replace(known, overdue=True)).kind is Kind.PAUSE


def test_what_takes_back_is_asked_first() -> None:
    failing = Both(
        replace(tally(300, 12), users=MISSING.seen.stage.candidate.users),
        replace(control(2_700, 27), users=MISSING.seen.stage.control.users),
    )
    assert judge(PLAN, at(failing, since_shift=LATER)).rule == "evidence"


@given(
    st.frozensets(st.integers(0, 2**20)),
    st.frozensets(st.integers(0, 2**20)),
    st.floats(0.01, 0.99),
    st.integers(0, 12),
    st.booleans(),
)
def test_it_never_takes_back(
    candidate: frozenset[int], others: frozenset[int], share: float, level: int, overdue: bool
) -> None:
    users = Users(candidate, level), Users(others, level)
    seen = arriving(*users, share=share, since_shift=LATER, overdue=overdue, resumed_at=50.0)
    found = sample_ratio(PLAN, seen)
    assert found is None or found.kind in (Kind.PAUSE, Kind.INCONCLUSIVE)


@pytest.mark.parametrize(
    ("resumed_at", "expected"),
    [
        (
            None,
            "Suspendu : ne vous fiez pas à ces chiffres : 10 % étaient prévus, 6 % sont arrivés, "
            "sur 2\u202f000 utilisateurs. Autre chose que le partage décide qui reçoit la nouvelle "
            "version, ou qui est compté.",
        ),
        (
            1_000.0,
            "En attente : ne vous fiez pas à ces chiffres : 10 % étaient prévus, 6 % sont arrivés, "
            "sur 2\u202f000 utilisateurs. Rien n'avance de soi-même ; quelqu'un peut passer à la "
            "suite.",
        ),
    ],
)
def test_it_is_said_in_french(resumed_at: float | None, expected: str) -> None:
    few = Users(frozenset(range(120))), Users(frozenset(range(1_880)))
    verdict = sample_ratio(PLAN, arriving(*few, since_shift=LATER, resumed_at=resumed_at))
    assert verdict
    assert "10 % was planned, 6 % arrived, of 2,000 users." in verdict.sentence
    assert french.said(verdict, PLAN) == expected


def test_a_user_who_comes_again_and_again_is_one() -> None:
    """Ten of the candidate's clients retry a thousand times each: as many users as planned."""
    random = Random(6)
    candidate = reduce(
        distinct.merge, (distinct.of(f"c{random.randrange(10)}") for _ in range(999))
    )
    seen = arriving(candidate, crowd("b", 90), since_shift=LATER)
    assert sample_ratio(PLAN, seen) is None
