"""What the routes of the registry answer."""

from __future__ import annotations

from typing import Any, Literal

from functions.administration import Answer


class HealthAnswer(Answer):
    status: Literal["ok", "degraded", "down"]
    version: str
    application: str
    environment: str
    generation: int | None
    snapshot_age_seconds: float


class MemberAnswer(Answer):
    uid: str
    role: str
    environments: list[str]


class FormerMember(Answer):
    uid: str


class AuditEntry(Answer):
    """One entry of the trail. `before` and `after` are what was changed, of any form."""

    sequence: int
    at: float
    environment: str
    actor: str
    action: str
    target: str
    reason: str
    before: Any
    after: Any
    generation: int
    previous: str
    hash: str


class AuditTrail(Answer):
    entries: list[AuditEntry]


class Verified(Answer):
    ok: bool
    entries: int
    problem: str | None
