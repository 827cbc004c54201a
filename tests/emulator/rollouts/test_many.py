"""What `python -m benchmarks tick` measures, with few rollouts: operations, which don't depend on
the machine."""

from __future__ import annotations

import pytest

from benchmarks.many_rollouts import Found, measure
from functions.documents import Store
from functions.rollouts import in_turn

FEW, MORE = 12, 36


@pytest.fixture
def found(store: Store, monkeypatch: pytest.MonkeyPatch) -> tuple[Found, Found]:
    """`FEW` are many here already."""
    monkeypatch.setattr(in_turn, "MANY", FEW - 1)
    return measure(store, FEW), measure(store, MORE)


def test_operations_grow_with_the_rollouts_and_no_faster(found: tuple[Found, Found]) -> None:
    few, more = found
    (reads, writes), (more_reads, more_writes) = _spent(few), _spent(more)
    assert reads < more_reads <= MORE / FEW * reads
    assert writes < more_writes <= MORE / FEW * writes
    whole, *others = sorted((each.reads for each in more.minute), reverse=True)
    assert whole > max(others) + MORE, "evidence and rollouts of each"
    assert more.operations < 60
    assert (few.struck.moved, more.struck.moved) == (1, 1)
    assert more.struck.reads < whole


def _spent(found: Found) -> tuple[int, int]:
    """In a minute; which of its cycles does what, the clock says."""
    return sum(each.reads for each in found.minute), sum(each.writes for each in found.minute)
