"""The list of what stories report is whole, published and documented."""

from pathlib import Path

import pytest

from functions.metrics import measures, series
from functions.stories import quality
from functions.stories.measures import MEASURES, QUALITY, RATING

PAGE = (Path(__file__).parents[3] / "docs/reference/metrics.md").read_text()


@pytest.mark.parametrize("name", MEASURES)
def test_a_measure_can_be_kept_is_published_and_documented(name: str) -> None:
    known = MEASURES[name]
    assert measures.checked({name: 1.0})
    assert series.published_as(name)
    row = f"| `{name}` | {known.unit} | {known.better or ''} | {known.about} |"
    assert row.replace("  ", " ") in PAGE


def test_every_score_has_a_measure() -> None:
    scores = {name.removeprefix(QUALITY) for name in MEASURES if name.startswith(QUALITY)}
    assert scores == set(quality.NAMES)


def test_a_rating_is_better_when_it_is_higher() -> None:
    assert MEASURES[RATING].better == "higher"


def test_all_of_them_fit_one_request() -> None:
    assert len(MEASURES) < measures.NAMES_CAP
