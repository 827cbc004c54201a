"""A message that shows that a channel works, as a decision for `commit_change`."""

from __future__ import annotations

from functions.alerts.channels.catalog import CHANNELS
from functions.alerts.channels.channel import LOG_ID
from functions.alerts.message import ENGLISH, FRENCH, Event, Message, Text
from functions.alerts.outbox.route import to_channel
from functions.alerts.rule import P3
from functions.catalog import Decide, missing
from functions.changes import Decision, Entry, View


def send_test(channel: str, name: str) -> Decide:
    """Its result is the id of the delivery. Raises NotFound (no such channel)."""

    def decide(view: View) -> Decision:
        if channel != LOG_ID and channel not in view.part(CHANNELS.collection):
            raise missing(CHANNELS, channel)
        writes = to_channel(view.scope, of_test(channel, name), channel, view.now)
        return Decision(
            writes=writes,
            entries=[Entry("channel.test", f"channels/{channel}", after={"message": name})],
            result=f"{name}_{channel}",
        )

    return decide


def of_test(channel: str, name: str) -> Message:
    return Message(
        id=name,
        event=Event.NEWS,
        severity=P3,
        about=f"channels/{channel}",
        texts={
            ENGLISH: Text(
                "Palier reaches this channel",
                "Somebody asked for this message to see whether it arrives. Nothing to do.",
            ),
            FRENCH: Text(
                "Palier atteint ce canal",
                "Ce message a été demandé pour vérifier qu'il arrive. Rien à faire.",
            ),
        },
        test=True,
    )
