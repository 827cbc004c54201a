"""What people are told when an alert fires or ends: figures, sample, what to do. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from functions.alerts import words
from functions.alerts.message import ENGLISH, FRENCH, Event, Message, Text
from functions.alerts.rule import PAUSE, ROLL_BACK
from functions.alerts.rules import RESOLVED, State, Transition
from functions.alerts.words import name_of, value_of
from functions.alerts.words import shown as shown


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
    name, value = name_of(rule)[ENGLISH], value_of(rule, after.value)
    limit = value_of(rule, rule.threshold)
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
    name, value = name_of(rule)[FRENCH], value_of(rule, after.value, FRENCH)
    limit = value_of(rule, rule.threshold, FRENCH)
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
    name: (each[ENGLISH], each[FRENCH]) for name, each in words.NAMES.items()
}
"""In English and in French."""
