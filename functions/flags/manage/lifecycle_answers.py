"""What the routes about the life of flags take and answer. Times are seconds since the epoch."""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field

from functions.administration import Answer, ChangeAnswer, ChangeBody
from functions.flags.manage.bodies import FlagKey
from functions.flags.manage.confirmation import LENGTH
from functions.flags.stale import Kind

MAXIMUM_KEYS = 100
"""Flags of one clean-up."""


class DayAnswer(Answer):
    """What a flag gave on a day. `total` counts all, also where variants are not told apart."""

    day: str
    total: int
    variants: dict[str, int]
    code_default: int
    errors: dict[str, int]


class EvaluationsAnswer(Answer):
    """Days without an evaluation are left out; the newest comes first."""

    key: str
    counting_since: float | None
    last_evaluated_at: float | None
    days: list[DayAnswer]


class ReasonAnswer(Answer):
    """Why a flag is stale, and since when."""

    kind: Kind
    since: float
    sentence: str


class StaleFlag(Answer):
    """`used_by` names what keeps it from being archived."""

    key: str
    revision: int
    owner: str
    description: str
    killed: bool
    reasons: list[ReasonAnswer]
    last_evaluated_at: float | None
    can_be_archived: bool
    used_by: list[str]


class StaleFlags(Answer):
    """`found` counts all; `flags` is a page of them. `flagd_fetched_at` is when flagd, or an
    in-process provider, last fetched the flags: what is evaluated there is not counted."""

    found: int
    counting_since: float | None
    flagd_fetched_at: float | None
    flags: list[StaleFlag]


class CleanUp(ChangeBody):
    """The flags to archive, of those that are stale. Without `confirm` the plan is answered."""

    keys: list[FlagKey] = Field(min_length=1, max_length=MAXIMUM_KEYS)
    confirm: str | None = Field(default=None, min_length=LENGTH, max_length=LENGTH)


class Action(StrEnum):
    ARCHIVE = "archive"
    KEEP = "keep"


class StepAnswer(Answer):
    """What becomes of a flag; `kept` says why nothing."""

    key: str
    revision: int | None
    action: Action
    kept: str | None
    reasons: list[ReasonAnswer]
    used_by: list[str]
    evaluations_7_days: int
    warnings: list[str]


class CleanUpAnswer(ChangeAnswer):
    """`confirm` carries the plan out, sent with the same keys; null when there is nothing to do."""

    done: bool
    plan: list[StepAnswer]
    confirm: str | None
