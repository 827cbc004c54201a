"""The worst run is the figure, and one failed request of the control is one too many."""

from __future__ import annotations

from benchmarks.rollback import figures
from tests.e2e.takeback import Takeback


def run(seconds: float, *, failed: int = 0, killed: int = 2) -> Takeback:
    return Takeback("r-1", seconds, served=9, others=1_000, failed=failed, killed=killed)


def test_the_worst_counts() -> None:
    by_itself = [run(9.0), run(31.0, killed=0), run(12.0)]
    auto, manual, control = figures(by_itself, [run(1.7), run(2.1)])
    assert (auto.value, auto.holds) == (31.0, False)
    assert auto.detail == "the worst of 3, median 12.0 s; tick delivered twice, and killed in 2"
    assert (manual.value, manual.holds) == (2.1, True)
    assert (control.value, control.holds) == (0, True)
    assert control.detail == "of 5,000 to the other version"


def test_no_request_of_the_control_may_fail() -> None:
    *_, control = figures([run(9.0, failed=1)], [run(1.7)])
    assert not control.holds
