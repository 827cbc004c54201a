"""What tests do to a service in Cloud Run and to its rollout, in one line each."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from functions.changes import published_part
from functions.documents import Store
from functions.identity import Permission
from functions.rollouts import commands
from functions.rollouts.advance import advance
from functions.rollouts.traffic import catalog
from functions.rollouts.traffic import store as traffic
from functions.rollouts.traffic.cloud_run import CloudRun
from functions.rollouts.traffic.follow import Follower
from functions.rollouts.traffic.move import Move
from functions.rollouts.traffic.record import Record
from functions.rollouts.traffic.serving import Serving, servings_of
from local.cloud_run import server
from local.cloud_run.world import World as Services
from local.monitoring.faults import Faults
from tests.emulator.rollouts.world import ASKED, CANDIDATE, CONTROL, SERVICE, World

NAME = "projects/demo-palier/locations/europe-west1/services/stories"


@dataclass
class Cloud:
    """A world, and the Cloud Run service that its stories run in: `old` and `new` are the revisions
    of the control and of the candidate, and `new` serves alone."""

    world: World
    services: Services
    faults: Faults
    address: str
    old: str = ""
    new: str = ""
    follower: Follower = field(init=False)

    def __post_init__(self) -> None:
        self.old, self.new = self.services.deploy(NAME), self.services.deploy(NAME)
        self.follower = Follower(self.world.store, self.world.clock, CloudRun(self.address))
        self.world.environment()
        self.world.flag()
        self.world.change(catalog.put(self.serving), Permission.ROLL_OUT)

    @property
    def serving(self) -> Serving:
        return Serving(SERVICE, NAME, {CONTROL: self.old, CANDIDATE: self.new})

    def rolled_back(self, identifier: str = "r1") -> None:
        """Users had the candidate, and somebody takes it back."""
        self.split(identifier)
        self.world.change(commands.rollback(identifier, ASKED), Permission.ROLL_BACK)

    def split(self, identifier: str = "r1") -> None:
        """The first stage of a rollout."""
        self.world.started(identifier)
        self.follow()
        advance(self.world.store, self.world.clock, self.world.scope)
        assert self.world.rollout(identifier).state.splitting

    def follow(self, seconds: float = 10.0) -> bool:
        """One look, some seconds later."""
        self.world.clock.advance(seconds)
        return self.follower.follow(self.world.scope, self.servings())

    def servings(self) -> list[Serving]:
        part = published_part(self.world.store, self.world.scope, "serving")
        return list(servings_of(part).values())

    def meddled(self, meddle: Callable[[], object], at: int = 1) -> None:
        """Something happens before the `at`th update: the first is only validated."""
        cloud = Meddling(self.address, meddle, at)
        self.follower = Follower(self.world.store, self.world.clock, cloud)

    def record(self) -> Record:
        return traffic.one(self.world.store, self.world.scope, SERVICE).record

    def move(self) -> Move:
        move = self.record().move
        assert move
        return move

    def shares(self) -> dict[str, int]:
        """As Cloud Run serves them."""
        return self.follower.cloud.service(NAME, 3).shares

    def audited(self) -> list[str]:
        return [each for each in self.world.audited() if each.startswith("traffic.")]

    def told(self) -> list[dict[str, Any]]:
        """The messages about moves."""
        found = self.world.store.query(self.world.scope.collection("outbox"))
        return [each.data for each in found if each.id.startswith("traffic-")]


@contextmanager
def clouds(store: Store, delay: float = 0.0) -> Iterator[Cloud]:
    """`delay`: how long traffic takes to follow, of the world's clock."""
    world = World(store)
    services, faults = Services(delay, world.clock.now), Faults()
    calls, port = server.serve(services, 0, faults)
    try:
        yield Cloud(world, services, faults, f"127.0.0.1:{port}")
    finally:
        faults.end()
        server.stop(calls)


class Meddling(CloudRun):
    """The real client; before it sends its `at`th update, something happens."""

    def __init__(self, address: str, meddle: Callable[[], object], at: int) -> None:
        super().__init__(address)
        self._meddle = meddle
        self._left = at

    def direct(self, *arguments: Any, **options: Any) -> None:
        self._left -= 1
        if self._left == 0:
            self._meddle()
        super().direct(*arguments, **options)
