"""Killed by the operating system at any point: every message arrives, in order, and at most one of
them once more."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import uuid
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from functions.alerts import outbox
from functions.alerts.message import Event
from functions.errors import StoreUnavailable
from tests.emulator.alerts.outbox.world import SCOPE, SENDER, Office, message
from tests.emulator.rollouts.counted import CountedStore
from tests.emulator.rollouts.world import connect
from tests.servers.receiver import Receiver, taken

ROOT = Path(__file__).parents[4]
MATTER = "incidents/1"


def killed(jobs: Sequence[dict[str, Any]]) -> list[dict[str, int]]:
    done = subprocess.run(
        [sys.executable, str(Path(__file__).with_name("dying_looks.py"))],
        input=json.dumps(jobs),
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert done.returncode == 0, done.stderr[-2000:]
    results: list[dict[str, int]] = json.loads(done.stdout)
    return results


def office(receiver: Receiver) -> Office:
    """Two messages of one matter for one channel, in a database of its own."""
    made = Office(connect(f"demo-test-{uuid.uuid4().hex[:12]}"))
    made.channel("slack", receiver.address)
    made.route("all", "slack")
    made.write(message("t", Event.TRIGGER, MATTER), message("r", Event.RESOLVE, MATTER))
    return made


def job(of: Office, die_after: int) -> dict[str, Any]:
    return {
        "project": of.store._client.project,
        "now": of.clock.now(),
        "die_after": die_after,
    }


class LosingStore(CountedStore):
    """One operation is made, and its answer is lost."""

    def __init__(self, of: Office, lost: int) -> None:
        super().__init__(of.store._client)
        self.left = lost

    def done(self) -> None:
        self.left -= 1
        if self.left == 0:
            raise StoreUnavailable("The store did not confirm it in time.")


@pytest.mark.parametrize("lost", [2, 5, 8, 10, 11])
def test_an_answer_of_the_store_is_lost(firestore_emulator: str, lost: int) -> None:
    with Receiver([taken()]) as server:
        of = office(server)
        outbox.deliver(LosingStore(of, lost), of.clock, SCOPE, SENDER)
        of.clock.advance(10)
        of.looks(140)
        assert set(of.statuses().values()) == {"delivered"}
        told = [one.json["text"].split(" ")[-1] for one in server.received]
        assert list(dict.fromkeys(told)) == ["t", "r"]
        assert len(told) <= 3


def test_killed_between_any_two_steps(firestore_emulator: str) -> None:
    with Receiver([taken()]) as server:
        [whole] = killed([job(office(server), -1)])
        assert whole["signal"] == 0
        places = range(1, whole["steps"] + 1)
        assert len(places) >= 12
        servers = [Receiver([taken()]) for _ in places]
        worlds = []
        for each in servers:
            each.__enter__()
            worlds.append(office(each))
        deaths = killed([job(of, place) for of, place in zip(worlds, places, strict=True)])
        assert [death["signal"] for death in deaths] == [signal.SIGKILL] * len(places)
        twice = 0
        for of, each in zip(worlds, servers, strict=True):
            of.looks(140)
            assert set(of.statuses().values()) == {"delivered"}
            told = [one.json["text"].split(" ")[-1] for one in each.received]
            assert list(dict.fromkeys(told)) == ["t", "r"], "in order, both"
            assert sorted(told, key="tr".index) == told, "no trigger after the resolution"
            counts = Counter(told)
            assert max(counts.values()) <= 2
            assert len(told) <= 3, "one death, at most one message once more"
            twice += len(told) - 2
            each.__exit__(None, None, None)
        assert 1 <= twice <= 4, "only between sending and noting"
