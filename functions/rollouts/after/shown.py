"""What follows a rollout as people and programs see it over the API. Pure."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from functions.rollouts.after.rollback import Rollback

DETAILS = (
    "error_limit",
    "usual",
    "verdict",
    "flags",
    "checks",
    "incidents",
    "last_candidate_at",
    "checked_at",
)


def whole(rollback: Rollback) -> dict[str, Any]:
    """Everything that is recorded."""
    return {
        **asdict(rollback),
        "type": "rollback",
        "status": rollback.status.value,
        "verifying": rollback.verifying,
    }


def summary(rollback: Rollback) -> dict[str, Any]:
    """One line of a list."""
    return {name: value for name, value in whole(rollback).items() if name not in DETAILS}
