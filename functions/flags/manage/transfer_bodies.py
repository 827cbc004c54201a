"""What people send to bring flags and segments into an environment, and to repair what is
published."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from functions.administration import ChangeBody
from functions.flags.manage.bodies import FlagKey
from functions.flags.manage.confirmation import LENGTH
from functions.flags.transfer import MAXIMUM_ITEMS
from functions.settings import IDENTIFIER

Keys = Annotated[list[FlagKey], Field(max_length=MAXIMUM_ITEMS)]
Environment = Annotated[str, Field(pattern=f"^{IDENTIFIER.pattern}$")]
Token = Annotated[str, Field(min_length=LENGTH, max_length=LENGTH)]


class Confirmed(ChangeBody):
    """Without `confirm` nothing is changed: the answer is the plan, with the token to confirm."""

    confirm: Token | None = None


class Promotion(Confirmed):
    """Flags and segments to bring from the environment before, by key."""

    flags: Keys = Field(default_factory=list)
    segments: Keys = Field(default_factory=list)


class Copy(Promotion):
    """Flags and segments to bring from another environment, by key."""

    source: Environment = Field(alias="from")


class Import(Confirmed):
    """A document in flagd's form, or in that of `GET /v1/export?form=palier`."""

    document: dict[str, Any]


class Synchronization(ChangeBody):
    """With `preview` nothing is repaired."""

    preview: bool = False
