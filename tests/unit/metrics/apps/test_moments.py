"""An event counts by the split of its moment, as far as it is known."""

from __future__ import annotations

from functions.metrics.apps.event import LATE_SECONDS
from functions.metrics.apps.moments import Moments
from tests.unit.metrics.apps.snapshots import snapshot

NOW = 1_800_000_000.0


def moments(*published: float, now: float = NOW) -> Moments:  # type: ignore[type-arg]
    found: Moments = Moments()  # type: ignore[type-arg]
    for number, at in enumerate(published):
        found = found.noted(snapshot(generation=number + 1, published_at=at), now)
    return found


def test_the_last_one_published_before_is_that_of_the_moment() -> None:
    found = moments(NOW - 300, NOW - 50, NOW - 20)
    for at, generation in ((NOW, 3), (NOW - 20, 3), (NOW - 21, 2), (NOW - 50, 2), (NOW - 51, 1)):
        then = found.at(at)
        assert (then.moment.generation, then.known) == (generation, True), at


def test_what_came_before_the_first_is_not_known() -> None:
    then = moments(NOW - 50).at(NOW - 51)
    assert (then.moment.generation, then.known) == (1, False)


def test_what_no_event_needs_any_more_is_given_up() -> None:
    found = moments(NOW - 9_000, NOW - 300, NOW - 10)
    assert len(found) == 2
    assert found.at(NOW - LATE_SECONDS).known
    assert len(found.noted(snapshot(generation=3, published_at=NOW - 10), NOW + 9_000)) == 1


def test_seeing_it_again_changes_nothing() -> None:
    found = moments(NOW - 300, NOW - 10)
    again = found.noted(snapshot(generation=2, published_at=NOW - 10), NOW)
    assert len(again) == len(found) == 2
