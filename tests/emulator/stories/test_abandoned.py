"""Requests that die between their claim and their last write: found, settled and counted once."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from functions.clock import ManualClock, SystemClock
from functions.documents import Document, Scope, Store, Write
from functions.errors import Internal
from functions.metrics.store import load_flushed, load_minutes
from functions.metrics.tally import Tally, merge_all
from functions.minute import Deps
from functions.published import timestamp
from functions.stories.abandoned import AT_ONCE, settle_abandoned
from functions.stories.claim import LEASE_SECONDS, Claim, story_id
from functions.stories.limits import quota
from functions.stories.limits.quota import Limits
from functions.stories.shelf import Claimed, Shelf
from functions.tick import decide
from tests.emulator.rollouts.dying_ticks import NoSink
from tests.emulator.rollouts.killing import killed
from tests.emulator.rollouts.world import CANDIDATE, World, connect
from tests.emulator.stories.conftest import Bench
from tests.servers import hostile_openai as hostile

SCOPE = Scope("main", "testing")
ROOT = Path(__file__).parents[3]
LIMITS = Limits(1_000, 1_000_000)
KEY = "key-00000001"


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


def claimed(
    store: Store, clock: ManualClock, key: str = KEY, *, version: str = "1.3.0", uid: str = "u1"
) -> Claim:
    one = Claim(
        story_id(uid, key),
        uid,
        "wish",
        version,
        generation=7,
        claimed_at=clock.now(),
        reserved=300,
        user=f"hash-of-{uid}",
    )
    assert isinstance(Shelf(store, clock).claim(SCOPE, one, LIMITS), Claimed)
    return one


def document(store: Store, key: str = KEY) -> Document:
    found = store.get(SCOPE.doc("stories", story_id("u1", key)))
    assert found is not None
    return found


def counted(store: Store, clock: ManualClock | SystemClock, scope: Scope = SCOPE) -> Tally:
    return merge_all(slot.tally for slot in load_flushed(store, scope, clock.now(), 900))


def charged(store: Store, at: float, uid: str = "u1") -> tuple[int, int]:
    found = store.get(SCOPE.doc(quota.COLLECTION, quota.name(uid, quota.hours(at)[0])))
    assert found is not None
    return found.data["requests"], found.data["microdollars"]


def test_a_story_whose_lease_is_over(store: Store, clock: ManualClock) -> None:
    claimed(store, clock)
    asked = clock.now()
    clock.advance(LEASE_SECONDS + 20)
    assert settle_abandoned(store, clock, SCOPE) == 1
    data = document(store).data
    assert data["state"] == "failed"
    assert data["error"] == {"code": "INTERNAL", "reason": "abandoned"}
    assert data["lease_until"] is None
    assert charged(store, asked) == (1, 300)  # as much as it can have cost
    [slot] = load_flushed(store, SCOPE, clock.now())
    assert (slot.service, slot.version, slot.generation) == ("stories", "1.3.0", 7)
    assert slot.start <= asked + LEASE_SECONDS < slot.end
    assert dict(slot.tally.errors) == {"INTERNAL": 1}
    assert dict(slot.tally.causes) == {"internal": 1}
    assert slot.tally.users_failing == {"hash-of-u1"}


def test_it_is_found_once(store: Store, clock: ManualClock) -> None:
    claimed(store, clock)
    clock.advance(LEASE_SECONDS)
    assert [settle_abandoned(store, clock, SCOPE) for _ in range(3)] == [1, 0, 0]
    assert counted(store, clock).requests == 1


def test_others_are_left_alone(store: Store, clock: ManualClock) -> None:
    finished = claimed(store, clock, "key-finished")
    failed = claimed(store, clock, "key-failed")
    store.commit([Write.set(SCOPE.doc("stories", failed.story_id), failed.failed({}, 1))])
    store.commit([Write.set(SCOPE.doc("stories", finished.story_id), finished.finished({}, 1))])
    clock.advance(LEASE_SECONDS - 1)
    claimed(store, clock, "key-running")
    before = store.query(SCOPE.collection("stories"))
    assert settle_abandoned(store, clock, SCOPE) == 0
    assert store.query(SCOPE.collection("stories")) == before
    assert counted(store, clock).requests == 0


def test_its_key_may_be_used_again_and_is_not_counted_again(
    store: Store, clock: ManualClock
) -> None:
    claimed(store, clock)
    clock.advance(LEASE_SECONDS)
    settle_abandoned(store, clock, SCOPE)
    claimed(store, clock)
    assert counted(store, clock).requests == 1


def test_who_comes_too_late_keeps_nothing(store: Store, clock: ManualClock) -> None:
    """The process was not dead, only asleep: it finds its story given up."""
    shelf = Shelf(store, clock)
    one = Claim(story_id("u1", KEY), "u1", "wish", "1.3.0", 7, clock.now(), 300)
    held = shelf.claim(SCOPE, one, LIMITS)
    assert isinstance(held, Claimed)
    clock.advance(LEASE_SECONDS)
    settle_abandoned(store, clock, SCOPE)
    assert not shelf.finish(SCOPE, held, one.finished({}, 1), 120, 1.0)
    assert document(store).data["state"] == "failed"
    assert charged(store, one.claimed_at) == (1, 120)  # it does know what it cost


def test_two_at_once_and_whoever_takes_over(store: Store, clock: ManualClock) -> None:
    """Thirty dead requests, two ticks and the users' own next tries: each is counted once."""
    keys = [f"key-{number:08}" for number in range(30)]
    for key in keys:
        claimed(store, clock, key, uid=key)
    clock.advance(LEASE_SECONDS)
    stores = [connect(store._client.project) for _ in range(3)]

    def again(which: Store) -> None:
        for key in keys[::3]:
            claimed(which, clock, key, uid=key)

    with ThreadPoolExecutor(3) as pool:
        ticks = [pool.submit(settle_abandoned, one, clock, SCOPE) for one in stores[:2]]
        tries = pool.submit(again, stores[2])
        settled = sum(tick.result() for tick in ticks)
        tries.result()
    settled += settle_abandoned(store, clock, SCOPE)
    assert counted(store, clock).requests == 30
    assert settled <= 30
    states = [one.data["state"] for one in store.query(SCOPE.collection("stories"))]
    assert (states.count("running"), states.count("failed")) == (10, 20)


