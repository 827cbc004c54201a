"""A rollout as people and programs see it over the API. Pure."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from math import exp
from typing import Any

from functions.rollouts.look import Look
from functions.rollouts.preview import in_both
from functions.rollouts.rollout import Rollout
from functions.rollouts.verdict import LARGEST_FIGURE


def summary(rollout: Rollout) -> dict[str, Any]:
    """One line of a list. Times are seconds since the epoch."""
    where = rollout.state
    return {
        "id": rollout.id,
        "flag": rollout.flag,
        "service": rollout.service,
        "control": rollout.control,
        "candidate": rollout.candidate,
        "plan": rollout.plan.name,
        "phase": where.phase.value,
        "stage": rollout.step,
        "stages": len(rollout.plan.stages),
        "percentage": rollout.percentage,
        "since": where.since,
        "deadline": where.deadline,
        "created_at": rollout.created_at,
        "created_by": rollout.created_by,
        "reason": rollout.reason,
        "decided_at": rollout.decided_at,
        "verdict": rollout.verdict.to_document() if rollout.verdict else None,
        "quarantined": rollout.quarantined,
        "audience": rollout.audience,
        "paused_for": where.paused_for.value if where.paused_for else None,
        "approved": where.approved,
        "also": [asdict(each) for each in rollout.also],
        "cause": rollout.cause,
        "if_running": rollout.if_running,
        "approvals": [asdict(each) for each in rollout.approvals],
    }


def whole(
    rollout: Rollout, found: Look | None, events: Iterable[Mapping[str, Any]], generation: int
) -> dict[str, Any]:
    """Everything: the plan, what is known now, and how it came to be."""
    return {
        **summary(rollout),
        "plan": rollout.plan.to_view(),
        **in_both(rollout.plan),
        "generation": generation,
        "now": _now(found) if found else None,
        "events": [_plain(event) for event in events],
    }


def _now(found: Look) -> dict[str, Any]:
    situation = found.situation
    return {
        **found.verdict.to_document(),
        "elapsed": round(situation.elapsed, 1),
        "needed": situation.needed,
        "e_value_of_stage": round(min(exp(min(found.stage_evidence, 30.0)), LARGEST_FIGURE), 3),
    }


def _plain(event: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: value.timestamp() if isinstance(value, datetime.datetime) else value
        for name, value in event.items()
        if name != "schema"
    }
