"""The code half of a version: how a request becomes a call to the model, and an answer a draft.

A version names its handler, so two versions may differ in code. A handler, once released, keeps its
behaviour; another behaviour is another name here.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Protocol

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError
from pydantic_core import from_json

from functions.stories.prompt import Prompt
from functions.stories.request import MAXIMUM_CHAPTERS, WORDS, StoryRequest
from functions.stories.story import (
    Chapter,
    Draft,
    NotAStory,
    Paragraphs,
    Piece,
    Title,
    read_draft,
)
from functions.stories.versions import Parameters, StoryVersion


@dataclass(frozen=True)
class ModelCall:
    """One call to a model, in no vendor's shape.

    `instructions` are ours; `data` is a JSON text with all that the user wrote, and nothing else
    carries any of it. `user` is a keyed hash of the user. `cache_key` groups calls that begin with
    the same instructions. `fallback` is the model to ask when `model` can't be reached.
    """

    model: str
    instructions: str
    data: str
    schema_name: str
    schema: Mapping[str, Any]
    parameters: Parameters
    user: str
    cache_key: str
    fallback: str | None = None


class Handler(Protocol):
    """Pure: it sees values only, and the adapter does the calling."""

    def compose(
        self, version: StoryVersion, prompt: Prompt, request: StoryRequest, user: str
    ) -> ModelCall: ...

    def read(self, text: str) -> Draft:
        """Raises NotAStory."""
        ...

    def pieces(self, text: str) -> tuple[Piece, ...]:
        """What is complete in the beginning of an answer's text: a beginning of what `read` makes
        of the whole. Never raises; costs some µs a kilobyte."""
        ...


def _list(items: Mapping[str, Any]) -> Mapping[str, Any]:
    return {"type": "array", "items": items}


TEXT: Mapping[str, Any] = {"type": "string"}
TEXTS = _list(TEXT)


def _object(**properties: Mapping[str, Any]) -> Mapping[str, Any]:
    """As structured answers have it: every field is there, and no other."""
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


class OneCall:
    """The whole story in one structured answer. A wish for chapters is ignored."""

    SCHEMA: Mapping[str, Any] = _object(title=TEXT, paragraphs=TEXTS)

    def compose(
        self, version: StoryVersion, prompt: Prompt, request: StoryRequest, user: str
    ) -> ModelCall:
        return ModelCall(
            model=version.model,
            instructions=prompt.text,
            data=json.dumps(self.data(request), ensure_ascii=False),
            schema_name="story",
            schema=self.SCHEMA,
            parameters=version.parameters,
            user=user,
            cache_key=f"stories-{version.content_hash[:16]}",
            fallback=version.fallback,
        )

    def data(self, request: StoryRequest) -> dict[str, Any]:
        return {
            "theme": request.theme,
            "hero": request.hero,
            "tone": request.tone,
            "age_band": request.age_band,
            "language": request.language,
            "words": WORDS[request.length],
        }

    def read(self, text: str) -> Draft:
        return read_draft(text)

    def pieces(self, text: str) -> tuple[Piece, ...]:
        told = _begun(text)
        return (*_titled("title", told), *_paragraphs(told))


class Chapters(OneCall):
    """The whole story in one structured answer, in chapters: one without a title when the wish
    names none."""

    SCHEMA: Mapping[str, Any] = _object(
        title=TEXT, chapters=_list(_object(title={"type": ["string", "null"]}, paragraphs=TEXTS))
    )

    def data(self, request: StoryRequest) -> dict[str, Any]:
        return {
            **super().data(request),
            "audience": request.readers,
            "chapters": request.chapters or 1,
        }

    def read(self, text: str) -> Draft:
        return _divided(text)

    def pieces(self, text: str) -> tuple[Piece, ...]:
        told = _begun(text)
        found = list(_titled("title", told))
        chapters = told.get("chapters")
        for chapter in chapters if isinstance(chapters, list) else ():
            if isinstance(chapter, dict):
                found += _titled("title", chapter, kind="chapter")
                found += _paragraphs(chapter)
        return tuple(found)


HANDLERS: Mapping[str, Handler] = {"one-call-1": OneCall(), "one-call-2": Chapters()}


class _WrittenChapter(BaseModel):
    model_config = ConfigDict(extra="forbid")

    title: Annotated[str, StringConstraints(strip_whitespace=True, max_length=200)] | None
    paragraphs: Paragraphs


class _Written(BaseModel):
    model_config = ConfigDict(extra="forbid")

    title: Title
    chapters: Annotated[list[_WrittenChapter], Field(min_length=1, max_length=4 * MAXIMUM_CHAPTERS)]


def _divided(text: str) -> Draft:
    """The draft in an answer in chapters. Raises NotAStory, without quoting the text."""
    try:
        written = _Written.model_validate_json(text)
        titles: list[Chapter] = []
        paragraphs: list[str] = []
        for chapter in written.chapters:
            if chapter.title:
                titles.append(Chapter(title=chapter.title, first=len(paragraphs)))
            paragraphs += chapter.paragraphs
        return Draft(title=written.title, paragraphs=tuple(paragraphs), chapters=tuple(titles))
    except ValidationError as error:
        raise NotAStory(f"{error.error_count()} problems") from None


def _begun(text: str) -> dict[str, Any]:
    """The beginning of a JSON object, without the string that is still being written."""
    try:
        told = from_json(text, allow_partial=True)
    except (ValueError, TypeError):  # no JSON, or half a character
        return {}
    return told if isinstance(told, dict) else {}


def _titled(
    name: str, told: Mapping[str, Any], *, kind: Literal["title", "chapter"] = "title"
) -> Iterator[Piece]:
    title = told.get(name)
    if isinstance(title, str) and title.strip():
        yield Piece(kind=kind, text=title.strip())


def _paragraphs(told: Mapping[str, Any]) -> Iterator[Piece]:
    paragraphs = told.get("paragraphs")
    for paragraph in paragraphs if isinstance(paragraphs, list) else ():
        if isinstance(paragraph, str) and paragraph.strip():
            yield Piece(kind="paragraph", text=paragraph.strip())
