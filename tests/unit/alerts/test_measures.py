"""What rules measure: of slots now, of minutes in the past, against the usual, and of silence."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.alerts import selectors
from functions.alerts.measures import (
    WHOLE,
    Key,
    Sources,
    measure,
    measured,
    measurements,
    settled_before,
)
from functions.alerts.rule import ABSENCE, BASELINE, NOTIFY, Rule
from functions.alerts.thresholds import BUILT_IN, RULES
from functions.alerts.values import reach_seconds, values
from functions.errors import StoreUnavailable
from functions.metrics import tally
from functions.metrics.hours import Baseline
from functions.metrics.ladder import LADDER_MS
from functions.metrics.measures import Measure
from functions.metrics.observation import Note, Observation
from functions.metrics.performance import Score
from functions.metrics.tally import Tally
from functions.metrics.windows import Window, minutes

START = 1_800_000_000
PLAIN = Rule("own", "P2", "error_rate", 0.03, 60, 0, 120, 1, (NOTIFY,))


def request(at: float, *, failed: bool = False, **changes: object) -> Tally:
    values: dict[str, object] = {
        "duration_ms": 100.0,
        "code": "OPENAI_ERROR" if failed else "OK",
        "cause": "candidate" if failed else "none",
        "user_hash": "0" * 16,
        **changes,
    }
    return tally.of(Observation("stories", "1.3.0", 3, at, **values))  # type: ignore[arg-type]


def slot(start: int, *some: Tally, service: str = "stories", version: str = "1.3.0") -> Window:
    return Window(start, 10, service, version, 3, tally.merge_all(some))


REPORTING = tally.merge_all(
    [
        request(START, measures={"precision": 0.9}, durations={"loaded": 250.0}, cpu=0.5),
        request(START, measures={"precision": 0.7}, durations={"loaded": 4_500.0}, cpu=0.7),
        request(START, failed=True, memory=0.6, concurrency=7, retries=2),
        tally.of_note(Note("stories", "1.3.0", 3, START, {"precision": 0.8})),
    ]
)


@pytest.mark.parametrize(
    ("metric", "value", "size"),
    [
        ("error_rate", 1 / 3, 3),
        ("availability", 2 / 3, 3),
        ("memory", 0.6, 3),
        ("cpu", 0.6, 3),
        ("concurrency", 7, 3),
        ("requests_per_second", 3 / 60, 3),
        ("performance_score", 0.0, 3),
        ("consecutive_failures", 1, 3),
        ("retries_p95", 2, 3),
        ("retries_max", 2, 3),
        ("overflow", 0, 0),
        ("precision:mean", 0.8, 3),
        ("precision:sum", 2.4, 3),
        ("precision:count", 3, 3),
        ("loaded:mean", 2_375, 2),
        ("loaded:count", 2, 2),
    ],
)
def test_the_value_of_each_metric_and_its_sample(metric: str, value: float, size: int) -> None:
    found = selectors.sample(metric, REPORTING, 0.0, 60, Score())
    assert found is not None
    assert found.value == pytest.approx(value, abs=0.01)
    assert found.size == size


def test_what_nobody_measured_has_no_value() -> None:
    for metric in (*selectors.BUILT_IN, "precision:mean", "loaded:p95"):
        assert selectors.sample(metric, Tally(), 0.0, 60, Score()) is None
    note = tally.of_note(Note("stories", "1", 1, START, {"precision": 0.8}))
    assert selectors.sample("error_rate", note, 0.0, 60, Score()) is None


@given(
    st.lists(st.floats(0, 70_000), min_size=1, max_size=60),
    st.sampled_from(LADDER_MS),
    st.sampled_from([("p50", 0.5), ("p95", 0.05), ("p99", 0.01)]),
)
def test_a_percentile_is_too_much_exactly_when_its_tail_is_longer(
    durations: list[float], threshold: int, way: tuple[str, float]
) -> None:
    name, share = way
    rule = replace(PLAIN, metric=f"loaded:{name}", threshold=threshold)
    some = tally.merge_all(request(START, durations={"loaded": each}) for each in durations)
    found = measure(rule, some)
    assert found is not None
    longer = sum(each > threshold for each in durations)
    assert found.breached == (longer > share * len(durations))
    assert (found.value > threshold) == found.breached


def test_a_rule_looks_at_its_own_service_and_window() -> None:
    rule = replace(PLAIN, service="search", window_seconds=60)
    windows = [
        slot(START + 10, request(START, failed=True), service="search"),
        slot(START + 100, request(START), service="search"),
        slot(START + 100, request(START, failed=True)),
    ]
    found = measurements([rule], windows, START + 110)
    assert set(found) == {Key("own", "search", "1.3.0")}
    measured = found[Key("own", "search", "1.3.0")]
    assert measured is not None
    assert (measured.value, measured.requests) == (0, 1)


SILENT = Rule(
    "silent", "P1", "requests_per_second", 30, 180, 0, 120, 0, (NOTIFY,), ">", ABSENCE, 0, "stories"
)


@pytest.mark.parametrize(
    ("seconds", "silent"), [(5, 5.0), (30, 30.0), (31, 31.0), (170, 170.0), (400, 180.0)]
)
def test_silence_is_counted_from_the_last_request_of_any_version(
    seconds: int, silent: float
) -> None:
    last = START + 7.0
    windows = [
        slot(START, request(last), version="1.2.0"),
        slot(START, request(START + 1)),
        slot(START + 10, request(last + 5), service="search"),
    ]
    found = measurements([SILENT], windows, last + seconds)[Key("silent", "stories", WHOLE)]
    assert found is not None
    assert found.value == pytest.approx(silent)
    assert found.breached == (silent > 30)


def test_a_service_that_nobody_has_seen_is_silent() -> None:
    found = measurements([SILENT], [], START)[Key("silent", "stories", WHOLE)]
    assert found is not None
    assert found.breached


def usual(some: Tally, days: int = 7) -> Sources:
    return Sources(baselines=lambda _service, _version, _days, _at: Baseline(some, days))


MANY = replace(PLAIN, id="many", kind=BASELINE, threshold=5, baseline_days=7, minimum_requests=50)


@pytest.mark.parametrize(
    ("failures", "before", "times"),
    [(6, 10, 6.0), (5, 10, 5.0), (4, 0, 40.0), (0, 10, 0.0)],
)
def test_a_multiple_of_what_is_usual(failures: int, before: int, times: float) -> None:
    """With no error at all in the past, one in a thousand is taken as usual."""
    past = Tally(requests=1_000, failures=before)
    found = measure(MANY, Tally(requests=100, failures=failures), sources=usual(past))
    assert found is not None
    assert found.value == pytest.approx(times)
    assert found.breached == (times > 5)


def test_nothing_is_usual_of_an_unknown_or_small_past() -> None:
    now = Tally(requests=100, failures=50)
    assert measure(MANY, now) is None
    assert measure(MANY, now, sources=usual(Tally(requests=49))) is None
    assert measure(MANY, Tally(requests=49), sources=usual(Tally(requests=1_000))) is None


@given(
    st.lists(
        st.tuples(
            st.integers(0, 17),
            st.booleans(),
            st.sampled_from([100.0, 16_000.0, 31_000.0]),
            st.integers(0, 3),
            st.floats(0, 1),
        ),
        max_size=60,
    )
)
def test_the_value_of_a_closed_minute_is_what_the_engine_measured_at_its_end(
    requests: list[tuple[int, bool, float, int, float]],
) -> None:
    """From sums of minutes as from slots: policies and engine decide on the same numbers."""
    slots = [
        slot(
            START + 10 * place,
            request(START + 10 * place, failed=bad, duration_ms=ms, retries=tries, memory=memory),
        )
        for place, bad, ms, tries, memory in requests
    ]
    end = START + 180
    rules = [replace(rule, minimum_requests=min(rule.minimum_requests, 5)) for rule in RULES]
    found = measurements(rules, slots, end)
    published = values(rules, minutes(slots), end)
    assert {tuple(each.labels.values()): each.value for each in published} == {
        tuple(key): each.value for key, each in found.items() if each is not None
    }
    for rule in rules:
        for key, each in found.items():
            if key.rule == rule.id and each is not None:
                assert rule.breached(each.value) == each.breached


def test_values_of_a_minute_do_not_know_what_came_after_it() -> None:
    later = Window(START + 60, 60, "stories", "1.3.0", 3, request(START + 60, failed=True))
    first = Window(START, 60, "stories", "1.3.0", 3, request(START))
    rule = replace(PLAIN, window_seconds=120)
    assert values([rule], [first, later], START + 60) == values([rule], [first], START + 60)
    assert [each.value for each in values([rule], [first, later], START + 120)] == [0.5]


def test_how_far_back_values_look() -> None:
    assert reach_seconds(BUILT_IN) == 180
    assert reach_seconds(()) == 0


@given(st.lists(st.tuples(st.integers(0, 359), st.booleans()), max_size=80))
def test_a_long_window_counts_every_request_once(requests: list[tuple[int, bool]]) -> None:
    """An hour of slots, or its minutes and the slots since: at a minute's end both are the same."""
    slots = [
        slot(START + 10 * place, request(START + 10 * place, failed=bad)) for place, bad in requests
    ]
    end = float(START + 3_600)
    rule = replace(PLAIN, window_seconds=3_600)
    past = [each for each in minutes(slots) if each.start < settled_before(end)]
    recent = [each for each in slots if each.start >= end - 180]
    assert measured([rule], recent, past, end) == measurements([rule], slots, end)


