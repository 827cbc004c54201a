"""Which arms an event counts for: what its user is served, and nothing else."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from functions.metrics.apps.attribution import (
    ALL,
    MOST_SPLITS,
    claimed,
    followed,
    own_arm,
    split_arms,
)
from functions.metrics.windows import Arm
from tests.unit.metrics.apps.snapshots import plain, snapshot, split

ANN = {"targetingKey": "ann"}
BOTH = snapshot(
    split("stories.version", "stories", 30, "1.2.0", "1.3.0"),
    split("new-reader", "", 50),
    plain("app.version", "5"),
    plain("theme", "dark"),
)


@given(st.text(min_size=1))
def test_the_arms_are_what_the_flags_give(user: str) -> None:
    context = {"targetingKey": user}
    given = {key: BOTH.evaluator.evaluate(key, context).variant for key in BOTH.splits}
    assert split_arms(BOTH, context) == {
        Arm("stories", str(given["stories.version"])),
        Arm("new-reader", str(given["new-reader"])),
    }


def test_the_arms_are_as_many_as_the_split_says() -> None:
    users = [{"targetingKey": f"user-{number}"} for number in range(4_000)]
    seen = Counter(arm for user in users for arm in split_arms(BOTH, user))
    assert abs(seen[Arm("stories", "1.3.0")] / 4_000 - 0.3) < 0.03
    assert abs(seen[Arm("new-reader", "on")] / 4_000 - 0.5) < 0.03
    assert sum(seen.values()) == 8_000


def test_who_has_no_key_counts_for_the_control() -> None:
    assert split_arms(BOTH, {}) == {Arm("stories", "1.2.0"), Arm("new-reader", "off")}


def test_what_is_split_and_gives_no_variant_is_no_arm() -> None:
    flag = split("new-reader", "reader", 100)
    archived = replace(flag, archived=True)
    assert split_arms(snapshot(archived), ANN) == frozenset()
    rules = snapshot(replace(flag, definition={**flag.definition, "targeting": {"if": [True, 7]}}))
    assert split_arms(rules, ANN) == frozenset()


def test_ones_own_arm_is_the_version_that_serves() -> None:
    assert own_arm(BOTH, "app", ANN) == Arm("app", "5")
    assert own_arm(BOTH, "reader", ANN) == Arm("reader", ALL)
    assert own_arm(BOTH, "stories", ANN) in split_arms(BOTH, ANN), "so that it counts once"


def test_a_split_that_was_not_known_at_that_time_decides_nothing() -> None:
    assert own_arm(BOTH, "stories", ANN, known=False) == Arm("stories", ALL)
    assert own_arm(BOTH, "app", ANN, known=False) == Arm("app", "5")


def test_what_is_claimed_is_an_arm_of_its_own() -> None:
    assert claimed(Arm("stories", "1.3.0")) == Arm("stories", "1.3.0+claimed")


def test_so_many_splits_are_evaluated_and_no_more() -> None:
    many = snapshot(*(split(f"flag-{number:04}", "", 50) for number in range(MOST_SPLITS + 5)))
    assert len(split_arms(many, ANN)) == MOST_SPLITS == len(followed(many))
