"""What a user asks for. Typed, capped and cleaned before anything else sees it.

Control characters are not refused: people paste text that carries them. Line breaks and tabs
become one space, every other control, format, surrogate, private or unassigned character goes,
and what is left must still say something. Bidirectional overrides and zero-width spaces are
format characters, so they go too; the joiners that emoji and several scripts need are kept.
"""

from __future__ import annotations

import hashlib
import unicodedata
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from functions.published import canonical

Language = Literal["en", "fr"]
AgeBand = Literal["3-5", "6-8", "9-12", "13-17", "adult"]
Length = Literal["short", "medium", "long"]

WORDS: dict[Length, tuple[int, int]] = {
    "short": (120, 250),
    "medium": (300, 600),
    "long": (700, 1100),
}
"""Words asked of the model, least and most, by length band."""

KEPT_FORMAT_CHARACTERS = frozenset("\u200c\u200d")
RAW_LIMIT = 2_000
"""Characters of a field looked at before cleaning: cleaning only ever shortens what is shown."""


def clean(value: Any) -> Any:
    """One line of NFC text without invisible characters. Other types are left to pydantic."""
    if not isinstance(value, str):
        return value
    if len(value) > RAW_LIMIT:
        raise ValueError(f"at most {RAW_LIMIT} characters")
    text = unicodedata.normalize("NFC", value)
    visible = "".join(
        character
        for character in (" " if character.isspace() else character for character in text)
        if character in KEPT_FORMAT_CHARACTERS
        or not unicodedata.category(character).startswith("C")
    )
    return " ".join(visible.split())


def _says_something(value: Any) -> Any:
    """A text of joiners alone would pass a length check and say nothing."""
    text = clean(value)
    if isinstance(text, str) and not text.strip("".join(KEPT_FORMAT_CHARACTERS)):
        raise ValueError("must not be empty")
    return text


Cleaned = BeforeValidator(_says_something)


class StoryRequest(BaseModel):
    """A wish for a story."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    theme: Annotated[str, Cleaned, Field(max_length=200, description="What it is about.")]
    hero: Annotated[str, Cleaned, Field(max_length=100, description="Who it is about.")]
    tone: Annotated[
        Annotated[str, Field(max_length=60)] | None,
        BeforeValidator(clean),
        Field(description="How it sounds."),
    ] = None
    age_band: AgeBand = "6-8"
    language: Language = "en"
    length: Length = "short"

    @property
    def hash(self) -> str:
        """Same wish, same hash: how a repeated request is told from another one (hex)."""
        wish = self.model_dump(include=set(StoryRequest.model_fields))
        return hashlib.sha256(canonical(wish).encode()).hexdigest()


class StoryOrder(StoryRequest):
    """A request as it is sent. The key makes it safe to send again: one key, one story.

    Without a key every request is a new one. REST takes it from the header `Idempotency-Key` too.
    """

    idempotency_key: Annotated[str | None, StringConstraints(pattern=r"^[A-Za-z0-9_-]{8,128}$")] = (
        None
    )
