"""Every call that went out is accounted for, once, and no other."""

from __future__ import annotations

import asyncio

import pytest

from functions.clock import ManualClock
from functions.stories.model import failure
from functions.stories.model.calling import Attempt
from functions.stories.model.ledger import Ledger
from functions.stories.story import Usage

BILLED = Usage(input_tokens=3, output_tokens=4)
BROKEN = failure.broken("It broke.")


def test_a_call_and_its_retry() -> None:
    clock = ManualClock()
    ledger = Ledger(clock)
    ledger.begin("gpt-a")
    ledger.sent()
    clock.advance(2)
    assert ledger.end(None, BROKEN, None) == 2
    clock.advance(1)  # the pause
    ledger.begin("gpt-a")
    ledger.sent()
    assert not ledger.streams
    ledger.receive(17)
    assert ledger.streams
    clock.advance(4)
    ledger.end(BILLED, None, "gpt-a-2026-01-01")
    assert ledger.waited == 6
    assert ledger.attempts(BROKEN) == (
        Attempt("gpt-a", 2, None, 0, BROKEN),
        Attempt("gpt-a", 4, BILLED, 17, None, "gpt-a-2026-01-01"),
    )


def test_a_call_under_way_ends_as_everything_does() -> None:
    clock = ManualClock()
    ledger = Ledger(clock)
    ledger.begin("gpt-a")
    assert ledger.attempts(failure.cancelled()) == ()
    ledger.sent()
    ledger.receive(5)
    clock.advance(3)
    assert ledger.attempts(failure.cancelled()) == (
        Attempt("gpt-a", 3, None, 5, failure.cancelled()),
    )
    assert ledger.waited == 3


def test_a_call_that_found_no_connection_was_waited_for_but_not_sent() -> None:
    clock = ManualClock()
    ledger = Ledger(clock)
    ledger.begin("gpt-a")
    clock.advance(5)
    assert ledger.waited == 5
    ledger.end(None, BROKEN, None)
    assert ledger.attempts(BROKEN) == ()
    assert ledger.waited == 5


def test_nothing_happens_outside_of_a_call() -> None:
    ledger = Ledger(ManualClock())
    ledger.sent()
    ledger.receive(9)
    assert ledger.end(None, None, None) == 0
    assert ledger.attempts(BROKEN) == ()


def test_once_it_is_closed_nothing_goes_out() -> None:
    ledger = Ledger(ManualClock())
    ledger.begin("gpt-a")
    ledger.sent()
    ledger.close()
    accounted = ledger.attempts(BROKEN)
    ledger.end(None, BROKEN, None)
    ledger.begin("gpt-a")
    with pytest.raises(asyncio.CancelledError):
        ledger.sent()
    assert ledger.attempts(BROKEN) == accounted
