"""What becomes of flags and segments that are brought into an environment."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from functions.errors import InvalidArgument, PayloadTooLarge
from functions.flags.flag import Flag
from functions.flags.publication import FLAG, SEGMENT, published
from functions.flags.segment import Segment
from functions.flags.split import Split
from functions.flags.transfer import (
    Plan,
    Problem,
    Wanted,
    environment_before,
    in_flagd,
    in_lossless,
    missing,
    planned,
    standing,
)

DEFINITION = {"state": "ENABLED", "variants": {"on": True, "off": False}, "defaultVariant": "off"}
HERE = Flag("f", DEFINITION, revision=7, owner="us")
PRO = Segment("pro", {"==": [{"var": "plan"}, "pro"]}, revision=3)


def plan(here: Flag | Segment | None, content: dict[str, Any], **more: Any) -> Plan:
    if isinstance(here, Segment):
        return planned(Wanted(segments={"pro": content}, **more), {}, {"pro": here}, in_lossless)
    flags = {"f": here} if here else {}
    return planned(Wanted(flags={"f": content}, **more), flags, {}, in_lossless)


def test_a_new_flag() -> None:
    made = plan(None, {"definition": DEFINITION, "owner": "them"})
    assert made.flags[0].to_dict() == {
        "key": "f",
        "change": "create",
        "differences": [
            {"path": "$.definition", "after": DEFINITION},
            {"path": "$.owner", "after": "them"},
        ],
        "warnings": [],
    }
    assert made.edit.flags == [Flag("f", DEFINITION, owner="them")]
    assert (made.added(FLAG), made.added(SEGMENT)) == (1, 0)


def test_a_changed_flag_keeps_where_it_stands() -> None:
    here = replace(HERE, killed=True, split=Split("r-1", "salt", "off", "on", 10))
    made = plan(here, {"definition": {**DEFINITION, "defaultVariant": "on"}})
    [item] = made.flags
    assert item.change == "change"
    assert [each.to_dict() for each in item.differences] == [
        {"path": "$.definition.defaultVariant", "before": "off", "after": "on"}
    ]
    assert (item.after.revision, item.after.owner) == (8, "us")
    assert (item.after.killed, item.after.split) == (True, here.split)
    assert [text.split()[:3] for text in item.warnings] == [
        ["It", "is", "killed"],
        ["The", "rollout", "r-1"],
    ]


def test_the_same_flag_is_left_alone() -> None:
    made = plan(replace(HERE, archived=True), {"definition": DEFINITION}, warnings={"f": ["no"]})
    [item] = made.flags
    assert (item.change, item.after.revision, list(item.warnings)) == ("same", 7, [])
    assert not made.edit.flags


def test_an_archived_flag_is_warned_of() -> None:
    [item] = plan(replace(HERE, archived=True), {"owner": "them"}, warnings={"f": ["more"]}).flags
    assert item.after.archived
    assert [text.split()[2] for text in item.warnings[:1]] == ["archived"]
    assert item.warnings[1] == "more"


def test_a_changed_segment() -> None:
    [item] = plan(PRO, {"included": ["anna"]}).segments
    assert (item.change, item.after.revision) == ("change", 4)
    assert [each.to_dict() for each in item.differences] == [
        {"path": "$.included[0]", "after": "anna"}
    ]
    assert plan(PRO, PRO.content()).segments[0].change == "same"


def test_problems_are_told_all_at_once() -> None:
    early = Problem("$.x", "wrong from the beginning", "do")
    wanted = Wanted(
        flags={
            "f": {"definition": {**DEFINITION, "defaultVariant": "blue"}},
            "g": {"definition": DEFINITION, "tags": ["a", "a"]},
            "-": {"definition": DEFINITION},
        },
        segments={"s": {"rule": {"nonsense": []}}},
        problems=[early],
    )
    made = planned(wanted, {"f": HERE}, {}, in_lossless)
    assert made.problems[0] is early
    assert [each.path for each in made.problems[1:]] == [
        "$.flags.f.definition.defaultVariant",
        "$.flags.g.tags",
        "$.flags['-']",
        "$.segments.s.rule.nonsense",
    ]
    assert made.problems[1].problem == (
        "expected the name of a variant, or null, found a string ('blue')."
    )
    assert not made.edit.flags


def test_what_loses_a_variant_that_a_rollout_uses_is_a_problem() -> None:
    here = replace(HERE, split=Split("r-1", "salt", "off", "on", 10))
    only = {"state": "ENABLED", "variants": {"off": False}}
    [problem] = plan(here, {"definition": only}).problems
    assert problem.path == "$.flags.f.definition.variants"
    assert "r-1" in problem.problem


def test_what_is_too_large_for_a_document_or_a_commit() -> None:
    users = [f"{number:0250d}" for number in range(1_100)]
    [problem] = plan(PRO, {"included": users}).problems
    assert "262,144 are allowed" in problem.problem
    big = {"definition": DEFINITION, "targets": {"on": users[:1_000]}}
    keys = [f"f{number}" for number in range(12)]
    with pytest.raises(PayloadTooLarge, match="at once"):
        planned(Wanted(flags=dict.fromkeys(keys, big)), {}, {}, in_lossless)


def test_what_is_missing() -> None:
    content = {
        "definition": {**DEFINITION, "targeting": {"if": [{"$ref": "beta"}, "on"]}},
        "prerequisites": [{"flag": "base", "variants": ["on"]}],
        "off_variant": "off",
    }
    made = plan(None, content)
    assert missing(made, published({}, made.edit)) == {"flags": ["base"], "segments": ["beta"]}


@pytest.mark.parametrize(
    ("kind", "path", "lossless", "flagd"),
    [
        (FLAG, "$.targeting['if'][0]", "definition.targeting['if'][0]", "targeting['if'][0]"),
        (FLAG, "$.variants", "definition.variants", "variants"),
        (FLAG, "$.prerequisites[0].flag", "prerequisites[0].flag", "prerequisites[0].flag"),
    ],
)
def test_places_of_a_flag(kind: Any, path: str, lossless: str, flagd: str) -> None:
    assert in_lossless(kind, "f", path) == f"$.flags.f.{lossless}"
    assert in_flagd(kind, "f", path) == f"$.flags.f.{flagd}"


def test_places_of_a_segment() -> None:
    assert in_lossless(SEGMENT, "a-b", "$.rule.or[1]") == "$.segments['a-b'].rule.or[1]"
    assert in_flagd(SEGMENT, "ab", "$.rule.or[1]") == "$['$evaluators'].ab.or[1]"


def test_what_a_plan_depends_on() -> None:
    assert standing(None) is None
    known = standing(HERE)
    for other in (
        replace(HERE, revision=8),
        replace(HERE, owner="them"),
        replace(HERE, killed=True),
        replace(HERE, archived=True),
        replace(HERE, split=Split("r-1", "salt", "off", "on", 10)),
    ):
        assert standing(other) != known
    moved = Split("r-1", "salt", "off", "on", 20)
    begun = standing(replace(HERE, split=replace(moved, percentage=10)))
    assert standing(replace(HERE, split=moved, updated_at=5.0)) == begun


def test_the_way_of_a_promotion() -> None:
    assert [environment_before(name) for name in ("production", "staging", "testing")] == [
        "staging",
        "testing",
        "development",
    ]
    for name in ("development", "demo", "elsewhere"):
        with pytest.raises(InvalidArgument, match=f"into {name}"):
            environment_before(name)
