"""Releases seen from outside: by their users, by the team, and by the auditors."""

from __future__ import annotations

import random
from typing import Any

import pytest

from local import aimock, seed
from tests.e2e import takeback
from tests.e2e.world import STABLE, World, until

BAD, GOOD = ("1.3.0", "1.3.1", "1.3.2"), "1.4.0"
"""A bad one a run: what fires of a version goes on firing for some minutes."""

PLAN = takeback.plan(50.0)
RUNS = len(BAD)
AUTOMATIC_SECONDS = 30.0
MANUAL_SECONDS = 5.0


@pytest.fixture(scope="module")
def versions(world: World) -> None:
    takeback.warm(world)
    for bad in BAD:
        seed.create_version(world.admin, bad, aimock.BROKEN_MODEL)
    seed.create_version(world.admin, GOOD, aimock.HEALTHY_MODEL)


@pytest.mark.usefixtures("versions")
def test_a_bad_version_takes_itself_back(world: World) -> None:
    """Also when `tick` is delivered twice, and one of them killed on the way."""
    chance = random.Random()
    runs = [
        takeback.by_itself(world, bad, takeback.crowd(world, run), chance)
        for run, bad in enumerate(BAD)
    ]
    worst = max(run.seconds for run in runs)
    print(f"first failed request to the last one served by the bad version: {worst:.1f} s")
    assert worst <= AUTOMATIC_SECONDS
    for run in runs:
        assert run.killed == 1
        assert run.others >= 50
        assert run.failed == 0, "users of the stable version saw nothing"
        _took_itself_back(world, run.rollout)
    _is_quarantined(world)
    _is_told_by_the_command_line(world, runs[-1].rollout)


def _took_itself_back(world: World, identifier: str) -> None:
    found = world.admin.get(f"/v1/rollouts/{identifier}")
    assert [event["kind"] for event in found["events"]] == [
        "start_requested",
        "started",
        "rolled_back",
    ], "twice delivered, done once"
    last = found["events"][-1]
    assert last["actor"] == "machine:tick"
    assert last["verdict"]["rule"] == "evidence"
    assert "users hit errors on the new version" in last["verdict"]["sentence"]


def _is_quarantined(world: World) -> None:
    body = {"flag": "stories.version", "candidate": BAD[-1], "plan": PLAN, "reason": "once more"}
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
    assert f"{STABLE} -> {BAD[-1]}" in line


@pytest.mark.usefixtures("versions")
def test_a_person_takes_a_version_back_by_one_command(world: World) -> None:
    runs = [
        takeback.by_hand(world, GOOD, takeback.crowd(world, RUNS + run), 50.0)
        for run in range(RUNS)
    ]
    worst = max(run.seconds for run in runs)
    print(f"command to the last request served by the version: {worst:.1f} s")
    assert worst <= MANUAL_SECONDS
    assert not any(run.failed for run in runs), "nobody noticed"
    found = world.admin.get(f"/v1/rollouts/{runs[-1].rollout}")
    assert found["phase"] == "rolled_back"
    assert found["events"][-1]["actor"] == f"person:{world.administrator.uid}"
    assert found["events"][-1]["reason"] == "a test"
    assert world.palier("rollout", "status", runs[-1].rollout).returncode == 1


@pytest.mark.usefixtures("versions")
def test_a_person_steers(world: World) -> None:
    """From the command line, as CI does."""
    identifier = takeback.begun(world, GOOD, 50.0)
    path = f"/v1/rollouts/{identifier}"
    with world.ticking():
        until(lambda: bool(world.admin.get(path)["phase"] == "baking"), 30)
        assert world.palier("rollout", "status", identifier).returncode == 0, "healthy so far"
        explained = world.palier("rollout", "explain", identifier, "--language", "fr")
        assert "Palier 1 sur 2" in explained.stdout
        _steer(world, identifier)
        assert world.palier("rollout", "rollback", identifier, "--reason", "no").returncode == 0


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
        return versions >= {STABLE, *BAD}

    until(told_apart, 90, pause=5)
    found = _points(world)
    assert found["points_refused"] == 0, found["refusals"]
    assert any(metric.endswith("/tick_heartbeat") for metric in found["metrics"])
