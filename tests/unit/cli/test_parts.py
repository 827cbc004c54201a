"""A document in parts: nothing is lost, each part holds what it refers to, none is too large."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cli import parts
from cli.parts import MAXIMUM_ITEMS


@st.composite
def documents(draw: st.DrawFn) -> dict[str, Any]:
    """Flags and segments that refer to those before them."""
    segments: dict[str, Any] = {}
    for number in range(draw(st.integers(0, 30))):
        named = draw(st.lists(st.sampled_from(sorted(segments)), max_size=2)) if segments else []
        segments[f"s{number}"] = {"rule": {"or": [{"$ref": name} for name in named]}}
    flags: dict[str, Any] = {}
    for number in range(draw(st.integers(0, 40))):
        ref = [{"$ref": draw(st.sampled_from(sorted(segments)))}] if segments else []
        needs = draw(st.lists(st.sampled_from(sorted(flags)), max_size=2)) if flags else []
        flags[f"f{number}"] = {
            "definition": {"targeting": {"if": [*ref, "on"]}},
            "prerequisites": [{"flag": key, "variants": ["on"]} for key in needs],
        }
    names = draw(st.permutations(sorted(flags)))
    return {"palier": 1, "segments": segments, "flags": {name: flags[name] for name in names}}


@settings(max_examples=30)
@given(documents(), st.integers(10_000, 60_000))
def test_parts(document: dict[str, Any], written_bytes: int) -> None:
    found = parts.parts(document, written_bytes)
    for kind in ("flags", "segments"):
        merged: dict[str, Any] = {}
        for part in found:
            assert part["palier"] == 1
            merged |= part.get(kind, {})
        assert merged == document[kind]
    for part in found:
        for flag in part["flags"].values():
            assert {each["flag"] for each in flag["prerequisites"]} <= part["flags"].keys()
            assert _named(flag) <= part["segments"].keys()
        for segment in part["segments"].values():
            assert _named(segment) <= part["segments"].keys()
    seen: set[str] = set()
    for part in found[:-1]:
        news = part["flags"].keys() | part["segments"].keys()
        assert news - seen, "each part brings something"
        seen |= news


def _named(content: Any) -> set[str]:
    return set(parts._references(content))


def test_nothing_is_split_that_need_not_be() -> None:
    flags: dict[str, Any] = {f"f{number}": {"variants": {}} for number in range(MAXIMUM_ITEMS)}
    document = {"flags": flags, "metadata": {"team": "x"}}
    assert parts.parts(document) == [document]
    [first, second] = parts.parts({**document, "flags": {**flags, "one-more": {}}})
    assert len(first["flags"]) == MAXIMUM_ITEMS
    assert second == {"flags": {"one-more": {}}, "$evaluators": {}, "metadata": {"team": "x"}}


def test_large_contents_are_split() -> None:
    flags = {f"f{number}": {"metadata": {"m": "x" * 100_000}} for number in range(20)}
    found = parts.parts({"flags": flags})
    assert [len(part["flags"]) for part in found] == [6, 6, 6, 2]


@pytest.mark.parametrize(
    "document",
    [
        pytest.param({"flags": []}, id="no object"),
        pytest.param({"flags": {"a": 1}, "$evaluators": "x"}, id="no object of evaluators"),
        pytest.param({}, id="nothing"),
        pytest.param({"palier": 1, "flags": {"a": {"prerequisites": [1, {}]}}}, id="no flags"),
    ],
)
def test_what_is_no_document_is_left_to_the_bundle(document: dict[str, Any]) -> None:
    assert parts.parts(document) == [document]


def test_circles_are_left_to_the_bundle() -> None:
    flags = {
        f"f{number}": {"prerequisites": [{"flag": f"f{(number + 1) % 600}", "variants": ["on"]}]}
        for number in range(600)
    }
    [only] = parts.parts({"palier": 1, "flags": flags})
    assert len(only["flags"]) == 600
