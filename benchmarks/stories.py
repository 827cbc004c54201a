"""What a story costs in Firestore: counted by the store itself, on the emulator."""

from __future__ import annotations

import contextlib
import io
import os
from collections import Counter
from collections.abc import Iterator

from google.auth.credentials import AnonymousCredentials
from google.cloud import firestore

from benchmarks.row import Row
from functions.changes import Change, commit_change
from functions.clock import SystemClock
from functions.documents import Scope, Store
from functions.flags.snapshot import SnapshotCache
from functions.identity import Actor, Permission
from functions.metrics.recorder import Recorder
from functions.stories.generate import Studio, generate
from functions.stories.memory import ContainerMemory
from functions.stories.openai import OpenAIModel
from functions.stories.publish import create_version
from functions.stories.shelf import Shelf
from functions.stories.versions import NewVersion, Parameters
from local import aimock
from local import firestore as firestore_emulator

SCOPE = Scope("main", "testing")
STORIES = 20
MAXIMUM_COMMITS = 2
MAXIMUM_DOCUMENTS = 4
VERSION = NewVersion(
    version="1.0.0",
    prompt="tale-1",
    model=aimock.HEALTHY_MODEL,
    parameters=Parameters(max_output_tokens=2_000),
)


def rows() -> Iterator[Row]:
    """The commits of a story; those past the limit of documents count as commits too many."""
    operations = count_operations()
    commits, documents = (operations[name] / STORIES for name in ("commits", "writes"))
    extra = max(0.0, documents - MAXIMUM_DOCUMENTS)
    detail = f"{STORIES} stories; {documents:g} documents and {commits:g} commits each"
    yield Row(
        "firestore.commits_per_story", commits + extra, "commits", "<=", MAXIMUM_COMMITS, detail
    )


def count_operations() -> Counter[str]:
    """Reads, writes and commits of STORIES stories, metrics apart (they have their own store)."""
    with contextlib.ExitStack() as running:
        address = running.enter_context(firestore_emulator.running(name="firestore-bench-stories"))
        os.environ["FIRESTORE_EMULATOR_HOST"] = address
        running.callback(os.environ.pop, "FIRESTORE_EMULATOR_HOST")
        url = running.enter_context(aimock.running(milliseconds=1, name="openai-bench"))
        model = OpenAIModel(lambda: "local", SystemClock(), address=url)
        running.callback(model.close)
        running.enter_context(contextlib.redirect_stdout(io.StringIO()))
        return _count(model)


def _count(model: OpenAIModel) -> Counter[str]:
    clock = SystemClock()
    store, metrics = _store(), _store()
    change = Change(SCOPE, Actor.operator("bench"), Permission.EDIT_VERSIONS, "a benchmark")
    commit_change(store, clock, change, create_version(VERSION))
    snapshots = SnapshotCache(store, clock, ttl=600.0)
    snapshots.get(SCOPE)
    recorder, memory = Recorder(metrics, clock), ContainerMemory(0)
    studio = Studio(Shelf(store, clock), snapshots, model, recorder, memory, clock)
    store.operations.clear()
    for number in range(STORIES):
        wish = {"theme": "the sea", "hero": f"hero {number}"}
        told = generate(studio, SCOPE, lambda: Actor.person("bench"), wish)
        if not told.stored:
            raise RuntimeError("A story was not stored: the count would be too low.")
    return store.operations


def _store() -> Store:
    credentials = AnonymousCredentials()  # type: ignore[no-untyped-call]
    return Store(firestore.Client(project="demo-bench", credentials=credentials))
