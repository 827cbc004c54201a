"""What a person is told when an alert fires or ends: figures, sample, what to do. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field

from functions.alerts import thresholds
from functions.alerts.rules import RESOLVED, State, Transition

LOG = "log"
"""The channel that writes a structured line to the log."""


@dataclass(frozen=True)
class Message:
    """One notification for one channel.

    id       deterministic: the same event never makes two messages
    about    what messages of one alert have in common, for a receiver that groups them
    facts    the figures, for machines
    """

    id: str
    channel: str
    severity: str
    about: str
    title: str
    text: str
    facts: Mapping[str, str | int | float | None] = field(default_factory=dict)


def of_transition(transition: Transition, channel: str = LOG) -> Message:
    """The message of an alert that fires, or no longer does."""
    after = transition.after
    about = "_".join(after.key)
    event = f"{channel}:{about}:{after.status}:{round(after.since * 1000)}"
    return Message(
        id=hashlib.sha256(event.encode()).hexdigest()[:32],
        channel=channel,
        severity=after.severity,
        about=about,
        title=_title(transition),
        text=_text(transition),
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
    )


def _title(transition: Transition) -> str:
    after = transition.after
    what = f"{after.key.service} {after.key.version}: {NAMES[transition.rule.metric]}"
    if transition.opens:
        return f"{after.severity} {what} {shown(transition.rule.metric, after.value)}"
    ended = "back to normal" if after.status == RESOLVED else "no more data"
    return f"{after.severity} {what} {ended}"


def _text(transition: Transition) -> str:
    rule, after = transition.rule, transition.after
    limit = shown(rule.metric, rule.threshold)
    if transition.opens:
        return (
            f"{NAMES[rule.metric].capitalize()} is {shown(rule.metric, after.value)} over "
            f"{rule.window_seconds} s; more than {limit} is too much. {_sample(after)}"
            f"{_consequence(rule.actions)}What to do: {rule.runbook}"
        )
    if after.status == RESOLVED:
        value = shown(rule.metric, after.value)
        return (
            f"{NAMES[rule.metric].capitalize()} is {value} again, {limit} or less. Nothing to do."
        )
    return "Nothing was measured lately: the version gets no requests any more, or too few."


def _sample(state: State) -> str:
    return f"{state.failures} of {state.requests} requests failed. " if state.requests else ""


def _consequence(actions: tuple[str, ...]) -> str:
    if thresholds.ROLL_BACK in actions:
        return "Palier rolls the version back. "
    if thresholds.HOLD in actions:
        return "A rollout of this version does not advance while this lasts. "
    return ""


NAMES = {
    thresholds.EXECUTION_TIME: "execution time (95th percentile)",
    thresholds.ERROR_RATE: "error rate",
    thresholds.MEMORY: "memory in use",
    thresholds.CONSECUTIVE_FAILURES: "users failing in a row",
    thresholds.RETRIES: "retries a request (95th percentile)",
    thresholds.RETRIES_MAX: "retries of one request",
    thresholds.PUBLISHING_LAG: "delay of what Cloud Monitoring is told",
}


def shown(metric: str, value: float | None) -> str:
    """A value with its unit."""
    if value is None:
        return "unknown"
    if metric == thresholds.EXECUTION_TIME:
        return f"{value / 1000:.3g} s"
    if metric in (thresholds.ERROR_RATE, thresholds.MEMORY):
        return f"{value * 100:.3g} %"
    if metric == thresholds.PUBLISHING_LAG:
        return f"{value:.0f} s"
    return f"{value:g}"
