"""Evaluation in memory against flagd's reference implementation and GrowthBook's SDK.

One process, the rounds interleaved, the same rules: three that the users miss, then a split that
gives a quarter of them the candidate. Each does it its own way, so GrowthBook's quarter is another
one; that it is a quarter on all sides is looked at first. GrowthBook's instance is reused: every
evaluation sets the attributes and asks for the value, as its documentation has it for servers.
"""

from __future__ import annotations

import statistics
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from growthbook import GrowthBook
from openfeature.contrib.tools.flagd.core import FlagdCore
from openfeature.evaluation_context import EvaluationContext

from benchmarks.row import Row
from functions.flags.compile import compile_flags

ROUNDS = 9
USERS = 1_000
REPEAT = 5
"""Our evaluations are so much shorter that a round holds this many times more of them."""
QUARTER = (0.21, 0.29)
"""Where the share of the candidate lies, of 1,000 users: three standard deviations and a bit."""

MISSED_RULES: list[Any] = [
    {"==": [{"var": "country"}, "CH"]},
    "special",
    {"in": [{"var": "plan"}, ["enterprise", "partner"]]},
    "special",
    {"ends_with": [{"var": "email"}, "@palier.example"]},
    "special",
]
DEFINITION: dict[str, Any] = {
    "state": "ENABLED",
    "variants": {"control": "A", "candidate": "B", "special": "C"},
    "defaultVariant": "control",
    "targeting": {
        "if": [
            *MISSED_RULES,
            {"fractional": [{"var": "targetingKey"}, ["candidate", 25], ["control", 75]]},
        ]
    },
}
ATTRIBUTES: dict[str, str | int] = {
    "country": "FR",
    "plan": "free",
    "email": "mina@example.com",
    "age": 31,
}


GROWTHBOOK: dict[str, Any] = {
    "flag": {
        "defaultValue": "A",
        "rules": [
            {"condition": {"country": "CH"}, "force": "C"},
            {"condition": {"plan": {"$in": ["enterprise", "partner"]}}, "force": "C"},
            {"condition": {"email": {"$regex": "@palier\\.example$"}}, "force": "C"},
            {"force": "B", "coverage": 0.25, "hashAttribute": "id"},
        ],
    }
}


def rows() -> Iterator[Row]:
    evaluator = compile_flags({"flags": {"flag": DEFINITION}})
    core = FlagdCore()
    core.set_flags({"flags": {"flag": dict(DEFINITION)}})
    growthbook = GrowthBook(features=GROWTHBOOK)
    users = [f"user-{n}" for n in range(USERS)]
    contexts = [{"targetingKey": user, **ATTRIBUTES} for user in users]
    of_flagd = [EvaluationContext(user, ATTRIBUTES) for user in users]
    of_growthbook = [{"id": user, **ATTRIBUTES} for user in users]

    def palier(context: dict[str, Any]) -> Any:
        return evaluator.evaluate("flag", context, "string").value

    def flagd(context: EvaluationContext) -> Any:
        return core.resolve_string_value("flag", "", context).value

    def other(attributes: dict[str, Any]) -> Any:
        growthbook.set_attributes(attributes)
        return growthbook.get_feature_value("flag", "")

    ours = [palier(context) for context in contexts]
    if ours != [flagd(context) for context in of_flagd]:
        raise RuntimeError("The two evaluators differ: a comparison would mean nothing.")
    _require_a_quarter(ours)
    _require_a_quarter([other(attributes) for attributes in of_growthbook])

    def run_palier() -> None:
        for _ in range(REPEAT):
            for context in contexts:
                evaluator.evaluate("flag", context, "string")

    def run_flagd() -> None:
        for context in of_flagd:
            core.resolve_string_value("flag", "", context)

    def run_growthbook() -> None:
        for attributes in of_growthbook:
            growthbook.set_attributes(attributes)
            growthbook.get_feature_value("flag", "")

    rounds = [
        (_seconds(run_palier) / REPEAT, _seconds(run_flagd), _seconds(run_growthbook))
        for _ in range(ROUNDS)
    ]
    yield _row("flags.evaluate_vs_flagd_core", [(own, slow) for own, slow, _ in rounds], 12)
    yield _row("flags.evaluate_vs_growthbook", [(own, slow) for own, _, slow in rounds], 5)


def _row(name: str, rounds: Sequence[tuple[float, float]], budget: float) -> Row:
    """How many times as long as ours the other takes; `rounds` are seconds for USERS."""
    ratio = statistics.median(slow / own for own, slow in rounds)
    own, slow = (min(each[side] for each in rounds) / USERS * 1e6 for side in (0, 1))
    detail = f"{own:.2f} µs against {slow:.1f} µs: three missed rules and a split"
    return Row(name, ratio, "x", ">=", budget, detail)


def _require_a_quarter(values: Sequence[Any]) -> None:
    counted = Counter(values)
    share = counted["B"] / len(values)
    if not QUARTER[0] <= share <= QUARTER[1] or counted["A"] + counted["B"] != len(values):
        raise RuntimeError(f"The split is no quarter ({dict(counted)}): nothing to compare.")


def _seconds(run: Callable[[], None]) -> float:
    """CPU time of this process."""
    started = time.process_time()
    run()
    return time.process_time() - started
