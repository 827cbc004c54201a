"""The alert policies for Cloud Console, from the rules. Pure.

Each rule becomes one policy: a threshold on `rule_value`, the number that the engine compares as
well, so both come to the same verdict whatever kind of rule it is. One more stands beside them: it
fires when the control loop itself is silent, which nothing inside the bundle could tell.

A policy is a JSON value as `gcloud monitoring policies create --policy-from-file` takes it. Where
Cloud Monitoring is coarser than the engine it is rounded up: durations to whole minutes.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from functions.alerts.message import ENGLISH, FRENCH
from functions.alerts.rule import ABOVE, P1, P2, P3, PAUSE, PUBLISHING_LAG, ROLL_BACK, Rule
from functions.alerts.thresholds import TICK_HEARTBEAT
from functions.alerts.words import name_of, value_of
from functions.metrics.series import RULE_VALUE, Metric
from functions.metrics.series import TICK_HEARTBEAT as HEARTBEAT

Policy = Mapping[str, Any]

MARK = "palier"
"""The label that tells our policies from everybody else's."""

SEVERITIES = {P1: "CRITICAL", P2: "ERROR", P3: "WARNING"}
MINUTE_SECONDS = 60
SILENCE_SECONDS = 300
AUTO_CLOSE = "1800s"
"""The shortest there is: after so long without data an incident closes."""

ALIGNED = {"alignmentPeriod": f"{MINUTE_SECONDS}s"}


class Place(NamedTuple):
    """Whose policies: an environment of an application."""

    application: str
    environment: str

    def __str__(self) -> str:
        return f"{self.application} {self.environment}"


def policies(rules: Iterable[Rule], place: Place) -> dict[str, Policy]:
    """The policies of an environment by the id of their rule, the heartbeat's with them.

    Of the rule about the publisher's own delay there is none: while it is behind, nobody there
    hears of it, and the heartbeat is missing.
    """
    made = {rule.id: of_rule(rule, place) for rule in rules if rule.metric != PUBLISHING_LAG}
    return {**made, TICK_HEARTBEAT: of_heartbeat(place)}


def of_rule(rule: Rule, place: Place) -> Policy:
    """A threshold on the rule's value, for each service and version by itself."""
    above = rule.comparison == ABOVE
    minutes = math.ceil(rule.for_seconds / MINUTE_SECONDS)
    threshold: dict[str, Any] = {
        "filter": _filter(RULE_VALUE, place, f'metric.labels.rule = "{rule.id}"'),
        "aggregations": [{**ALIGNED, "perSeriesAligner": "ALIGN_MAX" if above else "ALIGN_MIN"}],
        "comparison": "COMPARISON_GT" if above else "COMPARISON_LT",
        "thresholdValue": float(rule.threshold),
        "duration": f"{minutes * MINUTE_SECONDS}s",
        "trigger": {"count": 1},
    }
    if minutes:  # without a duration Cloud Monitoring takes no word on missing data
        threshold["evaluationMissingData"] = "EVALUATION_MISSING_DATA_INACTIVE"
    name = name_of(rule)[ENGLISH]
    condition = {"displayName": _limit(rule), "conditionThreshold": threshold}
    return _policy(rule.id, rule.severity, name, place, condition, _of_rule(rule, place))


def of_heartbeat(place: Place) -> Policy:
    """It fires when `tick` has not come to its end for five minutes."""
    absent = {
        "filter": _filter(HEARTBEAT, place),
        "aggregations": [{**ALIGNED, "perSeriesAligner": "ALIGN_MAX"}],
        "duration": f"{SILENCE_SECONDS}s",
        "trigger": {"count": 1},
    }
    name = "the control loop is silent"
    condition = {"displayName": f"no heartbeat for {SILENCE_SECONDS} s", "conditionAbsent": absent}
    return _policy(TICK_HEARTBEAT, P1, name, place, condition, _of_heartbeat(place))


