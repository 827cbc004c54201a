"""A rollout of what runs in Cloud Run: it begins once its revisions are verified, and pauses when
somebody else moves the traffic."""

from __future__ import annotations

from functions.documents import Write
from functions.identity import Permission
from functions.minute import Deps
from functions.rollouts import commands
from functions.rollouts.advance import advance
from functions.rollouts.present import present
from functions.rollouts.state import Phase
from functions.rollouts.traffic.cloud_run import CloudRun
from functions.rollouts.traffic.move import Became
from functions.rollouts.traffic.stand import standings
from functions.tick import decide
from tests.emulator.rollouts.dying_ticks import Inline
from tests.emulator.rollouts.test_tick import Sink
from tests.emulator.rollouts.traffic.cloud import NAME, Cloud
from tests.emulator.rollouts.world import ASKED


def step(cloud: Cloud) -> Phase:
    world = cloud.world
    by_service = {each.service: each for each in cloud.servings()}
    advance(
        world.store,
        world.clock,
        world.scope,
        traffic=standings(world.store, world.scope, by_service),
    )
    return world.rollout().state.phase


def messages(cloud: Cloud, text: str) -> list[str]:
    """The severities of the messages that say so, in both languages."""
    found = cloud.world.store.query(cloud.world.scope.collection("outbox"))
    return [each.data["severity"] for each in found if text in str(each.data["texts"])]


def test_it_begins_only_once_it_is_verified(cloud: Cloud) -> None:
    cloud.world.started()
    assert step(cloud) is Phase.STARTING, "nobody has looked yet"
    cloud.follow()
    assert step(cloud) is Phase.BAKING


def test_a_check_of_long_ago_verifies_nothing(cloud: Cloud) -> None:
    cloud.world.started()
    cloud.follow()
    cloud.world.clock.advance(61)
    assert step(cloud) is Phase.STARTING


def test_it_does_not_begin_without_a_revision_to_go_back_to(cloud: Cloud) -> None:
    cloud.services.remove(NAME, cloud.old)
    cloud.world.started()
    cloud.follow()
    assert step(cloud) is Phase.SUPERSEDED
    assert messages(cloud, f"The revision {cloud.old}, in which 1.2.0 runs, is no longer") == ["P2"]
    assert messages(cloud, f"La révision {cloud.old}, où tourne 1.2.0, n'est plus") == ["P2"]


def test_it_waits_for_traffic_to_be_the_candidate_s(cloud: Cloud) -> None:
    third = cloud.services.deploy(NAME)
    cloud.world.started()
    cloud.follow()
    assert step(cloud) is Phase.STARTING
    checked = cloud.record().checked
    assert checked
    assert f"now it sends 100 % {third}" in checked.said


def test_somebody_s_deployment_pauses_it_and_pages(cloud: Cloud) -> None:
    cloud.split()
    cloud.follow()
    assert step(cloud) is Phase.BAKING
    third = cloud.services.deploy(NAME)
    cloud.follow()
    assert step(cloud) is Phase.PAUSED
    state = cloud.world.rollout().state
    assert state.paused_for == "drift"
    assert messages(cloud, f"goes elsewhere: 100 % {third}.") == ["P1"]
    assert messages(cloud, f"va ailleurs : 100 % {third}.") == ["P1"]


def test_a_deployment_that_leaves_traffic_alone_pauses_nothing(cloud: Cloud) -> None:
    cloud.services.direct(NAME, {cloud.new: 100})
    cloud.split()
    cloud.services.deploy(NAME, pinned=True)
    cloud.follow()
    assert step(cloud) is Phase.BAKING


def test_it_goes_on_only_once_traffic_is_back(cloud: Cloud) -> None:
    cloud.split()
    cloud.services.deploy(NAME)
    cloud.follow()
    step(cloud)
    cloud.world.change(commands.resume("r1", ASKED))
    cloud.follow()
    assert step(cloud) is Phase.PAUSED, "it drifts still"
    cloud.services.direct(NAME, {cloud.new: 100})
    cloud.world.change(commands.resume("r1", ASKED))
    assert step(cloud) is Phase.BAKING, "what was seen before is of the past"
    cloud.follow()
    assert step(cloud) is Phase.BAKING


def test_drift_keeps_nobody_from_being_taken_back(cloud: Cloud) -> None:
    cloud.split()
    cloud.services.deploy(NAME)
    cloud.follow()
    cloud.world.serve("1.3.0", 40, 40)
    cloud.world.serve("1.2.0", 40)
    assert step(cloud) is Phase.ROLLED_BACK


def test_another_one_begins_only_once_traffic_has_followed_the_rollback(cloud: Cloud) -> None:
    cloud.rolled_back()
    cloud.world.created("r2")
    cloud.world.change(commands.start("r2", ASKED, override_quarantine=True))
    for _ in range(3):
        cloud.follow()
        step(cloud)
    assert cloud.shares() == {cloud.old: 100}
    assert cloud.move().became is Became.CONFIRMED
    assert cloud.world.rollout("r2").state.phase is Phase.STARTING
    cloud.services.direct(NAME, {cloud.new: 100})
    cloud.follow(20)
    step(cloud)
    assert cloud.world.rollout("r2").state.phase is Phase.BAKING


def test_a_start_that_waits_in_vain_is_given_up_and_told_and_the_next_begins(
    cloud: Cloud,
) -> None:
    cloud.services.deploy(NAME)
    cloud.world.started()
    cloud.world.created("r2", if_running="queue")
    cloud.world.change(commands.start("r2", ASKED))
    cloud.follow(cloud.world.rollout().plan.stages[0].max_wait_seconds - 1)
    assert step(cloud) is Phase.STARTING
    cloud.follow()
    assert step(cloud) is Phase.SUPERSEDED
    assert messages(cloud, "The start was given up after") == ["P2"]
    assert messages(cloud, "Le démarrage a été abandonné après") == ["P2"]
    assert cloud.world.rollout("r2").state.phase is Phase.STARTING


def test_while_nobody_can_read_where_it_runs_it_waits_but_is_taken_back(cloud: Cloud) -> None:
    """A damaged part is not an empty one."""
    world = cloud.world
    cloud.services.remove(NAME, cloud.old)
    world.started()
    part = world.store.get(world.scope.doc("parts", world.pointer().data["parts"]["serving"]))
    assert part
    world.store.commit([Write.update(part, {**part.data, "body": b"damaged"})])
    aside = Inline(), Inline()
    deps = Deps(world.store, world.clock, Sink(), *aside, cloud=CloudRun(cloud.address))
    assert not decide(deps, world.scope).failed
    assert world.rollout().state.phase is Phase.STARTING
    waits = present(world.store, world.scope, world.rollout(), world.clock.now()).traffic.waits
    assert "can't be read" in waits
    world.change(commands.rollback("r1", ASKED), Permission.ROLL_BACK)
    assert world.rollout().state.phase is Phase.ROLLED_BACK
