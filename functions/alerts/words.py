"""What a rule looks at, and its values, in words and with their units. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from functions.alerts import rule as metrics
from functions.alerts import selectors
from functions.alerts.message import ENGLISH, FRENCH
from functions.alerts.rule import ABSENCE, BASELINE, Rule
from functions.alerts.selectors import MILLISECONDS, SECONDS, SHARE

Names = Mapping[str, str]
"""By language."""

NAMES: Mapping[str, Names] = {
    **{
        name: {ENGLISH: each.english, FRENCH: each.french}
        for name, each in selectors.BUILT_IN.items()
    },
    metrics.PUBLISHING_LAG: {
        ENGLISH: "delay of what Cloud Monitoring is told",
        FRENCH: "retard de ce que reçoit Cloud Monitoring",
    },
    metrics.BURN_RATE: {
        ENGLISH: "burn rate of the error budget",
        FRENCH: "vitesse de consommation du budget d'erreur",
    },
}


def name_of(rule: Rule) -> Names:
    """What a rule looks at: its own title, the name of its metric, or what it is reported as."""
    usual = NAMES.get(rule.metric, {ENGLISH: rule.metric, FRENCH: rule.metric})
    return {**usual, **rule.title}


def name_on(rule: Rule, arm: str) -> Names:
    """The same, with the objective whose budget it is: an arm names it, and no one else does."""
    named = name_of(rule)
    objective = arm.partition("+")[2]
    if rule.metric != metrics.BURN_RATE or not objective:
        return named
    return {language: f"{name} ({objective})" for language, name in named.items()}


def value_of(rule: Rule, value: float | None, language: str = ENGLISH) -> str:
    """A value of a rule, or its threshold, for people."""
    if value is None:
        return "inconnu" if language == FRENCH else "unknown"
    text = _value_of(rule, value, language)
    return text.replace(".", ",") if language == FRENCH else text


def _value_of(rule: Rule, value: float, language: str) -> str:
    if rule.kind == BASELINE:
        return f"{value:.3g} fois l'habitude" if language == FRENCH else f"{value:.3g} × the usual"
    if rule.kind == ABSENCE:
        return f"{value:.0f} s sans mesure" if language == FRENCH else f"{value:.0f} s of silence"
    return shown(rule.metric, value)


def shown(metric: str, value: float | None) -> str:
    """A value of a metric with its unit."""
    if value is None:
        return "unknown"
    unit = selectors.unit(metric)
    if unit == MILLISECONDS:
        return f"{value / 1000:.3g} s" if value >= 1000 else f"{value:.3g} ms"
    if unit == SHARE:
        return f"{value * 100:.3g} %"
    return f"{value:.0f} s" if unit == SECONDS else f"{value:g}"
