"""What becomes of flags that are to be cleaned up: each is archived, or kept for a reason. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from functions.errors import PayloadTooLarge
from functions.flags.counts import SYNCED
from functions.flags.flag import Flag
from functions.flags.stale import Stale
from functions.published import timestamp

RECENT_DAYS = 7
MAXIMUM_BYTES = 2_000_000
"""Of the flags in one change: each is written four times, and a commit holds 10 MiB."""


@dataclass(frozen=True)
class Basis:
    """What a plan is made of.

    flags    by key, those that exist and can be read
    stale    by key, those that are stale
    used_by  by key, what uses a flag: `rollout ID`, `schedule ID`, `flag KEY`
    recent   by key, how often it was evaluated in the last RECENT_DAYS days
    synced   when flagd last fetched the flags, if it did in that time
    """

    flags: Mapping[str, Flag]
    stale: Mapping[str, Stale]
    used_by: Mapping[str, Sequence[str]] = field(default_factory=dict)
    recent: Mapping[str, int] = field(default_factory=dict)
    synced: float | None = None


@dataclass(frozen=True)
class Step:
    """What becomes of one flag. `kept` says why it isn't archived, "" when it is; `warnings` say
    what archiving it does to those who still ask for it."""

    key: str
    flag: Flag | None
    stale: Stale | None = None
    kept: str = ""
    used_by: tuple[str, ...] = ()
    evaluations: int = 0
    warnings: tuple[str, ...] = ()

    @property
    def archives(self) -> bool:
        return not self.kept

    def to_view(self) -> dict[str, Any]:
        reasons = self.stale.reasons if self.stale else ()
        return {
            "key": self.key,
            "revision": self.flag.revision if self.flag else None,
            "action": "archive" if self.archives else "keep",
            "kept": self.kept or None,
            "reasons": [reason.to_view() for reason in reasons],
            "used_by": list(self.used_by),
            "evaluations_7_days": self.evaluations,
            "warnings": list(self.warnings),
        }

    def basis(self) -> list[Any]:
        """What somebody who confirms relies on. How often exactly it was evaluated is no part of
        it: that changes all the time."""
        kinds = self.stale.kinds if self.stale else ()
        revision = self.flag.revision if self.flag else None
        return [self.key, revision, self.kept, kinds, self.used_by, len(self.warnings)]


def plan(keys: Iterable[str], basis: Basis) -> list[Step]:
    """A step for each key, in order. Raises PayloadTooLarge when it is more than one change holds.

    A flag that only such flags require as are archived with it is archived too.
    """
    steps = {key: _step(key, basis) for key in keys}
    while True:
        archived = {key for key, step in steps.items() if step.archives}
        needed = {key: _users(key, basis, archived) for key in archived}
        kept = {key: users for key, users in needed.items() if users}
        if not kept:
            break
        for key, users in kept.items():
            used = f"It is used by {', '.join(users)}."
            steps[key] = replace(steps[key], kept=used, warnings=())
    _require_one_change(steps.values())
    return list(steps.values())


def _step(key: str, basis: Basis) -> Step:
    flag, stale = basis.flags.get(key), basis.stale.get(key)
    kept = _why_kept(flag, stale)
    return Step(
        key,
        flag,
        stale,
        kept,
        tuple(basis.used_by.get(key, ())),
        basis.recent.get(key, 0),
        () if kept else tuple(_warnings(basis.recent.get(key, 0), basis.synced)),
    )


def _why_kept(flag: Flag | None, stale: Stale | None) -> str:
    if flag is None:
        return "There is no flag of this key that can be read."
    if flag.archived:
        return "It is archived already."
    if stale is None:
        return "It is permanent." if flag.permanent else "It is not stale."
    if flag.killed:
        return (
            "It is killed: archived, it would give apps the default in their code instead. "
            "Revive it, or archive it by itself."
        )
    return ""


def _users(key: str, basis: Basis, archived: set[str]) -> list[str]:
    """What keeps a flag: whatever uses it, but for flags that go with it."""
    going = {f"flag {each}" for each in archived}
    return [user for user in basis.used_by.get(key, ()) if user not in going]


def _warnings(recent: int, synced: float | None) -> Iterable[str]:
    if recent:
        times = "once" if recent == 1 else f"{recent:,} times"
        yield (
            f"It was evaluated {times} in the last {RECENT_DAYS} days: apps that still ask for it "
            "will use the default in their code."
        )
    if synced:
        yield (
            f"flagd or an in-process provider fetched the flags on "
            f"{timestamp(synced).date().isoformat()}: what it evaluates is not counted."
        )


def _require_one_change(steps: Iterable[Step]) -> None:
    size = sum(len(str(step.flag.to_document())) for step in steps if step.flag and step.archives)
    if size > MAXIMUM_BYTES:
        raise PayloadTooLarge(
            f"These flags take {size:,} bytes; one change archives {MAXIMUM_BYTES:,}.",
            remedy="Name fewer flags at once.",
        )


def synced_lately(last_evaluated: Mapping[str, float], now: float) -> float | None:
    """When flagd fetched the flags, unless that is long ago."""
    at = last_evaluated.get(SYNCED)
    return at if at is not None and at > now - RECENT_DAYS * 86_400 else None
