"""What happened to a rollout so far, in sentences. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from functions.rollouts.explain.known import Known
from functions.rollouts.rollout import Rollout
from functions.rollouts.told import TITLES
from functions.rollouts.tongue import Tongue
from functions.rollouts.verdict import Verdict

QUIET: Mapping[str, tuple[str, str]] = {
    "start_requested": ("is asked to start", "doit commencer"),
}
"""Transitions of which no message tells."""

OTHER = ("moves on", "évolue")
"""A kind that a newer bundle wrote."""


def happened(known: Known, tongue: Tongue) -> Iterator[str]:
    rollout = known.rollout
    who, at = tongue.who(rollout.created_by), tongue.time(rollout.created_at)
    yield _with(
        tongue.say(f"{at}: it is created by {who}.", f"{at} : il est créé par {who}."),
        rollout.reason,
    )
    for event in known.events:
        yield _event(event, rollout, tongue)


def _event(event: Mapping[str, Any], rollout: Rollout, tongue: Tongue) -> str:
    kind = str(event["kind"])
    words = tongue.choose(TITLES.get(kind) or QUIET.get(kind, OTHER))
    at, who = tongue.time(event["at"]), tongue.who(event["actor"])
    before, after = event["percentage_before"], event["percentage"]
    share = tongue.percentage(after)
    if before != after:
        share = f"{tongue.percentage(before)} → {share}"
    return _with(
        tongue.say(
            f"{at}: it {words} ({share}), by {who}.", f"{at} : il {words} ({share}), par {who}."
        ),
        _why(event, rollout, tongue),
    )


def _why(event: Mapping[str, Any], rollout: Rollout, tongue: Tongue) -> str:
    if event["verdict"]:
        return tongue.verdict(Verdict.from_document(event["verdict"]), rollout)
    return tongue.reason(str(event["reason"]), rollout)


def _with(sentence: str, why: str) -> str:
    return f"{sentence} {why}" if why else sentence