def _policy(
    rule: str, severity: str, name: str, place: Place, condition: Policy, text: str
) -> Policy:
    return {
        "displayName": f"Palier {place}: {severity} {name} ({rule})",
        "documentation": {"content": text, "mimeType": "text/markdown"},
        "userLabels": {
            MARK: "policy",
            "application": place.application,
            "environment": place.environment,
            "rule": rule,
        },
        "severity": SEVERITIES[severity],
        "combiner": "OR",
        "conditions": [condition],
        "alertStrategy": {"autoClose": AUTO_CLOSE},
    }


def _filter(metric: Metric, place: Place, *more: str) -> str:
    return " AND ".join(
        (
            f'metric.type = "{metric.type}"',
            'resource.type = "generic_task"',
            f'resource.labels.namespace = "{place.application}"',
            f'resource.labels.job = "{place.environment}"',
            *more,
        )
    )


def _limit(rule: Rule) -> str:
    than = "more than" if rule.comparison == ABOVE else "less than"
    held = f" for {rule.for_seconds} s" if rule.for_seconds else ""
    return f"{than} {value_of(rule, rule.threshold)} over {rule.window_seconds} s{held}"


def _limite(rule: Rule) -> str:
    than = "plus de" if rule.comparison == ABOVE else "moins de"
    held = f" pendant {rule.for_seconds} s" if rule.for_seconds else ""
    return f"{than} {value_of(rule, rule.threshold, FRENCH)} sur {rule.window_seconds} s{held}"


def _of_rule(rule: Rule, place: Place) -> str:
    names = name_of(rule)
    arm = "`${metric.label.service}` `${metric.label.version}`"
    return "\n\n".join(
        (
            f"**{rule.severity} · {names[ENGLISH]}** · {arm} · {place}",
            f"The rule fires at {_limit(rule)}{_sample(rule)}. Palier looks at the same number "
            f"every ten seconds and decides by itself: {_does(rule)}.",
            f"What to do: `{rule.runbook}`",
            f"**{rule.severity} · {names[FRENCH]}** · {arm} · {place}",
            f"La règle se déclenche à {_limite(rule)}{_echantillon(rule)}. Palier regarde le même "
            f"nombre toutes les dix secondes et décide lui-même : {_fait(rule)}.",
            f"Que faire : `{rule.runbook}`",
        )
    )


def _sample(rule: Rule) -> str:
    least = rule.minimum_requests
    return f", of at least {least} requests" if least > 1 else ""


def _echantillon(rule: Rule) -> str:
    least = rule.minimum_requests
    return f", sur au moins {least} requêtes" if least > 1 else ""


def _does(rule: Rule) -> str:
    if ROLL_BACK in rule.actions:
        return "it rolls the version back and tells its channels"
    if PAUSE in rule.actions:
        return "it pauses a rollout of the version and tells its channels"
    return "it tells its channels"


def _fait(rule: Rule) -> str:
    if ROLL_BACK in rule.actions:
        return "il revient à la version précédente et prévient ses canaux"
    if PAUSE in rule.actions:
        return "il suspend le déploiement progressif de la version et prévient ses canaux"
    return "il prévient ses canaux"


def _of_heartbeat(place: Place) -> str:
    runbook = f"docs/runbooks/{TICK_HEARTBEAT}.md"
    return "\n\n".join(
        (
            f"**P1 · The control loop is silent** · {place}",
            f"For {SILENCE_SECONDS} s `tick` has not come to its end, or its points don't arrive. "
            "Nothing is rolled back by itself and no stage advances; users are served as before.",
            f"What to do: `{runbook}`",
            f"**P1 · La boucle de contrôle est muette** · {place}",
            f"Depuis {SILENCE_SECONDS} s, `tick` n'est pas allé jusqu'à son terme, ou ses points "
            "n'arrivent pas. Plus aucun retour en arrière automatique, plus aucune avancée ; les "
            "utilisateurs sont servis comme avant.",
            f"Que faire : `{runbook}`",
        )
    )
