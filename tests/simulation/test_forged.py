"""Events that anybody can send, with the key that is in every app: whatever they say, they take no
version back. The real rules on simulated windows, and what fires handed to the real judge."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from random import Random

import pytest

from functions.alerts import rules
from functions.alerts.alarm import CLAIMED, Alarm, alarms_of
from functions.alerts.measures import Key
from functions.alerts.rule import NOTIFY, P1, ROLL_BACK, Rule
from functions.alerts.state import State
from functions.metrics.measures import Measure
from functions.metrics.tally import Tally
from functions.metrics.windows import SLOT_SECONDS, Window
from functions.rollouts.look import Told
from tests.simulation.traffic import CANDIDATE, CONTROL, Simulated, Traffic

COMPLAINTS = Rule(
    id="complaints",
    severity=P1,
    metric="complained:mean",
    threshold=0.02,
    window_seconds=60,
    for_seconds=0,
    keep_firing_seconds=300,
    minimum_requests=20,
    actions=(NOTIFY, ROLL_BACK),
)


@dataclass
class Watched(Traffic):
    """Traffic, and beside it complaints about the candidate, counted for `version`."""

    version: str = CANDIDATE
    states: Mapping[Key, State] = field(default_factory=dict)
    seen: list[Window] = field(default_factory=list)

    def slot(self, start: int) -> list[Window]:
        tally = Tally(measures={"complained": Measure(count=100, thousandths=90_000, squares=90)})
        told = Window(start, SLOT_SECONDS, "stories", self.version, 1, tally)
        found = [*super().slot(start), told]
        self.seen = [*self.seen, *found][-60:]
        return found

    def told(self, now: float) -> Told:
        evaluation = rules.look([COMPLAINTS], self.seen, self.states, now)
        self.states = evaluation.states
        return Told(self._firing(CANDIDATE), self._firing(CONTROL))

    def _firing(self, version: str) -> list[Alarm]:
        return alarms_of(self.states.values(), {COMPLAINTS.id: COMPLAINTS}, "stories", version)


def healthy(_seconds: float) -> tuple[float, float]:
    return 0.01, 0.01


@pytest.mark.parametrize("seed", range(10))
def test_forged_complaints_pause_and_take_nothing_back(seed: int) -> None:
    traffic = Watched(Random(seed), healthy, version=f"{CANDIDATE}+{CLAIMED}")
    found = Simulated(traffic, told=traffic.told).until(600)
    assert found is not None
    assert found[0].kind == "paused"


def test_forged_complaints_about_the_control_say_nothing_of_the_candidate() -> None:
    traffic = Watched(Random(1), healthy, version=f"{CONTROL}+{CLAIMED}")
    assert Simulated(traffic, told=traffic.told).until(600) is None


def test_the_same_complaints_from_a_server_take_it_back() -> None:
    traffic = Watched(Random(1), healthy)
    found = Simulated(traffic, told=traffic.told).until(600)
    assert found is not None
    assert found[0].kind == "rolled_back"


def test_forged_failures_are_counted_for_nobody() -> None:
    """They are no requests of the candidate's: the split's evidence doesn't see them."""

    @dataclass
    class Forged(Traffic):
        def slot(self, start: int) -> list[Window]:
            found = super().slot(start)
            [mine] = [each for each in found if each.version == CANDIDATE]
            forged = replace(
                mine,
                version=f"{CANDIDATE}+{CLAIMED}",
                tally=Tally(
                    requests=500,
                    failures=500,
                    causes={"candidate": 500},
                    users_failing=frozenset(f"{number:016x}" for number in range(200)),
                ),
            )
            return [*found, forged]

    assert Simulated(Forged(Random(2), healthy)).until(600) is None
