"""The bytes of a story that is told while it is being written."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Generator, Iterator
from typing import Any

import pytest

from functions.clock import ManualClock
from functions.errors import OpenAIError, PalierError
from functions.stories.generate import Event
from functions.stories.shelf import StoredStory
from functions.stories.story import Piece, Provenance, Story, Usage
from functions.stories.streaming import (
    HEARTBEAT,
    CallableFrames,
    Frames,
    ServerSentEvents,
    gone,
    told_as,
)
from functions.stories.studio import Told

PROVENANCE = Provenance(
    version="1.2.0", content_hash="0" * 64, model="gpt-test", usage=Usage(), attempts=1
)
STORY = Story(title="The Pier", paragraphs=("One.", "Two."), language="en", provenance=PROVENANCE)
TOLD = Told(StoredStory("4f0c", STORY, 1_800_000_000.0))
TITLE, FIRST, SECOND = STORY.pieces


def problem(error: PalierError) -> dict[str, Any]:
    return {"code": error.code, "message": "Pas aujourd'hui\nvraiment", "status": 400}


SSE, CALLABLE = ServerSentEvents(problem), CallableFrames(problem)


def events(*steps: Event | Callable[[], None] | Exception) -> Generator[Event, None, None]:
    for step in steps:
        if isinstance(step, Exception):
            raise step
        if callable(step):
            step()
        else:
            yield step


def present() -> bool:
    return False


def told(frames: Frames, *steps: Any, clock: ManualClock | None = None) -> list[bytes]:
    return list(told_as(frames, events(*steps), present, clock or ManualClock()))


def data(frame: bytes) -> Any:
    [line] = [line for line in frame.decode().split("\n") if line.startswith("data: ")]
    return json.loads(line.removeprefix("data: "))


def test_events_for_rest() -> None:
    head, title, first, second, end = told(SSE, TITLE, FIRST, SECOND, TOLD)
    assert head == HEARTBEAT
    assert title == b'event: title\ndata: {"text": "The Pier"}\n\n'
    assert (data(first), data(second)) == ({"text": "One."}, {"text": "Two."})
    assert end.startswith(b"event: story\n")
    assert data(end) == TOLD.to_json()


def test_messages_for_the_firebase_sdk() -> None:
    _, title, first, end = told(CALLABLE, TITLE, FIRST, TOLD)
    assert data(title) == {"message": {"kind": "title", "text": "The Pier"}}
    assert data(first) == {"message": {"kind": "paragraph", "text": "One."}}
    assert data(end) == {"result": TOLD.to_json()}


@pytest.mark.parametrize("frames", [SSE, CALLABLE])
def test_a_frame_is_one_line_whatever_it_says(frames: Frames) -> None:
    """A line break in a text would end the event."""
    piece = Piece(kind="paragraph", text='He said: "data: {}"\n\nevent: error\r\u2028 and left.')
    for frame in (frames.piece(piece), frames.error(OpenAIError("no", reason="upstream"))):
        assert frame.endswith(b"\n\n")
        assert frame.count(b"data: {") - frame.count(rb"data: {}") == 1
        assert frame.rstrip(b"\n").count(b"\n") == (1 if frames is SSE else 0)
        data(frame)


def test_an_error_in_the_middle_is_told_and_ends_it() -> None:
    error = OpenAIError("no", reason="bad_prompt")
    frames = told(SSE, TITLE, error, TOLD)
    assert len(frames) == 3
    assert frames[-1].startswith(b"event: error\n")
    last = data(told(CALLABLE, TITLE, error)[-1])["error"]
    assert (last["status"], last["details"]["code"]) == ("INVALID_ARGUMENT", "OPENAI_ERROR")
    assert last["message"] == last["details"]["message"]


def test_a_crash_in_the_middle_is_told_without_its_text(
    capsys: pytest.CaptureFixture[str],
) -> None:
    frames = told(SSE, TITLE, ValueError("canary-7f"))
    assert data(frames[-1])["code"] == "INTERNAL"
    assert b"canary" not in b"".join(frames)
    assert "canary" not in capsys.readouterr().err


def test_a_heartbeat_every_second_while_nothing_comes() -> None:
    clock = ManualClock()

    def half_a_second() -> None:
        clock.advance(0.5)

    waiting = [half_a_second, None] * 6
    assert told(SSE, *waiting, TITLE, clock=clock)[1:-1] == [HEARTBEAT] * 3


def test_a_client_that_has_gone_ends_it() -> None:
    closed: list[str] = []

    def endless() -> Generator[Event, None, None]:
        try:
            while True:
                yield None
        finally:
            closed.append("closed")

    left = iter([False, False, True])
    frames = told_as(SSE, endless(), lambda: next(left), ManualClock())
    assert list(frames) == [HEARTBEAT]
    assert closed == ["closed"]


@pytest.mark.parametrize("written", [1, 2])
def test_closing_the_answer_closes_the_events(written: int) -> None:
    """The server does so when it can't write any more, be it the very first bytes."""
    closed: list[str] = []

    def endless() -> Generator[Event, None, None]:
        try:
            yield None
            while True:
                yield TITLE
        finally:
            closed.append("closed")

    begun = endless()
    next(begun)
    frames: Iterator[bytes] = told_as(SSE, begun, present, ManualClock())
    for _ in range(written):
        next(frames)
    frames.close()  # type: ignore[attr-defined]
    assert closed == ["closed"]


def test_a_connection_shows_whether_its_client_has_gone() -> None:
    ours, theirs = socket.socketpair()
    look = gone({"gunicorn.socket": ours})
    assert not look()
    theirs.sendall(b"GET / HTTP/1.1")  # it has sent the next request already
    assert not look()
    assert ours.recv(3) == b"GET", "looking takes nothing away"
    ours.recv(100)
    theirs.close()
    assert look()
    ours.close()
    assert look()


def test_a_server_that_shows_no_connection() -> None:
    assert not gone({})()
