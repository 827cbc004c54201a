"""What a rollout's next look makes of Cloud Run's traffic. Pure.

Before it begins, what was found of the revisions decides; while it runs, traffic that somebody else
sent elsewhere pauses it. What takes users back asks nobody here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from functions.rollouts.opening import next_opening
from functions.rollouts.rollout import Rollout
from functions.rollouts.state import OPEN_SECONDS, Phase
from functions.rollouts.traffic import words
from functions.rollouts.traffic.check import Outcome
from functions.rollouts.traffic.intent import concerns
from functions.rollouts.traffic.observed import Comparison, said
from functions.rollouts.traffic.record import Record
from functions.rollouts.traffic.serving import Serving
from functions.rollouts.verdict import Kind, Verdict

RULE = "drift"
METHOD = "comparison with what Cloud Run serves"
FRESH_SECONDS = 60.0
"""A start takes no check that is older."""


@dataclass(frozen=True, slots=True)
class Standing:
    """
    waits     why the start waits, in English; "" when it needn't
    refused   why it can't begin; "" when it can
    drift     what pauses it while it runs; None for nothing
    """

    waits: str = ""
    refused: str = ""
    drift: Verdict | None = None


UNCONCERNED = Standing()
"""Of a rollout whose versions have no revisions."""


def standing(rollout: Rollout, serving: Serving | None, record: Record, now: float) -> Standing:
    """`serving` None: nobody said where the service runs."""
    if serving is None or not serving.cloud_run or not concerns(serving, rollout):
        return UNCONCERNED
    if rollout.state.phase is Phase.STARTING:
        restored = _restored_first(serving, record)
        return Standing(waits=restored) if restored else _starting(rollout, record, now)
    if rollout.state.splitting and record.rollout == rollout.id:
        # What was seen before a person let it go on was known to them.
        resumed_at = rollout.state.resumed_at
        if resumed_at is None or record.at > resumed_at:
            return Standing(drift=_drift(record))
    return UNCONCERNED


def undefined(rollout: Rollout) -> Standing:
    """Where nobody can read where services run: what may have a revision does not begin."""
    concerned = rollout.service and rollout.state.phase is Phase.STARTING
    return Standing(waits=words.english(words.UNREADABLE)) if concerned else UNCONCERNED


def overdue(rollout: Rollout, waits: str, now: float) -> str:
    """Why a start is given up that has waited for Cloud Run for as long as its first stage may
    wait, closed hours apart; "" while it may go on."""
    openings, longest = rollout.plan.openings, rollout.plan.stages[0].max_wait_seconds
    opened = next_opening(openings, rollout.state.since)
    if not waits or opened is None or now < opened + longest:
        return ""
    until = next_opening(openings, opened + longest)
    if until is None or now < until + (0.0 if until == opened + longest else OPEN_SECONDS):
        return ""
    return words.english(words.OVERDUE, minutes=f"{longest / 60:.0f}", reason=waits)


def _restored_first(serving: Serving, record: Record) -> str:
    move = record.move
    if move is None or move.ended or move.asked_at < serving.since:
        return ""
    return words.english(words.RESTORING, version=move.version, revision=move.revision)


def _starting(rollout: Rollout, record: Record, now: float) -> Standing:
    found = record.checked
    if found is None or found.rollout != rollout.id or now - found.at > FRESH_SECONDS:
        if record.trouble:
            return Standing(waits=words.english(words.TROUBLE, reason=record.trouble))
        return Standing(waits=words.english(words.UNKNOWN))
    if found.outcome is Outcome.REFUSED:
        return Standing(refused=found.said)
    return Standing(waits=found.said if found.outcome is Outcome.WAITING else "")


def _drift(record: Record) -> Verdict | None:
    if record.comparison is not Comparison.DRIFTED:
        return None
    astray = sum(share for name, share in record.shares.items() if name != record.revision)
    sentence = words.english(
        words.DRIFTED, revision=record.revision, shares=said(record.shares_meant)
    )
    figures: Mapping[str, float] = {"percent_elsewhere": float(astray)}
    return Verdict(Kind.PAUSE, RULE, sentence, figures, METHOD, float(astray))
