"""When a model fails for a while: who stands in, who is spared, and what is accounted for."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from functions.stories.model.breaker import Rule
from functions.stories.model.calling import Completed, Outcome
from functions.stories.model.failure import Cause, Failure
from functions.stories.model.openai import OpenAIModel
from functions.stories.model.retries import RetryBudget
from tests.servers import hostile_openai as hostile
from tests.servers.hostile_openai import Behaviour, Exchange, HostileOpenAI
from tests.unit.stories.calls import (
    FALLBACK,
    HANDLER,
    OWN,
    SLACK,
    ask,
    call,
    listen,
    model_of,
    wait_until,
)

WITH_FALLBACK = call(fallback=FALLBACK)
NONE = RetryBudget(0.0, most=0.0)
NO_STORY = hostile.reply(hostile.response("Once upon a time"))
QUICK = Rule(window_seconds=30, least=4, share=0.5, open_seconds=0.4)


@contextmanager
def fresh(
    server: HostileOpenAI, *, rule: Rule = QUICK, retries: RetryBudget = NONE
) -> Iterator[OpenAIModel]:
    with model_of(server.address, rule=rule, retries=retries) as model:
        yield model


def by_model(own: Behaviour, fallback: Behaviour) -> Behaviour:
    def behave(exchange: Exchange) -> None:
        (fallback if exchange.body["model"] == FALLBACK else own)(exchange)

    return behave


def by_wish(theme: str, one: Behaviour, others: Behaviour) -> Behaviour:
    def behave(exchange: Exchange) -> None:
        wish = json.loads(exchange.body["input"][0]["content"])
        (one if wish["theme"] == theme else others)(exchange)

    return behave


def asked(server: HostileOpenAI) -> list[str]:
    return [request["model"] for request in server.requests]


def reason(outcome: Outcome) -> str | None:
    return outcome.result.reason if isinstance(outcome.result, Failure) else None


RETRYABLE = [
    pytest.param(hostile.error(500), "upstream", id="500"),
    pytest.param(hostile.error(429), "rate", id="429"),
    pytest.param(hostile.drop(), "upstream", id="dropped"),
    pytest.param(hostile.reply(b"<html>"), "upstream", id="HTML"),
]


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(("behaviour", "why"), RETRYABLE)
def test_the_fallback_stands_in(
    server: HostileOpenAI, model: OpenAIModel, behaviour: Behaviour, why: str, stream: bool
) -> None:
    server.play(by_model(behaviour, hostile.streamed() if stream else hostile.story()))
    outcome = ask(model, WITH_FALLBACK, 3, stream=stream)
    assert isinstance(outcome.result, Completed)
    assert outcome.gave_up is not None
    assert outcome.gave_up.reason == why
    assert asked(server) == [attempt.model for attempt in outcome.attempts] == [OWN, OWN, FALLBACK]


@pytest.mark.parametrize(
    "behaviour",
    [
        pytest.param(hostile.error(401), id="key"),
        pytest.param(hostile.error(429, "insufficient_quota"), id="quota"),
        pytest.param(hostile.error(404), id="version"),
        pytest.param(hostile.error(400), id="prompt"),
        pytest.param(hostile.refusal(), id="refusal"),
        pytest.param(hostile.incomplete(), id="truncated"),
        pytest.param(NO_STORY, id="no story"),
    ],
)
def test_what_a_fallback_would_share_is_not_tried(
    server: HostileOpenAI, model: OpenAIModel, behaviour: Behaviour
) -> None:
    server.play(by_model(behaviour, hostile.story()))
    outcome = ask(model, WITH_FALLBACK)
    assert isinstance(outcome.result, Failure)
    assert outcome.gave_up is None
    assert asked(server) == [OWN]


def test_nobody_stands_in_once_a_piece_was_told(server: HostileOpenAI, model: OpenAIModel) -> None:
    server.play(by_model(hostile.streamed_cut(), hostile.streamed()))
    pieces, outcome = listen(model.begin(WITH_FALLBACK, HANDLER, 3, stream=True))
    assert [piece.kind for piece in pieces] == ["title"]
    assert reason(outcome) == "upstream"
    assert asked(server) == [OWN]


def test_a_fallback_that_fails_too_is_asked_once(server: HostileOpenAI, model: OpenAIModel) -> None:
    server.play(by_model(hostile.error(500), hostile.error(404)))
    outcome = ask(model, WITH_FALLBACK, 3)
    assert reason(outcome) == "bad_version"
    assert outcome.gave_up is not None
    assert outcome.gave_up.reason == "upstream"
    assert asked(server) == [OWN, OWN, FALLBACK]


def test_a_fallback_that_does_not_fit_is_not_asked(server: HostileOpenAI) -> None:
    server.play(by_model(hostile.error(500), hostile.late(0.4)))
    with fresh(server) as model:
        assert ask(model, WITH_FALLBACK, 3).gave_up is not None  # now it is known to take 0.4 s
        server.play(by_model(hostile.error(500), hostile.late(0.4)))
        outcome = ask(model, WITH_FALLBACK, 0.3)
        assert reason(outcome) == "upstream"
        assert outcome.gave_up is None
        assert asked(server) == [OWN]


def test_who_stood_in_is_known_when_time_runs_out(
    server: HostileOpenAI, model: OpenAIModel
) -> None:
    server.play(by_model(hostile.error(500), hostile.hang()))
    started = time.monotonic()
    outcome = ask(model, WITH_FALLBACK, 1)
    assert time.monotonic() - started < 1 + SLACK
    assert reason(outcome) == "timeout"
    assert outcome.gave_up is not None
    assert outcome.gave_up.reason == "upstream"
    assert [attempt.model for attempt in outcome.attempts] == asked(server)
    assert asked(server)[-1] == FALLBACK


def test_a_version_is_no_fallback_of_itself(server: HostileOpenAI, model: OpenAIModel) -> None:
    server.play(hostile.error(500))
    outcome = ask(model, call(fallback=OWN), 3)
    assert outcome.gave_up is None
    assert asked(server) == [OWN, OWN]


def test_retries_have_a_budget(server: HostileOpenAI) -> None:
    server.play(hostile.error(500))
    with fresh(server, rule=Rule(least=1_000), retries=RetryBudget(2.0)) as model:
        outcomes = [ask(model, seconds=3) for _ in range(6)]
    assert [len(outcome.attempts) for outcome in outcomes] == [2, 2, 1, 1, 1, 1]
    assert len(server.requests) == 8


def test_a_model_that_keeps_failing_is_left_alone(server: HostileOpenAI) -> None:
    server.play(hostile.error(500))
    with fresh(server) as model:
        for _ in range(QUICK.least):
            ask(model)
        assert len(server.requests) == QUICK.least
        outcome = ask(model)
        assert reason(outcome) == "upstream"
        assert isinstance(outcome.result, Failure)
        assert outcome.result.cause is Cause.UPSTREAM
        assert outcome.attempts == ()
        assert len(server.requests) == QUICK.least


def test_it_is_tried_again_by_one_call(server: HostileOpenAI) -> None:
    server.play(hostile.error(500))
    with fresh(server) as model:
        for _ in range(QUICK.least):
            ask(model)
        time.sleep(QUICK.open_seconds)
        server.play(hostile.late(0.2))
        probe = model.begin(call(), HANDLER, 3, stream=False)
        wait_until(lambda: len(server.requests) == 1)
        assert ask(model).attempts == ()
        assert isinstance(listen(probe)[1].result, Completed)
        assert isinstance(ask(model).result, Completed)


def test_the_fallback_is_asked_in_its_place(server: HostileOpenAI) -> None:
    server.play(by_model(hostile.error(500), hostile.story()))
    with fresh(server) as model:
        for _ in range(QUICK.least):
            assert isinstance(ask(model, WITH_FALLBACK).result, Completed)
        server.play(by_model(hostile.error(500), hostile.story()))
        outcome = ask(model, WITH_FALLBACK)
        assert isinstance(outcome.result, Completed)
        assert outcome.gave_up is not None
        assert asked(server) == [FALLBACK]


def test_when_both_rest_nobody_stood_in(server: HostileOpenAI) -> None:
    server.play(hostile.error(500))
    with fresh(server, rule=Rule(least=4, open_seconds=30)) as model:
        for _ in range(4):
            ask(model, WITH_FALLBACK)
        outcome = ask(model, WITH_FALLBACK)
        assert outcome.attempts == ()
        assert outcome.gave_up is None
        assert reason(outcome) == "upstream"


def test_waiting_in_vain_counts_against_a_model(server: HostileOpenAI) -> None:
    server.play(hostile.hang())
    with fresh(server) as model:
        for _ in range(QUICK.least):
            assert reason(ask(model, seconds=0.1)) == "timeout"
        assert ask(model).attempts == ()


def test_silence_does_not_while_others_are_answered(server: HostileOpenAI) -> None:
    """A version whose prompt runs long shares its model with one whose prompt doesn't."""
    server.play(by_wish("long", hostile.hang(), hostile.story()))
    with fresh(server) as model:
        for _ in range(QUICK.least):
            assert isinstance(ask(model).result, Completed)
            assert reason(ask(model, call("long"), 0.1)) == "timeout"
        for _ in range(QUICK.least):
            assert reason(ask(model, call("long"), 0.1)) == "timeout"
        assert isinstance(ask(model).result, Completed)


