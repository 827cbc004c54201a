"""A figure holds or falls short as its budget says."""

from __future__ import annotations

import pytest

from benchmarks.row import Row


@pytest.mark.parametrize(
    ("value", "comparison", "limit", "holds"),
    [
        (12, ">=", 12, True),
        (11.99, ">=", 12, False),
        (1.1, "<=", 1.1, True),
        (1.2, "<=", 1.1, False),
        (0, "==", 0, True),
        (0.001, "==", 0, False),
    ],
)
def test_rows(value: float, comparison: str, limit: float, holds: bool) -> None:
    row = Row("a.name", value, "x", comparison, limit)
    assert row.holds is holds
    written = row.to_dict()
    assert {"name", "value", "unit", "budget", "holds"} <= set(written)
    assert written["budget"] == f"{comparison} {limit:g}"
