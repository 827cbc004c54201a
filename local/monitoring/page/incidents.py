"""The incidents: open ones first, then those that closed, and who was told."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any

from local.monitoring import graph
from local.monitoring.alerting.incidents import Incident
from local.monitoring.page import frame, words
from local.monitoring.page.view import View

SHOWN = 100
SIGNS = {
    True: '<span class="state firing"><span aria-hidden="true">●</span> Open</span>',
    False: '<span class="state ok"><span aria-hidden="true">✓</span> Closed</span>',
}
"""Whether it is open."""


def content(view: View) -> str:
    """Two tables."""
    if not view.open and not view.closed:
        return frame.empty(
            "No incidents. One opens when the condition of a policy was met for its duration."
        )
    closed = sorted(view.closed, key=lambda one: (-(one.closed or 0), one.id))[:SHOWN]
    opened = sorted(view.open, key=lambda one: (-one.opened, one.id))
    return table(view, opened, "Open") + table(view, closed, "Closed")


def table(view: View, incidents: Sequence[Incident], title: str) -> str:
    """Incidents, one a row."""
    if not incidents:
        return f"<section><h2>{title}</h2>{frame.empty('None.')}</section>"
    rows = "".join(_row(view, incident) for incident in incidents)
    heads = "".join(
        f'<th scope="col">{name}</th>'
        for name in ("State", "Policy", "Series", "Value", "Opened", "Lasted", "Told")
    )
    return (
        f"<section><h2>{title}</h2>"
        f'<div class="scroll" tabindex="0" role="region" aria-label="{title} incidents">'
        f"<table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table></div></section>"
    )


def _row(view: View, incident: Incident) -> str:
    policy = view.policy(incident.key.policy)
    name = policy.display_name if policy is not None else "a policy that is gone"
    severity = words.SEVERITIES.get(policy.severity, "") if policy is not None else ""
    condition = _condition(policy, incident)
    value, said = _value(view, condition, incident)
    lasted = words.duration((incident.closed or view.now) - incident.opened)
    reason = f"<br><small>closed: {escape(incident.reason)}</small>" if incident.reason else ""
    told = ", ".join(_channel(view, name) for name in incident.told) or "nobody"
    detail = " · ".join(filter(None, (severity, said)))
    return (
        f"<tr><td>{SIGNS[incident.closed is None]}</td>"
        f"<td><b>{escape(name)}</b><br><small>{escape(detail)}</small></td>"
        f"<td>{escape(_series(condition, incident))}</td>"
        f'<td class="number">{escape(value)}</td>'
        f'<td class="number">{words.moment(incident.opened, view.now)}</td>'
        f'<td class="number">{lasted}{reason}</td><td>{escape(told)}</td></tr>'
    )


def listed(view: View, names: Sequence[str]) -> str:
    """The open incidents of some policies (all, when none is named), briefly."""
    rows = []
    for incident in view.open:
        policy = view.policy(incident.key.policy)
        if policy is None or (names and policy.name not in names):
            continue
        series = _series(_condition(policy, incident), incident)
        since = words.moment(incident.opened, view.now)
        rows.append(
            f"<li>{SIGNS[True]} <b>{escape(policy.display_name)}</b><br>"
            f"<small>{escape(series)} · since {since}</small></li>"
        )
    return f'<ul class="incidents">{"".join(rows)}</ul>' if rows else frame.empty("None is open.")


def _series(condition: Any | None, incident: Incident) -> str:
    content = getattr(condition, condition.WhichOneof("condition")) if condition else None
    return words.series(incident.key.labels, content.filter if content else "")


def _condition(policy: Any | None, incident: Incident) -> Any | None:
    found = [c for c in policy.conditions if c.name == incident.key.condition] if policy else []
    return found[0] if found else None


def _value(view: View, condition: Any | None, incident: Incident) -> tuple[str, str]:
    """What was seen when it opened, and what the condition asks."""
    if condition is None:
        return ("", "")
    kind = condition.WhichOneof("condition")
    content = getattr(condition, kind)
    unit = view.unit(words.metric_of(content.filter))
    said = words.condition(condition, unit)
    if incident.value is None:
        return ("no data", said)
    if kind == "condition_absent":
        return (f"silent for {words.duration(incident.value)}", said)
    return (graph.shown(incident.value, unit), said)


def _channel(view: View, name: str) -> str:
    channel = view.channels.get(name)
    return (
        channel.display_name or channel.type_ if channel is not None else "a channel that is gone"
    )
