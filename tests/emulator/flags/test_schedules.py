"""What people do with scheduled changes, on the Firestore emulator."""

from __future__ import annotations

from typing import Any

import pytest

from functions import daily
from functions.errors import FailedPrecondition, GenerationConflict, InvalidArgument, NotFound
from functions.flags.composition import Prerequisite
from functions.flags.manage import schedule_store
from functions.flags.manage.apply_due import Fired
from functions.flags.manage.flags import (
    archive_flag,
    delete_flag,
)
from functions.flags.manage.schedules import (
    Rescheduling,
    reschedule,
    schedule_change,
)
from functions.flags.manage.segments import create_segment, delete_segment, edit_segment
from functions.flags.schedule import Action, State, Wish
from functions.flags.segment import Segment
from tests.emulator.flags.calendar import DAY, ON, Calendar, new_calendar
from tests.emulator.flags.conftest import definition


@pytest.fixture
def calendar(firestore_emulator: str) -> Calendar:
    return new_calendar()


def test_what_is_so_already_makes_no_revision(calendar: Calendar) -> None:
    identifier = calendar.schedule(ON)
    calendar.edit(ON)
    calendar.wait(30)
    assert calendar.look() == Fired(applied=1)
    assert calendar.read(identifier).made_revision == calendar.read_flag().revision == 2


def test_after_somebody_has_looked_anew(calendar: Calendar) -> None:
    identifier = calendar.schedule({"owner": "x"})
    calendar.edit({"owner": "y"})
    with pytest.raises(FailedPrecondition, match="owner has changed"):
        calendar.move(identifier, at=calendar.world.clock.now() + 10)
    with pytest.raises(GenerationConflict):
        calendar.move(identifier, flag_revision=1)
    assert calendar.move(identifier, flag_revision=2).before == {"owner": "y"}
    moved = calendar.move(identifier, flag_revision=2, changes={"owner": "z", "client": True})
    assert (moved.before, moved.based_on) == ({"owner": "y", "client": False}, 2)
    calendar.wait(30)
    assert calendar.look() == Fired(applied=1)
    assert (calendar.read_flag().owner, calendar.read_flag().client) == ("z", True)


def test_a_mistake_shows_when_it_is_scheduled(calendar: Calendar) -> None:
    now = calendar.world.clock.now()
    for changes in (
        {"definition": {"state": "ENABLED"}},
        {"definition": definition(targeting={"if": [{"$ref": "nowhere"}, "on"]})},
        {"off_variant": "blue"},
        {"prerequisites": [{"flag": "nowhere", "variants": ["on"]}], "off_variant": "off"},
    ):
        with pytest.raises(InvalidArgument):
            calendar.schedule(changes)
    for after in (-1, 0, 366 * DAY):
        with pytest.raises(InvalidArgument, match="in the future"):
            calendar.schedule(ON, after=after)
    with pytest.raises(NotFound):
        calendar.change(schedule_change("s-1", "nobody", 1, Wish(now + 9, Action.KILL)))
    with pytest.raises(GenerationConflict):
        calendar.change(schedule_change("s-1", "f", 7, Wish(now + 9, Action.KILL)))
    for wanted in (Rescheduling(), Rescheduling(changes=ON)):
        with pytest.raises(InvalidArgument):
            reschedule("s-000000000001", 1, wanted)
    identifier = calendar.schedule(ON)
    with pytest.raises(GenerationConflict) as refusal:
        calendar.change(reschedule(identifier, 2, Rescheduling(now + 9)))
    assert refusal.value.extra["theirs"]["revision"] == 1
    for unknown in ("s-00000000ffff", "..", "x" * 300):
        with pytest.raises(NotFound):
            calendar.cancel(unknown)


def test_it_is_checked_on_what_those_before_it_leave(calendar: Calendar) -> None:
    blue = {**definition(), "variants": {"on": True, "off": False, "blue": True}}
    calendar.schedule({"definition": blue}, after=10)
    calendar.schedule({"off_variant": "blue"}, after=20)
    with pytest.raises(InvalidArgument, match="off_variant"):
        calendar.schedule({"off_variant": "blue"}, after=5)
    calendar.wait(30)
    assert calendar.look() == Fired(applied=2)
    assert calendar.read_flag().off_variant == "blue"


