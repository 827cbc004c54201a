"""A version of the story function: an immutable record of everything that decides what it writes.

A version is prompt + model + parameters + handler (the code in this bundle that turns a request
into a call) + fallback. The `content_hash` covers all five, so two versions with one hash behave
alike.
"""

from __future__ import annotations

import hashlib
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from functions.published import canonical

SERVICE = "stories"
FLAG = "stories.version"
"""The flag whose variants are the versions: it chooses the version of each user."""

SWITCH = "stories.enabled"
"""The flag that switches all stories off: killed, or false for a user."""

BY_FALLBACK, PINNED = "+fallback", "+pinned"
"""What was written by a version's fallback model, or for somebody who had chosen the version, is
counted beside the version, never for it. No version has a + in its name."""

SEMVER = (
    r"^(0|[1-9]\d{0,5})\.(0|[1-9]\d{0,5})\.(0|[1-9]\d{0,5})"
    r"(-[0-9A-Za-z][0-9A-Za-z-]*(\.[0-9A-Za-z-]+)*)?$"
)
"""semver.org, without build metadata (two builds of one version would compare equal)."""


class Parameters(BaseModel):
    """What is passed to the model beside the text. `max_output_tokens` bounds cost and length."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    max_output_tokens: Annotated[int, Field(ge=64, le=16_000)]
    temperature: Annotated[float | None, Field(ge=0, le=2)] = None
    top_p: Annotated[float | None, Field(gt=0, le=1)] = None
    reasoning_effort: Literal["none", "minimal", "low", "medium", "high"] | None = None


ModelName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:/-]{0,99}$")]


class NewVersion(BaseModel):
    """What somebody says of a version to create: the body of the admin route and its command.

    `fallback` is another model, asked when the version's own can't be reached.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: Annotated[str, StringConstraints(pattern=SEMVER, max_length=40)]
    prompt: Annotated[str, StringConstraints(min_length=1, max_length=60)]
    model: ModelName
    parameters: Parameters
    handler: Annotated[str, StringConstraints(min_length=1, max_length=60)] = "one-call-1"
    fallback: ModelName | None = None


class StoryVersion(NewVersion):
    """A version as it is published, with the hash of the prompt's text at its creation."""

    prompt_hash: str

    @property
    def content_hash(self) -> str:
        """SHA-256 (hex) over what decides the text; the version's own name is not part of it."""
        content = self.model_dump(mode="json", exclude={"version"}, exclude_none=True)
        return hashlib.sha256(canonical(content).encode()).hexdigest()

    def to_record(self) -> dict[str, Any]:
        """As kept in Firestore and in the published part `services`."""
        return {
            **self.model_dump(mode="json", exclude_none=True),
            "content_hash": self.content_hash,
        }

    @staticmethod
    def from_record(record: dict[str, Any]) -> StoryVersion:
        """The reverse of to_record. Raises ValueError when the record is damaged or was edited."""
        version = StoryVersion.model_validate(
            {name: value for name, value in record.items() if name in StoryVersion.model_fields}
        )
        if record.get("content_hash") != version.content_hash:
            raise ValueError(f"The record of version {version.version} was changed.")
        return version
