"""A story told while it is written: the traps of streams, with the real client."""

from __future__ import annotations

import json
import time

import pytest

from functions.stories.handlers import OneCall
from functions.stories.model.calling import Completed, Outcome
from functions.stories.model.failure import Cause, Failure
from functions.stories.model.openai import OpenAIModel
from functions.stories.story import Draft, Piece
from tests.servers import hostile_openai as hostile
from tests.servers.hostile_openai import Behaviour, Exchange, HostileOpenAI
from tests.unit.stories.calls import (
    DEADLINE,
    HANDLER,
    SLACK,
    ask,
    call,
    listen,
    model_of,
    wait_until,
)

TITLE = Piece(kind="title", text=str(hostile.DRAFT["title"]))
PIECES = [TITLE, *(Piece(kind="paragraph", text=each) for each in hostile.DRAFT["paragraphs"])]


def tell(model: OpenAIModel, seconds: float = DEADLINE) -> tuple[list[Piece], Outcome]:
    return listen(model.begin(call(), HANDLER, seconds, stream=True), seconds)


def test_pieces_come_while_it_is_written(server: HostileOpenAI, model: OpenAIModel) -> None:
    server.play(hostile.streamed(pause=0.03))
    generation = model.begin(call(), HANDLER, 5, stream=True)
    assert generation.next(0.01) is None
    assert generation.next(5) == TITLE
    first = time.monotonic()
    rest, outcome = listen(generation)
    assert time.monotonic() - first > 0.1
    assert [TITLE, *rest] == PIECES
    assert isinstance(outcome.result, Completed)
    assert outcome.result.draft == Draft.model_validate(hostile.DRAFT)
    assert outcome.usage.output_tokens == 200
    assert [attempt.failure for attempt in outcome.attempts] == [None]
    assert outcome.attempts[0].received == len(json.dumps(hostile.DRAFT))
    assert generation.next(0) is outcome
    assert generation.cancel() is outcome
    assert server.requests[0]["stream"] is True


def test_it_is_streamed_only_to_who_listens(server: HostileOpenAI, model: OpenAIModel) -> None:
    server.play(hostile.story())
    ask(model)
    assert "stream" not in server.requests[0]


FAILURES = [
    pytest.param(hostile.streamed_cut(), "upstream", [TITLE], 1, id="cut"),
    pytest.param(hostile.streamed_cut(share=0), "upstream", [], 2, id="cut before the first piece"),
    pytest.param(hostile.streamed_without_end(), "upstream", PIECES, 1, id="no completed"),
    pytest.param(hostile.streamed_error(), "upstream", [TITLE], 1, id="error event"),
    pytest.param(
        hostile.streamed_error(code="insufficient_quota"), "quota", [TITLE], 1, id="error: quota"
    ),
    pytest.param(hostile.streamed_failed(), "upstream", [TITLE], 1, id="failed"),
    pytest.param(
        hostile.streamed_failed(code="rate_limit_exceeded"), "rate", [TITLE], 1, id="failed: rate"
    ),
    pytest.param(hostile.streamed_incomplete(), "bad_version", [TITLE], 1, id="truncated"),
    pytest.param(
        hostile.streamed_incomplete(reason="content_filter"),
        "bad_prompt",
        [TITLE],
        1,
        id="filtered",
    ),
    pytest.param(hostile.streamed_refusal(), "bad_prompt", [], 1, id="refusal"),
    pytest.param(hostile.streamed_garbage(), "upstream", [TITLE], 1, id="no JSON"),
    pytest.param(hostile.streamed_lie(), "upstream", PIECES, 1, id="another story at its end"),
    pytest.param(hostile.error(404), "bad_version", [], 1, id="404"),
    pytest.param(hostile.error(429, "insufficient_quota"), "quota", [], 1, id="quota"),
    pytest.param(hostile.error(500), "upstream", [], 2, id="500"),
    pytest.param(hostile.drop(), "upstream", [], 2, id="dropped"),
    pytest.param(
        hostile.reply(b"<html>busy</html>", kind="text/html"), "upstream", [], 2, id="HTML"
    ),
    pytest.param(
        hostile.reply(b"<html>busy</html>", kind="text/event-stream"), "upstream", [], 2, id="lies"
    ),
]