def test_a_flag_that_is_needed_stays(calendar: Calendar) -> None:
    edit = calendar.schedule(ON, after=100)
    with pytest.raises(FailedPrecondition, match=f"used by: schedule {edit}"):
        calendar.change(archive_flag("f", 1))
    with pytest.raises(FailedPrecondition, match=f"used by: schedule {edit}"):
        calendar.schedule(action=Action.ARCHIVE, after=50)
    archive = calendar.schedule(action=Action.ARCHIVE, after=150)
    with pytest.raises(FailedPrecondition, match="archived by then"):
        calendar.schedule({"owner": "x"}, after=200)
    restore = calendar.schedule(action=Action.RESTORE, after=250)
    calendar.wait(100)
    assert calendar.look().applied == 1
    calendar.wait(50)
    assert calendar.look().applied == 1
    assert calendar.read(archive).state is State.APPLIED
    assert (calendar.read_flag().archived, calendar.variant()) == (True, None)
    with pytest.raises(FailedPrecondition, match=f"used by: schedule {restore}"):
        calendar.change(delete_flag("f", 3))
    calendar.wait(100)
    assert calendar.look().applied == 1
    assert calendar.variant() == "on"


def test_what_uses_a_flag_keeps_it_from_a_scheduled_archive(calendar: Calendar) -> None:
    needs = [Prerequisite("f", ("on",)).to_dict()]
    calendar.flag("g", off_variant="off")
    calendar.edit({"prerequisites": needs}, "g")
    with pytest.raises(FailedPrecondition, match="used by: flag g"):
        calendar.schedule(action=Action.ARCHIVE)
    calendar.edit({"prerequisites": []}, "g")
    archive = calendar.schedule(action=Action.ARCHIVE)
    calendar.edit({"prerequisites": needs}, "g")
    calendar.wait(30)
    assert calendar.look().failed == 1
    assert calendar.read(archive).why == "The flag f is used by: flag g."
    calendar.edit({"prerequisites": []}, "g")
    under = calendar.schedule(action=Action.ARCHIVE)
    calendar.world.flag()
    calendar.world.started()
    versions = calendar.schedule(action=Action.ARCHIVE, key="stories.version")
    calendar.wait(30)
    assert calendar.look() == Fired(applied=1, failed=1)
    assert calendar.read(under).state is State.APPLIED
    assert calendar.read(versions).why == "The flag stories.version is used by: rollout r1."


def test_no_more_than_a_flag_and_an_environment_may_have(
    calendar: Calendar, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schedule_store, "MAXIMUM_PENDING_OF_A_FLAG", 2)
    monkeypatch.setattr(schedule_store, "MAXIMUM_PENDING", 3)
    first = calendar.schedule(ON)
    calendar.schedule({"owner": "x"})
    with pytest.raises(FailedPrecondition, match="The flag f has 2 scheduled changes"):
        calendar.schedule({"owner": "y"})
    calendar.flag("g")
    calendar.schedule(ON, key="g")
    with pytest.raises(FailedPrecondition, match="at most 3 scheduled changes"):
        calendar.schedule({"owner": "y"}, key="g")
    calendar.cancel(first)
    calendar.schedule({"owner": "y"}, key="g")


def test_the_largest_change_fits_into_the_store(calendar: Calendar) -> None:
    """A flag as large as flags get, everything of it changed at once."""

    def users(name: str) -> dict[str, Any]:
        return {"targets": {"on": [f"{name}{n:04d}".ljust(256, "x") for n in range(750)]}}

    def rules(name: str) -> dict[str, Any]:
        many = [f"{name}{n:06d}" for n in range(6_000)]
        return {"definition": definition(targeting={"if": [{"in": [{"var": "a"}, many]}, "on"]})}

    calendar.edit({**users("a"), **rules("a")})
    identifier = calendar.schedule({**users("b"), **rules("b")})
    calendar.wait(30)
    assert calendar.look() == Fired(applied=1)
    assert calendar.read(identifier).made_revision == 3
    assert calendar.read_flag().targets["on"][0].startswith("b0000")


