"""The command line against a running bundle; what it does to rollouts is in test_rollouts.py."""

from __future__ import annotations

import json

from tests.e2e.world import FLAG, World


def test_flags(world: World) -> None:
    shown = world.palier("flags", "list")
    assert shown.returncode == 0, shown.stderr
    [line] = [line for line in shown.stdout.splitlines() if line.startswith(f"{FLAG} ")]
    assert line.split()[1:5] == ["enabled", "festive,", "plain", "plain"]
    told = json.loads(world.palier("flags", "list", "--output", "json").stdout)
    assert FLAG in [flag["key"] for flag in told["flags"]]
    nowhere = world.palier("flags", "list", "--environment", "prodution")
    assert nowhere.returncode == 1
    assert "There is no environment prodution" in nowhere.stderr


def test_health(world: World) -> None:
    found = world.palier("health", token="")
    assert found.returncode == 0, found.stderr
    assert found.stdout.startswith("ok: Palier ")


def test_a_stranger_is_told_why_not(world: World) -> None:
    done = world.palier("flags", "list", token=world.person().token)
    assert (done.returncode, done.stdout) == (1, "")
    assert "You may not read in the environment production" in done.stderr
    assert "[PERMISSION_DENIED]" in done.stderr
    assert "What to do: Ask an administrator" in done.stderr
    assert "Request id: " in done.stderr


def test_a_rollout_from_a_template(world: World) -> None:
    created = world.palier(
        "rollout", "create", FLAG, "festive", "--plan", "manual", "--reason", "a feast"
    )
    assert created.returncode == 0, created.stderr
    identifier = created.stdout.split()[1].rstrip(";")
    assert f"palier rollout start {identifier}" in created.stdout
    assert "10 % of users" in created.stdout
    done = world.palier("rollout", "rollback", identifier, "--reason", "no feast")
    assert done.returncode == 0, done.stderr
    unknown = world.palier(
        "rollout", "create", FLAG, "festive", "--plan", "nonsense", "--reason", "a feast"
    )
    assert unknown.returncode == 1
    assert "There is no plan 'nonsense'" in unknown.stderr
