"""Who is looked at first, and which steps look at all."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.alerts.alarm import Alarm
from functions.documents import Scope
from functions.metrics.tally import Tally
from functions.metrics.windows import Window
from functions.rollouts import in_turn
from functions.rollouts.in_turn import MANY, OVERLAP_SECONDS, Looks, by_arm
from functions.rollouts.plan import Plan, Stage
from functions.rollouts.rollout import Rollout, Shift
from functions.rollouts.state import Phase, State
from functions.rollouts.survey import nothing_fires

NOW = 1_800_000_000
SCOPE = Scope("main", "staging")
PLAN = Plan("one", (Stage(10, 60, 600),))


def rollout(number: int) -> Rollout:
    return Rollout(
        f"r{number}",
        f"flag-{number}",
        f"service-{number}",
        "1.2.0",
        "1.3.0",
        PLAN,
        NOW,
        "operator:test",
        "",
        state=State(Phase.BAKING, 0, NOW, NOW + 600),
        shift=Shift(NOW, NOW, 1),
    )


def slot(number: int, failures: int, version: str = "1.3.0", start: int = NOW) -> Window:
    tally = Tally(requests=10, failures=failures)
    return Window(start, 10, f"service-{number}", version, 1, tally)


def struck(*slots: Window, since: float = NOW) -> list[str]:
    some = [rollout(number) for number in range(4)]
    return list(in_turn.struck(some, by_arm(slots), nothing_fires, since))


@given(st.lists(st.integers(0, 9), min_size=4, max_size=4))
def test_who_fails_comes_first_the_most_failures_before_all(failures: list[int]) -> None:
    slots = [slot(number, count) for number, count in enumerate(failures)]
    found = struck(*slots)
    assert set(found) == {f"r{number}" for number, count in enumerate(failures) if count}
    counts = [failures[int(each[1:])] for each in found]
    assert counts == sorted(counts, reverse=True)


def test_failures_of_the_control_make_nobody_haste() -> None:
    assert struck(slot(1, 5, "1.2.0")) == []


def test_a_slot_is_new_for_as_long_as_an_instance_may_take_to_write_it() -> None:
    late = NOW + 10 + OVERLAP_SECONDS
    assert struck(slot(1, 5), since=late - 1) == ["r1"]
    assert struck(slot(1, 5), since=late) == []


@pytest.mark.parametrize(("since", "expected"), [(50.0, ["r2"]), (50.5, [])])
def test_an_alert_that_came_up_since_counts_as_well(since: float, expected: list[str]) -> None:
    def alarms(service: str, version: str) -> list[Alarm]:
        fires = (service, version) == ("service-2", "1.3.0")
        return [Alarm("p1-memory", "P1", (), 50.0, 0.9, "It fires.")] if fires else []

    some = [rollout(number) for number in range(4)]
    assert list(in_turn.struck(some, {}, alarms, since)) == expected


def test_few_are_looked_at_in_every_step() -> None:
    looks = Looks()
    assert looks.between(SCOPE, NOW) is None
    looks.note(SCOPE, NOW, {f"r{n}": rollout(n) for n in range(MANY)})
    assert looks.between(SCOPE, NOW + 10) is None
    assert looks.last(SCOPE) == NOW


def test_many_are_looked_at_once_a_minute() -> None:
    looks = Looks()
    many = {f"r{n}": rollout(n) for n in range(MANY + 1)}
    whole = []
    for second in range(0, 240, 10):
        if looks.between(SCOPE, NOW + second) is None:
            whole.append(second)
        looks.note(SCOPE, NOW + second, many)
    assert whole == [0, 60, 120, 180]


def test_a_clock_that_was_set_back_hides_nothing() -> None:
    looks = Looks()
    looks.note(SCOPE, NOW, {f"r{n}": rollout(n) for n in range(MANY + 1)})
    assert looks.between(SCOPE, NOW - 1) is None
    assert looks.between(Scope("main", "production"), NOW + 10) is None, "another environment"
