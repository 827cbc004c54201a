"""Splits: who gets the candidate, and that a rising share moves nobody out."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from functions.flags.compile import Evaluator, compile_flags
from functions.flags.composition import with_split
from functions.flags.split import Audience, Split

VARIANTS = {"control": False, "candidate": True, "special": True}


def split(percentage: float, salt: str = "salt-1") -> Split:
    return Split("rollout-1", salt, "control", "candidate", percentage)


def evaluator(
    by: Split | None, targeting: Any = None, default: str | None = "control"
) -> Evaluator:
    definition = {
        "state": "ENABLED",
        "variants": VARIANTS,
        "defaultVariant": default,
        **({"targeting": targeting} if targeting is not None else {}),
    }
    return compile_flags({"flags": {"f": with_split(definition, by)}})


def served(by: Split, users: range) -> list[str | None]:
    compiled = evaluator(by)
    return [compiled.evaluate("f", {"targetingKey": f"user-{n}"}).variant for n in users]


percentages = st.integers(0, 10_000).map(lambda hundredths: hundredths / 100)


@settings(max_examples=200, deadline=None)
@given(st.text(min_size=1), st.text(min_size=1, max_size=12), percentages, percentages)
def test_a_rising_percentage_moves_nobody_out(user: str, salt: str, one: float, two: float) -> None:
    low, high = sorted((one, two))
    context = {"targetingKey": user}
    if evaluator(split(low, salt)).evaluate("f", context).variant == "candidate":
        assert evaluator(split(high, salt)).evaluate("f", context).variant == "candidate"


def test_a_ramp_in_twenty_steps_moves_nobody_back() -> None:
    users = range(3_000)
    before: set[int] = set()
    for step in range(21):
        variants = served(split(step * 5), users)
        now = {
            user for user, variant in zip(users, variants, strict=True) if variant == "candidate"
        }
        assert before <= now
        before = now
    assert before == set(users)


@pytest.mark.parametrize("context", [{}, {"targetingKey": ""}, {"targetingKey": None}, {"x": 1}])
@pytest.mark.parametrize("percentage", [0, 50, 100])
def test_no_key_gets_the_control(context: dict[str, Any], percentage: float) -> None:
    assert evaluator(split(percentage)).evaluate("f", context).variant == "control"


@pytest.mark.parametrize(("percentage", "expected"), [(0, "control"), (100, "candidate")])
def test_the_ends_are_exact(percentage: float, expected: str) -> None:
    assert set(served(split(percentage), range(2_000))) == {expected}


@pytest.mark.parametrize("percentage", [1, 10, 33.33, 50, 99.5])
def test_shares_are_as_asked(percentage: float) -> None:
    users = 40_000
    counted = Counter(served(split(percentage), range(users)))
    expected = [users * percentage / 100, users * (1 - percentage / 100)]
    found = [counted["candidate"], counted["control"]]
    assert stats.chisquare(found, expected).pvalue > 1e-4


def test_two_salts_are_independent() -> None:
    users = range(20_000)
    pairs = Counter(
        zip(served(split(30, "one"), users), served(split(50, "two"), users), strict=True)
    )
    names = ("candidate", "control")
    table = [[pairs[a, b] for b in names] for a in names]
    assert stats.chi2_contingency(table).pvalue > 1e-4


def test_flags_of_one_salt_move_together() -> None:
    assert served(split(30), range(2_000)) == served(split(30), range(2_000))


INTERNAL = {"==": [{"var": "email"}, "boss@palier.example"]}
OWN_RULES: list[tuple[str, Any, bool]] = [
    ("no else", {"if": [INTERNAL, "special"]}, True),
    ("else null", {"if": [INTERNAL, "special", None]}, True),
    ("else control", {"if": [INTERNAL, "special", "control"]}, True),
    ("nested", {"if": [INTERNAL, {"if": [True, "special"]}, None]}, True),
    ("nested, else control", {"if": [INTERNAL, {"if": [True, "special"]}, "control"]}, True),
    ("other operator", {"or": [{"if": [INTERNAL, "special"]}, None]}, True),
    ("decides for all", {"if": [INTERNAL, "special", "special"]}, False),
]


@pytest.mark.parametrize(
    ("targeting", "reaches"), [case[1:] for case in OWN_RULES], ids=[case[0] for case in OWN_RULES]
)
def test_the_flags_own_rules_come_first(targeting: Any, reaches: bool) -> None:
    compiled = evaluator(split(100), targeting)
    boss = {"targetingKey": "u", "email": "boss@palier.example"}
    assert compiled.evaluate("f", boss).variant == "special"
    other = compiled.evaluate("f", {"targetingKey": "u"}).variant
    assert other == ("candidate" if reaches else "special")


def test_a_rule_may_send_somebody_to_the_control() -> None:
    compiled = evaluator(split(100), {"if": [INTERNAL, "control"]})
    boss = {"targetingKey": "u", "email": "boss@palier.example"}
    assert compiled.evaluate("f", boss).variant == "control"


def test_no_split_changes_nothing() -> None:
    definition = {"state": "ENABLED", "variants": VARIANTS, "defaultVariant": "control"}
    assert with_split(definition, None) == definition


def test_a_split_survives_storage() -> None:
    assert Split.from_dict(split(12.34).to_dict()) == split(12.34)


@pytest.mark.parametrize(("percentage", "salt"), [(-1, "s"), (100.01, "s"), (10, "")])
def test_a_wrong_split_is_refused(percentage: float, salt: str) -> None:
    with pytest.raises(ValueError, match=r"percentage|salt"):
        split(percentage, salt)


SEGMENTS = {"staff": {"==": [{"var": "staff"}, True]}, "beta": {"in": ["b", {"var": "tags"}]}}
COURSE = (
    (0, (Audience("staff", 100),)),
    (0, (Audience("staff", 100), Audience("beta", 40))),
    (10, (Audience("staff", 100), Audience("beta", 40))),
    (50, (Audience("staff", 100),)),
    (100, ()),
)
"""Of everybody, and of whom more: staff, then also some of beta, then everybody."""


def served_to(percentage: float, audiences: tuple[Audience, ...], context: dict[str, Any]) -> str:
    by = replace(split(percentage), audiences=audiences)
    definition = {"state": "ENABLED", "variants": VARIANTS, "defaultVariant": "control"}
    flags = {"f": with_split(definition, by)}
    compiled = compile_flags({"flags": flags, "$evaluators": SEGMENTS})
    variant = compiled.evaluate("f", context).variant
    assert variant
    return variant


@given(
    user=st.text(min_size=1, max_size=20), staff=st.booleans(), tags=st.sampled_from(["", "a", "b"])
)
def test_no_audience_is_moved_out_by_a_later_stage(user: str, staff: bool, tags: str) -> None:
    context = {"targetingKey": user, "staff": staff, "tags": tags}
    course = [served_to(percentage, audiences, context) for percentage, audiences in COURSE]
    assert course == sorted(course, reverse=True), "control, then candidate, never back"
    if staff:
        assert course[0] == "candidate"
    if not staff and tags != "b":
        assert course[:2] == ["control", "control"]


def test_of_an_audience_as_many_as_asked_and_of_the_others_none() -> None:
    course = [
        served_to(0, (Audience("beta", 40),), {"targetingKey": f"user-{n}", "tags": tags})
        for tags in ("b", "a")
        for n in range(500)
    ]
    assert 160 < course[:500].count("candidate") < 240
    assert course[500:].count("candidate") == 0


def test_who_has_no_key_is_in_no_audience() -> None:
    assert served_to(50, (Audience("staff", 100),), {"staff": True}) == "control"


def test_the_largest_share_decides_for_who_is_in_several_audiences() -> None:
    by = replace(split(1), audiences=(Audience("beta", 40), Audience("staff", 90)))
    assert by.audience_of(lambda _segment: True) == Audience("staff", 90)
    assert by.audience_of(lambda segment: segment == "beta") == Audience("beta", 40)
    assert by.audience_of(lambda _segment: False) is None
    assert Split.from_dict(by.to_dict()) == by
