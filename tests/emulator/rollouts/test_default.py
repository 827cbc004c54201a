"""The default of a flag that is split: it is where a rollback leads."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from functions.documents import Write
from functions.errors import FailedPrecondition, PalierError
from functions.flags.manage.apply_due import Fired, apply_due
from functions.flags.manage.exchange import import_document
from functions.flags.manage.flags import edit_flag, restore_flag
from functions.flags.manage.schedules import schedule_change
from functions.flags.schedule import Action, Wish
from functions.identity import Permission
from functions.rollouts import commands
from functions.rollouts.advance import advance
from functions.rollouts.commands import Deciding
from functions.tick import tell_of_failure
from tests.emulator.rollouts.world import ASKED, CANDIDATE, CONTROL, FLAG, World

OTHER = "1.4.0"


def edited(world: World, default: str, **more: Any) -> None:
    flag = world.read_flag()
    changes = {"definition": {**flag.definition, **more, "defaultVariant": default}}
    world.change(edit_flag(FLAG, flag.revision, changes), Permission.EDIT_FLAGS)


@pytest.fixture
def split(world: World) -> World:
    """Its revision 2 had the candidate as the default; now the candidate is rolled out."""
    edited(world, CANDIDATE)
    edited(world, CONTROL, variants={name: name for name in (CONTROL, CANDIDATE, OTHER)})
    world.started()
    advance(world.store, world.clock, world.scope)
    assert world.read_flag().split
    return world


def refused(world: World, deciding: Deciding) -> str:
    before = world.read_flag()
    with pytest.raises(FailedPrecondition) as refusal:
        world.change(deciding, Permission.EDIT_FLAGS)
    assert world.read_flag() == before
    assert refusal.value.remedy
    return refusal.value.detail


def test_it_stays_on_every_path(split: World) -> None:
    flag = split.read_flag()
    for default in (CANDIDATE, OTHER, None):
        definition = {**flag.definition, "defaultVariant": default}
        changes = {"definition": definition}
        assert f"10 % of its users get {CANDIDATE}, the others {CONTROL}" in refused(
            split, edit_flag(FLAG, flag.revision, changes)
        )
        wish = Wish(split.clock.now() + 60, Action.EDIT, changes)
        refused(split, schedule_change("s-1", FLAG, flag.revision, wish))
        plan = split.change(import_document({"flags": {FLAG: definition}}, None)).result
        assert plan.confirm is None
        assert ["must stay" in each.problem for each in plan.plan.problems] == [True]
    refused(split, restore_flag(FLAG, flag.revision, to=2))
    without = {name: flag.definition["variants"][name] for name in (CONTROL, OTHER)}
    with pytest.raises(PalierError, match="which the rollout 'r1' uses"):
        edited(split, CONTROL, variants=without)


def test_a_change_that_was_scheduled_before_the_split_fails(world: World) -> None:
    flag = world.read_flag()
    changes = {"definition": {**flag.definition, "defaultVariant": CANDIDATE}}
    wish = Wish(world.clock.now() + 60, Action.EDIT, changes)
    world.change(schedule_change("s-1", FLAG, flag.revision, wish), Permission.EDIT_FLAGS)
    world.started()
    advance(world.store, world.clock, world.scope)
    world.clock.advance(60)
    fired = apply_due(world.store, world.clock, world.scope, tell_of_failure)
    assert fired == Fired(failed=1)
    assert world.read_flag().definition["defaultVariant"] == CONTROL


def test_what_leaves_it_is_allowed(split: World) -> None:
    edited(split, CONTROL, targeting={"if": [{"==": [{"var": "team"}, "red"]}, OTHER]})
    split.change(commands.rollback("r1", ASKED), Permission.ROLL_BACK)
    edited(split, OTHER)


@pytest.mark.parametrize("default", [CANDIDATE, OTHER])
@pytest.mark.parametrize("ending", [commands.rollback, commands.abort, commands.reset])
def test_a_way_back_leads_to_the_control_whatever_stands_there(
    split: World, ending: Any, default: str
) -> None:
    """As an older bundle let it be edited."""
    before = replace(split.read_flag(), split=None)
    document = split.store.get(split.scope.doc("flags", FLAG))
    assert document
    definition = {**before.definition, "defaultVariant": default}
    left = replace(split.read_flag(), definition=definition)
    split.store.commit([Write.update(document, left.to_document())])
    split.change(ending("r1", ASKED), Permission.ROLL_BACK)
    assert split.published() == before.definition
    assert split.read_flag().split is None
