"""A scheduled change: its states, what it remembers, and what it does when its time has come."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from functions.errors import FailedPrecondition, InvalidArgument
from functions.flags import schedule as moves
from functions.flags.composition import Prerequisite
from functions.flags.flag import Flag
from functions.flags.schedule import LONGEST_AHEAD_SECONDS, Action, Schedule, State, Wish

NOW = 1_800_000_000.0
ADA, BO, TICK = "person:ada", "person:bo", "machine:tick"
FLAG = Flag(
    "f",
    {"state": "ENABLED", "variants": {"on": True, "off": False}, "defaultVariant": "off"},
    owner="books",
    revision=3,
)


def made(
    changes: dict[str, Any] | None = None,
    action: Action = Action.EDIT,
    at: float = NOW + 60,
    flag: Flag = FLAG,
    identifier: str = "s-1",
) -> Schedule:
    if action is Action.EDIT and changes is None:
        changes = {"owner": "press"}
    return moves.new(identifier, flag, Wish(at, action, changes), NOW, ADA, "the launch")


PENDING = made()
ENDED = {
    State.APPLIED: moves.apply(PENDING, NOW + 60, TICK, FLAG),
    State.CANCELLED: moves.cancel(PENDING, NOW, BO),
    State.FAILED: moves.fail(PENDING, NOW + 60, TICK, "why"),
}
VERBS: dict[str, Callable[[Schedule], Schedule]] = {
    "reschedule": lambda each: moves.reschedule(each, NOW, BO, at=NOW + 90),
    "cancel": lambda each: moves.cancel(each, NOW, BO),
    "apply": lambda each: moves.apply(each, NOW + 60, TICK, FLAG),
    "fail": lambda each: moves.fail(each, NOW + 60, TICK, "why"),
}


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("state", State)
def test_only_what_is_pending_moves(verb: str, state: State) -> None:
    before = ENDED.get(state, PENDING)
    assert before.state is state
    if state is State.PENDING:
        assert VERBS[verb](before) != before
    else:
        with pytest.raises(FailedPrecondition, match=f"s-1 is {state}"):
            VERBS[verb](before)


@pytest.mark.parametrize("each", [PENDING, *ENDED.values(), made(action=Action.KILL)])
def test_survives_the_store(each: Schedule) -> None:
    assert Schedule.from_document(each.to_document()) == each
    assert (each.to_document()["due_at"] is None) == (not each.pending)


def test_changes_are_kept_as_the_flag_shows_them() -> None:
    prerequisites = [{"flag": "g", "variants": ["on"]}]
    kept = made({"prerequisites": prerequisites, "targets": {"on": ["ada"]}, "ends_at": 5.0})
    assert kept.writes == {
        "prerequisites": prerequisites,
        "targets": {"on": ["ada"]},
        "ends_at": 5.0,
    }
    assert kept.before == {"prerequisites": [], "targets": {}, "ends_at": None}
    again = Schedule.from_document(kept.to_document())
    after = moves.result(again, FLAG)
    assert after.prerequisites == (Prerequisite("g", ("on",)),)
    assert moves.result(again, after) is after


@pytest.mark.parametrize(
    ("at", "fits"),
    [
        (NOW - 1, False),
        (NOW, False),
        (NOW + 0.001, True),
        (NOW + LONGEST_AHEAD_SECONDS, True),
        (NOW + LONGEST_AHEAD_SECONDS + 1, False),
    ],
)
def test_in_the_future_and_not_too_far(at: float, fits: bool) -> None:
    if fits:
        assert made(at=at).at == moves.reschedule(PENDING, NOW, BO, at=at).at == at
        return
    with pytest.raises(InvalidArgument, match="in the future"):
        made(at=at)
    with pytest.raises(InvalidArgument, match="in the future"):
        moves.reschedule(PENDING, NOW, BO, at=at)


def test_an_edit_has_changes_and_nothing_else_has() -> None:
    with pytest.raises(InvalidArgument, match="`changes`"):
        made({})
    with pytest.raises(InvalidArgument, match="takes no `changes`"):
        made({"owner": "x"}, Action.KILL)


@pytest.mark.parametrize(
    ("action", "fields"),
    [
        (Action.KILL, {"killed": True}),
        (Action.REVIVE, {"killed": False}),
        (Action.ARCHIVE, {"archived": True}),
        (Action.RESTORE, {"archived": False}),
    ],
)
def test_what_actions_do(action: Action, fields: dict[str, Any]) -> None:
    [(name, wanted)] = fields.items()
    contrary: dict[str, Any] = {name: not wanted}
    other = replace(FLAG, **contrary)
    after = moves.result(made(action=action, flag=other), other)
    assert after == replace(other, **fields, revision=4)
    assert moves.result(made(action=action), after) is after


@pytest.mark.parametrize("action", Action)
def test_an_archived_flag_is_only_restored(action: Action) -> None:
    archived = replace(FLAG, archived=True)
    if action in (Action.ARCHIVE, Action.RESTORE):
        assert moves.result(made(action=action), archived).key == FLAG.key
    else:
        with pytest.raises(FailedPrecondition, match="archived"):
            moves.result(made(action=action), archived)


def test_rescheduling_keeps_what_was_known_unless_somebody_looked_anew() -> None:
    flag = replace(FLAG, owner="readers", revision=4)
    moved = moves.reschedule(PENDING, NOW, BO, at=NOW + 5)
    assert moved == replace(PENDING, at=NOW + 5, revision=2, changed_by=BO)
    assert moves.clashes(moved, flag) == ["owner"]
    with pytest.raises(FailedPrecondition, match="owner has changed since revision 3") as refusal:
        moves.require_unclashing(moved, flag)
    assert refusal.value.extra["fields"] == ["owner"]
    anew = moves.reschedule(moved, NOW, ADA, seen=flag)
    assert (anew.before, anew.based_on, anew.revision) == ({"owner": "readers"}, 4, 3)
    assert anew.writes == PENDING.writes
    other = moves.reschedule(anew, NOW, ADA, changes={"client": True}, seen=flag)
    assert (other.writes, other.before) == ({"client": True}, {"client": False})


@pytest.mark.parametrize(
    ("now", "clashing"),
    [
        pytest.param({}, [], id="as it was"),
        pytest.param({"owner": "press"}, [], id="as it was to become"),
        pytest.param({"owner": "readers"}, ["owner"], id="something else"),
        pytest.param({"description": "new"}, [], id="another field"),
    ],
)
def test_what_clashes(now: dict[str, Any], clashing: list[str]) -> None:
    assert moves.clashes(PENDING, replace(FLAG, **now)) == clashing


def test_values_are_compared_as_json() -> None:
    one = {"state": "ENABLED", "variants": {"a": 1, "b": 2}, "defaultVariant": "a"}
    flag = replace(FLAG, definition=one)
    other = replace(flag, definition={**one, "variants": {"a": 1.0, "b": 2.0}})
    assert moves.clashes(made({"definition": {**one, "defaultVariant": "b"}}, flag=flag), other)


def test_those_that_follow_know_what_was_written() -> None:
    later = made({"owner": "books"}, identifier="s-2", at=NOW + 120)
    after = moves.result(PENDING, FLAG)
    told = moves.rebased(later, PENDING, FLAG)
    assert told == replace(later, before={"owner": "press"})
    assert moves.result(told, after).owner == "books"
    by_hand = replace(FLAG, owner="press")
    assert moves.rebased(later, PENDING, by_hand) is later
    assert moves.rebased(made({"client": True}), PENDING, FLAG) == made({"client": True})


def test_foreseen() -> None:
    on_and_off = [
        made({"owner": "books"}, identifier="s-1", at=NOW + 30),
        made({"owner": "press"}, identifier="s-2", at=NOW + 20),
        made({"client": True}, identifier="s-3", at=NOW + 10),
    ]
    assert moves.foreseen(FLAG, on_and_off[1:]).content() == {
        **FLAG.content(),
        "owner": "press",
        "client": True,
    }
    back = moves.foreseen(FLAG, on_and_off)
    assert (back.owner, back.client, back.revision) == ("books", True, 6)
    surprised = replace(FLAG, owner="somebody else's")
    assert moves.foreseen(surprised, on_and_off).owner == "somebody else's"
    gone = made(action=Action.ARCHIVE, at=NOW + 5)
    assert moves.foreseen(FLAG, [gone, *on_and_off]) == replace(FLAG, archived=True, revision=4)


def test_what_needs_a_flag() -> None:
    edit, restore, late = (
        made(at=NOW + 1, identifier="s-1"),
        made(action=Action.RESTORE, at=NOW + 2, identifier="s-2"),
        made(at=NOW + 3, identifier="s-3"),
    )
    assert moves.needing(FLAG, [late, restore, edit]) == [edit]
    assert moves.needing(replace(FLAG, archived=True), [late, restore]) == [restore, late]


def test_due() -> None:
    assert not PENDING.due(NOW + 59.999)
    assert PENDING.due(NOW + 60)
    assert not any(each.due(NOW + 90) for each in ENDED.values())


def test_whose_it_is() -> None:
    assert PENDING.said() == "schedule s-1 of person:ada: the launch"
    moved = moves.reschedule(replace(PENDING, reason=""), NOW, BO, at=NOW + 5)
    assert moved.said() == "schedule s-1 of person:ada, changed by person:bo: no reason given"
