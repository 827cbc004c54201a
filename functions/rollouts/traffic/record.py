"""What Palier knows of a service's traffic, as it is kept. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from functions.rollouts.traffic.check import Checked
from functions.rollouts.traffic.intent import Intent
from functions.rollouts.traffic.move import Move
from functions.rollouts.traffic.observed import Comparison, Observed, compare


@dataclass(frozen=True, slots=True)
class Record:
    """
    at            of the last look that Cloud Run answered (epoch seconds)
    shares        percent of the requests by revision, as they were served then
    shares_meant  the same, as Cloud Run was asked for them
    rollout       whose intent the traffic was compared with; "" for none
    revision      that is meant to serve alone; "" for none
    comparison    how the traffic stood to that
    checked       whether the rollout that is about to begin may
    move          the last one
    trouble       why the last look did not succeed; "" when it did
    """

    service: str
    at: float = 0.0
    shares: Mapping[str, int] = field(default_factory=dict)
    shares_meant: Mapping[str, int] = field(default_factory=dict)
    rollout: str = ""
    revision: str = ""
    comparison: Comparison | None = None
    checked: Checked | None = None
    move: Move | None = None
    trouble: str = ""

    def to_document(self) -> dict[str, Any]:
        return {
            "service": self.service,
            "at": self.at,
            "shares": dict(self.shares),
            "shares_meant": dict(self.shares_meant),
            "rollout": self.rollout,
            "revision": self.revision,
            "comparison": self.comparison.value if self.comparison else None,
            "checked": self.checked.to_document() if self.checked else None,
            "move": self.move.to_document() if self.move else None,
            "trouble": self.trouble,
        }

    @staticmethod
    def from_document(data: Mapping[str, Any]) -> Record:
        comparison, checked, move = data["comparison"], data["checked"], data["move"]
        return Record(
            data["service"],
            data["at"],
            data["shares"],
            data["shares_meant"],
            data["rollout"],
            data["revision"],
            Comparison(comparison) if comparison else None,
            Checked.from_document(checked) if checked else None,
            Move.from_document(move) if move else None,
            data["trouble"],
        )


def looked(record: Record, wanted: Intent | None, observed: Observed, now: float) -> Record:
    """The record after a look that Cloud Run answered."""
    revision = wanted.revision if wanted else ""
    return replace(
        record,
        at=now,
        shares=observed.shares,
        shares_meant=observed.shares_asked,
        rollout=wanted.rollout if wanted else "",
        revision=revision,
        comparison=compare(observed, revision) if revision else None,
        trouble="",
    )
