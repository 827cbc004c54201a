"""The policies: each with its state, its graph, and whom it would page."""

from __future__ import annotations

from html import escape
from typing import Any

from local.monitoring.alerting import channels
from local.monitoring.alerting.incidents import State
from local.monitoring.page import drawing, frame, markdown, words
from local.monitoring.page.view import View

ORDER = ("firing", "pending", "no-data", "ok", "off")
"""What a person must see first comes first."""


def content(view: View) -> str:
    """Counts of states, and the policies, the worst first."""
    if not view.policies:
        return frame.empty(
            "No alert policies yet. Those of Palier's rules are applied with "
            "<code>palier monitoring apply</code>."
        )
    states = {policy.name: state(view, policy) for policy in view.policies}
    policies = sorted(
        view.policies,
        key=lambda one: (ORDER.index(states[one.name]), one.severity or 9, one.display_name),
    )
    counts = [
        (frame.STATES[name][1].lower(), str(number), "bad" if name == "firing" and number else "")
        for name in ORDER
        if (number := sum(found == name for found in states.values())) or name in ("firing", "ok")
    ]
    cards = "".join(card(view, policy) for policy in policies)
    return f'{frame.facts(counts)}<div class="cards">{cards}</div>'


def state(view: View, policy: Any) -> str:
    """Firing, pending, ok, no-data or off."""
    if not policy.enabled.value:
        return "off"
    if any(incident.key.policy == policy.name for incident in view.open):
        return "firing"
    looked: State | None = view.states.get(policy.name)
    readings = looked.readings if looked else []
    if any(reading.since is not None for reading in readings):
        return "pending"
    return "ok" if any(reading.value is not None for reading in readings) else "no-data"


def card(view: View, policy: Any) -> str:
    """A policy."""
    severity = words.SEVERITIES.get(policy.severity, "")
    tag = f'<span class="severity s{policy.severity}">{severity}</span>' if severity else ""
    found = state(view, policy)
    parts = "".join(_condition(view, policy, condition) for condition in policy.conditions)
    return (
        f'<section class="card policy {found}"><p class="chips">{frame.state(found)}{tag}</p>'
        f"<h2>{escape(policy.display_name)}</h2>"
        f"{parts}{_paged(view, policy)}{_documentation(policy)}</section>"
    )


def graph_of(view: View, policy: Any, condition: Any) -> str:
    """A condition's values with its threshold, and the times of its incidents."""
    kind = condition.WhichOneof("condition")
    content = getattr(condition, kind)
    unit = _unit(view, content)
    lasted = [
        (incident.opened, incident.closed or view.now)
        for incident in [*view.open, *view.closed]
        if incident.key.policy == policy.name and incident.key.condition in ("", condition.name)
    ]
    if kind == "condition_absent":
        lines, more = drawing.heard(view, content)
        return drawing.drawn(view, policy.display_name, unit, lines, shaded=lasted, more=more)
    limits = [drawing.limit(content, unit)]
    lines, more = drawing.compared(view, content)
    return drawing.drawn(
        view, policy.display_name, unit, lines, limits=limits, shaded=lasted, more=more
    )


def _condition(view: View, policy: Any, condition: Any) -> str:
    content = getattr(condition, condition.WhichOneof("condition"))
    said = words.condition(condition, _unit(view, content))
    how = words.how(content.aggregations)
    detail = f"{said} ({how})" if how else said
    return (
        f"<p>{escape(condition.display_name)}<br><small>{escape(detail)}</small></p>"
        f"{graph_of(view, policy, condition)}"
    )


def _unit(view: View, content: Any) -> str:
    ratio = getattr(content, "denominator_filter", "")
    return "10^2.%" if ratio else view.unit(words.metric_of(content.filter))


def _paged(view: View, policy: Any) -> str:
    names = [
        view.channels[name].display_name or channels.address(view.channels[name])
        for name in policy.notification_channels
        if name in view.channels
    ]
    whom = f"Pages <b>{escape(', '.join(names))}</b>" if names else "Pages nobody"
    return f'<p class="type">{whom}</p>'


def _documentation(policy: Any) -> str:
    documentation = policy.documentation
    links = "".join(
        f'<li><a href="{escape(link.url)}">{escape(link.display_name)}</a></li>'
        for link in documentation.links
        if link.url.startswith(("https://", "http://"))
    )
    text = markdown.html(documentation.content) if documentation.content else ""
    if not text and not links:
        return ""
    listed = f"<ul>{links}</ul>" if links else ""
    name = escape(policy.display_name)
    return (
        f'<details><summary>What to do<span class="unseen"> when {name} fires</span></summary>'
        f"{text}{listed}</details>"
    )