def test_rules_of_both_kinds_of_windows_are_measured_side_by_side() -> None:
    end = float(START + 3_600)
    old = Window(START, 60, "stories", "1.3.0", 3, request(START, failed=True))
    new = slot(START + 3_590, request(START + 3_590))
    long = replace(PLAIN, id="long", window_seconds=3_600)
    found = measured([PLAIN, long], [new], [old], end)
    values = {key.rule: each.value for key, each in found.items() if each is not None}
    assert values == {"own": 0.0, "long": 0.5}


def test_a_rule_that_cannot_be_measured_is_no_data_and_told_once(
    capsys: pytest.CaptureFixture[str],
) -> None:
    windows = [slot(START, request(START)), slot(START, request(START), version="1.2.0")]
    later = replace(PLAIN, id="later", metric="gpu")
    broken = replace(SILENT, id="broken", metric=None)  # type: ignore[arg-type]
    found = measurements([later, broken, PLAIN], windows, START + 10)
    assert {key for key, each in found.items() if each is None} == {
        Key("later", "stories", "1.2.0"),
        Key("later", "stories", "1.3.0"),
        Key("broken", "stories", WHOLE),
    }
    assert {key.version for key, each in found.items() if each} == {"1.2.0", "1.3.0"}
    captured = capsys.readouterr()
    assert (captured.out + captured.err).count("rule_not_measured") == 2


