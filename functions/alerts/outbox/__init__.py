"""The outbox: messages that must arrive, kept in Firestore until they have.

    ENV/outbox/{id}                     what to tell, to nobody in particular: written in the commit
                                        of what it tells of
    ENV/deliveries/{id}_{channel}       who is told of it, and what became of that
    ENV/channel-states/{channel}        that a channel is resting, or switched off

`tick` first decides who is told of new messages (route.py), then tells them (deliver.py). Whoever
delivers claims it first. Killed in between, it becomes due again: delivered at least once, and more
often only when the process, the store or the receiver's answer was lost after the message was sent.
"""

from functions.alerts.outbox.deliver import Delivered, deliver
from functions.alerts.outbox.kept import KEPT_SECONDS, enqueue
from functions.alerts.outbox.store import cleanup

__all__ = ["KEPT_SECONDS", "Delivered", "cleanup", "deliver", "enqueue"]