def test_rescheduled_ones_fire_at_the_last_time_only(calendar: Calendar) -> None:
    later, sooner = calendar.schedule(ON), calendar.schedule({"owner": "x"}, after=500)
    now = calendar.world.clock.now()
    calendar.move(later, at=now + 600)
    calendar.move(sooner, at=now + 700)
    moved = calendar.move(sooner, at=now + 10)
    assert (moved.revision, moved.changed_by) == (3, "operator:test")
    calendar.wait(10)
    assert calendar.look() == Fired(applied=1)
    assert (calendar.read_flag().owner, calendar.variant()) == ("x", "off")
    calendar.wait(589)
    assert calendar.look() == Fired(soon=True)
    calendar.wait(1)
    assert calendar.look() == Fired(applied=1)
    assert calendar.variant() == "on"
    calendar.wait(200)
    assert calendar.look() == Fired()
    assert calendar.read_flag().revision == 3


def test_a_cancelled_one_never_fires(calendar: Calendar) -> None:
    identifier = calendar.schedule(ON)
    assert calendar.cancel(identifier).ended_by == "operator:test"
    generation = calendar.world.generation()
    assert calendar.cancel(identifier).state is State.CANCELLED
    assert calendar.world.generation() == generation
    calendar.wait(60)
    assert calendar.look() == Fired()
    assert calendar.variant() == "off"
    with pytest.raises(FailedPrecondition, match="cancelled"):
        calendar.move(identifier, at=calendar.world.clock.now() + 60)


def test_on_at_nine_and_off_at_six_in_whatever_order(calendar: Calendar) -> None:
    off = calendar.schedule({"definition": definition()}, after=200)
    on = calendar.schedule(ON, after=100)
    revive = calendar.schedule(action=Action.REVIVE, after=400)
    kill = calendar.schedule(action=Action.KILL, after=300)
    seen = []
    for _ in range(4):
        calendar.wait(100)
        assert calendar.look().applied == 1
        seen.append((calendar.read_flag().killed, calendar.variant()))
    assert seen == [(False, "on"), (False, "off"), (True, None), (False, "off")]
    made = [calendar.read(each).made_revision for each in (on, off, kill, revive)]
    assert made == [2, 3, 4, 5]


def test_segments_that_changed_in_between(calendar: Calendar) -> None:
    calendar.change(create_segment(Segment("pro", {"==": [{"var": "plan"}, "pro"]})))
    refers = {"definition": definition(targeting={"if": [{"$ref": "pro"}, "on"]})}
    calendar.flag("g")
    both = [calendar.schedule(refers, key=key) for key in "fg"]
    calendar.change(edit_segment("pro", 1, {"rule": {"==": [{"var": "plan"}, "gold"]}}))
    calendar.wait(30)
    assert calendar.look() == Fired(applied=2)
    assert (calendar.variant(plan="gold"), calendar.variant(plan="pro")) == ("on", "off")
    assert {calendar.read(each).state for each in both} == {State.APPLIED}
    calendar.edit({"definition": definition()})
    calendar.edit({"definition": definition()}, "g")
    again = calendar.schedule(refers)
    calendar.change(delete_segment("pro", 2))
    calendar.wait(30)
    assert calendar.look() == Fired(failed=1)
    assert "the key of a segment" in (calendar.read(again).why or "")


def test_ended_ones_go_after_ninety_days(calendar: Calendar) -> None:
    ended, pending = calendar.schedule(ON), calendar.schedule({"owner": "x"}, after=100 * DAY)
    calendar.cancel(ended)
    calendar.wait(89 * DAY)
    daily.daily(calendar.store, calendar.world.clock)
    assert calendar.read(ended).state is State.CANCELLED
    calendar.wait(2 * DAY)
    daily.daily(calendar.store, calendar.world.clock)
    with pytest.raises(NotFound):
        calendar.read(ended)
    assert calendar.read(pending).pending
