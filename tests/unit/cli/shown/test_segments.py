"""What people read of segments."""

from __future__ import annotations

from typing import Any

from cli.shown import segments as shown

SEGMENT: dict[str, Any] = {
    "key": "beta",
    "revision": 3,
    "rule": {"ends_with": [{"var": "email"}, "@beta.example.com"]},
    "included": ["ada", "bob"],
    "excluded": [],
    "description": "Who has signed up.",
}


def test_segments() -> None:
    bare = {**SEGMENT, "key": "b", "rule": {}, "description": ""}
    assert shown.segments([SEGMENT, bare]).splitlines() == [
        "KEY   REVISION  INCLUDED  EXCLUDED  RULE                                      DESCRIPTION",
        'beta  3         2         0         {"ends_with": [{"var": "email"}, "@be...  '
        "Who has signed up.",
        "b     3         2         0         -",
    ]
    assert shown.segments([]) == "No segments yet."


def test_a_segment() -> None:
    assert shown.segment({**SEGMENT, "used_by": ["flag reader"]}).splitlines() == [
        "beta",
        "Who has signed up.",
        "",
        '  rule      {"ends_with": [{"var": "email"}, "@beta.example.com"]}',
        "  included  ada, bob",
        "  used by   flag reader",
        "  revision  3",
    ]
    assert "used by   nothing" in shown.segment({**SEGMENT, "used_by": []})
