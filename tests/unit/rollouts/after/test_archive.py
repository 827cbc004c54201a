"""What is kept of a rollout's figures: each minute once, in the stretch that it was served in."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from functions.metrics.tally import merge_all
from functions.metrics.windows import Arm, Window, minute_start
from functions.published import canonical
from functions.rollouts.after.archive import (
    Archive,
    Stretch,
    Whose,
    added,
    figures,
    stretches,
)
from functions.rollouts.state import Phase, State
from tests.unit.rollouts.after.made import AT, CANDIDATE, CONTROL, SERVICE, served

START = int(AT) - int(AT) % 3600
WHOSE = Whose(Arm(SERVICE, CANDIDATE), Arm(SERVICE, CONTROL))


def event(number: int, phase: Phase, stage: int, percentage: float, **more: Any) -> dict[str, Any]:
    state = State(phase, stage, START + 60.0 * number, **more)
    return {
        "number": number,
        "at": START + 60.0 * number,
        "generation": 10 * number,
        "percentage": percentage,
        "state": state.to_document(),
    }


WAY = [
    event(1, Phase.STARTING, 0, 0.0),
    event(2, Phase.BAKING, 0, 10.0),
    event(3, Phase.PAUSED, 0, 10.0, paused_from=Phase.BAKING),
    event(4, Phase.BAKING, 0, 10.0),
    event(5, Phase.BAKING, 1, 50.0),
    event(6, Phase.WATCHING, 1, 50.0),
    event(7, Phase.ROLLED_BACK, 1, 0.0),
]


def minute(generation: int, version: str, at: float, requests: int = 5) -> Window:
    return Window(minute_start(at), 60, SERVICE, version, generation, served(version, requests, 1))


def test_stretches() -> None:
    assert stretches(WAY) == [
        Stretch(2, 0, "baking", 10.0, 20, START + 120.0, 50, START + 300.0),
        Stretch(5, 1, "baking", 50.0, 50, START + 300.0, 60, START + 360.0),
        Stretch(6, 1, "watching", 50.0, 60, START + 360.0, 70, START + 420.0),
    ]
    assert stretches(WAY[:4])[-1].until is None
    assert stretches([]) == []


def test_a_minute_belongs_to_the_split_that_it_was_served_under() -> None:
    minutes = [
        minute(19, CONTROL, START + 100),
        minute(20, CANDIDATE, START + 130),
        minute(41, CANDIDATE, START + 290),
        minute(49, CANDIDATE, START + 310),  # begun under the former split
        minute(55, CONTROL, START + 310),
        minute(70, CONTROL, START + 430),
        minute(60, "1.1.0", START + 370),
    ]
    found = added(Archive("r-1", START), WHOSE, stretches(WAY), minutes, START + 3600)
    sums = {number: sorted(arms) for number, arms in found.sums.items()}
    assert sums == {2: ["candidate"], 5: ["control"]}
    assert found.sums[2]["candidate"].requests == 15
    assert found.hours[START] == {
        "candidate": {"requests": 15, "failures": 3, "mean_ms": 900.0, "p95_ms": 866.7},
        "control": {"requests": 5, "failures": 1, "mean_ms": 900.0, "p95_ms": 866.7},
    }


minutes_of_hours = st.lists(
    st.builds(
        minute,
        st.integers(15, 75),
        st.sampled_from((CANDIDATE, CONTROL)),
        st.integers(START, START + 4 * 3600 - 1),
        st.integers(1, 9),
    ),
    max_size=8,
)


@given(minutes_of_hours, st.lists(st.sampled_from((1, 2, 3, 4)), max_size=4))
def test_whenever_it_is_archived_it_is_the_same(minutes: list[Window], looks: list[int]) -> None:
    way = stretches(WAY)
    end = START + 4 * 3600
    whole = added(Archive("r-1", START), WHOSE, way, minutes, end)
    parts = Archive("r-1", START)
    for hour in [*sorted(looks), *looks, 4]:
        parts = added(parts, WHOSE, way, minutes, START + hour * 3600)
    assert canonical(parts.to_data()) == canonical(whole.to_data())
    everything = merge_all(tally for arms in whole.sums.values() for tally in arms.values())
    assert everything.requests == sum(
        each.tally.requests for each in minutes if 20 <= each.generation < 70
    )
    assert Archive.from_data("r-1", whole.through, False, whole.to_data()) == whole


def test_no_users_are_kept() -> None:
    found = added(
        Archive("r-1", START), WHOSE, stretches(WAY), [minute(20, CANDIDATE, START)], START + 3600
    )
    tally = found.sums[2]["candidate"]
    assert replace(tally, users_failing=frozenset()) == tally
    assert figures(tally)["error_rate"] == 0.2
