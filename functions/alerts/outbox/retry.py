"""A delivery that was given up is tried anew, as a decision for `commit_change`."""

from __future__ import annotations

from functions.alerts.outbox import store
from functions.alerts.outbox.delivery import Status, overtaken
from functions.catalog import Decide
from functions.changes import Decision, Entry, View
from functions.errors import FailedPrecondition


def retry(identifier: str) -> Decide:
    """Its result is the delivery. Raises NotFound, FailedPrecondition (it is not dead, or the
    channel has heard how it went on)."""

    def decide(view: View) -> Decision:
        stored = store.find(view, view.scope, identifier)
        found = stored.delivery
        if found.status is not Status.DEAD:
            raise FailedPrecondition(
                f"This delivery is {found.status.value}: only dead ones are tried anew.",
                remedy="Look at it again: it may have arrived meanwhile.",
            )
        later = overtaken(found, store.of_matter(view, view.scope, found.about, found.channel))
        if later is not None:
            raise FailedPrecondition(
                f"The channel has, or will have, a later message of the same matter "
                f"({later.event.value}, {later.status.value}): after it this one would open again "
                "what nobody ends.",
                remedy=f"Leave it, or try the later one anew if it is dead: {later.id}.",
            )
        anew = found.again(view.now)
        entry = Entry(
            "delivery.retry",
            f"deliveries/{identifier}",
            before={"attempts": found.attempts, "reason": found.reason},
        )
        return Decision(writes=[store.update(stored.document, anew)], entries=[entry], result=anew)

    return decide
