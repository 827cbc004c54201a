"""Releases seen from outside: by their users, by the team, and by the auditors."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from local import aimock, seed, stack
from local.client import Person
from local.demo import traffic
from local.demo.traffic import Call, Traffic
from tests.e2e.world import STABLE, World, until

BAD, GOOD = "1.3.0", "1.4.0"
PLAN = {
    "name": "e2e",
    "stages": [
        {"percentage": 50.0, "bake_seconds": 120.0},
        {"percentage": 100.0, "bake_seconds": 120.0},
    ],
    "criteria": {"requests": 1000},
}
WORKERS = 3
RATE = 12.0
AUTOMATIC_SECONDS = 30.0
MANUAL_SECONDS = 5.0


@pytest.fixture(scope="module")
def people(world: World) -> list[Person]:
    stack.warm(world.function("generate_story"), WORKERS)
    return [world.person() for _ in range(60)]


@contextmanager
def asking(
    world: World, people: list[Person], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Traffic]:
    monkeypatch.setattr(traffic, "WORKERS", WORKERS)  # fewer processes than the demo
    users = Traffic(world.function("generate_story"), people, RATE)
    with users.going():
        yield users


def released(world: World, version: str, model: str) -> str:
    """A rollout that was asked to start."""
    seed.create_version(world.admin, version, model)
    body = {"flag": "stories.version", "candidate": version, "plan": PLAN, "reason": "a test"}
    identifier = str(world.admin.post("/v1/rollouts", body)["rollout"]["id"])
    done = world.palier("rollout", "start", identifier, "--reason", "a test")
    assert done.returncode == 0, done.stderr
    assert "is starting" in done.stdout
    return identifier


def of(calls: list[Call], version: str) -> list[Call]:
    return [call for call in calls if call.version == version]


def test_a_bad_version_takes_itself_back(
    world: World, people: list[Person], monkeypatch: pytest.MonkeyPatch
) -> None:
    identifier = released(world, BAD, aimock.BROKEN_MODEL)
    path = f"/v1/rollouts/{identifier}"
    with asking(world, people, monkeypatch) as users, world.ticking():
        until(lambda: world.admin.get(path)["phase"] == "rolled_back", 60, pause=0.5)
        time.sleep(MANUAL_SECONDS)
    calls = users.calls()
    bad = of(calls, BAD)
    served = max(call.ended for call in bad) - min(call.ended for call in bad)
    print(f"first failed request to last one served by the bad version: {served:.1f} s")
    assert served <= AUTOMATIC_SECONDS
    assert len(of(calls, STABLE)) >= 50
    assert all(call.ok for call in of(calls, STABLE)), "users of the stable version saw nothing"

    found = world.admin.get(path)
    assert [event["kind"] for event in found["events"]] == [
        "start_requested",
        "started",
        "rolled_back",
    ]
    last = found["events"][-1]
    assert last["actor"] == "machine:tick"
    assert last["verdict"]["rule"] == "evidence"
    assert "users hit errors on the new version" in last["verdict"]["sentence"]
    assert found["quarantined"]
    _is_quarantined(world)
    _is_told_by_the_command_line(world, identifier)


def _is_quarantined(world: World) -> None:
    body = {"flag": "stories.version", "candidate": BAD, "plan": PLAN, "reason": "once more"}
    again = world.admin.post("/v1/rollouts", body)["rollout"]["id"]
    done = world.palier("rollout", "start", again, "--reason", "once more")
    assert done.returncode == 1
    assert "[FAILED_PRECONDITION]" in done.stderr
    assert "Request id: " in done.stderr
    # A rollout that may be started at any moment keeps the controller awake.
    assert world.palier("rollout", "rollback", again, "--reason", "tidy").returncode == 0


def _is_told_by_the_command_line(world: World, identifier: str) -> None:
    gate = world.palier("rollout", "status", identifier, "--timeout", "5")
    assert gate.returncode == 1
    assert "is rolled back" in gate.stdout
    shown = world.palier("rollout", "show", identifier).stdout
    assert "machine:tick" in shown
    assert "users hit errors on the new version" in shown
    [line] = [
        line for line in world.palier("rollout", "list").stdout.splitlines() if identifier in line
    ]
    assert f"{STABLE} -> {BAD}" in line


def test_a_person_takes_a_version_back_by_one_command(
    world: World, people: list[Person], monkeypatch: pytest.MonkeyPatch
) -> None:
    identifier = released(world, GOOD, aimock.HEALTHY_MODEL)
    with asking(world, people, monkeypatch) as users, world.ticking():
        until(lambda: bool(of(users.calls(), GOOD)), 30)
        assert world.palier("rollout", "status", identifier).returncode == 0, "healthy so far"
        _steer(world, identifier)
        commanded = time.time()
        done = world.palier("rollout", "rollback", identifier, "--reason", "not what we wanted")
        assert done.returncode == 0, done.stderr
        time.sleep(MANUAL_SECONDS)
    served = max(call.ended for call in of(users.calls(), GOOD)) - commanded
    print(f"command to the last request served by the version: {served:.1f} s")
    assert served <= MANUAL_SECONDS
    assert all(call.ok for call in users.calls()), "nobody noticed"
    found = world.admin.get(f"/v1/rollouts/{identifier}")
    assert found["phase"] == "rolled_back"
    assert found["events"][-1]["actor"] == f"person:{world.administrator.uid}"
    assert found["events"][-1]["reason"] == "not what we wanted"
    assert world.palier("rollout", "status", identifier).returncode == 1


def _steer(world: World, identifier: str) -> None:
    why = ("--reason", "a test")
    for verb, phase, percentage, code in (
        ("pause", "paused", 50, 1),
        ("resume", "baking", 50, 0),
        ("promote", "baking", 95, 0),
    ):
        done = world.palier("rollout", verb, identifier, *why, "--expected-stage", "0")
        assert done.returncode == 0, done.stderr
        assert f"is {phase}, {percentage} % of the users" in done.stdout
        assert world.palier("rollout", "status", identifier).returncode == code
    late = world.palier("rollout", "promote", identifier, *why, "--expected-stage", "0")
    assert late.returncode == 1
    assert "[GENERATION_CONFLICT]" in late.stderr


def test_the_trail_holds(world: World) -> None:
    done = world.palier("audit", "verify", "--project", world.stack.suite.project)
    assert done.returncode == 0, done.stdout
    entries = [
        entry
        for environment in ("production", "staging")
        for entry in world.admin.get(f"/v1/audit?limit=500&environment={environment}")["entries"]
    ]
    assert f"{len(entries)} entries" in done.stdout
    actions = [(entry["action"], entry["actor"]) for entry in entries]
    assert ("rollout.rolled_back", "machine:tick") in actions
    assert ("rollout.rolled_back", f"person:{world.administrator.uid}") in actions
    assert ("environment.found", "operator:cli") in actions


def _points(world: World) -> dict[str, Any]:
    found: dict[str, Any] = world.ask("GET", f"{world.stack.monitoring_url}/points").json()
    return found


def test_what_was_measured_arrives_in_cloud_monitoring(world: World) -> None:
    """A minute is published when it has been over for 20 s; the stories were told before."""

    def told_apart() -> bool:
        world.stack.tick.run_now()
        versions = {series["labels"].get("version") for series in _points(world)["series"]}
        return versions >= {STABLE, BAD}

    until(told_apart, 90, pause=5)
    found = _points(world)
    assert found["points_refused"] == 0, found["refusals"]
    assert any(metric.endswith("/tick_heartbeat") for metric in found["metrics"])
