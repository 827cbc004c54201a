"""What is asked of Cloud Run about one service, within the time of one look."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from functions.clock import Clock
from functions.rollouts.traffic.cloud_run import Revision, Unreachable
from functions.rollouts.traffic.observed import Observed, Target, whole

LEAST_SECONDS = 0.1


class Cloud(Protocol):
    """Cloud Run, as cloud_run.py has it. Every call may raise CloudRunError."""

    def service(self, name: str, seconds: float) -> Observed: ...

    def revision(self, service: str, revision: str, seconds: float) -> Revision: ...

    def direct(
        self,
        name: str,
        etag: str,
        targets: tuple[Target, ...],
        seconds: float,
        *,
        only_validate: bool,
    ) -> None: ...


Present = Callable[[str, float], bool | None]
"""Whether an image is still there, asked within so many seconds; None: nobody knows."""


def nobody_knows(_image: str, _seconds: float) -> bool | None:
    return None


@dataclass(frozen=True)
class Asking:
    """`name` is projects/P/locations/R/services/S; `until` is of the monotonic clock. Every call
    raises CloudRunError."""

    cloud: Cloud
    clock: Clock
    name: str
    until: float

    def service(self) -> Observed:
        return self.cloud.service(self.name, self.left())

    def revision(self, revision: str) -> Revision:
        return self.cloud.revision(self.name, revision, self.left())

    def direct(self, observed: Observed, revision: str, *, only_validate: bool) -> None:
        """All traffic to a revision, unless somebody has changed the service since."""
        targets, left = whole(observed.asked, revision), self.left()
        self.cloud.direct(self.name, observed.etag, targets, left, only_validate=only_validate)

    def left(self) -> float:
        """Seconds. Raises Unreachable when there is no time."""
        left = self.until - self.clock.monotonic()
        if left < LEAST_SECONDS:
            raise Unreachable("out of time")
        return left
