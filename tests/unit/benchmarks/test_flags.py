"""What is compared is comparable: the sides are looked at before they are measured."""

from __future__ import annotations

import pytest

from benchmarks.flags import _require_a_quarter, _row
from benchmarks.loading import stored_part
from functions.flags.compile import compile_flags
from functions.published import decode_part


def test_a_ratio_is_the_median_of_the_rounds() -> None:
    row = _row("flags.x", [(1.0, 10.0), (2.0, 30.0), (1.0, 5.0)], 5)
    assert (row.value, row.budget, row.holds) == (10.0, ">= 5", True)


@pytest.mark.parametrize(
    "values", [["A"] * 100, ["A"] * 50 + ["B"] * 50, ["A"] * 74 + ["B"] * 25 + ["C"]]
)
def test_another_split_is_not_compared(values: list[str]) -> None:
    _require_a_quarter(["A"] * 75 + ["B"] * 25)
    with pytest.raises(RuntimeError, match="no quarter"):
        _require_a_quarter(values)


def test_the_flags_that_are_loaded_work() -> None:
    body, size = stored_part(30)
    assert (body, size) == stored_part(30)
    document = decode_part({"body": body})["document"]
    outcomes = compile_flags(document).evaluate_all({"targetingKey": "user-1"})
    assert {each.variant for each in outcomes.values()} == {"control", "candidate"}
    assert not document.get("$evaluators")
