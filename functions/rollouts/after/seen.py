"""What a look finds of a rollback, and how long it looks for what. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from functions.metrics.tally import EMPTY, Tally, merge_all
from functions.metrics.windows import Arm, Window
from functions.rollouts.after.rollback import Rollback, Status
from functions.rollouts.traffic.move import Became

STOP_SECONDS = 60.0
"""How long the candidate may still be seen: a snapshot is up to 2 s old, a request that was begun
under it is given up after 45 s, and slots last 10 s."""

SETTLE_SECONDS = 70.0
"""How much later a slot may be written: one of a request that died, by the next `tick`."""

SERVING_SECONDS = 60.0
"""The control is judged by its last minute, which has to lie after the rollback."""

DEADLINE_SECONDS = 600.0
ENOUGH = 20
"""Requests of the control."""

WORSE = 2.0
"""How many times the control's failures may be what they were beside the candidate."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What a look found of one rollback.

    generation  that is published now
    readable    whether each published part can be read
    split       whether the published flags still split for the rollout
    windows     the slots since the rollback, as far as they were read
    beside      what the control did beside the candidate
    traffic     what became of the move of the service's traffic on Cloud Run; None without one
    again       the first generation after the rollback in which another rollout gave users the
                candidate; None while none has
    """

    now: float
    generation: int
    readable: bool
    split: bool
    windows: Sequence[Window] = ()
    beside: Tally = field(default=EMPTY)
    traffic: Became | None = None
    again: int | None = None


Finding = tuple[Status, str, str, Mapping[str, float]]
"""Status, in English, in French, figures."""

PENDING: Finding = (Status.PENDING, "", "", {})


def of(version: str, rollback: Rollback, seen: Seen, *, recent: bool = False) -> Tally:
    """What a version did since the rollback, or in the last minute."""
    since = max(rollback.at, seen.now - SERVING_SECONDS) if recent else rollback.at
    arm = Arm(rollback.service, version)
    return merge_all(
        window.tally for window in seen.windows if window.arm == arm and window.start >= since
    )


def of_candidate(rollback: Rollback, seen: Seen) -> list[Window]:
    """In which it served somebody, but for those in which another rollout gave it to them."""
    arm = Arm(rollback.service, rollback.candidate)
    return [
        window
        for window in seen.windows
        if window.arm == arm
        and window.tally.requests
        and (seen.again is None or window.generation < seen.again)
    ]


def late(rollback: Rollback, seen: Seen) -> list[Window]:
    """What the candidate served though it must not: long after, or by the new snapshot."""
    return [
        window
        for window in of_candidate(rollback, seen)
        if window.start >= rollback.at + STOP_SECONDS
        or (window.generation >= rollback.generation and window.start >= rollback.at)
    ]
