"""What people read of rollouts."""

from __future__ import annotations

from typing import Any

from cli.shown import rollouts as shown

VERDICT = {"kind": "fail", "rule": "evidence", "sentence": "Rolled back: 6 users hit errors."}
ROLLOUT: dict[str, Any] = {
    "id": "r-0123456789ab",
    "flag": "stories.version",
    "control": "1.2.0",
    "candidate": "1.3.0",
    "phase": "rolled_back",
    "percentage": 0.0,
    "created_at": 1_800_000_000.0,
    "decided_at": 1_800_000_060.0,
    "reason": "a better ending",
    "verdict": VERDICT,
    "plan": "canary",
}


def test_rollouts() -> None:
    assert shown.rollouts([ROLLOUT]).splitlines() == [
        "ID              FLAG             CHANGE          PHASE        SHARE  SINCE (UTC)"
        "          WHY",
        "r-0123456789ab  stories.version  1.2.0 -> 1.3.0  rolled back  0 %    2027-01-15 08:01:00"
        "  Rolled back: 6 users hit errors.",
    ]
    pending = {**ROLLOUT, "phase": "pending", "decided_at": 0.0, "verdict": None}
    assert shown.rollouts([pending]).endswith("2027-01-15 08:00:00  a better ending")
    assert shown.rollouts([]) == "No rollouts yet."


def test_one_rollout_with_its_events() -> None:
    event = {
        "number": 1,
        "kind": "rolled_back",
        "at": 1_800_000_060.0,
        "actor": "machine:tick",
        "reason": "",
        "percentage_before": 10.0,
        "percentage": 0.0,
        "verdict": VERDICT,
    }
    whole = {
        **ROLLOUT,
        "plan": {"name": "canary"},
        "preview": ["5 % of users."],
        "events": [event, {**event, "number": 2, "verdict": None, "reason": "by hand"}],
        "now": None,
    }
    assert shown.rollout(whole).splitlines() == [
        "r-0123456789ab: stories.version 1.2.0 -> 1.3.0 is rolled back, "
        "0 % of the users have 1.3.0.",
        "Rolled back: 6 users hit errors.",
        "plan canary: a better ending",
        "  5 % of users.",
        "",
        "#  AT (UTC)             EVENT        SHARE      BY            WHY",
        "1  2027-01-15 08:01:00  rolled back  10 -> 0 %  machine:tick  "
        "Rolled back: 6 users hit errors.",
        "2  2027-01-15 08:01:00  rolled back  10 -> 0 %  machine:tick  by hand",
    ]


def test_success() -> None:
    ended = {**ROLLOUT, "phase": "succeeded", "percentage": 100.0, "verdict": None}
    assert shown.status(ended) == (
        "r-0123456789ab: stories.version 1.2.0 -> 1.3.0 has succeeded, "
        "100 % of the users have 1.3.0."
    )


def test_health() -> None:
    where = {"version": "0.1.0", "application": "main", "environment": "production"}
    fine = {**where, "status": "ok", "generation": 12, "snapshot_age_seconds": 0.4}
    assert shown.health(fine) == (
        "ok: Palier 0.1.0, main/production; generation 12, read 0.4 s ago."
    )
    down = {**where, "status": "down", "generation": None, "snapshot_age_seconds": 0.0}
    assert "flags are not served" in shown.health(down)
