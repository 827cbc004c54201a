"""What a metric of apps may be, and what its events count as."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.alerts.selectors import BUILT_IN
from functions.metrics import measures, timings
from functions.metrics.apps.declared import (
    BETTER,
    MOST,
    MOST_DURATIONS,
    RESERVED,
    SELECTED,
    UNITS,
    VALUES,
    AppMetric,
    Better,
    Kind,
    completed,
    problems,
    read_all,
)
from functions.metrics.measures import Known
from functions.stories.measures import MEASURES
from local.paths import ROOT

PAGE = (ROOT / "docs/reference/metrics.md").read_text().partition("## What apps report")[2]
MEASURED = {"stories": {"words": Known("words", None, "")}}
METRICS = st.builds(
    AppMetric,
    name=st.from_regex(r"[a-z][a-z0-9_]{0,20}", fullmatch=True),
    kind=st.sampled_from(Kind),
    service=st.sampled_from(["", "stories"]),
    unit=st.sampled_from(["", "tables"]),
    better=st.sampled_from(Better),
    about=st.text(max_size=5),
)

TAKEN: list[Any] = [
    (Kind.COUNTER, [None, 0, 2.5, 1e9], [-1, 2e9]),
    (Kind.DURATION, [0, 12.5, 1e9], [None, -0.1]),
    (Kind.GAUGE, [-3.5, 0, 1e9], [None, 1.1e9, -1.1e9]),
    (Kind.SCORE, [0, 99.5, 100], [None, -1, 100.5]),
    (Kind.RATING, [1, 5], [None, 0, 2.5, 6]),
    (Kind.COMPLAINT, [None, 1], [0, 2]),
    (Kind.CRASH, [None, 1], [0, 1.5]),
    (Kind.CONVERSION, [None, 0, 1], [0.5, -1, 2]),
]


def test_every_kind_is_in_the_table() -> None:
    assert [kind for kind, _, _ in TAKEN] == list(Kind)


@pytest.mark.parametrize(("kind", "taken", "refused"), TAKEN)
def test_what_a_value_may_be(kind: Kind, taken: list[Any], refused: list[Any]) -> None:
    assert [VALUES[kind].problem(value) for value in taken] == [None] * len(taken)
    assert all(VALUES[kind].problem(value) for value in refused)


COUNTED: list[Any] = [
    (Kind.COUNTER, None, {"m": 1.0}, {}),
    (Kind.COUNTER, 3.0, {"m": 3.0}, {}),
    (Kind.DURATION, 812.0, {}, {"m": 812.0}),
    (Kind.RATING, 5.0, {"m": 5.0, "satisfied": 1.0, "complained": 0.0}, {}),
    (Kind.RATING, 3.0, {"m": 3.0, "satisfied": 0.0, "complained": 0.0}, {}),
    (Kind.RATING, 2.0, {"m": 2.0, "satisfied": 0.0, "complained": 1.0}, {}),
    (Kind.COMPLAINT, None, {"m": 1.0, "satisfied": 0.0, "complained": 1.0}, {}),
    (Kind.CRASH, None, {"m": 1.0}, {}),
    (Kind.CONVERSION, 0.0, {"m": 0.0}, {}),
]


@pytest.mark.parametrize(("kind", "value", "counted", "durations"), COUNTED)
def test_what_an_event_counts_as(kind: Kind, value: Any, counted: Any, durations: Any) -> None:
    metric = AppMetric("m", kind)
    reported = metric.reported(metric.value_of(value))
    assert (reported.measures, reported.durations) == (counted, durations)


@given(METRICS, st.floats(-1e9, 1e9))
def test_what_a_value_may_be_can_be_kept(metric: AppMetric, value: float) -> None:
    if VALUES[metric.kind].problem(value) is None:
        reported = metric.reported(value)
        assert measures.checked(reported.measures) == reported.measures
        assert timings.checked(reported.durations) == reported.durations


@given(METRICS)
def test_what_is_stored_is_read_as_it_was(metric: AppMetric) -> None:
    assert read_all({metric.name: metric.to_definition()}) == {metric.name: metric}


def test_what_cannot_be_read_is_left_out() -> None:
    sound = AppMetric("m", Kind.CRASH)
    part: Any = {"m": sound.to_definition(), "x": {"kind": "of a later bundle"}, "y": "z", "w": {}}
    assert read_all(part) == {"m": sound}


def test_the_kind_says_what_is_left_open() -> None:
    assert completed(AppMetric("m", Kind.DURATION)).unit == "ms"
    assert completed(AppMetric("m", Kind.CRASH)).better is Better.LOWER
    given = AppMetric("m", Kind.GAUGE, unit="tables", better=Better.HIGHER)
    assert completed(given) == given


REFUSED = [
    pytest.param(AppMetric("Words", Kind.GAUGE), "lower-case letters", id="name"),
    pytest.param(AppMetric("words", Kind.GAUGE), "measured by Palier itself", id="a service's own"),
    *(
        pytest.param(AppMetric(name, Kind.GAUGE), "measured by Palier itself", id=name)
        for name in sorted(RESERVED | SELECTED)
    ),
    pytest.param(AppMetric("m", Kind.GAUGE, service="a/b"), "A service is named", id="service"),
    pytest.param(AppMetric("m", Kind.DURATION, unit="s"), "is ms", id="unit"),
    pytest.param(
        AppMetric("m", Kind.CRASH, better=Better.HIGHER), "Of a crash, lower is better", id="better"
    ),
]


@pytest.mark.parametrize(("metric", "words"), REFUSED)
def test_what_cannot_be_declared(metric: AppMetric, words: str) -> None:
    assert words in " ".join(problems(completed(metric), MEASURED))


@given(METRICS)
def test_what_the_kind_leaves_open_is_never_refused(metric: AppMetric) -> None:
    left_open = completed(replace(metric, unit="", better=Better.NONE))
    wrong = " ".join(problems(left_open, {}))
    assert wrong == "" or "measured by Palier" in wrong
    assert left_open.better is BETTER.get(metric.kind, Better.NONE)


def test_what_rules_call_their_own_is_no_metrics_name() -> None:
    assert set(BUILT_IN) <= SELECTED | RESERVED


@pytest.mark.parametrize("kind", Kind)
def test_every_kind_is_documented(kind: Kind) -> None:
    """With its unit and its better way."""
    row = re.search(rf"^\| `{kind}` \|.*$", PAGE, re.MULTILINE)
    assert row, kind
    cells = [cell.strip(" `") for cell in row[0].strip("|").split("|")]
    assert cells[2] == ("refused" if VALUES[kind].usual is None else "1")
    assert cells[3:5] == [UNITS.get(kind, ""), str(BETTER.get(kind, ""))]


def test_a_slot_keeps_them_all_apart() -> None:
    """Beside what stories report, `satisfied`, `complained` and `late`."""
    assert MOST + len(MEASURES) + 3 <= measures.NAMES_CAP
    assert MOST_DURATIONS <= timings.NAMES_CAP
