"""Cloud Run's traffic follows what became of rollouts. Aside: no decision waits for it.

    read rollouts and records → per service: what is due → look at Cloud Run → one step
                                    START    may it begin?
                                    HOLD     does the candidate's revision still serve alone?
                                    RESTORE  ask for it, then see that it is so

What is asked of Cloud Run is stored before, and each step of a move is a change with its audit
entry. Whoever dies in between, or is overtaken, leaves what the next look needs.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace

from functions import log
from functions.alerts import outbox
from functions.changes import Change, Decision, Entry, View, commit_change
from functions.clock import Clock
from functions.documents import Refused, Scope, Store
from functions.identity import Actor, Permission
from functions.rollouts.rollout import Rollout
from functions.rollouts.traffic import store as traffic
from functions.rollouts.traffic import told, words
from functions.rollouts.traffic.asking import Asking, Cloud, Present, nobody_knows
from functions.rollouts.traffic.check import Outcome
from functions.rollouts.traffic.cloud_run import CloudRunError, Conflict, Denied, Missing
from functions.rollouts.traffic.intent import Intent, Purpose, back_to, intents
from functions.rollouts.traffic.move import Became, Move, applying, ended, seen
from functions.rollouts.traffic.observed import Comparison, Observed, compare
from functions.rollouts.traffic.record import Record, looked
from functions.rollouts.traffic.serving import Serving
from functions.rollouts.traffic.starting import Starting
from functions.rollouts.traffic.store import Kept

ACTOR = Actor.machine("tick")
SERVICE_SECONDS = 15.0
"""For all that is asked of Cloud Run about one service in one look."""

CONFLICTS = 3
SOON_SECONDS = 900.0
"""After a rollback it is looked at every ten seconds for so long, then once a minute."""

CHECKED_SECONDS = 20.0
"""How long a start that was let through isn't checked again; it takes no check of a minute ago."""

KEPT_SECONDS = 60.0
"""A record that says nothing new is written so often."""


@dataclass(frozen=True)
class Follower:
    """What following takes. `present` looks an image up; `moving` are the environments where a move
    is under way, as the last look found it."""

    store: Store
    clock: Clock
    cloud: Cloud
    present: Present = nobody_knows
    moving: set[Scope] = field(default_factory=set)

    def follow(self, scope: Scope, servings: Iterable[Serving]) -> bool:
        """One look at each service; whether a move is under way. Raises StoreUnavailable."""
        wanted = [each for each in servings if each.cloud_run]
        going_on = bool(wanted) and self._follow(scope, wanted)
        (self.moving.add if going_on else self.moving.discard)(scope)
        return going_on

    def _follow(self, scope: Scope, wanted: Sequence[Serving]) -> bool:
        rollouts = traffic.lately(self.store, scope, self.clock.now())
        records = traffic.kept(self.store, scope, [each.service for each in wanted])
        going_on = False
        for serving in wanted:
            until = self.clock.monotonic() + SERVICE_SECONDS
            asking = Asking(self.cloud, self.clock, serving.cloud_run, until)
            one = _One(self, scope, serving, asking)
            going_on |= one.look(rollouts, records[serving.service])
        return going_on


