"""A story, the draft it is made from, and where it came from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from functions.stories.request import Language

Title = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
Paragraph = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=4_000)]
Paragraphs = Annotated[tuple[Paragraph, ...], Field(min_length=1, max_length=80)]


class _Value(BaseModel):
    """Fields that a newer bundle added are ignored: old and new ones run side by side."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Piece(_Value):
    """A part of a story that is complete, while the rest is being written."""

    kind: Literal["title", "chapter", "paragraph"]
    text: str


class Chapter(_Value):
    """`first` is the index of its first paragraph, counted from 0."""

    title: Title
    first: int


class Draft(BaseModel):
    """What a model's answer comes to."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    title: Title
    paragraphs: Paragraphs
    chapters: tuple[Chapter, ...] = ()

    @property
    def texts(self) -> tuple[str, ...]:
        """All that a reader gets to see."""
        return (self.title, *(chapter.title for chapter in self.chapters), *self.paragraphs)


class NotAStory(Exception):
    """The model's text isn't a draft. Carries none of it."""


def read_draft(text: str) -> Draft:
    """The draft in a model's answer. Raises NotAStory, without quoting the text."""
    try:
        return Draft.model_validate_json(text)
    except ValidationError as error:
        raise NotAStory(f"{error.error_count()} problems") from None


class Usage(_Value):
    """Tokens billed for a story."""

    input_tokens: int = 0
    output_tokens: int = 0


Mark = Literal["passed", "unavailable"]
"""What moderation came to: nothing objectionable, or nobody could say and it was let through."""


class Moderation(_Value):
    """Of the wish, and of the story."""

    wish: Mark = "passed"
    story: Mark = "passed"


class Provenance(_Value):
    """Which version made a story, with what, at what cost.

    `content_hash` is the version's; `model` is what the API says it used; `fallback` tells that it
    isn't the version's own. `attempts` counts the calls sent, failed ones included;
    `cost_microdollars` is their price by the table at that time. `scores` are the sub-scores of
    quality, 0 to 1.
    """

    version: str
    content_hash: str
    model: str
    usage: Usage
    attempts: int
    fallback: bool = False
    cost_microdollars: int = 0
    scores: Mapping[str, float] = Field(default_factory=dict)
    moderation: Moderation = Moderation()


class Story(_Value):
    title: Title
    paragraphs: tuple[Paragraph, ...]
    chapters: tuple[Chapter, ...] = ()
    language: Language
    provenance: Provenance

    @property
    def words(self) -> int:
        return sum(len(paragraph.split()) for paragraph in self.paragraphs)

    @property
    def pieces(self) -> tuple[Piece, ...]:
        """What a stream tells of it, in order."""
        titles = {chapter.first: chapter.title for chapter in self.chapters}
        told = [Piece(kind="title", text=self.title)]
        for index, paragraph in enumerate(self.paragraphs):
            if index in titles:
                told.append(Piece(kind="chapter", text=titles[index]))
            told.append(Piece(kind="paragraph", text=paragraph))
        return tuple(told)

    @staticmethod
    def of(draft: Draft, language: Language, provenance: Provenance) -> Story:
        return Story(
            title=draft.title,
            paragraphs=draft.paragraphs,
            chapters=draft.chapters,
            language=language,
            provenance=provenance,
        )
