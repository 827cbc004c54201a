"""The performance score is Apdex and errors, exactly, and nothing else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.metrics import performance, tally
from functions.metrics.ladder import LADDER_MS
from functions.metrics.observation import Observation
from functions.metrics.performance import TARGETS_MS, USUAL, Score
from functions.metrics.tally import EMPTY, Tally

requests = st.tuples(st.floats(0, 100_000), st.sampled_from(["none", "candidate", "client"]))
scores = st.builds(Score, st.sampled_from(TARGETS_MS), st.floats(0, 10))


def served(*each: tuple[float, str]) -> Tally:
    return tally.merge_all(
        tally.of(
            Observation(
                service="stories",
                version="1.3.0",
                generation=3,
                at=1_800_000_000.0,
                duration_ms=duration,
                code="OK" if cause == "none" else "OPENAI_ERROR",
                cause=cause,
                user_hash="a" * 16,
            )
        )
        for duration, cause in each
    )


@given(st.lists(requests, min_size=1, max_size=50), scores)
def test_it_is_what_the_formula_says(seen: list[tuple[float, str]], by: Score) -> None:
    durations = [duration for duration, cause in seen if cause != "client"]
    found = performance.score(served(*seen), by)
    if not durations:
        assert found is None
        return
    fast = sum(duration <= by.target_ms for duration in durations)
    bearable = sum(by.target_ms < duration <= 4 * by.target_ms for duration in durations)
    failed = sum(cause == "candidate" for _, cause in seen) / len(durations)
    expected = (fast + bearable / 2) / len(durations) * max(0.0, 1 - by.error_weight * failed)
    assert found is not None
    assert found == pytest.approx(100 * expected)
    assert 0 <= found <= 100


@pytest.mark.parametrize(
    ("seen", "found"),
    [
        ([(500, "none")] * 10, 100),
        ([(501, "none")] * 10, 50),
        ([(2_001, "none")] * 10, 0),
        ([(100, "none")] * 19 + [(100, "candidate")], 85),
        ([(100, "none")] * 9 + [(100, "candidate")], 70),
        ([(100, "candidate")] * 10, 0),
        ([(100, "none")] * 5 + [(60_000, "client")] * 5, 100),
    ],
    ids=["target", "above it", "four targets", "5 % fail", "10 % fail", "all fail", "clients' own"],
)
def test_by_the_usual_score(seen: list[tuple[float, str]], found: float) -> None:
    assert performance.score(served(*seen), USUAL) == pytest.approx(found)


def test_nothing_served_has_no_score() -> None:
    assert performance.score(EMPTY, USUAL) is None


def test_targets_are_those_whose_fourfold_has_a_counter() -> None:
    assert TARGETS_MS == (50, 200, 500, 1_000, 2_000, 3_000, 5_000, 10_000, 15_000)
    assert set(TARGETS_MS) < set(LADDER_MS)


@pytest.mark.parametrize(
    ("target", "weight", "reason"),
    [(300, 1.0, "300 ms is none of 50"), (500, -1.0, "weight"), (500, float("nan"), "weight")],
    ids=["no counter", "negative", "no number"],
)
def test_a_score_that_can_not_be_computed_is_refused(
    target: int, weight: float, reason: str
) -> None:
    with pytest.raises(ValueError, match=reason):
        Score(target, weight)


def test_a_service_is_scored_as_somebody_decided() -> None:
    own = Score(1_000, 0.0)
    assert performance.score_of("stories", {"stories": own}) == own
    assert performance.score_of("stories", {}).target_ms == 5_000
    assert performance.score_of("checkout", {"stories": own}) == USUAL
