"""A Cloud Monitoring that hangs delays neither a rollback nor the message about it: measured, with
the real client and a server that takes connections and never answers."""

from __future__ import annotations

import socket
import statistics
import time
from collections.abc import Iterator

import pytest

from functions import tick
from functions.clock import SystemClock
from functions.metrics.cloud_monitoring import CloudMonitoring
from functions.metrics.publish import Sink
from functions.minute import Deps
from functions.rollouts.advance import Step
from functions.rollouts.state import Phase
from tests.emulator.rollouts.test_tick import Sink as Answering
from tests.emulator.rollouts.test_tick import failing_world

ROUNDS = 5
DELAY_SECONDS = 1.0
"""What the median may differ by. A call to Cloud Monitoring ends after five seconds."""


class RealTime(SystemClock):
    """The machine's clock, moved to a world's time: what hangs, hangs for real seconds."""

    def __init__(self, now: float) -> None:
        self._ahead = now - super().now()

    def now(self) -> float:
        return super().now() + self._ahead


@pytest.fixture
def silent(firestore_emulator: str) -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"127.0.0.1:{server.getsockname()[1]}"


def seconds_to_roll_back(sink: Sink, *, hangs: bool) -> float:
    """How long a look takes that takes back, while what was published before is still at it."""
    world = failing_world()
    deps = Deps(world.store, RealTime(world.clock.now() + 80), sink)
    tick.tell(deps, {world.scope: Step(0)})
    began = time.monotonic()
    decided = tick.decide(deps, world.scope)
    took = time.monotonic() - began
    assert world.rollout().state.phase is Phase.ROLLED_BACK
    assert not hangs or not deps.publishing.start([]), "it would prove nothing if nothing hung"
    deps.aside.wait(tick.ASIDE_SECONDS)
    tick.tell(deps, {world.scope: decided})
    deps.aside.wait(tick.ASIDE_SECONDS)
    delivered = world.store.query(world.scope.collection("deliveries"))
    assert any(each.data["status"] == "delivered" for each in delivered), "told all the same"
    assert not hangs or not deps.publishing.start([]), "and it hangs still"
    return took


def test_a_rollback_waits_for_no_cloud_monitoring(silent: str) -> None:
    usual, hanging = [], []
    for _ in range(ROUNDS):
        usual.append(seconds_to_roll_back(Answering(), hangs=False))
        hanging.append(seconds_to_roll_back(CloudMonitoring("demo", silent), hangs=True))
    assert statistics.median(hanging) < statistics.median(usual) + DELAY_SECONDS, (usual, hanging)
    print(
        f"to roll back: {statistics.median(usual):.2f} s, with Cloud Monitoring hanging "
        f"{statistics.median(hanging):.2f} s"
    )
