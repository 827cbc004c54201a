"""What a run comes to: only what the model didn't take is overhead, and what stays is a leak."""

from __future__ import annotations

from dataclasses import replace

import pytest

from benchmarks.load_figures import FULL_MINUTES, Run, Work, figures, leaked, overhead, parts
from benchmarks.process import MEGABYTE, Held
from benchmarks.story_clients import Answered

ANSWERED = Answered("mark-000001", began=10.0, ended=15.0, status=201)
REST = Held(at=0.0, resident=100 * MEGABYTE, threads=90, sockets=84, cpu=0.0)


@pytest.mark.parametrize(
    ("work", "expected"),
    [
        pytest.param([(10.5, 14.5)], 1.0, id="one call"),
        pytest.param([(10.5, 11.0), (12.0, 14.5)], 2.0, id="one after the other"),
        pytest.param([(10.5, 13.0), (12.0, 14.5)], 1.0, id="overlapping"),
        pytest.param([(10.5, 14.5), (11.0, 12.0)], 1.0, id="one inside the other"),
        pytest.param([(11.0, 12.0), (10.5, 14.5)], 1.0, id="in any order"),
        pytest.param([(9.0, 14.5)], 0.5, id="begun before the client looked at its clock"),
    ],
)
def test_overhead(work: Work, expected: float) -> None:
    assert overhead(ANSWERED, work) == pytest.approx(expected)


def test_the_parts_of_the_overhead_are_the_whole() -> None:
    work = [(10.5, 11.0), (12.0, 14.5)]
    found = parts(ANSWERED, work)
    assert found == pytest.approx({"before": 0.5, "between": 1.0, "after": 0.5})
    assert sum(found.values()) == pytest.approx(overhead(ANSWERED, work))


def run(minutes: float = 1.0, rise: float = 0.0, slow: int = 0) -> Run:
    """A hundred stories in a minute, each with 20 ms of overhead; `slow` of them with 100 ms."""
    answers, work = [], {}
    for number in range(100):
        began, extra = number * 0.6 * minutes, 0.1 if number >= 100 - slow else 0.02
        mark = f"mark-{number:06}"
        answers.append(Answered(mark, began, began + 3 + extra, 201, first=began + 1))
        work[mark] = [(began + extra / 2, began + 3 + extra / 2)]
    samples = [
        replace(REST, at=second, resident=int(REST.resident + second / 60 * rise * MEGABYTE))
        for second in range(int(60 * minutes))
    ]
    return Run(minutes, 80, answers, work, 81, 80, samples, REST, REST, pinned=True)


def row(found: Run, name: str) -> float:
    return next(each.value for each in figures(found) if each.name == f"stories.{name}")


@pytest.mark.parametrize(("slow", "p95"), [(0, 20.0), (2, 20.0), (10, 100.0)])
def test_the_overhead_that_few_exceed(slow: int, p95: float) -> None:
    assert row(run(slow=slow), "overhead_p95_ms") == pytest.approx(p95)


def test_memory_is_judged_at_full_length_only() -> None:
    assert row(run(FULL_MINUTES, rise=2.5), "memory_mb_per_minute") == pytest.approx(2.5)
    assert [each.name for each in figures(run(1.0, rise=2.5))] == [
        "stories.overhead_p95_ms",
        "stories.leaked",
    ]


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        pytest.param({}, 0, id="nothing"),
        pytest.param({"after": replace(REST, threads=93)}, 3, id="threads"),
        pytest.param({"after": replace(REST, sockets=86)}, 2, id="sockets"),
        pytest.param({"after": replace(REST, sockets=4)}, 0, id="fewer than before"),
        pytest.param({"most_connections": 85}, 0, id="calls that are just ending"),
        pytest.param({"most_connections": 105}, 5, id="a client for each request"),
    ],
)
def test_what_is_a_leak(changed: dict[str, object], expected: int) -> None:
    found = replace(run(), **changed)  # type: ignore[arg-type]
    assert leaked(found) == expected


def test_a_failed_request_is_left_out_and_told() -> None:
    found = run()
    lost = replace(found.answers[99], status=503, problem="no store", ended=found.answers[99].began)
    told = next(iter(figures(replace(found, answers=[*found.answers[:99], lost]))))
    assert "failed, by status: {503: 1}" in told.detail
    assert told.value == pytest.approx(20.0)


def test_many_failed_requests_are_no_measurement() -> None:
    found = run()
    lost = [replace(each, status=503, problem="no store") for each in found.answers[:2]]
    with pytest.raises(RuntimeError, match=r"2 of 100 .* 503: no store"):
        list(figures(replace(found, answers=[*lost, *found.answers[2:]])))
