"""What the routes of completion take and answer. Times are seconds since the epoch."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from functions.administration import Answer, ChangeAnswer, ChangeBody
from functions.rollouts.after.lessons import LONGEST
from functions.rollouts.after.rollback import Status
from functions.rollouts.answers import RolloutChanged
from functions.rollouts.state import Phase


class LessonsBody(ChangeBody):
    """What went well, what didn't, what is done about it. No data of users."""

    text: Annotated[str, Field(min_length=1, max_length=LONGEST)]


class LessonsAnswer(Answer):
    text: str
    by: str
    at: float


class LessonsWritten(ChangeAnswer):
    lessons: LessonsAnswer


class FlagAnswer(Answer):
    """`hindrance`: why a flag that is left can't be archived now."""

    flag: str
    became: Literal["permanent", "version", "archived", "gone", "left"]
    last_evaluated_at: float | None
    hindrance: str | None


class RemoveFlagsBody(ChangeBody):
    """`force`: also flags that apps still ask for, which then use the default in their code."""

    force: bool = False


class FlagsRemoved(ChangeAnswer):
    """What became of every flag of the rollout. `warning` says what nobody can know of who reads
    them, "" when nothing is unknown."""

    flags: list[FlagAnswer]
    warning: str


class RolloutCompleted(RolloutChanged):
    """`flags` and `warning` as in FlagsRemoved, empty where their removal wasn't asked for."""

    flags: list[FlagAnswer]
    warning: str


class CompletionAnswer(Answer):
    """What is left to be done of a rollout, and what was done."""

    id: str
    phase: Phase
    left: list[Literal["end", "verification", "flags", "archive", "lessons"]]
    flags: list[FlagAnswer]
    rollback: Status | None
    archived_through: int | None
    archived: bool
    lessons: LessonsAnswer | None


class MeasureAnswer(Answer):
    count: int
    mean: float | None
    variance: float | None


class SumAnswer(Answer):
    """What one arm did in a stretch."""

    requests: int
    failures: int
    error_rate: float | None
    mean_ms: float | None
    p95_ms: float | None
    errors: dict[str, int]
    causes: dict[str, int]
    measures: dict[str, MeasureAnswer]


class StretchAnswer(Answer):
    """A time under one split; `number` is that of the event that began it."""

    number: int
    stage: int
    within: Phase
    percentage: float
    since: float
    until: float | None
    arms: dict[Literal["candidate", "control"], SumAnswer]


class HourAnswer(Answer):
    at: int
    arms: dict[Literal["candidate", "control"], dict[str, float]]


class ArchiveAnswer(Answer):
    """`through`: minutes before it are in it; `done`: nothing will be added any more."""

    id: str
    through: int
    done: bool
    stretches: list[StretchAnswer]
    hours: list[HourAnswer]
