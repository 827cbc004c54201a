"""What is seen: a request as it ended, or something learned of a version later. Pure.

Times are epoch seconds, durations milliseconds. Users appear only as keyed hashes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from functions.metrics import measures, timings
from functions.metrics.measures import Values

OK = "OK"
NO_CAUSE = "none"
CLIENT = "client"
FAILURES = frozenset({"upstream", "candidate", "internal"})
"""The causes that make a request a failure. A client's own mistake is an error, not a failure."""

CAUSES = FAILURES | {NO_CAUSE, CLIENT}
CODE = re.compile(r"[A-Z][A-Z_]{0,39}")


@dataclass(frozen=True)
class Observation:
    """One request as it ended.

    `at` is when it ended, `code` is OK or the code of its error, `user_hash` a keyed hash,
    `measures` and `durations` (ms) what else is known of what it made, by name: each service has
    its own. What the instance carried meanwhile:

    memory               share of the container's limit in use, 0 to 1
    memory_bytes         the memory itself; 0 when unknown
    memory_limit_bytes   the container's limit; 0 when unknown
    cpu                  share of the container's CPUs that was busy lately, 0 to 1; None: unknown
    concurrency          requests on the instance at once, this one included; 0 when unknown
    """

    service: str
    version: str
    generation: int
    at: float
    duration_ms: float
    code: str
    cause: str
    user_hash: str
    retries: int = 0
    memory: float = 0.0
    memory_bytes: int = 0
    memory_limit_bytes: int = 0
    cpu: float | None = None
    concurrency: int = 0
    measures: Values = field(default_factory=dict)
    durations: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        measures.checked(self.measures)
        timings.checked(self.durations)
        if self.cause not in CAUSES:
            raise ValueError(f"{self.cause!r} is not a class of causes")
        if not CODE.fullmatch(self.code):
            raise ValueError(f"{self.code!r} is not an error code")

    @property
    def failed(self) -> bool:
        return self.cause in FAILURES


@dataclass(frozen=True)
class Note:
    """What is learned of a version later, and is no request: how its users rate what it made.

    `generation` is the one that it was made under, `at` when it was learned.
    """

    service: str
    version: str
    generation: int
    at: float
    measures: Values = field(default_factory=dict)
    durations: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        measures.checked(self.measures)
        timings.checked(self.durations)
