"""What the demo showed, in figures: from what the clients saw, and what Palier recorded. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from local.demo.traffic import Call

ROLLBACK_LIMIT_SECONDS = 60.0
ENOUGH_STABLE_REQUESTS = 300
USERS_AT_LEAST = 200


@dataclass(frozen=True)
class Recorded:
    """What Palier says of it: events of both rollouts, the audit trail, Cloud Monitoring.

    A transition is {"second", "rollout", "kind", "percentage", "sentence"}.
    """

    began: float
    transitions: Sequence[Mapping[str, Any]]
    audit_verified: bool
    audit_entries: int
    points: int
    points_refused: int


def summarize(
    calls: Sequence[Call], bad: str, good: str, users: int, recorded: Recorded
) -> dict[str, Any]:
    """Everything of `.palier/demo.json`. Times count from the first failed request."""
    on_bad = [call for call in calls if call.version == bad]
    stable = [call for call in calls if call.version not in (bad, good)]
    first = min((call.ended for call in on_bad if not call.ok), default=None)
    decided = _second(recorded.transitions, bad, "rolled_back")
    return {
        "users": users,
        "requests": len(calls),
        "stable_requests": len(stable),
        "stable_failures": sum(not call.ok for call in stable),
        "bad_version": bad,
        "bad_requests": len(on_bad),
        "bad_users": len({call.uid for call in on_bad}),
        "good_version": good,
        "good_requests": sum(call.version == good for call in calls),
        "good_failures": sum(call.version == good and not call.ok for call in calls),
        "seconds_to_decision": _since(first, decided, recorded.began),
        "seconds_to_last_bad_request": _since(
            first, max((call.ended for call in on_bad), default=None), 0.0
        ),
        "released": _second(recorded.transitions, good, "succeeded") is not None,
        "transitions": [dict(each) for each in recorded.transitions],
        "points_in_cloud_monitoring": recorded.points,
        "points_refused": recorded.points_refused,
        "audit_verified": recorded.audit_verified,
        "audit_entries": recorded.audit_entries,
    }


def problems(summary: Mapping[str, Any]) -> list[str]:
    """What is not as it should be; empty when the demo showed what it promises."""
    last_bad = summary["seconds_to_last_bad_request"]
    checks = (
        (
            summary["seconds_to_decision"] is not None,
            f"{summary['bad_version']} was not rolled back.",
        ),
        (
            last_bad is not None and last_bad <= ROLLBACK_LIMIT_SECONDS,
            f"{summary['bad_version']} served its last request {last_bad} s after its first "
            f"failure; {ROLLBACK_LIMIT_SECONDS:g} s are allowed.",
        ),
        (
            summary["stable_failures"] == 0,
            f"{summary['stable_failures']} requests of users on the stable version failed.",
        ),
        (
            summary["stable_requests"] >= ENOUGH_STABLE_REQUESTS,
            f"Only {summary['stable_requests']} requests of users on the stable version.",
        ),
        (summary["users"] >= USERS_AT_LEAST, f"Only {summary['users']} users took part."),
        (summary["released"], f"{summary['good_version']} was not released to everybody."),
        (
            summary["good_failures"] == 0,
            f"{summary['good_failures']} requests of {summary['good_version']} failed.",
        ),
        (summary["points_in_cloud_monitoring"] > 0, "Nothing reached Cloud Monitoring."),
        (summary["points_refused"] == 0, f"{summary['points_refused']} points were refused."),
        (summary["audit_verified"], "The audit trail could not be verified."),
    )
    return [message for holds, message in checks if not holds]


def _second(transitions: Sequence[Mapping[str, Any]], version: str, kind: str) -> float | None:
    for each in transitions:
        if each["rollout"] == version and each["kind"] == kind:
            return float(each["second"])
    return None


def _since(first: float | None, then: float | None, began: float) -> float | None:
    """Seconds between; `then` counts from `began`."""
    if first is None or then is None:
        return None
    return round(began + then - first, 1)
