"""How a channel is: well, failing (and left alone for a while), or switched off. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from functions.alerts.channels.outcome import Became, Outcome
from functions.published import timestamp


@dataclass(frozen=True)
class State:
    """
    off       it answered that it is gone: nothing is sent to it until somebody defines it anew
    since     when the trouble began
    until     it asked to be left alone until then
    """

    off: bool
    since: float
    reason: str
    until: float = 0.0

    @property
    def word(self) -> str:
        return "off" if self.off else "failing"

    def resting(self, now: float) -> bool:
        return now < self.until

    def to_document(self) -> dict[str, Any]:
        return {
            "off": self.off,
            "since": timestamp(self.since),
            "reason": self.reason,
            "until": timestamp(self.until),
        }

    @staticmethod
    def from_document(data: Mapping[str, Any]) -> State:
        return State(
            data["off"], data["since"].timestamp(), data["reason"], data["until"].timestamp()
        )


def after(known: State | None, outcome: Outcome, now: float) -> State | None:
    """None: it is well. A message that it does not take says nothing of the channel."""
    if outcome.became is Became.TAKEN:
        return None
    if outcome.became is Became.NEVER or outcome.ours:
        return known
    since = known.since if known else now
    until = now + outcome.wait if outcome.wait else 0.0
    return State(outcome.became is Became.GONE, since, outcome.reason, until)
