from math import log

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from functions.stats.sizing import LONGEST_SECONDS, seconds_to_see, seconds_without_control

NEEDED = log(100)


def seen(
    control: float, candidate: float, *, rate: float = 10.0, share: float = 0.1
) -> float | None:
    return seconds_to_see(
        requests_per_second=rate,
        share=share,
        control=control,
        candidate=candidate,
        log_needed=NEEDED,
    )


@pytest.mark.parametrize(
    ("control", "candidate", "least", "most"),
    [
        pytest.param(0.01, 0.05, 150, 220, id="five times as many, about three minutes"),
        pytest.param(0.01, 0.02, 1200, 2200, id="twice as many, half an hour"),
        pytest.param(0.01, 1.0, 3, 10, id="a total failure, seconds"),
        pytest.param(0.0, 0.05, 60, 150, id="nobody else fails"),
    ],
)
def test_at_ten_requests_a_second_and_ten_percent(
    control: float, candidate: float, least: float, most: float
) -> None:
    found = seen(control, candidate)
    assert found is not None
    assert least <= found <= most


@pytest.mark.parametrize(
    ("control", "candidate", "rate"),
    [
        pytest.param(0.01, 0.01, 10, id="no rise"),
        pytest.param(0.02, 0.01, 10, id="a fall"),
        pytest.param(0.01, 0.05, 0, id="no traffic"),
        pytest.param(0.0, 0.0, 10, id="no failures"),
        pytest.param(0.01, 0.011, 0.001, id="not in ninety days"),
    ],
)
def test_what_is_never_seen(control: float, candidate: float, rate: float) -> None:
    assert seen(control, candidate, rate=rate) is None


def test_what_is_tolerated_is_not_seen() -> None:
    told = {"requests_per_second": 10.0, "share": 0.1, "control": 0.01, "log_needed": NEEDED}
    assert seconds_to_see(**told, candidate=0.02, tolerance=2.5) is None
    assert seconds_to_see(**told, candidate=0.05, tolerance=2.5) is not None


rates = st.floats(0.001, 0.2)


@settings(deadline=None)
@given(control=rates, times=st.floats(1.5, 5), share=st.floats(0.01, 0.5))
def test_more_traffic_and_a_larger_rise_are_seen_sooner(
    control: float, times: float, share: float
) -> None:
    slow = seen(control, control * times, share=share)
    fast = seen(control, control * times, share=share, rate=20)
    worse = seen(control, min(1.0, control * times * 1.5), share=share)
    if slow is None:
        return
    assert fast == pytest.approx(slow / 2, rel=1e-6)
    assert worse is not None
    assert worse <= slow * (1 + 1e-9)
    assert 0 < slow <= LONGEST_SECONDS


def test_without_a_control_it_is_told_from_what_was_usual() -> None:
    known = {"requests_per_second": 10.0, "usual": 0.01, "log_needed": NEEDED}
    some = seconds_without_control(**known, candidate=0.02)
    many = seconds_without_control(**known, candidate=0.05)
    assert some is not None
    assert many is not None
    assert 5 < many < 30 < some < 400


@pytest.mark.parametrize(
    ("usual", "candidate"), [(0.01, 0.01), (0.0, 0.05), (1.0, 1.0), (0.05, 0.01)]
)
def test_without_a_control_no_rise_is_never_seen(usual: float, candidate: float) -> None:
    found = seconds_without_control(
        requests_per_second=10, usual=usual, candidate=candidate, log_needed=NEEDED
    )
    assert found is None
