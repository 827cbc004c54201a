"""What is complete in the beginning of an answer, whatever that is."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.stories.handlers import HANDLERS, Handler
from functions.stories.story import NotAStory, Piece

ALL = pytest.mark.parametrize("handler", HANDLERS.values(), ids=HANDLERS)
ANYTHING = st.text(st.characters(categories=None) | st.sampled_from(list('{}[]",:\\')))
"""Halves of characters too."""

STORY = json.dumps(
    {
        "title": "The sea",
        "paragraphs": ["Once.", "Then."],
        "chapters": [{"title": "One", "paragraphs": ["Once.", "Then."]}],
    }
)


@ALL
@given(kept=st.integers(0, len(STORY)), added=ANYTHING)
def test_no_beginning_of_an_answer_is_too_strange(handler: Handler, kept: int, added: str) -> None:
    for text in (added, STORY[:kept] + added):
        assert all(isinstance(piece, Piece) for piece in handler.pieces(text))


@ALL
def test_half_a_character_is_no_piece_and_no_story(handler: Handler) -> None:
    text = '{"title": "The sea", "paragraphs": ["Once \ud83d'
    assert handler.pieces(text) == ()
    with pytest.raises(NotAStory):
        handler.read(text)
