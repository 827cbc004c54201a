"""Everything that a local Palier consists of, started together and ended together.

with stack.running(ports.free(), name="tests") as palier:
    palier.suite.function_url("api"), palier.monitoring_url, palier.tick.run_now(), ...
"""

from __future__ import annotations

import contextlib
import http.client
import sys
import threading
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from local import aimock, emulators, scheduler
from local.emulators import Suite
from local.paths import LOGS
from local.ports import HOST, Ports, require_free
from local.processes import Child, Processes, forget_old, wait_for_text
from local.scheduler import MINUTE, Scheduler

TICK = "tick"
STAND_IN_DOLLARS = {"PALIER_DOLLARS_AN_HOUR": "10000", "PALIER_DOLLARS_A_DAY": "1000000"}
"""The price list doesn't know the stand-in's models, so they count as the dearest there are."""


@dataclass(frozen=True)
class Stack:
    """A running Palier: the Emulator Suite, and the stand-ins for what it lacks.

    tick    Cloud Scheduler: runs `tick` by itself when started with a period, else when told to
    """

    suite: Suite
    openai_url: str
    monitoring_address: str
    monitoring_url: str
    tick: Scheduler
    processes: Processes

    @property
    def functions_url(self) -> str:
        return self.suite.functions_url

    @property
    def hosting_url(self) -> str:
        return self.suite.hosting_url

    @property
    def auth_url(self) -> str:
        return self.suite.auth_url

    @property
    def firestore_address(self) -> str:
        return self.suite.firestore_address

    def ended(self) -> list[Child]:
        """The servers that have ended by themselves: none, as long as all is well."""
        return self.processes.ended()


def no_progress(_text: str) -> None:
    """For those who don't want to be told."""


@contextmanager
def running(
    ports: Ports,
    *,
    name: str,
    env: Mapping[str, str] | None = None,
    tick_seconds: float | None = None,
    model_milliseconds: int = aimock.MILLISECONDS,
    live_reload: bool = False,
    progress: Callable[[str], None] = no_progress,
) -> Iterator[Stack]:
    """Starts everything. Raises PortError, StartError, MissingEmulatorError.

    env                 put over what the functions get, for example PALIER_ENVIRONMENT
    tick_seconds        how often `tick` runs; None for when told to, 60 as Cloud Scheduler does
    model_milliseconds  how long the stand-in for OpenAI takes, on average
    live_reload         whether a changed source file is taken over at once
    progress            is told what is being started
    """
    require_free(ports.named())
    forget_old(LOGS)
    forget_old(emulators.SUITES)
    with ExitStack() as block:
        processes = block.enter_context(Processes())
        progress("OpenAI's stand-in")
        openai_url = aimock.start(
            processes, ports.openai, milliseconds=model_milliseconds, name=f"openai-{name}"
        )
        progress("Cloud Monitoring's stand-in")
        address, page = _start_monitoring(processes, ports, name)
        progress("the Firebase Emulator Suite")
        given = {"PALIER_OPENAI_URL": openai_url, "PALIER_MONITORING_ADDRESS": address}
        given |= {"OPENAI_API_KEY": "local-stand-in", "PALIER_LOCAL_CHANNELS": "allowed"}
        given |= {**STAND_IN_DOLLARS, **(env or {})}
        suite = emulators.start(processes, ports, name=name, env=given, live_reload=live_reload)
        tick = Scheduler(TICK, suite.schedule_url(TICK))
        if tick_seconds is not None:
            # The first call starts the function's process, which takes a while: not on the minute.
            progress("the first tick")
            tick.run_now()
            url = suite.schedule_url(TICK)
            tick = block.enter_context(scheduler.running(TICK, url, tick_seconds))
        yield Stack(suite, openai_url, address, page, tick, processes)


def warm(url: str, workers: int) -> None:
    """Starts `workers` processes of the callable at `url`, so that its first users don't wait.

    The emulator gives each process one call at a time and starts another when all are busy. So
    many calls at once, which the callable refuses for want of a user, start so many; and callers
    that never make more calls at once than that never wait for one.
    """

    def call() -> None:
        request = urllib.request.Request(url, b'{"data": {}}', {"Content-Type": "application/json"})
        with contextlib.suppress(OSError, http.client.HTTPException):
            urllib.request.urlopen(request, timeout=120).close()

    calls = [threading.Thread(target=call) for _ in range(workers)]
    for each in calls:
        each.start()
    for each in calls:
        each.join()


def _start_monitoring(processes: Processes, ports: Ports, name: str) -> tuple[str, str]:
    """host:port of the gRPC service, and the page's URL."""
    command = [sys.executable, "-m", "local.monitoring", "--port", str(ports.monitoring)]
    command += ["--http-port", str(ports.monitoring_http)]
    child = processes.start(f"monitoring-{name}", command)
    wait_for_text("Cloud Monitoring on", child, seconds=60)
    return f"{HOST}:{ports.monitoring}", f"http://{HOST}:{ports.monitoring_http}"


__all__ = ["MINUTE", "Stack", "no_progress", "running", "warm"]
