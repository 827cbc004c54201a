"""A tick over many running rollouts, on the Firestore emulator.

Each rollout has a flag of its own and two versions of a service of its own. Both arms have evidence
of an hour, and are served in one slot of three. One in
a hundred candidates then begins to fail: it must be taken back by the cycle that first sees it.
"""

from __future__ import annotations

import os
import random
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass, field
from io import StringIO

from google.auth.credentials import AnonymousCredentials
from google.cloud import firestore

from benchmarks.row import Row
from functions.changes import Change, Decision, View, commit_change
from functions.clock import ManualClock
from functions.documents import Scope, Store, Write
from functions.flags.flag import Flag
from functions.flags.manage.publish import publish_moved, save_flag
from functions.identity import Actor, Permission
from functions.metrics.cloud_monitoring import CloudMonitoring
from functions.metrics.observation import Observation
from functions.metrics.store import SlotKey, slot_write
from functions.metrics.tally import Tally, merge_all, of
from functions.metrics.windows import SLOT_SECONDS, slot_start
from functions.minute import Deps
from functions.rollouts.durations import DAY
from functions.rollouts.evidence import Both, Evidence
from functions.rollouts.plan import Criteria, Plan, Stage
from functions.rollouts.rollout import Rollout, Shift
from functions.rollouts.state import Phase, State
from functions.rollouts.store import evidence_path, rollout_path
from functions.rollouts.transition import follow
from functions.tick import decide
from local import firestore as firestore_emulator

SIZES = (250, 500, 1_000)
FAILING = 100
"""One candidate in so many."""

TOGETHER = 50
AGE_SECONDS = 3_600.0
SLOTS_SECONDS = 240
CYCLES = 6
"""Of a tick in a minute."""

DRAWN = 40
"""Different slots of a version at a time."""

CONTROL, CANDIDATE = "1.2.0", "1.3.0"
REQUESTS = {CANDIDATE: 8, CONTROL: 12}
"""In a slot, by the split."""

TURNS = 3
DISASTER = 24
"""Of a candidate that begins to fail: all of so many."""

PLAN = Plan(
    "steps", (Stage(40, DAY, 3 * DAY), Stage(100, DAY, 3 * DAY)), criteria=Criteria(100_000)
)
NOWHERE = "127.0.0.1:1"
"""Nothing is published: that is aside of a look."""


