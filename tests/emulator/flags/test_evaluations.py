"""Counts of evaluations on the Firestore emulator: each summed up once, whoever tries."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from functions.clock import ManualClock
from functions.documents import Store, Write
from functions.flags.counts import COLLECTION, SYNCED, Served, document_name
from functions.flags.manage import evaluation_store
from functions.flags.manage.merge_usage import AT_ONCE, merge_usage
from functions.flags.sums import LastEvaluated, sums_of
from tests.emulator.flags.conftest import SCOPE
from tests.emulator.rollouts.world import connect

ROOT = Path(__file__).parents[3]
DAY = 86_400.0
NOW = ManualClock().now()
TODAY = "2027-01-15"


def write(store: Store, instance: str, sequence: int = 1, at: float = NOW, **flags: int) -> None:
    """What an instance writes: each flag evaluated so often, always to `on`."""
    counted = Served({key: {"on": number} for key, number in flags.items()}, at - 30, at)
    path = SCOPE.doc(COLLECTION, document_name(at, instance, sequence))
    store.commit([Write.create(path, counted.to_document(instance, sequence, at))])


def written(store: Store) -> int:
    return len(store.query(SCOPE.collection(COLLECTION)))


def sums(store: Store, day: str = TODAY) -> dict[str, Any]:
    document = store.get(evaluation_store.day_path(SCOPE, day))
    return sums_of(document.data if document else None)


def last(store: Store) -> LastEvaluated:
    return evaluation_store.last_evaluated(store, SCOPE)


def merge(store: Store) -> int:
    return merge_usage(store, ManualClock(), SCOPE)


def test_sums_by_day_and_variant(store: Store) -> None:
    write(store, "i1", f=3, g=1)
    write(store, "i2", f=4)
    write(store, "i1", 2, NOW - DAY, f=5)
    assert merge(store) == 3
    assert sums(store) == {"f": {"on": 7}, "g": {"on": 1}}
    assert sums(store, "2027-01-14") == {"f": {"on": 5}}
    assert last(store) == LastEvaluated(NOW - DAY - 30, {"f": NOW, "g": NOW})
    assert written(store) == 0
    write(store, "i1", 3, f=1)
    assert merge(store) == 1
    assert sums(store)["f"] == {"on": 8}
    assert last(store).since == NOW - DAY - 30


def test_what_it_costs(store: Store) -> None:
    store.operations.clear()
    assert merge(store) == 0
    assert store.operations == {"reads": 1}
    for instance in range(50):
        write(store, f"i{instance}", f=2, g=1)
    store.operations.clear()
    assert merge(store) == 50
    assert store.operations == {"reads": 50 + 2, "commits": 1, "writes": 2 + 50}
    assert sums(store) == {"f": {"on": 100}, "g": {"on": 50}}


def test_more_than_one_commit_holds(store: Store) -> None:
    for instance in range(AT_ONCE + 5):
        write(store, f"i{instance}", f=1)
    assert merge(store) == AT_ONCE + 5
    assert sums(store) == {"f": {"on": AT_ONCE + 5}}
    assert written(store) == 0


@pytest.mark.parametrize("at_once", [2, 4])
def test_several_at_once_count_once(store: Store, at_once: int) -> None:
    everybody = [connect(store._client.project) for _ in range(at_once)]
    ready = threading.Barrier(at_once)

    def together(mine: Store) -> int:
        ready.wait()
        return merge(mine)

    with ThreadPoolExecutor(at_once) as pool:
        for number in range(1, 6):
            for instance in range(10):
                write(store, f"i{instance}", number, f=1)
            list(pool.map(together, everybody))
    merge(store)
    assert sums(store) == {"f": {"on": 50}}
    assert written(store) == 0


def test_while_instances_write(store: Store) -> None:
    """Nothing is lost of what comes while it is summed up."""
    other = connect(store._client.project)
    done = threading.Event()

    def keep_merging() -> None:
        while not done.is_set():
            merge(other)

    with ThreadPoolExecutor(1) as pool:
        merging = pool.submit(keep_merging)
        for sequence in range(60):
            write(store, "i1", sequence, f=1)
        done.set()
        merging.result()
    merge(store)
    assert sums(store) == {"f": {"on": 60}}


def test_killed_anywhere(store: Store) -> None:
    """Everything or nothing was done, and the next one does the rest."""
    write(store, "i1", 0, f=1)
    for die_after in (1, 2, 3, 0):
        write(store, "i1", die_after + 1, f=1)
        job = {"project": store._client.project, "die_after": die_after}
        ran = subprocess.run(
            [sys.executable, "-m", "tests.emulator.flags.dying_merges"],
            input=json.dumps(job),
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
            cwd=ROOT,
        )
        assert ran.returncode == (-signal.SIGKILL if die_after else 0), ran.stderr[-2000:]
    assert sums(store) == {"f": {"on": 5}}
    assert written(store) == 0


def test_what_can_t_be_read_stops_nothing(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    store.commit([Write.create(SCOPE.doc(COLLECTION, "0_i0_1"), {"counts": b"nonsense"})])
    write(store, "i1", f=1)
    assert merge(store) == 2
    assert sums(store) == {"f": {"on": 1}}
    assert "usage unreadable" in capsys.readouterr().err


def test_a_large_environment(store: Store) -> None:
    """5,000 flags in three variants, from five instances: far below what a document holds."""
    flags = {
        f"team-{n % 20}.feature-{n}": {"on": n + 1, "off": 7 * n + 1, "!GENERAL": 1}
        for n in range(5_000)
    }
    for instance in range(5):
        path = SCOPE.doc(COLLECTION, document_name(NOW, f"i{instance}", 1))
        data = Served(flags, NOW - 30, NOW).to_document(f"i{instance}", 1, NOW)
        store.commit([Write.create(path, data)])
    assert merge(store) == 5
    found = sums(store)
    assert found["team-3.feature-3"] == {"on": 20, "off": 110, "!GENERAL": 5}
    assert len(found) == len(last(store).at) == 5_000


def test_fetches_of_flagd_are_kept(store: Store) -> None:
    counted = Served({SYNCED: {"": 3}}, NOW - 30, NOW)
    path = SCOPE.doc(COLLECTION, document_name(NOW, "i1", 1))
    store.commit([Write.create(path, counted.to_document("i1", 1, NOW))])
    merge(store)
    assert last(store).at == {SYNCED: NOW}
