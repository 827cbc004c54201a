"""The adapter against an OpenAI that others wrote: @copilotkit/aimock. The normal ways, the same as
against the server that misbehaves; the traps are in tests/unit/stories."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from functions.clock import SystemClock
from functions.stories import handlers, prompt
from functions.stories.handlers import ModelCall
from functions.stories.model.calling import Completed, Outcome
from functions.stories.model.failure import Cause, Failure
from functions.stories.model.openai import OpenAIModel
from functions.stories.request import StoryRequest
from functions.stories.story import Piece
from functions.stories.versions import Parameters, StoryVersion
from local import aimock

SECONDS = 10.0


@pytest.fixture(scope="module")
def model() -> Iterator[OpenAIModel]:
    with aimock.running(milliseconds=40, name="openai-adapter") as url:
        model = OpenAIModel(lambda: "local", SystemClock(), address=url, typical_seconds=0.1)
        yield model
        model.close()


def call(model: str, handler: str, *, fallback: str | None = None) -> ModelCall:
    version = StoryVersion(
        version="1.0.0",
        prompt="tale-3",
        prompt_hash=prompt.load("tale-3").hash,
        model=model,
        handler=handler,
        fallback=fallback,
        parameters=Parameters(max_output_tokens=4_000),
    )
    wish = StoryRequest(theme="la mer", hero="Mina", language="fr", chapters=3)
    return handlers.HANDLERS[handler].compose(version, prompt.load("tale-3"), wish, "palier_1")


def ask(
    model: OpenAIModel, name: str, handler: str = "one-call-2", *, stream: bool = False
) -> tuple[list[Piece], Outcome]:
    generation = model.begin(
        call(name, handler), handlers.HANDLERS[handler], SECONDS, stream=stream
    )
    pieces: list[Piece] = []
    while not isinstance(found := generation.next(SECONDS), Outcome):
        assert found is not None
        pieces.append(found)
    return pieces, found


@pytest.mark.parametrize("handler", handlers.HANDLERS)
@pytest.mark.parametrize("stream", [False, True])
def test_a_story(model: OpenAIModel, handler: str, stream: bool) -> None:
    pieces, outcome = ask(model, aimock.HEALTHY_MODEL, handler, stream=stream)
    assert isinstance(outcome.result, Completed)
    draft = outcome.result.draft
    assert any("Mina" in paragraph for paragraph in draft.paragraphs)
    assert len(draft.chapters) == (3 if handler == "one-call-2" else 0)
    assert [piece.text for piece in pieces if piece.kind == "paragraph"] == (
        list(draft.paragraphs) if stream else []
    )
    assert sorted(piece.text for piece in pieces) == (sorted(draft.texts) if stream else [])
    assert len(outcome.attempts) == 1
    assert outcome.usage.input_tokens > 0
    assert outcome.usage.output_tokens > 100
    assert outcome.attempts[0].answered_by == aimock.HEALTHY_MODEL


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    ("name", "reason", "cause", "calls"),
    [
        (aimock.BROKEN_MODEL, "bad_version", Cause.CANDIDATE, 1),
        ("gpt-error", "upstream", Cause.UPSTREAM, 2),
        ("gpt-overloaded", "upstream", Cause.UPSTREAM, 2),
        ("gpt-rate-limited", "rate", Cause.UPSTREAM, 2),
        ("gpt-no-quota", "quota", Cause.UPSTREAM, 1),
        ("gpt-forbidden", "bad_key", Cause.UPSTREAM, 1),
    ],
)
def test_failures(
    model: OpenAIModel, name: str, reason: str, cause: Cause, calls: int, stream: bool
) -> None:
    _, outcome = ask(model, name, stream=stream)
    assert isinstance(outcome.result, Failure)
    assert (outcome.result.reason, outcome.result.cause) == (reason, cause)
    assert len(outcome.attempts) == calls


def test_a_stream_that_is_cut(model: OpenAIModel) -> None:
    pieces, outcome = ask(model, aimock.CUT_MODEL, stream=True)
    assert pieces[0].kind == "title"
    assert isinstance(outcome.result, Failure)
    assert outcome.result.reason == "upstream"
    assert outcome.attempts[0].received > 100


def test_a_fallback(model: OpenAIModel) -> None:
    handler = handlers.HANDLERS["one-call-2"]
    asked = call("gpt-overloaded", "one-call-2", fallback=aimock.HEALTHY_MODEL)
    outcome = model.begin(asked, handler, SECONDS, stream=False).next(SECONDS)
    assert isinstance(outcome, Outcome)
    assert isinstance(outcome.result, Completed)
    assert outcome.gave_up is not None
    assert outcome.attempts[-1].model == aimock.HEALTHY_MODEL


def test_moderation(model: OpenAIModel) -> None:
    texts = ["a lighthouse", f"a {aimock.OBJECTIONABLE} at sea"]
    found = model.moderate(texts, SECONDS).result(SECONDS)
    assert not isinstance(found, Failure)
    assert [each.flagged for each in found] == [False, True]
    assert max(found[1].scores.values()) > 0.9