@pytest.mark.parametrize(("behaviour", "reason", "told", "calls"), FAILURES)
def test_failures(
    server: HostileOpenAI,
    model: OpenAIModel,
    behaviour: Behaviour,
    reason: str,
    told: list[Piece],
    calls: int,
) -> None:
    """Whoever was told a beginning is told the truth about its end, and never another beginning."""
    server.play(behaviour)
    pieces, outcome = tell(model)
    assert isinstance(outcome.result, Failure)
    assert outcome.result.reason == reason
    assert pieces == told
    assert len(outcome.attempts) == len(server.requests) == calls
    assert "lantern" not in outcome.result.detail.lower()


def test_a_retry_before_the_first_piece(server: HostileOpenAI, model: OpenAIModel) -> None:
    server.play(hostile.streamed_cut(share=0.05), hostile.streamed())
    pieces, outcome = tell(model)
    assert pieces == PIECES
    assert isinstance(outcome.result, Completed)
    assert len(outcome.attempts) == len(server.requests) == 2


def test_an_answer_that_isnt_streamed_is_taken(server: HostileOpenAI, model: OpenAIModel) -> None:
    server.play(hostile.story())
    pieces, outcome = tell(model)
    assert pieces == PIECES
    assert isinstance(outcome.result, Completed)


def test_what_a_cut_stream_brought_is_known(server: HostileOpenAI, model: OpenAIModel) -> None:
    server.play(hostile.streamed_cut())
    attempt = tell(model)[1].attempts[0]
    assert attempt.usage is None
    assert 20 < attempt.received < len(json.dumps(hostile.DRAFT))
    server.play(hostile.streamed_incomplete())
    assert tell(model)[1].usage.output_tokens == 200


