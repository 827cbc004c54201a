"""What runs beside a tick may hang or fail: nothing else does for it."""

from __future__ import annotations

import threading

import pytest

from functions.minute import Aside, attempt


def test_a_part_that_fails_is_told_and_stops_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert attempt("count", lambda: 3) == 3
    assert attempt("divide", lambda: 1 // 0) is None
    assert "tick: could not divide" in capsys.readouterr().err


def test_a_round_that_hangs_is_not_begun_again() -> None:
    go_on, done = threading.Event(), []
    aside = Aside()
    assert aside.start([("hang", go_on.wait), ("tell", lambda: done.append("first"))])
    aside.wait(0.05)
    assert not aside.start([("tell", lambda: done.append("second"))])
    go_on.set()
    aside.wait(10)
    assert aside.start([("fail", lambda: 1 // 0), ("tell", lambda: done.append("third"))])
    aside.wait(10)
    assert done == ["first", "third"]
