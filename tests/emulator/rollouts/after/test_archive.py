"""Archives of rollouts' figures: made of stored minutes, once, whoever dies in between."""

from __future__ import annotations

import pytest

from functions.documents import Write
from functions.metrics import store as metric_store
from functions.metrics.hours import DAY_SECONDS
from functions.metrics.windows import MINUTE_SECONDS, Window, minute_start
from functions.rollouts import commands
from functions.rollouts.advance import advance
from functions.rollouts.after import archive_store
from functions.rollouts.after.archive import Archive
from functions.rollouts.after.archive_metrics import archive_metrics
from tests.emulator.rollouts.world import ASKED, CANDIDATE, CONTROL, SERVICE, World
from tests.unit.rollouts.after.made import served


def minute(world: World, version: str, requests: int) -> None:
    """A minute that was summed up, of now."""
    counted = Window(
        minute_start(world.clock.now()),
        MINUTE_SECONDS,
        SERVICE,
        version,
        world.generation(),
        served(version, requests),
    )
    path = metric_store.minute_path(world.scope, counted)
    world.store.commit([Write.set(path, metric_store.minute_data(counted))])


@pytest.fixture
def over(world: World) -> World:
    """A rollout of three days that was rolled back yesterday."""
    world.started()
    advance(world.store, world.clock, world.scope)
    for _ in range(3):
        world.clock.advance(DAY_SECONDS)
        minute(world, CANDIDATE, 10)
        minute(world, CONTROL, 90)
    world.change(commands.rollback("r1", ASKED))
    minute(world, CONTROL, 1000)
    world.clock.advance(DAY_SECONDS)
    return world


def archived(world: World) -> Archive:
    found = archive_store.find(world.store, world.scope, "r1")
    assert found
    return found


def test_all_of_it_once(over: World) -> None:
    assert archive_metrics(over.store, over.scope, over.clock.now()) == 1
    found = archived(over)
    assert found.done
    requests = [
        {arm: tally.requests for arm, tally in arms.items()} for arms in found.sums.values()
    ]
    assert requests == [{"candidate": 30, "control": 270}]
    assert len(found.hours) == 3
    assert archive_metrics(over.store, over.scope, over.clock.now()) == 0
    assert archived(over) == found


def test_from_day_to_day_while_it_runs(world: World) -> None:
    world.started()
    advance(world.store, world.clock, world.scope)
    for day in range(1, 4):
        minute(world, CANDIDATE, 10)
        world.clock.advance(DAY_SECONDS)
        archive_metrics(world.store, world.scope, world.clock.now())
        found = archived(world)
        assert not found.done
        assert sum(arms["candidate"].requests for arms in found.sums.values()) == 10 * day


def test_what_was_not_split_has_no_archive(world: World) -> None:
    world.started()
    assert archive_metrics(world.store, world.scope, world.clock.now()) == 0


def test_one_that_is_damaged_is_made_anew(over: World) -> None:
    archive_metrics(over.store, over.scope, over.clock.now())
    found = archived(over)
    path = archive_store.path(over.scope, "r1")
    over.store.commit([Write.set(path, {"through": 1, "done": False, "body": b"x"})])
    archive_metrics(over.store, over.scope, over.clock.now())
    assert archived(over) == found
