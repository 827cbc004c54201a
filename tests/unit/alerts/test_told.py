"""Messages say how much, since when and what to do, without a contradiction."""

from __future__ import annotations

import pytest

from functions.alerts.message import LANGUAGES, Message, Text
from functions.alerts.rule import Rule
from functions.alerts.rules import FIRING, NO_DATA, RESOLVED, Key, State, Transition
from functions.alerts.thresholds import BY_ID
from functions.alerts.told import NAMES, of_transition

NOW = 1_800_000_000.0


def change(rule: Rule, status: str, value: float | None, **sample: int) -> Transition:
    key = Key(rule.id, "stories", "1.3.0")
    before = None
    if status != FIRING:
        before = State(key, rule.severity, FIRING, NOW - 300, rule.threshold)
    after = State(key, rule.severity, status, NOW, rule.threshold, value=value, **sample)
    return Transition(rule, before, after)


def english(message: Message) -> Text:
    return message.texts["en"]


def test_a_firing_alert() -> None:
    told = english(
        of_transition(change(BY_ID["p1-error-rate"], FIRING, 0.12, requests=100, failures=12))
    )
    assert told.title == "P1 stories 1.3.0: error rate 12 %"
    assert told.text == (
        "Error rate is 12 % over 60 s; more than 5 % is too much. 12 of 100 requests failed. "
        "A rollout of this version is paused. "
        "What to do: docs/runbooks/p1-error-rate.md"
    )


def test_an_alert_that_ends() -> None:
    rule = BY_ID["p2-execution-time"]
    told = english(of_transition(change(rule, RESOLVED, 12_300)))
    assert told.title == "P2 stories 1.3.0: execution time (95th percentile) back to normal"
    assert "12.3 s again, 20 s or less" in told.text
    assert "no more data" in english(of_transition(change(rule, NO_DATA, None))).title


def test_the_same_event_is_the_same_message() -> None:
    rule = BY_ID["p3-memory"]
    first = of_transition(change(rule, FIRING, 0.7))
    assert first == of_transition(change(rule, FIRING, 0.7))
    assert first.id != of_transition(change(rule, RESOLVED, 0.5)).id
    assert first.about == of_transition(change(rule, RESOLVED, 0.5)).about


@pytest.mark.parametrize("rule", BY_ID.values(), ids=lambda rule: rule.id)
def test_every_metric_has_a_name_and_every_rule_a_message(rule: Rule) -> None:
    assert rule.metric in NAMES
    message = of_transition(change(rule, FIRING, rule.threshold + 1))
    assert set(message.texts) == set(LANGUAGES)
    assert all(rule.runbook in each.text for each in message.texts.values())