def test_an_instance_that_took_many_with_it(store: Store, clock: ManualClock) -> None:
    many = AT_ONCE + 3
    for number in range(many):
        one = Claim(f"{number:032x}", "u1", "wish", "1.3.0", 7, clock.now())
        store.commit([Write.create(SCOPE.doc("stories", one.story_id), one.running())])
    clock.advance(LEASE_SECONDS)
    before = store.operations["commits"]
    assert [settle_abandoned(store, clock, SCOPE) for _ in range(3)] == [AT_ONCE, 3, 0]
    assert store.operations["commits"] - before == 2
    assert counted(store, clock).requests == many


def test_one_that_somebody_is_at_does_not_cost_a_commit_for_each_other(
    store: Store, clock: ManualClock
) -> None:
    """The look at rollouts waits for it."""
    for number in range(AT_ONCE):
        one = Claim(f"{number:032x}", "u1", "wish", "1.3.0", 7, clock.now())
        store.commit([Write.create(SCOPE.doc("stories", one.story_id), one.running())])
    clock.advance(LEASE_SECONDS)

    class Overtaken(Store):
        """Somebody ends one of the stories once they are read."""

        def query(self, *args: Any, **options: Any) -> list[Document]:
            found = super().query(*args, **options)
            store.commit([Write.update(found[77], {"state": "failed", "lease_until": None})])
            return found

    overtaken = Overtaken(store._client)
    assert settle_abandoned(overtaken, clock, SCOPE) == AT_ONCE - 1
    assert overtaken.operations["commits"] <= 20
    assert counted(store, clock).requests == AT_ONCE - 1


def test_what_an_older_bundle_left(store: Store, clock: ManualClock) -> None:
    """Its documents lack the fields that came later."""
    one = Claim(story_id("u1", KEY), "u1", "wish", "1.2.0", 7, clock.now())
    old = {name: kept for name, kept in one.running().items() if name not in ("reserved", "user")}
    store.commit([Write.create(SCOPE.doc("stories", one.story_id), old)])
    clock.advance(LEASE_SECONDS)
    assert settle_abandoned(store, clock, SCOPE) == 1
    assert counted(store, clock).failures == 1


