"""How long users get a bad version, on a whole local Palier: 50 times it is taken back by itself,
with every instance of `tick` killed on the way, and 50 times by hand.

PALIER_ROLLBACK_RUNS shortens it. One pair of runs takes about 40 s.
"""

from __future__ import annotations

import os
import random
import statistics
import sys
from collections.abc import Iterator, Sequence

from benchmarks.row import Row
from local import aimock, client, ports, seed, stack
from tests.e2e import takeback
from tests.e2e.takeback import Takeback
from tests.e2e.world import World, found

RUNS = "PALIER_ROLLBACK_RUNS"
USUAL_RUNS = 50
MODEL_MILLISECONDS = 20
GOOD = "2.0.0"
MANUAL_PERCENTAGE = 50.0
AUTOMATIC_SECONDS = 30.0
MANUAL_SECONDS = 5.0


def rows() -> Iterator[Row]:
    count = int(os.environ.get(RUNS, USUAL_RUNS))
    with (
        stack.running(
            ports.free(), name="bench-rollback", model_milliseconds=MODEL_MILLISECONDS
        ) as palier,
        client.connect() as http,
    ):
        yield from figures(*measure(found(palier, http), count))


def measure(world: World, count: int) -> tuple[list[Takeback], list[Takeback]]:
    """So many runs by themselves, and by hand."""
    takeback.warm(world)
    seed.create_version(world.admin, GOOD, aimock.HEALTHY_MODEL)
    chance = random.Random()
    by_itself: list[Takeback] = []
    by_hand: list[Takeback] = []
    for run in range(count):
        people, bad = takeback.crowd(world, run), f"1.3.{run}"
        seed.create_version(world.admin, bad, aimock.BROKEN_MODEL)
        by_itself.append(takeback.by_itself(world, bad, people, chance, all_killed=True))
        by_hand.append(takeback.by_hand(world, GOOD, people, MANUAL_PERCENTAGE))
        print(
            f"run {run + 1} of {count}: by itself after {by_itself[-1].seconds:.1f} s, "
            f"by hand after {by_hand[-1].seconds:.1f} s",
            file=sys.stderr,
            flush=True,
        )
    return by_itself, by_hand


def figures(by_itself: Sequence[Takeback], by_hand: Sequence[Takeback]) -> Iterator[Row]:
    """The worst of each kind, and what users of the control noticed."""
    killed = sum(run.killed > 0 for run in by_itself)
    yield Row(
        "rollback.auto_max_s",
        max(run.seconds for run in by_itself),
        "s",
        "<=",
        AUTOMATIC_SECONDS,
        f"the worst of {len(by_itself)}, {_spread(by_itself)}; tick delivered twice, and killed in "
        f"{killed}",
    )
    yield Row(
        "rollback.manual_max_s",
        max(run.seconds for run in by_hand),
        "s",
        "<=",
        MANUAL_SECONDS,
        f"the worst of {len(by_hand)}, {_spread(by_hand)}",
    )
    everything = [*by_itself, *by_hand]
    yield Row(
        "rollback.control_failures",
        sum(run.failed for run in everything),
        "requests",
        "==",
        0,
        f"of {sum(run.others for run in everything):,} to the other version",
    )


def _spread(runs: Sequence[Takeback]) -> str:
    return f"median {statistics.median(run.seconds for run in runs):.1f} s"
