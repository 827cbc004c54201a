"""What people read before they agree."""

from __future__ import annotations

from typing import Any

from cli.shown import plans as shown

NONE: dict[str, Any] = {"flags": [], "segments": []}


def item(key: str, change: str, *differences: dict[str, Any], warning: str = "") -> dict[str, Any]:
    warnings = [warning] if warning else []
    return {"key": key, "change": change, "differences": differences, "warnings": warnings}


def plan(**more: Any) -> dict[str, Any]:
    problems = len(more.get("problems", ()))
    return {**NONE, "problems": [], "problem_count": problems, "missing": NONE, **more}


def test_a_plan() -> None:
    owner = {"path": "$.owner", "before": "", "after": "me"}
    flags = [
        item("new", "create", {"path": "$.definition", "after": {"state": "ENABLED"}}),
        item("old", "change", owner, warning="It is killed here."),
        item("a", "same"),
    ]
    found = plan(flags=flags, segments=[item("beta", "create"), item("b", "same")])
    assert shown.plan(found, "Into production:").splitlines() == [
        "Into production:",
        "",
        "create flag new",
        '  + state: "ENABLED"',
        "",
        "change flag old",
        '  - owner: ""',
        '  + owner: "me"',
        "  ! It is killed here.",
        "",
        "create segment beta",
        "",
        "1 flag and 1 segment are the same already.",
    ]
    assert not shown.nothing_to_do(found)
    assert shown.done({**found, "generation": 7}) == (
        "1 flag and 1 segment created, 1 flag changed. Generation 7 is being served."
    )


def test_nothing_to_do() -> None:
    found = plan(flags=[item("a", "same")])
    assert shown.nothing_to_do(found)
    assert shown.plan(found, "Into x:").endswith("1 flag is the same already.")


def test_what_is_in_the_way() -> None:
    problems = [
        {"path": "$.flags.a", "problem": "There is no flag a.", "remedy": "Leave it out."},
        {"path": "$.flags.b.owner", "problem": "Too long.", "remedy": ""},
    ]
    missing = {"flags": ["x"], "segments": ["y", "z"]}
    found = plan(problems=problems, problem_count=5, missing=missing)
    assert shown.plan(found, "Into x:").splitlines()[2:] == [
        "5 problems in the way:",
        "  $.flags.a: There is no flag a.",
        "    Leave it out.",
        "  $.flags.b.owner: Too long.",
        "  and 3 more",
        "",
        "Not there: the flag x, the segment y, the segment z.",
    ]


def test_a_clean_up() -> None:
    def step(key: str, action: str, **more: Any) -> dict[str, Any]:
        return {"key": key, "action": action, "kept": None, "reasons": [], "warnings": [], **more}

    reason = {"kind": "ended", "since": 0.0, "sentence": "It was to be gone by 2026-01-01."}
    steps = [
        step("old", "archive", reasons=[reason], warnings=["It was evaluated once."]),
        step("new", "keep", kept="It is not stale.", reasons=[reason]),
    ]
    assert shown.clean_up({"plan": steps}).splitlines() == [
        "archive old",
        "  It was to be gone by 2026-01-01.",
        "  ! It was evaluated once.",
        "keep    new",
        "  It is not stale.",
    ]
    assert shown.cleaned_up({"plan": steps, "generation": 7}) == (
        "1 flag archived. Generation 7 is being served."
    )
