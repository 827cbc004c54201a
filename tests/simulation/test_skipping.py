"""Looking only where something could be decided gives what looking always gives."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from benchmarks.judging import screens
from benchmarks.judging.play import Play, baseline
from benchmarks.judging.segment import CANDIDATE, CODES, CONTROL, SERVICE, Segment
from benchmarks.judging.traffic import CAUSES, Difference, Requests, World, requests
from functions.metrics.observation import NO_CAUSE, OK, Observation
from functions.metrics.tally import merge_all, of
from functions.rollouts.evidence import Both, failing
from functions.rollouts.plan import Criteria, Plan, Stage

HOUR = 3_600
QUICK = Plan(
    "quick",
    (Stage(10, 900, HOUR), Stage(50, 300, HOUR), Stage(100, 300, HOUR)),
    watch_seconds=300,
    criteria=Criteria(100),
)
STORMY = World(bursts=60, burst_rate=0.12, users=3_000)
"""Bursts of errors nearly all the time."""

WORLDS = [
    pytest.param(STORMY, Difference(), id="bursts"),
    pytest.param(replace(STORMY, per_second=1.5), Difference(), id="few requests, bursts"),
    pytest.param(World(), Difference(errors=lambda at: 0.02 + 0 * at), id="three times as many"),
    pytest.param(World(error_rate=0.0), Difference(leak=0.002), id="a leak of memory"),
    pytest.param(World(median_ms=25_000, spread=0.2, per_second=2), Difference(), id="too slow"),
    pytest.param(World(), Difference(slower=1.4), id="slower"),
    pytest.param(World(users=300, heavy=1.5, users_spread=0.4), Difference(), id="few users"),
]


@pytest.mark.parametrize(("world", "difference"), WORLDS)
def test_skipping_changes_nothing(world: World, difference: Difference) -> None:
    decided = 0
    for seed in range(1):
        asked = requests(world, seed, HOUR)
        before = baseline(requests(world, 100 + seed, HOUR))
        skipping = Play(asked, QUICK, difference, before=before).moves()
        assert skipping == Play(asked, QUICK, difference, every=True, before=before).moves()
        decided += len(skipping)
    assert decided


def test_a_slot_is_the_sum_of_its_requests() -> None:
    segment = _segment(requests(World(error_rate=0.2, median_ms=9_000), 1, 60))
    for version in (CANDIDATE, CONTROL):
        for slot in range(6):
            wanted = merge_all(of(each) for each in _observed(segment, version, slot))
            assert segment.tally(version, slot, slot + 1) == wanted


def test_stretches_add_up() -> None:
    segment = _segment(requests(World(error_rate=0.2), 2, 300))
    whole = segment.both(0, 30)
    parts = Both()
    for first in range(0, 30, 7):
        parts = parts.add(segment.both(first, min(30, first + 7)))
    assert parts == whole


def test_failing_users_are_counted_as_the_controller_counts_them() -> None:
    segment = _segment(requests(World(error_rate=0.3, users=2_000), 3, 600), share=0.4)
    candidate, control = screens.failing_users(segment)
    for slots in (1, 5, 20, 40, 60):
        counted = failing(segment.both(0, slots), 0.4)
        assert (counted.candidate, counted.control) == (candidate[slots - 1], control[slots - 1])
    assert len(segment.both(0, 60).control.users_failing) == 256  # the sets are full


def test_users_are_sampled_as_the_controller_samples_them() -> None:
    segment = _segment(requests(World(users=2_000), 4, 1_200), share=0.4)
    for slots in (1, 10, 60, 120):
        both = segment.both(0, slots)
        for tally, candidate in ((both.candidate, True), (both.control, False)):
            held, level = screens.arrived(segment, candidate)
            found = len(tally.users.ranks), tally.users.level
            assert found == (held[slots - 1], level[slots - 1])


def _segment(asked: Requests, share: float = 0.1) -> Segment:
    return Segment(asked, Difference(), share, 0, 1)


def _observed(segment: Segment, version: str, slot: int) -> list[Observation]:
    """The requests of a slot one by one, as a recorder would be told of them."""
    found = []
    for each in range(int(segment.offsets[slot]), int(segment.offsets[slot + 1])):
        if segment.candidate[each] != (version == CANDIDATE):
            continue
        completion = segment.completions(np.array([each]))[0]
        cause = segment.causes(np.array([each]))[0] if completion.failed else None
        found.append(
            Observation(
                SERVICE,
                version,
                1,
                completion.at_ms / 1000,
                float(np.exp(np.float64(segment.log_ms[each]))),
                OK if cause is None else CODES[cause],
                NO_CAUSE if cause is None else CAUSES[cause],
                completion.user,
                memory=float(segment.memory[slot]),
            )
        )
    return found
