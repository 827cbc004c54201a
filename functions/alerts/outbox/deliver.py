"""The second half of telling: what is due is sent, each channel in its order, all side by side.

    due → channel by channel: claim → send → what became of it

A channel that fails is left at the first failure: its other messages have to wait for the next
look, a channel that hangs costs one time limit, and no other channel waits for it.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass, field

from functions import log
from functions.alerts.channels import state
from functions.alerts.channels.channel import LOG_ID, Secrets
from functions.alerts.channels.letter import Letter
from functions.alerts.channels.outcome import Became, Outcome
from functions.alerts.channels.send import Sender
from functions.alerts.channels.state import State
from functions.alerts.channels.store import secrets_path, state_path
from functions.alerts.outbox import kept, store
from functions.alerts.outbox.delivery import Delivery, Status
from functions.alerts.outbox.on_call import addressed
from functions.alerts.outbox.route import Definitions, definitions, route_new
from functions.alerts.outbox.store import Stored
from functions.clock import Clock
from functions.documents import Document, Refused, Scope, Store, Write
from functions.errors import PalierError, StoreUnavailable

SIDE_BY_SIDE = 8
SECONDS = 10.0
"""No attempt begins later in a look."""


@dataclass(frozen=True)
class Delivered:
    """How many messages were sent, were not taken this time, and were given up."""

    sent: int = 0
    failed: int = 0
    dead: int = 0


def deliver(
    database: Store,
    clock: Clock,
    scope: Scope,
    sender: Sender | None = None,
    *,
    seconds: float = SECONDS,
) -> Delivered:
    """Routes what is new and sends what is due, and stops when its time is over.

    Raises nothing: what could not be delivered stays due.
    """
    with log.bound(application=scope.application, environment=scope.environment):
        look = Look(database, clock, scope, sender or Sender(), clock.monotonic() + seconds)
        try:
            route_new(database, scope, clock.now())
            look.deliver()
        except PalierError as problem:
            log.warning("outbox_unreachable", reason=problem.code, **look.counts)
        return Delivered(**{word: look.counts[word] for word in ("sent", "failed", "dead")})


@dataclass
class Look:
    """One look at what is due. `luck` spreads the attempts."""

    store: Store
    clock: Clock
    scope: Scope
    sender: Sender
    deadline: float
    luck: Callable[[], float] = random.random
    counts: Counter[str] = field(default_factory=Counter)

    def deliver(self) -> None:
        """Raises StoreUnavailable."""
        found = store.due(self.store, self.scope, self.clock.now())
        if not found.channels and not found.full:
            return
        known = definitions(self.store, self.scope)
        # One that is down for long may hide what is due for others.
        others = set(known.channels) | known.unreadable if found.full else set()
        due = sorted(found.channels | others)
        if len(due) == 1:
            self._tell(due[0], known)
            return
        with ThreadPoolExecutor(min(SIDE_BY_SIDE, len(due))) as pool:
            jobs = [pool.submit(copy_context().run, self._tell, name, known) for name in due]
        for job in jobs:
            job.result()

    def _tell(self, name: str, known: Definitions) -> None:
        """One channel: what it has not been told yet, in order."""
        try:
            paths = [state_path(self.scope, name), secrets_path(self.scope, name)]
            found = self.store.get_many(paths) if name != LOG_ID else dict.fromkeys(paths)
            document = found[paths[0]]
            secrets = found[paths[1]]
            line = _Line(self, name, known, document, secrets.data if secrets else {})
            line.tell(store.opened(self.store, self.scope, name))
        except StoreUnavailable:
            log.warning("outbox_unreachable", channel=name)
        except Exception as error:  # what is stored of one channel keeps no other from being told
            log.exception("channel_unreadable", error, channel=name)


class _ClaimOver(Exception):
    """What came before the sending took so long that somebody else may be sending by now."""


class _Line:
    """The way to one channel, during one look."""

    def __init__(
        self,
        look: Look,
        name: str,
        known: Definitions,
        document: Document | None,
        secrets: Secrets,
    ) -> None:
        self._look = look
        self._name = name
        self._channel = known.channels.get(name)
        self._unreadable = name in known.unreadable
        self._document = document
        self._state = State.from_document(document.data) if document else None
        self._secrets = secrets

    def tell(self, opened: Sequence[Stored]) -> None:
        """Raises StoreUnavailable; then what was not noted is due again when its claim ends."""
        look = self._look
        if self._state and self._state.resting(look.clock.now()):
            return
        texts = store.messages(look.store, look.scope, [each.delivery.message for each in opened])
        behind: set[str] = set()
        for stored in opened:
            delivery = stored.delivery
            if look.clock.monotonic() >= look.deadline:
                return
            if delivery.about in behind:
                continue
            if not delivery.due(look.clock.now()):
                behind.add(delivery.about)
                continue
            outcome = self._attempt(stored, texts.get(delivery.message))
            if outcome is None or outcome.ours:
                behind.add(delivery.about)
            elif outcome.became is Became.LATER:
                return

    def _attempt(self, stored: Stored, text: Document | None) -> Outcome | None:
        """What became of it; None when somebody else has it."""
        look = self._look
        claimed = stored.delivery.claimed(look.clock.now())
        try:
            [version] = look.store.commit([store.update(stored.document, claimed)])
        except Refused:
            return None
        try:
            outcome = self._send(text, claimed)
        except _ClaimOver:
            log.warning("delivery_claim_over", channel=self._name)
            return None
        document = Document(stored.document.path, stored.document.data, version)
        self._note(document, claimed, outcome)
        return outcome

    def _send(self, text: Document | None, claimed: Delivery) -> Outcome:
        """Raises _ClaimOver."""
        try:
            return self._sent(text, claimed)
        except _ClaimOver:
            raise
        except Exception as error:  # a mistake of ours: seen, and in nobody else's way
            log.exception("notification_failed", error, channel=self._name)
            reason = f"it could not be sent: {type(error).__name__}"
            return Outcome(Became.LATER, reason, ours=True)

    def _sent(self, text: Document | None, claimed: Delivery) -> Outcome:
        if self._unreadable:
            return Outcome(Became.LATER, "this version of Palier can't read the channel")
        if self._channel is None:
            return Outcome(Became.NEVER, "there is no such channel any more")
        if self._state and self._state.off:
            return Outcome(Became.NEVER, f"the channel is switched off: {self._state.reason}")
        if text is None:
            return Outcome(Became.NEVER, "the message is gone")
        look, scope = self._look, self._look.scope
        message, now = kept.message(text.id, text.data), look.clock.now()
        channel = addressed(look.store, scope, self._channel, message.level, now)
        letter = Letter(
            message,
            self._name,
            channel.language,
            f"{scope.application}/{scope.environment}",
            text.data["created_at"].timestamp(),
            look.sender.repository,
        )
        if not claimed.held(look.clock.now()):
            raise _ClaimOver
        return look.sender.send(letter, channel, self._secrets, now)

    def _note(self, document: Document, claimed: Delivery, outcome: Outcome) -> None:
        """What became of an attempt, and how the channel is, in one commit."""
        look, now = self._look, self._look.clock.now()
        ended = claimed.after(outcome, now, look.luck())
        known = state.after(self._state, outcome, now)
        look.counts[_word(ended)] += 1
        _log(ended, outcome)
        try:
            look.store.commit([store.update(document, ended), *self._state_writes(known)])
        except Refused:
            log.warning("delivery_noted_by_another", channel=self._name)
            return
        self._state = known

    def _state_writes(self, known: State | None) -> list[Write]:
        path = state_path(self._look.scope, self._name)
        if known == self._state:
            return []
        return [Write.set(path, known.to_document()) if known else Write.delete(path)]


def _word(delivery: Delivery) -> str:
    return {Status.DELIVERED: "sent", Status.DUE: "failed", Status.DEAD: "dead"}[delivery.status]


def _log(delivery: Delivery, outcome: Outcome) -> None:
    facts = {
        "channel": delivery.channel,
        "message_id": delivery.message,
        "about": delivery.about,
        "attempts": delivery.attempts,
        "reason": outcome.reason,
    }
    if delivery.status is Status.DEAD:
        log.error("notification_dead", **facts)
    elif delivery.status is Status.DUE:
        log.warning("notification_not_taken", **facts)
