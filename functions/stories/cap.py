"""What all stories of an environment may cost in a day (UTC), leased to instances in chunks.

ENV/caps/{date}   {granted, expires_at}   granted: microdollars that instances hold or have spent

An instance takes a chunk with one optimistic commit and reserves stories from it in memory, so a
story costs no commit of its own. What a story did not cost goes back into the chunk; an instance
that ends gives back what is left of its own. One that is killed loses that, and so does one that
never hears whether it got a chunk.

So the cap is never passed, by the prices of the list; it is reached early by what other instances
hold at that moment. What was reserved before midnight and settled after isn't given to the new day.
"""

from __future__ import annotations

import datetime
import random
import threading
from dataclasses import dataclass, field

from functions import log
from functions.clock import Clock
from functions.documents import Document, Refused, Scope, Store, Write
from functions.errors import FailedPrecondition, RateLimited, StoreUnavailable
from functions.published import timestamp

COLLECTION = "caps"
CHUNKS = 200
"""In how many parts a day's cap is leased."""

LEASE_SECONDS = 5.0
LONGEST_PAUSE_SECONDS = 0.2
CALL_SECONDS = 2.0
REMEMBERED_SECONDS = 5.0
"""How long an instance believes that the day's cap is used up before it looks again."""

DAY = 86_400
KEPT_DAYS = 40


@dataclass
class _Day:
    """What this process holds of one day's cap. `left` may be below 0: a story cost more than was
    reserved for it. `open`: reserved and not settled."""

    left: int = 0
    open: int = 0
    used_up_until: float = float("-inf")


@dataclass
class _Holding:
    """Of one environment. `leasing` is held while Firestore is asked, so that one thread asks."""

    days: dict[str, _Day] = field(default_factory=dict)
    leasing: threading.Lock = field(default_factory=threading.Lock)


class DailyCap:
    """One a process, shared by its threads. A cap of 0 is none, and costs nothing."""

    def __init__(self, store: Store, clock: Clock, microdollars_a_day: int) -> None:
        self._store = store
        self._clock = clock
        self._cap = microdollars_a_day
        self._lock = threading.Lock()
        self._holdings: dict[Scope, _Holding] = {}

    def reserve(self, scope: Scope, microdollars: int) -> None:
        """Raises RateLimited when the day's cap is used up, FailedPrecondition when no day has so
        much, StoreUnavailable when a chunk is needed and can't be had."""
        if not self._cap:
            return
        if microdollars > self._cap:
            raise FailedPrecondition(
                "One story may cost more than PALIER_DOLLARS_A_DAY allows for a day.",
                remedy="Raise the setting, or choose a version with a lower max_output_tokens.",
            )
        holding = self._holding(scope)
        if self._take(holding, microdollars):
            return
        if not holding.leasing.acquire(timeout=LEASE_SECONDS):
            raise StoreUnavailable("The store takes too long to lease some of the daily cap.")
        try:
            while not self._take(holding, microdollars):
                self._lease(scope, holding, microdollars)
        finally:
            holding.leasing.release()

    def settle(self, scope: Scope, reserved: int, actual: int) -> None:
        """Gives back what a story did not cost of what was reserved for it."""
        if not self._cap:
            return
        with self._lock:
            days = self._holdings.setdefault(scope, _Holding()).days
            first = min((date for date, day in days.items() if day.open), default=self._today())
            day = days.setdefault(first, _Day())
            day.open -= reserved
            day.left += reserved - actual
            if first != self._today() and day.open <= 0:
                del days[first]

    def close(self) -> None:
        """Gives back what is left of today's chunks, for a process that ends."""
        with self._lock:
            today = self._today()
            held = [
                (scope, holding.days.pop(today, None)) for scope, holding in self._holdings.items()
            ]
        for scope, day in held:
            if day is None or day.left <= 0:
                continue
            write = Write.add(scope.doc(COLLECTION, today), {"granted": -day.left})
            try:
                self._store.commit([write], timeout=CALL_SECONDS)
            except (Refused, StoreUnavailable):
                log.warning("cap: a chunk was not given back", microdollars=day.left)

    def _holding(self, scope: Scope) -> _Holding:
        with self._lock:
            return self._holdings.setdefault(scope, _Holding())

    def _take(self, holding: _Holding, microdollars: int) -> bool:
        """From what this process holds of today's cap."""
        with self._lock:
            today = self._today()
            for date in [date for date, day in holding.days.items() if date < today]:
                if holding.days[date].open <= 0:
                    del holding.days[date]
            day = holding.days.setdefault(today, _Day())
            if day.left < microdollars:
                return False
            day.left -= microdollars
            day.open += microdollars
            return True

    def _lease(self, scope: Scope, holding: _Holding, microdollars: int) -> None:
        """Another chunk, large enough for `microdollars`."""
        now = self._clock.now()
        date = _date(now)
        with self._lock:
            day = holding.days.setdefault(date, _Day())
            missing = microdollars - day.left
        granted = 0 if now < day.used_up_until else self._grant(scope, date, missing)
        if not granted:
            day.used_up_until = max(day.used_up_until, now + REMEMBERED_SECONDS)
            raise RateLimited(
                "The stories of this environment have cost what PALIER_DOLLARS_A_DAY allows today.",
                remedy="Wait until midnight UTC, or raise the setting.",
                extra={"reason": "a_day", "limit": "cost", "retry_after": _until_midnight(now)},
            )
        with self._lock:
            day.left += granted

    def _grant(self, scope: Scope, date: str, missing: int) -> int:
        """Takes at least `missing` of a day's cap; 0 when it has not so much."""
        path = scope.doc(COLLECTION, date)
        until = self._clock.monotonic() + LEASE_SECONDS
        while self._clock.monotonic() < until:
            stored = self._store.get(path, timeout=CALL_SECONDS)
            taken = stored.data["granted"] if stored else 0
            chunk = min(max(self._cap // CHUNKS, missing), self._cap - taken)
            if chunk < missing:
                return 0
            try:
                grown = _grown(path, stored, taken + chunk, date)
                self._store.commit([grown], timeout=CALL_SECONDS)
            except Refused:
                self._clock.sleep(random.uniform(0, LONGEST_PAUSE_SECONDS))
            else:
                return chunk
        raise StoreUnavailable("Other instances kept leasing of the daily cap.")

    def _today(self) -> str:
        return _date(self._clock.now())


def _grown(path: str, stored: Document | None, granted: int, date: str) -> Write:
    ends = datetime.datetime.fromisoformat(date).replace(tzinfo=datetime.UTC).timestamp()
    data = {"granted": granted, "expires_at": timestamp(ends + KEPT_DAYS * DAY)}
    return Write.update(stored, data) if stored else Write.create(path, data)


def _date(now: float) -> str:
    return timestamp(now).date().isoformat()


def _until_midnight(now: float) -> int:
    return DAY - int(now) % DAY
