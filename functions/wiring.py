"""The only place that builds clients, and hands them out. Everything is built when first asked for,
once a process: an instance is forked after the bundle was imported, and clients don't survive that.
"""

from __future__ import annotations

import atexit
import functools
import os
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from google.auth.credentials import AnonymousCredentials
from google.cloud import firestore

from functions.clock import SystemClock
from functions.documents import Store
from functions.flags.clients.usage import Usage
from functions.flags.snapshot import SnapshotCache
from functions.settings import Settings

if TYPE_CHECKING:
    from functions.administration import Administration
    from functions.alerts.channels.send import Sender
    from functions.metrics.apps.accept import Reception
    from functions.metrics.recorder import Recorder
    from functions.minute import Deps
    from functions.stories.owners.library import Library
    from functions.stories.studio import Studio

STORY_MEMORY_MB = 512
STORY_CPUS = 1
REGION = "europe-west1"

T = TypeVar("T")
CLOCK = SystemClock()

_building = threading.RLock()


def once(build: Callable[[], T]) -> Callable[[], T]:
    """The same value for everybody who asks, although two may ask at once.

    What is built is handed out without a lock: an evaluation must not wait while another thread
    builds something slow.
    """
    made: list[T] = []

    @functools.wraps(build)
    def ask() -> T:
        if not made:
            with _building:
                if not made:
                    made.append(build())
        return made[0]

    return ask


def firestore_client(project: str) -> firestore.Client:
    """A client of the project; beside an emulator, without credentials."""
    if os.environ.get("FIRESTORE_EMULATOR_HOST"):
        return firestore.Client(project=project, credentials=AnonymousCredentials())  # type: ignore[no-untyped-call]
    return firestore.Client(project=project or None)


@once
def settings() -> Settings:
    """Raises SettingsError."""
    return Settings.from_environment(os.environ)


@once
def store() -> Store:
    return Store(firestore_client(settings().project))


@once
def snapshots() -> SnapshotCache:
    return SnapshotCache(store(), CLOCK, own=settings().scope)


@once
def usage() -> Usage:
    """What it has not written yet is written when the process ends."""
    made = Usage(store(), CLOCK)
    atexit.register(made.write_all)
    os.register_at_fork(after_in_child=made.start_anew)
    return made


@once
def recorder() -> Recorder:
    """What it has not written yet is written when the process ends."""
    from functions.metrics.recorder import Recorder

    made = Recorder(store(), CLOCK)
    atexit.register(made.flush)
    return made


@once
def studio() -> Studio:
    """What making stories takes; importing it costs half a second of CPU, and the model's client as
    much again: that is made beside the first request, while it waits for Firestore."""
    from functions.metrics.process import Process
    from functions.stories.limits.cap import DailyCap
    from functions.stories.limits.memory import ContainerMemory
    from functions.stories.limits.quota import Limits
    from functions.stories.model.openai import OpenAIModel
    from functions.stories.moderation import Moderator
    from functions.stories.pins import MemberPins
    from functions.stories.shelf import Shelf
    from functions.stories.studio import Studio

    given = settings()
    model = OpenAIModel(lambda: given.openai_api_key, CLOCK, address=given.openai_url)
    cap = DailyCap(store(), CLOCK, given.microdollars_a_day)
    atexit.register(cap.close)
    memory = ContainerMemory(STORY_MEMORY_MB * 2**20)
    made = Studio(
        shelf=Shelf(store(), CLOCK),
        snapshots=snapshots(),
        model=model,
        moderator=Moderator(model, given.moderation_open),
        cap=cap,
        limits=Limits(given.requests_an_hour, given.microdollars_an_hour),
        pins=MemberPins(store()),
        recorder=recorder(),
        memory=memory,
        process=Process(memory.read, CLOCK, cpus=STORY_CPUS),
        clock=CLOCK,
    )
    threading.Thread(target=model.warm, name="warming", daemon=True).start()
    return made


@once
def reception() -> Reception:
    """What takes events of apps."""
    from functions.metrics.apps.accept import Reception
    from functions.metrics.apps.intake import Intake

    return Reception(snapshots(), Intake(store(), CLOCK), CLOCK)


@once
def library() -> Library:
    """Stories as their owners have them."""
    from functions.stories.owners.library import Library

    return Library(store(), CLOCK)


@once
def administration() -> Administration:
    from functions import tokens
    from functions.administration import Administration

    return Administration(store(), CLOCK, settings().scope, tokens.person)


@once
def minute() -> Deps:
    """What a tick works with."""
    from functions.alerts.channels.transport import Transport
    from functions.metrics.cloud_monitoring import CloudMonitoring
    from functions.minute import Deps
    from functions.rollouts.traffic import probe
    from functions.rollouts.traffic.cloud_run import CloudRun, access_token
    from functions.rollouts.traffic.images import Registry

    sink = CloudMonitoring(settings().project, settings().monitoring_address, location=REGION)
    cloud = CloudRun(settings().cloud_run_address)
    asking = Transport(settings().local_channels, probe.SECONDS)
    registry = Registry(access_token, bool(settings().cloud_run_address))
    return Deps(
        store(),
        CLOCK,
        sink,
        sender=sender(),
        cloud=cloud,
        registry=registry,
        transport=asking,
    )


@once
def sender() -> Sender:
    """What takes messages to their channels."""
    from functions.alerts.channels.send import Sender
    from functions.alerts.channels.transport import Transport

    return Sender(Transport(settings().local_channels), settings().repository_url)
