"""P1 to P3 just below and just above each threshold, and how an alert comes and goes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest

from functions.alerts import rules
from functions.alerts.measures import measure
from functions.alerts.rule import PAUSE, SEVERITIES, Rule
from functions.alerts.rules import FIRING, NO_DATA, OK, PENDING, RESOLVED, Key, State
from functions.alerts.thresholds import BY_ID, RULES
from functions.metrics import tally
from functions.metrics.observation import Observation
from functions.metrics.tally import Tally
from functions.metrics.windows import Window

NOW = 1_800_000_000.0


def served(number: int, *, at: float = NOW, **changes: object) -> Tally:
    """So many requests of as many users, all alike."""
    values: dict[str, object] = {"duration_ms": 100.0, "code": "OK", "cause": "none", **changes}
    return tally.merge_all(
        tally.of(
            Observation("stories", "1.3.0", 3, at + n / 1000, user_hash=f"{n:016x}", **values)  # type: ignore[arg-type]
        )
        for n in range(number)
    )


def failed(number: int) -> Tally:
    return served(number, code="OPENAI_ERROR", cause="candidate")


def both(first: Tally, second: Tally) -> Tally:
    return tally.merge(first, second)


JUST_BELOW_AND_ABOVE: Mapping[str, tuple[Tally, Tally]] = {
    "p1-execution-time": (
        both(served(95), served(5, duration_ms=30_001)),
        both(served(94), served(6, duration_ms=30_001)),
    ),
    "p1-error-rate": (both(served(95), failed(5)), both(served(94), failed(6))),
    "p1-memory": (served(1, memory=0.80), served(1, memory=0.801)),
    "p1-consecutive-failures": (failed(3), failed(4)),
    "p2-execution-time": (
        both(served(95), served(5, duration_ms=20_001)),
        both(served(94), served(6, duration_ms=20_001)),
    ),
    "p2-error-rate": (both(served(98), failed(2)), both(served(97), failed(3))),
    "p2-memory": (served(1, memory=0.70), served(1, memory=0.701)),
    "p2-retries": (
        both(served(95), served(5, retries=3)),
        both(served(94), served(6, retries=3)),
    ),
    "p3-execution-time": (
        both(served(95), served(5, duration_ms=15_001)),
        both(served(94), served(6, duration_ms=15_001)),
    ),
    "p3-error-rate": (both(served(99), failed(1)), both(served(98), failed(2))),
    "p3-memory": (served(1, memory=0.60), served(1, memory=0.601)),
}


def test_there_are_eleven_thresholds() -> None:
    assert len(RULES) == 11
    assert set(JUST_BELOW_AND_ABOVE) == {rule.id for rule in RULES}
    assert {rule.severity for rule in RULES} == set(SEVERITIES)


def windows(some: Tally, at: float = NOW) -> list[Window]:
    return [Window(int(at) - 10, 10, "stories", "1.3.0", 3, some)]


def run(
    rule: Rule, readings: Sequence[tuple[float, Tally | None]], before: State | None = None
) -> list[str]:
    """The statuses of one alert over readings of (seconds from the start, tally)."""
    key = Key(rule.id, "stories", "1.3.0")
    previous = {key: before} if before else {}
    seen = []
    for seconds, some in readings:
        now = NOW + seconds
        given = windows(some, now) if some else []
        evaluation = rules.look([rule], given, previous, now)
        previous = dict(evaluation.states)
        seen.append(previous[key].status if key in previous else "")
    return seen


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_just_below_and_just_above_its_threshold(rule: Rule) -> None:
    below, above = JUST_BELOW_AND_ABOVE[rule.id]
    hold = float(rule.for_seconds)
    assert run(rule, [(0, below), (hold, below), (hold + 60, below)]) == [OK, OK, OK]
    assert run(rule, [(0, above), (hold, above)])[-1] == FIRING


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_held_for_its_duration_and_for_less(rule: Rule) -> None:
    below, above = JUST_BELOW_AND_ABOVE[rule.id]
    if not rule.for_seconds:
        assert run(rule, [(0, above)]) == [FIRING]
        return
    hold = float(rule.for_seconds)
    assert run(rule, [(0, above), (hold - 1, above)]) == [PENDING, PENDING]
    assert run(rule, [(0, above), (hold - 1, above), (hold, above)])[-1] == FIRING
    broken = [(0, above), (hold - 1, below), (hold, above)]
    assert run(rule, broken) == [PENDING, OK, PENDING]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_keeps_firing_until_it_was_well_for_long_enough(rule: Rule) -> None:
    below, above = JUST_BELOW_AND_ABOVE[rule.id]
    keep = float(rule.keep_firing_seconds)
    start = State(Key(rule.id, "stories", "1.3.0"), rule.severity, FIRING, NOW, rule.threshold)
    readings = [(10, below), (10 + keep - 1, below), (10 + keep, below)]
    assert run(rule, readings, start) == [FIRING, FIRING, RESOLVED]
    flapping = [(10, below), (20, above), (10 + keep, below), (10 + 2 * keep, below)]
    assert run(rule, flapping, start) == [FIRING, FIRING, FIRING, RESOLVED]
    assert run(rule, [(10, None), (10 + keep, None)], start) == [FIRING, NO_DATA]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_the_value_shown_never_contradicts_the_verdict(rule: Rule) -> None:
    for some in JUST_BELOW_AND_ABOVE[rule.id]:
        measured = measure(rule, some)
        assert measured is not None
        assert (measured.value > rule.threshold) == measured.breached


def test_a_small_sample_is_no_data_and_never_well() -> None:
    rule = BY_ID["p1-error-rate"]
    assert measure(rule, failed(rule.minimum_requests - 1)) is None
    assert measure(rule, failed(rule.minimum_requests)) is not None
    assert run(rule, [(0, failed(19))]) == [NO_DATA]
    pending = BY_ID["p2-error-rate"]
    _, above = JUST_BELOW_AND_ABOVE[pending.id]
    assert run(pending, [(0, above), (10, None), (20, above)]) == [PENDING, NO_DATA, PENDING]


def test_clients_mistakes_neither_count_nor_dilute() -> None:
    mistakes = served(500, code="INVALID_ARGUMENT", cause="client")
    measured = measure(BY_ID["p1-error-rate"], both(mistakes, both(served(94), failed(6))))
    assert measured is not None
    assert measured.value == pytest.approx(0.06)
    assert measure(BY_ID["p1-error-rate"], mistakes) is None


def test_versions_are_judged_apart() -> None:
    bad = Window(int(NOW) - 10, 10, "stories", "1.3.0", 3, failed(30))
    good = Window(int(NOW) - 10, 10, "stories", "1.2.0", 3, served(300))
    evaluation = rules.look(RULES, [bad, good], {}, NOW)
    assert [state.key.rule for state in evaluation.firing("stories", "1.3.0")] == [
        "p1-consecutive-failures",
        "p1-error-rate",
    ]
    assert evaluation.firing("stories", "1.2.0") == []
    assert rules.strongest(evaluation.states.values(), BY_ID) == PAUSE


def test_transitions_carry_the_numbers_that_caused_them() -> None:
    evaluation = rules.look(RULES, windows(both(served(90), failed(10))), {}, NOW)
    opened = [change for change in evaluation.transitions if change.opens]
    change = next(t for t in opened if t.rule.id == "p1-error-rate")
    assert (change.after.value, change.after.requests, change.after.failures) == (0.1, 100, 10)
    assert not change.closes
    again = rules.look(RULES, windows(both(served(90), failed(10))), evaluation.states, NOW + 1)
    assert not any(change.opens for change in again.transitions)
    assert again.states[change.after.key] is change.after


def test_resolved_is_shown_for_an_hour() -> None:
    rule = BY_ID["p1-error-rate"]
    resolved = State(Key(rule.id, "stories", "1.3.0"), "P1", RESOLVED, NOW, rule.threshold)
    assert run(rule, [(3599, served(30)), (3600, served(30))], resolved) == [RESOLVED, OK]
    assert run(rule, [(3599, None), (3600, None)], resolved) == [RESOLVED, NO_DATA]
