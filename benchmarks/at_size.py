"""What counting takes at size: 10,000 requests a second on 200 instances, on a simulated clock.

Each instance is a real Recorder. Its commits go to a ledger, which notes what Firestore would have
been asked for: nothing of one instance depends on another, so each is played through by itself and
what they write is added up. `python -m benchmarks.at_size 60` plays a whole hour (some 15 minutes
on two cores) and prints what stands in docs/reference/metrics.md.
"""

from __future__ import annotations

import os
import random
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from benchmarks.row import Row
from functions.clock import ManualClock
from functions.documents import Scope, Store, Write
from functions.metrics.observation import Observation
from functions.metrics.recorder import Recorder
from functions.metrics.slots import KEPT_SECONDS, OVERLAP_SECONDS, WHOLE_EVERY_SECONDS
from functions.metrics.store import RECENT_SECONDS, SLOTS_LIMIT
from functions.metrics.tally import Tally
from functions.metrics.windows import slot_start

INSTANCES = 200
A_SECOND = 10_000
CANDIDATE = 0.1
FAILING = 0.01
LOOK_SECONDS = 10
"""While something is being rolled out `tick` looks so often, else once a minute."""

MINUTES = 3
"""What `python -m benchmarks` plays: longer than any window, so it is as it will stay."""

START = 1_800_000_000
SCOPE = Scope("main", "production")

READ, WRITE, DELETE = 0.06e-5, 0.18e-5, 0.02e-5
"""Dollars a document: Firestore's list price of its multi-regions, the dearest. In one region it
is about half."""


class Ledger(Store):
    """Counts what it is asked to write, and keeps the last of each document."""

    def __init__(self, clock: ManualClock) -> None:
        super().__init__(None)  # type: ignore[arg-type]
        self._clock = clock
        self.written_at: dict[str, float] = {}
        self.tallies: dict[str, str] = {}
        self.closest = float("inf")
        """Seconds between two writes of one document, the shortest."""
        self.bytes = 0

    def commit(self, writes: Sequence[Write], **_: Any) -> list[Any]:
        now = self._clock.now()
        self.operations["commits"] += 1
        self.operations["writes"] += len(writes)
        for write in writes:
            if write.path in self.written_at:
                self.closest = min(self.closest, now - self.written_at[write.path])
            self.written_at[write.path] = now
            self.tallies[write.path] = write.data["tally"]
            self.bytes += len(write.path) + len(write.data["tally"])
        return [now] * len(writes)


@dataclass(frozen=True)
class Played:
    """What instances did. Of looks: how many documents there were to read, at each."""

    requests: int = 0
    counted: int = 0
    commits: int = 0
    writes: int = 0
    documents: int = 0
    bytes: int = 0
    closest: float = float("inf")
    cpu_seconds: float = 0.0
    looks: tuple[tuple[int, int], ...] = field(default=())
    """(all of the last RECENT_SECONDS, those that are new since the look before)"""

    def __add__(self, other: Played) -> Played:
        looks = (
            tuple(
                (one[0] + two[0], one[1] + two[1])
                for one, two in zip(self.looks, other.looks, strict=True)
            )
            if self.looks
            else other.looks
        )
        return Played(
            self.requests + other.requests,
            self.counted + other.counted,
            self.commits + other.commits,
            self.writes + other.writes,
            self.documents + other.documents,
            self.bytes + other.bytes,
            min(self.closest, other.closest),
            self.cpu_seconds + other.cpu_seconds,
            looks,
        )


