"""Scheduled changes take effect once, or not at all, whatever happens."""

from __future__ import annotations

import signal
import threading
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
from google.cloud import firestore

from functions import audit, published, tick
from functions.documents import Store, Write
from functions.errors import FailedPrecondition
from functions.flags.manage import apply_due, schedule_store
from functions.flags.manage.apply_due import Fired
from functions.flags.manage.flags import kill_flag
from functions.flags.manage.schedules import cancel_schedule
from functions.flags.schedule import Action, State
from functions.identity import Permission
from functions.minute import Deps
from tests.emulator.flags.calendar import DAY, ON, Calendar, new_calendar
from tests.emulator.flags.conftest import definition
from tests.emulator.rollouts.counted import CountedStore
from tests.emulator.rollouts.dying_ticks import Inline, NoSink
from tests.emulator.rollouts.killing import job, killed
from tests.emulator.rollouts.world import World


@pytest.fixture
def calendar(firestore_emulator: str) -> Calendar:
    return new_calendar()


def test_takes_effect_at_its_time_and_not_before(calendar: Calendar) -> None:
    identifier = calendar.schedule(ON)
    calendar.wait(29.9)
    assert calendar.look() == Fired(soon=True)
    assert (calendar.variant(), calendar.read(identifier).pending) == ("off", True)
    calendar.wait(0.2)
    assert calendar.look() == Fired(applied=1)
    calendar.assert_fired_once(identifier)
    assert calendar.look() == Fired()
    [entry] = calendar.entries("flag.edit")
    said = f"schedule {identifier} of operator:test: a test"
    assert (entry["actor"], entry["reason"]) == ("machine:tick", said)
    newest = calendar.revisions()[0]
    assert (newest["by"], newest["reason"]) == ("machine:tick", said)
    assert newest["content"]["definition"]["defaultVariant"] == "on"


def test_what_a_look_costs(calendar: Calendar) -> None:
    calendar.schedule({"owner": "x"}, after=30)
    calendar.schedule({"client": True}, after=300)
    calendar.store.operations.clear()
    assert calendar.look() == Fired(soon=True)
    assert calendar.store.operations == {"reads": 1}
    calendar.wait(30)
    calendar.store.operations.clear()
    assert calendar.look().applied == 1
    # The look; pointer, head; what is due; what is pending; the flag; the published part.
    assert calendar.store.operations["reads"] == 1 + 2 + 1 + 2 + 1 + 1
    assert calendar.store.operations["commits"] == 1
    calendar.store.operations.clear()
    assert calendar.look() == Fired()
    assert calendar.store.operations == {"reads": 1}


def test_a_tick_looks_again_for_what_is_due_within_the_minute(calendar: Calendar) -> None:
    deps = Deps(calendar.store, calendar.world.clock, NoSink(), Inline())
    identifier = calendar.schedule(ON, after=33)
    began = calendar.world.clock.now()
    cycles = tick.tick(deps)
    assert len(cycles) == 5, "at 40 s it takes effect, and nothing else is to come"
    ended = calendar.read(identifier).ended_at
    assert ended
    assert ended - began == 40
    calendar.assert_fired_once(identifier)
    assert len(tick.tick(deps)) == 1


@pytest.mark.parametrize("at_once", [2, 4])
def test_ticks_at_once(calendar: Calendar, at_once: int) -> None:
    identifier = calendar.schedule(ON)
    calendar.wait(30)
    stores = [calendar.another() for _ in range(at_once)]
    ready = threading.Barrier(at_once)

    def together(store: Store) -> Fired:
        ready.wait()
        return calendar.look(store)

    with ThreadPoolExecutor(at_once) as pool:
        fired = list(pool.map(together, stores))
    assert sum(each.applied for each in fired) == 1
    calendar.assert_fired_once(identifier)


def test_ticks_killed_between_any_two_steps(firestore_emulator: str) -> None:
    """After each of its operations on the store; the next tick comes 10 s or an hour later."""

    def due() -> tuple[Calendar, str]:
        calendar = new_calendar()
        identifier = calendar.schedule(ON)
        calendar.wait(30)
        return calendar, identifier

    [whole] = killed([job(due()[0].world, die_after=-1)])
    assert whole["signal"] == 0
    places = range(1, whole["operations"] + 1)
    assert len(places) >= 10
    everything = [due() for _ in places]
    deaths = killed(
        [
            job(calendar.world, place)
            for (calendar, _), place in zip(everything, places, strict=True)
        ]
    )
    assert [death["signal"] for death in deaths] == [signal.SIGKILL] * len(places)
    for place, (calendar, identifier) in zip(places, everything, strict=True):
        calendar.wait(3600 if place % 2 else 10)
        calendar.look(calendar.another())
        calendar.assert_fired_once(identifier)


