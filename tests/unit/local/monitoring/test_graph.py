"""Axes end at round numbers above what they show; gaps stay gaps."""

from __future__ import annotations

import pytest

from local.monitoring import graph
from local.monitoring.figures import Line


@pytest.mark.parametrize(
    ("value", "unit", "top"),
    [
        (0, "1", 1),
        (0, "%", 100),
        (1, "1", 2),
        (37, "1", 40),
        (99, "1", 200),
        (5_800, "ms", 10_000),
        (0.5, "10^2.%", 1),
        (100, "%", 100),
        (0.02, "10^2.%", 0.04),
    ],
)
def test_axes(value: float, unit: str, top: float) -> None:
    assert graph.nice_top(value, unit) == pytest.approx(top)


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (5_510, "ms", "5.51 s"),
        (120, "ms", "120 ms"),
        (0.85, "10^2.%", "85 %"),
        (10, "%", "10 %"),
        (12_345, "1", "12.3k"),
        (3, "1", "3"),
    ],
)
def test_values_with_their_units(value: float, unit: str, text: str) -> None:
    assert graph.shown(value, unit) == text


def test_points_far_apart_are_not_joined() -> None:
    line = Line("a", ((0.0, 1.0), (60.0, 2.0), (600.0, 3.0), (660.0, 1.0)))
    drawn = graph.graph("requests", "1", [line], [0], (0.0, 700.0))
    assert drawn.count("<polyline") == 2
    assert drawn.count("<circle") == 4
    assert 'aria-label="requests"' in drawn
