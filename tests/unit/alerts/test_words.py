"""Values and names of rules, in words."""

from __future__ import annotations

import pytest

from functions.alerts.message import LANGUAGES
from functions.alerts.rule import ABSENCE, BASELINE, Rule
from functions.alerts.thresholds import BY_ID
from functions.alerts.words import NAMES, name_of, value_of


@pytest.mark.parametrize("rule", BY_ID.values(), ids=lambda rule: rule.id)
def test_every_metric_has_a_name_in_both_languages(rule: Rule) -> None:
    assert rule.metric in NAMES
    assert len({name_of(rule)[language] for language in LANGUAGES}) == len(LANGUAGES)


@pytest.mark.parametrize(
    ("metric", "kind", "value", "english", "french"),
    [
        ("error_rate", "threshold", 0.125, "12.5 %", "12,5 %"),
        ("execution_time_p95_ms", "threshold", 12_300.0, "12.3 s", "12,3 s"),
        ("execution_time_p95_ms", BASELINE, 2.5, "2.5 × the usual", "2,5 fois l'habitude"),
        ("error_rate", ABSENCE, 42.0, "42 s of silence", "42 s sans mesure"),
        ("error_rate", "threshold", None, "unknown", "inconnu"),
    ],
)
def test_values_with_their_units(
    metric: str, kind: str, value: float | None, english: str, french: str
) -> None:
    rule = Rule("own", "P2", metric, 1.0, 60, 0, 60, 1, ("notify",), kind=kind)
    assert [value_of(rule, value, language) for language in LANGUAGES] == [english, french]
