"""Which flags have had their time."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from functions.flags.composition import Prerequisite
from functions.flags.counts import SYNCED
from functions.flags.flag import Flag
from functions.flags.split import Split
from functions.flags.stale import Kind, find_stale, requirements, with_required

DAY = 86_400.0
NOW = 1_800_000_000.0
LONG_AGO = NOW - 90 * DAY
PRO = {"==": [{"var": "plan"}, "pro"]}
RULES = {
    "state": "ENABLED",
    "variants": {"on": True, "off": False},
    "defaultVariant": "off",
    "targeting": {"if": [PRO, "on"]},
}
FLAG = Flag("f", RULES, updated_at=LONG_AGO)
SAME = replace(FLAG, definition={**RULES, "targeting": {}})
USED = {"f": NOW - DAY}
UNUSED = {"f": NOW - 31 * DAY}


def kinds(flag: Flag, last: dict[str, float] | None = None, since: float | None = LONG_AGO) -> Any:
    found = find_stale([flag], USED if last is None else last, since, NOW)
    return list(found[0].kinds) if found else []


SPLIT = Split("r", "salt", "off", "on", 100)
OTHER = (Prerequisite("other", ("on",)),)
FULL = {**RULES, "targeting": {"fractional": [["on", 100], ["off", 0]]}}
CASES: list[Any] = [
    pytest.param(FLAG, [], id="in use"),
    pytest.param(replace(FLAG, ends_at=NOW + 1), [], id="ends later"),
    pytest.param(replace(FLAG, ends_at=NOW), ["ended"], id="ends now"),
    pytest.param(replace(FLAG, ends_at=NOW - 1, updated_at=NOW), ["ended"], id="ended, edited"),
    pytest.param(SAME, ["settled"], id="one for all"),
    pytest.param(replace(SAME, updated_at=NOW - 30 * DAY), ["settled"], id="for 30 days"),
    pytest.param(replace(SAME, updated_at=NOW - 29 * DAY), [], id="for 29 days"),
    pytest.param(replace(SAME, ends_at=NOW), ["ended", "settled"], id="two reasons"),
    pytest.param(replace(SAME, split=SPLIT), [], id="a rollout at 100 %"),
    pytest.param(replace(SAME, targets={"on": ("ada",)}), [], id="a target"),
    pytest.param(replace(SAME, targets={"off": ("ada",)}), ["settled"], id="a target of the same"),
    pytest.param(replace(SAME, targets={"on": ()}), ["settled"], id="a target of nobody"),
    pytest.param(
        replace(SAME, prerequisites=OTHER, off_variant="on"), [], id="a prerequisite decides"
    ),
    pytest.param(
        replace(SAME, prerequisites=OTHER, off_variant="off"), ["settled"], id="… nothing"
    ),
    pytest.param(
        replace(FLAG, definition={**RULES, "state": "DISABLED"}), ["settled"], id="disabled"
    ),
    pytest.param(
        replace(FLAG, definition={**RULES, "targeting": {"var": "x"}}), [], id="who knows"
    ),
    pytest.param(replace(FLAG, definition=FULL), ["settled"], id="100 %"),
    pytest.param(replace(SAME, permanent=True), [], id="permanent"),
    pytest.param(replace(SAME, archived=True, ends_at=NOW), [], id="archived"),
    pytest.param(replace(SAME, killed=True), [], id="killed"),
    pytest.param(replace(SAME, killed=True, ends_at=NOW), ["ended"], id="killed and ended"),
    pytest.param(replace(SAME, updated_at=0.0), ["settled"], id="of an older bundle"),
]


@pytest.mark.parametrize(("flag", "expected"), CASES)
def test_flags_that_are_evaluated(flag: Flag, expected: list[str]) -> None:
    assert kinds(flag) == expected


COUNTED: list[Any] = [
    pytest.param(FLAG, UNUSED, LONG_AGO, ["unused"], id="31 days ago"),
    pytest.param(FLAG, {"f": NOW - 30 * DAY}, LONG_AGO, ["unused"], id="30 days ago"),
    pytest.param(FLAG, {"f": NOW - 29 * DAY}, LONG_AGO, [], id="29 days ago"),
    pytest.param(FLAG, {}, LONG_AGO, ["unused"], id="never"),
    pytest.param(FLAG, {}, NOW - 29 * DAY, [], id="counting is too young"),
    pytest.param(FLAG, {}, None, [], id="nothing is counted"),
    pytest.param(replace(FLAG, updated_at=NOW - 29 * DAY), {}, LONG_AGO, [], id="edited since"),
    pytest.param(replace(FLAG, killed=True), {}, LONG_AGO, ["unused"], id="killed"),
    pytest.param(replace(FLAG, split=SPLIT), {}, LONG_AGO, [], id="under a rollout"),
    pytest.param(replace(FLAG, updated_at=0.0), {}, None, [], id="of an older bundle"),
    pytest.param(SAME, {}, LONG_AGO, ["settled", "unused"], id="two reasons"),
    pytest.param(FLAG, {SYNCED: NOW - DAY}, LONG_AGO, [], id="flagd may evaluate it"),
    pytest.param(FLAG, {SYNCED: NOW - 31 * DAY}, LONG_AGO, ["unused"], id="flagd has gone"),
]


@pytest.mark.parametrize(("flag", "last", "since", "expected"), COUNTED)
def test_flags_that_are_not(
    flag: Flag, last: dict[str, float], since: float | None, expected: list[str]
) -> None:
    assert kinds(flag, last, since) == expected


def test_what_people_read() -> None:
    flag = replace(SAME, ends_at=NOW - DAY)
    [stale] = find_stale([flag], {}, LONG_AGO, NOW)
    assert [reason.sentence for reason in stale.reasons] == [
        "It was to be gone by 2027-01-14.",
        "Everybody gets the variant 'off', at least since 2026-10-17.",
        "It has not been evaluated since 2026-10-17.",
    ]
    assert [reason.since for reason in stale.reasons] == [NOW - DAY, LONG_AGO, LONG_AGO]
    [seen] = find_stale([FLAG], UNUSED, LONG_AGO, NOW)
    assert seen.reasons[0].sentence == "It was last evaluated on 2026-12-15."
    assert seen.last_evaluated_at == UNUSED["f"]
    [full] = find_stale([replace(FLAG, definition=FULL)], USED, LONG_AGO, NOW)
    assert full.reasons[0].sentence.startswith("Everybody with a targeting key gets the variant")
    off = replace(FLAG, definition={**RULES, "state": "DISABLED"})
    [disabled] = find_stale([off], USED, LONG_AGO, NOW)
    assert "the default in their code" in disabled.reasons[0].sentence


def test_a_prerequisite_is_evaluated_with_those_that_require_it() -> None:
    def requiring(key: str, *others: str, **more: Any) -> Flag:
        needed = tuple(Prerequisite(other, ("on",)) for other in others)
        return replace(FLAG, key=key, prerequisites=needed, off_variant="off", **more)

    flags = [
        requiring("a", "b"),
        requiring("b", "c", "d"),
        requiring("c"),
        requiring("d"),
        requiring("gone", "e", archived=True),
        requiring("e"),
    ]
    required = requirements(flags)
    assert required == {"a": ["b"], "b": ["c", "d"]}
    last = with_required({"a": NOW, "d": NOW + 1, "gone": NOW}, required)
    assert last == {"a": NOW, "b": NOW, "c": NOW, "d": NOW + 1, "gone": NOW}
    assert [each.key for each in find_stale(flags, last, LONG_AGO, NOW)] == ["e"]
    assert with_required({}, required) == {}


FLAGS = st.builds(
    lambda **fields: replace(FLAG, **fields),
    definition=st.sampled_from([RULES, SAME.definition]),
    ends_at=st.none() | st.floats(NOW - 100 * DAY, NOW + 100 * DAY),
    updated_at=st.floats(NOW - 100 * DAY, NOW),
    permanent=st.booleans(),
    archived=st.booleans(),
    killed=st.booleans(),
    split=st.sampled_from([None, SPLIT]),
)
TIMES = st.floats(NOW - 100 * DAY, NOW)


@settings(max_examples=200, deadline=None)
@given(FLAGS, st.dictionaries(st.sampled_from(["f", SYNCED]), TIMES), st.none() | TIMES)
def test_always(flag: Flag, last: dict[str, float], since: float | None) -> None:
    found = find_stale([flag], last, since, NOW)
    reasons = found[0].reasons if found else ()
    assert all(reason.since <= NOW for reason in reasons)
    if flag.permanent or flag.archived:
        assert not found
    for reason in reasons:
        if reason.kind is not Kind.ENDED:
            assert reason.since <= NOW - 30 * DAY
            assert flag.updated_at <= NOW - 30 * DAY
        if reason.kind is Kind.UNUSED:
            assert since is not None
            assert since <= NOW - 30 * DAY
    # Time alone makes nothing fresh again, and an evaluation makes nothing more stale.
    later = find_stale([flag], last, since, NOW + DAY)
    assert {reason.kind for reason in reasons} <= {
        reason.kind for each in later for reason in each.reasons
    }
    evaluated = find_stale([flag], {**last, "f": NOW}, since, NOW)
    assert {reason.kind for each in evaluated for reason in each.reasons} == {
        reason.kind for reason in reasons
    } - {Kind.UNUSED}
