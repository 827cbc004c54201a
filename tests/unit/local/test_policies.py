"""What is checked in under monitoring/ is taken by this machine's Cloud Monitoring as it is."""

from __future__ import annotations

import json
import sys
import urllib.request
from collections.abc import Iterator

import pytest

from local import policies
from local.paths import ROOT
from local.ports import free_port
from local.processes import Processes, wait_for_text


@pytest.fixture(scope="module")
def running() -> Iterator[tuple[str, str]]:
    """A server of its own process: its address, and its page."""
    port, http = free_port(), free_port()
    command = [sys.executable, "-m", "local.monitoring"]
    command += ["--port", str(port), "--http-port", str(http)]
    with Processes() as processes:
        child = processes.start("monitoring-policies", command)
        wait_for_text("Cloud Monitoring on", child, seconds=60)
        yield f"127.0.0.1:{port}", f"http://127.0.0.1:{http}"


def test_the_policies_of_all_rules_are_there(running: tuple[str, str]) -> None:
    address, page = running
    policies.apply("demo-palier", address, page)
    policies.apply("demo-palier", address, page)  # nothing is made twice
    with urllib.request.urlopen(f"{page}/alerting") as answer:
        shown = answer.read().decode()
    names = [
        content["displayName"]
        for path in (ROOT / policies.FOLDER).glob("*.json")
        if "conditions" in (content := json.loads(path.read_text()))
    ]
    assert len(names) >= 12
    for name in names:
        assert shown.count(f"<h2>{name}</h2>") == 1
    assert "Pages <b>On call</b>" in shown
    with urllib.request.urlopen(f"{page}/v1/projects/demo-palier/dashboards") as answer:
        assert len(json.load(answer)["dashboards"]) == 1


def test_what_the_command_says_is_told(running: tuple[str, str]) -> None:
    with pytest.raises(policies.PoliciesError, match="on-call"):
        policies.apply("another-project", *running)