@dataclass(frozen=True)
class _One:
    """One look at one service."""

    by: Follower
    scope: Scope
    serving: Serving
    asking: Asking

    def look(self, rollouts: Sequence[Rollout], kept: Kept) -> bool:
        """Whether a move is under way, and worth another look soon. One service in trouble must
        not stop the others."""
        kept, now = self._given_up(kept), self.by.clock.now()
        due = (self._due(kept.record, each, now) for each in intents(self.serving, rollouts))
        wanted = next((each for each in due if each), None)
        if wanted is None:
            return False
        restoring = wanted.purpose is Purpose.RESTORE
        if restoring and not _begun(kept.record, wanted):
            # Before Cloud Run is asked anything: what can't even be read is known, and told of.
            kept = self._step(kept, replace(kept.record, move=_first(wanted, now)))
        soon = restoring and now - wanted.since < SOON_SECONDS
        try:
            return self._act(wanted, kept) and soon
        except CloudRunError as error:
            reason = f"{type(error).__name__}: {error}"
            log.warning("traffic not followed", service=self.serving.service, reason=reason)
            kept = traffic.one(self.by.store, self.scope, self.serving.service)
            self._note(kept, replace(kept.record, trouble=reason))
            return soon

    def _due(self, record: Record, wanted: Intent, now: float) -> Intent | None:
        """With the revision to restore; None where nothing is to be done for it."""
        if _nothing_to_do(record, wanted, now):
            return None
        if wanted.purpose is not Purpose.RESTORE or _begun(record, wanted):
            return wanted
        default = traffic.default_of(self.by.store, self.scope, wanted.flag)
        wanted = back_to(wanted, self.serving, default or wanted.version)
        return wanted if wanted.revision else None

    def _act(self, wanted: Intent, kept: Kept) -> bool:
        now = self.by.clock.now()
        if wanted.purpose is Purpose.START:
            self._note(
                kept, Starting(self.asking, self.by.present).checked(wanted, kept.record, now)
            )
            return False
        if wanted.purpose is Purpose.HOLD:
            self._note(kept, looked(kept.record, wanted, self.asking.service(), now))
            return False
        move = kept.record.move
        if move is None or move.rollout != wanted.rollout:
            return True  # another tick was faster
        try:
            observed = self.asking.service()
        except (Denied, Missing) as refusal:
            refused = ended(move, Became.REFUSED, now, str(refusal))
            self._step(kept, replace(kept.record, move=refused))
            return False
        return self._restore(move, kept, looked(kept.record, wanted, observed, now), observed)

    def _restore(self, begun: Move, kept: Kept, record: Record, observed: Observed) -> bool:
        if begun.became is Became.ASKED and compare(observed, begun.revision) is Comparison.DRIFTED:
            begun = replace(begun, before=observed.shares)
        move = seen(begun, observed, self.by.clock.now())
        if move.became is Became.ASKED:
            move = self._asked(move, observed)
        if move.became is Became.ASKED:  # others kept changing the service
            self._note(kept, record)
            return True
        self._step(kept, replace(record, move=move))
        return not move.ended

    def _asked(self, move: Move, observed: Observed) -> Move:
        """The move, once Cloud Run was asked for it; as it is when others kept changing it."""
        for _ in range(CONFLICTS):
            try:
                self.asking.direct(observed, move.revision, only_validate=True)
                self.asking.direct(observed, move.revision, only_validate=False)
            except Conflict:
                observed = self.asking.service()
                if compare(observed, move.revision) is not Comparison.DRIFTED:
                    break
            except (Denied, Missing) as refusal:
                return ended(move, Became.REFUSED, self.by.clock.now(), f"{refusal}")
            else:
                return applying(move, self.by.clock.now())
        return seen(move, observed, self.by.clock.now())

    def _given_up(self, kept: Kept) -> Kept:
        """A move that nobody follows any more has come to nothing, and people are told."""
        move, now = kept.record.move, self.by.clock.now()
        if move is None or move.ended or now - move.asked_at < traffic.FOLLOWED_SECONDS:
            return kept
        reason = words.english(words.GIVEN_UP, reason=kept.record.trouble or "no answer")
        refused = ended(move, Became.REFUSED, now, reason)
        return self._step(kept, replace(kept.record, move=refused))

    def _note(self, kept: Kept, record: Record) -> None:
        """Keeps what was found. Refused: another tick has kept what it found."""
        if not _news(kept, record):
            return
        try:
            self.by.store.commit([traffic.write(self.scope, kept, record)])
        except Refused:
            log.info("traffic noted by another tick", service=record.service)

    def _step(self, kept: Kept, record: Record) -> Kept:
        """A step of a move, as a change; what is kept then. Nothing is done twice: where another
        tick was faster, its step stands."""
        if record.move is None or record.move == kept.record.move:
            return kept
        before, move = kept.record.move, record.move

        def decide(view: View) -> Decision:
            there = traffic.one(view, self.scope, record.service)
            if there.record.move != before:
                return Decision()
            writes = [traffic.write(self.scope, there, record)]
            message = told.of_move(record.service, move)
            if message:
                writes.append(outbox.enqueue(self.scope, message, view.now))
            return Decision(writes=writes, entries=[_entry(record.service, before, move)])

        change = Change(self.scope, ACTOR, Permission.ROLL_BACK, "traffic follows a rollback")
        commit_change(self.by.store, self.by.clock, change, decide)
        log.info("traffic moves", service=record.service, **_audited(move))
        return traffic.one(self.by.store, self.scope, record.service)


def _nothing_to_do(record: Record, wanted: Intent, now: float) -> bool:
    """Its move has ended, or its start was let through just now."""
    move, checked = record.move, record.checked
    if wanted.purpose is Purpose.RESTORE:
        return move is not None and move.rollout == wanted.rollout and move.ended
    if wanted.purpose is Purpose.START and checked and checked.rollout == wanted.rollout:
        return checked.outcome is Outcome.VERIFIED and now - checked.at < CHECKED_SECONDS
    return False


def _begun(record: Record, wanted: Intent) -> bool:
    return record.move is not None and record.move.rollout == wanted.rollout


def _first(wanted: Intent, now: float) -> Move:
    return Move(wanted.rollout, wanted.version, wanted.revision, Became.ASKED, now)


def _news(kept: Kept, record: Record) -> bool:
    before = kept.record
    if record.comparison is Comparison.DRIFTED and record.at > before.at:
        return True  # what was seen before a rollout was resumed pauses it no more
    if kept.document is None or replace(before, at=record.at, checked=record.checked) != record:
        return True
    if before.checked != record.checked:
        was, now = before.checked, record.checked
        if was is None or now is None or replace(was, at=now.at) != now:
            return True
        return now.at - was.at >= CHECKED_SECONDS
    return record.at - before.at >= KEPT_SECONDS


def _entry(service: str, before: Move | None, move: Move) -> Entry:
    same = before is not None and before.rollout == move.rollout
    return Entry(
        action=f"traffic.{move.became.value}",
        target=f"serving/{service}",
        before=_audited(before) if before and same else None,
        after=_audited(move),
    )


def _audited(move: Move) -> Mapping[str, object]:
    said = asdict(move)
    return {**said, "became": move.became.value}
