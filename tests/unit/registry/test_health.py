"""What the bundle says of itself."""

from __future__ import annotations

import pytest

from functions.documents import Scope
from functions.registry.health import STALE_SECONDS, Health

SCOPE = Scope("main", "production")


@pytest.mark.parametrize(
    ("generation", "age", "status", "http_status"),
    [
        pytest.param(3, 0.0, "ok", 200, id="fresh"),
        pytest.param(0, 2.0, "ok", 200, id="nothing published yet"),
        pytest.param(3, STALE_SECONDS, "degraded", 200, id="can't be refreshed"),
        pytest.param(None, 0.0, "down", 503, id="no snapshot"),
    ],
)
def test_the_states(generation: int | None, age: float, status: str, http_status: int) -> None:
    health = Health(SCOPE, generation, age)
    assert (health.status, health.http_status) == (status, http_status)
    told = health.to_json()
    assert (told["status"], told["generation"]) == (status, generation)
    assert set(told) == {
        "status",
        "version",
        "application",
        "environment",
        "generation",
        "snapshot_age_seconds",
    }
