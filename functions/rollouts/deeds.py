"""What was done with rollouts, for whoever follows the trouble of a version."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Any

from functions.alerts.incidents.incident import Deed, Subject
from functions.documents import Reads, Scope
from functions.rollouts import french
from functions.rollouts.after.deed import verified
from functions.rollouts.obstacles import in_french
from functions.rollouts.rollout import Rollout
from functions.rollouts.store import events, moved_since
from functions.rollouts.verdict import Verdict

Deeds = Callable[[Subject, float, Collection[str]], Sequence[Deed]]


def history(reads: Reads, scope: Scope, since: float) -> Deeds:
    """Asks for the deeds of a version: its rollouts' transitions, as candidate or control.

    The rollouts that moved since `since` are read once; the events of one only when it has moved on
    from what is known. What came of a rollback is a deed as well.
    """
    moved = moved_since(reads, scope, since)

    def deeds(subject: Subject, after: float, known: Collection[str]) -> list[Deed]:
        own = [
            rollout
            for rollout in moved
            if rollout.measured_as == subject.service
            and subject.version in (rollout.candidate, rollout.control)
            and rollout.decided_at >= after
        ]
        done = [
            _deed(rollout, event)
            for rollout in own
            if _name(rollout, rollout.transitions) not in known
            for event in events(reads, scope, rollout.id)
            if event["at"] >= after
        ]
        return done + [deed for rollout in own if (deed := verified(reads, scope, rollout, known))]

    return deeds


def _deed(rollout: Rollout, event: dict[str, Any]) -> Deed:
    verdict = event["verdict"]
    return Deed(
        id=_name(rollout, event["number"]),
        at=event["at"],
        kind=event["kind"],
        rollout=rollout.id,
        flag=rollout.flag,
        percentage=event["percentage"],
        by=event["actor"],
        sentence=verdict["sentence"] if verdict else event["reason"],
        french=_french(rollout, event),
    )


def _french(rollout: Rollout, event: dict[str, Any]) -> str:
    if event["verdict"]:
        return french.sentence(Verdict.from_document(event["verdict"]), rollout.plan)
    said = in_french(event["reason"], rollout)
    return said if said != event["reason"] else ""


def _name(rollout: Rollout, number: int) -> str:
    return f"{rollout.id}/{number}"
