"""Segments: who belongs to them, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from functions.errors import InvalidArgument
from functions.flags.logic.jsonlogic import compile_rule
from functions.flags.segment import MAXIMUM_USERS, Segment

PRO = {"==": [{"var": "plan"}, "pro"]}

MEMBERS: list[Any] = [
    pytest.param(Segment("s", PRO), "ada", "pro", True, id="by rule"),
    pytest.param(Segment("s", PRO), "ada", "free", False, id="not by rule"),
    pytest.param(Segment("s", PRO, included=("ada",)), "ada", "free", True, id="named"),
    pytest.param(Segment("s", {}, included=("ada",)), "ada", "free", True, id="named only"),
    pytest.param(Segment("s", {}, included=("ada",)), "bo", "pro", False, id="not named"),
    pytest.param(Segment("s", PRO, excluded=("ada",)), "ada", "pro", False, id="excluded"),
    pytest.param(Segment("s", PRO, ("ada",), ("ada",)), "ada", "pro", False, id="excluded wins"),
    pytest.param(Segment("s", {}, included=("ada",)), None, "pro", False, id="nobody"),
    pytest.param(Segment("s", PRO, excluded=("ada",)), None, "pro", True, id="nobody by rule"),
]


@pytest.mark.parametrize(("segment", "user", "plan", "belongs"), MEMBERS)
def test_who_belongs(segment: Segment, user: str | None, plan: str, belongs: bool) -> None:
    segment.check()
    rule = compile_rule(segment.compiled(), "any").rule
    assert rule({"targetingKey": user, "plan": plan}) is belongs


REFUSED: list[Any] = [
    pytest.param(Segment("s", {}), "$.rule", id="nobody at all"),
    pytest.param(Segment("a b", PRO), "$.key", id="key"),
    pytest.param(Segment("flag:x", PRO), "$.key", id="the name of a flag's evaluator"),
    pytest.param(Segment("s", {"nope": 1}), "$.rule.nope", id="unknown operator"),
    pytest.param(Segment("s", PRO, ("a", "a")), "$.included", id="named twice"),
    pytest.param(Segment("s", PRO, ("",)), "$.included", id="empty user"),
    pytest.param(
        Segment("s", PRO, excluded=tuple(map(str, range(MAXIMUM_USERS + 1)))),
        "$.excluded",
        id="too many users",
    ),
]


@pytest.mark.parametrize(("segment", "path"), REFUSED)
def test_a_mistake_is_named_with_its_path(segment: Segment, path: str) -> None:
    with pytest.raises(InvalidArgument) as refusal:
        segment.check()
    assert refusal.value.extra["path"] == path


def test_a_segment_fits_twice_into_a_document() -> None:
    users = [f"{number:0250d}" for number in range(1_200)]
    half = Segment("s", PRO, included=tuple(users[:600]))
    half.check()
    with pytest.raises(InvalidArgument, match="262,144 are allowed"):
        half.edited({"excluded": users[600:]}).check()


def test_a_segment_is_stored_and_read_back() -> None:
    segment = Segment("s", PRO, ("ada",), ("bo",), "who pays", 3)
    assert Segment.from_document(segment.to_document()) == segment
    assert segment.edited({"included": ["cy"]}) == Segment(
        "s", PRO, ("cy",), ("bo",), "who pays", 4
    )
