import pytest

from functions.documents import Store
from tests.emulator.rollouts.world import World


@pytest.fixture
def world(store: Store) -> World:
    """An environment with the flag `stories.version`."""
    world = World(store)
    world.flag()
    return world
