"""What the thread of a request gets to see, whatever becomes of the loop that writes for it."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable

import pytest

from functions.clock import SystemClock
from functions.stories.model import failure
from functions.stories.model.calling import Outcome
from functions.stories.model.failure import Cause, Failure
from functions.stories.model.generation import GRACE_SECONDS, Running
from functions.stories.story import Piece

ONE, TWO, THREE = (Piece(kind="paragraph", text=text) for text in ("One.", "Two.", "Three."))


def running(seconds: float = 10.0) -> Running:
    return Running(SystemClock(), seconds, stream=True)


def test_each_piece_is_handed_out_once_and_the_outcome_for_ever() -> None:
    writing = running()
    assert writing.tell([ONE])
    assert writing.tell([ONE, TWO])
    assert writing.tell([ONE, TWO])
    end = writing.outcome(failure.truncated())
    writing.finish(end)
    assert [writing.next(1) for _ in range(4)] == [ONE, TWO, end, end]


def test_pieces_must_go_on_from_each_other() -> None:
    writing = running()
    assert writing.tell([ONE, TWO])
    assert not writing.tell([ONE])
    assert not writing.tell([ONE, THREE])
    assert writing.told == (ONE, TWO)
    assert [writing.next(0), writing.next(0), writing.next(0)] == [ONE, TWO, None]


def test_nobody_waits_longer_than_they_said() -> None:
    started = time.monotonic()
    assert running().next(0.05) is None
    assert time.monotonic() - started < 0.5


def test_waiting_ends_with_the_piece() -> None:
    writing = running()
    threading.Timer(0.05, lambda: writing.tell([ONE])).start()
    started = time.monotonic()
    assert writing.next(5) == ONE
    assert time.monotonic() - started < 2


def test_a_silent_loop_is_not_waited_for() -> None:
    writing = running(0.1)
    writing.ledger.begin("gpt-a")
    writing.ledger.sent()
    started = time.monotonic()
    end = writing.next(60)
    assert time.monotonic() - started < 0.1 + GRACE_SECONDS + 0.2
    assert isinstance(end, Outcome)
    assert isinstance(end.result, Failure)
    assert (end.result.reason, end.result.cause) == ("timeout", Cause.INTERNAL)
    assert [attempt.failure for attempt in end.attempts] == [end.result]
    writing.finish(writing.outcome(failure.truncated()))  # the loop is back, too late
    assert writing.next(1) is end


@pytest.mark.parametrize(
    "end",
    [
        pytest.param(lambda writing: writing.cancel(), id="cancelled"),
        pytest.param(lambda writing: writing.next(60), id="the loop was late"),
    ],
)
def test_after_the_end_nothing_goes_out(end: Callable[[Running], Outcome]) -> None:
    """The loop may be about to send, and hear of the end only afterwards."""
    writing = running(0.05)
    writing.ledger.begin("gpt-a")
    accounted = end(writing).attempts
    with pytest.raises(asyncio.CancelledError):
        writing.ledger.sent()
    assert accounted == writing.outcome(failure.cancelled()).attempts == ()


def test_cancelling_takes_the_end_that_is_there() -> None:
    writing = running()
    end = writing.outcome(failure.truncated())
    writing.tell([ONE])
    writing.finish(end)
    assert writing.cancel() is end
    assert writing.next(0) is end


def test_who_stood_in_is_part_of_every_end() -> None:
    writing = running(0.05)
    writing.gave_up = failure.broken("It broke.")
    assert writing.cancel().gave_up == writing.gave_up
