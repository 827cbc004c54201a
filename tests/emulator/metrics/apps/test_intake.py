"""Each batch counts once, whatever fails where: in one commit with those that wait beside it."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from typing import Any

import pytest
from google.cloud import firestore

from functions.clock import ManualClock, SystemClock
from functions.documents import Refused, Scope, Store, Write
from functions.errors import RateLimited, StoreUnavailable
from functions.metrics import store as metric_store
from functions.metrics import tally, windows
from functions.metrics.apps import batches
from functions.metrics.apps import intake as intake_module
from functions.metrics.apps.batches import Batch, Counted, Taken
from functions.metrics.apps.counting import Place
from functions.metrics.apps.intake import Intake
from functions.metrics.minutes import write_minutes
from functions.metrics.observation import Note
from functions.metrics.tally import merge_all
from functions.metrics.windows import slot_start

SCOPE = Scope("main", "production")
NOW = 1_800_000_000.0


class Unsteady(Store):
    """The real store, with a line to it that does what a test says."""

    def __init__(self, client: firestore.Client) -> None:
        super().__init__(client)
        self.commits: list[Sequence[Write]] = []
        self.before: Callable[[Sequence[Write]], None] = lambda _: None
        self.after: Callable[[Sequence[Write]], None] = lambda _: None
        self.away_for_reads = False

    def commit(self, writes: Sequence[Write], **options: Any) -> list[Any]:
        self.before(writes)
        versions = super().commit(writes, **options)
        self.commits.append(writes)
        self.after(writes)
        return versions

    def get_many(self, paths: Sequence[str], **options: Any) -> dict[str, Any]:
        if self.away_for_reads:
            raise StoreUnavailable("cut off by the test")
        return super().get_many(paths, **options)


@pytest.fixture
def unsteady(firestore_client: firestore.Client) -> Unsteady:
    Store(firestore_client).commit([Write.set("the/first", {})])
    return Unsteady(firestore_client)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOW)


def lost(_: Any) -> None:
    raise StoreUnavailable("by the test")


def batch(identifier: str, value: float = 1.0, at: float = NOW, **more: Any) -> Batch:
    one = tally.of_note(Note("app", "all", 3, at, {"opened": value}))
    place = Place(slot_start(at), "app", "all", 3)
    path = batches.marker_path(SCOPE, "key 1", identifier)
    return Batch(**{"scope": SCOPE, "path": path, "digest": "d", "events": 1, "late": 0,
                    "counts": {place: one}, **more})  # fmt: skip


def stored(store: Store, now: float = NOW) -> float:
    slots = metric_store.load_flushed(store, SCOPE, now, 3600)
    return merge_all(slot.tally for slot in slots).measure("opened").sum


def test_a_batch_counts_once_however_often_it_comes(unsteady: Unsteady, clock: ManualClock) -> None:
    first, other = Intake(unsteady, clock), Intake(unsteady, clock)
    assert first.count(batch("batch-1")) == Counted(1, 0)
    assert first.count(batch("batch-1")) == Counted(1, 0, duplicate=True)
    assert other.count(batch("batch-1")) == Counted(1, 0, duplicate=True)
    assert other.count(batch("batch-2", 5.0)) == Counted(1, 0)
    assert stored(unsteady) == 6.0


def test_other_events_by_the_same_id_are_told_apart(unsteady: Unsteady, clock: ManualClock) -> None:
    intake = Intake(unsteady, clock)
    intake.count(batch("batch-1"))
    assert intake.count(batch("batch-1", 9.0, digest="another")) == Taken()
    assert stored(unsteady) == 1.0


def test_those_who_wait_share_a_commit_and_no_slot_is_written_twice_a_second(
    unsteady: Unsteady,
) -> None:
    intake = Intake(unsteady, SystemClock())
    intake.count(batch("batch-0"))
    with ThreadPoolExecutor(20) as pool:
        done = list(pool.map(lambda n: intake.count(batch(f"batch-{n}")), range(1, 21)))
    assert done == [Counted(1, 0)] * 20
    assert [len(writes) for writes in unsteady.commits] == [2, 21]
    assert stored(unsteady, time.time()) == 21.0


def test_a_duplicate_does_not_hold_up_those_beside_it(unsteady: Unsteady) -> None:
    Intake(unsteady, SystemClock()).count(batch("batch-3"))
    intake = Intake(unsteady, SystemClock())
    intake.count(batch("batch-0"))
    with ThreadPoolExecutor(8) as pool:
        done = list(pool.map(lambda n: intake.count(batch(f"batch-{n}")), range(1, 9)))
    assert [each.duplicate for each in done if isinstance(each, Counted)] == [
        n == 3 for n in range(1, 9)
    ]
    assert stored(unsteady, time.time()) == 9.0


def test_the_same_batch_twice_at_once(unsteady: Unsteady) -> None:
    intake = Intake(unsteady, SystemClock())
    intake.count(batch("batch-0"))
    with ThreadPoolExecutor(6) as pool:
        done = list(pool.map(lambda _: intake.count(batch("batch-1")), range(6)))
    assert sorted(each.duplicate for each in done if isinstance(each, Counted)) == [
        False,
        *[True] * 5,
    ]
    assert stored(unsteady, time.time()) == 2.0


@pytest.mark.parametrize(
    "landed", [False, True], ids=["nothing was written", "the answer was lost"]
)
def test_a_batch_without_an_answer_is_sent_again(
    unsteady: Unsteady, clock: ManualClock, landed: bool
) -> None:
    intake = Intake(unsteady, clock)
    intake.count(batch("batch-1"))
    setattr(unsteady, "after" if landed else "before", lost)
    with pytest.raises(StoreUnavailable) as refused:
        intake.count(batch("batch-2", 10.0))
    assert "counts once" in refused.value.remedy
    unsteady.before = unsteady.after = lambda _: None
    assert intake.count(batch("batch-2", 10.0)) == Counted(1, 0, duplicate=landed)
    intake.count(batch("batch-3", 100.0))
    assert stored(unsteady) == 111.0


def test_what_lands_later_is_never_written_over(unsteady: Unsteady, clock: ManualClock) -> None:
    """A commit that hangs in the network, and arrives when the instance has long gone on."""
    intake = Intake(unsteady, clock)
    intake.count(batch("batch-1"))
    hanging: list[Sequence[Write]] = []

    def hang(writes: Sequence[Write]) -> None:
        hanging.append(writes)
        raise StoreUnavailable("by the test")

    unsteady.before = hang
    with pytest.raises(StoreUnavailable):
        intake.count(batch("batch-2", 10.0))
    unsteady.before = lambda _: None
    intake.count(batch("batch-3", 100.0))
    Store.commit(unsteady, hanging[0])
    assert intake.count(batch("batch-2", 10.0)) == Counted(1, 0, duplicate=True)
    assert stored(unsteady) == 111.0


def test_when_duplicates_cannot_be_told_apart_nothing_was_counted(
    unsteady: Unsteady, clock: ManualClock
) -> None:
    intake = Intake(unsteady, clock)
    intake.count(batch("batch-1"))
    unsteady.away_for_reads = True
    with pytest.raises(StoreUnavailable, match="not counted"):
        intake.count(batch("batch-1"))
    unsteady.away_for_reads = False
    assert intake.count(batch("batch-1")) == Counted(1, 0, duplicate=True)
    assert stored(unsteady) == 1.0


def test_a_refusal_without_a_duplicate_is_tried_again(
    unsteady: Unsteady, clock: ManualClock
) -> None:
    refusals = iter([Refused("by the test")] * 2)

    def refuse(_: Any) -> None:
        for refusal in refusals:
            raise refusal

    unsteady.before = refuse
    assert Intake(unsteady, clock).count(batch("batch-1")) == Counted(1, 0)
    assert stored(unsteady) == 1.0


def test_a_crash_is_told_to_all_who_wait_and_stops_nobody_after(
    unsteady: Unsteady, clock: ManualClock
) -> None:
    def crash(_: Any) -> None:
        raise RuntimeError("by the test")

    intake = Intake(unsteady, clock)
    unsteady.before = crash
    with pytest.raises(StoreUnavailable):
        intake.count(batch("batch-1"))
    unsteady.before = lambda _: None
    assert intake.count(batch("batch-1")) == Counted(1, 0)
    assert stored(unsteady) == 1.0


def test_too_many_who_wait_are_sent_away(
    unsteady: Unsteady, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intake_module, "MAXIMUM_WAITING", 4)
    held, go = threading.Event(), threading.Event()

    def hold(_: Any) -> None:
        held.set()
        go.wait(30)

    unsteady.before = hold
    intake = Intake(unsteady, SystemClock())
    with ThreadPoolExecutor(4) as pool:
        first = pool.submit(intake.count, batch("batch-0"))
        held.wait(30)
        waiting = [pool.submit(intake.count, batch(f"batch-{n}")) for n in range(1, 4)]
        while len(intake._queue) < 3:
            held.wait(0.01)
        with pytest.raises(RateLimited) as refused:
            intake.count(batch("batch-9"))
        assert refused.value.extra["retry_after"] >= 1
        go.set()
        unsteady.before = lambda _: None
        assert [each.result() for each in (first, *waiting)] == [Counted(1, 0)] * 4
    assert intake.count(batch("batch-9")) == Counted(1, 0), "and then there is room again"


def test_a_slot_that_was_given_up_is_never_begun_again(
    unsteady: Unsteady, clock: ManualClock
) -> None:
    """Written anew it would hold less than it did."""
    intake = Intake(unsteady, clock)
    intake.count(batch("batch-1"))
    clock.advance(intake_module.OPEN_SECONDS + 10)
    intake.count(batch("batch-2", 10.0))
    assert stored(unsteady, clock.now()) == 11.0


@pytest.fixture(params=range(6))
def chance(request: pytest.FixtureRequest) -> random.Random:
    return random.Random(request.param)


def test_sums_are_what_was_accepted_whatever_happens(
    unsteady: Unsteady, clock: ManualClock, chance: random.Random
) -> None:
    """Three instances, and clients that send each batch until it is accepted, anywhere. Commits are
    refused, lost on the way, lost on the way back, or arrive much later."""
    names = count()
    intakes = [Intake(unsteady, clock, lambda: f"instance-{next(names)}") for _ in range(3)]
    hanging: list[Sequence[Write]] = []

    def on_the_way(writes: Sequence[Write]) -> None:
        what = chance.random()
        if what < 0.15:
            raise StoreUnavailable("lost on the way")
        if what < 0.3:
            hanging.append(writes)
            raise StoreUnavailable("it hangs")
        if what < 0.4:
            raise Refused("contention")

    def on_the_way_back(_: Any) -> None:
        if chance.random() < 0.2:
            raise StoreUnavailable("lost on the way back")

    def arrive() -> None:
        late = hanging.pop(chance.randrange(len(hanging)))
        try:
            Store.commit(unsteady, late)
        except Refused:
            return  # somebody else's marker was there first

    unsteady.before, unsteady.after = on_the_way, on_the_way_back
    sent = {f"batch-{number}": float(2**number) for number in range(25)}
    left = list(sent)
    while left:
        identifier = chance.choice(left)
        at = clock.now() - chance.uniform(0, 100)
        try:
            settled = chance.choice(intakes).count(batch(identifier, sent[identifier], at))
        except StoreUnavailable:
            settled = None
        if settled is not None:
            left.remove(identifier)
        if hanging and chance.random() < 0.3:
            arrive()
        clock.advance(chance.uniform(0, 3))
    while hanging:
        arrive()
    assert stored(unsteady, clock.now()) == sum(sent.values())


def test_markers_go_when_their_day_is_over(unsteady: Unsteady, clock: ManualClock) -> None:
    intake = Intake(unsteady, clock)
    intake.count(batch("batch-1"))
    intake.count(batch("batch-2"))
    assert batches.cleanup(unsteady, SCOPE, NOW + 23 * 3600) == 0
    assert batches.cleanup(unsteady, SCOPE, NOW + 25 * 3600) == 2


def test_a_batch_that_cannot_be_written_takes_no_other_with_it(
    unsteady: Unsteady, clock: ManualClock
) -> None:
    """As one whose write Firestore's client or Firestore itself will not take."""
    group = [batch(f"batch-{n}", float(2**n)) for n in range(7)]
    poisoned = {group[2].path, group[3].path}
    together: list[int] = []

    def choke(writes: Sequence[Write]) -> None:
        together.append(len(writes) - 1)
        if poisoned & {each.path for each in writes}:
            raise ValueError("by the test")

    intake = Intake(unsteady, clock)
    unsteady.before = choke
    done: dict[int, Any] = {}

    def count(number: int) -> None:
        try:
            done[number] = intake.count(group[number])
        except StoreUnavailable as error:
            done[number] = error

    with ThreadPoolExecutor(7) as pool, intake._turn:
        waiting = [pool.submit(count, number) for number in range(7)]
        until = time.monotonic() + 10
        while len(intake._queue) < len(waiting) and time.monotonic() < until:
            time.sleep(0.01)
        intake._commit_next()
    assert len(done) == 7
    assert {n for n, each in done.items() if each == Counted(1, 0)} == {0, 1, 4, 5, 6}
    assert together[0] == 7
    assert stored(unsteady) == 1 + 2 + 16 + 32 + 64
    unsteady.before = lambda _: None
    assert [intake.count(group[n]) for n in (2, 0)] == [
        Counted(1, 0),
        Counted(1, 0, duplicate=True),
    ]
    assert stored(unsteady) == 1 + 2 + 4 + 16 + 32 + 64


@pytest.mark.parametrize("variant", ["new/checkout", "a/b/c", "flow_b", "100 % é"])
def test_any_name_of_a_variant_is_counted_and_read(
    unsteady: Unsteady, clock: ManualClock, variant: str
) -> None:
    one = tally.of_note(Note("checkout", variant, 3, NOW, {"opened": 1.0}))
    places = [Place(slot_start(NOW), "checkout", variant, 3)]
    places += [Place(slot_start(NOW), f"checkout_{variant}", "b", 3)]
    places += [Place(slot_start(NOW), "checkout", f"{variant}_b", 3)]
    Intake(unsteady, clock).count(batch("batch-1", counts=dict.fromkeys(places, one)))
    slots = metric_store.load_flushed(unsteady, SCOPE, NOW, 3600)
    assert {slot.arm for slot in slots} == {(each.service, each.version) for each in places}
    minutes = windows.minutes(slots)
    assert write_minutes(unsteady, SCOPE, minutes) == 3
    assert sorted(metric_store.load_minutes(unsteady, SCOPE, NOW - 60), key=str) == sorted(
        minutes, key=str
    )
