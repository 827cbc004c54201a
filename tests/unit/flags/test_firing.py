"""What takes effect when its time has come: everything that can happen to one flag and its
schedules, in any order, against what must always hold."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

from functions.flags import schedule as moves
from functions.flags.composition import Prerequisite
from functions.flags.firing import Effect, Standing, fire
from functions.flags.flag import Flag
from functions.flags.publication import Edit, published
from functions.flags.schedule import Action, Schedule, State, Wish
from functions.flags.split import Split

NOW = 1_800_000_000.0
BY = "machine:tick"
PLENTY = 1_000_000
DEFINITION = {"state": "ENABLED", "variants": {"on": True, "off": False}, "defaultVariant": "off"}
FLAG = Flag("f", DEFINITION)


def standing(flags: Sequence[Flag], pending: Sequence[Schedule], **more: Any) -> Standing:
    return Standing(
        **{
            "flags": {flag.key: flag for flag in flags},
            "part": published({}, Edit(flags=flags)),
            "pending": {each.id: each for each in pending},
            "used": {},
            "most": 100,
            "allowed": lambda before, after: None,
            **more,
        }
    )


def scheduled(
    number: int,
    flag: Flag,
    changes: dict[str, Any] | None = None,
    action: Action = Action.EDIT,
    at: float = NOW,
) -> Schedule:
    return moves.new(f"s-{number}", flag, Wish(at, action, changes), NOW - 1000, "person:ada")


def ended(effects: Sequence[Effect]) -> list[tuple[str, State, int | None]]:
    return [
        (each.schedule.id, each.schedule.state, each.schedule.made_revision) for each in effects
    ]


def test_in_order_each_on_what_the_others_made() -> None:
    later = scheduled(1, FLAG, {"owner": ""}, at=NOW - 1)
    earlier = scheduled(2, FLAG, {"owner": "press"}, at=NOW - 2)
    world = standing([FLAG], [later, earlier])
    effects = fire(world, [later, earlier], NOW, BY, PLENTY)
    assert ended(effects) == [("s-2", State.APPLIED, 2), ("s-1", State.APPLIED, 3)]
    assert world.flags["f"] == replace(FLAG, revision=3, updated_at=NOW)
    assert not world.pending


def test_what_is_published_changes_with_the_flag() -> None:
    kill = scheduled(1, FLAG, action=Action.KILL)
    world = standing([FLAG], [kill])
    fire(world, [kill], NOW, BY, PLENTY)
    assert world.part["document"]["flags"]["f"]["state"] == "DISABLED"


def test_one_that_is_impossible_stops_no_other() -> None:
    gone = Flag("gone", DEFINITION)
    dangling = {**DEFINITION, "targeting": {"if": [{"$ref": "no-segment"}, "on"]}}
    outer = Flag("outer", DEFINITION)
    inner = Flag("inner", DEFINITION, prerequisites=(Prerequisite("outer", ("on",)),))
    inner = replace(inner, off_variant="off")
    everything = [
        scheduled(1, gone, {"owner": "x"}),
        scheduled(2, FLAG, {"definition": dangling}),
        scheduled(3, FLAG, {"off_variant": "blue"}),
        scheduled(4, outer, action=Action.ARCHIVE),
        scheduled(5, FLAG, {"owner": "press"}),
    ]
    world = standing([FLAG, outer, inner], everything)
    effects = fire(world, everything, NOW, BY, PLENTY)
    assert [each.schedule.state.value for each in effects] == ["failed"] * 4 + ["applied"]
    whys = [each.schedule.why or "" for each in effects]
    wanted = ["is gone", "key of a segment", "$.off_variant", "used by: flag inner", ""]
    assert all(part in why for part, why in zip(wanted, whys, strict=True)), whys
    assert world.flags["f"].owner == "press"
    assert world.part == published({}, Edit(flags=list(world.flags.values())))


def test_what_is_used_is_not_archived() -> None:
    archive = scheduled(1, FLAG, action=Action.ARCHIVE)
    edit = scheduled(2, FLAG, {"owner": "x"}, at=NOW + 50)
    restore = scheduled(3, FLAG, action=Action.RESTORE, at=NOW + 40)
    split = replace(FLAG, split=Split("r-1", "salt", "off", "on", 10))
    for flag, others, used, users in (
        (FLAG, [edit], {}, "schedule s-2"),
        (FLAG, [], {"f": ["rollout r-2"]}, "rollout r-2"),
        (split, [], {}, "rollout r-1"),
        (FLAG, [restore, edit], {}, None),
        (FLAG, [], {}, None),
    ):
        world = standing([flag], [archive, *others], used=used)
        [effect] = fire(world, [archive], NOW, BY, PLENTY)
        assert (effect.schedule.state is State.APPLIED) == (users is None)
        assert users is None or (effect.schedule.why or "").endswith(f"used by: {users}.")


def test_no_more_flags_than_fit() -> None:
    archived = replace(FLAG, archived=True)
    restore = scheduled(1, archived, action=Action.RESTORE)
    world = standing([archived], [restore], most=0)
    [effect] = fire(world, [restore], NOW, BY, PLENTY)
    assert effect.schedule.why == "An environment holds at most 0 flags."
    assert world.flags["f"].archived


def test_no_more_at_once_than_can_be_stored() -> None:
    flags = [Flag(f"f{number}", DEFINITION) for number in range(5)]
    due = [scheduled(number, flag, {"owner": "x"}) for number, flag in enumerate(flags)]
    world = standing(flags, due)
    assert len(fire(world, due, NOW, BY, most_bytes=0)) == 1
    assert len(world.pending) == 4


TEXT = st.sampled_from("abc")
Change = st.fixed_dictionaries({"owner": TEXT})
Delay = st.integers(1, 30)
Actions = st.sampled_from([*[Action.EDIT] * 8, *Action])


class OneFlag(RuleBasedStateMachine):
    """The model knows of each schedule when it is due and where in the history of the flag somebody
    has looked. What it may overwrite follows from that anew: the value at that place, and on from
    there only what schedules made of it.
    """

    def __init__(self) -> None:
        super().__init__()
        self.now = NOW
        self.flag = FLAG
        self.schedules: dict[str, Schedule] = {}
        self.due_at: dict[str, float] = {}
        self.looked: dict[str, int] = {}
        self.history: list[tuple[bool, dict[str, Any], dict[str, Any]]] = []

    def fields(self) -> dict[str, Any]:
        archived, killed = self.flag.archived, self.flag.killed
        return {**self.flag.content(), "archived": archived, "killed": killed}

    def write(self, flag: Flag, by_schedule: bool = False) -> None:
        before = self.fields()
        self.flag = flag
        self.history.append((by_schedule, before, self.fields()))

    def pending(self) -> list[Schedule]:
        return [self.schedules[identifier] for identifier in self.due_at]

    def known(self, schedule: Schedule, name: str) -> Any:
        """What whoever looked expects the field to be by now."""
        since = self.history[self.looked[schedule.id] :]
        value = since[0][1][name] if since else self.fields()[name]
        for by_schedule, before, after in since:
            if by_schedule and before[name] == value:
                value = after[name]
        return value

    @rule(name=st.sampled_from(["owner", "owner", "owner", "killed", "archived"]), owner=TEXT)
    def a_person_writes(self, name: str, owner: str) -> None:
        archived = self.flag.archived
        if name == "archived":
            if archived or not moves.needing(self.flag, self.pending()):
                self.write(replace(self.flag, archived=not archived))
        elif name == "killed" and not archived:
            self.write(replace(self.flag, killed=not self.flag.killed))
        elif not archived:
            self.write(self.flag.edited({"owner": owner}))

    @rule(action=Actions, changes=Change, delay=Delay)
    def schedule(self, action: Action, changes: dict[str, Any], delay: int) -> None:
        identifier = f"s-{len(self.schedules)}"
        wish = Wish(self.now + delay, action, changes if action is Action.EDIT else None)
        self.schedules[identifier] = moves.new(identifier, self.flag, wish, self.now, "person:a")
        self.due_at[identifier] = self.now + delay
        self.looked[identifier] = len(self.history)

    @precondition(lambda self: self.due_at)
    @rule(data=st.data(), delay=Delay, anew=st.booleans(), changes=st.none() | Change)
    def move(self, data: Any, delay: int, anew: bool, changes: dict[str, Any] | None) -> None:
        each = data.draw(st.sampled_from(self.pending()))
        seen = self.flag if anew else None
        changes = changes if each.action is Action.EDIT and anew else None
        self.schedules[each.id] = moves.reschedule(
            each, self.now, "person:b", at=self.now + delay, changes=changes, seen=seen
        )
        self.due_at[each.id] = self.now + delay
        if anew:
            self.looked[each.id] = len(self.history)

    @precondition(lambda self: self.due_at)
    @rule(data=st.data())
    def cancel(self, data: Any) -> None:
        each = data.draw(st.sampled_from(self.pending()))
        self.schedules[each.id] = moves.cancel(each, self.now, "person:b")
        del self.due_at[each.id]

    @rule(seconds=st.integers(0, 30))
    def tick(self, seconds: int) -> None:
        self.now += seconds
        due = {name for name, at in self.due_at.items() if at <= self.now}
        found = [each for each in self.schedules.values() if each.due(self.now)]
        assert {each.id for each in found} == due
        world = standing([self.flag], self.pending(), part=published({}, Edit(flags=[self.flag])))
        effects = fire(world, found, self.now, BY, PLENTY)
        assert {effect.schedule.id for effect in effects} == due
        for effect in effects:
            self.follow(effect)
        self.schedules.update(world.pending)
        assert world.flags["f"] == self.flag
        assert world.part == published({}, Edit(flags=[self.flag]))

    def follow(self, effect: Effect) -> None:
        """One effect, checked against the history so far."""
        former, now = self.schedules[effect.schedule.id], self.fields()
        unseen = [
            name
            for name, wanted in former.writes.items()
            if now[name] not in (self.known(former, name), wanted)
        ]
        self.schedules[former.id] = effect.schedule
        del self.due_at[former.id]
        if effect.schedule.state is State.FAILED:
            needed = former.action is Action.ARCHIVE and moves.needing(self.flag, self.pending())
            closed = self.flag.archived and former.action not in moves.OF_ARCHIVED
            assert unseen or needed or closed
            assert effect.after is None
            return
        assert not unseen
        if effect.after:
            assert effect.before == self.flag
            assert effect.after.revision == self.flag.revision + 1
            self.write(effect.after, by_schedule=True)
        assert effect.schedule.made_revision == self.flag.revision
        assert {name: self.fields()[name] for name in former.writes} == former.writes

    def teardown(self) -> None:
        for each in self.schedules.values():
            assert each.pending == (each.id in self.due_at)
            assert Schedule.from_document(each.to_document()) == each


LONG = bool(os.environ.get("PALIER_LONG_TESTS"))
TestOneFlag = OneFlag.TestCase
TestOneFlag.settings = settings(
    max_examples=2_000 if LONG else 35, stateful_step_count=50 if LONG else 35, deadline=None
)
