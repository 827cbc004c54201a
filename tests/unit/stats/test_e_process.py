import math

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy import integrate, special, stats

from functions.stats.e_process import (
    Failing,
    expected_failing,
    log_e_value,
    log_evidence,
    tolerated_share,
)

SHARES = st.floats(0.01, 0.95)
COUNTS = st.integers(0, 400)


def by_scipy(failing: Failing) -> float:
    w = failing.share
    a, b = 10 * w, 10 * (1 - w)
    c, d = failing.candidate, failing.control
    return float(
        special.betaln(a + c, b + d)
        - special.betaln(a, b)
        - c * math.log(w)
        - d * math.log(1 - w)
        + stats.beta.logsf(w, a + c, b + d)
        - stats.beta.logsf(w, a, b)
    )


@given(COUNTS, COUNTS, SHARES)
def test_agrees_with_scipy(candidate: int, control: int, share: float) -> None:
    failing = Failing(candidate, control, share)
    tail = stats.beta.logsf(share, 10 * share + candidate, 10 * (1 - share) + control)
    assume(tail > -600)  # beyond, scipy's floats end
    assert log_e_value(failing) == pytest.approx(by_scipy(failing), rel=1e-6, abs=1e-6)


def test_is_the_mean_likelihood_ratio_over_the_prior_above_the_share() -> None:
    """The formula from its definition: a bet on every share above the split's, by the prior."""
    w, c, d = 0.2, 9, 14
    a, b = 10 * w, 10 * (1 - w)
    mean, _ = integrate.quad(
        lambda t: stats.beta.pdf(t, a, b) * (t / w) ** c * ((1 - t) / (1 - w)) ** d, w, 1
    )
    expected = mean / stats.beta.sf(w, a, b)
    assert math.exp(log_e_value(Failing(c, d, w))) == pytest.approx(expected, rel=1e-6)


@given(SHARES, st.floats(1.0, 3.0), st.integers(0, 60))
def test_is_a_fair_bet_under_no_worse(share: float, tolerance: float, seen: int) -> None:
    """E[M after one more failing user | so far] = M, whatever was seen so far: a martingale."""
    candidate = seen // 3
    control = seen - candidate
    w = tolerated_share(share, tolerance)
    now = math.exp(log_e_value(Failing(candidate, control, share), tolerance))
    up = math.exp(log_e_value(Failing(candidate + 1, control, share), tolerance))
    down = math.exp(log_e_value(Failing(candidate, control + 1, share), tolerance))
    assert w * up + (1 - w) * down == pytest.approx(now, rel=1e-6)


@pytest.mark.parametrize("stages", [1, 3, 8])
def test_six_failing_users_are_enough_at_ten_percent(stages: int) -> None:
    evidence = log_evidence([log_e_value(Failing(6, 0, 0.1))], planned=stages)
    assert evidence >= math.log(1 / 0.01)


@pytest.mark.parametrize(
    ("failing", "acts"),
    [
        pytest.param(Failing(0, 0, 0.1), False, id="nothing seen"),
        pytest.param(Failing(3, 0, 0.1), False, id="three users are too few"),
        pytest.param(Failing(12, 27, 0.1), True, id="12 where 3 were expected"),
        pytest.param(Failing(5, 27, 0.1), False, id="5 where 3 were expected"),
        pytest.param(Failing(40, 360, 0.1), False, id="a shared incident"),
        pytest.param(Failing(0, 500, 0.1), False, id="much better than the control"),
        pytest.param(Failing(60, 20, 0.5), True, id="three times as many at one half"),
        pytest.param(Failing(500, 0, 1.0), False, id="nobody to compare with"),
        pytest.param(Failing(5, 0, 0.0), False, id="nobody should have it"),
    ],
)
def test_acts_at_one_percent(failing: Failing, acts: bool) -> None:
    assert (log_e_value(failing) >= math.log(100)) is acts


def test_tolerance_allows_a_candidate_to_be_a_little_worse() -> None:
    half_as_many_again = Failing(1_500, 9_000, 0.1)
    assert log_e_value(half_as_many_again) > math.log(100)
    assert log_e_value(half_as_many_again, tolerance=1.6) < 0


def test_the_evidence_is_a_mean_of_the_stages() -> None:
    assert log_evidence([2.0, 3.0], planned=2) == pytest.approx(
        math.log(0.92 * math.exp(2.0) + 0.08 * math.exp(3.0))
    )
    assert log_evidence([0.0] * 4, planned=4) == pytest.approx(0.0)
    assert log_evidence([0.0], planned=4) == pytest.approx(math.log(0.92))


@given(st.lists(st.floats(-40, 40), min_size=1, max_size=8))
def test_no_stage_makes_up_for_another(stages: list[float]) -> None:
    assert log_evidence(stages, planned=8) <= max(stages) + 1e-9
    assert log_evidence([*stages, -50.0], planned=9) >= log_evidence(stages, planned=9) - 1e-9


def test_a_single_stage_is_itself() -> None:
    assert log_evidence([1.7], planned=1) == 1.7
    assert log_evidence([], planned=3) == 0.0


def test_good_stages_do_not_forgive_a_bad_one() -> None:
    good = log_e_value(Failing(0, 800, 0.1))
    bad = log_e_value(Failing(42, 10, 0.5))
    assert good < -4
    assert 3 * good + bad < 0
    assert log_evidence([good, good, good, bad], planned=4) > math.log(100)


def test_expected_failing() -> None:
    assert expected_failing(Failing(12, 27, 0.1)) == pytest.approx(3.0)
    assert expected_failing(Failing(12, 27, 1.0)) == 0.0
