"""A world whose stories run in Cloud Run: a local Admin API, with the real client before it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from functions.documents import Store
from tests.emulator.rollouts.traffic.cloud import Cloud, clouds


@pytest.fixture
def cloud(store: Store) -> Iterator[Cloud]:
    with clouds(store) as made:
        yield made
