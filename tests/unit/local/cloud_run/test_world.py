"""The local Cloud Run behaves as Google documents its own."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from local.cloud_run.refusals import Aborted, InvalidRequest, NotFound
from local.cloud_run.world import BY_REVISION, LATEST, Service, World

NAME = "projects/p/locations/r/services/s"


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def update(
    world: World, shares: Mapping[str, int], etag: str = "", *, only_validate: bool = False
) -> None:
    given = Service(name=NAME, etag=etag)
    for name, percent in shares.items():
        given.traffic.add(type_=BY_REVISION, revision=name, percent=percent)
    world.update(given, ["traffic"], only_validate=only_validate)


def test_traffic_follows_after_a_while() -> None:
    clock = Clock()
    world = World(30.0, clock)
    first, second = world.deploy(NAME), world.deploy(NAME)
    service = world.service(NAME)
    assert service.reconciling
    assert service.latest_created_revision.endswith(second)
    assert service.latest_ready_revision.endswith(first)
    assert service.observed_generation < service.generation
    clock.now = 30.0
    service = world.service(NAME)
    assert not service.reconciling
    assert service.latest_ready_revision.endswith(second)
    assert service.observed_generation == service.generation
    assert [each.percent for each in service.traffic_statuses] == [100]


def test_every_update_has_another_etag_and_an_old_one_conflicts() -> None:
    world = World()
    first = world.deploy(NAME)
    etag = world.service(NAME).etag
    update(world, {first: 100}, etag)
    assert world.service(NAME).etag != etag
    with pytest.raises(Aborted):
        update(world, {first: 100}, etag)
    update(world, {first: 100})


def test_validating_changes_nothing() -> None:
    world = World()
    first = world.deploy(NAME)
    before = world.service(NAME)
    update(world, {first: 100}, before.etag, only_validate=True)
    assert world.service(NAME) == before
    assert world.updates(NAME) == 0


def test_what_can_t_be_served_fails_and_traffic_stays() -> None:
    world = World()
    first = world.deploy(NAME)
    second = world.deploy(NAME)
    world.missing_images.add(world.image(NAME, first))
    for name in (first, "nothing-00001-abc"):
        update(world, {name: 100})
        service = world.service(NAME)
        assert service.terminal_condition.message
        assert [each.type_ for each in service.traffic_statuses] == [LATEST]
        assert service.latest_ready_revision.endswith(second)


def test_a_deployment_moves_traffic_unless_it_is_pinned() -> None:
    world = World()
    first = world.deploy(NAME)
    update(world, {first: 100})
    world.deploy(NAME, pinned=True)
    assert [each.revision for each in world.service(NAME).traffic_statuses] == [first]
    world.deploy(NAME)
    assert [each.type_ for each in world.service(NAME).traffic_statuses] == [LATEST]


@pytest.mark.parametrize("shares", [{"a": 99}, {"a": 60, "b": 50}], ids=["too little", "too much"])
def test_the_percentages_sum_to_100(shares: dict[str, int]) -> None:
    world = World()
    world.deploy(NAME)
    with pytest.raises(InvalidRequest):
        update(world, shares)


def test_a_tag_is_used_once() -> None:
    world = World()
    first = world.deploy(NAME)
    given = Service(name=NAME)
    given.traffic.add(type_=BY_REVISION, revision=first, percent=100, tag="x")
    given.traffic.add(type_=BY_REVISION, revision=first, tag="x")
    with pytest.raises(InvalidRequest):
        world.update(given, ["traffic"], only_validate=True)


def test_what_is_not_there() -> None:
    world = World()
    with pytest.raises(NotFound):
        world.service(NAME)
    first = world.deploy(NAME)
    world.remove(NAME, first)
    with pytest.raises(NotFound):
        world.revision(f"{NAME}/revisions/{first}")
    assert world.revisions(NAME) == []
