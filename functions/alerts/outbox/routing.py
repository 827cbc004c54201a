"""Who is told of a message: data, not code. Pure.

Every route that takes a message adds its channels. What no route takes goes to the log.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from functions.alerts.channels.channel import LOG_ID, Channel
from functions.alerts.message import Event, Message
from functions.readable import Definitions, readable

FOLLOWING = frozenset({Event.UPDATE, Event.ACKNOWLEDGE, Event.RESOLVE})
"""Events that whoever heard of the beginning hears of as well, whatever the routes say by now: a
page that nobody resolves would stay open for ever."""


@dataclass(frozen=True)
class Route:
    """What it takes; an empty field takes everything.

    about   the beginning of what messages are about: `incidents`, `rollouts`, `schedules`
    """

    channels: tuple[str, ...]
    severities: tuple[str, ...] = ()
    events: tuple[str, ...] = ()
    levels: tuple[str, ...] = ()
    about: str = ""

    def takes(self, message: Message) -> bool:
        return (
            _among(message.severity, self.severities)
            and _among(message.event.value, self.events)
            and _among(message.level, self.levels)
            and f"{message.about}/".startswith(f"{self.about}/" if self.about else "")
        )

    def to_definition(self) -> dict[str, Any]:
        return {
            "channels": list(self.channels),
            "severities": list(self.severities),
            "events": list(self.events),
            "levels": list(self.levels),
            "about": self.about,
        }

    @staticmethod
    def from_definition(data: Mapping[str, Any]) -> Route:
        """Raises KeyError, TypeError when it is none."""
        lists = {name: tuple(data.get(name, ())) for name in ("severities", "events", "levels")}
        return Route(tuple(data["channels"]), about=str(data.get("about", "")), **lists)


@dataclass(frozen=True)
class Chosen:
    """
    to     the channels that Palier tells
    left   those that are left to Cloud Monitoring, which pages them itself
    """

    to: tuple[str, ...]
    left: tuple[str, ...] = ()


def choose(
    message: Message,
    routes: Collection[Route],
    channels: Mapping[str, Channel],
    heard: Sequence[str] = (),
    unreadable: Collection[str] = (),
) -> Chosen:
    """`heard` are the channels that were told of the same matter before. Those that are
    `unreadable` are told as soon as somebody can read them."""
    wanted = {name for route in routes if route.takes(message) for name in route.channels}
    if message.event in FOLLOWING:
        wanted |= set(heard)
    known = sorted(wanted & (set(channels) | set(unreadable)))
    to = [
        name
        for name in known
        if name not in channels or channels[name].told_by_palier(message.event)
    ]
    left = [name for name in known if name not in to]
    return Chosen(tuple(to) or (LOG_ID,), tuple(left))


def of_part(part: Definitions) -> tuple[list[Route], tuple[str, ...]]:
    """The routes, and the ids of those that can't be read."""
    found, unreadable = readable(part, lambda _, definition: Route.from_definition(definition))
    return list(found.values()), unreadable


def _among(value: str, wanted: Sequence[str]) -> bool:
    return not wanted or value in wanted
