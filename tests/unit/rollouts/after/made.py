"""A rollback as tests want it."""

from __future__ import annotations

from typing import Any

from functions.metrics.observation import Observation
from functions.metrics.tally import Tally, merge_all, of
from functions.metrics.windows import Window, slot_start
from functions.rollouts.after.rollback import Restored, Rollback

AT = 1_800_000_000.0
SERVICE = "stories"
CONTROL = "1.2.0"
CANDIDATE = "1.3.0"
RESTORED = Restored("stories.version", CONTROL, CANDIDATE, 3, 3)


def rollback(**changes: Any) -> Rollback:
    made: dict[str, Any] = {
        "id": "r-1",
        "flag": "stories.version",
        "service": SERVICE,
        "control": CONTROL,
        "candidate": CANDIDATE,
        "percentage": 10.0,
        "at": AT,
        "by": "machine:tick",
        "reason": "",
        "generation_before": 6,
        "generation": 7,
        "quarantined": True,
        "error_limit": 0.05,
        "flags": (RESTORED,),
    }
    return Rollback(**{**made, **changes})


def served(version: str, requests: int, failures: int = 0) -> Tally:
    return merge_all(
        of(
            Observation(
                SERVICE,
                version,
                7,
                at=AT,
                duration_ms=900,
                code="OPENAI_ERROR" if number < failures else "OK",
                cause="candidate" if number < failures else "none",
                user_hash=f"{number:04d}",
            )
        )
        for number in range(requests)
    )


def slot(
    version: str, seconds: float, requests: int, failures: int = 0, generation: int = 7
) -> Window:
    """`seconds` after the rollback."""
    start = slot_start(AT + seconds)
    return Window(start, 10, SERVICE, version, generation, served(version, requests, failures))
