"""What a plan's checks watch, and the trail that is kept of it."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.metrics.measures import Measure
from functions.metrics.observation import Observation
from functions.metrics.performance import Score, score
from functions.metrics.tally import Tally, merge_all, of
from functions.metrics.windows import Arm, Window
from functions.rollouts.check import Check
from functions.rollouts.evidence import TRAIL, Arms, Evidence, fold, fresh, seen
from functions.rollouts.watched import broken, parts, parts_of, samples, sums, value

START = 1_800_000_000
SCORE = Score(500)
OWN = (
    Check("availability", below=0.99),
    Check("performance_score", below=70),
    Check("p95_ms", above=200),
)
CHECKS = (*OWN, Check("rating", below=3.0), Check("health", below=0.9))
ARMS = Arms(Arm("stories", "2"), Arm("stories", "1"), 7, parts(CHECKS, SCORE))


def tally(durations: list[float], failures: int = 0, rating: float | None = None) -> Tally:
    measures = {} if rating is None else {"rating": rating}
    return merge_all(
        of(
            Observation(
                "stories",
                "2",
                7,
                START,
                duration,
                "OPENAI_ERROR" if number < failures else "OK",
                "candidate" if number < failures else "none",
                f"u{number}",
                measures=measures,
            )
        )
        for number, duration in enumerate(durations)
    )


@given(st.lists(st.floats(1, 10_000), min_size=1, max_size=60), st.data())
def test_values_are_those_of_the_tally(durations: list[float], data: st.DataObject) -> None:
    failures = data.draw(st.integers(0, len(durations)))
    found = tally(durations, failures)
    held = sums(found, ARMS.watched)
    availability, performance, p95 = (value(check, held, SCORE) for check in OWN)
    assert availability == pytest.approx(1 - failures / len(durations), abs=1e-3)
    assert performance == pytest.approx(score(found, SCORE), abs=0.2)
    assert p95 == pytest.approx(sum(each > 200 for each in durations) / len(durations), abs=1e-3)
    assert [samples(check, held, SCORE) for check in OWN] == [len(durations)] * 3
    assert broken(OWN[2], p95 or 0.0) == (sum(d > 200 for d in durations) > 0.05 * len(durations))


def test_a_user_who_tries_again_and_again_fails_once() -> None:
    found = Tally(requests=104, failures=6, users_failing=frozenset({"a", "b"}))
    assert value(OWN[0], sums(found, ARMS.watched)) == pytest.approx(0.98)


def test_of_what_nobody_reports_there_is_nothing() -> None:
    held = sums(tally([100.0]), ARMS.watched)
    assert "rating" not in held
    assert value(Check("rating", below=1), held) is None
    assert samples(Check("rating", below=1), held) == 0
    assert value(OWN[0], {}) is None


@pytest.mark.parametrize(
    ("check", "found", "expected"),
    [
        (Check("rating", below=3.0), 2.9, True),
        (Check("rating", below=3.0), 3.0, False),
        (Check("rating", above=3.0), 3.1, True),
        (Check("rating", below=2.0, above=3.0), 2.5, False),
        (Check("p95_ms", above=200), 0.05, False),
        (Check("p95_ms", above=200), 0.051, True),
    ],
)
def test_beyond_a_bound(check: Check, found: float, expected: bool) -> None:
    assert broken(check, found) == expected


def test_parts_are_named_once() -> None:
    assert parts_of(OWN[1], SCORE) == ("availability", "apdex:500")
    assert ARMS.watched == ("apdex:500", "availability", "health", "rating", "slower:200")


def slot(seconds: int, version: str = "2", rating: float = 4.0, **options: Measure) -> Window:
    made = replace(tally([100.0], rating=rating))
    made = replace(made, measures={**made.measures, **options})
    return Window(START + seconds, 10, "stories", version, 7, made)


def followed(seconds: int, arms: Arms = ARMS) -> tuple[Evidence, list[Window]]:
    """The evidence after so long, folded each 10 s, and all slots."""
    evidence, windows = fresh(7, START), []
    for now in range(0, seconds, 10):
        windows += [slot(now), slot(now, "1", 3.0)]
        evidence = fold(evidence, arms, windows[-60:], START + now + 10)
    return evidence, windows


@pytest.mark.parametrize("seconds", [100, 600, 12_000])
def test_the_trail_holds_all_that_was_watched_once(seconds: int) -> None:
    evidence, windows = followed(seconds)
    shown = seen(evidence, ARMS, windows, START + seconds + 5, 20)
    assert len(evidence.trail) <= TRAIL
    assert [each.since for each in shown.trail] == sorted(
        (each.since for each in shown.trail), reverse=True
    )
    for arm, mean in (("candidate", 4.0), ("control", 3.0)):
        held = [getattr(each, arm)["rating"] for each in shown.trail]
        assert sum(each.count for each in held) == seconds // 10
        assert {each.mean for each in held} == {mean}


def test_what_is_young_is_kept_by_the_minute() -> None:
    evidence, _ = followed(9_000)
    assert [each.until - each.since for each in evidence.trail[-3:]] == [60] * 3
    assert evidence.trail[0].until - evidence.trail[0].since > 60


def test_a_plan_without_checks_keeps_no_trail() -> None:
    evidence, windows = followed(600, replace(ARMS, watched=()))
    assert evidence.trail == ()
    assert seen(evidence, replace(ARMS, watched=()), windows, START + 605, 20).trail == ()


def test_survives_the_store_and_older_bundles() -> None:
    evidence, _ = followed(600)
    document = json.loads(json.dumps(evidence.to_document()))
    assert Evidence.from_document(document) == evidence
    del document["trail"]
    assert Evidence.from_document(document) == replace(evidence, trail=())


def test_health_checks_in_a_row() -> None:
    def health(seconds: int, version: str, well: int, badly: int) -> Window:
        return slot(seconds, version, health=Measure(well + badly, 1000 * well, 10**6 * well))

    windows = [
        health(0, "2", 0, 1),
        health(10, "2", 1, 0),
        health(20, "2", 0, 1),
        health(30, "2", 0, 2),
        slot(40),
        health(30, "1", 0, 1),
        health(40, "1", 1, 1),
    ]
    assert seen(fresh(7, START), ARMS, windows, START + 50, 20).unwell == (3, 0)
    assert seen(fresh(7, START), ARMS, [slot(0)], START + 50, 20).unwell == (None, None)
