"""Incidents follow what fires: once, whoever looks, and wherever one dies."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest

from functions.alerts.incidents import commands
from functions.alerts.incidents import store as incident_store
from functions.alerts.incidents.incident import Status
from functions.alerts.state import SILENCED
from functions.changes import Change, commit_change
from functions.clock import ManualClock
from functions.documents import Refused, Store, Write
from functions.errors import FailedPrecondition, StoreUnavailable
from functions.identity import Actor, Permission
from tests.emulator.alerts.incidents.world import NOW, World


def test_from_the_first_alert_to_the_end(world: World) -> None:
    world.fires("p2-error-rate")
    world.look()
    world.now += 60
    world.fires("p1-error-rate")
    world.fires("p1-memory", "1.3.0+claimed")
    world.look()
    world.now += 900
    world.look()
    world.ends("p1-memory", "1.3.0+claimed")
    world.ends("p2-error-rate")
    world.look()
    [incident] = world.incidents()
    assert incident.status is Status.OPEN
    world.ends("p1-error-rate")
    world.look()
    [incident] = world.incidents()
    assert incident.over
    assert world.titles() == [
        "P2 stories 1.3.0: error rate 4 %",
        "P1 stories 1.3.0: worse, error rate 10 %",
        "P1 stories 1.3.0: escalated to L2",
        "P1 stories 1.3.0: resolved",
    ]
    assert {each["about"] for each in world.messages()} == {f"incidents/{incident.id}"}
    assert [each["event"] for each in world.messages()] == [
        "trigger",
        "update",
        "update",
        "resolve",
    ]
    world.now += 600
    assert world.look(firing=False)
    assert world.look(firing=False) == []


def test_who_is_silenced_is_over_and_told_of_again_afterwards(world: World) -> None:
    world.fires()
    world.look()
    world.mute(SILENCED, since=NOW)
    world.look(firing=False)
    assert [each.over for each in world.incidents()] == [True]
    world.now += 700
    world.look(firing=False)
    world.mute("", since=NOW)
    world.look()
    assert [each.over for each in world.incidents()] == [False, True]
    assert [each["event"] for each in world.messages()] == ["trigger", "resolve", "trigger"]


def test_tests_are_not_counted_as_open(world: World) -> None:
    for arm in ("1.3.0", "test-t1+test"):
        world.fires(arm=arm)
    assert len(world.look()) == 2
    assert incident_store.unresolved(world.store, world.scope) == 1
    world.ends()
    world.look()
    assert incident_store.unresolved(world.store, world.scope) == 0


def test_each_version_has_its_own(world: World) -> None:
    for version in ("1.2.0", "1.3.0", "1.3.0+fallback"):
        world.fires(arm=version)
    assert len(world.look()) == 2
    assert sorted(each.subject.version for each in world.incidents()) == ["1.2.0", "1.3.0"]


def test_when_nothing_fires_a_look_is_one_query(world: World) -> None:
    before = world.store.operations.copy()
    assert world.look(firing=False) == []
    assert world.store.operations - before == {"reads": 1}


def test_a_look_again_writes_nothing(world: World) -> None:
    world.fires()
    world.look()
    before = world.store.operations["writes"]
    world.now += 10
    assert world.look() == []
    assert world.store.operations["writes"] == before


def test_many_at_once_make_one(world: World) -> None:
    world.fires()
    for moment in ("it opens", "it ends"):
        with ThreadPoolExecutor(6) as pool:
            moved = [len(each) for each in pool.map(lambda _: world.look(), range(6))]
        assert sum(moved) == 1, moment
        world.now += 60
        world.ends()
    assert len(world.incidents()) == 1
    assert len(world.messages()) == 2


class Late:
    """A store whose commits are made after something else has happened."""

    def __init__(self, store: Store, first: World) -> None:
        self._store, self._first = store, first

    def __getattr__(self, name: str) -> object:
        return getattr(self._store, name)

    def commit(self, writes: Sequence[Write]) -> list[object]:
        self._first.look()
        return self._store.commit(writes)


def test_who_saw_something_older_opens_no_second_one(world: World) -> None:
    """It read that one rule fires; before it writes, that rule has ended and another fires."""
    world.fires("p1-error-rate")
    other = World(world.store, now=NOW + 120)

    class Overtaken(Late):
        def commit(self, writes: Sequence[Write]) -> list[object]:
            other.ends("p1-error-rate")
            other.fires("p1-memory")
            return super().commit(writes)

    assert world.look(Overtaken(world.store, other)) == []  # type: ignore[arg-type]
    [incident] = world.incidents()
    assert [alert.rule for alert in incident.firing] == ["p1-memory"]
    assert world.titles() == ["P1 stories 1.3.0: memory in use 160 %"]


class Dying:
    """A store that dies at its n-th commit: before it is made, or after it but unheard."""

    def __init__(self, store: Store, at: int, *, made: bool) -> None:
        self._store, self._left, self._made = store, at, made

    def __getattr__(self, name: str) -> object:
        return getattr(self._store, name)

    def commit(self, writes: Sequence[Write]) -> list[object]:
        self._left -= 1
        if self._left:
            return self._store.commit(writes)
        if self._made:
            self._store.commit(writes)
        raise StoreUnavailable("died")


@pytest.mark.parametrize("made", [False, True], ids=["not made", "made"])
def test_who_dies_is_made_up_for(world: World, made: bool) -> None:
    for step in (world.fires, world.ends):
        step()
        with pytest.raises(StoreUnavailable):
            world.look(Dying(world.store, 1, made=made))  # type: ignore[arg-type]
        world.look()
        world.now += 30
    [incident] = world.incidents()
    assert incident.over
    assert len(world.messages()) == incident.messages == 2


def test_one_that_somebody_touched_does_not_stop_the_others(world: World) -> None:
    versions = [f"1.{n}.0" for n in range(7)]
    for version in versions:
        world.fires(arm=version)
    world.look()
    for version in versions:
        world.ends(arm=version)
    touched = next(each for each in world.incidents() if each.subject.version == "1.3.0")

    class Touched(Late):
        done = False

        def commit(self, writes: Sequence[Write]) -> list[object]:
            if not self.done:
                self.done = True
                acknowledge(world, touched.id)
            return self._store.commit(writes)

    assert len(world.look(Touched(world.store, world))) == 6  # type: ignore[arg-type]
    [last] = world.look()
    assert (last.id, last.acknowledged_by) == (touched.id, "operator:test")


def acknowledge(world: World, identifier: str) -> None:
    change = Change(world.scope, Actor.operator("test"), Permission.RESPOND, "a test")
    clock = ManualClock(world.now)
    commit_change(world.store, clock, change, commands.acknowledge(identifier))


def test_an_acknowledgement_is_a_change_with_its_message(world: World) -> None:
    world.fires()
    world.look()
    [incident] = world.incidents()
    acknowledge(world, incident.id)
    acknowledge(world, incident.id)
    world.now += 900
    world.look()
    [incident] = world.incidents()
    assert (incident.level, incident.status) == (1, Status.ACKNOWLEDGED)
    assert world.titles()[1:] == ["P1 stories 1.3.0: acknowledged"]
    trail = world.store.query("applications/main/audit")
    assert [each.data["action"] for each in trail] == ["incident.acknowledge"]


def test_the_fence_is_for_those_who_open(world: World) -> None:
    read = incident_store.fence(world.store, world.scope)
    world.fires()
    world.look()
    with pytest.raises(Refused):
        world.store.commit([incident_store.fence_write(world.scope, read)])


def test_one_that_cannot_be_read_stops_nobody_else(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    world.fires()
    world.look()
    [first] = world.incidents()
    path = incident_store.path(world.scope, first.id)
    document = world.store.get(path)
    assert document
    world.store.commit([Write.update(document, {**document.data, "incident": '{"id": 1}'})])
    world.now += 10
    world.fires(arm="1.4.0")
    assert {each.subject.version for each in world.look()} == {"1.3.0", "1.4.0"}
    assert world.look() == [], "what fires on has an incident of its own by now"
    assert first.id not in {each.id for each in world.incidents()}
    assert "incident_unreadable" in capsys.readouterr().err
    with pytest.raises(FailedPrecondition, match="another version"):
        incident_store.find(world.store, world.scope, first.id)


def test_the_latest_of_a_status_are_listed(world: World) -> None:
    for number in range(4):
        world.fires(arm=f"1.{number}.0")
        world.look()
        world.now += 10
    found = incident_store.listed(world.store, world.scope, "open", 2)
    assert [each.subject.version for each in found] == ["1.3.0", "1.2.0"]
