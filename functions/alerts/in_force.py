"""Which rules hold in an environment: those that are delivered, and what people made of them. Pure.

A rule that people define has the shape of Rule. One with the id of a delivered rule stands in its
place; one that is switched off holds no more than if it weren't there. So does one that can't be
read: what is delivered then holds as it is delivered.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import Any

from functions.alerts import selectors
from functions.alerts.rule import (
    ABOVE,
    ABSENCE,
    ACTIONS,
    BASELINE,
    BELOW,
    HANDED,
    SEVERITIES,
    THRESHOLD,
    Rule,
)
from functions.alerts.thresholds import BUILT_IN, BY_ID
from functions.readable import number, readable, texts

ENABLED = "enabled"
Published = Mapping[str, Mapping[str, Any]]

_FIELDS = frozenset(item.name for item in fields(Rule)) - {"id"}
_KINDS = frozenset({THRESHOLD, BASELINE, ABSENCE, HANDED})
_NUMBERS = (
    "threshold",
    "window_seconds",
    "for_seconds",
    "keep_firing_seconds",
    "minimum_requests",
    "baseline_days",
)


def in_force(published: Published) -> tuple[Rule, ...]:
    """The rules that are evaluated, delivered ones first."""
    made, _ = read_rules(published)
    return tuple(
        rule
        for rule in every(published)
        if rule.id not in made or published[rule.id].get(ENABLED, True)
    )


def every(published: Published) -> list[Rule]:
    """Those that are switched off as well."""
    made, _ = read_rules(published)
    delivered = [made.get(rule.id, rule) for rule in BUILT_IN]
    return [*delivered, *(rule for name, rule in made.items() if name not in BY_ID)]


def read_rules(published: Published) -> tuple[dict[str, Rule], tuple[str, ...]]:
    """What people defined, by id; and the ids of rules that this bundle can't read."""
    return readable(published, _read)


def rule_of(name: str, definition: Mapping[str, Any]) -> Rule:
    """A rule as it was defined. What a later bundle says beside it is ignored."""
    given = {key: value for key, value in definition.items() if key in _FIELDS}
    return Rule(id=name, **{**given, "actions": tuple(given["actions"])})


def definition_of(rule: Rule, *, enabled: bool = True) -> dict[str, Any]:
    """A rule as it is stored and shown: a JSON value."""
    given = {key: value for key, value in asdict(rule).items() if key != "id"}
    return {**given, "actions": list(rule.actions), "title": dict(rule.title), ENABLED: enabled}


def _read(name: str, definition: Mapping[str, Any]) -> Rule:
    """A rule that this bundle can evaluate; a later one may know more. Raises for any other."""
    rule = rule_of(name, definition)
    for each in _NUMBERS:
        number(getattr(rule, each))
    texts([rule.metric, rule.service, rule.page, *rule.title, *rule.title.values()])
    known = (
        rule.kind in _KINDS
        and rule.severity in SEVERITIES
        and rule.comparison in (ABOVE, BELOW)
        and set(rule.actions) <= set(ACTIONS)
        and (rule.kind == HANDED or selectors.known(rule.metric))
    )
    if not known or rule.window_seconds <= 0:
        raise ValueError("not a rule of this bundle")
    return rule
