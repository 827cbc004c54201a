import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import special, stats

from functions.stats.beta import log_beta, log_survival

SIZES = st.floats(0.01, 5_000.0)
SHARES = st.floats(1e-4, 1.0 - 1e-4)


@given(SIZES, SIZES)
def test_log_beta_agrees_with_scipy(a: float, b: float) -> None:
    assert log_beta(a, b) == pytest.approx(special.betaln(a, b), rel=1e-9, abs=1e-9)


@given(SIZES, SIZES, SHARES)
def test_survival_agrees_with_scipy(a: float, b: float, x: float) -> None:
    expected = float(special.betaincc(a, b, x))
    assert math.exp(log_survival(a, b, x)) == pytest.approx(expected, rel=1e-7, abs=1e-12)


@pytest.mark.parametrize(
    ("a", "b", "x"),
    [
        pytest.param(1.0, 900.0, 0.5, id="far above the mean"),
        pytest.param(11.0, 2_000.0, 0.2, id="a candidate much better than its share"),
        pytest.param(300.0, 20.0, 0.999, id="at the edge"),
    ],
)
def test_survival_keeps_what_a_float_would_lose(a: float, b: float, x: float) -> None:
    assert log_survival(a, b, x) == pytest.approx(stats.beta.logsf(x, a, b), rel=1e-6)


def test_survival_goes_on_where_scipy_ends() -> None:
    assert stats.beta.logsf(0.2, 11.0, 4_000.0) == -math.inf
    assert log_survival(11.0, 4_000.0, 0.2) == pytest.approx(-840.8, abs=0.1)


@pytest.mark.parametrize(("x", "expected"), [(0.0, 0.0), (-1.0, 0.0), (1.0, -math.inf)])
def test_survival_outside_the_open_interval(x: float, expected: float) -> None:
    assert log_survival(2.0, 3.0, x) == expected
