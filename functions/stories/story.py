"""A story, the draft it is made from, and where it came from."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from functions.stories.request import Language

Title = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
Paragraph = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=4_000)]


class _Value(BaseModel):
    """Fields that a newer bundle added are ignored: old and new ones run side by side."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Draft(BaseModel):
    """What the model is asked to answer with, and nothing else."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    title: Title
    paragraphs: Annotated[tuple[Paragraph, ...], Field(min_length=1, max_length=80)]


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


class Provenance(_Value):
    """Which version made a story, with what, at what cost.

    `content_hash` is the version's; `model` is what the API says it used; `attempts` counts the
    calls sent to it, failed ones included.
    """

    version: str
    content_hash: str
    model: str
    usage: Usage
    attempts: int


class Story(_Value):
    title: Title
    paragraphs: tuple[Paragraph, ...]
    language: Language
    provenance: Provenance

    @property
    def words(self) -> int:
        return sum(len(paragraph.split()) for paragraph in self.paragraphs)

    @staticmethod
    def of(draft: Draft, language: Language, provenance: Provenance) -> Story:
        return Story(
            title=draft.title,
            paragraphs=draft.paragraphs,
            language=language,
            provenance=provenance,
        )
