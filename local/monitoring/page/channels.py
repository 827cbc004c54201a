"""The notification channels: whom they reach, and which policies page them."""

from __future__ import annotations

from html import escape
from typing import Any

from local.monitoring.alerting import channels
from local.monitoring.page import frame
from local.monitoring.page.view import View


def content(view: View) -> str:
    """A table; nothing is ever sent from here, and it says so."""
    if not view.channels:
        return frame.empty(
            "No notification channels yet. Without one, a policy pages nobody: it shows in "
            '<a href="/alerting">Alerting</a> only.'
        )
    heads = "".join(
        f'<th scope="col">{name}</th>'
        for name in ("Channel", "Kind", "Reaches", "Policies", "Would page now")
    )
    rows = "".join(_row(view, channel) for channel in view.channels.values())
    return (
        '<p class="lead">Nothing is sent from this machine: the last column says who would be '
        "paged for an incident that is open.</p>"
        '<div class="scroll" tabindex="0" role="region" aria-label="Channels"><table>'
        f"<thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table></div>"
    )


def _row(view: View, channel: Any) -> str:
    users = [p.display_name for p in view.policies if channel.name in p.notification_channels]
    paging = sorted(
        policy.display_name
        for incident in view.open
        if channel.name in incident.told and (policy := view.policy(incident.key.policy))
    )
    off = "" if channel.enabled.value else f" {frame.state('off')}"
    names = f"<br><small>{escape(', '.join(sorted(users)))}</small>" if users else ""
    now = "<br>".join(f"{frame.state('firing')} {escape(name)}" for name in paging) or "–"
    return (
        f"<tr><td><b>{escape(channel.display_name or channel.name.rpartition('/')[2])}</b>{off}"
        f"</td><td>{escape(channels.KINDS[channel.type_].shown)}</td>"
        f"<td>{escape(channels.address(channel)) or '<small>a key that is not shown</small>'}</td>"
        f'<td><span class="number">{len(users)}</span>{names}</td><td>{now}</td></tr>'
    )
