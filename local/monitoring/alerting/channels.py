"""The kinds of notification channels, and the documented rules of a channel. Pure.

A secret that a channel was given is never given back: it is read as stars.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from google.cloud import monitoring_v3

from local.monitoring.alerting.labels import DISPLAY_NAME_LENGTH, check_text, check_user_labels
from local.monitoring.rules import InvalidRequest

DESCRIPTION_LENGTH = 1024
HIDDEN = "*" * 8


@dataclass(frozen=True)
class Kind:
    """A kind of channel: the labels it must have, those it may have, and which are secret.

    verified    whether somebody must prove that the channel is theirs before it works
    """

    name: str
    shown: str
    required: tuple[str, ...]
    optional: tuple[str, ...] = ()
    secret: tuple[str, ...] = ()
    verified: bool = False


KINDS = {
    kind.name: kind
    for kind in (
        Kind("email", "Email", ("email_address",)),
        Kind("sms", "SMS", ("number",), verified=True),
        Kind("pagerduty", "PagerDuty Services", ("service_key",), secret=("service_key",)),
        Kind("slack", "Slack", ("channel_name", "auth_token"), ("team",), ("auth_token",)),
        Kind("webhook_tokenauth", "Webhook with Token Authentication", ("url",)),
        Kind(
            "webhook_basicauth",
            "Webhook with Basic Authentication",
            ("url", "username", "password"),
            secret=("password",),
        ),
        Kind("pubsub", "Cloud Pub/Sub", ("topic",)),
    )
}


def check(channel: Any) -> None:
    """Raises InvalidRequest when a channel can't be as it is."""
    where = "notification_channel"
    kind = KINDS.get(channel.type_)
    if kind is None:
        raise InvalidRequest(
            f'Field {where}.type had an invalid value of "{channel.type_}": known are '
            f"{', '.join(sorted(KINDS))}."
        )
    if channel.verification_status:
        raise InvalidRequest(f"Field {where}.verification_status can't be set.")
    check_text(channel.display_name, DISPLAY_NAME_LENGTH, f"{where}.display_name")
    check_text(channel.description, DESCRIPTION_LENGTH, f"{where}.description")
    check_user_labels(channel.user_labels, f"{where}.user_labels")
    for name in kind.required:
        if not channel.labels.get(name):
            raise InvalidRequest(
                f'Field {where}.labels was missing "{name}": channels of type "{kind.name}" need '
                "it."
            )
    for name in channel.labels:
        if name not in (*kind.required, *kind.optional):
            raise InvalidRequest(
                f'Field {where}.labels had an invalid key of "{name}" for channels of type '
                f'"{kind.name}".'
            )


def shown(channel: Any) -> Any:
    """A channel as it is read: its secrets hidden."""
    copy = type(channel)()
    copy.CopyFrom(channel)
    for name in KINDS[channel.type_].secret:
        if name in copy.labels:
            copy.labels[name] = HIDDEN
    return copy


def address(channel: Any) -> str:
    """Whom a channel reaches, as a person may see it."""
    visible = shown(channel)
    kind = KINDS[channel.type_]
    public = [name for name in (*kind.required, *kind.optional) if name not in kind.secret]
    return " ".join(visible.labels[name] for name in public if name in visible.labels)


def descriptor(kind: Kind, project: str) -> Any:
    """How the API describes a kind."""
    message = monitoring_v3.NotificationChannelDescriptor.pb()()
    message.name = f"projects/{project}/notificationChannelDescriptors/{kind.name}"
    message.type_, message.display_name = kind.name, kind.shown
    for name in (*kind.required, *kind.optional):
        message.labels.add(key=name)
    return message
