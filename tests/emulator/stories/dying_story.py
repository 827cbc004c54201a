"""A request for a story whose process is killed: run by test_abandoned.py.

Reads {project, address, key} from stdin and asks for a story of the model at that address, against
the emulator. Whoever started it kills it meanwhile.
"""

from __future__ import annotations

import json
import sys

from functions.clock import SystemClock
from functions.flags.snapshot import SnapshotCache
from functions.identity import Actor
from functions.metrics.process import Process
from functions.metrics.recorder import Recorder
from functions.stories.generate import generate
from functions.stories.limits.cap import DailyCap
from functions.stories.limits.memory import ContainerMemory
from functions.stories.limits.quota import Limits
from functions.stories.model.openai import OpenAIModel
from functions.stories.moderation import Moderator
from functions.stories.pins import MemberPins
from functions.stories.shelf import Shelf
from functions.stories.studio import Studio
from tests.emulator.rollouts.world import connect
from tests.emulator.stories.conftest import DOLLAR, SCOPE, WISH


def main() -> None:
    job = json.load(sys.stdin)
    store, clock = connect(job["project"]), SystemClock()
    model = OpenAIModel(lambda: "sk-test", clock, address=job["address"])
    studio = Studio(
        shelf=Shelf(store, clock),
        snapshots=SnapshotCache(store, clock),
        model=model,
        moderator=Moderator(model, frozenset({"teen", "adult"})),
        cap=DailyCap(store, clock, 100 * DOLLAR),
        limits=Limits(1_000, 5 * DOLLAR),
        pins=MemberPins(store),
        recorder=Recorder(store, clock),
        memory=ContainerMemory(0),
        process=Process(ContainerMemory(0).read, clock),
        clock=clock,
    )
    generate(studio, SCOPE, lambda: Actor.person("u1"), {**WISH, "idempotency_key": job["key"]})


if __name__ == "__main__":
    main()
