"""What a story costs in Firestore: counted by the store itself, on the emulator."""

from __future__ import annotations

import contextlib
import io
import os
from dataclasses import dataclass

from google.auth.credentials import AnonymousCredentials
from google.cloud import firestore

from functions.changes import Change, commit_change
from functions.clock import SystemClock
from functions.documents import Scope, Store
from functions.flags.snapshot import SnapshotCache
from functions.identity import Actor, Permission
from functions.metrics.process import Process
from functions.metrics.recorder import Recorder
from functions.stories.generate import generate
from functions.stories.limits.cap import CHUNKS, DailyCap
from functions.stories.limits.memory import ContainerMemory
from functions.stories.limits.quota import Limits
from functions.stories.model.openai import OpenAIModel
from functions.stories.moderation import Moderator
from functions.stories.pins import MemberPins
from functions.stories.publish import create_version
from functions.stories.shelf import Shelf
from functions.stories.studio import Studio
from functions.stories.versions import NewVersion, Parameters
from local import aimock
from local import firestore as firestore_emulator

SCOPE = Scope("main", "testing")
STORIES = 20
MAXIMUM_COMMITS = 2
MAXIMUM_DOCUMENTS = 4
DOLLAR = 1_000_000
CAP = 100 * DOLLAR
LIMITS = Limits(requests_an_hour=1_000, microdollars_an_hour=5 * DOLLAR)
VERSION = NewVersion(
    version="1.0.0",
    prompt="tale-1",
    model="gpt-4.1-mini",  # one that the price list knows: its stories fit into a chunk of the cap
    parameters=Parameters(max_output_tokens=2_000),
)


@dataclass(frozen=True)
class Counted:
    """What a story took, and how many like it a chunk of the day's cap serves."""

    commits: float
    documents: float
    reads: float
    stories_a_chunk: float


def count() -> Counted:
    """Operations of a story in the mean of STORIES, metrics apart (they have their own store)."""
    with contextlib.ExitStack() as running:
        address = running.enter_context(firestore_emulator.running(name="firestore-bench-stories"))
        os.environ["FIRESTORE_EMULATOR_HOST"] = address
        running.callback(os.environ.pop, "FIRESTORE_EMULATOR_HOST")
        url = running.enter_context(aimock.running(milliseconds=1, name="openai-bench"))
        model = OpenAIModel(lambda: "local", SystemClock(), address=url)
        running.callback(model.close)
        running.enter_context(contextlib.redirect_stdout(io.StringIO()))
        return _count(model)


def _count(model: OpenAIModel) -> Counted:
    clock = SystemClock()
    store = _store()
    change = Change(SCOPE, Actor.operator("bench"), Permission.EDIT_VERSIONS, "a benchmark")
    commit_change(store, clock, change, create_version(VERSION))
    snapshots = SnapshotCache(store, clock, ttl=600.0)
    snapshots.get(SCOPE)
    studio = Studio(
        shelf=Shelf(store, clock),
        snapshots=snapshots,
        model=model,
        moderator=Moderator(model, frozenset()),
        cap=DailyCap(store, clock, CAP),
        limits=LIMITS,
        pins=MemberPins(store),
        recorder=Recorder(_store(), clock),
        memory=ContainerMemory(0),
        process=Process(ContainerMemory(0).read, clock),
        clock=clock,
    )
    _tell(studio, 0)  # takes the first chunk
    store.operations.clear()
    costs = [_tell(studio, number) for number in range(1, STORIES + 1)]
    counted = store.operations
    return Counted(
        commits=counted["commits"] / STORIES,
        documents=counted["writes"] / STORIES,
        reads=counted["reads"] / STORIES,
        stories_a_chunk=CAP / CHUNKS / (sum(costs) / STORIES),
    )


def _tell(studio: Studio, number: int) -> int:
    """Another story; what it cost, in microdollars."""
    wish = {"theme": "the sea", "hero": f"hero {number}"}
    told = generate(studio, SCOPE, lambda: Actor.person("bench"), wish)
    if not told.stored:
        raise RuntimeError("A story was not stored: the count would be too low.")
    return told.story.story.provenance.cost_microdollars


def _store() -> Store:
    credentials = AnonymousCredentials()  # type: ignore[no-untyped-call]
    return Store(firestore.Client(project="demo-bench", credentials=credentials))
