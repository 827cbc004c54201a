"""Slots add up to minutes, the same whoever adds them."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from functions.metrics import distinct, windows
from functions.metrics.tally import Tally
from functions.metrics.windows import Window

START = 1_800_000_000


def slot(offset: int, requests: int, version: str = "1.2.0", generation: int = 3) -> Window:
    return Window(START + offset, 10, "stories", version, generation, Tally(requests=requests))


@given(st.permutations([slot(10 * n, n + 1, generation=3 + n // 9) for n in range(18)]))
def test_minutes_do_not_depend_on_the_order_of_slots(slots: list[Window]) -> None:
    minutes = windows.minutes(slots)
    assert [(m.start - START, m.generation, m.tally.requests) for m in minutes] == [
        (0, 3, 21),
        (60, 3, 24),
        (60, 4, 33),
        (120, 4, 93),
    ]


def test_no_user_is_in_a_minute() -> None:
    sampled = replace(slot(0, 1), tally=Tally(requests=1, users=distinct.of("c0ffee")))
    assert [minute.tally for minute in windows.minutes([sampled])] == [Tally(requests=1)]


def test_total_takes_one_arm_since_a_time_and_a_generation() -> None:
    some = [slot(0, 1), slot(10, 2), slot(20, 4, generation=4), slot(20, 8, version="1.3.0")]
    assert windows.total(some, "stories", "1.2.0", START).requests == 7
    assert windows.total(some, "stories", "1.2.0", START + 10).requests == 6
    assert windows.total(some, "stories", "1.2.0", START, until=START + 10).requests == 1
    assert windows.total(some, "stories", "1.2.0", START, min_generation=4).requests == 4
    assert windows.total(some, "stories", "9.9.9", START) == Tally()


def test_starts_of_slots_and_minutes() -> None:
    assert windows.slot_start(START + 19.999) == START + 10
    assert windows.minute_start(START + 119.999) == START + 60
