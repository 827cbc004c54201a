"""The judge with all its rules on, over simulated traffic: 10 requests a second, a 10 % canary."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest

from tests.simulation.traffic import Rates, Simulated, Traffic

HEALTHY = 0.01


def decided(runs: int, seconds: float, rates: Rates, **traffic: Any) -> list[tuple[str, float]]:
    """(move, seconds after the shift) of every run in which something was decided."""
    moves = []
    for seed in range(runs):
        found = Simulated(Traffic(Random(seed), rates, **traffic)).until(seconds)
        if found:
            moves.append((found[0].kind, found[1]))
    return moves


def steady(candidate: float, control: float = HEALTHY) -> Rates:
    return lambda _seconds: (candidate, control)


def test_a_total_failure_is_found_within_thirty_seconds() -> None:
    found = decided(50, 300, steady(1.0))
    assert [move for move, _ in found] == ["rolled_back"] * 50
    assert max(seconds for _, seconds in found) <= 30


def test_five_percent_of_errors_against_one() -> None:
    found = decided(120, 3600, steady(0.05))
    assert [move for move, _ in found] == ["rolled_back"] * 120
    times = sorted(seconds for _, seconds in found)
    assert sum(times) / len(times) <= 215
    assert times[113] <= 440


def test_a_healthy_candidate_is_left_alone() -> None:
    """8 hours in all."""
    assert not decided(8, 3600, steady(HEALTHY))


def test_a_shared_incident_of_ten_minutes_rolls_nothing_back() -> None:
    def incident(seconds: float) -> tuple[float, float]:
        rate = 0.05 if 300 <= seconds < 900 else HEALTHY
        return rate, rate

    assert "rolled_back" not in {move for move, _ in decided(10, 1500, incident)}


@pytest.mark.parametrize(
    ("traffic", "worst"),
    [
        pytest.param({"per_second": 1.0}, 0.7, id="a request in ten seconds"),
        pytest.param({"per_second": 1.0, "cause": "upstream"}, 1.0, id="the same, upstream"),
        pytest.param({"share": 0.01}, 0.7, id="a hundredth"),
    ],
)
def test_with_little_traffic_a_shared_incident_rolls_nothing_back(
    traffic: dict[str, Any], worst: float
) -> None:
    """The candidate's last requests are minutes old: the control may be well again."""

    def incident(seconds: float) -> tuple[float, float]:
        rate = worst if 300 <= seconds < 900 else 0.0
        return rate, rate

    assert "rolled_back" not in {move for move, _ in decided(4, 1200, incident, **traffic)}


def test_upstream_trouble_pauses() -> None:
    def outage(seconds: float) -> tuple[float, float]:
        rate = 0.6 if seconds >= 300 else HEALTHY
        return rate, rate

    found = decided(30, 600, outage, cause="upstream")
    assert {move for move, _ in found} == {"paused"}
    assert len(found) == 30


def test_clients_that_retry_do_not_look_like_a_worse_version() -> None:
    assert "rolled_back" not in {
        move for move, _ in decided(6, 3600, steady(HEALTHY), retries=5, users=2_000)
    }
