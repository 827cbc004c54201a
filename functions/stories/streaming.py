"""A story that is told while it is being written: the bytes of its answer.

    piece → its frame, nothing new → a heartbeat every second, the end → the story or an error

Server-sent events for REST, and the Firebase SDKs' own framing for the callable. Both are
`text/event-stream`; lines that begin with a colon are comments to either.

A server notices that a client has gone when it writes, and that can take seconds: here the
connection is looked at as well, and closing the events cancels the call.
"""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Generator, Mapping
from typing import Any, Protocol

from functions import log
from functions.clock import Clock
from functions.errors import Internal, PalierError
from functions.stories.generate import Event
from functions.stories.story import Piece
from functions.stories.studio import Told

HEADERS = {"X-Accel-Buffering": "no"}
"""Asks a proxy to pass on what it gets."""

BEAT_SECONDS = 1.0
HEARTBEAT = b":\n\n"

Problem = Callable[[PalierError], Mapping[str, Any]]


class Frames(Protocol):
    def piece(self, piece: Piece) -> bytes: ...

    def told(self, told: Told) -> bytes: ...

    def error(self, error: PalierError) -> bytes: ...


class ServerSentEvents:
    """`event: title`, `chapter`, `paragraph`, then `story` or `error`. `problem` makes the body of
    an error."""

    def __init__(self, problem: Problem) -> None:
        self._problem = problem

    def piece(self, piece: Piece) -> bytes:
        return self._event(piece.kind, {"text": piece.text})

    def told(self, told: Told) -> bytes:
        return self._event("story", told.to_json())

    def error(self, error: PalierError) -> bytes:
        return self._event("error", self._problem(error))

    def _event(self, name: str, data: Mapping[str, Any]) -> bytes:
        return f"event: {name}\n".encode() + _data(data)


class CallableFrames:
    """What `.stream()` of the Firebase JavaScript SDK reads: messages, then a result or error."""

    def __init__(self, problem: Problem) -> None:
        self._problem = problem

    def piece(self, piece: Piece) -> bytes:
        return _data({"message": piece.model_dump()})

    def told(self, told: Told) -> bytes:
        return _data({"result": told.to_json()})

    def error(self, error: PalierError) -> bytes:
        return _data({"error": fault(error, self._problem(error))})


def fault(error: PalierError, details: Mapping[str, Any]) -> dict[str, Any]:
    """An error as callables have it."""
    return {"status": error.callable_status, "message": details["message"], "details": details}


def told_as(
    frames: Frames, events: Generator[Event, None, None], gone: Callable[[], bool], clock: Clock
) -> Generator[bytes, None, None]:
    """The bytes of an answer. `gone` tells whether its client has left."""
    written = clock.monotonic()
    try:
        yield HEARTBEAT  # the head of the answer goes out with the first bytes
        if gone():
            return
        for event in events:
            frame = _frame(frames, event)
            if frame is None and gone():
                return
            if frame is None and clock.monotonic() - written >= BEAT_SECONDS:
                frame = HEARTBEAT
            if frame is not None:
                yield frame
                written = clock.monotonic()
    except PalierError as error:
        yield frames.error(error)
    except Exception as error:
        log.exception("story crashed", error)
        yield frames.error(Internal("The story could not be made."))
    finally:
        events.close()


def gone(environ: Mapping[str, Any]) -> Callable[[], bool]:
    """Whether the client of a request has closed its connection, as far as gunicorn shows it."""
    connection = environ.get("gunicorn.socket")

    def look() -> bool:
        if connection is None:
            return False
        try:
            return not connection.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT)
        except BlockingIOError:
            return False
        except OSError:
            return True

    return look


def _frame(frames: Frames, event: Event) -> bytes | None:
    if isinstance(event, Piece):
        return frames.piece(event)
    if isinstance(event, Told):
        return frames.told(event)
    return None


def _data(content: Mapping[str, Any]) -> bytes:
    return f"data: {json.dumps(content, ensure_ascii=False)}\n\n".encode()
