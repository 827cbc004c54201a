"""One server that misbehaves, and one client of it, for all tests of the model's adapter."""

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


@pytest.fixture(scope="session")
def model(server: HostileOpenAI) -> Iterator[OpenAIModel]:
    with model_of(server.address) as model:
        yield model
