"""Notification channels through the real client: secrets stay hidden, use keeps them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from google.api_core import exceptions
from google.cloud import monitoring_v3
from google.protobuf import field_mask_pb2

if TYPE_CHECKING:
    from tests.unit.local.monitoring.alerting.conftest import Place

PROJECT = "projects/demo"
CHANNEL: dict[str, Any] = {
    "type_": "pagerduty",
    "display_name": "On call",
    "labels": {"service_key": "0123456789abcdef0123456789abcdef"},
    "user_labels": {"palier": "heartbeat"},
}


def create(place: Place, **changes: Any) -> monitoring_v3.NotificationChannel:
    channel = monitoring_v3.NotificationChannel({**CHANNEL, **changes})
    return place.channels.create_notification_channel(name=PROJECT, notification_channel=channel)


def test_a_channel_is_kept_and_its_secret_is_not_shown(place: Place) -> None:
    made = create(place)
    read = place.channels.get_notification_channel(name=made.name)
    assert read == made
    assert read.enabled
    assert read.labels["service_key"] == "********"
    assert [one.name for one in place.channels.list_notification_channels(name=PROJECT)] == [
        made.name
    ]
    assert place.configuration.channels[made.name].labels == CHANNEL["labels"]


def test_update_and_lists(place: Place) -> None:
    made = create(place)
    create(place, type_="email", labels={"email_address": "on-call@example.org"})
    changed = monitoring_v3.NotificationChannel(name=made.name, display_name="Nobody")
    mask = field_mask_pb2.FieldMask(paths=["display_name"])
    after = place.channels.update_notification_channel(
        update_mask=mask, notification_channel=changed
    )
    assert (after.display_name, after.type_) == ("Nobody", "pagerduty")
    assert len(after.mutation_records) == 1
    request: Any = {"name": PROJECT, "filter": 'type="email"'}
    found = list(place.channels.list_notification_channels(request=request))
    assert [one.labels["email_address"] for one in found] == ["on-call@example.org"]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"type_": "pigeon"}, "known are email"),
        ({"labels": {}}, 'missing "service_key"'),
        ({"labels": {**CHANNEL["labels"], "colour": "red"}}, 'invalid key of "colour"'),
        ({"description": "x" * 1025}, "at most 1024"),
        ({"verification_status": 2}, "can't be set"),
        ({"user_labels": {"UP": "x"}}, "lowercase"),
    ],
)
def test_what_a_channel_cannot_be(place: Place, changes: dict[str, Any], reason: str) -> None:
    with pytest.raises(exceptions.InvalidArgument) as caught:
        create(place, **changes)
    assert reason in str(caught.value.message)


def test_a_channel_in_use_goes_only_by_force(
    place: Place, threshold: Callable[..., dict[str, Any]]
) -> None:
    channel = create(place).name
    policy = place.create({**threshold(), "notificationChannels": [channel]})
    with pytest.raises(exceptions.FailedPrecondition, match="in use by 1"):
        place.channels.delete_notification_channel(name=channel)
    place.channels.delete_notification_channel(name=channel, force=True)
    assert not place.policies.get_alert_policy(name=policy.name).notification_channels
    with pytest.raises(exceptions.NotFound):
        place.channels.delete_notification_channel(name=channel)


def test_kinds_of_channels_say_what_they_need(place: Place) -> None:
    kinds = {
        kind.type_: [label.key for label in kind.labels]
        for kind in place.channels.list_notification_channel_descriptors(name=PROJECT)
    }
    assert kinds["email"] == ["email_address"]
    name = f"{PROJECT}/notificationChannelDescriptors/slack"
    slack = place.channels.get_notification_channel_descriptor(name=name)
    assert slack.display_name == "Slack"
