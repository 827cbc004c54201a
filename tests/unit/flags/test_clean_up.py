"""What becomes of flags that are to be cleaned up."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from functions.errors import PayloadTooLarge
from functions.flags.clean_up import Basis, Step, plan, synced_lately
from functions.flags.counts import SYNCED
from functions.flags.flag import Flag
from functions.flags.manage import confirmation
from functions.flags.stale import find_stale

NOW = 1_800_000_000.0
DAY = 86_400.0
RULES = {"state": "ENABLED", "variants": {"on": True}, "defaultVariant": "on"}


def flag(key: str, **fields: Any) -> Flag:
    return replace(Flag(key, RULES, updated_at=NOW - 60 * DAY), **fields)


def basis(*flags: Flag, **more: Any) -> Basis:
    stale = find_stale(flags, {}, None, NOW)
    return Basis({each.key: each for each in flags}, {each.key: each for each in stale}, **more)


def outcome(steps: list[Step]) -> dict[str, str]:
    return {step.key: step.kept for step in steps}


KEPT: list[Any] = [
    pytest.param(flag("f", permanent=True), "It is permanent.", id="permanent"),
    pytest.param(flag("f", archived=True), "It is archived already.", id="archived"),
    pytest.param(flag("f", updated_at=NOW), "It is not stale.", id="fresh"),
    pytest.param(flag("f", killed=True, ends_at=NOW), "It is killed", id="killed"),
    pytest.param(flag("f", killed=True), "It is not stale.", id="killed, not stale"),
]


@pytest.mark.parametrize(("kept", "why"), KEPT)
def test_what_is_kept(kept: Flag, why: str) -> None:
    [step] = plan(["f"], basis(kept))
    assert not step.archives
    assert step.kept.startswith(why)
    assert step.warnings == ()


def test_what_is_archived() -> None:
    [gone, unknown] = plan(["f", "nobody"], basis(flag("f")))
    assert gone.archives
    assert gone.to_view() == {
        "key": "f",
        "revision": 1,
        "action": "archive",
        "kept": None,
        "reasons": [
            {
                "kind": "settled",
                "since": NOW - 60 * DAY,
                "sentence": "Everybody gets the variant 'on', at least since 2026-11-16.",
            }
        ],
        "used_by": [],
        "evaluations_7_days": 0,
        "warnings": [],
    }
    assert unknown.kept == "There is no flag of this key that can be read."


def test_what_uses_a_flag_keeps_it() -> None:
    used = {"f": ["rollout r-1", "schedule s-1"]}
    assert outcome(plan(["f"], basis(flag("f"), used_by=used))) == {
        "f": "It is used by rollout r-1, schedule s-1."
    }


def test_a_prerequisite_goes_with_those_that_require_it() -> None:
    three = [flag("a"), flag("b"), flag("c")]
    chain = {"b": ["flag a"], "c": ["flag b"]}
    assert outcome(plan("abc", basis(*three, used_by=chain))) == {"a": "", "b": "", "c": ""}
    assert outcome(plan("bc", basis(*three, used_by=chain))) == {
        "b": "It is used by flag a.",
        "c": "It is used by flag b.",
    }
    held = {**chain, "a": ["rollout r-1"]}
    assert [step.archives for step in plan("abc", basis(*three, used_by=held))] == [False] * 3


def test_who_still_asks_is_warned_of() -> None:
    [often, once] = plan("ab", basis(flag("a"), flag("b"), recent={"a": 12_345, "b": 1}))
    assert often.warnings == (
        "It was evaluated 12,345 times in the last 7 days: apps that still ask for it will use "
        "the default in their code.",
    )
    assert once.warnings[0].startswith("It was evaluated once in")
    [synced] = plan("a", basis(flag("a"), synced=NOW - DAY))
    assert "flagd or an in-process provider fetched" in synced.warnings[0]
    assert synced_lately({SYNCED: NOW - DAY}, NOW) == NOW - DAY
    assert synced_lately({SYNCED: NOW - 8 * DAY}, NOW) is None
    assert synced_lately({}, NOW) is None


def token(*flags: Flag, **more: Any) -> str:
    return confirmation.token([step.basis() for step in plan("ab", basis(*flags, **more))])


CHANGED: list[Any] = [
    pytest.param([flag("a", revision=2), flag("b")], {}, id="a revision"),
    pytest.param([flag("a", ends_at=NOW), flag("b")], {}, id="a reason"),
    pytest.param([flag("a")], {}, id="a flag that is gone"),
    pytest.param([flag("a"), flag("b")], {"used_by": {"a": ["rollout r-1"]}}, id="a use"),
    pytest.param([flag("a"), flag("b")], {"recent": {"a": 1}}, id="a warning"),
]


@pytest.mark.parametrize(("flags", "more"), CHANGED)
def test_another_plan_has_another_token(flags: list[Flag], more: dict[str, Any]) -> None:
    assert token(*flags, **more) != token(flag("a"), flag("b"))


def test_further_evaluations_leave_the_token() -> None:
    two = [flag("a"), flag("b")]
    assert token(*two, recent={"a": 5}) == token(*two, recent={"a": 500})


def test_more_than_one_change_holds() -> None:
    large = {**RULES, "metadata": {str(n): "x" * 1_000 for n in range(50)}}
    flags = [flag(f"f{n}", definition=large) for n in range(40)]
    with pytest.raises(PayloadTooLarge, match="one change archives"):
        plan([each.key for each in flags], basis(*flags))
