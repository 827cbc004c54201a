"""A server that misbehaves, and a client that knows nothing of it yet: what it learns of how long a
model takes decides what fits."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from functions.stories.model.openai import OpenAIModel
from tests.servers import hostile_openai as hostile
from tests.servers.hostile_openai import HostileOpenAI
from tests.unit.stories.calls import model_of


@pytest.fixture(scope="session")
def server() -> Iterator[HostileOpenAI]:
    with HostileOpenAI([hostile.story()]) as running:
        yield running


@pytest.fixture
def model(server: HostileOpenAI) -> Iterator[OpenAIModel]:
    with model_of(server.address) as model:
        yield model
