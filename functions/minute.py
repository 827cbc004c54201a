"""What a tick works with: clients, what it keeps over its looks, and the threads beside it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import TypeVar

from functions import log
from functions.alerts import defined
from functions.alerts.channels.send import Sender
from functions.alerts.channels.transport import Transport
from functions.alerts.objectives.keep import Budgets
from functions.alerts.past import Past
from functions.clock import Clock
from functions.definitions import Definitions
from functions.documents import Store
from functions.metrics.baselines import Baselines
from functions.metrics.due import Held
from functions.metrics.minutes import Minutes
from functions.metrics.missed import Missed
from functions.metrics.publish import Sink
from functions.metrics.recorder import Recorder
from functions.metrics.slots import Slots
from functions.rollouts.in_turn import Looks
from functions.rollouts.traffic.asking import Cloud
from functions.rollouts.traffic.cloud_run import CloudRun, access_token
from functions.rollouts.traffic.follow import Follower
from functions.rollouts.traffic.images import Registry
from functions.rollouts.traffic.probe import SECONDS as PROBE_SECONDS
from functions.rollouts.traffic.probe import Prober
from functions.rollouts.traffic.serving import COLLECTION as SERVING

T = TypeVar("T")
Job = Callable[[], object]


class Aside:
    """Work that may hang. A new round is left out while the last one is still at it."""

    def __init__(self) -> None:
        self._thread: threading.Thread | None = None

    def start(self, jobs: Sequence[tuple[str, Job]]) -> bool:
        """Whether the round was begun."""
        if self._thread and self._thread.is_alive():
            log.warning("tick: telling others takes long; left out this time")
            return False
        self._thread = threading.Thread(target=_one_by_one, args=(jobs,), daemon=True)
        self._thread.start()
        return True

    def wait(self, seconds: float) -> None:
        if self._thread:
            self._thread.join(max(0.0, seconds))


@dataclass(frozen=True)
class Deps:
    """What a tick works with. `sink` is where points for Cloud Monitoring go, `sender` what takes
    messages to their channels."""

    store: Store
    clock: Clock
    sink: Sink
    aside: Aside = field(default_factory=Aside)
    publishing: Aside = field(default_factory=Aside)
    """Apart from the outbox: who is to be paged waits for no graph."""
    sender: Sender = field(default_factory=Sender)
    cloud: Cloud = field(default_factory=CloudRun)
    """Whose traffic follows rollbacks."""
    following: Aside = field(default_factory=Aside)
    """Apart from all else: Cloud Run takes its time."""
    registry: Registry = field(default_factory=partial(Registry, access_token))
    """Whether the images of revisions are still there."""
    transport: Transport = field(default_factory=partial(Transport, seconds=PROBE_SECONDS))
    """What asks versions for their health."""
    probing: Aside = field(default_factory=Aside)
    slots: Slots = field(default_factory=Slots)
    """Of the last minutes, kept over the cycles."""
    looks: Looks = field(default_factory=Looks)
    """At rollouts, what is known of them between two whole ones."""
    missed: Missed = field(default_factory=Missed)
    minutes: Minutes = field(default_factory=Minutes)
    held: Held = field(default_factory=Held)
    """Of what was published last."""
    past: Past = field(default_factory=Past)

    @cached_property
    def definitions(self) -> Definitions:
        """What people defined, kept over the cycles."""
        return Definitions(self.store, *defined.PARTS, SERVING)

    @cached_property
    def follower(self) -> Follower:
        """What makes traffic follow rollbacks."""
        return Follower(self.store, self.clock, self.cloud, self.registry.present)

    @cached_property
    def prober(self) -> Prober:
        """What asks versions whether they are well."""
        return Prober(self.store, self.clock, Recorder(self.store, self.clock), self.transport)

    @cached_property
    def budgets(self) -> Budgets:
        """What objectives have counted, kept over the cycles."""
        return Budgets(self.store)

    @cached_property
    def baselines(self) -> Baselines:
        """What was usual, kept over the cycles."""
        return Baselines(self.store)

    @cached_property
    def published_baselines(self) -> Baselines:
        """The same for the thread that publishes, which may be at another hour."""
        return Baselines(self.store)


def attempt(name: str, work: Callable[[], T]) -> T | None:
    """One part that fails must not stop the others; each is tried again in the next cycle."""
    try:
        return work()
    except Exception as error:
        log.exception(f"tick: could not {name}", error)
        return None


def _one_by_one(jobs: Sequence[tuple[str, Job]]) -> None:
    for name, job in jobs:
        attempt(name, job)