@dataclass
class Many:
    """So many rollouts in an environment of their own."""

    store: Store
    size: int
    clock: ManualClock = field(default_factory=lambda: ManualClock(slot_start(time.time())))
    chance: random.Random = field(default_factory=lambda: random.Random(6))
    drawn: dict[tuple[str, int, bool], list[Tally]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.scope = Scope("main", f"bench-{self.size}")
        self.began = self.clock.now() - AGE_SECONDS
        self.rollouts = [self._rollout(number) for number in range(self.size)]

    def make(self) -> None:
        self._commit([Write.set("applications/main", {"name": "Bench"})])
        self._commit([Write.create(self.scope.path, {})])
        for first in range(0, self.size, TOGETHER):
            self._make(self.rollouts[first : first + TOGETHER])
        slot = slot_start(self.clock.now())
        for start in range(slot - SLOTS_SECONDS, slot, SLOT_SECONDS):
            self.serve(start)

    def serve(self, start: int, failing: Sequence[Rollout] = ()) -> None:
        """A slot of each arm of every third; of the candidates that fail, all requests."""
        bad = {rollout.id for rollout in failing}
        turn = start // SLOT_SECONDS % TURNS
        served = [
            each for each in self.rollouts if each.id in bad or int(each.id[1:]) % TURNS == turn
        ]
        writes = []
        for rollout in served:
            for version in (CANDIDATE, CONTROL):
                fails = rollout.id in bad and version == CANDIDATE
                key = SlotKey(self.scope, start, rollout.service, version, 1)
                writes.append(slot_write(key, "i1", self._slot(version, start, fails), start + 9.9))
        self._commit(writes)

    def _slot(self, version: str, start: int, fails: bool) -> Tally:
        """One of some that are drawn once: each takes as long to draw as to look at."""
        drawn = self.drawn.setdefault((version, start, fails), [])
        if len(drawn) < DRAWN:
            requests = DISASTER if fails else REQUESTS[version]
            seen = (self._request(version, start, fails) for _ in range(requests))
            drawn.append(merge_all(map(of, seen)))
            return drawn[-1]
        return self.chance.choice(drawn)

    def _rollout(self, number: int) -> Rollout:
        return Rollout(
            f"r{number:04}",
            f"flag-{number:04}",
            f"service-{number:04}",
            CONTROL,
            CANDIDATE,
            PLAN,
            self.began,
            "operator:bench",
            "a benchmark",
            state=State(Phase.BAKING, 0, self.began, self.began + 3 * DAY),
            shift=Shift(self.began, self.began, 1),
        )

    def _make(self, rollouts: Sequence[Rollout]) -> None:
        flags = [follow(self._flag(rollout), rollout) for rollout in rollouts]

        def making(view: View) -> Decision:
            saved = [save_flag(view, None, flag) for flag in flags]
            writes = [write for _, some in saved for write in some]
            return Decision(writes, publish_moved(view, [flag for flag, _ in saved]))

        change = Change(self.scope, Actor.operator("bench"), Permission.EDIT_FLAGS, "a benchmark")
        commit_change(self.store, self.clock, change, making)
        evidence = self._evidence().to_document()
        self._commit(
            Write.create(rollout_path(self.scope, each.id), each.to_document()) for each in rollouts
        )
        self._commit(
            Write.create(evidence_path(self.scope, each.id), evidence) for each in rollouts
        )

    def _evidence(self) -> Evidence:
        """What an hour leaves: full samples of users, some failing in both arms."""
        arms = (
            merge_all(
                of(self._request(version, int(self.began), fails=number % 100 == 0))
                for number in range(requests)
            )
            for version, requests in ((CANDIDATE, 400), (CONTROL, 600))
        )
        through = slot_start(self.clock.now() - SLOTS_SECONDS)
        return Evidence(1, through, Both(*arms))

    def _request(self, version: str, at: int, fails: bool) -> Observation:
        return Observation(
            service="any",
            version=version,
            generation=1,
            at=at + 5.0,
            duration_ms=self.chance.lognormvariate(5, 0.7),
            code="INTERNAL" if fails else "OK",
            cause="candidate" if fails else "none",
            user_hash=f"{self.chance.randrange(10**9):016x}",
            memory=0.4,
            cpu=0.3,
            concurrency=8,
        )

    def _flag(self, rollout: Rollout) -> Flag:
        definition = {
            "state": "ENABLED",
            "variants": {CONTROL: CONTROL, CANDIDATE: CANDIDATE},
            "defaultVariant": CONTROL,
        }
        return Flag(rollout.flag, definition, client=True)

    def _commit(self, writes: Iterable[Write]) -> None:
        every = list(writes)
        for first in range(0, len(every), 100):
            self.store.commit(every[first : first + 100], timeout=60.0)


@dataclass(frozen=True)
class Looked:
    """What one cycle of a tick took: seconds, Firestore's operations, and rollouts that moved."""

    seconds: float
    reads: int
    writes: int
    moved: int

    @property
    def operations(self) -> int:
        return self.reads + self.writes


@dataclass(frozen=True)
class Found:
    """
    minute   the cycles of one: in the first all rollouts are looked at, and all slots
    struck   the cycle after them, when one candidate in a hundred has begun to fail
    """

    size: int
    minute: Sequence[Looked]
    struck: Looked

    @property
    def whole(self) -> Looked:
        return max(self.minute, key=lambda each: each.seconds)

    @property
    def operations(self) -> float:
        """Of a rollout in a minute."""
        return sum(each.operations for each in self.minute) / self.size


def measure(store: Store, size: int) -> Found:
    """A minute of a process that has been looking for one; time is simulated, but for how long a
    cycle takes."""
    many = Many(store, size)
    many.make()
    deps = Deps(store, many.clock, CloudMonitoring("demo", NOWHERE, location="nowhere"))
    decide(deps, many.scope)  # sums up what no tick has seen: once in a process
    for _ in range(CYCLES):
        cycle(many, deps)
    minute = [cycle(many, deps) for _ in range(CYCLES)]
    failing = many.rollouts[::FAILING]
    struck = cycle(many, deps, failing)
    if struck.moved != len(failing):
        raise RuntimeError(f"Of {len(failing)} failing candidates {struck.moved} were taken back.")
    return Found(size, minute, struck)


def cycle(many: Many, deps: Deps, failing: Sequence[Rollout] = ()) -> Looked:
    """What was served in ten seconds, and a look."""
    many.serve(slot_start(many.clock.now()), failing)
    many.clock.advance(SLOT_SECONDS)
    return look(many, deps)


def look(many: Many, deps: Deps) -> Looked:
    before = Counter(many.store.operations)
    began = time.monotonic()
    step = decide(deps, many.scope)
    seconds = time.monotonic() - began
    if step.failed:
        raise RuntimeError("A look could not be made; the log says why.")
    spent = many.store.operations - before
    return Looked(seconds, spent["reads"], spent["writes"], len(step.transitions))


def found(sizes: Sequence[int] = SIZES) -> Iterator[Found]:
    before = os.environ.get("FIRESTORE_EMULATOR_HOST")
    try:
        for size in sizes:  # each on an emulator of its own: it keeps all that it ever held
            with firestore_emulator.running(name=f"firestore-bench-tick-{size}") as address:
                os.environ["FIRESTORE_EMULATOR_HOST"] = address
                credentials = AnonymousCredentials()  # type: ignore[no-untyped-call]
                client = firestore.Client(project="demo-tick", credentials=credentials)
                yield measure(Store(client), size)
    finally:
        os.environ.pop("FIRESTORE_EMULATOR_HOST", None)
        if before:
            os.environ["FIRESTORE_EMULATOR_HOST"] = before


def rows() -> Iterator[Row]:
    with silence():
        by_size = list(found())
    few, many = by_size[0], by_size[-1]
    told = ", ".join(f"{each.size:,}: {each.whole.seconds:.1f} s" for each in by_size)
    yield Row("tick.seconds_1000_rollouts", many.whole.seconds, "s", "<=", 30, told)
    yield Row(
        "tick.linear",
        many.whole.seconds / few.whole.seconds / (many.size / few.size),
        "x",
        "<=",
        1.5,
        f"a rollout's part of a cycle among {many.size:,} against that among {few.size:,}",
    )
    yield Row(
        "tick.seconds_to_new_failures",
        many.struck.seconds,
        "s",
        "<=",
        10,
        f"until the cycle that takes back {many.struck.moved} of {many.size:,} rollouts is done",
    )
    yield Row(
        "tick.operations_per_rollout_minute",
        many.operations,
        "operations",
        "<=",
        60,
        "reads and writes of the cycles: "
        + ", ".join(f"{each.operations:,}" for each in many.minute),
    )


@contextmanager
def silence() -> Iterator[None]:
    """What the rooms log stays out of the table."""
    with redirect_stdout(StringIO()):
        yield


if __name__ == "__main__":
    for each in found([int(size) for size in sys.argv[1:]] or SIZES):
        print(each, flush=True)
