"""A rollback as a recorded deployment: what was taken back, to what, and what came of it. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum
from typing import Any

from functions.flags.difference import differences
from functions.flags.flag import Flag
from functions.flags.outcomes import outcomes
from functions.published import canonical

MOST_DIFFERENCES = 20
LONGEST_SIDE = 500
"""Differences of a flag that are kept, and characters of a side's JSON: a record that is too large
for a document would keep the rollback from being made."""


class Status(StrEnum):
    """Of a check, and of a verification as a whole."""

    PENDING = "pending"
    OK = "ok"
    FAILED = "failed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at after a rollback.

    at       when it was found (epoch seconds); 0.0 while it is pending
    english  what was found, in a sentence; french: the same
    figures  the numbers behind it
    """

    name: str
    status: Status = Status.PENDING
    at: float = 0.0
    english: str = ""
    french: str = ""
    figures: Mapping[str, float] = field(default_factory=dict)

    @property
    def settled(self) -> bool:
        return self.status is not Status.PENDING


@dataclass(frozen=True, slots=True)
class Stood:
    """What a flag was at a time: all that people wrote, its switches and its split."""

    revision: int
    content: Mapping[str, Any]

    @staticmethod
    def of(flag: Flag) -> Stood:
        split = flag.split.to_dict() if flag.split else None
        return Stood(flag.revision, {**flag.content(), **flag.switches(), "split": split})


@dataclass(frozen=True, slots=True)
class Restored:
    """One flag, before the rollout and after the rollback.

    revision_before  None where nobody noted what it was
    differences      between then and now, none when it is restored exactly; the first of them, and
                     a long side as the beginning of its JSON
    places           how many there are
    own_revisions    edits that Palier made itself: the promotion of a success and its undoing, or
                     another default where the control can't be served
    reaches          whether the flag's own rules give somebody the candidate, split or not
    """

    flag: str
    control: str
    candidate: str
    revision_before: int | None
    revision: int
    differences: tuple[Mapping[str, Any], ...] = ()
    reaches: bool = False
    own_revisions: int = 0
    places: int = 0

    @property
    def elsewhere(self) -> bool:
        """Whether users get another version than the one before, which can't be served."""
        return self.own_revisions == 1

    @property
    def edited(self) -> bool:
        """Whether people edited it while it was rolled out."""
        before = self.revision_before
        return before is not None and before + self.own_revisions != self.revision


def restored(
    control: str, candidate: str, before: Stood | None, now: Flag, own_revisions: int = 0
) -> Restored:
    """`now` is the flag as the rollback leaves it."""
    after = Stood.of(now)
    default = now.definition.get("defaultVariant")
    led_to = outcomes(now.published())
    found = differences(before.content, after.content) if before else []
    return Restored(
        flag=now.key,
        control=control if default is None else str(default),
        candidate=candidate,
        revision_before=before.revision if before else None,
        revision=after.revision,
        differences=tuple(_shortened(each.to_dict()) for each in found[:MOST_DIFFERENCES]),
        reaches=led_to is None or candidate in led_to,
        own_revisions=own_revisions,
        places=len(found),
    )


def _shortened(difference: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _short(value) for name, value in difference.items()}


def _short(value: Any) -> Any:
    text = canonical(value)
    return value if len(text) <= LONGEST_SIDE else f"{text[:LONGEST_SIDE]}…"


@dataclass(frozen=True, slots=True)
class Rollback:
    """
    id                 of the rollout that was taken back
    flag               its flag
    service            whose metrics tell of both versions: the flag itself where it is no service's
    control            the version that users have again; candidate: the one that was taken back
    percentage         of the users who had the candidate
    at                 when it was decided (epoch seconds)
    by                 `machine:tick`, or who asked for it
    verdict            what it was based on, None when a person asked for it
    generation         of the snapshot that takes it back; `generation_before` had the split
    error_limit        failures a request that the plan bears, 0..1
    usual              what they rarely exceeded before the rollout; None where nobody knows
    incidents          ids of those of the candidate
    last_candidate_at  the end of the last slot in which the candidate served somebody
    checked_at         when it was looked at last
    """

    id: str
    flag: str
    service: str
    control: str
    candidate: str
    percentage: float
    at: float
    by: str
    reason: str
    generation_before: int
    generation: int
    quarantined: bool
    error_limit: float
    usual: float | None = None
    verdict: Mapping[str, Any] | None = None
    flags: tuple[Restored, ...] = ()
    checks: tuple[Check, ...] = ()
    incidents: tuple[str, ...] = ()
    last_candidate_at: float = 0.0
    checked_at: float = 0.0

    @property
    def status(self) -> Status:
        """Failed once a check has; ok when all are."""
        found = {check.status for check in self.checks}
        for status in (Status.FAILED, Status.PENDING, Status.UNKNOWN):
            if status in found or (status is Status.PENDING and not found):
                return status
        return Status.OK

    @property
    def verifying(self) -> bool:
        """Whether there is something left to look at."""
        return not self.checks or not all(check.settled for check in self.checks)

    def to_document(self) -> dict[str, Any]:
        """Firestore refuses lists within lists, which differences may hold: they are text."""
        data = {**asdict(self), "type": "rollback", "status": self.status.value}
        nested = {name: canonical(data[name]) for name in ("flags", "checks")}
        return {**data, **nested, "incidents": list(self.incidents), "verifying": self.verifying}

    @staticmethod
    def from_document(data: Mapping[str, Any]) -> Rollback:
        """What a later bundle says beside it is ignored. Raises KeyError, TypeError, ValueError."""
        known = {name: data[name] for name in Rollback.__dataclass_fields__ if name in data}
        read = Rollback(**{**known, "flags": (), "checks": ()})
        return replace(
            read,
            flags=tuple(_restored(each) for each in json.loads(data["flags"])),
            checks=tuple(_check(each) for each in json.loads(data["checks"])),
            incidents=tuple(data["incidents"]),
        )


def with_incidents(rollback: Rollback, found: Iterable[str]) -> Rollback:
    """With these beside those that are known."""
    new = [each for each in found if each not in rollback.incidents]
    return replace(rollback, incidents=(*rollback.incidents, *new)) if new else rollback


def _restored(data: Mapping[str, Any]) -> Restored:
    known = {name: data[name] for name in Restored.__dataclass_fields__ if name in data}
    return Restored(**{**known, "differences": tuple(data["differences"])})


def _check(data: Mapping[str, Any]) -> Check:
    known = {name: data[name] for name in Check.__dataclass_fields__ if name in data}
    return Check(**{**known, "status": Status(data["status"])})
