"""What people send to define channels and routes: shapes and limits."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from functions.administration import ChangeBody
from functions.alerts.channels import webhook
from functions.alerts.channels.channel import (
    CLOUD_MONITORING,
    MAY_HAVE,
    Channel,
    Kind,
    MailServer,
    Secrets,
)
from functions.alerts.mailbox import Mailbox
from functions.alerts.outbox.routing import Route

Host = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9.-]{1,253}$")]
ChannelId = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]{0,62}$")]
NOTIFICATION_CHANNEL = (
    r"^(projects/[A-Za-z0-9:._-]{1,100}/notificationChannels/[0-9A-Za-z_-]{1,64})?$"
)


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class Server(_Part):
    host: Host
    port: int = Field(default=587, ge=1, le=65535)
    username: str = Field(default="", max_length=254)


class GivenSecrets(_Part):
    """Those that are given are set; the others stay as they are."""

    routing_key: str | None = Field(default=None, pattern=r"^[A-Za-z0-9]{32}$")
    url: str | None = Field(default=None, max_length=2000)
    password: str | None = Field(default=None, max_length=500)
    signing_secrets: list[Annotated[str, StringConstraints(max_length=100)]] | None = Field(
        default=None, min_length=1, max_length=3
    )

    @model_validator(mode="after")
    def _signing(self) -> GivenSecrets:
        for each in self.signing_secrets or ():
            try:
                webhook.key(each)
            except ValueError as error:
                raise ValueError(f"a signing secret: {error}") from None
        return self

    def given(self) -> Secrets:
        return self.model_dump(exclude_none=True)


class PutChannel(ChangeBody):
    kind: Literal["pagerduty", "slack", "email", "webhook"]
    language: Literal["en", "fr"] = "en"
    pages: Literal["palier", "cloud_monitoring"] = "palier"
    notification_channel: str = Field(default="", pattern=NOTIFICATION_CHANNEL)
    region: Literal["us", "eu"] = "us"
    server: Server | None = None
    sender: Mailbox | Literal[""] = ""
    recipients: list[Mailbox] = Field(default_factory=list, max_length=20)
    on_call: bool = False
    about: str = Field(default="", max_length=200)
    secrets: GivenSecrets = Field(default_factory=GivenSecrets)

    @model_validator(mode="after")
    def _whole(self) -> PutChannel:
        mail = Kind(self.kind) is Kind.EMAIL
        somebody = bool(self.recipients or self.on_call)
        if mail and not (self.server and self.sender and somebody):
            raise ValueError("e-mail needs `server`, `sender`, and `recipients` or `on_call`")
        if not mail and (self.server or self.sender or somebody):
            raise ValueError("only e-mail has `server`, `sender`, `recipients` and `on_call`")
        if (self.pages == CLOUD_MONITORING) != bool(self.notification_channel):
            raise ValueError(
                "`notification_channel` names the channel in Cloud Monitoring that pages instead"
            )
        strays = set(self.secrets.given()) - set(MAY_HAVE[Kind(self.kind)])
        if strays:
            raise ValueError(f"a channel of this kind has no secret {', '.join(sorted(strays))}")
        return self

    def channel(self, name: str) -> Channel:
        server = self.server
        return Channel(
            id=name,
            kind=Kind(self.kind),
            language=self.language,
            pages=self.pages,
            notification_channel=self.notification_channel,
            region=self.region,
            server=MailServer(server.host, server.port, server.username) if server else None,
            sender=self.sender,
            recipients=tuple(self.recipients),
            on_call=self.on_call,
            about=self.about,
        )


Severity = Literal["P1", "P2", "P3"]
EventName = Literal["trigger", "update", "acknowledge", "resolve", "news"]
Level = Literal["L1", "L2", "L3", "L4"]


class PutRoute(ChangeBody):
    channels: list[ChannelId] = Field(min_length=1, max_length=20)
    severities: list[Severity] = Field(default_factory=list, max_length=3)
    events: list[EventName] = Field(default_factory=list, max_length=5)
    levels: list[Level] = Field(default_factory=list, max_length=4)
    about: str = Field(default="", pattern=r"^[a-z-]{0,40}$")

    def route(self) -> Route:
        return Route(
            tuple(dict.fromkeys(self.channels)),
            tuple(self.severities),
            tuple(self.events),
            tuple(self.levels),
            self.about,
        )
