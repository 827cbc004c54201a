"""What people read of what differs, and of what has had its time."""

from __future__ import annotations

from typing import Any

from cli.shown import upkeep as shown

SAME: dict[str, list[str]] = {"missing": [], "extra": [], "different": []}


def synchronized(preview: bool = False, **more: Any) -> list[str]:
    repaired = {"flags": SAME, "segments": SAME, "keys": SAME, "client": [], "parts": []}
    repaired |= {name: more.pop(name) for name in list(more) if name in repaired}
    found = {"in_sync": False, "preview": preview, "unreadable": [], "generation": 7, **more}
    return shown.synchronized({**found, "repaired": repaired}).splitlines()


def test_in_sync() -> None:
    assert synchronized(in_sync=True) == ["What is published is what is stored."]


def test_what_was_repaired() -> None:
    many = {**SAME, "missing": [f"f{number}" for number in range(12)], "extra": ["gone"]}
    assert synchronized(flags=many, client=["a", "b"], parts=["services"]) == [
        "Repaired:",
        "  flags not published                         f0, f1, f2, f3, f4, f5, f6, f7, f8, f9 "
        "and 2 more",
        "  flags published, not stored                 gone",
        "  flags marked for clients in one of the two  a, b",
        "  parts missing or damaged                    services",
        "Generation 7 is being served.",
    ]


def test_a_preview_with_what_cannot_be_read() -> None:
    unreadable = [{"document": "flags/x", "problem": "It has no definition."}]
    assert synchronized(True, keys={**SAME, "different": ["k"]}, unreadable=unreadable) == [
        "It differs:",
        "  keys published otherwise  k",
        "Left alone, since it can't be read:",
        "  flags/x: It has no definition.",
        "Nothing was changed.",
    ]


def flag(key: str, **more: Any) -> dict[str, Any]:
    reasons = [{"kind": "ended", "since": 0.0, "sentence": "It was to be gone by 2026-01-01."}]
    known = {"owner": "us", "killed": False, "last_evaluated_at": 1_800_000_000.0, "used_by": []}
    return {"key": key, "reasons": reasons, "can_be_archived": True, **known, **more}


def test_stale_flags() -> None:
    flags = [
        flag("a"),
        flag("b", owner="", last_evaluated_at=None, can_be_archived=False, used_by=["flag a"]),
        flag("c", can_be_archived=False, killed=True),
    ]
    found = {"flags": flags, "counting_since": 1_800_000_000.0, "flagd_fetched_at": 1_800_000_000.0}
    assert shown.stale(found).splitlines() == [
        "KEY  OWNER  LAST EVALUATED (UTC)  WHY",
        "a    us     2027-01-15 08:00:00   It was to be gone by 2026-01-01.",
        "b    -      never                 It was to be gone by 2026-01-01. Kept by flag a.",
        "c    us     2027-01-15 08:00:00   It was to be gone by 2026-01-01. "
        "Kept while it is killed.",
        "",
        "Evaluations are counted since 2027-01-15 08:00:00 UTC.",
        "flagd fetched the flags at 2027-01-15 08:00:00 UTC; what is evaluated there is not "
        "counted.",
        "Archive them: palier flags clean-up a",
    ]


def test_no_stale_flags() -> None:
    found: dict[str, Any] = {"flags": [], "counting_since": None, "flagd_fetched_at": None}
    assert shown.stale(found).splitlines() == [
        "No flag has had its time.",
        "Evaluations have not been counted yet.",
    ]
