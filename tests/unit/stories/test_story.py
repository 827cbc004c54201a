from __future__ import annotations

import json

import pytest

from functions.stories.story import Draft, NotAStory, Provenance, Story, Usage, read_draft

GOOD = {"title": " The Sea ", "paragraphs": ["One two three.", "Four."]}


def test_a_draft_is_read_and_trimmed() -> None:
    draft = read_draft(json.dumps(GOOD))
    assert draft == Draft(title="The Sea", paragraphs=("One two three.", "Four."))


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("Once upon a time", id="prose"),
        pytest.param("null", id="null"),
        pytest.param(json.dumps({**GOOD, "title": "  "}), id="no title"),
        pytest.param(json.dumps({**GOOD, "paragraphs": []}), id="no paragraph"),
        pytest.param(json.dumps({**GOOD, "paragraphs": ["a", " "]}), id="an empty paragraph"),
        pytest.param(json.dumps({**GOOD, "paragraphs": "One."}), id="paragraphs in one text"),
        pytest.param(json.dumps({**GOOD, "notes": "x"}), id="more than asked"),
        pytest.param(json.dumps({**GOOD, "title": "x" * 201}), id="an endless title"),
    ],
)
def test_not_a_story(text: str) -> None:
    with pytest.raises(NotAStory) as raised:
        read_draft(text)
    assert "Once" not in str(raised.value)


def test_a_story_survives_storing_even_by_a_newer_bundle() -> None:
    provenance = Provenance(
        version="1.2.0",
        content_hash="abc",
        model="gpt-test",
        usage=Usage(input_tokens=1, output_tokens=2),
        attempts=1,
    )
    story = Story.of(read_draft(json.dumps(GOOD)), "en", provenance)
    stored = story.model_dump(mode="json")
    assert Story.model_validate({**stored, "scores": {"length": 1.0}}) == story
    assert story.words == 4
