"""What a batch adds to the slots: each event once for each of its arms."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from functions.flags.content import Snapshot
from functions.metrics.apps.attribution import split_arms
from functions.metrics.apps.counting import Believed, Counts, Place, count
from functions.metrics.apps.declared import AppMetric, Kind
from functions.metrics.apps.event import Event, occurrence
from functions.metrics.apps.moments import Moments
from functions.metrics.tally import merge_all
from functions.metrics.windows import slot_start
from tests.unit.metrics.apps.snapshots import snapshot, split

NOW = 1_800_000_004.0
STARS = AppMetric("stars", Kind.RATING)
LOADED = AppMetric("loaded", Kind.DURATION, service="stories")
BEFORE = snapshot(generation=3, published_at=NOW - 1_000)
AFTER = snapshot(
    split("stories.version", "stories", 50, "1.2.0", "1.3.0"),
    generation=4,
    published_at=NOW - 30,
)
KNOWN: Moments[Snapshot] = Moments((BEFORE, AFTER))
USERS = st.sampled_from([f"user-{number}" for number in range(20)])


def believed(metric: AppMetric, value: Any, user: str, ago: float = 0, trusted: bool = True) -> Any:
    event = Event(metric.name, value, NOW - ago, {"targetingKey": user})
    return Believed(occurrence(event, metric, NOW), trusted)


def told(metric: AppMetric, value: Any, user: str) -> Any:
    return believed(metric, value, user)._replace(user=f"hash of {user}")


def test_who_told_of_harm_is_kept_and_what_users_say_apart() -> None:
    given = [told(STARS, 1.0, "ann"), told(STARS, 5.0, "ben"), believed(STARS, 2.0, "cid")]
    counts = count(given, KNOWN)
    own = merge_all(tally for place, tally in counts.items() if place.service == "app")
    assert own.by_users["stars"].users == {"hash of ann"}, "who is content tells of no harm"
    assert own.by_users["complained"].users == {"hash of ann"}
    assert own.by_users["stars"].values.sum == 6.0
    assert own.without_users("stars").measure("stars").sum == 2.0
    beyond_the_cap = count([told(STARS, 1.0, "ann")._replace(trusted=False)], KNOWN)
    assert not any(tally.by_users for tally in beyond_the_cap.values())
    by_a_server = count([believed(STARS, 1.0, "ann")], KNOWN)
    assert not any(tally.by_users for tally in by_a_server.values())


def arms(counts: Counts) -> set[tuple[str, str, int]]:
    return {(place.service, place.version, place.generation) for place in counts}


def test_an_event_counts_for_the_arm_of_its_user_and_for_its_service() -> None:
    [arm] = split_arms(AFTER, {"targetingKey": "ann"})
    counts = count([believed(STARS, 5.0, "ann")], KNOWN)
    assert arms(counts) == {("stories", arm.version, 4), ("app", "all", 4)}
    for tally in counts.values():
        assert (tally.measure("stars").sum, tally.measure("satisfied").sum) == (5.0, 1.0)
        assert tally.requests == 0, "an event is no request"


def test_it_counts_once_when_its_service_is_what_is_split() -> None:
    counts = count([believed(LOADED, 812.0, "ann")], KNOWN)
    [tally] = counts.values()
    assert tally.timing("loaded").count == 1
    assert tally.timing("loaded").above_ms(800) == 1


def test_it_counts_by_the_split_of_its_moment() -> None:
    counts = count([believed(STARS, 4.0, "ann", ago=31)], KNOWN)
    assert arms(counts) == {("app", "all", 3)}


def test_nothing_is_guessed_of_a_moment_that_is_not_known() -> None:
    only_now: Moments[Snapshot] = Moments((AFTER,))
    counts = count([believed(LOADED, 1.0, "ann", 31), believed(STARS, 4.0, "ann", 31)], only_now)
    assert arms(counts) == {("stories", "all", 4), ("app", "all", 4)}


def test_what_is_only_claimed_counts_apart() -> None:
    counts = count([believed(STARS, 1.0, "ann", trusted=False)], KNOWN)
    assert {version.endswith("+claimed") for _, version, _ in arms(counts)} == {True}
    assert len(counts) == 2


def test_a_late_one_is_counted_as_late_and_for_no_split() -> None:
    counts = count([believed(STARS, 1.0, "ann", ago=500)], KNOWN)
    assert list(counts) == [Place(slot_start(NOW), "app", "all", 4)]
    [tally] = counts.values()
    assert tally.measure("late").sum == 1
    assert tally.measure("stars").count == tally.measure("complained").count == 0


@given(st.lists(st.tuples(USERS, st.integers(1, 5), st.floats(0, 119), st.booleans())))
def test_nothing_is_lost_and_nothing_counts_twice(sent: Any) -> None:
    given = [believed(STARS, float(stars), user, ago, ok) for user, stars, ago, ok in sent]
    counts = count(given, KNOWN)
    own = merge_all(tally for place, tally in counts.items() if place.service == "app")
    assert own.measure("stars").count == len(sent)
    assert own.measure("stars").sum == sum(stars for _, stars, _, _ in sent)
    rolled = merge_all(tally for place, tally in counts.items() if place.service == "stories")
    assert rolled.measure("stars").count == sum(ago <= 30 for _, _, ago, _ in sent)
