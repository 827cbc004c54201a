"""Which flags of a rollout are archived with it, and what speaks against it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.errors import FailedPrecondition
from functions.flags.flag import Flag
from functions.rollouts.after.removal import LATELY_SECONDS, Basis, require_removable, shown

NOW = 1_800_000_000.0
RULES = {"state": "ENABLED", "variants": {"on": True}, "defaultVariant": "on"}


def flag(key: str, **fields: Any) -> Flag:
    return replace(Flag(key, RULES), **fields)


def basis(*flags: Flag, **more: Any) -> Basis:
    known: dict[str, Any] = {"last_evaluated": {}, "now": NOW, **more}
    return Basis({each.key: each for each in flags}, **known)


@pytest.mark.parametrize(
    ("one", "became"),
    [
        (flag("f"), "left"),
        (flag("f", permanent=True), "permanent"),
        (flag("stories.version"), "version"),
        (flag("stories.version", archived=True), "archived"),
        (flag("f", permanent=True, archived=True), "archived"),
    ],
)
def test_what_became_of_a_flag(one: Flag, became: str) -> None:
    found = basis(one)
    assert found.became(one.key) == became
    assert found.left == ([one.key] if became == "left" else [])


def test_a_flag_that_is_gone() -> None:
    assert shown(Basis({"f": None}, {}, NOW)) == [
        {"flag": "f", "became": "gone", "last_evaluated_at": None, "hindrance": None}
    ]


def test_one_that_is_still_evaluated_is_named_with_its_time() -> None:
    found = basis(flag("f"), flag("g"), last_evaluated={"g": NOW - 3_600})
    with pytest.raises(FailedPrecondition) as refused:
        require_removable(found, force=False)
    assert "The flag g was last evaluated at 2027-01-15 07:00:00 UTC" in refused.value.detail
    assert "out of the code" in refused.value.remedy
    assert "`force: true`" in refused.value.remedy
    assert refused.value.extra == {"flag": "g", "last_evaluated_at": NOW - 3_600}
    require_removable(found, force=True)


@given(st.floats(0, 10 * LATELY_SECONDS))
def test_a_day_after_the_last_evaluation_it_may_go(ago: float) -> None:
    at = NOW - ago
    found = basis(flag("f"), last_evaluated={"f": at})
    hindered = shown(found)[0]["hindrance"] is not None
    assert hindered == (at > NOW - LATELY_SECONDS)


@pytest.mark.parametrize("user", ["flag g", "rollout r-2", "schedule s-1"])
def test_what_uses_a_flag_keeps_it_whatever_is_forced(user: str) -> None:
    found = basis(flag("f"), used_by={"f": [user]})
    with pytest.raises(FailedPrecondition, match=f"f can't be archived: it is used by {user}"):
        require_removable(found, force=True)


def test_flags_that_go_together_don_t_keep_each_other() -> None:
    used = {"f": ["flag g"]}
    require_removable(basis(flag("f"), flag("g"), used_by=used), force=False)
    with pytest.raises(FailedPrecondition):
        require_removable(basis(flag("f"), flag("g", permanent=True), used_by=used), force=False)


def test_a_killed_flag_is_not_archived_with_others() -> None:
    with pytest.raises(FailedPrecondition, match="f is killed"):
        require_removable(basis(flag("f", killed=True)), force=True)


def test_what_is_kept_hinders_nobody() -> None:
    kept = basis(
        flag("stories.version"),
        flag("p", permanent=True),
        last_evaluated={"stories.version": NOW, "p": NOW},
        used_by={"p": ["flag g"]},
    )
    require_removable(kept, force=False)
    assert [each["hindrance"] for each in shown(kept)] == [None, None]


def test_what_was_removed_is_shown_as_archived() -> None:
    assert [each["became"] for each in shown(basis(flag("f")), ["f"])] == ["archived"]
