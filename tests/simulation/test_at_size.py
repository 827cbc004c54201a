"""What `python -m benchmarks metrics` plays at size, for a shorter time and on fewer instances."""

from __future__ import annotations

import pytest

from benchmarks import at_size
from benchmarks.at_size import Figures, Played, play
from functions.metrics.store import SLOTS_LIMIT

INSTANCES = 8
MINUTES = 4
SHARE = at_size.INSTANCES / INSTANCES


@pytest.fixture(scope="module")
def figures() -> Figures:
    each = at_size.A_SECOND / at_size.INSTANCES
    lives = [play(instance, 60 * MINUTES, each) for instance in range(INSTANCES)]
    return Figures(sum(lives, Played()), MINUTES)


def test_every_request_is_counted_once(figures: Figures) -> None:
    assert figures.played.counted == figures.played.requests
    expected = at_size.A_SECOND / SHARE * 60 * MINUTES
    assert figures.played.requests == pytest.approx(expected, rel=0.02)


def test_no_document_is_written_more_than_once_a_second(figures: Figures) -> None:
    assert figures.writes_a_second <= 1


def test_no_document_is_written_more_often_when_everything_fails(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(at_size, "FAILING", 1.0)
    found = Figures(play(0, 60, 200.0), 1)
    assert found.writes_a_second <= 1
    assert found.played.commits >= 50, "a write a second"


def test_a_look_at_size_stays_below_what_one_may_read(figures: Figures) -> None:
    assert SHARE * figures.first_look < SLOTS_LIMIT * 3 / 4
    assert figures.next_look < figures.whole_look / 3


def test_it_costs_a_few_cents_a_million_requests(figures: Figures) -> None:
    assert 0 < figures.dollars_a_million < 0.1
