"""Versions are immutable: what is pinned here changes only by adding to it."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from functions.errors import FailedPrecondition, NotFound
from functions.stories import choose, prompt
from functions.stories.choose import Chosen, NothingReleased, Unservable
from functions.stories.handlers import HANDLERS
from functions.stories.model.failure import Cause
from functions.stories.versions import FLAG, NewVersion, StoryVersion

PROMPTS = {
    "tale-1": "723b7080adb0b5009b4aa254bef2a23801a1ec51183b9132f370c476f44956fb",
    "tale-2": "33c247b2fc3f171dc9bb9e79f728ce5607cde3d1285be330aa993b4ffc31dcf2",
    "tale-3": "af4778fcd633c19f519425ff835d71c41ee8c39af2795923de59ccc74bfa545b",
}
"""A prompt that was published keeps its text: a new wording is a new file and a new line here."""

RECORD: dict[str, Any] = {
    "version": "1.2.0",
    "prompt": "tale-1",
    "prompt_hash": prompt.load("tale-1").hash,
    "model": "gpt-test",
    "parameters": {"max_output_tokens": 900},
    "handler": "one-call-1",
}
VERSION = StoryVersion.model_validate(RECORD)


def test_prompts_keep_their_text() -> None:
    assert {name: prompt.load(name).hash for name in prompt.identifiers()} == PROMPTS


@pytest.mark.parametrize("name", ["../../main", "tale-1.md", "", "Tale-1", "tale-99"])
def test_prompts_that_are_not_there(name: str) -> None:
    with pytest.raises(NotFound):
        prompt.load(name)


def test_a_record_comes_back_as_it_was() -> None:
    assert StoryVersion.from_record(VERSION.to_record()) == VERSION


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"model": "gpt-other"}, id="model"),
        pytest.param({"prompt_hash": "0" * 64}, id="prompt"),
        pytest.param({"parameters": {"max_output_tokens": 901}}, id="parameters"),
        pytest.param({"handler": "other"}, id="handler"),
    ],
)
def test_the_hash_covers_what_decides_the_text(changes: dict[str, Any]) -> None:
    assert StoryVersion.model_validate({**RECORD, **changes}).content_hash != VERSION.content_hash
    with pytest.raises(ValueError, match="was changed"):
        StoryVersion.from_record({**VERSION.to_record(), **changes})


def test_the_name_is_not_in_the_hash() -> None:
    renamed = StoryVersion.model_validate({**RECORD, "version": "9.9.9"})
    assert renamed.content_hash == VERSION.content_hash


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"version": "1.2"}, id="not a semver"),
        pytest.param({"version": "1.2.0\n"}, id="a line end"),
        pytest.param({"version": "01.2.0"}, id="a leading zero"),
        pytest.param({"version": "1.2.0+build"}, id="build metadata"),
        pytest.param({"model": ""}, id="no model"),
        pytest.param({"model": "gpt test"}, id="a model with a space"),
        pytest.param({"parameters": {}}, id="no max_output_tokens"),
        pytest.param({"parameters": {"max_output_tokens": 900, "store": True}}, id="storing"),
    ],
)
def test_refused(changes: dict[str, Any]) -> None:
    given = {name: value for name, value in RECORD.items() if name != "prompt_hash"}
    NewVersion.model_validate(given)
    with pytest.raises(ValidationError):
        NewVersion.model_validate({**given, **changes})


class _Says:
    """An evaluator that gives one value."""

    reason = "STATIC"

    def __init__(self, value: object) -> None:
        self.value = value

    def evaluate(self, key: str, context: object) -> _Says:
        assert (key, context) == (FLAG, {"targetingKey": "u1"})
        return self


def _choose(value: object, record: object) -> Chosen | Unservable | NothingReleased:
    return choose.choose(_Says(value), {"stories": {"1.2.0": record}}, "u1")


def test_the_version_of_the_flag_serves() -> None:
    found = _choose("1.2.0", VERSION.to_record())
    assert isinstance(found, Chosen)
    assert found.version == VERSION
    assert found.handler is HANDLERS["one-call-1"]


@pytest.mark.parametrize("value", [None, "", 7, True])
def test_nothing_is_released(value: object) -> None:
    assert _choose(value, VERSION.to_record()) == NothingReleased()


def _record(**changes: Any) -> dict[str, Any]:
    return StoryVersion.model_validate({**RECORD, **changes}).to_record()


@pytest.mark.parametrize(
    ("value", "record"),
    [
        pytest.param("9.9.9", VERSION.to_record(), id="never created"),
        pytest.param("1.2.0", _record(handler="from-the-future"), id="no handler"),
        pytest.param("1.2.0", _record(prompt="from-the-future"), id="no prompt"),
        pytest.param("1.2.0", _record(prompt_hash="0" * 64), id="another text under its name"),
        pytest.param("1.2.0", {**VERSION.to_record(), "model": "x"}, id="edited"),
        pytest.param("1.2.0", {}, id="empty"),
    ],
)
def test_a_version_that_cannot_be_served_is_the_candidates_fault(
    value: str, record: dict[str, Any]
) -> None:
    found = _choose(value, record)
    assert isinstance(found, Unservable)
    assert (found.arm, found.failure.cause) == (value, Cause.CANDIDATE)
    assert found.failure.reason == "bad_version"


def test_a_missing_handler_is_a_clear_refusal() -> None:
    with pytest.raises(FailedPrecondition, match="lacks the handler 'from-the-future' of version"):
        choose.assemble(StoryVersion.model_validate({**RECORD, "handler": "from-the-future"}))
