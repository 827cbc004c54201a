"""One Emulator Suite for all end-to-end tests, with an application that they share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from local import client
from local.stack import Stack
from tests.e2e.world import World, found


@pytest.fixture(scope="session")
def world(suite: Stack) -> Iterator[World]:
    with client.connect() as http:
        yield found(suite, http)
