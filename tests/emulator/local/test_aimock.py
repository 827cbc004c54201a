"""The stand-in tells stories that Palier's own code takes, through OpenAI's own client."""

from __future__ import annotations

import json
from collections.abc import Iterator

import openai
import pytest

from functions.stories.handlers import HANDLERS
from functions.stories.request import WORDS, Length
from functions.stories.story import read_draft
from local import aimock


@pytest.fixture(scope="module")
def client() -> Iterator[openai.OpenAI]:
    with aimock.running(milliseconds=1, name="openai-tests") as url:
        yield openai.OpenAI(api_key="local", base_url=url, max_retries=0)


def _ask(client: openai.OpenAI, **wish: object) -> str:
    asked = {"theme": "?", "hero": "Mina", "language": "en", "words": WORDS["short"], **wish}
    data = json.dumps(asked, ensure_ascii=False)
    answer = client.responses.create(
        model=aimock.HEALTHY_MODEL,
        instructions="Write.",
        input=[{"role": "user", "content": data}],
    )
    assert answer.usage is not None
    assert answer.usage.output_tokens > 100
    return answer.output_text


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("length", WORDS)
def test_a_story_has_the_words_asked_for(
    client: openai.OpenAI, language: str, length: Length
) -> None:
    least, most = WORDS[length]
    for theme in ("sea", "jardin", "amitié", "robot", "none"):
        draft = read_draft(_ask(client, language=language, theme=theme, words=[least, most]))
        assert least <= sum(len(text.split()) for text in draft.paragraphs) <= most


def test_language_theme_and_hero_show(client: openai.OpenAI) -> None:
    english = read_draft(_ask(client, theme="a story of FRIENDSHIP"))
    french = read_draft(_ask(client, theme="la mer", language="fr", hero="le $& chat"))
    assert english.title == "The Bridge of One Log"
    assert french.title == "Le phare qui clignait deux fois"
    assert "stood Mina, not going forward" in english.paragraphs[0]
    assert "dit le $& chat avant" in french.paragraphs[1]
    assert "{hero}" not in "".join([*english.paragraphs, *french.paragraphs])


def test_the_same_wish_gets_the_same_story(client: openai.OpenAI) -> None:
    assert len({_ask(client, theme="something else") for _ in range(3)}) == 1


def test_a_broken_model_fails_as_openai_does(client: openai.OpenAI) -> None:
    with pytest.raises(openai.NotFoundError) as caught:
        client.responses.create(model=aimock.BROKEN_MODEL, input="{}")
    assert (caught.value.code, caught.value.type) == ("model_not_found", "invalid_request_error")


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("number", [1, 2, 8])
def test_a_story_has_the_chapters_asked_for(
    client: openai.OpenAI, language: str, number: int
) -> None:
    for theme in ("sea", "jardin", "amitié", "robot", "none"):
        text = _ask(client, language=language, theme=theme, chapters=number)
        draft = HANDLERS["one-call-2"].read(text)
        assert len(draft.chapters) == (number if number > 1 else 0)
        assert [each.first for each in draft.chapters] == sorted(
            {each.first for each in draft.chapters}
        )


def test_a_story_is_streamed(client: openai.OpenAI) -> None:
    text, last = "", ""
    for event in client.responses.create(model=aimock.HEALTHY_MODEL, input="{}", stream=True):
        last = event.type
        if event.type == "response.output_text.delta":
            text += event.delta
        if event.type == "response.completed":
            assert event.response.usage is not None
            assert event.response.usage.output_tokens > 100
    assert last == "response.completed"
    assert read_draft(text).title


def test_a_stream_that_is_cut(client: openai.OpenAI) -> None:
    events = client.responses.create(model=aimock.CUT_MODEL, input="{}", stream=True)
    found: list[str] = []

    def read() -> None:
        found.extend(event.delta for event in events if event.type == "response.output_text.delta")

    with pytest.raises(openai.APIConnectionError):
        read()
    pieces = HANDLERS["one-call-1"].pieces("".join(found))
    assert [piece.kind for piece in pieces][:2] == ["title", "paragraph"]


def test_moderation_tells_of_each_text(client: openai.OpenAI) -> None:
    asked = ["a lighthouse", "a massacre at sea", "Mina"]
    answer = client.moderations.create(input=asked, model="omni-moderation-latest")
    assert [result.flagged for result in answer.results] == [False, True, False]
    assert answer.results[1].category_scores.violence > 0.9
