"""What a request counts as: once for its version, and a fallback's work beside it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from functions.metrics.observation import Observation
from functions.stories.counting import Writing, observations
from functions.stories.handlers import ModelCall
from functions.stories.model import failure
from functions.stories.model.calling import Attempt, Completed, Outcome
from functions.stories.story import Draft, Provenance, Story, Usage
from functions.stories.versions import Parameters

CALL = ModelCall(
    model="gpt-own",
    instructions="Write.",
    data="{}",
    schema_name="story",
    schema={},
    parameters=Parameters(max_output_tokens=900),
    user="0123",
    cache_key="k",
    fallback="gpt-other",
)
SEEN = Observation(
    service="stories",
    version="1.3.0",
    generation=7,
    at=1_800_000_000.0,
    duration_ms=9_000.0,
    code="OK",
    cause="none",
    user_hash="0123",
    memory=0.25,
)
DRAFT = Draft(title="The Pier", paragraphs=("One two three.", "Four."))
USAGE = Usage(input_tokens=100, output_tokens=50)
OWN = Attempt("gpt-own", 2.0, USAGE)
DONE = Completed(DRAFT, "gpt-own-2026", "resp_1")
OUTAGE = failure.of_status(503)
FAILED = Attempt("gpt-own", 3.0, None, failure=OUTAGE)
OTHER = Attempt("gpt-other", 1.0, USAGE)


def a_story(**scores: float) -> Story:
    provenance = Provenance(
        version="1.3.0",
        content_hash="0" * 64,
        model="gpt-own",
        usage=USAGE,
        attempts=1,
        scores={"language": 1.0, **scores},
    )
    return Story.of(DRAFT, "en", provenance)


def test_a_request_that_asked_no_model() -> None:
    assert list(observations(SEEN, None)) == [SEEN]


def test_a_story() -> None:
    writing = Writing(CALL, Outcome(DONE, (OWN,)), story=a_story(length=0.5), first_piece_ms=800.0)
    [counted] = observations(SEEN, writing)
    assert (counted.version, counted.code, counted.retries) == ("1.3.0", "OK", 0)
    measures = counted.measures
    assert (measures["words"], measures["quality_length"]) == (4.0, 0.5)
    assert (measures["input_tokens"], measures["output_tokens"]) == (100.0, 50.0)
    assert measures["cost_microdollars"] > 0
    assert measures["first_piece_ms"] == 800.0
    rates = ("refused", "truncated", "unsuitable", "wrong_language")
    assert [measures[name] for name in rates] == [0.0] * 4


def test_a_story_in_another_language() -> None:
    writing = Writing(CALL, Outcome(DONE, (OWN,)), story=a_story(language=0.0))
    [counted] = observations(SEEN, writing)
    assert counted.measures["wrong_language"] == 1.0


@pytest.mark.parametrize(
    ("ended", "name"),
    [
        pytest.param(failure.refused("no"), "refused", id="refused"),
        pytest.param(failure.truncated(), "truncated", id="truncated"),
        pytest.param(
            replace(failure.refused("no"), answer="unsuitable"), "unsuitable", id="unsuitable"
        ),
    ],
)
def test_an_answer_that_is_no_story_counts_in_the_rates(ended: failure.Failure, name: str) -> None:
    writing = Writing(CALL, Outcome(ended, (replace(OWN, failure=ended),)), ended=ended)
    [counted] = observations(replace(SEEN, code="OPENAI_ERROR", cause="candidate"), writing)
    assert counted.measures[name] == 1.0
    assert counted.measures["wrong_language"] == 0.0
    assert "words" not in counted.measures


def test_no_answer_counts_in_no_rate() -> None:
    writing = Writing(CALL, Outcome(OUTAGE, (FAILED, FAILED)), ended=OUTAGE)
    [counted] = observations(replace(SEEN, code="OPENAI_ERROR", cause="upstream"), writing)
    assert counted.retries == 1
    assert "refused" not in counted.measures


def test_a_fallback_earns_its_version_nothing() -> None:
    outcome = Outcome(DONE, (FAILED, FAILED, OTHER), gave_up=OUTAGE)
    own, beside = observations(SEEN, Writing(CALL, outcome, story=a_story()))
    assert (own.version, own.code, own.cause) == ("1.3.0", "OPENAI_ERROR", "upstream")
    assert own.failed
    assert (own.duration_ms, own.retries) == (6_000.0, 1)
    assert not set(own.measures) & {"words", "refused", "quality_language"}
    assert (beside.version, beside.code, beside.retries) == ("1.3.0+fallback", "OK", 0)
    assert beside.measures["words"] == 4.0
    assert beside.measures["input_tokens"] == 100.0
    assert own.user_hash == beside.user_hash


def test_a_fallback_that_fails_as_well() -> None:
    outcome = Outcome(OUTAGE, (FAILED, replace(FAILED, model="gpt-other")), gave_up=OUTAGE)
    seen = replace(SEEN, code="OPENAI_ERROR", cause="upstream", version="1.3.0+pinned")
    own, beside = observations(seen, Writing(CALL, outcome, ended=OUTAGE))
    assert (own.version, beside.version) == ("1.3.0+pinned", "1.3.0+pinned+fallback")
    assert own.failed
    assert beside.failed
