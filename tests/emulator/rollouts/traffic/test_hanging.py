"""A Cloud Run that hangs delays no rollback and no message: with the real client and clock."""

from __future__ import annotations

import time
import uuid

from functions import tick
from functions.minute import Deps
from functions.rollouts.state import Phase
from functions.rollouts.traffic.cloud_run import CloudRun
from functions.rollouts.traffic.move import Became
from local.monitoring.faults import Fault
from tests.emulator.rollouts.test_hanging import RealTime
from tests.emulator.rollouts.test_tick import Sink
from tests.emulator.rollouts.traffic.cloud import clouds
from tests.emulator.rollouts.world import CANDIDATE, CONTROL, connect

LONGEST_SECONDS = 5.0
"""A call to Cloud Run would hang for fifteen."""


def test_a_rollback_waits_for_no_cloud_run(firestore_emulator: str) -> None:
    with clouds(connect(f"demo-test-{uuid.uuid4().hex[:12]}")) as cloud:
        cloud.split()
        world = cloud.world
        deps = Deps(
            world.store, RealTime(world.clock.now() + 70), Sink(), cloud=CloudRun(cloud.address)
        )
        world.clock.advance(70)
        tick.tell(deps, {world.scope: tick.decide(deps, world.scope)})
        deps.following.wait(tick.ASIDE_SECONDS)
        cloud.faults.begin(Fault("hanging"))
        tick.tell(deps, {world.scope: tick.decide(deps, world.scope)})
        world.serve(CANDIDATE, 6, 6)
        world.serve(CONTROL, 60)
        began = time.monotonic()
        step = tick.decide(deps, world.scope)
        took = time.monotonic() - began
        assert world.rollout().state.phase is Phase.ROLLED_BACK
        assert took < LONGEST_SECONDS
        assert not deps.following.start([]), "it would prove nothing if nothing hung"
        tick.tell(deps, {world.scope: step})
        deps.aside.wait(tick.ASIDE_SECONDS)
        delivered = world.store.query(world.scope.collection("deliveries"))
        assert any(each.data["status"] == "delivered" for each in delivered), "told all the same"
        cloud.faults.end()
        deps.following.wait(tick.ASIDE_SECONDS)
        for _ in range(3):
            tick.tell(deps, {world.scope: tick.decide(deps, world.scope)})
            deps.following.wait(tick.ASIDE_SECONDS)
        assert cloud.move().became is Became.CONFIRMED
