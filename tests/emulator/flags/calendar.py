"""An environment on the Firestore emulator, and what people schedule there, in short words."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

from functions import audit, tick
from functions.changes import Outcome
from functions.clock import ManualClock
from functions.documents import Store
from functions.flags.flag import Flag
from functions.flags.manage import apply_due, history, schedule_store
from functions.flags.manage.apply_due import Fired
from functions.flags.manage.flags import (
    create_flag,
    edit_flag,
)
from functions.flags.manage.schedules import (
    Rescheduling,
    cancel_schedule,
    reschedule,
    schedule_change,
)
from functions.flags.schedule import Action, Schedule, State, Wish
from functions.flags.snapshot import SnapshotCache
from functions.identity import Permission
from tests.emulator.flags.conftest import definition
from tests.emulator.rollouts.world import World, connect

DAY = 86_400.0
ON = {"definition": definition("on")}


@dataclass
class Calendar:
    """An environment, and what people schedule there."""

    world: World
    number: int = 0

    @property
    def store(self) -> Store:
        return self.world.store

    def change(self, decide: Any) -> Outcome:
        return self.world.change(decide, Permission.EDIT_FLAGS)

    def flag(self, key: str = "f", **more: Any) -> Flag:
        made: Flag = self.change(create_flag(Flag(key, definition(), **more))).result
        return made

    def schedule(
        self,
        changes: dict[str, Any] | None = None,
        after: float = 30,
        action: Action = Action.EDIT,
        key: str = "f",
    ) -> str:
        self.number += 1
        identifier = f"s-{self.number:012x}"
        wish = Wish(self.world.clock.now() + after, action, changes)
        revision = self.read_flag(key).revision
        self.change(schedule_change(identifier, key, revision, wish))
        return identifier

    def move(self, identifier: str, **wanted: Any) -> Schedule:
        revision = self.read(identifier).revision
        decide = reschedule(identifier, revision, Rescheduling(**wanted))
        made: Schedule = self.change(decide).result
        return made

    def cancel(self, identifier: str) -> Schedule:
        made: Schedule = self.change(cancel_schedule(identifier)).result
        return made

    def edit(self, changes: dict[str, Any], key: str = "f") -> Flag:
        decide = edit_flag(key, self.read_flag(key).revision, changes)
        made: Flag = self.change(decide).result
        return made

    def wait(self, seconds: float) -> None:
        self.world.clock.advance(seconds)

    def look(self, store: Store | None = None) -> Fired:
        """What a tick does about schedules."""
        return apply_due.apply_due(
            store or self.store,
            self.world.clock,
            self.world.scope,
            tick.tell_of_failure,
            tick.ABOVE,
        )

    def read(self, identifier: str) -> Schedule:
        return schedule_store.find(self.store, self.world.scope, identifier).schedule

    def read_flag(self, key: str = "f") -> Flag:
        return self.world.read_flag(key)

    def variant(self, key: str = "f", **context: Any) -> str | None:
        """What an app gets, on a fresh snapshot."""
        cache = SnapshotCache(self.store, ManualClock())
        return cache.get(self.world.scope).evaluator.evaluate(key, context).variant

    def revisions(self, key: str = "f") -> list[dict[str, Any]]:
        return history.listed(self.store, self.world.scope.doc("flags", key), None, 100)

    def entries(self, action: str) -> list[dict[str, Any]]:
        latest = audit.latest(self.store, self.world.scope, 500)
        return [each for each in latest if each["action"] == action]

    def messages(self) -> list[dict[str, Any]]:
        outbox = self.store.query(self.world.scope.collection("outbox"))
        return [each.data for each in outbox]

    def another(self) -> Store:
        """Another process's store."""
        return connect(self.store._client.project)

    def assert_fired_once(self, identifier: str) -> None:
        schedule = self.read(identifier)
        assert (schedule.state, schedule.made_revision) == (State.APPLIED, 2), schedule
        assert self.read_flag().revision == 2
        assert [each["revision"] for each in self.revisions()] == [2, 1]
        assert len(self.entries("flag.edit")) == len(self.entries("schedule.apply")) == 1
        assert self.variant() == "on"
        assert self.world.published("f") == ON["definition"], "what flagd's clients get"
        assert self.messages() == []
        assert audit.verify(self.store, "main").ok


def new_calendar() -> Calendar:
    world = World(connect(f"demo-test-{uuid.uuid4().hex[:12]}"))
    world.environment()
    calendar = Calendar(world)
    calendar.flag()
    return calendar
