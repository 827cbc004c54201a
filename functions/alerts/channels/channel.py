"""A channel: one place that messages go to. What it is, never its secrets. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from enum import StrEnum
from typing import Any

from functions.alerts.message import ENGLISH, Event
from functions.readable import Definitions, readable

LOG_ID = "log"
"""The channel that is always there: what no route takes is told there."""


class Kind(StrEnum):
    PAGERDUTY = "pagerduty"
    SLACK = "slack"
    EMAIL = "email"
    WEBHOOK = "webhook"
    LOG = "log"


PALIER = "palier"
CLOUD_MONITORING = "cloud_monitoring"
PAGES = (PALIER, CLOUD_MONITORING)

ROUTING_KEY = "routing_key"
URL = "url"
PASSWORD = "password"  # noqa: S105 the name of a secret
SIGNING = "signing_secrets"

SECRETS: Mapping[Kind, tuple[str, ...]] = {
    Kind.PAGERDUTY: (ROUTING_KEY,),
    Kind.SLACK: (URL,),
    Kind.EMAIL: (),
    Kind.WEBHOOK: (URL, SIGNING),
}
"""Those that a kind can't do without."""

MAY_HAVE: Mapping[Kind, tuple[str, ...]] = {**SECRETS, Kind.EMAIL: (PASSWORD,)}

Secrets = Mapping[str, Any]
"""`routing_key`, `url` and `password` are texts, `signing_secrets` a list of texts."""


@dataclass(frozen=True)
class MailServer:
    """An SMTP server. TLS from the first byte on port 465, by STARTTLS on all others."""

    host: str
    port: int
    username: str = ""


@dataclass(frozen=True)
class Channel:
    """
    language      in which it is told
    pages         who tells it of incidents: Palier, or policies in Cloud Monitoring; never both
    notification_channel   Cloud Monitoring's name of it, where that pages
    region        of PagerDuty: "us", "eu"
    server, sender, recipients   of e-mail
    on_call       e-mail goes to whoever is on call for the message's level as well
    about         what it is for, for people
    """

    id: str
    kind: Kind
    language: str = ENGLISH
    pages: str = PALIER
    notification_channel: str = ""
    region: str = "us"
    server: MailServer | None = None
    sender: str = ""
    recipients: tuple[str, ...] = ()
    on_call: bool = False
    about: str = ""

    def told_by_palier(self, event: Event) -> bool:
        """Incidents are told by one of the two; news has only Palier to tell it."""
        return self.pages == PALIER or event is Event.NEWS

    def to_definition(self) -> dict[str, Any]:
        data = asdict(self)
        del data["id"]
        return {**data, "kind": self.kind.value, "recipients": list(self.recipients)}

    @staticmethod
    def from_definition(name: str, data: Mapping[str, Any]) -> Channel:
        """Fields that a later bundle wrote and this one knows nothing of are left out.

        Raises KeyError, TypeError, ValueError when it is none.
        """
        server = data.get("server")
        return Channel(
            **{
                **_known(Channel, data),
                "id": name,
                "kind": Kind(data["kind"]),
                "server": MailServer(**_known(MailServer, server)) if server else None,
                "recipients": tuple(data.get("recipients", ())),
            }
        )


def _known(made: type, data: Mapping[str, Any]) -> dict[str, Any]:
    names = {each.name for each in fields(made)}
    return {name: value for name, value in data.items() if name in names}


def destination(definition: Mapping[str, Any], secrets: Secrets) -> tuple[Any, ...]:
    """Where a channel's secrets go, or what is signed with them: who names another place must know
    them."""
    server = definition.get("server") or {}
    place = (server.get("host"), server.get("port"), server.get("username") or "")
    return (*place, definition.get("region") or "us", secrets.get(URL))


def needs_secrets(channel: Channel) -> bool:
    """A mail server may take mail without a name and a password."""
    return channel.kind is not Kind.EMAIL or bool(channel.server and channel.server.username)


LOG = Channel(LOG_ID, Kind.LOG)


def of_part(part: Definitions) -> tuple[dict[str, Channel], tuple[str, ...]]:
    """The channels by id, the log among them; and the ids of those that can't be read."""
    found, unreadable = readable(part, Channel.from_definition)
    return {LOG_ID: LOG, **found}, unreadable


def audited(definition: Mapping[str, Any]) -> dict[str, Any]:
    """What the audit trail keeps: how many people are written to, not where. The sender and the
    name at the mail server are often somebody's address: whether they are set."""
    kept = {**definition, "recipients": len(definition.get("recipients", ()))}
    kept["sender"] = bool(definition.get("sender"))
    server = definition.get("server")
    if server:
        kept["server"] = {**server, "username": bool(server.get("username"))}
    return kept
