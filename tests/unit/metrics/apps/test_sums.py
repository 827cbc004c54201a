"""Sums of events are what merging their tallies gives."""

from __future__ import annotations

import random
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from functions.metrics import tally
from functions.metrics.apps.declared import Reported
from functions.metrics.apps.sums import Sum, Teller, prepared
from functions.metrics.by_users import KEPT
from functions.metrics.ladder import LADDER_MS
from functions.metrics.observation import Note

NAMES = st.sampled_from(["a", "b", "c"])
VALUES = st.floats(-1e9, 1e9)
DURATIONS = st.floats(0, 1e9) | st.sampled_from([float(rung) for rung in LADDER_MS])
EVENTS = st.lists(
    st.builds(
        Reported,
        st.dictionaries(NAMES, VALUES, max_size=3),
        st.dictionaries(NAMES, DURATIONS, max_size=2),
    ),
    max_size=30,
)


@given(EVENTS, st.randoms())
def test_the_sum_is_that_of_the_tallies(events: list[Reported], chance: random.Random) -> None:
    merged = tally.merge_all(
        tally.of_note(Note("s", "v", 1, 1.0, each.measures, each.durations)) for each in events
    )
    total: Any = Sum()
    for each in chance.sample(events, len(events)):
        total.add(prepared(each))
    assert total.tally() == merged
    assert total.tally().to_text() == merged.to_text()


TELLERS = st.none() | st.builds(Teller, st.integers(0, 30).map("{:016x}".format), st.booleans())


def _each(events: list[Reported]) -> st.SearchStrategy[list[Teller | None]]:
    return st.lists(TELLERS, min_size=len(events), max_size=len(events))


@given(EVENTS.flatmap(lambda events: st.tuples(st.just(events), _each(events))), st.randoms())
def test_in_any_order_it_is_kept_what_users_tell(
    told: tuple[list[Reported], list[Teller | None]], chance: random.Random
) -> None:
    pairs = list(zip(*told, strict=True))
    alone = []
    total = Sum()
    for event, teller in pairs:
        one = Sum()
        one.add(prepared(event), teller)
        alone.append(one.tally())
        total.add(prepared(event), teller)
    chance.shuffle(alone)
    assert tally.merge_all(alone) == total.tally()
    for name, found in total.tally().by_users.items():
        by = [who for event, who in pairs if who and name in {**event.measures, **event.durations}]
        harmed = {who.user for who in by if who.harmed}
        assert found.users == frozenset(sorted(harmed)[:KEPT])


DECLARED = st.lists(
    st.builds(
        Reported,
        st.dictionaries(st.sampled_from(["a", "b"]), VALUES, max_size=2),
        st.dictionaries(st.sampled_from(["d", "e"]), DURATIONS, max_size=2),
    ),
    max_size=20,
)
"""A name is of one kind."""


@given(DECLARED, DECLARED)
def test_what_is_left_is_what_servers_say(servers: list[Reported], users: list[Reported]) -> None:
    both, alone = Sum(), Sum()
    for event in servers:
        both.add(prepared(event))
        alone.add(prepared(event))
    for event in users:
        both.add(prepared(event), Teller("u", harmed=True))
    for name in "abde":
        left, expected = both.tally().without_users(name), alone.tally()
        assert left.measure(name) == expected.measure(name)
        assert left.timing(name).values == expected.timing(name).values
        for rung in LADDER_MS:
            assert left.timing(name).above_ms(rung) <= expected.timing(name).above_ms(rung)