def test_a_past_that_cannot_be_read_is_waited_for_once() -> None:
    asked: list[str] = []

    def lost(_service: str, version: str, _days: int, _at: float) -> Baseline:
        asked.append(version)
        raise StoreUnavailable("by the test")

    windows = [slot(START, Tally(requests=100), version=f"1.{n}") for n in range(9)]
    other = replace(MANY, id="other")
    found = measurements([MANY, other, PLAIN], windows, START + 10, Sources(baselines=lost))
    assert len(asked) == 1
    assert [key.rule for key, each in found.items() if each] == ["own"] * 9


def of_values(number: int) -> Tally:
    return Tally(measures={"sold": Measure(number, number * 1_000, number * 10**6)})


SOLD = replace(MANY, metric="sold:count", comparison="<", threshold=0.5, window_seconds=180)


@pytest.mark.parametrize("way", ["count", "sum"])
@pytest.mark.parametrize(("now", "times"), [(180, 1.0), (90, 0.5), (360, 2.0)])
def test_amounts_are_compared_a_second(way: str, now: int, times: float) -> None:
    """One a second, in seven hours of the past, and now in three minutes."""
    rule = replace(SOLD, metric=f"sold:{way}")
    found = measure(rule, of_values(now), sources=usual(of_values(7 * 3_600)))
    assert found is not None
    assert found.value == pytest.approx(times)
    assert found.requests == now


@pytest.mark.parametrize("metric", ["requests_per_second", "sold:count"])
def test_how_much_there_is_is_compared_for_the_service_as_a_whole(metric: str) -> None:
    """A candidate with a tenth of the traffic has as much as is usual, as all versions together."""
    rule = replace(SOLD, metric=metric, minimum_requests=1)
    each = {"1.3.0": 18, "1.2.0": 162, "1.3.0+claimed": 90, "1.2.0+claimed": 90}
    windows = [
        slot(START, tally.merge(Tally(requests=number), of_values(number)), version=version)
        for version, number in each.items()
    ]
    past = tally.merge(Tally(requests=7 * 3_600), of_values(7 * 3_600))
    asked: list[str] = []

    def baselines(_service: str, version: str, _days: int, _at: float) -> Baseline:
        asked.append(version)
        return Baseline(past, 7)

    found = measurements([rule, PLAIN], windows, START + 180, Sources(baselines=baselines))
    shown = {key.version: one.value for key, one in found.items() if one and key.rule == rule.id}
    assert shown == {WHOLE: pytest.approx(1.0), f"{WHOLE}+claimed": pytest.approx(1.0)}
    assert asked == list(shown)