class Interrupted(CountedStore):
    """Somebody else comes in right after so many operations."""

    def __init__(self, client: firestore.Client, after: int, other: Callable[[], Any]) -> None:
        super().__init__(client)
        self.left = after
        self.other = other

    def done(self) -> None:
        self.left -= 1
        if self.left == 0:
            self.other()


def interrupted(calendar: Calendar, other: Callable[[], Any]) -> Callable[[int], bool]:
    """A look into which somebody comes at a place; whether it came so far."""

    def run(place: int) -> bool:
        store = Interrupted(calendar.another()._client, place, other)
        calendar.look(store)
        return store.left <= 0

    return run


def at_every_place(other: Callable[[Calendar, str], Any]) -> list[tuple[Calendar, str]]:
    """A schedule that is due, once for each place at which somebody can come into the look."""
    found = []
    for place in range(1, 100):
        calendar = new_calendar()
        identifier = calendar.schedule(ON)
        calendar.wait(30)
        if not interrupted(calendar, lambda: other(calendar, identifier))(place):  # noqa: B023
            break
        found.append((calendar, identifier))
    assert len(found) >= 6
    return found


def test_cancelled_at_any_moment_of_its_firing(firestore_emulator: str) -> None:
    """Exactly one wins, and whoever cancels knows which."""
    told: list[bool] = []

    def cancel(calendar: Calendar, identifier: str) -> None:
        try:
            told.append(calendar.cancel(identifier).state is State.CANCELLED)
        except FailedPrecondition:
            told.append(False)

    for cancelled, (calendar, identifier) in zip(told, at_every_place(cancel), strict=False):
        state = calendar.read(identifier).state
        if cancelled:
            assert state is State.CANCELLED
            assert (calendar.read_flag().revision, calendar.variant()) == (1, "off")
            assert calendar.entries("schedule.apply") == []
        else:
            calendar.assert_fired_once(identifier)
    assert set(told) == {True, False}


def test_cancelled_and_fired_at_once(firestore_emulator: str) -> None:
    for _ in range(8):
        calendar = new_calendar()
        identifier = calendar.schedule(ON)
        calendar.wait(30)
        other, ready = replace(calendar.world, store=calendar.another()), threading.Barrier(2)

        def cancel(world: World = other, ready: threading.Barrier = ready) -> bool:
            ready.wait()
            try:
                world.change(cancel_schedule(identifier), Permission.EDIT_FLAGS)  # noqa: B023
            except FailedPrecondition:
                return False
            return True

        with ThreadPoolExecutor(1) as pool:
            cancelling = pool.submit(cancel)
            ready.wait()
            fired = calendar.look()
        assert cancelling.result() != bool(fired.applied)
        if fired.applied:
            calendar.assert_fired_once(identifier)
        else:
            assert calendar.read_flag().revision == 1


def test_moved_away_at_any_moment_of_its_firing(firestore_emulator: str) -> None:
    def move(calendar: Calendar, identifier: str) -> None:
        try:
            calendar.move(identifier, at=calendar.world.clock.now() + 50)
        except FailedPrecondition:
            assert calendar.read(identifier).state is State.APPLIED

    for calendar, identifier in at_every_place(move):
        schedule = calendar.read(identifier)
        if schedule.pending:
            assert calendar.read_flag().revision == 1
            calendar.look()
            calendar.wait(49)
            calendar.look()
            assert calendar.variant() == "off"
            calendar.wait(1)
            calendar.look()
        calendar.assert_fired_once(identifier)


def test_edited_at_any_moment_of_its_firing(firestore_emulator: str) -> None:
    """What somebody wrote is never overwritten: it comes first and wins, or comes on top."""
    theirs = {"definition": definition("off", metadata={"by": "hand"})}

    def edit(calendar: Calendar, _identifier: str) -> None:
        calendar.edit(theirs)

    states = set()
    for calendar, identifier in at_every_place(edit):
        states.add(calendar.read(identifier).state)
        assert calendar.read_flag().definition["metadata"] == {"by": "hand"}
        assert audit.verify(calendar.store, "main").ok
    assert states == {State.FAILED, State.APPLIED}


def test_a_day_late(calendar: Calendar) -> None:
    identifier = calendar.schedule(ON)
    calendar.wait(DAY)
    assert calendar.look() == Fired(applied=1)
    calendar.assert_fired_once(identifier)


def test_all_of_it_late_and_at_once(calendar: Calendar) -> None:
    calendar.schedule({"definition": definition()}, after=20)
    calendar.schedule(ON, after=10)
    calendar.flag("g")
    calendar.schedule({"owner": "x"}, key="g")
    calendar.wait(100)
    generation = calendar.world.generation()
    assert calendar.look() == Fired(applied=3)
    assert calendar.world.generation() == generation + 1
    assert [each["content"]["definition"]["defaultVariant"] for each in calendar.revisions()] == [
        "off",
        "on",
        "off",
    ]
    assert calendar.read_flag("g").owner == "x"
    assert audit.verify(calendar.store, "main").ok


