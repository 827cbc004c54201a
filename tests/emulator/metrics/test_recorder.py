"""What the instances count arrives in Firestore: once, whole, and never at a request's cost."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from itertools import count
from typing import Any

import pytest
from google.cloud import firestore

from functions.clock import ManualClock
from functions.documents import Refused, Scope, Store, Write
from functions.errors import StoreUnavailable
from functions.metrics import recorder as recorder_module
from functions.metrics import store as metric_store
from functions.metrics import tally
from functions.metrics.distinct import BITS, KEPT_OF_SLOT, rank
from functions.metrics.observation import Note, Observation
from functions.metrics.recorder import Recorder
from functions.metrics.tally import merge_all
from tests.emulator.conftest import store_at
from tests.emulator.proxy import proxy

SCOPE = Scope("main", "production")


class Unsteady(Store):
    """The real store, with a switch for the line to it, and a look at what passes."""

    def __init__(self, client: firestore.Client) -> None:
        super().__init__(client)
        self.away = False
        self.lose_answers = False
        self.commits: list[Sequence[Write]] = []
        self.before_commit: Callable[[], None] = lambda: None

    def commit(self, writes: Sequence[Write], **options: Any) -> list[Any]:
        self.before_commit()
        if self.away:
            raise StoreUnavailable("cut off by the test")
        versions = super().commit(writes, **options)
        self.commits.append(writes)
        if self.lose_answers:
            raise StoreUnavailable("the answer was lost by the test")
        return versions


@pytest.fixture
def unsteady(firestore_client: firestore.Client) -> Unsteady:
    Store(firestore_client).get("the/first")  # the first call of a new emulator takes its time
    Store(firestore_client).commit([Write.set("the/first", {})])
    return Unsteady(firestore_client)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(1_800_000_000.0)


users = count()


def ended(clock: ManualClock, cause: str = "none", **changes: Any) -> Observation:
    values = {
        "service": "stories",
        "version": "1.2.0",
        "generation": 3,
        "at": clock.now(),
        "duration_ms": 120.0,
        "code": "OK" if cause == "none" else "OPENAI_ERROR",
        "cause": cause,
        "user_hash": f"{next(users):016x}",
    }
    return Observation(**{**values, **changes})


def stored(store: Store, clock: ManualClock) -> int:
    slots = metric_store.load_recent(store, SCOPE, clock.now())
    return merge_all(slot.tally for slot in slots).requests


def test_a_failed_request_is_written_before_it_answers(
    unsteady: Unsteady, clock: ManualClock
) -> None:
    recorder = Recorder(unsteady, clock)
    recorder.record(SCOPE, ended(clock))
    clock.advance(0.5)
    recorder.record(SCOPE, ended(clock, "candidate"))
    assert stored(unsteady, clock) == 1, "at most once a second"
    clock.advance(0.5)
    recorder.record(SCOPE, ended(clock, "candidate"))
    slots = metric_store.load_recent(unsteady, SCOPE, clock.now())
    tally = merge_all(slot.tally for slot in slots)
    assert (tally.requests, tally.failures) == (3, 2)


def test_other_requests_flush_every_three_seconds(unsteady: Unsteady, clock: ManualClock) -> None:
    recorder = Recorder(unsteady, clock)
    for _ in range(49):
        recorder.record(SCOPE, ended(clock))
        clock.advance(0.125)
    assert len(unsteady.commits) == 3
    assert stored(unsteady, clock) == 49
    assert recorder.unwritten == 0


def test_a_slot_keeps_a_sample_of_its_users(unsteady: Unsteady, clock: ManualClock) -> None:
    recorder = Recorder(unsteady, clock)
    seen = [ended(clock) for _ in range(5 * KEPT_OF_SLOT)]
    recorder.record(SCOPE, *seen, *seen)
    [slot] = metric_store.load_recent(unsteady, SCOPE, clock.now())
    kept = slot.tally.users
    assert KEPT_OF_SLOT / 4 < len(kept.ranks) <= KEPT_OF_SLOT
    everybody = {rank(each.user_hash) for each in seen}
    assert kept.ranks == {each for each in everybody if each < 2 ** (BITS - kept.level)}


def test_several_arms_go_in_one_commit(unsteady: Unsteady, clock: ManualClock) -> None:
    recorder = Recorder(unsteady, clock)
    recorder.record(SCOPE, ended(clock))
    recorder.record(SCOPE, ended(clock, version="1.3.0"))
    recorder.record(SCOPE, ended(clock, generation=4))
    clock.advance(10)
    recorder.record(SCOPE, ended(clock))
    assert [len(writes) for writes in unsteady.commits] == [1, 3]


def test_a_slot_that_ended_unwritten_goes_with_the_next_request(
    unsteady: Unsteady, clock: ManualClock
) -> None:
    recorder = Recorder(unsteady, clock)
    recorder.record(SCOPE, ended(clock))
    recorder.record(SCOPE, ended(clock))
    clock.advance(100)
    recorder.record(SCOPE, ended(clock))
    slots = metric_store.load_recent(unsteady, SCOPE, clock.now())
    assert sorted((slot.start - 1_800_000_000, slot.tally.requests) for slot in slots) == [
        (0, 2),
        (100, 1),
    ]


def test_an_answer_that_was_lost_counts_nothing_twice(
    unsteady: Unsteady, clock: ManualClock
) -> None:
    recorder = Recorder(unsteady, clock)
    unsteady.lose_answers = True
    for _ in range(5):
        recorder.record(SCOPE, ended(clock))
        clock.advance(4)
    unsteady.lose_answers = False
    assert recorder.flush()
    assert stored(unsteady, clock) == 5


def test_a_store_away_fails_no_request_and_loses_nothing(
    unsteady: Unsteady, clock: ManualClock
) -> None:
    recorder = Recorder(unsteady, clock)
    unsteady.away = True
    for _ in range(300):
        recorder.record(SCOPE, ended(clock, "upstream"))
        clock.advance(1)
    assert recorder.unwritten == 300
    assert stored(unsteady, clock) == 0
    unsteady.away = False
    clock.advance(10)
    recorder.record(SCOPE, ended(clock, "upstream"))
    assert recorder.unwritten == 0
    written = metric_store.load_flushed(unsteady, SCOPE, clock.now())
    assert merge_all(slot.tally for slot in written).requests == 301


def test_attempts_come_further_apart_while_the_store_is_away(
    unsteady: Unsteady, clock: ManualClock
) -> None:
    recorder = Recorder(unsteady, clock)
    unsteady.away = True
    attempts: list[float] = []
    unsteady.before_commit = lambda: attempts.append(clock.now() - 1_800_000_000)
    for _ in range(60):
        recorder.record(SCOPE, ended(clock, "internal"))
        clock.advance(0.5)
    assert attempts == [0, 1, 3, 7, 15, 25]


def test_a_note_is_written_with_what_was_counted_and_is_no_request(
    unsteady: Unsteady, clock: ManualClock
) -> None:
    recorder = Recorder(unsteady, clock)
    recorder.record(SCOPE, ended(clock))
    recorder.note(SCOPE, Note("stories", "1.2.0", 3, clock.now(), {"rating": 4}))
    recorder.note(SCOPE, Note("stories", "1.1.0", 2, clock.now(), {"rating": 1}))
    clock.advance(3)
    recorder.note(SCOPE, Note("stories", "1.2.0", 3, clock.now(), {"rating": 5}))
    slots = metric_store.load_recent(unsteady, SCOPE, clock.now())
    found = {
        slot.version: (slot.tally.requests, slot.tally.measure("rating").sum) for slot in slots
    }
    assert found == {"1.2.0": (1, 9), "1.1.0": (0, 1)}
    assert len(unsteady.commits) == 2, "at most every three seconds"


def test_memory_is_bounded(unsteady: Unsteady, clock: ManualClock) -> None:
    recorder = Recorder(unsteady, clock)
    unsteady.away = True
    for _ in range(recorder_module.MAXIMUM_SLOTS + 100):
        recorder.record(SCOPE, ended(clock))
        clock.advance(10)
    assert recorder.unwritten == recorder_module.MAXIMUM_SLOTS
    assert recorder.dropped == 100


def test_beyond_so_many_versions_requests_count_as_others_and_say_so(
    unsteady: Unsteady, clock: ManualClock
) -> None:
    recorder = Recorder(unsteady, clock)
    versions = [f"1.{n}.0" for n in range(recorder_module.VERSIONS_CAP + 3)]
    for version in [*versions, *versions]:
        recorder.record(SCOPE, ended(clock, version=version))
    recorder.record(SCOPE, ended(clock, service="search", version="2.0.0"))
    assert recorder.flush()
    slots = metric_store.load_recent(unsteady, SCOPE, clock.now())
    found = {(slot.service, slot.version): slot.tally for slot in slots}
    others = found.pop(("stories", recorder_module.OTHER_VERSION))
    assert (others.requests, others.overflow) == (6, 6)
    assert {tally.requests for tally in found.values()} == {1, 2}
    assert len(found) == recorder_module.VERSIONS_CAP + 1
    assert sum(tally.overflow for tally in found.values()) == 0


def test_a_request_that_ends_late_adds_to_a_closed_slot_without_undoing_it(
    unsteady: Unsteady, clock: ManualClock
) -> None:
    recorder = Recorder(unsteady, clock)
    recorder.record(SCOPE, ended(clock))
    clock.advance(15)
    recorder.record(SCOPE, ended(clock))
    recorder.record(SCOPE, ended(clock, at=clock.now() - 15))
    clock.advance(200)
    recorder.record(SCOPE, ended(clock))
    recorder.record(SCOPE, ended(clock, at=clock.now() - 215))
    assert recorder.flush()
    slots = metric_store.load_flushed(unsteady, SCOPE, clock.now(), span=600)
    assert merge_all(slot.tally for slot in slots).requests == 5


def test_threads_lose_nothing_and_flush_one_at_a_time(
    unsteady: Unsteady, clock: ManualClock
) -> None:
    recorder = Recorder(unsteady, clock)
    inside = threading.Semaphore(1)

    def alone() -> None:
        assert inside.acquire(blocking=False), "two flushes at once could undo each other"
        inside.release()

    unsteady.before_commit = alone

    def serve(_: int) -> None:
        for _ in range(50):
            recorder.record(SCOPE, ended(clock, "candidate"))
            clock.advance(0.01)

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(serve, range(16)))
    assert recorder.flush()
    assert stored(unsteady, clock) == 800


def test_fifty_instances_that_write_at_once_lose_nothing(
    unsteady: Unsteady, clock: ManualClock
) -> None:
    """Each for itself on the request path, good requests and failures of two versions."""
    chance = random.Random(7)
    served = [
        [
            ended(
                clock,
                chance.choice(["none", "none", "candidate", "upstream"]),
                version=chance.choice(["1.2.0", "1.3.0"]),
                duration_ms=chance.lognormvariate(8, 1),
                cpu=chance.random(),
                concurrency=chance.randrange(80),
                measures={"words": float(chance.randrange(900))},
                durations={"load": chance.lognormvariate(6, 1)},
            )
            for _ in range(30)
        ]
        for _ in range(50)
    ]
    recorders = [Recorder(unsteady, clock) for _ in served]

    def serve(instance: int) -> None:
        for one in served[instance]:
            recorders[instance].record(SCOPE, one)
            clock.advance(0.01)

    with ThreadPoolExecutor(20) as pool:
        list(pool.map(serve, range(50)))
        assert all(pool.map(Recorder.flush, recorders))
    slots = metric_store.load_recent(unsteady, SCOPE, clock.now())
    assert len({slot.version for slot in slots}) == 2
    for version in ("1.2.0", "1.3.0"):
        found = merge_all(slot.tally for slot in slots if slot.version == version)
        seen = [one for each in served for one in each if one.version == version]
        assert found == merge_all(map(tally.of, seen))


def test_answers_that_are_lost_on_the_way_count_nothing_twice(
    unsteady: Unsteady, clock: ManualClock, firestore_emulator: str
) -> None:
    """The commit is made, and the connection cut before the instance can hear of it."""
    project = str(unsteady._client.project)
    with proxy(firestore_emulator) as between, store_at(between.address, project) as far:
        recorder = Recorder(far, clock)
        far.get("the/first")
        written: list[int] = []

        def answered(_data: bytes) -> None:
            if not written and stored(unsteady, clock):
                written.append(stored(unsteady, clock))
                between.cut()

        between.on_answer = answered
        recorder.record(SCOPE, ended(clock))
        assert (written, recorder.unwritten) == ([1], 1)
        for _ in range(5):
            recorder.record(SCOPE, ended(clock))
        between.down = False
        until = time.monotonic() + 20
        while not recorder.flush():
            assert time.monotonic() < until
            time.sleep(0.2)
    assert stored(unsteady, clock) == 6


def test_a_store_that_hangs_costs_a_request_two_seconds(clock: ManualClock) -> None:
    """A port that accepts and never answers, as a store in trouble may."""
    import socket

    from google.auth.credentials import AnonymousCredentials

    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.MonkeyPatch.context() as patch:
        patch.setenv("FIRESTORE_EMULATOR_HOST", f"127.0.0.1:{silent.getsockname()[1]}")
        client = firestore.Client(project="demo-silent", credentials=AnonymousCredentials())  # type: ignore[no-untyped-call]
        recorder = Recorder(Store(client), clock)
        started = time.monotonic()
        recorder.record(SCOPE, ended(clock))
        assert time.monotonic() - started < 3
        assert recorder.unwritten == 1


def test_a_flush_that_hangs_and_lands_later_undoes_nothing(
    unsteady: Unsteady, clock: ManualClock, firestore_emulator: str
) -> None:
    """It passes a line that holds it back until a newer one was made over another."""
    project = str(unsteady._client.project)
    with proxy(firestore_emulator) as between, store_at(between.address, project) as far:
        far.get("the/first")
        hold, answered = threading.Event(), threading.Event()

        def until_answered(_data: bytes) -> None:
            answered.wait(5)  # or the call would be ended on its way

        def asked(data: bytes) -> None:
            if b"/slots/" in data:
                hold.wait(20)
                between.on_request = until_answered
                between.on_answer = lambda _: answered.set()

        between.on_request = asked
        recorder = Recorder(far, clock)
        recorder.record(SCOPE, ended(clock))
        assert recorder.unwritten == 1
        recorder._store = unsteady
        clock.advance(3)
        recorder.record(SCOPE, ended(clock))
        assert (recorder.unwritten, stored(unsteady, clock)) == (0, 2)
        hold.set()
        assert answered.wait(10)
    assert stored(unsteady, clock) == 2


@pytest.mark.parametrize("seed", range(6))
def test_whatever_lands_when_what_is_stored_only_grows(
    unsteady: Unsteady, clock: ManualClock, seed: int
) -> None:
    """Flushes are made at once, or hang and land at any time, or never, in any order."""
    chance = random.Random(seed)
    hanging: list[Sequence[Write]] = []
    real = unsteady.commit

    def commit(writes: Sequence[Write], **options: Any) -> list[Any]:
        way = chance.choice(["made", "made", "hangs", "answer lost"])
        unsteady.lose_answers = way == "answer lost"
        if way == "hangs":
            hanging.append(writes)
            raise StoreUnavailable("by the test")
        return real(writes, **options)

    recorder = Recorder(unsteady, clock)
    seen = counted = 0
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(unsteady, "commit", commit)
        for _ in range(40):
            clock.advance(chance.choice([0.5, 2, 4, 9]))
            version = chance.choice(["1.2.0", "1.3.0"])
            recorder.record(SCOPE, ended(clock, "candidate", version=version))
            counted += 1
            while hanging and chance.random() < 0.4:
                landing = hanging.pop(chance.randrange(len(hanging)))
                with suppress(Refused):
                    Store.commit(unsteady, landing)
            now = all_stored(unsteady, clock)
            assert seen <= now <= counted
            seen = now
    unsteady.lose_answers = False
    assert recorder.flush()
    for landing in hanging:
        with suppress(Refused):
            Store.commit(unsteady, landing)
    assert all_stored(unsteady, clock) == counted


def all_stored(store: Store, clock: ManualClock) -> int:
    slots = metric_store.load_flushed(store, SCOPE, clock.now(), 3_600)
    return merge_all(slot.tally for slot in slots).requests


def test_a_flush_that_was_refused_waits_no_longer_than_another(unsteady: Unsteady) -> None:
    """What was made without an answer is read and written over within the time of one flush."""
    ticking = ManualClock(1_800_000_000.0)
    given: list[float] = []

    class Slow(Unsteady):
        def commit(self, writes: Sequence[Write], **options: Any) -> list[Any]:
            given.append(options["timeout"])
            ticking.advance(0.4)
            return super().commit(writes)

        def get_many(self, paths: Sequence[str], **options: Any) -> dict[str, Any]:
            given.append(options["timeout"])
            ticking.advance(0.4)
            return super().get_many(paths)

    slow = Slow(unsteady._client)
    recorder = Recorder(slow, ticking)
    slow.lose_answers = True
    recorder.record(SCOPE, ended(ticking))
    slow.lose_answers = False
    ticking.advance(3)
    recorder.record(SCOPE, ended(ticking))
    assert recorder.unwritten == 0
    assert given == pytest.approx([1.0, 1.0, 0.6, 0.2], abs=1e-3)
