"""A version that is taken back is an incident, told after the rollback and with it; no dying tick
loses it or tells it twice."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from functions.alerts.incidents import store as incident_store
from functions.alerts.incidents.incident import Incident, Kind
from functions.documents import Store, Write
from functions.errors import StoreUnavailable
from functions.minute import Deps
from functions.tick import decide, tick
from tests.emulator.rollouts.dying_ticks import Inline
from tests.emulator.rollouts.test_tick import Sink
from tests.emulator.rollouts.world import CANDIDATE, CONTROL, World


@pytest.fixture
def world(store: Store) -> World:
    made = World(store)
    made.environment()
    made.flag()
    made.started()
    decide(deps(made), made.scope)
    made.clock.advance(10)
    made.serve(CONTROL, 200)
    made.serve(CANDIDATE, 40, failures=40)
    made.clock.advance(10)
    return made


def deps(world: World, store: Store | None = None) -> Deps:
    return Deps(store or world.store, world.clock, Sink(), Inline(), Inline())


def incidents(world: World) -> list[Incident]:
    return incident_store.listed(world.store, world.scope, "", 10)


def messages(world: World) -> list[dict[str, Any]]:
    """Of incidents, oldest first."""
    found = world.store.query(world.scope.collection("outbox"), order_by="created_at")
    return [each.data for each in found if each.data["about"].startswith("incidents/")]


def test_the_message_follows_the_rollback_and_says_so(world: World) -> None:
    decide(deps(world), world.scope)
    [back] = [event for event in world.events() if event["kind"] == "rolled_back"]
    [incident] = incidents(world)
    assert incident.subject == ("stories", CANDIDATE)
    [told] = messages(world)
    assert (told["event"], told["severity"], told["level"]) == ("trigger", "P1", "L1")
    assert told["created_at"].timestamp() >= back["at"]
    english, french = (told["texts"][language][1] for language in ("en", "fr"))
    assert "Palier rolled back (stories.version, now 0 % of users)" in english
    assert back["verdict"]["sentence"] in english
    assert "Palier est revenu à la version précédente" in french
    assert back["verdict"]["sentence"] not in french
    for _ in range(6):
        world.clock.advance(60)
        tick(deps(world))
    [over] = incidents(world)
    assert over.over
    kinds = [entry.kind for entry in over.timeline]
    assert kinds.count(Kind.DEED) == len(world.events())
    assert [each["event"] for each in messages(world)] == ["trigger", "resolve"]


class Dying:
    """A store of a tick that dies at its n-th commit, before it is made or just after."""

    def __init__(self, store: Store, at: int, *, made: bool) -> None:
        self._store, self._left, self._made = store, at, made
        self.died = False

    def __getattr__(self, name: str) -> Any:
        if self.died:
            raise StoreUnavailable("dead")
        return getattr(self._store, name)

    def commit(self, writes: Sequence[Write], **options: Any) -> list[Any]:
        self._left -= 1
        if self._left > 0 and not self.died:
            return self._store.commit(writes, **options)
        if not self.died and self._made:
            self._store.commit(writes, **options)
        self.died = True
        raise StoreUnavailable("died")


@pytest.mark.parametrize("made", [False, True], ids=["not made", "made"])
@pytest.mark.parametrize("at", range(1, 5))
def test_wherever_a_tick_dies_it_is_told_once(world: World, at: int, made: bool) -> None:
    dying = Dying(world.store, at, made=made)
    decide(deps(world, dying), world.scope)  # type: ignore[arg-type]
    world.clock.advance(10)
    for _ in range(2):
        decide(deps(world), world.scope)
    assert [event["kind"] for event in world.events()].count("rolled_back") == 1
    [incident] = incidents(world)
    told = messages(world)
    assert [each["event"] for each in told][:1] == ["trigger"]
    assert [each["event"] for each in told].count("trigger") == 1
    assert len(told) == incident.messages
    assert any("Palier rolled back" in each["texts"]["en"][1] for each in told)
