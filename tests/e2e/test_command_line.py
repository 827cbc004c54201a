"""The command line against a running bundle; what it does to rollouts is in test_rollouts.py."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from pathlib import Path
from typing import Any

from local.paths import ROOT
from tests.e2e.world import FLAG, World, until

REASON = ("--reason", "a test")
DOCUMENT: dict[str, Any] = {
    "$evaluators": {"walkers": {"==": [{"var": "plan"}, "walk"]}},
    "flags": {
        "walk": {
            "state": "ENABLED",
            "variants": {"on": True, "off": False},
            "defaultVariant": "off",
            "targeting": {"if": [{"$ref": "walkers"}, "on"]},
        }
    },
}


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


def test_a_flag_from_one_environment_to_the_next(world: World, tmp_path: Path) -> None:
    """The verbs for flags in the order of a flag's life, as people type them."""
    file = tmp_path / "flags.json"
    file.write_text(json.dumps(DOCUMENT))
    staging = ("--environment", "staging")
    plan = world.palier("flags", "import", str(file), *staging)
    assert (plan.returncode, "create flag walk" in plan.stdout) == (3, True), plan.stderr
    said(world, "flags", "import", str(file), *staging, "--yes")
    typed = at_a_terminal(
        world, "y\n", "flags", "promote", "walk", "--to", "production", "--with-needed", *REASON
    )
    assert '\x1b[32m  + state: "ENABLED"\x1b[0m' in typed
    assert "Do this in production? [y/N]" in typed
    assert "1 flag and 1 segment created." in typed
    assert gives(world, "on")
    assert "not pulled" in said(world, "flags", "show", "walk")
    why = said(world, "flags", "explain", "walk", "--user", "ada", "--set", "plan=walk")
    assert why.startswith("ada gets the variant on of walk: true (TARGETING_MATCH).")
    assert "used by   flag walk" in said(world, "segments", "show", "walkers")
    said(world, "flags", "kill", "walk", *REASON)
    assert gives(world, None)
    said(world, "flags", "revive", "walk", *REASON)
    assert gives(world, "on")
    at = ("--at", "2027-06-01T08:00Z", "--action", "archive")
    created = said(world, "schedules", "create", "walk", *at, *REASON)
    refused = world.palier("flags", "archive", "walk", *REASON)
    assert (refused.returncode, "schedule s-" in refused.stderr) == (1, True)
    said(world, "schedules", "cancel", created.partition(":")[0], *REASON)
    said(world, "flags", "archive", "walk", *REASON)
    history = said(world, "flags", "history", "walk")
    assert [line.strip() for line in history.splitlines() if line.startswith("    ")] == [
        "archived",
        "revived",
        "killed",
        "created",
    ]
    said(world, "flags", "delete", "walk", "--yes", *REASON)
    assert "walk" not in json.loads(said(world, "flags", "export"))["flags"]
    assert said(world, "flags", "sync", *REASON) == "What is published is what is stored.\n"
    assert "Evaluations " in said(world, "flags", "stale")


def said(world: World, *words: str) -> str:
    """What it answers; it must succeed."""
    done = world.palier(*words)
    assert done.returncode == 0, done.stderr + done.stdout
    return done.stdout


def gives(world: World, variant: str | None) -> bool:
    """Within seconds, what a server with a secret key gets."""

    def is_given() -> bool:
        context = {"targetingKey": "ada", "plan": "walk"}
        answer = world.evaluate("walk", context, world.keys["secret"])
        return bool(answer.status_code == 200 and answer.json().get("variant") == variant)

    until(is_given, seconds=10)
    return True


def at_a_terminal(world: World, typed: str, *words: str) -> str:
    """All that somebody sees who types it."""
    ours, theirs = pty.openpty()
    child = subprocess.Popen(
        [sys.executable, "-m", "cli", *words],
        cwd=ROOT,
        env={**world.typing(), "TERM": "xterm"},
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    os.write(ours, typed.encode())
    seen = b""
    while True:
        try:
            seen += os.read(ours, 1000)
        except OSError:  # it has ended
            break
    os.close(ours)
    assert child.wait(30) == 0, seen.decode()
    return seen.decode()
