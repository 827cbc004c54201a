"""The tables of docs/reference/judge.md are those of the results that are kept."""

from __future__ import annotations

import json

import pytest
from scipy.stats import beta

from benchmarks import judge
from benchmarks.judging.days import upper


def test_the_page_holds_what_was_measured() -> None:
    measured = json.loads(judge.RESULTS.read_text(encoding="utf-8"))
    page = judge.PAGE.read_text(encoding="utf-8")
    assert judge.written(page, measured) == page


def test_a_page_without_a_place_for_a_table_is_refused() -> None:
    measured = json.loads(judge.RESULTS.read_text(encoding="utf-8"))
    with pytest.raises(ValueError, match="has no"):
        judge.written("nothing", measured)


@pytest.mark.parametrize(("events", "days"), [(0, 10), (0, 10_000), (47, 10_000), (3, 3)])
def test_the_bound_is_that_of_clopper_and_pearson(events: int, days: int) -> None:
    wanted = 1.0 if events == days else beta.ppf(0.95, events + 1, days - events)
    assert upper(events, days) == pytest.approx(wanted, rel=1e-6)
