"""The official Firebase JavaScript SDK as the client."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.world import FLAG, STABLE, World

SCRIPT = Path(__file__).parent / "sdk.mjs"


@pytest.fixture(scope="module")
def told(world: World) -> dict[str, Any]:
    suite = world.stack.suite
    ports = {"functions": suite.ports.functions, "auth": suite.ports.auth}
    done = subprocess.run(
        ["node", str(SCRIPT), json.dumps({**ports, "project": suite.project})],
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_flags(told: dict[str, Any]) -> None:
    assert told["flags"]["flags"][FLAG]["value"] == "festive"
    assert FLAG in told["all"]["flags"]


def test_a_story(told: dict[str, Any]) -> None:
    assert told["story"]["story"]["provenance"]["version"] == STABLE
    assert told["story"]["story"]["title"]
    assert told["story"]["stored"]


@pytest.mark.parametrize("who", ["anonymous", "signedOut"])
def test_nobody_signed_in(told: dict[str, Any], who: str) -> None:
    refused = told[who]
    assert (refused["name"], refused["code"]) == ("FirebaseError", "functions/unauthenticated")
    assert refused["message"].startswith("Please sign in again.")  # the SDK adds the HTTP status
    assert refused["details"]["message"] == "Please sign in again."
    assert refused["details"]["code"] == "UNAUTHENTICATED"
    assert refused["details"]["request_id"]


def test_an_invalid_wish(told: dict[str, Any]) -> None:
    refused = told["invalid"]
    assert refused["code"] == "functions/invalid-argument"
    assert refused["details"]["code"] == "INVALID_ARGUMENT"
    assert refused["details"]["problems"][0]["field"] == "language"
