"""How the control was before its rollout."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.metrics.ladder import LADDER_MS
from functions.metrics.measures import Measure
from functions.metrics.observation import Observation
from functions.metrics.performance import Score
from functions.metrics.tally import Tally, merge_all, of
from functions.metrics.windows import Arm, Window
from functions.rollouts.baseline import LEAST_REQUESTS, Baseline, freeze
from functions.stats.proportion import Z_HOUR_OF_A_DAY, upper

ARM = Arm("stories", "1.2.0")
NOW = 1_800_000_000.0
HOUR = 3_600


def hour(back: int, tally: Tally, version: str = "1.2.0") -> Window:
    return Window(int(NOW) - back * HOUR, HOUR, "stories", version, 0, tally)


def served(requests: int, failures: int = 0, **above: int) -> Tally:
    slow = {name.removeprefix("ms"): count for name, count in above.items()}
    return Tally(requests=requests, failures=failures, above=slow)


def test_of_its_own_hours_of_the_last_week() -> None:
    windows = [
        hour(1, served(1_000, 10)),
        hour(2, served(1_000, 10)),
        hour(3, served(9_999, 9_999), "1.1.0"),
        hour(24 * 8, served(9_999, 9_999)),
        hour(0, served(9_999, 9_999)),
    ]
    found = freeze(ARM, windows, (), NOW)
    assert (found.requests, found.seconds, found.until) == (2_000, 2 * HOUR, NOW)
    assert found.failing == pytest.approx(upper(20, 2_000, Z_HOUR_OF_A_DAY))


def test_a_user_who_tries_again_fails_once_where_users_are_known() -> None:
    tally = replace(served(1_050, 60), users_failing=frozenset(f"u{n}" for n in range(10)))
    found = freeze(ARM, [hour(1, tally)], (), NOW)
    assert found.failing == pytest.approx(upper(10, 1_000, Z_HOUR_OF_A_DAY))


def test_too_little_history_says_nothing() -> None:
    found = freeze(ARM, [hour(1, served(LEAST_REQUESTS - 1, ms50=100))], (), NOW)
    assert not found.known
    assert (found.failing, found.slow, found.slow_ms) == (1.0, {}, None)


@given(st.lists(st.floats(1, 100_000), min_size=LEAST_REQUESTS, max_size=300))
def test_slow_is_the_first_rung_at_or_above_the_95th_percentile(durations: list[float]) -> None:
    tally = merge_all(
        of(Observation("stories", "1.2.0", 1, NOW, each, "OK", "none", "u")) for each in durations
    )
    found = freeze(ARM, [hour(1, tally)], (), NOW)
    fast = [
        rung
        for rung in LADDER_MS
        if sum(each > rung for each in durations) <= 0.05 * len(durations)
    ]
    assert found.slow_ms == (fast[0] if fast else None)
    assert list(found.slow) == sorted(found.slow)
    for rung, share in found.slow.items():
        assert share >= sum(each > rung for each in durations) / len(durations)


def test_the_measures_that_are_named_are_kept_with_their_spread() -> None:
    tally = replace(
        served(500), measures={"rating": Measure(3, 9_000, 30_000_000), "words": Measure(1, 1, 1)}
    )
    found = freeze(ARM, [hour(1, tally), hour(2, tally)], ("rating", "cost"), NOW)
    assert found.measures == {"rating": Measure(6, 18_000, 60_000_000)}


def test_survives_the_store() -> None:
    tally = replace(served(500, 3, ms50=400, ms100=200, ms200=5), measures={"a": Measure(3, 9, 81)})
    found = freeze(ARM, [hour(1, tally)], ("a",), NOW, Score(1_000, 2.5))
    assert set(found.slow) == {100, 200}
    assert Baseline.from_document(json.loads(json.dumps(found.to_document()))) == found
