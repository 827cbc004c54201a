"""Tries share a time: at least one, none too late, with pauses between them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from functions.clock import ManualClock
from functions.stories.tries import LEAST_SECONDS, Tries

NOW = 1_000.0


@given(
    seconds=st.floats(0, 30),
    each=st.floats(LEAST_SECONDS, 5),
    used=st.floats(0, 1),
    pause=st.floats(0.01, 1),
)
def test_at_least_one_and_none_that_ends_too_late(
    seconds: float, each: float, used: float, pause: float
) -> None:
    """Whatever share of its time each call uses."""
    clock = ManualClock(NOW)
    tries = Tries(clock, seconds, each=each, pause=pause, longest_pause=1.0)
    made = 0
    for _ in tries:
        made += 1
        assert 0 < tries.seconds <= max(each, LEAST_SECONDS)
        clock.advance(tries.seconds * used)
        if made > 100:
            break
    assert made >= 1
    assert clock.now() - NOW <= max(seconds, LEAST_SECONDS) + 1e-6


def test_calls_that_fail_at_once_are_not_made_all_the_time() -> None:
    clock = ManualClock(NOW)
    made = sum(1 for _ in Tries(clock, 30.0, each=1.0, pause=0.1, longest_pause=0.8))
    assert 30 <= made <= 250


def test_going_on_where_another_loop_left_off_has_a_try_of_its_own() -> None:
    clock = ManualClock(NOW)
    tries = Tries(clock, 1.0, each=1.0, pause=0.1, longest_pause=0.1)
    for _ in tries:
        clock.advance(2.0)
    assert sum(1 for _ in tries) == 1
    assert tries.seconds == LEAST_SECONDS
