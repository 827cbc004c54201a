"""What the admin API answers about rules, templates, silences, alerts and their events."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from functions.administration import Answer, ChangeAnswer
from functions.alerts.in_force import definition_of
from functions.alerts.rule import Rule
from functions.alerts.state import State
from functions.alerts.templates import Template
from functions.alerts.thresholds import BY_ID
from functions.alerts.words import name_of, value_of


class Words(Answer):
    en: str
    fr: str


class RuleView(Answer):
    """`origin` is `delivered`, `changed` (delivered, and defined anew) or `own`."""

    id: str
    origin: str
    enabled: bool
    severity: str
    metric: str
    comparison: str
    threshold: float
    kind: str
    window_seconds: int
    for_seconds: int
    keep_firing_seconds: int
    minimum_requests: int
    actions: list[str]
    baseline_days: int
    service: str
    title: Words
    limit: Words
    page: str


class RuleList(Answer):
    """`unreadable` are the ids of those that this bundle can't read: what is delivered by such an
    id holds as delivered, any other doesn't."""

    rules: list[RuleView]
    unreadable: list[str]


class RuleAnswer(Answer):
    rule: RuleView


class RuleChanged(ChangeAnswer):
    rule: RuleView


class TemplateView(Answer):
    about: str
    needs: dict[str, str]
    rule: RuleView


class TemplateList(Answer):
    templates: list[TemplateView]


class SilenceView(Answer):
    id: str
    until: float
    made_at: float
    why: str
    rule: str
    service: str
    version: str
    severity: str
    over: bool


class SilenceList(Answer):
    """`unreadable` are the ids of those that this bundle can't read."""

    silences: list[SilenceView]
    unreadable: list[str]


class SilenceChanged(ChangeAnswer):
    silence: SilenceView


class AlertView(Answer):
    """`status` is ok, pending, firing, silenced, inhibited, resolved or no_data. `since` is null
    for one that nobody wrote down: it is well, or was never measured."""

    rule: str
    service: str
    version: str
    severity: str
    status: str
    flapping: bool
    since: float | None
    value: float | None
    threshold: float
    requests: int
    failures: int
    title: Words
    shown: Words
    limit: Words
    actions: list[str]
    runbook: str


class AlertList(Answer):
    alerts: list[AlertView]


class EventView(Answer):
    id: str
    at: float
    rule: str
    service: str
    version: str
    severity: str
    before: str
    after: str
    since: float
    value: float | None
    threshold: float
    requests: int
    failures: int
    flapping: bool


class EventList(Answer):
    """`next` is what `before` is to be for what came before these; null at the end."""

    events: list[EventView]
    next: float | None


def rule_view(rule: Rule, *, enabled: bool, changed: bool) -> dict[str, Any]:
    delivered = rule.id in BY_ID
    origin = ("changed" if changed else "delivered") if delivered else "own"
    return {
        **definition_of(rule, enabled=enabled),
        "id": rule.id,
        "origin": origin,
        "title": dict(name_of(rule)),
        "limit": _both(rule, rule.threshold),
        "page": rule.runbook,
    }


def template_view(template: Template) -> dict[str, Any]:
    shown = rule_view(template.rule, enabled=True, changed=False)
    return {"about": template.about, "needs": dict(template.needs), "rule": shown}


def silence_view(name: str, definition: Mapping[str, Any], now: float) -> dict[str, Any]:
    given = {key: definition.get(key, "") for key in ("rule", "service", "version", "severity")}
    return {
        "id": name,
        "until": definition["until"],
        "made_at": definition.get("made_at", 0.0),
        "why": definition.get("why", ""),
        **given,
        "over": definition["until"] <= now,
    }


def alert_view(rule: Rule, state: State, *, stored: bool) -> dict[str, Any]:
    return {
        "rule": rule.id,
        "service": state.key.service,
        "version": state.key.version,
        "severity": state.severity,
        "status": state.shown,
        "flapping": state.flapping,
        "since": state.since if stored else None,
        "value": state.value,
        "threshold": state.threshold,
        "requests": state.requests,
        "failures": state.failures,
        "title": dict(name_of(rule)),
        "shown": _both(rule, state.value),
        "limit": _both(rule, state.threshold),
        "actions": list(rule.actions),
        "runbook": rule.runbook,
    }


def _both(rule: Rule, value: float | None) -> dict[str, str]:
    return {language: value_of(rule, value, language) for language in ("en", "fr")}
