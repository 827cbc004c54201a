"""What the admin API answers about channels and routes. A secret is named, never shown."""

from __future__ import annotations

from typing import Any

from functions.administration import Answer, ChangeAnswer
from functions.alerts.channels.channel import Channel
from functions.alerts.channels.store import Kept


class ServerView(Answer):
    host: str
    port: int
    username: str


class StateView(Answer):
    """`state` is `well`, `failing` or `off`; the others are empty while it is well."""

    state: str
    since: float | None
    reason: str
    until: float | None


class ChannelView(Answer):
    id: str
    kind: str
    language: str
    pages: str
    notification_channel: str
    region: str
    server: ServerView | None
    sender: str
    recipients: list[str]
    on_call: bool
    about: str
    secrets: list[str]
    health: StateView


class ChannelAnswer(Answer):
    channel: ChannelView


class ChannelList(Answer):
    channels: list[ChannelView]


class ChannelChanged(ChangeAnswer):
    channel: ChannelView


class ChannelTested(ChangeAnswer):
    """`delivery` is what to look for in the list of deliveries."""

    delivery: str


class RouteView(Answer):
    id: str
    channels: list[str]
    severities: list[str]
    events: list[str]
    levels: list[str]
    about: str


class RouteList(Answer):
    routes: list[RouteView]


class RouteChanged(ChangeAnswer):
    route: RouteView


def channel_view(channel: Channel, kept: Kept) -> dict[str, Any]:
    state = kept.state
    return {
        "id": channel.id,
        **channel.to_definition(),
        "secrets": list(kept.secrets),
        "health": {
            "state": state.word if state else "well",
            "since": state.since if state else None,
            "reason": state.reason if state else "",
            "until": state.until if state and state.until else None,
        },
    }
