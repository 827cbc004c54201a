"""What making stories takes: built once a process, handed to every request."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from functions.clock import Clock
from functions.documents import Scope
from functions.identity import Actor
from functions.metrics.observation import Observation
from functions.metrics.process import Process
from functions.stories.choose import Evaluator
from functions.stories.limits.cap import DailyCap
from functions.stories.limits.memory import MemoryUse
from functions.stories.limits.quota import Limits
from functions.stories.model.calling import Model
from functions.stories.moderation import Moderator
from functions.stories.shelf import Shelf, StoredStory


class Snapshot(Protocol):
    """What a story needs of the published snapshot."""

    @property
    def generation(self) -> int: ...

    @property
    def evaluator(self) -> Evaluator: ...

    @property
    def services(self) -> Mapping[str, Any]: ...

    def user_hash(self, uid: str) -> str: ...


class Snapshots(Protocol):
    def get(self, scope: Scope) -> Snapshot: ...


class Recorder(Protocol):
    def record(self, scope: Scope, *observations: Observation) -> None: ...


class Memory(Protocol):
    def read(self) -> MemoryUse: ...


class Pins(Protocol):
    def require(self, scope: Scope, actor: Actor) -> None:
        """Raises PermissionDenied unless this person may choose a version for themselves."""
        ...


@dataclass(frozen=True)
class Budget:
    """Seconds a request may take in all, and how many of them are kept for what follows the model:
    a write of at most a second, and a flush of the metrics of at most another. `moderation` is the
    most that one question to the moderation may take: the model leaves so much for the last."""

    total: float = 30.0
    reserve: float = 2.0
    moderation: float = 3.0


@dataclass(frozen=True)
class Studio:
    """Everything that making stories takes."""

    shelf: Shelf
    snapshots: Snapshots
    model: Model
    moderator: Moderator
    cap: DailyCap
    limits: Limits
    pins: Pins
    recorder: Recorder
    memory: Memory
    process: Process
    clock: Clock
    budget: Budget = Budget()


@dataclass(frozen=True)
class Told:
    """The answer: a story, whether it could be stored, and whether it had been made before."""

    story: StoredStory
    stored: bool = True
    replayed: bool = False

    def to_json(self) -> dict[str, Any]:
        return {
            **describe(self.story),
            "stored": self.stored,
            "replayed": self.replayed,
        }


def describe(stored: StoredStory) -> dict[str, Any]:
    """A story as clients see it. `created_at` is in seconds since the epoch."""
    return {
        "id": stored.id,
        "created_at": stored.created_at,
        "story": stored.story.model_dump(mode="json"),
    }
