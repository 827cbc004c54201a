"""What the routes of objectives and scores answer."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from functions.administration import Answer, ChangeAnswer
from functions.alerts.objectives import burn
from functions.alerts.objectives.ledger import Ledger
from functions.alerts.objectives.objective import Objective, sentence
from functions.alerts.rule import Rule
from functions.metrics.measures import PARTS
from functions.metrics.performance import Score


class BurnAnswer(Answer):
    """How many times as fast as allowed the budget burns, over a rule's long and short window; null
    where nothing was counted. `alarm` is whether that is too much."""

    rule: str
    severity: str
    limit: float
    long_seconds: int
    short_seconds: int
    long: float | None
    short: float | None
    alarm: bool


class BudgetAnswer(Answer):
    """What was counted in the objective's days: `counted`, of which `bad`. `good` is the share to
    compare with the target, `left` the share of the error budget that is left: below 0 it is
    overdrawn. Null where nothing was counted. Times are seconds since the epoch."""

    since: int
    through: int
    counted: int
    bad: float
    good: float | None
    left: float | None
    burn_rates: list[BurnAnswer]


class ObjectiveView(Answer):
    """`budget` is null until the first minute was counted."""

    id: str
    sentence: str
    service: str
    kind: str
    target: float
    days: int
    threshold_ms: int
    least: float
    metric: str
    lower: bool
    volume: int
    budget: BudgetAnswer | None


class ObjectiveList(Answer):
    """`unreadable` are the ids of those that this bundle can't read."""

    objectives: list[ObjectiveView]
    unreadable: list[str]


class ObjectiveAnswer(Answer):
    objective: ObjectiveView


class ObjectiveChanged(ChangeAnswer):
    objective: ObjectiveView


class ScoreView(Answer):
    """`origin` is `own`, or `delivered` where nobody decided anything."""

    service: str
    origin: str
    target_ms: int
    error_weight: float


class ScoreList(Answer):
    """`unreadable` are the services whose score this bundle can't read."""

    scores: list[ScoreView]
    unreadable: list[str]


class ScoreChanged(ChangeAnswer):
    score: ScoreView


def objective_view(
    objective: Objective, ledger: Ledger | None, rules: Iterable[Rule]
) -> dict[str, Any]:
    """`rules` are those in force; of them those count that are about burn rates."""
    return {
        "id": objective.id,
        "sentence": sentence(objective),
        **objective.to_document(),
        "budget": None if ledger is None else _budget(objective, ledger, rules),
    }


def score_view(service: str, score: Score, *, own: bool) -> dict[str, Any]:
    return {
        "service": service,
        "origin": "own" if own else "delivered",
        "target_ms": score.target_ms,
        "error_weight": score.error_weight,
    }


def _budget(objective: Objective, ledger: Ledger, rules: Iterable[Rule]) -> dict[str, Any]:
    budget = burn.budget(objective, ledger)
    return {
        "since": ledger.since,
        "through": ledger.end,
        "counted": budget.counted.total,
        "bad": budget.counted.bad / PARTS,
        "good": budget.good,
        "left": budget.left,
        "burn_rates": [_burn(rule, objective, ledger) for rule in burn.watching(rules, objective)],
    }


def _burn(rule: Rule, objective: Objective, ledger: Ledger) -> dict[str, Any]:
    short = burn.short_seconds(rule)
    found = burn.measure(rule, objective, ledger)
    return {
        "rule": rule.id,
        "severity": rule.severity,
        "limit": rule.threshold,
        "long_seconds": rule.window_seconds,
        "short_seconds": short,
        "long": burn.burn_rate(objective, ledger.last(rule.window_seconds)),
        "short": burn.burn_rate(objective, ledger.last(short)),
        "alarm": bool(found and found.breached),
    }
