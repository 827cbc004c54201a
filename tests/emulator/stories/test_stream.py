"""A story told while it is being written: what is told, what is kept, and what a client that goes
away leaves behind."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from typing import Any

import pytest

from functions import log
from functions.clock import SystemClock
from functions.errors import OpenAIError, Timeout
from functions.stories.claim import story_id
from functions.stories.story import Piece
from functions.stories.streaming import ServerSentEvents, told_as
from functions.stories.studio import Budget, Told
from tests.emulator.instances import ShiftedClock
from tests.emulator.stories.conftest import SCOPE, Bench
from tests.servers import hostile_openai as hostile

ONE = "key-00000001"
DRAFT = {
    "title": "The Pier",
    "paragraphs": ["Mina held the lantern.", "The sea answered.", "She laughed."],
}


def stored(bench: Bench, key: str = ONE) -> dict[str, Any]:
    document = bench.store.get(SCOPE.doc("stories", story_id("u1", key)))
    assert document is not None
    return document.data


def quota(bench: Bench) -> int:
    [document] = bench.store.query(SCOPE.collection("quotas"))
    return int(document.data["microdollars"])


def heard(events: Any) -> tuple[list[str], Told]:
    *pieces, last = [event for event in events if event is not None]
    assert isinstance(last, Told)
    return [piece.text for piece in pieces], last


def test_pieces_come_before_the_whole(bench: Bench) -> None:
    bench.server.play(hostile.streamed(DRAFT, pause=0.02))
    texts, told = heard(bench.tell(idempotency_key=ONE))
    assert texts == [DRAFT["title"], *DRAFT["paragraphs"]]
    assert told.stored
    assert [piece.text for piece in told.story.story.pieces] == texts
    assert stored(bench)["state"] == "finished"
    seen = bench.notes.last
    assert (seen.code, seen.version) == ("OK", "1.2.0")
    assert 0 < seen.measures["first_piece_ms"] < seen.duration_ms
    assert told.story.story.provenance.usage.output_tokens > 0
    assert bench.store.operations["commits"] == 2


def test_a_replay_tells_the_same(bench: Bench) -> None:
    bench.server.play(hostile.streamed(DRAFT))
    first = heard(bench.tell(idempotency_key=ONE))
    again = heard(bench.tell(idempotency_key=ONE))
    assert again[0] == first[0]
    assert again[1].replayed
    assert len(bench.server.requests) == len(bench.notes.observations) == 1


def test_children_hear_what_was_moderated_before(bench: Bench) -> None:
    paragraphs = ["Calm.", f"And {hostile.FLAGGED}.", "Never told."]
    bench.server.play(hostile.streamed({"title": "A Pier", "paragraphs": paragraphs}, pause=0.05))
    told: list[str] = []
    with pytest.raises(OpenAIError) as raised:
        told.extend(event.text for event in bench.tell() if isinstance(event, Piece))
    assert told == ["A Pier", "Calm."]
    assert raised.value.reason == "bad_prompt"
    assert (bench.notes.last.cause, bench.notes.last.measures["unsuitable"]) == ("candidate", 1.0)
    assert quota(bench) > 0


def test_adults_hear_it_at_once_and_it_is_not_kept(bench: Bench) -> None:
    paragraphs = ["Calm.", f"And {hostile.FLAGGED}."]
    bench.server.play(hostile.streamed({"title": "A Pier", "paragraphs": paragraphs}))
    told: list[str] = []
    events = bench.tell(age_band="adult", idempotency_key=ONE)
    with pytest.raises(OpenAIError):
        told.extend(event.text for event in events if isinstance(event, Piece))
    assert len(told) == 3
    assert (stored(bench)["state"], stored(bench)["story"]) == ("failed", None)


@pytest.mark.parametrize(
    ("behaviour", "reason"),
    [
        pytest.param(hostile.streamed_cut(DRAFT), "upstream", id="cut"),
        pytest.param(hostile.streamed_error(DRAFT), "upstream", id="error event"),
        pytest.param(hostile.streamed_incomplete(DRAFT), "bad_version", id="truncated"),
    ],
)
def test_what_goes_wrong_in_the_middle(
    bench: Bench, behaviour: hostile.Behaviour, reason: str
) -> None:
    bench.server.play(behaviour)
    events = bench.tell(idempotency_key=ONE)
    with pytest.raises(OpenAIError) as raised:
        list(events)
    assert raised.value.reason == reason
    assert len(bench.server.requests) == 1, "something had been told"
    assert stored(bench)["state"] == "failed"
    assert quota(bench) > 0


def test_a_stream_that_never_ends(bench: Bench) -> None:
    bench.server.play(hostile.streamed(DRAFT, pause=0.3))
    started = time.monotonic()
    with pytest.raises(Timeout):
        list(bench.tell())
    assert time.monotonic() - started < 3.0


def test_before_the_model_is_asked_errors_come_at_once(bench: Bench) -> None:
    with pytest.raises(OpenAIError):
        bench.tell(theme=hostile.FLAGGED)


def test_a_client_that_goes_away_cancels_the_call(bench: Bench) -> None:
    bench.server.play(hostile.streamed(DRAFT, pause=0.1))
    events = bench.tell(idempotency_key=ONE)
    assert next(event for event in events if event is not None) == Piece(
        kind="title", text="The Pier"
    )
    events.close()
    until = time.monotonic() + 2
    while not bench.server.abandoned and time.monotonic() < until:
        time.sleep(0.02)
    assert bench.server.abandoned == 1
    document = stored(bench)
    assert (document["state"], document["error"]["code"]) == ("failed", "CANCELLED")
    assert 0 < quota(bench) < document["reserved"], "what had come is charged, not more"
    assert (bench.notes.last.code, bench.notes.last.cause) == ("CANCELLED", "client")


def test_its_lines_in_the_log_say_where(bench: Bench, capsys: pytest.CaptureFixture[str]) -> None:
    bench.server.play(hostile.streamed(DRAFT))
    list(bench.tell())
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    call, ended = lines[-2:]
    assert (call["message"], call["gen_ai.request.model"]) == ("model call ended", "gpt-test")
    assert ended["message"] == "story request ended"
    assert {line["application"] for line in (call, ended)} == {SCOPE.application}


def test_a_client_that_was_gone_before_it_began_costs_nothing(bench: Bench) -> None:
    bench.server.play(hostile.streamed(DRAFT))
    events = bench.tell(idempotency_key=ONE)
    frames = told_as(ServerSentEvents(lambda _: {}), events, lambda: True, SystemClock())
    assert len(list(frames)) == 1
    assert not bench.server.requests
    assert (stored(bench)["state"], quota(bench)) == ("failed", 0)


@pytest.mark.parametrize(("seconds", "cause"), [(9.0, "client"), (11.0, "upstream")])
def test_who_leaves_after_a_long_silence_has_not_changed_their_mind(
    bench: Bench, seconds: float, cause: str
) -> None:
    clock = ShiftedClock()
    bench.studio = replace(bench.studio, clock=clock, budget=Budget(30.0, 2.0, 0.5))
    bench.server.play(hostile.hang())
    events = bench.tell()
    assert next(events) is None
    clock.shift = seconds
    events.close()
    assert (bench.notes.last.code, bench.notes.last.cause) == ("CANCELLED", cause)


def test_a_crash_while_it_is_told_has_the_fields_of_its_request(
    capsys: pytest.CaptureFixture[str],
) -> None:
    def crashing() -> Any:
        yield None
        raise RuntimeError("canary")

    with log.bound(request_id="request-of-a-test"):
        frames = told_as(ServerSentEvents(lambda _: {}), crashing(), lambda: False, SystemClock())
        steps = log.kept(frames)
    list(steps)
    [line] = capsys.readouterr().err.splitlines()
    assert json.loads(line)["request_id"] == "request-of-a-test"
