"""What a plan may demand of a measure."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.metrics.measures import Known
from functions.rollouts.criterion import Criterion, misplaced, number

KNOWN = {
    "rating": Known("stars", "higher", "from users"),
    "cost": Known("dollars", "lower", "of all calls"),
    "words": Known("words", None, "of a story"),
}
bounds = st.none() | st.floats(-1e6, 1e6)


@given(st.floats(-1e6, 1e6), bounds, bounds)
def test_a_mean_holds_within_the_bounds(
    mean: float, least: float | None, most: float | None
) -> None:
    holds = Criterion("words", 1, least, most).holds(mean)
    assert holds == ((least is None or least <= mean) and (most is None or mean <= most))


@pytest.mark.parametrize(
    ("value", "said"),
    [(0.8, "0.8"), (2.0, "2"), (12345.6789, "12,345.679"), (0.0001, "0"), (-0.0001, "0"), (0, "0")],
)
def test_numbers_are_short(value: float, said: str) -> None:
    assert number(value) == said


@pytest.mark.parametrize(
    ("criterion", "says"),
    [
        (Criterion("rating", at_least=3), ""),
        (Criterion("rating", at_least=3, at_most=4), ""),
        (Criterion("words", at_most=3), ""),
        (Criterion("rating", at_most=3), "More of `rating` is better"),
        (Criterion("cost", at_least=3), "Less of `cost` is better"),
        (Criterion("ratings", at_least=3), "no measure `ratings`"),
    ],
    ids=lambda given: given if isinstance(given, str) else given.name,
)
def test_what_a_service_reports_may_be_demanded(criterion: Criterion, says: str) -> None:
    told = list(misplaced([criterion], "stories", KNOWN))
    assert bool(told) == bool(says)
    assert says in "".join(told)


def test_a_service_without_measures_says_so() -> None:
    [told] = misplaced([Criterion("rating", at_least=3)], "search", {})
    assert told == (
        "The service 'search' reports no measure `rating`, so it could never advance; "
        "it reports none."
    )
