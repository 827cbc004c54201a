"""Burn rates fire just above their factor and not at it, when both windows say so."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.alerts.measures import Key
from functions.alerts.objectives import burn
from functions.alerts.objectives import ledger as ledgers
from functions.alerts.objectives.burn import SHORT_SECONDS
from functions.alerts.objectives.counting import Count
from functions.alerts.objectives.ledger import Ledger
from functions.alerts.objectives.objective import Kind, Objective
from functions.alerts.rule import Rule
from functions.alerts.thresholds import BURN_RATES

START = 1_800_000_000 - 1_800_000_000 % 86_400
OBJECTIVE = Objective("up", "stories", Kind.AVAILABILITY, 0.999)
EVENTS = 10_000
BY_ID = {rule.id: rule for rule in BURN_RATES}
DAYS = 4


def steadily(bad: int, quiet_minutes: int = 0) -> Ledger:
    """Four days in which `bad` of 10,000 requests a minute failed; lately none."""
    ledger = ledgers.empty(START - 60)
    minutes = DAYS * 1_440
    for first in range(0, minutes, 60):
        found = {
            START + 60 * n: Count(EVENTS, 0 if n >= minutes - quiet_minutes else 1_000 * bad)
            for n in range(first, first + 60)
        }
        ledger = ledgers.add(ledger, found, START + 60 * (first + 59))
    return ledger


@pytest.mark.parametrize("rule", BURN_RATES, ids=lambda rule: rule.id)
def test_just_above_its_factor_fires_and_just_that_does_not(rule: Rule) -> None:
    at = round(rule.threshold * 0.001 * EVENTS)
    exactly, above = (burn.measure(rule, OBJECTIVE, steadily(bad)) for bad in (at, at + 1))
    assert exactly is not None
    assert above is not None
    assert (exactly.value, exactly.breached) == (rule.threshold, False)
    assert above.breached
    assert above.value == pytest.approx(rule.threshold + 0.1)


@pytest.mark.parametrize("rule", BURN_RATES, ids=lambda rule: rule.id)
def test_what_is_over_fires_no_longer(rule: Rule) -> None:
    long_ago = steadily(9_000, quiet_minutes=SHORT_SECONDS[rule.id] // 60)
    found = burn.measure(rule, OBJECTIVE, long_ago)
    assert found is not None
    assert (found.value, found.breached) == (0.0, False)


def test_a_burst_is_no_alarm_to_the_long_window() -> None:
    ledger = ledgers.add(
        ledgers.empty(START - 60),
        {START + 60 * n: Count(EVENTS, 1_000 * 200 * (n >= 57)) for n in range(60)},
        START + 59 * 60,
    )
    found = burn.measure(BY_ID["p1-burn-rate"], OBJECTIVE, ledger)
    assert found is not None
    assert found.value == pytest.approx(200 * 3 / (60 * EVENTS) / 0.001)


def test_too_little_says_nothing() -> None:
    rule = BY_ID["p1-burn-rate"]
    ledger = ledgers.add(ledgers.empty(START - 60), {START: Count(99, 99_000)}, START)
    assert burn.measure(rule, OBJECTIVE, ledger) is None
    ledger = ledgers.add(ledger, {START + 60: Count(1, 0)}, START + 60)
    found = burn.measure(rule, OBJECTIVE, ledger)
    assert found is not None
    assert (found.breached, found.requests, found.failures) == (True, 100, 99)
    slow = replace(OBJECTIVE, kind=Kind.LATENCY, threshold_ms=500)
    found = burn.measure(rule, slow, ledger)
    assert found is not None
    assert (found.breached, found.requests, found.failures) == (True, 0, 0)
    quiet = ledgers.add(ledger, {}, START + 600)
    assert burn.measure(rule, OBJECTIVE, quiet) is None


@given(st.integers(0, 20_000), st.sampled_from([0.9, 0.99, 0.999]))
def test_what_is_left_is_what_was_not_used(bad: int, target: float) -> None:
    objective = Objective("up", "stories", Kind.AVAILABILITY, target)
    ledger = ledgers.add(ledgers.empty(START - 60), {START: Count(20_000, 1_000 * bad)}, START)
    found = burn.budget(objective, ledger)
    assert found.left is not None
    assert found.good is not None
    assert found.left == pytest.approx(1 - bad / 20_000 / (1 - target))
    assert found.good == pytest.approx(1 - bad / 20_000)
    assert (found.left >= 0) == (found.good >= target - 1e-9)


def test_without_anything_counted_nothing_is_known_of_a_budget() -> None:
    found = burn.budget(OBJECTIVE, ledgers.empty(START))
    assert (found.left, found.good) == (None, None)


def test_every_objective_has_an_alert_of_each_rule_in_force() -> None:
    found = burn.measured([OBJECTIVE], {"up": steadily(200)})
    assert {key.rule for key, value in found.items() if value and value.breached} == set(BY_ID)
    assert {(key.service, key.version) for key in found} == {("stories", "all+up")}
    assert burn.measured([OBJECTIVE], {})[Key("p1-burn-rate", "stories", "all+up")] is None
    elsewhere = replace(BY_ID["p1-burn-rate"], service="search")
    assert burn.measured([OBJECTIVE], {}, [elsewhere, BY_ID["p2-burn-rate"]]).keys() == {
        Key("p2-burn-rate", "stories", "all+up")
    }
