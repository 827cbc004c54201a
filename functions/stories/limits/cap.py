"""What all stories of an environment may cost in a day (UTC), leased to instances in chunks.

ENV/caps/{date}   {granted, expires_at}   granted: microdollars that instances hold or have spent

An instance takes a chunk with one optimistic commit and reserves stories from it in memory, so a
story costs no commit of its own. What a story did not cost goes back into the chunk; an instance
that ends gives back what is left of its own. One that is killed loses that, and so does one that
never hears whether it got a chunk.

So the cap is never passed, by the prices of the list; it is reached early by what other instances
hold at that moment. What was reserved belongs to its day: settled after midnight, it gives the new
day nothing and takes nothing from it.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

from functions import log
from functions.clock import Clock
from functions.documents import Document, Refused, Scope, Store, Write
from functions.errors import FailedPrecondition, RateLimited, StoreUnavailable
from functions.published import timestamp
from functions.stories.tries import Tries

COLLECTION = "caps"
CHUNKS = 200
"""In how many parts a day's cap is leased."""

LEASE_SECONDS = 5.0
CALL_SECONDS = 2.0
LONGEST_PAUSE_SECONDS = 0.2
REMEMBERED_SECONDS = 5.0
"""How long an instance believes that the day's cap is used up before it looks again."""

TOLD_EVERY_SECONDS = 600.0
"""How often an instance says that the day's cap is used up: refusals count as the clients' own, so
nothing else would tell anybody."""

DAY = 86_400
KEPT_DAYS = 40


@dataclass(frozen=True)
class Reserved:
    """What a story may cost, of which day's cap; day 0 when there is no cap."""

    day: int
    microdollars: int


@dataclass
class _Held:
    """What this process holds of one day's cap. `left` may be below 0: a story cost more than was
    reserved for it."""

    day: int = 0
    left: int = 0
    used_up_until: float = 0.0
    tell_from: float = 0.0
    leasing: threading.Lock = field(default_factory=threading.Lock)
    """Held while Firestore is asked: one thread asks for all."""


class DailyCap:
    """One a process, shared by its threads. A cap of 0 is none, and costs nothing."""

    def __init__(self, store: Store, clock: Clock, microdollars_a_day: int) -> None:
        self._store = store
        self._clock = clock
        self._cap = microdollars_a_day
        self._lock = threading.Lock()
        self._held: dict[Scope, _Held] = {}

    def reserve(self, scope: Scope, microdollars: int) -> Reserved:
        """Takes it from today's cap; `settle` must follow, once.

        Raises RateLimited when the day's cap is used up, FailedPrecondition when no day has so
        much, StoreUnavailable when a chunk is needed and can't be had.
        """
        if not self._cap:
            return Reserved(0, microdollars)
        if microdollars > self._cap:
            raise FailedPrecondition(
                "One story may cost more than PALIER_DOLLARS_A_DAY allows for a day.",
                remedy="Raise the setting, or release a version with a lower max_output_tokens.",
            )
        with self._lock:
            held = self._held.setdefault(scope, _Held())
        taken = self._take(held, microdollars)
        if isinstance(taken, Reserved):
            return taken
        if not held.leasing.acquire(timeout=LEASE_SECONDS):
            raise StoreUnavailable("The store takes too long to lease some of the daily cap.")
        try:
            while not isinstance(taken := self._take(held, microdollars), Reserved):
                self._lease(scope, held, taken)
            return taken
        finally:
            held.leasing.release()

    def settle(self, scope: Scope, reserved: Reserved, actual: int) -> None:
        """Gives back what a story did not cost of what was reserved for it, while its day lasts."""
        with self._lock:
            held = self._held.get(scope)
            if held and reserved.day == held.day:
                held.left += reserved.microdollars - actual

    def close(self) -> None:
        """Gives back what is left of today's chunks, for a process that ends."""
        today = _day(self._clock.now())
        with self._lock:
            ended, self._held = self._held, {}
        for scope, held in ended.items():
            if held.day != today or held.left <= 0:
                continue
            try:
                given_back = Write.add(_path(scope, today), {"granted": -held.left})
                self._store.commit([given_back], timeout=CALL_SECONDS)
            except (Refused, StoreUnavailable):
                log.warning("cap: a chunk was not given back", microdollars=held.left)

    def _take(self, held: _Held, microdollars: int) -> Reserved | int:
        """Takes it from what this process holds of today's cap; how much is missing if it can't."""
        with self._lock:
            today = _day(self._clock.now())
            if held.day != today:
                held.day, held.left, held.used_up_until = today, 0, 0.0
            if held.left < microdollars:
                return microdollars - held.left
            held.left -= microdollars
            return Reserved(today, microdollars)

    def _lease(self, scope: Scope, held: _Held, missing: int) -> None:
        """Another chunk, with all that is missing in it."""
        now = self._clock.now()
        day = _day(now)
        granted = 0 if now < held.used_up_until else self._grant(scope, day, missing)
        with self._lock:
            if not granted:
                held.used_up_until = max(held.used_up_until, now + REMEMBERED_SECONDS)
            elif held.day == day:
                held.left += granted
        if not granted:
            self._tell(scope, held, now)
            raise RateLimited(
                "The stories of this environment have cost what PALIER_DOLLARS_A_DAY allows today.",
                remedy="Wait until midnight UTC, or raise the setting.",
                extra={"reason": "a_day", "limit": "cost", "retry_after": DAY - int(now) % DAY},
            )

    def _tell(self, scope: Scope, held: _Held, now: float) -> None:
        """Refusals for want of a day's cap, to whoever runs this, and not once each."""
        with self._lock:
            due, until = now >= held.tell_from, now + TOLD_EVERY_SECONDS
            held.tell_from = until if due else held.tell_from
        if due:
            log.error(
                "daily cap used up",
                application=scope.application,
                environment=scope.environment,
                microdollars_a_day=self._cap,
                seconds_left=DAY - int(now) % DAY,
            )

    def _grant(self, scope: Scope, day: int, missing: int) -> int:
        """Takes at least `missing` of a day's cap; 0 when it has not so much."""
        path = _path(scope, day)
        tries = Tries(
            self._clock,
            LEASE_SECONDS,
            each=CALL_SECONDS,
            pause=LONGEST_PAUSE_SECONDS,
            longest_pause=LONGEST_PAUSE_SECONDS,
        )
        for _ in tries:
            stored = self._store.get(path, timeout=tries.seconds)
            taken = stored.data["granted"] if stored else 0
            chunk = min(max(self._cap // CHUNKS, missing), self._cap - taken)
            if chunk < missing:
                return 0
            try:
                grown = _grown(path, stored, taken + chunk, day)
                self._store.commit([grown], timeout=tries.seconds)
            except Refused:
                continue
            return chunk
        raise StoreUnavailable("Other instances kept leasing of the daily cap.")


def _grown(path: str, stored: Document | None, granted: int, day: int) -> Write:
    data = {"granted": granted, "expires_at": timestamp((day + KEPT_DAYS) * DAY)}
    return Write.update(stored, data) if stored else Write.create(path, data)


def _day(now: float) -> int:
    """Counted from the epoch."""
    return int(now // DAY)


def _path(scope: Scope, day: int) -> str:
    return scope.doc(COLLECTION, timestamp(day * DAY).date().isoformat())
