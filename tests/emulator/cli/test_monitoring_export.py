"""`palier monitoring export`: the rules that hold in an environment, as files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from cli.http import Bundle
from local.paths import ROOT
from tests.emulator.cli.conftest import Terminal

OWN = {
    "severity": "P2",
    "metric": "error_rate",
    "threshold": 0.2,
    "window_seconds": 120,
    "for_seconds": 120,
    "keep_firing_seconds": 120,
    "minimum_requests": 10,
    "actions": ["notify"],
    "title": {"en": "Errors of the app", "fr": "Erreurs de l'application"},
}


def put(terminal: Terminal, path: str, environment: str, **content: Any) -> None:
    scope = {"environment": environment}
    bundle = Bundle(terminal.environ["PALIER_URL"], terminal.environ["PALIER_TOKEN"], scope)
    bundle.put(path, {"reason": "a test", **content})


def read(folder: Path) -> dict[str, Any]:
    return {path.name: json.loads(path.read_text()) for path in folder.iterdir()}


def test_an_environment_without_rules_of_its_own_has_the_delivered_ones(
    terminal: Terminal, tmp_path: Path
) -> None:
    out = terminal.read("monitoring", "export", str(tmp_path))
    assert "of main production" in out
    delivered = read(ROOT / "monitoring")
    for name, policy in delivered.items():
        if name not in ("dashboard.json", "tick-heartbeat.json"):
            policy["notificationChannels"] = []
    assert read(tmp_path) == delivered


def test_rules_of_its_own_and_those_that_are_switched_off(
    terminal: Terminal, tmp_path: Path
) -> None:
    folder = str(tmp_path / "staging")
    scope = ("--environment", "staging")
    terminal.read("monitoring", "export", folder, *scope)
    put(terminal, "/v1/rules/app-errors", "staging", **OWN)
    put(terminal, "/v1/rules/p3-memory", "staging", enabled=False)
    terminal.read("monitoring", "export", folder, *scope)
    names = {path.stem for path in Path(folder).iterdir()}
    assert "app-errors" in names
    assert "p3-memory" not in names, "its file is removed"
    policy = json.loads((Path(folder) / "app-errors.json").read_text())
    assert policy["displayName"] == "Palier main staging: P2 Errors of the app (app-errors)"
    threshold = policy["conditions"][0]["conditionThreshold"]
    assert threshold["thresholdValue"] == 0.2
    assert threshold["duration"] == "120s"
    assert "Erreurs de l'application" in policy["documentation"]["content"]


def test_what_cloud_monitoring_pages_stands_in_the_policies(
    terminal: Terminal, tmp_path: Path
) -> None:
    """Palier leaves such a channel alone, so that nobody is paged twice."""
    there = "projects/p/notificationChannels/1"
    secret = {"url": "https://hooks.slack.com/services/T/B/x"}
    put(terminal, "/v1/channels/ours", "production", kind="slack", secrets=secret)
    put(
        terminal,
        "/v1/channels/theirs",
        "production",
        kind="slack",
        secrets=secret,
        pages="cloud_monitoring",
        notification_channel=there,
    )

    def paged() -> set[str]:
        terminal.read("monitoring", "export", str(tmp_path))
        policies = {name: each for name, each in read(tmp_path).items() if name != "dashboard.json"}
        told = {name: each.get("notificationChannels") for name, each in policies.items()}
        assert all(each == [there] for each in told.values() if each)
        return {policies[name]["severity"] for name, each in told.items() if each}

    assert paged() == set(), "no route leads to it"
    severe: dict[str, Any] = {"channels": ["ours", "theirs"], "severities": ["P1"]}
    put(terminal, "/v1/routes/severe", "production", **severe)
    assert paged() == {"CRITICAL"}
    put(terminal, "/v1/routes/all", "production", channels=["theirs"])
    assert paged() == {"CRITICAL", "ERROR", "WARNING"}
