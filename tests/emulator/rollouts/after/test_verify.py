"""A rollback is verified over the next minutes, by what is published and what was served."""

from __future__ import annotations

import pytest

from functions.alerts.incidents.incident import Deed, Subject
from functions.documents import Write
from functions.metrics.slots import Slots
from functions.rollouts import commands
from functions.rollouts.advance import advance
from functions.rollouts.after import store
from functions.rollouts.after.rollback import Rollback, Status
from functions.rollouts.after.verify import verify
from functions.rollouts.deeds import history
from tests.emulator.rollouts.world import ASKED, CANDIDATE, CONTROL, World


@pytest.fixture
def back(world: World) -> World:
    """A rollout of 10 % that was just rolled back."""
    world.started()
    advance(world.store, world.clock, world.scope)
    world.clock.advance(30)
    world.serve(CANDIDATE, 5)
    world.serve(CONTROL, 50)
    world.change(commands.rollback("r1", ASKED))
    return world


def looked(world: World, seconds: float = 0.0, recent: Slots | None = None) -> Rollback:
    world.clock.advance(seconds)
    verify(world.store, world.scope, world.clock.now(), (recent or Slots()).recent)
    return store.find(world.store, world.scope, "r1")


def statuses(rollback: Rollback) -> dict[str, str]:
    return {check.name: check.status.value for check in rollback.checks}


def messages(world: World) -> list[str]:
    told = world.store.query(world.scope.collection("outbox"))
    return [each.id for each in told if each.id.startswith("rollback-")]


def test_one_that_came_about(back: World) -> None:
    slots = Slots()
    first = looked(back, 0, slots)
    assert statuses(first)["snapshot"] == statuses(first)["configuration"] == "ok"
    assert first.status is Status.PENDING
    for _ in range(4):
        back.clock.advance(40)
        back.serve(CONTROL, 40, 1)
        found = looked(back, 0, slots)
    assert set(statuses(found).values()) == {"ok"}, found.checks
    assert found.status is Status.OK
    assert not found.verifying
    assert messages(back) == []
    operations = back.store.operations.total()
    assert verify(back.store, back.scope, back.clock.now(), slots.recent) == 0
    assert back.store.operations.total() - operations == 1, "nothing to verify costs one query"


def test_a_candidate_that_goes_on_serving_is_told_of_once(back: World) -> None:
    back.clock.advance(20)
    back.serve(CANDIDATE, 3, 2)
    found = looked(back)
    assert statuses(found)["metrics"] == statuses(found)["logs"] == "failed"
    assert found.status is Status.FAILED
    assert messages(back) == ["rollback-r1-failed"]
    looked(back, 100)
    assert messages(back) == ["rollback-r1-failed"]


def test_the_same_candidate_rolled_out_again_is_no_failure(back: World) -> None:
    back.created("r2")
    back.change(commands.start("r2", ASKED, override_quarantine=True))
    back.clock.advance(5)
    advance(back.store, back.clock, back.scope)
    back.change(commands.promote("r2", ASKED))
    for _ in range(4):
        back.clock.advance(40)
        back.serve(CANDIDATE, 5, 1)
        back.serve(CONTROL, 40)
        found = looked(back)
    assert statuses(found)["metrics"] == statuses(found)["logs"] == "ok", found.checks
    assert messages(back) == []


def test_requests_that_it_had_begun_are_no_failure(back: World) -> None:
    back.clock.advance(15)
    back.serve(CANDIDATE, 3, generation=back.generation() - 1)
    for _ in range(4):
        back.clock.advance(40)
        back.serve(CONTROL, 40)
        found = looked(back)
    assert statuses(found)["metrics"] == "ok"
    assert 0 < found.last_candidate_at - found.at <= 30


def test_without_traffic_the_function_stays_unknown(back: World) -> None:
    found = looked(back, 601)
    assert statuses(found)["function"] == "unknown"
    assert found.status is Status.UNKNOWN
    assert not found.verifying


def test_a_published_part_that_is_lost_is_found(back: World) -> None:
    digest = back.pointer().data["parts"]["flags"]
    back.store.commit([Write.delete(back.scope.doc("parts", digest))])
    assert statuses(looked(back))["health"] == "failed"


def test_two_that_look_at_once_note_the_same(back: World) -> None:
    kept = store.verifying(back.store, back.scope)
    looked(back)
    before = store.path(back.scope, "r1")
    read = back.store.get(before)
    assert kept[0].document.version != (read.version if read else None)
    looked(back)
    again = back.store.get(before)
    assert read
    assert again
    assert again.version == read.version, "nothing new, nothing written"


def told(world: World, known: tuple[str, ...] = ()) -> list[Deed]:
    ask = history(world.store, world.scope, 0.0)
    found = ask(Subject(world.rollout().service, CANDIDATE), 0.0, known)
    return [deed for deed in found if deed.id.endswith("/verified")]


def test_the_timeline_of_an_incident_gets_what_came_of_it_once(back: World) -> None:
    looked(back)
    assert told(back) == []
    back.clock.advance(20)
    back.serve(CANDIDATE, 3, 2)
    looked(back)
    (deed,) = told(back)
    assert deed.kind == "rollback_failed"
    assert deed.sentence.startswith("1.3.0 is still served: 3 requests")
    assert deed.french.startswith("1.3.0 est encore servie : 3 requêtes")
    assert told(back, ("r1/verified",)) == []


def test_a_good_end_is_told_too(back: World) -> None:
    for _ in range(4):
        back.clock.advance(40)
        back.serve(CONTROL, 40)
        looked(back)
    (deed,) = told(back)
    assert deed.kind == "rollback_verified"
