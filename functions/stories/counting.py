"""What a story request counts as in the metrics. Pure.

A request counts once for the version that was to serve it. When the version's own model was given
up for its fallback, the request is a failure of the version, whatever came of it, and what the
fallback did is counted beside it (`1.3.0+fallback`): a candidate that can't do without its fallback
earns nothing by it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from functions.metrics import names
from functions.metrics.observation import Observation
from functions.stories import quality
from functions.stories.handlers import ModelCall
from functions.stories.limits import prices
from functions.stories.model import failure
from functions.stories.model.calling import Attempt, Outcome, usage_of
from functions.stories.model.failure import Failure
from functions.stories.story import Story
from functions.stories.versions import BY_FALLBACK


@dataclass(frozen=True)
class Writing:
    """What became of a call: the story, if it came to one, or why it did not.

    `ended` is a failure of the model or of moderation. `first_piece_ms` is when a stream told its
    first piece, from the beginning of the request.
    """

    call: ModelCall
    outcome: Outcome = field(default_factory=lambda: Outcome(failure.unasked()))
    ended: Failure | None = None
    story: Story | None = None
    first_piece_ms: float | None = None

    @property
    def attempts(self) -> int:
        return len(self.outcome.attempts)


def observations(seen: Observation, writing: Writing | None) -> Iterator[Observation]:
    """`seen` is the request as it ended, for the version's arm; `writing` what was done for it."""
    if writing is None:
        yield seen
        return
    own, others = _divided(writing)
    if writing.outcome.gave_up is None:
        yield _with(seen, writing, own, _of_the_story(writing))
        return
    given_up = failure.to_error(writing.outcome.gave_up)
    waited = 1_000 * sum(attempt.seconds for attempt in own)
    cause = writing.outcome.gave_up.cause.value
    yield _with(
        replace(seen, code=given_up.code, cause=cause, duration_ms=waited), writing, own, {}
    )
    arm = seen.version + BY_FALLBACK
    yield _with(replace(seen, version=arm), writing, others, _of_the_story(writing))


def _divided(writing: Writing) -> tuple[Sequence[Attempt], Sequence[Attempt]]:
    """The calls of the version's own model, and those of its fallback."""
    attempts = writing.outcome.attempts
    own = [attempt for attempt in attempts if attempt.model == writing.call.model]
    return own, [attempt for attempt in attempts if attempt.model != writing.call.model]


def _with(
    seen: Observation, writing: Writing, attempts: Sequence[Attempt], measures: dict[str, float]
) -> Observation:
    usage = usage_of(attempts)
    cost = prices.settled(writing.call, attempts, seen.at)
    spent = {
        names.INPUT_TOKENS: usage.input_tokens,
        names.OUTPUT_TOKENS: usage.output_tokens,
        names.COST: cost,
    }
    billed = {name: float(value) for name, value in spent.items() if value}
    return replace(
        seen, retries=max(0, len(attempts) - 1), measures={**billed, **measures, **seen.measures}
    )


def _of_the_story(writing: Writing) -> dict[str, float]:
    """The measures of an answer that the model gave, if it gave one: rates are means of 0 and 1."""
    story, fault = writing.story, writing.ended.answer if writing.ended else None
    if story is None and fault is None:
        return {}
    scores = story.provenance.scores if story else {}
    measures = {name: float(fault == name) for name in names.FAULTS}
    measures[names.WRONG_LANGUAGE] = float(quality.wrong_language(scores)) if story else 0.0
    if story is not None:
        measures |= {names.QUALITY + name: score for name, score in scores.items()}
        measures[names.WORDS] = float(story.words)
    if story is not None and writing.first_piece_ms is not None:
        measures[names.FIRST_PIECE] = writing.first_piece_ms
    return measures
