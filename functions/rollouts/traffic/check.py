"""Whether a rollout may begin, as far as Cloud Run goes. Pure.

The revision to go back to must be there with its image: deployments clean images up, and a revision
without one can't be given traffic. The candidate's revision must serve alone: the flag splits
inside of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from functions.rollouts.traffic import words
from functions.rollouts.traffic.intent import Intent
from functions.rollouts.traffic.observed import Comparison, Observed, compare, said


class Outcome(StrEnum):
    VERIFIED = "verified"
    WAITING = "waiting"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Checked:
    """What was found of the rollout that is about to begin. `said` is why it waits or can't begin,
    in English; "" when it may."""

    rollout: str
    outcome: Outcome
    at: float
    said: str = ""

    def to_document(self) -> dict[str, Any]:
        return {**asdict(self), "outcome": self.outcome.value}

    @staticmethod
    def from_document(data: Mapping[str, Any]) -> Checked:
        return Checked(**{**data, "outcome": Outcome(data["outcome"])})


@dataclass(frozen=True, slots=True)
class Found:
    """A revision as it was found: `problem` is one of words.py, or nothing."""

    version: str
    revision: str
    problem: str = ""
    reason: str = ""

    @property
    def said(self) -> str:
        return words.english(
            self.problem, version=self.version, revision=self.revision, reason=self.reason
        )


def check(
    intent: Intent,
    service: str,
    observed: Observed | None,
    found: tuple[Found, ...],
    now: float,
) -> Checked:
    """`observed` None: there is no such service. `found`: the revisions of both versions, those
    that have one."""

    def became(outcome: Outcome, sentence: str = "") -> Checked:
        return Checked(intent.rollout, outcome, now, sentence)

    if observed is None:
        return became(Outcome.REFUSED, words.english(words.SERVICE_GONE, service=service))
    for each in found:
        if each.problem:
            return became(Outcome.REFUSED, each.said)
    if not intent.revision:
        return became(Outcome.VERIFIED)
    comparison = compare(observed, intent.revision)
    if comparison is Comparison.CONVERGED:
        return became(Outcome.VERIFIED)
    about = {"revision": intent.revision, "version": intent.version}
    if comparison is Comparison.CONVERGING:
        return became(Outcome.WAITING, words.english(words.SETTLING, **about))
    shares = said(observed.shares or observed.shares_asked)
    return became(Outcome.WAITING, words.english(words.ELSEWHERE, shares=shares, **about))
