"""Retries never become a flood."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from functions.stories.model.retries import MOST, SHARE, USUAL, RetryBudget


def test_a_few_to_begin_with() -> None:
    budget: RetryBudget | None = USUAL
    retries = -1
    while budget is not None:
        retries += 1
        budget = budget.retried()
    assert retries == MOST


@given(st.lists(st.booleans(), max_size=300))
def test_at_most_a_tenth_of_all_calls_beyond_the_first_few(wanted: list[bool]) -> None:
    budget, retries = USUAL, 0
    for calls, retry in enumerate(wanted, start=1):
        budget = budget.called()
        after = budget.retried() if retry else None
        if after is not None:
            budget, retries = after, retries + 1
        assert retries <= MOST + SHARE * calls + 1e-9
        assert 0 <= budget.saved <= MOST


def test_it_fills_again() -> None:
    budget = RetryBudget(saved=0.0)
    assert budget.retried() is None
    for _ in range(11):
        budget = budget.called()
    assert budget.retried() is not None
