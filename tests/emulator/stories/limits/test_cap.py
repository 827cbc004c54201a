"""The day's cap: leased in chunks, never passed, whoever else leases, ends or is killed."""

from __future__ import annotations

import json
import threading
import time
import uuid
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import pytest
from google.auth.credentials import AnonymousCredentials
from google.cloud import firestore
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from functions.clock import ManualClock, SystemClock
from functions.documents import Scope, Store
from functions.errors import FailedPrecondition, RateLimited, StoreUnavailable
from functions.stories.limits.cap import CHUNKS, DAY, LEASE_SECONDS, DailyCap, Reserved
from tests.emulator.conftest import store_at
from tests.emulator.proxy import proxy

SCOPE = Scope("main", "testing")
MIDNIGHT = 1_800_057_600.0
NOON = MIDNIGHT + DAY / 2
CAP = 200_000
CHUNK = CAP // CHUNKS


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOON)


def granted(store: Store, clock: ManualClock | SystemClock, scope: Scope = SCOPE) -> int:
    day = time.strftime("%Y-%m-%d", time.gmtime(clock.now()))
    document = store.get(scope.doc("caps", day))
    return int(document.data["granted"]) if document else 0


def another_store(store: Store) -> Store:
    """Another instance's, on the same database."""
    credentials = AnonymousCredentials()  # type: ignore[no-untyped-call]
    return Store(firestore.Client(project=store._client.project, credentials=credentials))


