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

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationInfo,
    field_validator,
)

from functions.published import canonical
from functions.stories.versions import SEMVER

Language = Literal["en", "fr"]
AgeBand = Literal["3-5", "6-8", "9-12", "13-17", "adult"]
Audience = Literal["child", "teen", "adult"]
Length = Literal["short", "medium", "long"]

WORDS: dict[Length, tuple[int, int]] = {
    "short": (120, 250),
    "medium": (300, 600),
    "long": (700, 1100),
}
"""Words asked of the model, least and most, by length band."""

AUDIENCES: tuple[Audience, ...] = ("child", "teen", "adult")
"""From the strictest moderation to the laxest."""

OF_AGE: dict[AgeBand, Audience] = {
    "3-5": "child",
    "6-8": "child",
    "9-12": "child",
    "13-17": "teen",
    "adult": "adult",
}
MAXIMUM_CHAPTERS = 8

HASHED = {"theme", "hero", "tone", "age_band", "language", "length"}
ADDED = {"chapters", "audience", "version"}
"""Fields of later bundles: without them a wish keeps the hash that earlier ones gave it."""

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
    chapters: Annotated[
        int | None,
        Field(ge=1, le=MAXIMUM_CHAPTERS, description="Into how many chapters it is divided."),
    ] = None
    audience: Annotated[
        Audience | None,
        Field(description="Who may read or hear it: how strictly it is moderated."),
    ] = None

    @field_validator("audience")
    @classmethod
    def _suits_the_age(cls, audience: Audience | None, given: ValidationInfo) -> Audience | None:
        band = given.data.get("age_band")
        if audience is None or band is None:
            return audience
        suiting = AUDIENCES[: AUDIENCES.index(OF_AGE[band]) + 1]
        if audience not in suiting:
            raise ValueError(f"for the age band {band} it is {' or '.join(suiting)}")
        return audience

    @property
    def _of_age(self) -> Audience:
        return OF_AGE[self.age_band]

    @property
    def readers(self) -> Audience:
        """Who it is moderated for: the audience named, or that of the age band."""
        return self.audience or self._of_age

    @property
    def hash(self) -> str:
        """Same wish, same hash: how a repeated request is told from another one (hex)."""
        wish = self.model_dump(include=HASHED) | self.model_dump(include=ADDED, exclude_none=True)
        return hashlib.sha256(canonical(wish).encode()).hexdigest()


class StoryOrder(StoryRequest):
    """A request as it is sent. The key makes it safe to send again: one key, one story.

    Without a key every request is a new one. REST takes it from the header `Idempotency-Key` too.
    """

    idempotency_key: Annotated[str | None, StringConstraints(pattern=r"^[A-Za-z0-9_-]{8,128}$")] = (
        None
    )
    version: Annotated[
        str | None,
        StringConstraints(pattern=SEMVER, max_length=40),
        Field(description="A version to look at before it is released; takes the role for it."),
    ] = None
