"""What the demo does, act by act, as a team would: over the admin API."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from local import seed
from local.client import Admin

ENDED = ("rolled_back", "succeeded", "superseded")
STAGE_SECONDS = 15.0
BAD_PLAN: Mapping[str, Any] = {
    "name": "demo",
    "stages": [
        {"percentage": 10.0, "bake_seconds": 40.0, "max_wait_seconds": 300.0},
        {"percentage": 100.0, "bake_seconds": 40.0, "max_wait_seconds": 300.0},
    ],
    "criteria": {"requests": 30},
}
GOOD_PLAN: Mapping[str, Any] = {
    "name": "demo",
    "stages": [
        {"percentage": share, "bake_seconds": STAGE_SECONDS, "max_wait_seconds": 300.0}
        for share in (10.0, 50.0, 100.0)
    ],
    "watch_seconds": STAGE_SECONDS,
    "criteria": {"requests": 10},
}


class DemoError(Exception):
    """The play can't go on. Says why."""


@dataclass(frozen=True)
class Rollout:
    """A rollout as the admin API shows it."""

    candidate: str
    shown: Mapping[str, Any]

    @property
    def phase(self) -> str:
        return str(self.shown["phase"])

    @property
    def percentage(self) -> float:
        return float(self.shown["percentage"])

    @property
    def ended(self) -> bool:
        return self.phase in ENDED

    @property
    def sentence(self) -> str:
        """What the last verdict says, in words."""
        if self.phase == "starting":
            return "The controller makes the first split at its next look, within a minute."
        verdict = self.shown.get("now") or self.shown.get("verdict") or {}
        return str(verdict.get("sentence", ""))

    def transitions(self, began: float) -> list[dict[str, Any]]:
        """Its events, each with its second of the play."""
        return [
            {
                "second": round(event["at"] - began, 1),
                "rollout": self.candidate,
                "kind": event["kind"],
                "percentage": event["percentage"],
                "sentence": (event["verdict"] or {}).get("sentence") or event["reason"],
            }
            for event in self.shown["events"]
        ]


def prepare(admin: Admin, version: str, model: str, plan: Mapping[str, Any]) -> str:
    """Creates a version and its rollout; nobody gets it yet. The rollout's id."""
    seed.create_version(admin, version, model)
    body = {"flag": "stories.version", "candidate": version, "plan": plan, "service": "stories"}
    created = admin.post("/v1/rollouts", {**body, "reason": f"Release {version}"})
    return str(created["rollout"]["id"])


def release(admin: Admin, rollout: str, version: str) -> None:
    admin.post(f"/v1/rollouts/{rollout}/start", {"reason": f"Release {version} to 10 %"})


def follow(
    admin: Admin, identifier: str, version: str, seconds: float, alive: Callable[[], None]
) -> Iterator[Rollout]:
    """The rollout once a second until it has ended. Raises DemoError after `seconds`."""
    until = time.monotonic() + seconds
    while True:
        alive()
        rollout = Rollout(version, admin.get(f"/v1/rollouts/{identifier}"))
        yield rollout
        if rollout.ended:
            return
        if time.monotonic() > until:
            raise DemoError(
                f"The rollout of {version} is still {rollout.phase} at {rollout.percentage:g} % "
                f"after {seconds:.0f} s. {rollout.sentence}"
            )
        time.sleep(1)
