"""What `python -m benchmarks tick` measures, with few rollouts: operations, which don't depend on
the machine."""

from __future__ import annotations

import pytest

from benchmarks.many_rollouts import Found, measure
from functions.clock import ManualClock
from functions.documents import Store
from functions.rollouts import in_turn

FEW, MORE = 10, 30


@pytest.fixture
def found(store: Store, monkeypatch: pytest.MonkeyPatch) -> tuple[Found, Found]:
    """`FEW` are many here already."""
    monkeypatch.setattr(in_turn, "MANY", FEW - 1)
    clock = ManualClock()
    return measure(store, FEW, clock), measure(store, MORE, clock)


def test_operations_grow_with_the_rollouts_and_no_faster(found: tuple[Found, Found]) -> None:
    few, more = found
    for one, other in ((few.whole, more.whole), (few.between, more.between)):
        assert one.reads < other.reads <= MORE / FEW * one.reads
        assert other.writes <= MORE / FEW * max(one.writes, 1)
    assert more.whole.reads > more.between.reads + MORE, "evidence and rollouts of each"
    assert more.operations < 60
    assert (few.struck.moved, more.struck.moved) == (1, 1)
    assert more.struck.reads < more.whole.reads
