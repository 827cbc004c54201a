"""What a rollout makes of its flag."""

from __future__ import annotations

from dataclasses import replace

from functions.flags.flag import Flag
from functions.flags.logic.bucketing import ALGORITHM
from functions.rollouts import state
from functions.rollouts.rollout import Occasion, Rollout, moved
from functions.rollouts.templates import TEMPLATES
from functions.rollouts.transition import follow

PENDING = Rollout(
    "r1", "stories.version", "stories", "1", "2", TEMPLATES["canary"], 0.0, "person:a", "why"
)
BAKING = moved(
    replace(PENDING, state=state.start(PENDING.state, 1.0)),
    state.begin(PENDING.plan, state.start(PENDING.state, 1.0), 2.0),
    Occasion(2.0, 5, "machine:tick"),
)
FLAG = Flag(
    "stories.version",
    {"state": "ENABLED", "variants": {"1": "1", "2": "2"}, "defaultVariant": "1"},
)


def test_the_algorithm_that_a_rollout_began_with_is_kept() -> None:
    """A later bundle may hash otherwise: that must not move the users of what is running."""
    begun = follow(FLAG, BAKING)
    assert begun.split
    assert begun.split.algorithm == ALGORITHM
    older = begun.with_split(replace(begun.split, algorithm="fractional-2", percentage=1))
    raised = follow(older, BAKING)
    assert raised.split
    assert (raised.split.algorithm, raised.split.percentage) == ("fractional-2", BAKING.percentage)


def test_another_rollouts_algorithm_is_not_taken_over() -> None:
    begun = follow(FLAG, BAKING)
    assert begun.split
    other = begun.with_split(replace(begun.split, rollout="r0", algorithm="fractional-2"))
    assert follow(other, BAKING).split == begun.split


def test_success_is_a_revision_of_the_flag_and_a_shift_is_none() -> None:
    begun = follow(FLAG, BAKING)
    assert begun.revision == FLAG.revision
    ended = replace(BAKING, state=replace(BAKING.state, phase=state.Phase.SUCCEEDED))
    after = follow(begun, ended)
    assert (after.revision, after.split) == (FLAG.revision + 1, None)
    assert after.definition["defaultVariant"] == "2"
