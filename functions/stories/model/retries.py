"""How many calls an instance may repeat: a tenth of all, and a few to begin with. Pure.

When everything fails at once, retries would double the load on what is failing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

SHARE = 0.1
MOST = 10.0


@dataclass(frozen=True)
class RetryBudget:
    """`saved` retries are left; every first call saves SHARE of one, up to `most`."""

    saved: float = MOST
    most: float = MOST

    def called(self) -> RetryBudget:
        return replace(self, saved=min(self.most, self.saved + SHARE))

    def retried(self) -> RetryBudget | None:
        """The budget after a retry; None when there is none left."""
        return replace(self, saved=self.saved - 1) if self.saved >= 1 else None


USUAL = RetryBudget()
