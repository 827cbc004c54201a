"""How fast an objective's budget burns, and what is left of it. Pure.

The budget is what may be bad: 1 - target of all that is counted in the objective's days. A burn
rate of 1 uses it up in just those days; the rules of the SRE workbook look at a long window, so
that little is no alarm, and at a short one, so that what is over is none:

| rule         | faster than | over               | that is, of 30 days' budget |
|--------------|-------------|--------------------|-----------------------------|
| p1-burn-rate | 14.4        | 1 h and 5 min      | 2 % in an hour              |
| p2-burn-rate | 6           | 6 h and 30 min     | 5 % in six hours            |
| p3-burn-rate | 1           | 3 days and 6 hours | 10 % in three days          |

The value of such a rule is the smaller of both windows' rates, so it is too much when both are.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from functions.alerts.measures import Key, Measurement
from functions.alerts.objectives.counting import Count
from functions.alerts.objectives.ledger import Ledger
from functions.alerts.objectives.objective import Kind, Objective
from functions.alerts.rule import BURN_RATE, Rule
from functions.alerts.thresholds import BURN_RATES
from functions.metrics.hours import DAY_SECONDS
from functions.metrics.measures import PARTS

DIGITS = 9
"""Behind the point, so that a rate of just 14.4 is 14.4 and not more."""


SHORT_SECONDS: Mapping[str, int] = {
    "p1-burn-rate": 300,
    "p2-burn-rate": 1_800,
    "p3-burn-rate": 21_600,
}
"""The short window by rule; the rule's own is the long one."""

SHORTER = 12
"""By how much the short window is shorter, where nothing else is said: as the workbook has it."""


@dataclass(frozen=True)
class Budget:
    """What an objective stands at.

    counted  in its days, as far as they were counted
    left     the share of its budget that is left: 1 untouched, 0 used up, below 0 overdrawn;
             None when nothing was counted
    """

    counted: Count
    left: float | None

    @property
    def good(self) -> float | None:
        """The share that was good, 0 to 1: what the target is compared with."""
        share = self.counted.bad_share
        return None if share is None else 1.0 - share


def budget(objective: Objective, ledger: Ledger) -> Budget:
    """What is left of an objective's budget at the ledger's end."""
    counted = ledger.last(objective.days * DAY_SECONDS)
    rate = burn_rate(objective, counted)
    return Budget(counted, None if rate is None else 1.0 - rate)


def burn_rate(objective: Objective, count: Count) -> float | None:
    """How many times as fast as allowed; None of nothing."""
    share = count.bad_share
    return None if share is None else round(share / (1.0 - objective.target), DIGITS)


def measure(rule: Rule, objective: Objective, ledger: Ledger) -> Measurement | None:
    """A rule's value for an objective; None when the long window holds too little to say, or the
    short one nothing."""
    long = ledger.last(rule.window_seconds)
    slow = burn_rate(objective, long)
    fast = burn_rate(objective, ledger.last(short_seconds(rule)))
    if slow is None or fast is None or long.total < objective.volume:
        return None
    value = min(slow, fast)
    # Messages call the sample requests that failed: only of availability is it that.
    if objective.kind is not Kind.AVAILABILITY:
        return Measurement(value, rule.breached(value))
    return Measurement(value, rule.breached(value), long.total, long.bad // PARTS)


def short_seconds(rule: Rule) -> int:
    """The shorter of a rule's two windows."""
    return SHORT_SECONDS.get(rule.id, rule.window_seconds // SHORTER)


def watching(rules: Iterable[Rule], objective: Objective) -> list[Rule]:
    """Those of these rules that are about how fast this objective's budget burns."""
    services = ("", objective.service)
    return [rule for rule in rules if rule.metric == BURN_RATE and rule.service in services]


def measured(
    objectives: Iterable[Objective],
    ledgers: Mapping[str, Ledger],
    rules: Iterable[Rule] = BURN_RATES,
) -> dict[Key, Measurement | None]:
    """Every burn rule of these for every objective; `ledgers` by the objectives' ids."""
    rules = tuple(rules)
    found: dict[Key, Measurement | None] = {}
    for objective in objectives:
        ledger = ledgers.get(objective.id)
        for rule in watching(rules, objective):
            key = Key(rule.id, objective.service, arm(objective.id))
            found[key] = measure(rule, objective, ledger) if ledger else None
    return found


def least_left(
    objectives: Iterable[Objective], ledgers: Mapping[str, Ledger], service: str
) -> float | None:
    """The least of what is left of the budgets of a service; None when that isn't known of each, or
    it has none."""
    found = [
        budget(each, ledgers[each.id]).left if each.id in ledgers else None
        for each in objectives
        if each.service == service
    ]
    known = [left for left in found if left is not None]
    return min(known) if known and len(known) == len(found) else None


def arm(identifier: str) -> str:
    """What an objective's alert is about, in place of a version: all of them, by objective."""
    return f"all+{identifier}"
