"""Which rules hold in an environment: those that are delivered, and what people made of them. Pure.

A rule that people define has the shape of Rule. One with the id of a delivered rule stands in its
place; one that is switched off holds no more than if it weren't there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import Any

from functions.alerts.rule import ABSENCE, BASELINE, HANDED, THRESHOLD, Rule
from functions.alerts.thresholds import BUILT_IN, BY_ID

ENABLED = "enabled"
Published = Mapping[str, Mapping[str, Any]]

_FIELDS = frozenset(item.name for item in fields(Rule)) - {"id"}
_KINDS = frozenset({THRESHOLD, BASELINE, ABSENCE, HANDED})


def in_force(published: Published) -> tuple[Rule, ...]:
    """The rules that are evaluated, delivered ones first."""
    return tuple(rule for rule in every(published) if published.get(rule.id, {}).get(ENABLED, True))


def every(published: Published) -> list[Rule]:
    """Those that are switched off as well."""
    made = {name: each for name, each in sorted(published.items()) if _understood(each)}
    delivered = [rule_of(rule.id, made[rule.id]) if rule.id in made else rule for rule in BUILT_IN]
    return [*delivered, *(rule_of(name, each) for name, each in made.items() if name not in BY_ID)]


def rule_of(name: str, definition: Mapping[str, Any]) -> Rule:
    """A rule as it was defined. What a later bundle says beside it is ignored."""
    given = {key: value for key, value in definition.items() if key in _FIELDS}
    return Rule(id=name, **{**given, "actions": tuple(given["actions"])})


def definition_of(rule: Rule, *, enabled: bool = True) -> dict[str, Any]:
    """A rule as it is stored and shown: a JSON value."""
    given = {key: value for key, value in asdict(rule).items() if key != "id"}
    return {**given, "actions": list(rule.actions), "title": dict(rule.title), ENABLED: enabled}


def _understood(definition: Mapping[str, Any]) -> bool:
    """Whether this bundle knows that kind of rule; a later one may know more."""
    return definition.get("kind", THRESHOLD) in _KINDS
