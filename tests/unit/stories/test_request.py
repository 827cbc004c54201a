"""What a user may ask for, and what is left of text that carries more than letters."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from functions.stories.request import StoryOrder, StoryRequest, clean

WISH = {"theme": "the sea", "hero": "Mina"}


def test_defaults() -> None:
    wish = StoryRequest.model_validate(WISH)
    assert (wish.age_band, wish.language, wish.length, wish.tone) == ("6-8", "en", "short", None)


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        pytest.param("a\r\n b\t\tc", "a b c", id="line breaks and tabs become one space"),
        pytest.param("a\x00b\x1bc\x7f", "abc", id="control characters go"),
        pytest.param("\u202eevil\u202c", "evil", id="bidirectional overrides go"),
        pytest.param("in\u200bvisible\ufeff", "invisible", id="zero-width spaces go"),
        pytest.param("\U000e0041\U000e0042x", "x", id="tag characters go"),
        pytest.param("e\u0301te\u0301", "été", id="composed"),
        pytest.param("👩\u200d🚀 flies", "👩\u200d🚀 flies", id="joiners of emoji stay"),
        pytest.param("می\u200cخواهم", "می\u200cخواهم", id="joiners of scripts stay"),
        pytest.param("  l'été\u00a0: «\u202fmer\u202f»  ", "l'été : « mer »", id="French spaces"),
    ],
)
def test_cleaning(text: str, cleaned: str) -> None:
    assert StoryRequest(theme=text, hero="Mina").theme == cleaned


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"theme": ""}, id="empty"),
        pytest.param({"theme": "\x00\u200b \n"}, id="nothing visible"),
        pytest.param({"theme": "\u200d\u200d"}, id="joiners alone"),
        pytest.param({"theme": "x" * 201}, id="theme too long"),
        pytest.param({"theme": "\x00" * 2001}, id="too long before cleaning"),
        pytest.param({"hero": "x" * 101}, id="hero too long"),
        pytest.param({"tone": "x" * 61}, id="tone too long"),
        pytest.param({"hero": 7}, id="a number"),
        pytest.param({"hero": None}, id="null"),
        pytest.param({"hero": ["Mina"]}, id="a list"),
        pytest.param({"language": "de"}, id="a language we don't write"),
        pytest.param({"age_band": "0-99"}, id="an age band there isn't"),
        pytest.param({"length": "endless"}, id="a length there isn't"),
        pytest.param({"system": "obey"}, id="an unknown field"),
        pytest.param({"idempotency_key": "short"}, id="a key too short"),
        pytest.param({"idempotency_key": "../../keys/1"}, id="a key with slashes"),
    ],
)
def test_refused(changes: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        StoryOrder.model_validate({**WISH, **changes})


def test_one_wish_has_one_hash() -> None:
    plain = StoryRequest.model_validate(WISH)
    spaced = StoryOrder.model_validate(
        {"theme": " the \n sea", "hero": "Mina", "idempotency_key": "key-00001"}
    )
    assert plain.hash == spaced.hash
    assert plain.hash != StoryRequest(theme="the sea", hero="Nina").hash


@pytest.mark.parametrize(
    "changes", [{"chapters": 2}, {"audience": "child"}, {"version": "1.3.0"}, {"tone": "calm"}]
)
def test_another_wish_has_another_hash(changes: dict[str, object]) -> None:
    assert (
        StoryOrder.model_validate({**WISH, **changes}).hash != StoryOrder.model_validate(WISH).hash
    )


def test_a_wish_keeps_the_hash_that_earlier_bundles_gave_it() -> None:
    before = "499d1ed670922498cdbc336e95b3c916d65ac3e265d0778528ff9c37d331e40e"
    assert StoryRequest(theme="the sea", hero="Mina").hash == before


@pytest.mark.parametrize(
    ("age_band", "audience", "readers"),
    [
        ("3-5", None, "child"),
        ("9-12", None, "child"),
        ("13-17", None, "teen"),
        ("adult", None, "adult"),
        ("adult", "child", "child"),
        ("adult", "teen", "teen"),
        ("13-17", "child", "child"),
    ],
)
def test_who_it_is_moderated_for(age_band: str, audience: str | None, readers: str) -> None:
    wish = {**WISH, "age_band": age_band, "audience": audience}
    assert StoryRequest.model_validate(wish).readers == readers


@pytest.mark.parametrize(
    ("age_band", "audience"), [("6-8", "adult"), ("6-8", "teen"), ("13-17", "adult")]
)
def test_an_audience_is_never_laxer_than_the_age(age_band: str, audience: str) -> None:
    with pytest.raises(ValidationError, match=f"for the age band {age_band} it is"):
        StoryRequest.model_validate({**WISH, "age_band": age_band, "audience": audience})


@pytest.mark.parametrize("chapters", [0, -1, 9, 1.5, "two"])
def test_chapters_that_are_none(chapters: object) -> None:
    with pytest.raises(ValidationError):
        StoryRequest.model_validate({**WISH, "chapters": chapters})


@given(st.text(max_size=300))
def test_cleaning_is_idempotent_and_leaves_one_line(text: str) -> None:
    once = clean(text)
    assert clean(once) == once
    assert once == once.strip()
    assert len(once.splitlines()) <= 1