def play(instance: int, seconds: int, rate: float) -> Played:
    """One instance for so long, with requests at random times."""
    chance = random.Random(instance)
    clock = ManualClock(START)
    ledger = Ledger(clock)
    recorder = Recorder(ledger, clock)
    clock.advance(chance.expovariate(rate))
    looks: list[tuple[int, int]] = []
    requests, began = 0, time.process_time()
    while clock.now() < START + seconds:
        while clock.now() >= START + (len(looks) + 1) * LOOK_SECONDS:
            looks.append(look(ledger, START + (len(looks) + 1) * LOOK_SECONDS))
        recorder.record(SCOPE, request(chance, clock.now()))
        requests += 1
        clock.advance(chance.expovariate(rate))
    cpu_seconds = time.process_time() - began
    closest = ledger.closest
    recorder.flush()  # as an instance that ends: it doesn't wait for its time
    looks += [look(ledger, START + seconds)] * (seconds // LOOK_SECONDS - len(looks))
    return Played(
        requests,
        sum(Tally.from_text(text).requests for text in ledger.tallies.values()),
        ledger.operations["commits"],
        ledger.operations["writes"],
        len(ledger.written_at),
        ledger.bytes,
        closest,
        cpu_seconds,
        tuple(looks),
    )


def request(chance: random.Random, at: float) -> Observation:
    failed = chance.random() < FAILING
    return Observation(
        service="checkout",
        version="1.3.0" if chance.random() < CANDIDATE else "1.2.0",
        generation=3,
        at=at,
        duration_ms=chance.lognormvariate(5, 0.7),
        code="INTERNAL" if failed else "OK",
        cause="internal" if failed else "none",
        user_hash=f"{chance.randrange(10**6):016x}",
        memory=0.4,
        cpu=0.3,
        concurrency=8,
    )


def look(ledger: Ledger, now: int) -> tuple[int, int]:
    """How many documents a look reads: at first, and when it has the ones before."""
    recent = slot_start(now - RECENT_SECONDS)
    new = now - LOOK_SECONDS - OVERLAP_SECONDS
    times = [at for at in reversed(ledger.written_at.values()) if at <= now]
    return sum(at >= recent for at in times), sum(at >= new for at in times)


def played(minutes: int, instances: int = INSTANCES, a_second: int = A_SECOND) -> Played:
    """All instances together, on all cores."""
    one = partial(play, seconds=60 * minutes, rate=a_second / instances)
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        return sum(pool.map(one, range(instances)), Played())


@dataclass(frozen=True)
class Figures:
    """What follows from what was played."""

    played: Played
    minutes: int

    @property
    def whole_look(self) -> int:
        """At all of the last three minutes, once a minute."""
        return max(everything for everything, _ in self.played.looks)

    @property
    def first_look(self) -> int:
        """Of a process: at as many minutes as it keeps."""
        return self.whole_look * KEPT_SECONDS // RECENT_SECONDS

    @property
    def next_look(self) -> int:
        return max(new for _, new in self.played.looks[1:])

    @property
    def writes_a_second(self) -> float:
        """Of the busiest document: 1 divided by the shortest time between two of its writes."""
        return 1 / self.played.closest

    @property
    def written_an_hour(self) -> float:
        """Dollars: every write of a slot, and its end."""
        hours = self.minutes / 60
        return (self.played.writes * WRITE + self.played.documents * DELETE) / hours

    @property
    def reads_an_hour(self) -> float:
        """While something is being rolled out."""
        wholes = 3600 / WHOLE_EVERY_SECONDS
        return wholes * self.whole_look + (3600 / LOOK_SECONDS - wholes) * self.next_look

    @property
    def dollars_an_hour(self) -> float:
        return self.written_an_hour + self.reads_an_hour * READ

    @property
    def dollars_a_million(self) -> float:
        return self.dollars_an_hour / (self.played.requests / (self.minutes / 60)) * 1e6


def figures(minutes: int) -> Figures:
    """Raises RuntimeError when what was counted is not what was served."""
    found = played(minutes)
    if found.counted != found.requests:
        raise RuntimeError(f"Of {found.requests} requests {found.counted} were counted.")
    return Figures(found, minutes)


def rows() -> Iterator[Row]:
    found = figures(MINUTES)
    all_of = found.played
    yield Row(
        "metrics.writes_per_document_second",
        found.writes_a_second,
        "writes",
        "<=",
        1,
        f"{INSTANCES} instances, {A_SECOND:,} requests a second, {MINUTES} minutes; "
        f"{all_of.writes / (60 * MINUTES):.0f} documents a second in "
        f"{all_of.commits / (60 * MINUTES):.0f} commits",
    )
    yield Row(
        "metrics.documents_per_look",
        found.first_look,
        "documents",
        "<=",
        SLOTS_LIMIT,
        f"a process's first look; then {found.whole_look} once a minute and {found.next_look} "
        f"every {LOOK_SECONDS} s",
    )
    yield Row(
        "metrics.dollars_per_million_requests",
        found.dollars_a_million,
        "dollars",
        "<=",
        0.1,
        "Firestore, by the list price of its multi-regions, while something is being rolled out",
    )
    yield Row(
        "metrics.cpu_us_per_request",
        all_of.cpu_seconds / all_of.requests * 1e6,
        "µs",
        "<=",
        200,
        "CPU of counting a request, its share of the writes without Firestore's client, and of "
        "the simulation",
    )


def report(found: Figures) -> str:
    """The lines of the table in docs/reference/metrics.md."""
    one = found.played
    seconds = 60 * found.minutes
    lines = [
        ("requests", f"{one.requests:,}"),
        ("counted", f"{one.counted:,}"),
        ("commits a second, all instances", f"{one.commits / seconds:,.0f}"),
        ("documents written a second", f"{one.writes / seconds:,.0f}"),
        ("writes a second of the busiest document", f"{found.writes_a_second:.2f}"),
        ("bytes a write", f"{one.bytes / one.writes:,.0f}"),
        ("documents a second that expire", f"{one.documents / seconds:,.0f}"),
        ("documents of a process's first look", f"{found.first_look:,}"),
        ("documents of a look at all of three minutes, once a minute", f"{found.whole_look:,}"),
        ("documents of each other look, every ten seconds", f"{found.next_look:,}"),
        ("dollars an hour for writing", f"{found.written_an_hour:.2f}"),
        ("dollars an hour for looking", f"{found.reads_an_hour * READ:.2f}"),
        ("dollars a million requests", f"{found.dollars_a_million:.3f}"),
    ]
    return "\n".join(f"| {name} | {value} |" for name, value in lines)


if __name__ == "__main__":
    print(report(figures(int(sys.argv[1]) if len(sys.argv) > 1 else MINUTES)))
