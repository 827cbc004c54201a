"""What may be asked for and what may be told, by audience, as OpenAI's moderation sees it.

A wish that is objectionable is the user's doing; a story that is, the version's. When nobody can
say, children get nothing, and others what the setting PALIER_MODERATION_OPEN lets through, with a
mark in the story's provenance.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from math import ceil
from typing import Literal

from functions.stories.model import failure
from functions.stories.model.calling import LOOK_SECONDS, Model, Moderated, Moderations
from functions.stories.model.failure import Cause, Failure
from functions.stories.request import Audience
from functions.stories.story import Mark

Of = Literal["wish", "story"]


@dataclass(frozen=True)
class Threshold:
    """The score (0 to 1) of a category from which on a text is objectionable, flagged or not."""

    usual: float
    of: Mapping[str, float] = field(default_factory=dict)

    def objects_to(self, category: str, score: float) -> bool:
        return score >= self.of.get(category, self.usual)


THRESHOLDS: Mapping[Audience, Threshold] = {
    "child": Threshold(0.2, {"violence": 0.4}),  # a tale may have a wolf
    "teen": Threshold(0.5, {"violence": 0.7}),
    "adult": Threshold(1.01),
}
"""Beside what the endpoint flags, which is objectionable for everybody."""


def objection(audience: Audience, results: Sequence[Moderated]) -> str | None:
    """The category that speaks against showing one of the texts to an audience; None when nothing
    does."""
    for result in results:
        worst = max(result.scores, key=lambda name: result.scores[name], default="flagged")
        if result.flagged:
            return worst
        for category, score in sorted(result.scores.items()):
            if THRESHOLDS[audience].objects_to(category, score):
                return category
    return None


@dataclass(frozen=True)
class Moderator:
    """`open_for` are the audiences for whom an endpoint that fails stops nothing."""

    model: Model
    open_for: frozenset[str]

    def check(
        self, of: Of, texts: Sequence[str], audience: Audience, seconds: float
    ) -> Generator[None, None, Mark | Failure]:
        """Whether the texts of a wish or a story may go on to an audience; it yields for as long as
        that isn't known, every LOOK_SECONDS. Closing it cancels the question."""
        answered = yield from self._answer(texts, max(0.0, seconds))
        if isinstance(answered, Failure):
            return "unavailable" if audience in self.open_for else _unanswered(answered)
        found = objection(audience, answered)
        return _objected(of, found) if found else "passed"

    def _answer(self, texts: Sequence[str], seconds: float) -> Generator[None, None, Moderations]:
        question = self.model.moderate(texts, seconds)
        try:
            for _ in range(1 + ceil(seconds / LOOK_SECONDS)):
                with suppress(TimeoutError):
                    return question.result(timeout=LOOK_SECONDS)
                yield
        finally:
            question.cancel()
        return failure.broken("OpenAI's moderation did not answer in time.")


def _unanswered(reason: Failure) -> Failure:
    if reason.reason in ("bad_key", "quota"):
        return reason
    return Failure(
        "upstream",
        Cause.UPSTREAM,
        "The story can't be checked for its audience: OpenAI's moderation did not answer.",
        status=reason.status,
        request_id=reason.request_id,
    )


def _objected(of: Of, category: str) -> Failure:
    """`category` is the endpoint's own word, never the user's."""
    if of == "wish":
        detail = f"The wish does not suit its audience ({category})."
        return Failure("bad_prompt", Cause.CLIENT, detail)
    detail = f"The story that was written does not suit its audience ({category})."
    return Failure("bad_prompt", Cause.CANDIDATE, detail, answer="unsuitable")
