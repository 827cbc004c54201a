"""What people are told when an alert fires or ends: figures, sample, what to do. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from functions.alerts import rule as metrics
from functions.alerts.message import ENGLISH, FRENCH, Event, Message, Text
from functions.alerts.rule import PAUSE, ROLL_BACK
from functions.alerts.rules import RESOLVED, State, Transition


def of_transition(transition: Transition) -> Message:
    """The message of an alert that fires, or no longer does."""
    after = transition.after
    about = "_".join(after.key)
    event = f"{about}:{after.status}:{round(after.since * 1000)}"
    return Message(
        id=hashlib.sha256(event.encode()).hexdigest()[:32],
        event=Event.TRIGGER if transition.opens else Event.RESOLVE,
        severity=after.severity,
        about=f"alerts/{about}",
        texts={ENGLISH: _english(transition), FRENCH: _french(transition)},
        facts={
            "rule": after.key.rule,
            "service": after.key.service,
            "version": after.key.version,
            "status": after.status,
            "value": after.value,
            "threshold": after.threshold,
            "requests": after.requests,
            "failures": after.failures,
        },
        runbook=transition.rule.runbook,
    )


def _english(transition: Transition) -> Text:
    rule, after = transition.rule, transition.after
    name, value = NAMES[rule.metric][0], shown(rule.metric, after.value)
    limit = shown(rule.metric, rule.threshold)
    head = f"{after.severity} {after.key.service} {after.key.version}: {name}"
    if transition.opens:
        text = (
            f"{name.capitalize()} is {value} over {rule.window_seconds} s; more than {limit} is "
            f"too much. {_sample(after)}{_consequence(rule.actions)}What to do: {rule.runbook}"
        )
        return Text(f"{head} {value}", text)
    if after.status == RESOLVED:
        text = f"{name.capitalize()} is {value} again, {limit} or less. Nothing to do."
        return Text(f"{head} back to normal", text)
    text = "Nothing was measured lately: the version gets no requests any more, or too few."
    return Text(f"{head} no more data", text)


def _french(transition: Transition) -> Text:
    rule, after = transition.rule, transition.after
    name = NAMES[rule.metric][1]
    value = shown(rule.metric, after.value).replace(".", ",")
    limit = shown(rule.metric, rule.threshold).replace(".", ",")
    head = f"{after.severity} {after.key.service} {after.key.version} : {name}"
    if transition.opens:
        text = (
            f"{name.capitalize()} : {value} sur {rule.window_seconds} s ; au-delà de {limit}, "
            f"c'est trop. {_echantillon(after)}{_suite(rule.actions)}Que faire : {rule.runbook}"
        )
        return Text(f"{head} {value}", text)
    if after.status == RESOLVED:
        text = f"{name.capitalize()} : {value}, revenu à {limit} ou moins. Rien à faire."
        return Text(f"{head}, retour à la normale", text)
    text = "Plus aucune mesure : la version ne reçoit plus de requêtes, ou trop peu."
    return Text(f"{head}, plus de données", text)


def _sample(state: State) -> str:
    return f"{state.failures} of {state.requests} requests failed. " if state.requests else ""


def _echantillon(state: State) -> str:
    if not state.requests:
        return ""
    return f"{state.failures} requêtes sur {state.requests} ont échoué. "


def _consequence(actions: tuple[str, ...]) -> str:
    if ROLL_BACK in actions:
        return "Palier rolls the version back. "
    if PAUSE in actions:
        return "A rollout of this version is paused. "
    return ""


def _suite(actions: tuple[str, ...]) -> str:
    if ROLL_BACK in actions:
        return "Palier revient à la version précédente. "
    if PAUSE in actions:
        return "Le déploiement progressif de cette version est suspendu. "
    return ""


NAMES: Mapping[str, tuple[str, str]] = {
    metrics.EXECUTION_TIME: (
        "execution time (95th percentile)",
        "temps d'exécution (95e percentile)",
    ),
    metrics.ERROR_RATE: ("error rate", "taux d'erreur"),
    metrics.MEMORY: ("memory in use", "mémoire utilisée"),
    metrics.CONSECUTIVE_FAILURES: ("users failing in a row", "utilisateurs en échec d'affilée"),
    metrics.RETRIES: (
        "retries a request (95th percentile)",
        "reprises par requête (95e percentile)",
    ),
    metrics.RETRIES_MAX: ("retries of one request", "reprises d'une requête"),
    metrics.PUBLISHING_LAG: (
        "delay of what Cloud Monitoring is told",
        "retard de ce que reçoit Cloud Monitoring",
    ),
}
"""In English and in French."""


def shown(metric: str, value: float | None) -> str:
    """A value with its unit."""
    if value is None:
        return "unknown"
    if metric == metrics.EXECUTION_TIME:
        return f"{value / 1000:.3g} s"
    if metric in (metrics.ERROR_RATE, metrics.MEMORY):
        return f"{value * 100:.3g} %"
    if metric == metrics.PUBLISHING_LAG:
        return f"{value:.0f} s"
    return f"{value:g}"