class Losing(Store):
    """The real store; the answers to its commits are lost."""

    def commit(self, writes: Sequence[Write], **options: Any) -> list[Any]:
        super().commit(writes, **options)
        raise Internal("the answer was lost by the test")


def test_an_answer_that_is_lost(store: Store, clock: ManualClock) -> None:
    claimed(store, clock)
    clock.advance(LEASE_SECONDS)
    with pytest.raises(Internal):
        settle_abandoned(Losing(store._client), clock, SCOPE)
    assert settle_abandoned(store, clock, SCOPE) == 0
    assert counted(store, clock).requests == 1


@pytest.fixture
def world(store: Store) -> World:
    made = World(store, scope=SCOPE)
    made.environment()
    return made


def test_a_tick_that_is_killed_anywhere(world: World) -> None:
    """After each of its operations on the store; the next tick comes to the same count."""
    [whole] = killed([_job(_with_the_dead(world), -1)])
    places = range(1, whole["operations"] + 1)
    others = [_another(world, place) for place in places]
    jobs = [_job(other, place) for other, place in zip(others, places, strict=True)]
    assert {end["signal"] for end in killed(jobs)} == {signal.SIGKILL}
    for other in others:
        other.clock.advance(10)
        decide(Deps(other.store, other.clock, NoSink()), SCOPE)
        assert counted(other.store, other.clock).requests == 2


def _another(world: World, number: int) -> World:
    other = World(connect(f"{world.store._client.project}-{number}"), scope=SCOPE)
    other.environment()
    return _with_the_dead(other)


def _with_the_dead(world: World) -> World:
    for key in ("key-00000001", "key-00000002"):
        claimed(world.store, world.clock, key)
    world.clock.advance(LEASE_SECONDS)
    return world


def _job(world: World, die_after: int) -> dict[str, Any]:
    project, now = world.store._client.project, world.clock.now()
    return {"project": project, "now": now, "die_after": die_after}


def test_the_look_that_finds_it_counts_it(world: World) -> None:
    """Before the windows are merged and the rollouts stepped."""
    world.flag()
    world.started()
    deps = Deps(world.store, world.clock, NoSink())
    decide(deps, SCOPE)
    for number in range(6):
        claimed(world.store, world.clock, f"key-{number:08}", version=CANDIDATE, uid=f"u{number}")
    world.clock.advance(LEASE_SECONDS)
    decide(deps, SCOPE)
    assert counted(world.store, world.clock).failures == 6
    world.clock.advance(60)
    decide(deps, SCOPE)
    minutes = load_minutes(world.store, SCOPE, world.clock.now() - 600)
    assert sum(minute.tally.failures for minute in minutes) == 6


def test_a_process_that_is_killed_while_the_model_writes(bench: Bench) -> None:
    """SIGKILL between call and write: everything it left is settled, and the key serves again."""
    bench.server.play(hostile.hang())
    store = bench.store
    began = time.time()
    job = {"project": store._client.project, "address": bench.server.address, "key": KEY}
    process = subprocess.Popen(
        [sys.executable, str(Path(__file__).with_name("dying_story.py"))],
        stdin=subprocess.PIPE,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        text=True,
    )
    assert process.stdin is not None
    process.stdin.write(json.dumps(job))
    process.stdin.close()
    try:
        until = time.monotonic() + 60
        while not bench.server.requests:
            assert process.poll() is None, "it ended by itself"
            assert time.monotonic() < until
            time.sleep(0.02)
    finally:
        process.kill()
        assert process.wait(10) == -signal.SIGKILL
    left = document(store).data
    assert left["state"] == "running"
    hour = left["created_at"].timestamp()
    assert charged(store, hour) == (1, left["reserved"])
    assert left["reserved"] > 0
    assert settle_abandoned(store, SystemClock(), SCOPE) == 0  # its lease protects it

    later = ManualClock(time.time() + LEASE_SECONDS)
    assert settle_abandoned(store, later, SCOPE) == 1
    assert document(store).data["error"] == {"code": "INTERNAL", "reason": "abandoned"}
    assert charged(store, hour) == (1, left["reserved"])
    assert counted(store, later).failures == 1
    assert timestamp(began) <= left["created_at"]
    bench.server.play(hostile.story())
    assert bench.ask(idempotency_key=KEY).stored
