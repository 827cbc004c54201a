"""Evaluation in memory against flagd's reference implementation, interleaved in one process."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator
from typing import Any

from openfeature.contrib.tools.flagd.core import FlagdCore
from openfeature.evaluation_context import EvaluationContext

from benchmarks.row import Row
from functions.flags.compile import compile_flags

ROUNDS = 9
USERS = 1_000
REPEAT = 5
"""Our evaluations are so much shorter that a round holds this many times more of them."""

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


def rows() -> Iterator[Row]:
    evaluator = compile_flags({"flags": {"flag": DEFINITION}})
    core = FlagdCore()
    core.set_flags({"flags": {"flag": dict(DEFINITION)}})
    contexts = [{"targetingKey": f"user-{n}", **ATTRIBUTES} for n in range(USERS)]
    theirs = [EvaluationContext(f"user-{n}", ATTRIBUTES) for n in range(USERS)]
    _require_same(evaluator.evaluate, core, contexts, theirs)

    def run_ours() -> None:
        for _ in range(REPEAT):
            for context in contexts:
                evaluator.evaluate("flag", context, "string")

    def run_theirs() -> None:
        for context in theirs:
            core.resolve_string_value("flag", "", context)

    pairs = [(_seconds(run_theirs) * REPEAT, _seconds(run_ours)) for _ in range(ROUNDS)]
    ratio = statistics.median(slow / fast for slow, fast in pairs)
    ours = min(fast for _, fast in pairs) / (USERS * REPEAT)
    reference = min(slow for slow, _ in pairs) / (USERS * REPEAT)
    detail = f"{ours * 1e6:.2f} µs against {reference * 1e6:.1f} µs: three missed rules and a split"
    yield Row("flags.evaluate_vs_flagd_core", ratio, "x", ">=", 12, detail)


def _seconds(run: Callable[[], None]) -> float:
    """CPU time of this process."""
    started = time.process_time()
    run()
    return time.process_time() - started


def _require_same(
    evaluate: Callable[..., Any], core: FlagdCore, contexts: list[Any], theirs: list[Any]
) -> None:
    for ours, other in zip(contexts, theirs, strict=True):
        expected = core.resolve_string_value("flag", "", other)
        if evaluate("flag", ours).value != expected.value:
            raise RuntimeError("The two evaluators differ: a comparison would mean nothing.")
