"""What the routes answer that bring flags and segments into an environment, take them out of it,
and repair what is published."""

from __future__ import annotations

from typing import Any, Literal

from functions.administration import Answer, ChangeAnswer


class DifferenceAnswer(Answer):
    """Without `before` it is added, without `after` removed."""

    path: str
    before: Any = None
    after: Any = None


class ItemAnswer(Answer):
    """What becomes of one flag or segment."""

    key: str
    change: Literal["create", "change", "same"]
    differences: list[DifferenceAnswer]
    warnings: list[str]


class ProblemAnswer(Answer):
    """What stands in the way, and where in what was sent."""

    path: str
    problem: str
    remedy: str


class MissingAnswer(Answer):
    """What is referred to and not there: add it."""

    flags: list[str]
    segments: list[str]


class PlanAnswer(ChangeAnswer):
    """`done` says whether it was carried out. `confirm` is null while there are problems, of which
    the first are told."""

    done: bool
    flags: list[ItemAnswer]
    segments: list[ItemAnswer]
    problems: list[ProblemAnswer]
    problem_count: int
    missing: MissingAnswer
    confirm: str | None


class DriftAnswer(Answer):
    """Keys that are stored and not published, published and not stored, or not the same."""

    missing: list[str]
    extra: list[str]
    different: list[str]


class RepairedAnswer(Answer):
    """What differed. `client` are flags that were marked for clients in one of the two, `parts`
    those that were missing or damaged as a whole."""

    flags: DriftAnswer
    segments: DriftAnswer
    keys: DriftAnswer
    client: list[str]
    parts: list[str]


class UnreadableAnswer(Answer):
    """A document that was left alone, and why."""

    document: str
    problem: str


class SyncAnswer(ChangeAnswer):
    """`in_sync` is what was found; with `preview` nothing was repaired."""

    in_sync: bool
    preview: bool
    repaired: RepairedAnswer
    unreadable: list[UnreadableAnswer]
