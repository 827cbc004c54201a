"""What people read of scheduled changes."""

from __future__ import annotations

from typing import Any

from cli.shown import schedules as shown

SCHEDULE: dict[str, Any] = {
    "id": "s-1",
    "flag": "reader",
    "at": 1_800_000_000.0,
    "state": "pending",
    "action": "edit",
    "changes": {"owner": "x", "tags": []},
    "by": "person:ada",
    "reason": "a feast",
    "why": None,
}


def test_schedules() -> None:
    failed = {**SCHEDULE, "id": "s-2", "action": "kill", "state": "failed", "why": "It is gone."}
    assert shown.schedules([SCHEDULE, failed]).splitlines() == [
        "ID   AT (UTC)             FLAG    WHAT              STATE    BY          WHY",
        "s-1  2027-01-15 08:00:00  reader  edit owner, tags  pending  person:ada  a feast",
        "s-2  2027-01-15 08:00:00  reader  kill              failed   person:ada  It is gone.",
    ]
    assert shown.schedules([]) == "No scheduled changes."


def test_one() -> None:
    assert shown.created(SCHEDULE).splitlines() == [
        "s-1: reader at 2027-01-15 08:00:00 UTC: edit owner, tags.",
        "Take it back: palier schedules cancel s-1 --reason ...",
    ]
    assert shown.cancelled(SCHEDULE) == "s-1 is cancelled: reader stays as it is."
