"""Versions are asked whether they are well, over real sockets, and judged by their answers."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from functions.alerts.channels.transport import Transport
from functions.identity import Permission
from functions.metrics.recorder import Recorder
from functions.metrics.store import load_recent
from functions.rollouts import commands
from functions.rollouts.advance import advance
from functions.rollouts.evidence import HEALTH
from functions.rollouts.state import Phase
from functions.rollouts.traffic.probe import Prober
from functions.rollouts.traffic.serving import Serving
from tests.emulator.rollouts.world import ASKED, CANDIDATE, CONTROL, SERVICE, World


class Health:
    """Answers by path: a version's status, or None for no answer at all."""

    def __init__(self) -> None:
        self.says: dict[str, int | None] = {CONTROL: 200, CANDIDATE: 200}
        self.asked: list[str] = []
        health = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                version = self.path.rpartition("/")[2]
                health.asked.append(version)
                status = health.says.get(version)
                if status is None:
                    time.sleep(1)
                    return
                self.send_response(status)
                self.send_header("Location", "/1.2.0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/{{version}}"
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()


@pytest.fixture
def health() -> Iterator[Health]:
    made = Health()
    yield made
    made.server.shutdown()
    made.server.server_close()


def prober(world: World, *, local: bool = True) -> Prober:
    recorder = Recorder(world.store, world.clock)
    return Prober(world.store, world.clock, recorder, Transport(local, seconds=0.5))


def splitting(world: World) -> None:
    world.started()
    advance(world.store, world.clock, world.scope)
    assert world.rollout().state.splitting


def rounds(world: World, url: str, number: int, *, local: bool = True) -> None:
    asking = prober(world, local=local)
    for _ in range(number):
        world.clock.advance(10)
        asking.probe(world.scope, {SERVICE: Serving(SERVICE, health_url=url)})


def readings(world: World) -> dict[str, tuple[int, float]]:
    """By version, how often it was asked and how often it was well."""
    found: dict[str, tuple[int, float]] = {}
    for window in load_recent(world.store, world.scope, world.clock.now()):
        if HEALTH in window.tally.measures:
            reading = window.tally.measures[HEALTH]
            count, well = found.get(window.version, (0, 0.0))
            found[window.version] = count + reading.count, well + reading.thousandths / 1000
    return found


def test_both_versions_of_what_is_split_are_asked(world: World, health: Health) -> None:
    rounds(world, health.url, 1)
    assert health.asked == [], "nothing runs"
    splitting(world)
    health.says[CANDIDATE] = 503
    rounds(world, health.url, 2)
    assert sorted(health.asked) == [CONTROL, CONTROL, CANDIDATE, CANDIDATE]
    assert readings(world) == {CONTROL: (2, 2.0), CANDIDATE: (2, 0.0)}


def test_three_bad_answers_take_the_candidate_back(world: World, health: Health) -> None:
    splitting(world)
    health.says[CANDIDATE] = 500
    rounds(world, health.url, 2)
    advance(world.store, world.clock, world.scope)
    assert world.rollout().state.phase is Phase.BAKING
    rounds(world, health.url, 1)
    advance(world.store, world.clock, world.scope)
    rollout = world.rollout()
    assert rollout.state.phase is Phase.ROLLED_BACK
    assert rollout.verdict
    assert rollout.verdict.rule == "health"
    rounds(world, health.url, 1)
    assert health.asked[-1] == CONTROL, "the version that is back is asked for a while"
    world.clock.advance(600)
    asked = len(health.asked)
    rounds(world, health.url, 1)
    assert len(health.asked) == asked


@pytest.mark.parametrize("answer", [None, 302, 404], ids=["none in time", "redirected", "missing"])
def test_what_is_no_good_answer(world: World, health: Health, answer: int | None) -> None:
    splitting(world)
    health.says[CANDIDATE] = answer
    rounds(world, health.url, 1)
    assert readings(world) == {CONTROL: (1, 1.0), CANDIDATE: (1, 0.0)}
    assert len(health.asked) == 2, "no redirection is followed"


def test_one_address_for_both_is_asked_once(world: World, health: Health) -> None:
    splitting(world)
    rounds(world, health.url.replace("{version}", CONTROL), 1)
    assert health.asked == [CONTROL]
    assert readings(world) == {CONTROL: (1, 1.0), CANDIDATE: (1, 1.0)}


def test_private_addresses_are_not_asked(world: World, health: Health) -> None:
    splitting(world)
    rounds(world, health.url, 1, local=False)
    assert health.asked == []


def test_nobody_listens(world: World) -> None:
    splitting(world)
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"http://127.0.0.1:{server.getsockname()[1]}/{{version}}"
    rounds(world, url, 1)
    assert readings(world) == {CONTROL: (1, 0.0), CANDIDATE: (1, 0.0)}


def test_a_paused_rollout_is_asked_on(world: World, health: Health) -> None:
    splitting(world)
    world.change(commands.pause("r1", ASKED), Permission.ROLL_OUT)
    rounds(world, health.url, 1)
    assert sorted(health.asked) == [CONTROL, CANDIDATE]
