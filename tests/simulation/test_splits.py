"""Splits are right: the shares are those asked for, rollouts are independent, nobody moves back.

The users are fixed, so each figure is the same at every run. A p-value below 1 in 1,000 fails.
"""

from __future__ import annotations

import itertools
import random
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

import pytest
from scipy import stats

from functions.flags.compile import Evaluator, compile_flags
from functions.flags.split import Split, rule

MILLION = 1_000_000
RARE = 1e-3


def evaluator(*targetings: Any) -> Evaluator:
    """Flags f0, f1 … with the variants a, b, c."""
    flag = {"state": "ENABLED", "variants": {"a": 1, "b": 2, "c": 3}}
    flags = {f"f{place}": {**flag, "targeting": each} for place, each in enumerate(targetings)}
    return compile_flags({"flags": flags})


def split(percentage: float, salt: str = "rollout-1") -> dict[str, Any]:
    return rule(Split("rollout-1", salt, "b", "a", percentage))


def sequential(count: int) -> Iterable[str]:
    """Keys that differ in a few digits: a weak hash would show."""
    return (f"user-{number}" for number in range(count))


def scattered(count: int) -> Iterable[str]:
    draw = random.Random(1)
    return (draw.randbytes(14).hex() for _ in range(count))


USERS = {"sequential": sequential, "scattered": scattered}


def counted(compiled: Evaluator, users: Iterable[str]) -> Counter[str | None]:
    evaluate = compiled.evaluate
    return Counter(evaluate("f0", {"targetingKey": user}).variant for user in users)


def assert_shares(found: Counter[str | None], weights: Sequence[float]) -> None:
    names = "abc"[: len(weights)]
    assert set(found) == set(names)
    total = sum(found.values())
    expected = [total * weight / sum(weights) for weight in weights]
    assert stats.chisquare([found[name] for name in names], expected).pvalue > RARE


@pytest.mark.parametrize("users", USERS)
@pytest.mark.parametrize("weights", [(1, 99), (33, 33, 34), (50, 50)])
def test_a_fractional_has_the_shares_it_names(weights: tuple[int, ...], users: str) -> None:
    shares = [list(share) for share in zip("abc", weights, strict=False)]
    by_value = {"fractional": [{"cat": ["salt", {"var": "targetingKey"}]}, *shares]}
    targeting = by_value if users == "sequential" else {"fractional": shares}
    assert_shares(counted(evaluator(targeting), USERS[users](MILLION)), weights)


@pytest.mark.parametrize("percentage", [1, 33.33, 50])
def test_a_rollout_has_its_percentage(percentage: float) -> None:
    found = counted(evaluator(split(percentage)), sequential(MILLION))
    assert_shares(found, (percentage, 100 - percentage))


@pytest.mark.parametrize("one", [1, 10, 50])
def test_two_rollouts_are_independent(one: float) -> None:
    """Who is in the one tells nothing about the other: not for like salts, nor for like users."""
    compiled = evaluator(split(one, "rollout-1"), split(50, "rollout-2"))
    pairs: Counter[tuple[str | None, ...]] = Counter()
    for user in sequential(MILLION // 2):
        outcomes = compiled.evaluate_all({"targetingKey": user})
        pairs[outcomes["f0"].variant, outcomes["f1"].variant] += 1
    table = [[pairs[first, second] for second in "ab"] for first in "ab"]
    assert stats.chi2_contingency(table).pvalue > RARE


def test_many_rollouts_are_independent_of_each_other() -> None:
    """Each pair of 12, by the correction for looking 66 times."""
    compiled = evaluator(*(split(30, f"rollout-{number}") for number in range(12)))
    users = [compiled.evaluate_all({"targetingKey": user}) for user in sequential(30_000)]
    inside = [[outcomes[f"f{n}"].variant == "a" for outcomes in users] for n in range(12)]
    for first, second in itertools.combinations(inside, 2):
        pairs = Counter(zip(first, second, strict=True))
        table = [[pairs[x, y] for y in (True, False)] for x in (True, False)]
        assert stats.chi2_contingency(table).pvalue > RARE / 66


def test_a_ramp_in_twenty_steps_moves_nobody_back() -> None:
    users = list(sequential(100_000))
    inside: set[str] = set()
    for step in range(21):
        compiled = evaluator(split(step * 5))
        evaluate = compiled.evaluate
        now = {u for u in users if evaluate("f0", {"targetingKey": u}).variant == "a"}
        assert inside <= now
        assert abs(len(now) - 5_000 * step) < 700  # 4.4 standard deviations at most
        inside = now
    assert inside == set(users)


@pytest.mark.parametrize("percentage", [0, 0.01, 1, 33.33, 50, 99.99, 100])
def test_without_a_targeting_key_everybody_gets_the_control(percentage: float) -> None:
    compiled = evaluator(split(percentage), split(percentage, "another"))
    contexts: list[dict[str, Any] | None] = [
        None, {}, {"targetingKey": None}, {"targetingKey": ""}, {"user": "user-1"},
    ]  # fmt: skip
    for context in contexts:
        assert {each.variant for each in compiled.evaluate_all(context).values()} == {"b"}
        assert compiled.evaluate("f0", context).variant == "b"