def test_what_somebody_changed_is_not_overwritten(calendar: Calendar) -> None:
    identifier, other = calendar.schedule(ON), calendar.schedule({"owner": "x"})
    calendar.edit({"definition": definition("off", metadata={"by": "hand"})})
    calendar.wait(30)
    assert calendar.look() == Fired(applied=1, failed=1)
    failed = calendar.read(identifier)
    assert failed.state is State.FAILED
    assert failed.why == (
        f"Of the flag f, definition has changed since revision 1, on which the schedule "
        f"{identifier} is based."
    )
    flag = calendar.read_flag()
    assert (flag.definition["metadata"], flag.owner) == ({"by": "hand"}, "x")
    [message] = calendar.messages()
    assert (message["severity"], message["about"]) == ("P2", f"schedules/{identifier}")
    assert message["texts"]["en"][1].startswith(failed.why)
    [entry] = calendar.entries("schedule.fail")
    assert (entry["target"], entry["after"]["why"]) == (f"schedules/{identifier}", failed.why)
    assert calendar.read(other).state is State.APPLIED
    calendar.wait(600)
    assert calendar.look() == Fired()
    assert len(calendar.messages()) == 1


def test_an_emergency_is_not_undone(calendar: Calendar) -> None:
    revive = calendar.schedule(action=Action.REVIVE)
    calendar.change(kill_flag("f"))
    calendar.wait(30)
    assert calendar.look().failed == 1
    assert "killed has changed" in (calendar.read(revive).why or "")
    assert calendar.read_flag().killed


def test_a_flag_that_vanished(calendar: Calendar) -> None:
    """By a hand that Palier does not know."""
    identifier = calendar.schedule(ON)
    calendar.store._client.document(calendar.world.scope.doc("flags", "f")).delete()
    calendar.flag("g")
    other = calendar.schedule(ON, key="g")
    calendar.wait(30)
    assert calendar.look() == Fired(applied=1, failed=1)
    assert calendar.read(identifier).why == "The flag f is gone, or can't be read."
    assert calendar.read(other).state is State.APPLIED


def test_documents_that_cannot_be_read_stop_no_other(calendar: Calendar) -> None:
    broken, whole = calendar.schedule({"owner": "x"}, after=10), calendar.schedule(ON)
    path = schedule_store.path_of(calendar.world.scope, broken)
    calendar.store._client.document(path).update({"action": "dance"})
    calendar.wait(30)
    assert calendar.look() == Fired(applied=1)
    assert calendar.read(whole).state is State.APPLIED


def test_one_that_does_not_fit_into_the_snapshot_stops_no_other(
    calendar: Calendar, monkeypatch: pytest.MonkeyPatch
) -> None:
    noise = "".join(uuid.uuid4().hex for _ in range(60))
    calendar.flag("g")
    first = calendar.schedule({"owner": "x"}, key="g")
    large = calendar.schedule({"definition": definition(metadata={"noise": noise})})
    last = calendar.schedule({"client": True}, key="g")
    monkeypatch.setattr(published, "MAXIMUM_PART_BYTES", 1_000)
    calendar.wait(30)
    assert calendar.look() == Fired(applied=2, failed=1)
    assert "fit into one snapshot" in (calendar.read(large).why or "")
    assert {calendar.read(each).state for each in (first, last)} == {State.APPLIED}


def test_nothing_is_lost_while_what_is_published_is_damaged(calendar: Calendar) -> None:
    identifier = calendar.schedule(ON)
    calendar.wait(30)
    digest = calendar.world.pointer().data["parts"]["flags"]
    path = calendar.world.scope.doc("parts", digest)
    part = calendar.store.get(path)
    assert part
    calendar.store.commit([Write.delete(part)])
    with pytest.raises(FailedPrecondition, match="can't be read"):
        calendar.look()
    assert calendar.read(identifier).pending
    calendar.store.commit([Write.create(path, part.data)])
    assert calendar.look() == Fired(applied=1)
    calendar.assert_fired_once(identifier)


def test_more_than_fit_into_one_commit(calendar: Calendar, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apply_due, "TOGETHER", 2)
    for number in range(5):
        calendar.flag(f"f{number}")
        calendar.schedule(ON, key=f"f{number}")
    calendar.wait(30)
    generation = calendar.world.generation()
    assert calendar.look() == Fired(applied=5)
    assert calendar.world.generation() == generation + 3


def test_trouble_with_schedules_stops_no_rollout(
    calendar: Calendar, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_arguments: object) -> None:
        raise RuntimeError("a bug")

    monkeypatch.setattr(tick, "apply_due", broken)
    calendar.world.flag()
    calendar.world.started()
    deps = Deps(calendar.store, calendar.world.clock, NoSink(), Inline())
    step = tick.decide(deps, calendar.world.scope)
    assert (len(step.transitions), step.due_soon, step.failed) == (1, True, False)
