import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.rollouts.spending import ERRORS, MEASURES, SLOW, of_stage


def test_no_more_is_spent_than_there_is() -> None:
    assert pytest.approx(1.0) == ERRORS + SLOW + MEASURES


@given(st.integers(1, 500))
def test_stages_share_it_however_many_there_are(stages: int) -> None:
    parts = [of_stage(left) for left in range(stages)]
    assert parts == sorted(parts, reverse=True)
    assert 0.8 <= sum(parts) <= 1.0 + 1e-12
