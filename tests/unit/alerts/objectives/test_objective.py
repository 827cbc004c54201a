"""An objective says something, or why it can't; it is kept and told as it was meant."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.alerts.objectives.objective import (
    DAYS,
    Kind,
    Objective,
    objectives_of,
    sentence,
    validate,
)
from functions.errors import InvalidArgument
from functions.metrics.ladder import LADDER_MS

WORKING = [
    Objective("o", "stories", Kind.AVAILABILITY, 0.999),
    Objective("o", "stories", Kind.LATENCY, 0.95, 7, threshold_ms=15_000),
    Objective("o", "app", Kind.LATENCY, 0.99, threshold_ms=500, metric="page_load"),
    Objective("o", "stories", Kind.PERFORMANCE, 0.9, least=80),
    Objective("o", "stories", Kind.MEASURE, 0.85, 28, metric="satisfied"),
    Objective("o", "stories", Kind.MEASURE, 0.98, metric="complained", lower=True),
]
SENTENCES = [
    "stories: 99.9 % of requests don't fail, over 30 days.",
    "stories: 95 % of requests take at most 15 s, over 7 days.",
    "app: 99 % of `page_load` take at most 0.5 s, over 30 days.",
    "stories: 90 % of minutes score 80 or more, over 30 days.",
    "stories: the mean of `satisfied` is 85 % or more, over 28 days.",
    "stories: the mean of `complained` is at most 2 %, over 30 days.",
]


@pytest.mark.parametrize(("objective", "said"), list(zip(WORKING, SENTENCES, strict=True)))
def test_each_kind_works_and_is_told(objective: Objective, said: str) -> None:
    assert validate(objective) == objective
    assert sentence(objective) == said
    assert Objective.from_document("o", objective.to_document()) == objective


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"target": 1.0}, "no budget at all"),
        ({"target": 0.4}, "`target`"),
        ({"target": float("nan")}, "`target`"),
        ({"days": 14}, "7, 28 or 30"),
        ({"volume": 0}, "`volume`"),
        ({"service": ""}, "`service`"),
        ({"service": "a/b"}, "`service`"),
        ({"threshold_ms": 500}, "belongs to latency"),
        ({"least": 5}, "belongs to performance"),
        ({"metric": "words"}, "`metric` belongs"),
        ({"lower": True}, "`lower` belongs"),
        ({"kind": Kind.LATENCY}, "counted exactly: 50, 100"),
        ({"kind": Kind.LATENCY, "threshold_ms": 400}, "counted exactly"),
        ({"kind": Kind.PERFORMANCE}, "a score above 0"),
        ({"kind": Kind.MEASURE}, "which measure"),
        ({"kind": Kind.MEASURE, "metric": "Not a name"}, "not the name of a measure"),
    ],
    ids=lambda value: str(value) if isinstance(value, dict) else "",
)
def test_what_says_nothing_is_refused(wrong: dict[str, Any], told: str) -> None:
    given_: dict[str, Any] = {"service": "stories", "kind": Kind.AVAILABILITY, "target": 0.99}
    with pytest.raises(InvalidArgument) as refusal:
        validate(Objective(id="o", **{**given_, **wrong}))
    assert told in str(refusal.value)


@given(st.sampled_from(LADDER_MS), st.sampled_from(DAYS), st.floats(0.5, 0.9999))
def test_what_is_counted_does_not_depend_on_what_is_aimed_at(
    threshold: int, days: int, target: float
) -> None:
    one = Objective("a", "stories", Kind.LATENCY, target, days, threshold_ms=threshold)
    other = Objective("b", "stories", Kind.LATENCY, 0.9, threshold_ms=threshold)
    assert one.indicator == other.indicator


def test_what_a_later_bundle_wrote_stops_nothing() -> None:
    published = {
        "a": {**WORKING[0].to_document(), "colour": "blue"},
        "b": {"kind": "freshness", "service": "stories"},
        "c": WORKING[1].to_document(),
        "d": {**WORKING[0].to_document(), "days": 90},
        "e": {**WORKING[0].to_document(), "target": "most"},
    }
    found, unreadable = objectives_of(published)
    assert unreadable == ("b", "d", "e")
    assert [each.id for each in found] == ["a", "c"]
    assert found[0].indicator == "availability"
