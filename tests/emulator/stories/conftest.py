"""A studio on the Firestore emulator, and a model server that does as it is told."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field

import pytest

from functions.changes import Change, commit_change
from functions.clock import SystemClock
from functions.documents import Scope, Store
from functions.flags.snapshot import SnapshotCache
from functions.identity import Actor, Permission
from functions.metrics.observation import Observation
from functions.metrics.process import Process
from functions.stories.generate import Event, generate, stream
from functions.stories.limits.cap import DailyCap
from functions.stories.limits.memory import MemoryUse
from functions.stories.limits.quota import Limits
from functions.stories.model.breaker import Rule
from functions.stories.model.openai import OpenAIModel
from functions.stories.model.retries import RetryBudget
from functions.stories.moderation import Moderator
from functions.stories.pins import MemberPins
from functions.stories.publish import create_version
from functions.stories.shelf import Shelf
from functions.stories.studio import Budget, Studio, Told
from functions.stories.versions import NewVersion, Parameters
from tests.servers.hostile_openai import HostileOpenAI, story

SCOPE = Scope("main", "testing")
OPERATOR = Actor.operator("tests")
KEY = "sk-canary-key-5d1e"
SECONDS = Budget(total=3.0, reserve=1.0, moderation=0.5)
DOLLAR = 1_000_000


@dataclass
class Notes:
    """A recorder that keeps what it is told."""

    observations: list[Observation] = field(default_factory=list)

    def record(self, scope: Scope, *observations: Observation) -> None:
        assert scope == SCOPE
        self.observations += observations

    @property
    def last(self) -> Observation:
        return self.observations[-1]


@dataclass
class Room:
    """Memory as full as a test wants it."""

    use: MemoryUse = field(default_factory=lambda: MemoryUse(100, 1_000_000_000))

    def read(self) -> MemoryUse:
        return self.use


@dataclass
class Bench:
    """What a test needs: the studio, its parts, and short words for the usual."""

    studio: Studio
    store: Store
    server: HostileOpenAI
    notes: Notes
    room: Room

    def ask(self, uid: str = "u1", **changes: object) -> Told:
        return generate(self.studio, SCOPE, lambda: Actor.person(uid), {**WISH, **changes})

    def tell(self, uid: str = "u1", **changes: object) -> Generator[Event, None, None]:
        return stream(self.studio, SCOPE, lambda: Actor.person(uid), {**WISH, **changes})


WISH = {"theme": "the sea", "hero": "Mina", "language": "en", "length": "short"}


def publish(store: Store, version: str = "1.2.0", **changes: object) -> None:
    new = {
        "version": version,
        "prompt": "tale-1",
        "model": "gpt-test",
        "parameters": Parameters(max_output_tokens=900),
        **changes,
    }
    change = Change(SCOPE, OPERATOR, Permission.EDIT_VERSIONS, "a test")
    commit_change(store, SystemClock(), change, create_version(NewVersion.model_validate(new)))


@pytest.fixture(scope="session")
def model_server() -> Iterator[HostileOpenAI]:
    with HostileOpenAI([story()]) as server:
        yield server


@pytest.fixture(scope="session")
def make_model() -> Iterator[Callable[[str], OpenAIModel]]:
    """One client for each address, as a process has; no test opens a breaker for the others."""
    models: dict[str, OpenAIModel] = {}

    def make(address: str) -> OpenAIModel:
        if address not in models:
            models[address] = OpenAIModel(
                lambda: KEY,
                SystemClock(),
                address=address,
                typical_seconds=0.05,
                rule=Rule(least=1_000_000),
                retries=RetryBudget(1e6, most=1e6),
            )
            models[address].warm()
        return models[address]

    yield make
    for model in models.values():
        model.close()


@pytest.fixture
def bench(
    store: Store, model_server: HostileOpenAI, make_model: Callable[[str], OpenAIModel]
) -> Iterator[Bench]:
    """Version 1.2.0 is released to everybody; the snapshot is fresh; operations count from 0."""
    clock = SystemClock()
    publish(store)
    snapshots = SnapshotCache(store, clock, ttl=60.0)
    snapshots.get(SCOPE)
    model_server.play(story())
    notes, room = Notes(), Room()
    model = make_model(model_server.address)
    cap = DailyCap(store, clock, 100 * DOLLAR)
    studio = Studio(
        shelf=Shelf(store, clock),
        snapshots=snapshots,
        model=model,
        moderator=Moderator(model, frozenset({"teen", "adult"})),
        cap=cap,
        limits=Limits(1_000, 5 * DOLLAR),
        pins=MemberPins(store),
        recorder=notes,
        memory=room,
        process=Process(room.read, clock),
        clock=clock,
        budget=SECONDS,
    )
    cap.settle(SCOPE, cap.reserve(SCOPE, 1), 0)  # the day's first chunk costs a commit of its own
    store.operations.clear()
    yield Bench(studio, store, model_server, notes, room)
    assert studio.process.load().concurrency == 0, "a request that ended is still counted as here"