def test_a_stream_without_a_word_counts_whoever_else_is_answered(server: HostileOpenAI) -> None:
    server.play(by_wish("long", hostile.hang(), hostile.story()))
    with fresh(server) as model:
        for _ in range(2):
            assert isinstance(ask(model).result, Completed)
            assert reason(ask(model, call("long"), 0.1, stream=True)) == "timeout"
        assert ask(model).attempts == ()


def test_a_stream_that_runs_long_does_not(server: HostileOpenAI) -> None:
    begun = {"type": "response.created", "response": hostile.response("", status="in_progress")}

    def thinking(exchange: Exchange) -> None:
        hostile.stream([begun])(exchange)
        hostile.hang()(exchange)

    server.play(thinking)
    with fresh(server) as model:
        for _ in range(2 * QUICK.least):
            outcome = ask(model, seconds=0.15, stream=True)
            assert reason(outcome) == "timeout"
            assert len(outcome.attempts) == 1


@pytest.mark.parametrize(
    "behaviour",
    [
        pytest.param(hostile.error(404), id="404"),
        pytest.param(hostile.error(429, "insufficient_quota"), id="quota"),
        pytest.param(hostile.refusal(), id="refusal"),
        pytest.param(NO_STORY, id="no story"),
    ],
)
def test_what_is_no_outage_does_not(server: HostileOpenAI, behaviour: Behaviour) -> None:
    server.play(behaviour)
    with fresh(server) as model:
        assert [len(ask(model).attempts) for _ in range(8)] == [1] * 8


def test_clients_that_leave_do_not(server: HostileOpenAI) -> None:
    server.play(hostile.hang())
    with fresh(server) as model:
        generations = [model.begin(call(), HANDLER, 20, stream=False) for _ in range(8)]
        wait_until(lambda: len(server.requests) == 8)
        for generation in generations:
            generation.cancel()
        wait_until(lambda: server.abandoned == 8)
        time.sleep(0.05)  # and now the loop has heard of it too
        server.play(hostile.story())
        assert isinstance(ask(model).result, Completed)
