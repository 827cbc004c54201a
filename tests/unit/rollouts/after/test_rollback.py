"""What a flag is after a rollback, beside what it was before the rollout."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from functions.documents import SCHEMA
from functions.flags.flag import Flag
from functions.flags.split import Split
from functions.published import canonical
from functions.rollouts.after.rollback import (
    LONGEST_SIDE,
    MOST_DIFFERENCES,
    Rollback,
    Stood,
    restored,
)
from tests.unit.rollouts.after.made import CANDIDATE, CONTROL, rollback

DEFINITION = {
    "state": "ENABLED",
    "variants": {CONTROL: CONTROL, CANDIDATE: CANDIDATE},
    "defaultVariant": CONTROL,
}
FLAG = Flag("stories.version", DEFINITION, revision=3)
SPLIT = Split("r-1", "r-1", CONTROL, CANDIDATE, 10.0)


def after(now: Flag, before: Flag = FLAG) -> Any:
    return restored(CONTROL, CANDIDATE, Stood.of(before), now)


def test_restored_exactly() -> None:
    found = after(FLAG.with_split(SPLIT).with_split(None))
    assert (found.differences, found.places, found.reaches, found.edited) == ((), 0, False, False)


def test_a_split_that_stayed_is_a_difference() -> None:
    found = after(FLAG.with_split(SPLIT))
    assert [each["path"] for each in found.differences] == ["$.split"]
    assert found.reaches


def test_a_rule_of_its_own_still_reaches_the_candidate() -> None:
    targeted = replace(FLAG, targets={CANDIDATE: ("user-1",)})
    assert after(targeted, targeted).reaches


def test_nobody_noted_what_it_was() -> None:
    found = restored(CONTROL, CANDIDATE, None, FLAG)
    assert (found.revision_before, found.edited) == (None, False)


def test_the_record_stays_small_whatever_was_edited() -> None:
    users = tuple(f"user-{number:0100d}" for number in range(1000))
    edited = replace(FLAG, revision=4, targets={CANDIDATE: users}, tags=tuple("abcdefghij" * 3))
    found = after(edited)
    assert found.places >= len(found.differences)
    assert len(found.differences) <= MOST_DIFFERENCES
    sides = [each.get("after") for each in found.differences]
    # Quotes within a side are escaped once more.
    assert all(len(canonical(side)) <= LONGEST_SIDE + 400 for side in sides)
    assert found.edited


@given(st.text(max_size=30), st.text(max_size=30))
def test_a_record_is_read_as_it_was_written(description: str, owner: str) -> None:
    edited = replace(FLAG, revision=4, description=description, owner=owner)
    made = rollback(flags=(after(edited),))
    assert Rollback.from_document({"schema": SCHEMA, **made.to_document(), "later": 1}) == made
