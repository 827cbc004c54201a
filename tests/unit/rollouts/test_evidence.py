from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.metrics.completions import Completion
from functions.metrics.observation import CLIENT
from functions.metrics.tally import USERS_CAP, Tally, merge_all
from functions.metrics.windows import Arm, Window
from functions.rollouts.evidence import (
    Arms,
    Both,
    Evidence,
    failing,
    fold,
    fresh,
    last_minute,
    part_of_level,
    rate,
    sampled_failing,
    seen,
)
from functions.rollouts.sampled import hash_limit
from functions.stats.e_process import Failing

START = 1_800_000_000
ARMS = Arms(Arm("stories", "2"), Arm("stories", "1"), generation=7)


def slot(
    seconds: int, requests: int = 10, *, version: str = "2", generation: int = 7, failures: int = 0
) -> Window:
    tally = Tally(
        requests=requests,
        failures=failures,
        users_failing=frozenset(f"{version}-{seconds}-{number}" for number in range(failures)),
    )
    return Window(START + seconds, 10, "stories", version, generation, tally)


def test_only_this_stage_and_these_versions_count() -> None:
    windows = [
        slot(0),
        slot(0, generation=6),
        slot(0, version="3"),
        slot(0, version="1", generation=9),
        Window(START, 10, "other", "2", 7, Tally(requests=5)),
    ]
    shown = seen(fresh(7, START), ARMS, windows, START + 10, 20)
    assert shown.stage == Both(Tally(requests=10), Tally(requests=10))


def test_a_slot_by_a_clock_that_is_slow_counts() -> None:
    assert seen(fresh(7, START), ARMS, [slot(-110)], START + 10, 20).stage.candidate.requests == 10


def test_the_last_minute() -> None:
    windows = [slot(seconds) for seconds in range(0, 100, 10)]
    shown = seen(fresh(7, START), ARMS, windows, START + 100, 20)
    assert shown.stage.candidate.requests == 100
    assert shown.recent.candidate.requests == 60
    before = last_minute(ARMS.candidate, ARMS.control, [slot(90, generation=3)], START + 100)
    assert before.candidate.requests == 10


def test_the_last_requests_are_compared_with_the_same_moments_of_the_control() -> None:
    def one(seconds: int) -> Window:
        end = Completion((START + seconds) * 1000, f"u{seconds}", True)
        return Window(START + seconds, 10, "stories", "2", 7, Tally(requests=1, recent=(end,)))

    windows = [*map(one, range(0, 400, 10)), *(slot(at, version="1") for at in range(0, 400, 10))]
    last = seen(fresh(7, START), ARMS, windows, START + 400, 20).last
    assert len(last.candidate.recent) == 20
    assert (last.candidate.requests, last.control.requests) == (20, 200)
    folded = Evidence(7, START + 300)
    assert seen(folded, ARMS, windows, START + 400, 20).last == Both(
        merge_all(window.tally for window in windows[30:40]), Tally(requests=100)
    ), "what is older is not compared"


def test_checks_go_back_from_the_newest_complete_slot() -> None:
    windows = [slot(seconds) for seconds in range(0, 100, 10)]
    shown = seen(fresh(7, START), ARMS, windows, START + 100, 20)
    assert [check.candidate.requests for check in shown.checks] == [20] * 4, "the newest is open"
    later = seen(fresh(7, START), ARMS, windows, START + 105, 20)
    assert [check.candidate.requests for check in later.checks] == [20] * 5


def test_checks_wait_for_enough_requests() -> None:
    windows = [slot(seconds, 7) for seconds in range(0, 100, 10)]
    shown = seen(fresh(7, START), ARMS, windows, START + 105, 20)
    assert [check.candidate.requests for check in shown.checks] == [21] * 3


@given(
    st.lists(
        st.builds(
            slot,
            st.integers(0, 120).map(lambda ten: ten * 10),
            st.integers(1, 5),
            version=st.sampled_from(["1", "2"]),
            failures=st.integers(0, 1),
        ),
        max_size=30,
    ),
    st.lists(st.integers(0, 2_000), max_size=12),
)
def test_whenever_it_is_folded_everything_counts_once(
    windows: list[Window], times: list[int]
) -> None:
    """Slots arrive in time; looks are late, early, repeated: the sum is that of the slots."""
    evidence = fresh(7, START)
    for seconds in sorted(times):
        now = START + seconds
        there = [window for window in windows if window.start <= now]
        evidence = fold(evidence, ARMS, there, now)
        assert fold(evidence, ARMS, there, now) == evidence
        everything = seen(evidence, ARMS, there, now, 20).stage
        assert everything.candidate == merge_all(
            window.tally for window in there if window.version == "2"
        )
    assert Evidence.from_document(evidence.to_document()) == evidence


def test_full_sets_of_users_stay_comparable() -> None:
    """Both arms fail alike; the control is so busy that its set is full."""
    every = sorted(f"{(number * 7919 % 5_000 << 64) // 5_000:016x}" for number in range(5_000))
    candidate = frozenset(every[::10])
    control = frozenset([user for user in every if user not in candidate][:USERS_CAP])
    small = frozenset(sorted(candidate)[:USERS_CAP])
    both = Both(Tally(users_failing=small), Tally(users_failing=control))
    counts, level = sampled_failing(both, 0.1)
    assert level == 5, "the control's set reaches to 284 of 5,000: a 32nd is kept whole"
    assert (counts.candidate, counts.control) == (16, 141)
    assert failing(both, 0.1) == counts


def test_sets_that_are_not_full_are_counted_whole() -> None:
    both = Both(Tally(users_failing=frozenset("ab")), Tally(users_failing=frozenset("c")))
    assert sampled_failing(both, 0.3) == (Failing(2, 1, 0.3), 0)


def test_the_levels_share_one_bet() -> None:
    assert sum(part_of_level(level) for level in range(100_000)) == pytest.approx(1, abs=1e-5)
    limits = [hash_limit(level) for level in range(1, 65)]
    assert limits == sorted(limits, reverse=True)
    assert (limits[0], limits[1], limits[-1]) == ("8000000000000000", "4000000000000000", "")


def test_rate_leaves_clients_mistakes_out() -> None:
    assert rate(5, Tally(requests=60, failures=5, causes={CLIENT: 10})) == 0.1
    assert rate(0, Tally()) == 0
