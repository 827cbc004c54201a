"""A rollback is a recorded deployment, made in the commit that takes back."""

from __future__ import annotations

import pytest

from functions.changes import View
from functions.documents import Write
from functions.errors import FailedPrecondition
from functions.flags.manage.flags import edit_flag
from functions.flags.manage.repair import synchronize
from functions.identity import Permission
from functions.published import NOTICES, decode_part
from functions.rollouts import commands
from functions.rollouts.advance import advance
from functions.rollouts.after import notice, store
from functions.rollouts.after.record import notices as notices_again
from functions.rollouts.after.rollback import Rollback, Status
from tests.emulator.rollouts.test_tick import failing_world
from tests.emulator.rollouts.world import ASKED, CANDIDATE, CONTROL, FLAG, World


def running(world: World) -> World:
    """A rollout of 10 %."""
    world.started()
    advance(world.store, world.clock, world.scope)
    return world


def recorded(world: World, identifier: str = "r1") -> Rollback:
    return store.find(world.store, world.scope, identifier)


def notices(world: World) -> list[dict[str, object]]:
    part = world.store.get(
        world.scope.doc("parts", world.pointer().data["parts"].get(NOTICES, "none"))
    )
    return decode_part(part.data)["notices"] if part else []


def test_a_rollback_by_hand_is_recorded(world: World) -> None:
    running(world)
    before = world.generation()
    world.change(commands.rollback("r1", ASKED))
    found = recorded(world)
    assert (found.candidate, found.control, found.percentage) == (CANDIDATE, CONTROL, 10)
    assert (found.by, found.reason, found.verdict) == (ASKED.actor, ASKED.reason, None)
    assert (found.generation_before, found.generation) == (before, world.generation())
    assert found.quarantined
    assert found.status is Status.PENDING
    assert found.verifying


def test_the_configuration_is_as_before_the_rollout(world: World) -> None:
    before = world.published()
    running(world)
    assert world.published() != before
    world.change(commands.rollback("r1", ASKED))
    assert world.published() == before
    (flag,) = recorded(world).flags
    assert (flag.flag, flag.differences, flag.edited, flag.reaches) == (FLAG, (), False, False)


def test_what_people_edited_meanwhile_is_shown(world: World) -> None:
    running(world)
    flag = world.read_flag()
    world.change(edit_flag(FLAG, flag.revision, {"description": "new"}), Permission.EDIT_FLAGS)
    world.change(commands.rollback("r1", ASKED))
    (kept,) = recorded(world).flags
    assert kept.edited
    assert kept.differences == ({"path": "$.description", "before": "", "after": "new"},)


def test_back_from_a_success_the_configuration_is_as_before(world: World) -> None:
    before = world.published()
    running(world)
    for _ in range(4):
        world.change(commands.promote("r1", ASKED))
    assert world.published()["defaultVariant"] == CANDIDATE
    world.change(commands.rollback("r1", ASKED))
    assert world.published() == before
    (flag,) = recorded(world).flags
    assert (flag.differences, flag.own_revisions, flag.edited) == ((), 2, False)
    assert recorded(world).percentage == 100


def test_where_the_version_before_can_not_serve(world: World) -> None:
    def broken(_view: View, _flag: str, variant: str) -> None:
        if variant == CONTROL:
            raise FailedPrecondition("1.2.0 can't be served.")

    world.flag("f", CANDIDATE, "1.4.0", CONTROL)
    for number, candidate in enumerate(("1.4.0", CANDIDATE)):
        world.created(f"f{number}", flag="f", candidate=candidate)
        world.change(commands.start(f"f{number}", ASKED))
        advance(world.store, world.clock, world.scope)
        if number:
            break
        for _ in range(4):
            world.change(commands.promote("f0", ASKED))
        flag = world.read_flag("f")
        back = {"definition": {**flag.definition, "defaultVariant": CONTROL}}
        world.change(edit_flag("f", flag.revision, back), Permission.EDIT_FLAGS)
    world.change(commands.rollback("f1", ASKED, broken))
    found = recorded(world, "f1")
    assert found.control == "1.4.0"
    assert [(flag.elsewhere, flag.edited) for flag in found.flags] == [(True, False)]
    rollout = world.rollout("f1")
    assert rollout.serves_again == "1.4.0"
    message = world.store.get(world.scope.doc("outbox", f"rollout-f1-{rollout.transitions:06d}"))
    assert message
    assert "All users get 1.4.0 again." in message.data["texts"]["en"][1]
    assert "Tous les utilisateurs retrouvent 1.4.0." in message.data["texts"]["fr"][1]


def test_one_that_the_judge_decided_says_why(firestore_emulator: str) -> None:
    world = failing_world()
    advance(world.store, world.clock, world.scope)
    found = recorded(world)
    assert found.by == "machine:tick"
    assert found.verdict
    assert found.verdict["kind"] == "fail"


def test_users_are_told_discreetly_and_for_a_day(world: World) -> None:
    running(world)
    assert notices(world) == []
    world.change(commands.rollback("r1", ASKED))
    (told,) = notices(world)
    assert told["flag"] == FLAG
    assert not any(version in str(told["en"]) for version in (CONTROL, CANDIDATE))
    world.clock.advance(notice.KEPT_SECONDS + 1)
    world.created("r2")
    world.change(commands.start("r2", ASKED, override_quarantine=True))
    advance(world.store, world.clock, world.scope)
    world.change(commands.rollback("r2", ASKED))
    assert [each["id"] for each in notices(world)] == ["r2"]


def test_what_nobody_has_had_is_no_deployment(world: World) -> None:
    world.started()
    world.change(commands.rollback("r1", ASKED))
    assert store.listed(world.store, world.scope) == []
    assert notices(world) == []


@pytest.mark.parametrize("damage", ["gone", "nonsense"])
def test_a_rollback_goes_through_when_nobody_knows_what_was_before(
    world: World, damage: str
) -> None:
    running(world)
    path = store.before_path(world.scope, "r1")
    world.store.commit(
        [Write.delete(path) if damage == "gone" else Write.set(path, {"flags": b"x"})]
    )
    world.change(commands.rollback("r1", ASKED))
    (flag,) = recorded(world).flags
    assert flag.revision_before is None
    assert world.rollout().state.phase.value == "rolled_back"


def test_notices_that_are_lost_are_made_anew_of_what_is_recorded(world: World) -> None:
    running(world)
    world.change(commands.rollback("r1", ASKED))
    before = notices(world)
    world.store.commit(
        [Write.delete(world.scope.doc("parts", world.pointer().data["parts"][NOTICES]))]
    )
    repair = synchronize(False, {NOTICES: notices_again})
    world.change(repair, Permission.EDIT_FLAGS)
    assert notices(world) == before


def test_a_rollback_goes_through_when_the_notices_are_lost(world: World) -> None:
    running(world)
    world.change(commands.rollback("r1", ASKED))
    world.store.commit(
        [Write.delete(world.scope.doc("parts", world.pointer().data["parts"][NOTICES]))]
    )
    world.created("r2")
    world.change(commands.start("r2", ASKED, override_quarantine=True))
    advance(world.store, world.clock, world.scope)
    world.change(commands.rollback("r2", ASKED))
    assert [each["id"] for each in notices(world)] == ["r2"]
