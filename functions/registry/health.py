"""Whether this bundle can do its work: the answer of `GET /v1/health`. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from functions.documents import Scope

VERSION = "0.1.0"
STALE_SECONDS = 30.0


@dataclass(frozen=True)
class Health:
    """`generation` is None when no snapshot could be had; `age` is its age in seconds."""

    scope: Scope
    generation: int | None
    age: float

    @property
    def status(self) -> str:
        """ok; degraded: flags are served from a snapshot that can't be refreshed; down."""
        if self.generation is None:
            return "down"
        return "ok" if self.age < STALE_SECONDS else "degraded"

    @property
    def http_status(self) -> int:
        return 503 if self.generation is None else 200

    def to_json(self) -> dict[str, Any]:
        return {
            "status": self.status,
            "version": VERSION,
            "application": self.scope.application,
            "environment": self.scope.environment,
            "generation": self.generation,
            "snapshot_age_seconds": round(self.age, 1),
        }
