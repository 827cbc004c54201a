"""A version of stories under rollout, with everything real but the model's server: requests are
counted by the recorder, flushed into slots, and judged by the minute's tick. Minutes pass quickly.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from functions import tick
from functions.clock import ManualClock
from functions.documents import Store
from functions.errors import PalierError
from functions.flags.snapshot import SnapshotCache
from functions.identity import Actor, Permission
from functions.metrics.process import Process
from functions.metrics.recorder import Recorder
from functions.metrics.store import load_flushed
from functions.metrics.tally import Tally, merge_all
from functions.minute import Deps
from functions.rollouts import commands
from functions.rollouts.commands import Creation
from functions.rollouts.plan import Criteria, Plan, Stage
from functions.stories import prompt
from functions.stories.generate import generate
from functions.stories.limits.cap import DailyCap
from functions.stories.limits.memory import MemoryUse
from functions.stories.limits.quota import Limits
from functions.stories.measures import MEASURES
from functions.stories.model.openai import OpenAIModel
from functions.stories.moderation import Moderator
from functions.stories.pins import MemberPins
from functions.stories.publish import create_version, releasable
from functions.stories.shelf import Shelf
from functions.stories.studio import Budget, Studio
from functions.stories.versions import NewVersion, Parameters
from tests.emulator.rollouts.dying_ticks import Inline
from tests.emulator.rollouts.test_tick import Sink
from tests.emulator.rollouts.world import ASKED, CANDIDATE, CONTROL, FLAG, SERVICE, World
from tests.emulator.stories.conftest import DOLLAR, WISH
from tests.servers.hostile_openai import Behaviour, Exchange, HostileOpenAI, story

AT_ONCE = 12
UNHURRIED = Budget(total=12.0, reserve=2.0)
PLAN = Plan(
    "quick",
    (Stage(20, 20, 600), Stage(100, 20, 600)),
    watch_seconds=20,
    criteria=Criteria(requests=10),
)
RELEASE: Mapping[str, NewVersion] = {
    version: NewVersion(
        version=version,
        prompt=text,
        model=model,
        parameters=Parameters(max_output_tokens=900),
    )
    for version, text, model in (
        (CONTROL, "tale-1", "gpt-old"),
        (CANDIDATE, "tale-2", "gpt-new"),
    )
}


class RunningClock(ManualClock):
    """Goes on as time does, and can be moved on; nobody waits who sleeps by it."""

    def __init__(self) -> None:
        super().__init__()
        self._began = time.monotonic()

    def now(self) -> float:
        return super().now() + time.monotonic() - self._began

    def monotonic(self) -> float:
        return self.now()


class Machine:
    """Memory that has room."""

    def read(self) -> MemoryUse:
        return MemoryUse(100, 1_000_000_000)


@dataclass
class Server:
    """A model's server that behaves by what it is asked: `models` by the model's name, `prompts` by
    the instructions; a good story otherwise."""

    hostile: HostileOpenAI
    models: dict[str, Behaviour] = field(default_factory=dict)
    prompts: dict[str, Behaviour] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.hostile.play(self._answer)

    def asked(self, model: str) -> int:
        """How often a model was called."""
        return sum(body["model"] == model for body in list(self.hostile.requests))

    def _answer(self, exchange: Exchange) -> None:
        told = exchange.body["instructions"]
        by_prompt = {prompt.load(name).text: does for name, does in self.prompts.items()}
        usual = self.models.get(exchange.body["model"], story())
        by_prompt.get(told, usual)(exchange)


@dataclass
class Release:
    """What happens to a release, in one line each. `ended` are the codes of all requests, by arm,
    in the order that they ended in."""

    world: World
    studio: Studio
    recorder: Recorder
    server: Server
    deps: Deps
    ended: dict[str, list[str]] = field(default_factory=dict)

    def begin(self, plan: Plan = PLAN, **candidate: Any) -> None:
        """The candidate, changed as given, is created and gets the first stage's users."""
        self.world.environment()
        for version, new in RELEASE.items():
            changed = new if version == CONTROL else replaced(new, **candidate)
            self.world.change(create_version(changed), Permission.EDIT_VERSIONS)
        creation = Creation("r1", FLAG, CANDIDATE, plan)
        measured = {SERVICE: MEASURES}
        self.world.change(commands.create(creation, ASKED, releasable, measured))
        self.world.change(commands.start("r1", ASKED, releasable=releasable))
        self.minute()

    def ask(self, *, candidate: int, control: int, patience: Budget = UNHURRIED) -> None:
        """So many users of each arm ask once, several at a time, both arms side by side.

        `patience` is what the candidate's requests have: those that are to end in TIMEOUT.
        """
        arms = {CANDIDATE: (candidate, patience), CONTROL: (control, UNHURRIED)}
        with ThreadPoolExecutor(AT_ONCE) as own, ThreadPoolExecutor(AT_ONCE) as others:
            asked = {
                arm: pool.map(partial(self._ask, replace(self.studio, budget=budget)), users)
                for pool, (arm, (count, budget)) in zip((own, others), arms.items(), strict=True)
                for users in (self.users(arm, count),)
            }
            for arm, codes in asked.items():
                self.ended.setdefault(arm, []).extend(codes)

    def minute(self) -> None:
        """A minute passes, with its tick in the middle."""
        self.recorder.flush()
        self.world.clock.advance(25)
        tick.tick(self.deps)
        self.world.clock.advance(5)

    def users(self, version: str, count: int) -> list[str]:
        """The first users whom the flag gives a version."""
        evaluator = self.studio.snapshots.get(self.world.scope).evaluator
        found: list[str] = []
        number = 0
        while len(found) < count:
            uid = f"user-{number}"
            if evaluator.evaluate(FLAG, {"targetingKey": uid}).value == version:
                found.append(uid)
            number += 1
            assert number < 5_000, f"hardly anybody gets {version}"
        return found

    def counted(self, arm: str) -> Tally:
        """All that was counted for an arm in the last hour."""
        slots = load_flushed(self.world.store, self.world.scope, self.world.clock.now(), 3600)
        return merge_all(slot.tally for slot in slots if slot.version == arm)

    def last(self, kind: str) -> dict[str, Any]:
        """The verdict of the rollout's last transition, which is of that kind."""
        event = self.world.events()[-1]
        assert event["kind"] == kind
        verdict: dict[str, Any] = event["verdict"]
        return verdict

    def told(self) -> Sequence[str]:
        """The messages that went out to people about the rollout, the last one last."""
        outbox = self.world.store.query(self.world.scope.collection("outbox"))
        return [each.data["texts"]["en"][1] for each in outbox if each.id.startswith("rollout-")]

    def _ask(self, studio: Studio, uid: str) -> str:
        try:
            generate(studio, self.world.scope, lambda: Actor.person(uid), WISH)
        except PalierError as error:
            return error.code
        return "OK"


def replaced(new: NewVersion, **changes: Any) -> NewVersion:
    return NewVersion.model_validate({**new.model_dump(), **changes})


def release(store: Store, server: HostileOpenAI, model: Callable[..., OpenAIModel]) -> Release:
    """Two versions can be had; nothing is published yet. `model` makes the client."""
    clock = RunningClock()
    world = World(store, clock)
    recorder = Recorder(store, clock)
    client = model(clock)
    studio = Studio(
        shelf=Shelf(store, clock),
        snapshots=SnapshotCache(store, clock),
        model=client,
        moderator=Moderator(client, frozenset()),
        cap=DailyCap(store, clock, 100 * DOLLAR),
        limits=Limits(1_000, 5 * DOLLAR),
        pins=MemberPins(store),
        recorder=recorder,
        memory=Machine(),
        process=Process(Machine().read, clock),
        clock=clock,
    )
    deps = Deps(store, clock, Sink(), Inline())
    return Release(world, studio, recorder, Server(server), deps)