def halting(exchange: Exchange) -> None:
    """The first half, and then nothing."""
    told = list(hostile.deltas(json.dumps(hostile.DRAFT)))
    hostile.stream(told[: len(told) // 2])(exchange)
    hostile.hang()(exchange)


LONG = {"title": "Long", "paragraphs": ["Word " * 100] * 5}


@pytest.mark.parametrize(
    "behaviour",
    [
        pytest.param(hostile.hang(), id="hang"),
        pytest.param(halting, id="hang in the middle"),
        pytest.param(hostile.streamed(LONG, pause=0.02), id="dripped stream"),
        pytest.param(hostile.drip_error(0.02), id="dripped error"),
    ],
)
def test_the_deadline_holds(
    server: HostileOpenAI, model: OpenAIModel, behaviour: Behaviour
) -> None:
    server.play(behaviour)
    started = time.monotonic()
    _, outcome = tell(model, 0.5)
    assert 0.45 < time.monotonic() - started < 0.5 + SLACK
    assert isinstance(outcome.result, Failure)
    assert (outcome.result.reason, outcome.result.cause) == ("timeout", Cause.UPSTREAM)
    assert len(outcome.attempts) == len(server.requests) == 1
    wait_until(lambda: server.abandoned == 1)


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize(
    "behaviour",
    [
        pytest.param(hostile.hang(), id="nothing sent yet"),
        pytest.param(halting, id="in the middle"),
        pytest.param(hostile.streamed(LONG, pause=0.02), id="while it is told"),
        pytest.param(hostile.drip_error(0.02), id="in an error"),
        pytest.param(hostile.drip(0.02), id="in a body"),
    ],
)
def test_cancelling_closes_the_connection(
    server: HostileOpenAI, model: OpenAIModel, behaviour: Behaviour, stream: bool
) -> None:
    server.play(behaviour)
    generation = model.begin(call(), HANDLER, 20, stream=stream)
    wait_until(lambda: len(server.requests) == 1)
    generation.next(0.2)
    outcome = generation.cancel()
    assert wait_until(lambda: server.abandoned == 1) < 1
    assert isinstance(outcome.result, Failure)
    assert outcome.result.cause is Cause.CLIENT
    assert len(outcome.attempts) == len(server.requests) == 1
    assert outcome.attempts[0].failure == outcome.result
    assert generation.cancel() is outcome
    assert generation.next(0) is outcome


def test_cancelled_before_it_began(server: HostileOpenAI, model: OpenAIModel) -> None:
    server.play(hostile.hang())
    started = time.monotonic()
    outcomes = [model.begin(call(), HANDLER, 20, stream=True).cancel() for _ in range(20)]
    assert time.monotonic() - started < 2
    sent = sum(len(outcome.attempts) for outcome in outcomes)
    wait_until(lambda: len(server.requests) == sent)


def test_cancelled_between_two_calls(server: HostileOpenAI, model: OpenAIModel) -> None:
    server.play(hostile.error(429, retry_after="5"))
    generation = model.begin(call(), HANDLER, 20, stream=True)
    wait_until(lambda: len(server.requests) == 1)
    assert generation.next(0.2) is None
    outcome = generation.cancel()
    assert [attempt.failure.reason for attempt in outcome.attempts if attempt.failure] == ["rate"]


class Jamming(OneCall):
    """Code of ours that holds up the loop."""

    def read(self, text: str) -> Draft:
        time.sleep(1.5)
        return super().read(text)


def test_a_stuck_loop_holds_up_nobody(server: HostileOpenAI, model: OpenAIModel) -> None:
    server.play(hostile.story(), hostile.hang())
    jam = model.begin(call(), Jamming(), 5, stream=False)
    wait_until(lambda: len(server.requests) == 1)
    waiting = model.begin(call(), HANDLER, 0.5, stream=True)
    started = time.monotonic()
    _, outcome = listen(waiting, 5)
    assert time.monotonic() - started < 0.5 + SLACK
    assert isinstance(outcome.result, Failure)
    assert (outcome.result.reason, outcome.result.cause) == ("timeout", Cause.INTERNAL)
    assert isinstance(listen(jam, 5)[1].result, Completed)


class Crashing(OneCall):
    def read(self, text: str) -> Draft:
        raise ZeroDivisionError


@pytest.mark.parametrize("stream", [True, False])
def test_a_crash_of_ours_is_raised_and_accounted_for(
    server: HostileOpenAI, model: OpenAIModel, stream: bool
) -> None:
    server.play(hostile.story())
    generation = model.begin(call(), Crashing(), 5, stream=stream)
    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            generation.next(5)
    started = time.monotonic()
    assert len(generation.cancel().attempts) == 1
    assert time.monotonic() - started < 0.5


class Wandering(OneCall):
    """Whose pieces don't go on from each other."""

    def pieces(self, text: str) -> tuple[Piece, ...]:
        return (Piece(kind="title", text=str(len(text))),)


def test_pieces_that_are_no_beginning_of_the_story(
    server: HostileOpenAI, model: OpenAIModel
) -> None:
    server.play(hostile.streamed(pause=0.005))
    pieces, outcome = listen(model.begin(call(), Wandering(), 5, stream=True))
    assert len(pieces) == 1
    assert isinstance(outcome.result, Failure)
    assert (outcome.result.reason, outcome.result.cause) == ("bad_version", Cause.CANDIDATE)


def test_a_connection_is_used_again(server: HostileOpenAI) -> None:
    clients: set[object] = set()

    def chunked(exchange: Exchange) -> None:
        """As servers stream that keep their connections: the end comes a moment later."""
        clients.add(exchange.connection.getpeername())
        text = json.dumps(hostile.DRAFT)
        head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
        exchange.send(f"{head}Transfer-Encoding: chunked\r\n\r\n".encode())
        for event in [*hostile.deltas(text), hostile.completed(text)]:
            data = f"data: {json.dumps(event)}\n\n"
            exchange.send(f"{len(data):x}\r\n{data}\r\n".encode())
        exchange.pause(0.02)
        exchange.send(b"0\r\n\r\n")
        exchange.keep_alive = True

    server.play(chunked)
    with model_of(server.address) as alone:  # others have connections to choose from
        for _ in range(3):
            assert isinstance(tell(alone)[1].result, Completed)
    assert len(clients) == 1


def test_nobody_waits_for_a_stream_that_stays_open(
    server: HostileOpenAI, model: OpenAIModel
) -> None:
    def lingering(exchange: Exchange) -> None:
        hostile.streamed()(exchange)
        hostile.hang()(exchange)

    server.play(lingering)
    started = time.monotonic()
    assert isinstance(tell(model, 5)[1].result, Completed)
    assert time.monotonic() - started < 1
    wait_until(lambda: server.abandoned == 1)


def test_a_redirect_is_not_followed(server: HostileOpenAI, model: OpenAIModel) -> None:
    with HostileOpenAI([hostile.story()]) as elsewhere:
        server.play(
            hostile.reply(b"", status=307, headers={"location": f"{elsewhere.address}/responses"})
        )
        outcome = ask(model)
        assert isinstance(outcome.result, Failure)
        assert (outcome.result.reason, outcome.result.status) == ("upstream", 307)
        assert not elsewhere.requests
        assert len(outcome.attempts) == len(server.requests)
