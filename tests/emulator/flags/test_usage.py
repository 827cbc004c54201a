"""What instances count of evaluations arrives in Firestore: once, whole, and never at an
evaluation's cost."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import pytest
from google.cloud import firestore

from functions.clock import ManualClock, SystemClock
from functions.documents import Refused, Scope, Store, Write
from functions.errors import StoreUnavailable
from functions.flags.clients import ofrep, usage
from functions.flags.clients.usage import (
    FIRST_SECONDS,
    INTERVAL_SECONDS,
    LONGEST_PAUSE_SECONDS,
    Usage,
)
from functions.flags.content import Snapshot
from functions.flags.counts import COLLECTION, LABELS_A_DOCUMENT, Served, together
from functions.flags.flag import Flag
from functions.flags.keys import Kind
from functions.flags.manage.flags import create_flag, edit_flag
from functions.flags.snapshot import SnapshotCache
from tests.emulator.flags.conftest import OTHER, SCOPE, commit, definition

ON = b'{"context": {"targetingKey": "user-1"}}'


class Unsteady(Store):
    """The real store, with a switch for the line to it, and a look at what passes."""

    def __init__(self, client: firestore.Client) -> None:
        super().__init__(client)
        self.away = False
        self.lose_answers = False
        self.refuse = False
        self.commits: list[Sequence[Write]] = []

    def commit(self, writes: Sequence[Write], **options: Any) -> list[Any]:
        if self.away:
            raise StoreUnavailable("cut off by the test")
        if self.refuse:
            raise Refused("lost to contention, says the test")
        versions = super().commit(writes, **options)
        self.commits.append(writes)
        if self.lose_answers:
            raise StoreUnavailable("the answer was lost by the test")
        return versions


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(1_800_000_000.0)


@pytest.fixture
def unsteady(firestore_client: firestore.Client, store: Store) -> Unsteady:
    for scope in (SCOPE, OTHER):
        commit(store, create_flag(Flag("f", definition("on"))), scope)
        commit(store, create_flag(Flag("g", definition("off"))), scope)
    return Unsteady(firestore_client)


class Instance:
    """One that serves flags, as the hot routes do it."""

    def __init__(self, store: Store, clock: ManualClock | SystemClock) -> None:
        self.snapshots = SnapshotCache(store, clock)
        self.usage = Usage(store, clock)

    def snapshot(self, scope: Scope = SCOPE) -> Snapshot:
        return self.snapshots.get(scope)

    def one(self, key: str = "f", scope: Scope = SCOPE) -> None:
        snapshot = self.snapshot(scope)
        ofrep.evaluate_one(snapshot, self.usage.tally(snapshot), Kind.SECRET, key, ON)
        self.usage.write_when_due()

    def all(self, scope: Scope = SCOPE) -> None:
        snapshot = self.snapshot(scope)
        ofrep.evaluate_all(snapshot, self.usage.tally(snapshot), Kind.SECRET, ON, None)
        self.usage.write_when_due()


@pytest.fixture
def instance(unsteady: Unsteady, clock: ManualClock) -> Instance:
    return Instance(unsteady, clock)


def stored(store: Store, scope: Scope = SCOPE) -> dict[str, dict[str, int]]:
    """The sums of all documents."""
    total = Served({}, 0, 0)
    for document in store.query(scope.collection(COLLECTION)):
        total = together(total, Served.from_document(document.data))
    return {key: dict(counts) for key, counts in total.counts.items()}


def test_nothing_is_written_before_it_is_due(
    instance: Instance, unsteady: Unsteady, clock: ManualClock
) -> None:
    instance.one()
    before = unsteady.operations.copy()
    clock.advance(1)
    instance.all()
    clock.advance(0.5)
    instance.one("nobody")
    assert unsteady.operations == before
    clock.advance(FIRST_SECONDS)
    instance.one()
    assert stored(unsteady) == {"f": {"on": 3}, "g": {"off": 1}}
    clock.advance(INTERVAL_SECONDS - 1)
    instance.one()
    assert len(unsteady.commits) == 1
    clock.advance(1)
    instance.one()
    assert len(unsteady.commits) == 2
    assert stored(unsteady) == {"f": {"on": 5}, "g": {"off": 1}}


def test_what_a_document_says(instance: Instance, unsteady: Unsteady, clock: ManualClock) -> None:
    instance.one()
    clock.advance(FIRST_SECONDS)
    instance.one()
    (document,) = unsteady.query(SCOPE.collection(COLLECTION))
    minute, name, sequence = document.id.split("_")
    assert (minute, sequence) == ("1800000000", "1")
    assert document.data["instance"] == name
    assert document.data["schema"] == 1
    served = Served.from_document(document.data)
    assert served == Served({"f": {"on": 2}}, 1_800_000_000.0, 1_800_000_000.0 + FIRST_SECONDS)


def test_environments_go_in_one_commit(
    instance: Instance, unsteady: Unsteady, clock: ManualClock
) -> None:
    instance.one()
    instance.one("g", OTHER)
    clock.advance(FIRST_SECONDS)
    instance.one()
    assert [len(writes) for writes in unsteady.commits] == [2]
    assert stored(unsteady) == {"f": {"on": 2}}
    assert stored(unsteady, OTHER) == {"g": {"off": 1}}


def test_a_lost_answer_counts_nothing_twice(
    instance: Instance, unsteady: Unsteady, clock: ManualClock
) -> None:
    instance.one()
    unsteady.lose_answers = True
    clock.advance(FIRST_SECONDS)
    instance.one()
    assert stored(unsteady) == {"f": {"on": 2}}
    unsteady.lose_answers = False
    for _ in range(2):
        clock.advance(2 * INTERVAL_SECONDS)
        instance.one()
    assert stored(unsteady) == {"f": {"on": 4}}
    assert [len(writes) for writes in unsteady.commits] == [1, 1]


def test_a_refusal_that_is_no_repetition_loses_nothing(
    instance: Instance, unsteady: Unsteady, clock: ManualClock
) -> None:
    instance.one()
    unsteady.refuse = True
    clock.advance(FIRST_SECONDS)
    instance.one()
    unsteady.refuse = False
    clock.advance(2 * INTERVAL_SECONDS)
    instance.one()
    instance.usage.write_all()
    assert stored(unsteady) == {"f": {"on": 3}}


def test_without_firestore_it_waits_longer_and_longer(
    instance: Instance, unsteady: Unsteady, clock: ManualClock, capsys: pytest.CaptureFixture[str]
) -> None:
    unsteady.away = True
    instance.one()
    tried: list[float] = []
    for _ in range(400):
        clock.advance(10)
        before = capsys.readouterr().out
        instance.usage.tally(instance.snapshot())
        instance.usage.write_when_due()
        if "usage_not_written" in (before + capsys.readouterr().out):
            tried.append(clock.now())
    pauses = [round(later - sooner) for sooner, later in pairwise(tried)]
    assert pauses[:4] == [120, 240, 480, 600]
    assert max(pauses) == LONGEST_PAUSE_SECONDS
    instance.one()
    unsteady.away = False
    clock.advance(LONGEST_PAUSE_SECONDS)
    instance.one()
    clock.advance(INTERVAL_SECONDS)
    instance.one()
    assert stored(unsteady) == {"f": {"on": 4}}


def test_a_dead_store_costs_an_evaluation_a_second(
    unsteady: Unsteady, lost_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(usage, "FIRST_SECONDS", 0.0)
    snapshot = SnapshotCache(unsteady, SystemClock()).get(SCOPE)
    counting = Usage(lost_store, SystemClock())
    for _ in range(2):
        began = time.monotonic()
        ofrep.evaluate_one(snapshot, counting.tally(snapshot), Kind.SECRET, "f", ON)
        counting.write_when_due()
        assert time.monotonic() - began < 1.3
    assert lost_store.operations["commits"] == 1


def test_a_change_of_flags_loses_no_count(
    instance: Instance, unsteady: Unsteady, clock: ManualClock
) -> None:
    evaluated = 0
    for revision in range(1, 6):
        for _ in range(3):
            instance.one()
            evaluated += 1
            clock.advance(3)
        changed = {"definition": definition("on", metadata={"n": revision})}
        commit(unsteady, edit_flag("f", revision, changed))
    instance.usage.write_all()
    assert stored(unsteady) == {"f": {"on": evaluated}}


def test_old_snapshots_are_forgotten(
    instance: Instance, unsteady: Unsteady, clock: ManualClock
) -> None:
    for revision in range(1, 8):
        instance.one()
        clock.advance(INTERVAL_SECONDS)
        changed = {"definition": definition("on", metadata={"n": revision})}
        commit(unsteady, edit_flag("f", revision, changed))
    assert len(instance.usage._tallies) <= 3
    for _ in range(4):
        clock.advance(INTERVAL_SECONDS)
        instance.usage.write()
    assert instance.usage._tallies == []
    instance.one()
    instance.usage.write_all()
    assert stored(unsteady) == {"f": {"on": 8}}


def test_many_threads(instance: Instance, unsteady: Unsteady, clock: ManualClock) -> None:
    instance.one()

    def ask() -> None:
        for turn in range(200):
            instance.all()
            if turn % 20 == 0:
                clock.advance(INTERVAL_SECONDS)

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    instance.usage.write_all()
    assert stored(unsteady) == {"f": {"on": 1 + 1_600}, "g": {"off": 1_600}}
    names = Counter(write.path for writes in unsteady.commits for write in writes)
    assert set(names.values()) == {1}


def test_a_forked_process_counts_its_own(
    instance: Instance, unsteady: Unsteady, clock: ManualClock
) -> None:
    """What follows a fork in the child, told as it is registered in wiring.py."""
    instance.one()
    instance.usage.start_anew()
    instance.one("g")
    instance.usage.write_all()
    assert stored(unsteady) == {"g": {"off": 1}}


def test_many_labels_take_several_documents(
    instance: Instance, unsteady: Unsteady, clock: ManualClock
) -> None:
    tally = instance.usage.tally(instance.snapshot())
    many = LABELS_A_DOCUMENT + 5
    for number in range(many):
        tally.counter(f"flag-{number}", "on")()
    clock.advance(FIRST_SECONDS)
    instance.usage.write_when_due()
    assert [len(writes) for writes in unsteady.commits] == [2]
    assert len(stored(unsteady)) == many
