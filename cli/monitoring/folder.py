"""A folder of alert policies and a dashboard: one JSON file each, for review and for `gcloud`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cli.answer import USAGE, Failed
from cli.bundle import json_file

DASHBOARD = "dashboard.json"
OURS = ("application", "environment", "rule")
"""The labels that every policy of Palier has, beside `palier`."""

Json = Mapping[str, Any]


@dataclass(frozen=True)
class Folder:
    """What a folder holds: policies by rule, all of one environment, and perhaps a dashboard."""

    application: str
    environment: str
    policies: Mapping[str, Json]
    dashboard: Json | None


def read(place: str) -> Folder:
    """Raises Failed for what is no folder of Palier's policies."""
    files = sorted(Path(place).glob("*.json"))
    contents = {path.name: json_file(str(path)) for path in files}
    board = contents.pop(DASHBOARD, None)
    policies: dict[str, Json] = {}
    environments = set()
    for name, policy in contents.items():
        labels = policy.get("userLabels", {}) if isinstance(policy, dict) else {}
        if "palier" not in labels or not all(labels.get(label) for label in OURS):
            raise _unusable(f"{place}/{name} is no policy of Palier's.")
        environments.add((labels["application"], labels["environment"]))
        policies[labels["rule"]] = policy
    if len(environments) != 1:
        what = "no policy" if not policies else "policies of several environments"
        raise _unusable(f"{place} holds {what}.")
    [(application, environment)] = environments
    return Folder(application, environment, policies, board)


def write(place: str, policies: Mapping[str, Json], board: Json) -> list[str]:
    """Writes each file anew and removes those of rules that are no more; their names, sorted.

    Raises Failed.
    """
    folder = Path(place)
    wanted = {f"{rule}.json": policy for rule, policy in policies.items()} | {DASHBOARD: board}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for path in folder.glob("*.json"):
            if path.name not in wanted and "palier" in json_file(str(path)).get("userLabels", {}):
                path.unlink()
        for name, content in wanted.items():
            (folder / name).write_text(text(content), encoding="utf-8")
    except OSError as error:
        raise Failed({"detail": f"{place} can't be written: {error.strerror}"}, USAGE) from error
    return sorted(wanted)


def text(content: Json) -> str:
    """A file's content."""
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


def _unusable(detail: str) -> Failed:
    return Failed(
        {"detail": detail, "remedy": "Write a folder with `palier monitoring export`."}, USAGE
    )