def test_a_chunk_serves_many_stories(store: Store, clock: ManualClock) -> None:
    cap = DailyCap(store, clock, CAP)
    for _ in range(10):
        cap.settle(SCOPE, cap.reserve(SCOPE, CHUNK // 10), CHUNK // 10)
    assert (store.operations["commits"], store.operations["reads"]) == (1, 1)
    assert granted(store, clock) == CHUNK
    cap.reserve(SCOPE, 1)
    assert store.operations["commits"] == 2


def test_what_a_story_did_not_cost_goes_back(store: Store, clock: ManualClock) -> None:
    cap = DailyCap(store, clock, CAP)
    for _ in range(100):
        cap.settle(SCOPE, cap.reserve(SCOPE, CHUNK), CHUNK // 100)
    assert granted(store, clock) <= 2 * CHUNK


def test_a_dear_story_leases_what_it_may_cost(store: Store, clock: ManualClock) -> None:
    cap = DailyCap(store, clock, CAP)
    cap.reserve(SCOPE, 7 * CHUNK)
    assert granted(store, clock) == 7 * CHUNK
    assert store.operations["commits"] == 1


def test_the_cap_is_reached(store: Store, clock: ManualClock) -> None:
    cap = DailyCap(store, clock, CAP)
    quarters = [cap.reserve(SCOPE, CAP // 4) for _ in range(4)]
    with pytest.raises(RateLimited) as raised:
        cap.reserve(SCOPE, 1)
    assert raised.value.extra == {"reason": "a_day", "limit": "cost", "retry_after": DAY // 2}
    cap.reserve(Scope("main", "other"), 1)  # an environment has a cap of its own
    cap.settle(SCOPE, quarters[0], 10)
    cap.reserve(SCOPE, CAP // 4 - 10)  # what went back can be had at once
    clock.advance(DAY / 2)
    cap.reserve(SCOPE, CAP)


def test_a_flood_after_the_cap_hardly_asks_the_store(store: Store, clock: ManualClock) -> None:
    cap = DailyCap(store, clock, CAP)
    cap.reserve(SCOPE, CAP)
    before = store.operations["reads"]
    for _ in range(500):
        with pytest.raises(RateLimited):
            cap.reserve(SCOPE, 1)
        clock.advance(0.01)
    assert store.operations["reads"] - before <= 2


def test_a_flood_after_the_cap_is_told_of_once_in_a_while(
    store: Store, clock: ManualClock, capsys: pytest.CaptureFixture[str]
) -> None:
    """By an error, which alerts can look for: each refusal by itself is a client's own."""

    def refused(cap: DailyCap, scope: Scope = SCOPE) -> None:
        with pytest.raises(RateLimited):
            cap.reserve(scope, 1)

    def told() -> list[dict[str, Any]]:
        captured = capsys.readouterr()
        lines = [json.loads(line) for line in (captured.out + captured.err).splitlines()]
        return [line for line in lines if line["message"] == "daily cap used up"]

    cap = DailyCap(store, clock, CAP)
    cap.reserve(SCOPE, CAP)
    assert told() == []
    for _ in range(599):
        refused(cap)
        clock.advance(1)
    [line] = told()
    assert line == {
        "severity": "ERROR",
        "message": "daily cap used up",
        "application": "main",
        "environment": "testing",
        "microdollars_a_day": CAP,
        "seconds_left": DAY // 2,
    }
    clock.advance(1)
    refused(cap)
    refused(cap)
    assert len(told()) == 1
    elsewhere = Scope("main", "other")
    cap.reserve(elsewhere, CAP)
    refused(cap, elsewhere)
    assert [line["environment"] for line in told()] == ["other"]


def test_a_cap_that_was_raised_is_seen(store: Store, clock: ManualClock) -> None:
    DailyCap(store, clock, CAP).reserve(SCOPE, CAP)
    with pytest.raises(RateLimited):
        DailyCap(store, clock, CAP).reserve(SCOPE, 1)
    DailyCap(store, clock, 2 * CAP).reserve(SCOPE, 1)
    with pytest.raises(RateLimited):
        DailyCap(store, clock, CAP // 2).reserve(SCOPE, 1)


def test_without_a_cap_nothing_is_asked(lost_store: Store, clock: ManualClock) -> None:
    cap = DailyCap(lost_store, clock, 0)
    cap.settle(SCOPE, cap.reserve(SCOPE, 10**12), 0)
    cap.close()
    assert not lost_store.operations


def test_a_story_that_no_day_has_room_for(store: Store, clock: ManualClock) -> None:
    with pytest.raises(FailedPrecondition, match="PALIER_DOLLARS_A_DAY"):
        DailyCap(store, clock, CAP).reserve(SCOPE, CAP + 1)
    assert not store.operations


def test_a_story_that_cost_more_than_was_reserved(store: Store, clock: ManualClock) -> None:
    cap = DailyCap(store, clock, CAP)
    cap.settle(SCOPE, cap.reserve(SCOPE, CHUNK), CAP - 10)
    with pytest.raises(RateLimited):
        cap.reserve(SCOPE, 11)
    clock.advance(10)
    cap.reserve(SCOPE, 10)
    assert granted(store, clock) == CAP


def test_an_instance_that_ends_gives_back_what_is_left(store: Store, clock: ManualClock) -> None:
    cap = DailyCap(store, clock, CAP)
    cap.settle(SCOPE, cap.reserve(SCOPE, 300), 200)
    outliving = cap.reserve(SCOPE, 300)
    cap.close()
    assert granted(store, clock) == 500
    cap.close()
    cap.settle(SCOPE, outliving, 0)  # of a story that outlived it: its day is charged in full
    cap.close()
    assert granted(store, clock) == 500


def test_yesterday_s_chunk_is_not_today_s(store: Store, clock: ManualClock) -> None:
    cap = DailyCap(store, clock, CAP)
    cap.reserve(SCOPE, 1)
    clock.advance(DAY / 2)
    cap.close()
    assert granted(store, clock) == 0
    cap = DailyCap(store, clock, CAP)
    cap.reserve(SCOPE, CHUNK)
    assert granted(store, clock) == CHUNK


def test_what_was_reserved_before_midnight_is_not_given_to_the_new_day(
    store: Store, clock: ManualClock
) -> None:
    cap = DailyCap(store, clock, CAP)
    clock.advance(DAY / 2 - 5)
    before = cap.reserve(SCOPE, CHUNK)
    clock.advance(10)
    cap.reserve(SCOPE, CHUNK)
    cap.settle(SCOPE, before, 0)
    cap.reserve(SCOPE, 1)
    assert granted(store, clock) == 2 * CHUNK


def test_what_costs_nothing_takes_nothing_of_a_day_that_has_just_begun(
    store: Store, clock: ManualClock
) -> None:
    """Or whoever is refused for another reason could use the day up for nothing."""
    cap = DailyCap(store, clock, CAP)
    clock.advance(DAY / 2)
    for _ in range(3 * CHUNKS):
        cap.settle(SCOPE, cap.reserve(SCOPE, CHUNK), 0)
    cap.settle(SCOPE, cap.reserve(SCOPE, CHUNK), CHUNK // 2)
    cap.close()
    assert granted(store, clock) == CHUNK // 2


def test_instances_and_threads_at_once(store: Store) -> None:
    """They come to the cap exactly, and not beyond."""
    clock = SystemClock()
    caps = [DailyCap(another_store(store), clock, CAP) for _ in range(3)]
    amount = CAP // 30
    taken: list[int] = []
    start = threading.Barrier(48)

    def ask(number: int) -> None:
        start.wait()
        try:
            caps[number % 3].reserve(SCOPE, amount)
        except RateLimited:
            return
        taken.append(amount)

    with ThreadPoolExecutor(48) as pool:
        list(pool.map(ask, range(48)))
    assert sum(taken) <= CAP
    assert sum(taken) == granted(store, clock) == 30 * amount


def test_a_store_out_of_reach(lost_store: Store) -> None:
    """Everybody hears of it in time, however many wait."""
    cap = DailyCap(lost_store, SystemClock(), CAP)
    started = time.monotonic()

    def ask(_number: int) -> None:
        with pytest.raises(StoreUnavailable):
            cap.reserve(SCOPE, 1)

    with ThreadPoolExecutor(20) as pool:
        list(pool.map(ask, range(20)))
    assert time.monotonic() - started < 2 * LEASE_SECONDS + 3


def test_a_store_that_goes_away_later(
    store: Store, firestore_client: Any, firestore_emulator: str
) -> None:
    """What is held serves on; what is left can't be given back, and that is said."""
    with (
        proxy(firestore_emulator) as between,
        store_at(between.address, str(firestore_client.project)) as far,
    ):
        clock = SystemClock()
        cap = DailyCap(far, clock, CAP)
        cap.reserve(SCOPE, 1)
        between.cut()
        cap.reserve(SCOPE, 1)
        with pytest.raises(StoreUnavailable):
            cap.reserve(SCOPE, CHUNK)
        cap.close()
    assert granted(store, clock) == CHUNK


@dataclass(frozen=True)
class Running:
    """A story, the instance that makes it, what was reserved for it, and when."""

    instance: int
    reserved: Reserved
    at: float

    @property
    def day(self) -> int:
        return int(self.at // DAY)


class Instances(RuleBasedStateMachine):
    """Two instances that reserve, settle, end and are killed, from one day into the next."""

    def __init__(self) -> None:
        super().__init__()
        credentials = AnonymousCredentials()  # type: ignore[no-untyped-call]
        project = f"demo-test-{uuid.uuid4().hex[:12]}"
        self.store = Store(firestore.Client(project=project, credentials=credentials))
        self.clock = ManualClock(MIDNIGHT - 5)
        self.caps = [self.started() for _ in range(2)]
        self.running: list[Running] = []
        self.spent: Counter[int] = Counter()
        self.free: list[Counter[int]] = [Counter(), Counter()]
        """At most what each instance holds and nobody uses, by day."""
        self.holding = [0, 0]
        """The day that each instance holds some of; 0 when it has ended."""
        self.lost: Counter[int] = Counter()

    def started(self) -> DailyCap:
        return DailyCap(self.store, self.clock, CAP)

    @property
    def today(self) -> int:
        return int(self.clock.now() // DAY)

    @rule(instance=st.integers(0, 1), amount=st.integers(0, CAP // 3))
    def reserve(self, instance: int, amount: int) -> None:
        free = self.free[instance]
        self.holding[instance] = self.today
        try:
            reserved = self.caps[instance].reserve(SCOPE, amount)
        except RateLimited:
            return
        if amount > free[self.today]:  # it leased no more than a chunk, or what was missing
            free[self.today] += max(CHUNK, amount - free[self.today])
        free[self.today] -= amount
        self.running.append(Running(instance, reserved, self.clock.now()))

    @precondition(lambda self: self.running)
    @rule(which=st.integers(0, 1_000), share=st.floats(0, 1))
    def settle(self, which: int, share: float) -> None:
        story = self.running.pop(which % len(self.running))
        cost = int(story.reserved.microdollars * share)
        self.spent[story.day] += cost
        kept = self.holding[story.instance] == story.day
        rest = self.free[story.instance] if kept else self.lost
        rest[story.day] += story.reserved.microdollars - cost
        self.caps[story.instance].settle(SCOPE, story.reserved, cost)

    @rule(instance=st.integers(0, 1))
    def end(self, instance: int) -> None:
        """What its stories give back from now on is lost, unless it is asked again."""
        self.caps[instance].close()
        self.free[instance], self.holding[instance] = Counter(), 0

    @rule(instance=st.integers(0, 1))
    def kill(self, instance: int) -> None:
        """What its stories cost is not known: as much as was reserved, at most."""
        self.caps[instance] = self.started()
        self.lost.update(self.free[instance])
        self.free[instance], self.holding[instance] = Counter(), 0
        for story in self.running:
            if story.instance == instance:
                self.spent[story.day] += story.reserved.microdollars
        self.running = [story for story in self.running if story.instance != instance]

    @rule(seconds=st.sampled_from([10.0, 25.0, DAY - 30.0]), share=st.floats(0, 1))
    def wait(self, seconds: float, share: float) -> None:
        """No story takes longer than half a minute."""
        left = seconds
        while late := [story for story in self.running if story.at + 30 < self.clock.now() + left]:
            until = max(self.clock.now(), late[0].at + 30)
            left -= until - self.clock.now()
            self.clock.advance(until - self.clock.now())
            self.settle(self.running.index(late[0]), share)
        self.clock.advance(left)

    @invariant()
    def never_more_than_the_cap_nor_more_than_is_accounted_for(self) -> None:
        today = self.today
        open_ = sum(story.reserved.microdollars for story in self.running if story.day == today)
        used = self.spent[today] + open_
        taken = granted(self.store, self.clock)
        assert used <= taken <= CAP
        assert taken <= used + sum(free[today] for free in self.free) + self.lost[today]


def test_whatever_happens(firestore_emulator: str) -> None:
    run_state_machine_as_test(
        Instances,
        settings=settings(
            max_examples=30,
            stateful_step_count=30,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
