"""What things cost in Firestore operations: counted by the store itself, on the emulator."""

from __future__ import annotations

import os
from collections.abc import Iterator

from google.auth.credentials import AnonymousCredentials
from google.cloud import firestore

from benchmarks import stories
from benchmarks.http import PROJECT, SCOPE, publish
from benchmarks.row import Row
from functions.clock import ManualClock
from functions.documents import Store
from functions.flags.clients.ofrep import evaluate_all
from functions.flags.clients.usage import INTERVAL_SECONDS, Usage
from functions.flags.keys import Kind
from functions.flags.snapshot import TTL_SECONDS, SnapshotCache
from local import firestore as firestore_emulator

EVALUATIONS = 1_000
REFRESHES = 20


def rows() -> Iterator[Row]:
    before = os.environ.get("FIRESTORE_EMULATOR_HOST")
    try:
        yield evaluations()
        yield commits_per_story()
    finally:
        os.environ.pop("FIRESTORE_EMULATOR_HOST", None)
        if before:
            os.environ["FIRESTORE_EMULATOR_HOST"] = before


def evaluations() -> Row:
    """Operations of an evaluation on a fresh snapshot; beside it, of keeping it fresh."""
    with firestore_emulator.running(name="firestore-bench-flags") as address:
        publish(address)
        credentials = AnonymousCredentials()  # type: ignore[no-untyped-call]
        store = Store(firestore.Client(project=PROJECT, credentials=credentials))
        clock = ManualClock()
        cache, usage = SnapshotCache(store, clock), Usage(store, clock)
        cache.get(SCOPE)
        store.operations.clear()
        for number in range(EVALUATIONS):
            body = f'{{"context": {{"targetingKey": "user-{number}"}}}}'.encode()
            snapshot = cache.get(SCOPE)
            evaluate_all(snapshot, usage.tally(snapshot), Kind.SECRET, body, None)
            usage.write_when_due()
        per_evaluation = sum(store.operations.values()) / EVALUATIONS
        store.operations.clear()
        clock.advance(INTERVAL_SECONDS)
        usage.write_when_due()
        per_write = dict(store.operations)
        store.operations.clear()
        for _ in range(REFRESHES):
            clock.advance(TTL_SECONDS)
            cache.get(SCOPE)
        per_refresh = sum(store.operations.values()) / REFRESHES
    detail = (
        f"and {per_refresh:g} small read an instance, environment and {TTL_SECONDS:g} s, "
        f"{per_write['commits']} commit an instance and {INTERVAL_SECONDS:g} s for its counts"
    )
    if per_refresh > 1:
        raise RuntimeError(f"A refresh took {per_refresh} operations, more than one.")
    if per_write != {"commits": 1, "writes": 1}:
        raise RuntimeError(f"The counts took {per_write}, more than one document in one commit.")
    return Row("firestore.ops_per_evaluation", per_evaluation, "operations", "==", 0, detail)


def commits_per_story() -> Row:
    """Documents past their limit count as commits too many."""
    counted = stories.count()
    extra = max(0.0, counted.documents - stories.MAXIMUM_DOCUMENTS)
    detail = (
        f"{counted.documents:g} documents in them (at most {stories.MAXIMUM_DOCUMENTS:g}), "
        f"{counted.reads:g} read before, no metrics; and 1 commit of 1 document an instance and "
        f"chunk of the day's cap: about {counted.stories_a_chunk:.0f} such stories of "
        f"{stories.VERSION.model}"
    )
    limit = stories.MAXIMUM_COMMITS
    value = counted.commits + extra
    return Row("firestore.commits_per_story", value, "commits", "<=", limit, detail)
