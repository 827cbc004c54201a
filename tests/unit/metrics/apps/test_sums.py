"""Sums of events are what merging their tallies gives."""

from __future__ import annotations

import random
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from functions.metrics import tally
from functions.metrics.apps.declared import Reported
from functions.metrics.apps.sums import Sum, prepared
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
