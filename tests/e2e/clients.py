"""Flags for OpenFeature's official clients, and the clients for Node driven from here."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.e2e.world import World

BY_COUNTRY = {"if": [{"==": [{"var": "country"}, "FR"]}, "on"]}
HALF = {"fractional": [{"cat": ["salt", {"var": "targetingKey"}]}, ["on", 1], ["off", 1]]}
SWITCH = {"on": True, "off": False}


def definition(variants: Mapping[str, Any], default: str | None, **more: Any) -> dict[str, Any]:
    return {"state": "ENABLED", "variants": dict(variants), "defaultVariant": default, **more}


FLAGS: Mapping[str, dict[str, Any]] = {
    "of-rule": definition(SWITCH, "off", targeting=BY_COUNTRY, metadata={"team": "é"}),
    "of-static": definition({"a": "A"}, "a"),
    "of-whole": definition({"small": 2, "big": 3}, "small"),
    "of-float": definition({"small": 2, "big": 2.5}, "small"),
    "of-object": definition({"x": {"a": [1, None]}}, "x"),
    "of-half": definition(SWITCH, "off", targeting=HALF),
    "of-code": definition({"a": "A"}, None),
    "of-off": {**definition({"a": "A"}, "a"), "state": "DISABLED"},
    "of-failing": definition({"a": "A"}, "a", targeting={"/": [1, 0]}),
    "of-changing": definition({"old": "old", "new": "new"}, "old"),
    "of-synced": definition({"old": "old", "new": "new"}, "old"),
    "of-hidden": definition({"a": "A"}, "a"),
}


def create(world: World) -> None:
    for key, flag in FLAGS.items():
        body = {"key": key, "definition": flag, "client": key != "of-hidden", "reason": "a test"}
        world.admin.post("/v1/flags", body)


def change(world: World, key: str) -> dict[str, Any]:
    """What a script sends to make "new" the default of a flag."""
    body = {
        "revision": world.admin.get(f"/v1/flags/{key}")["flag"]["revision"],
        "definition": {**FLAGS[key], "defaultVariant": "new"},
        "reason": "a test",
    }
    url = f"{world.admin.url}/v1/flags/{key}"
    return {"url": url, "token": world.administrator.token, "body": body}


def driven(script: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """What a script for Node was told, as it prints it."""
    path = Path(__file__).parent / script
    done = subprocess.run(
        ["node", str(path), json.dumps(given)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    told: dict[str, Any] = json.loads(done.stdout)
    return told
