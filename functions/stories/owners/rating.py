"""A user's vote on a story of their own: 1 to 5 stars, once. Pure.

    no vote yet       it is kept, and counted once for what made the story
    the same vote     answered as the first time
    another one       refused

What was counted can't be taken back, so a vote stays.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from functions.metrics import satisfaction
from functions.metrics.observation import Note
from functions.published import timestamp
from functions.stories.measures import RATING
from functions.stories.versions import BY_FALLBACK, SERVICE

FIELD = "rating"
FEWEST, MOST = 1, 5

Stars = Annotated[int, Field(ge=FEWEST, le=MOST)]


class Rating(BaseModel):
    """What somebody says of a story: the body of a vote."""

    model_config = ConfigDict(extra="forbid", strict=True)

    stars: Stars


@dataclass(frozen=True)
class Vote:
    """How many stars, and when they were given (seconds since the epoch)."""

    stars: int
    at: float

    def to_document(self) -> dict[str, Any]:
        return {"stars": self.stars, "at": timestamp(self.at)}

    def to_json(self) -> dict[str, Any]:
        return {"stars": self.stars, "rated_at": self.at}


@dataclass(frozen=True)
class New:
    """A vote to be kept."""

    vote: Vote


@dataclass(frozen=True)
class Same:
    """This vote was given before."""

    vote: Vote


@dataclass(frozen=True)
class Other:
    """Another vote was given before."""

    vote: Vote


def vote_of(story: Mapping[str, Any]) -> Vote | None:
    """The vote in a story's document."""
    kept = story.get(FIELD)
    return Vote(int(kept["stars"]), kept["at"].timestamp()) if kept else None


def decide(story: Mapping[str, Any], stars: int, now: float) -> New | Same | Other:
    """What a vote on a story is, by what its document holds."""
    before = vote_of(story)
    if before is None:
        return New(Vote(stars, round(now, 3)))
    return Same(before) if before.stars == stars else Other(before)


def note(story: Mapping[str, Any], vote: Vote) -> Note:
    """What a vote counts as: for the arm and the generation that made the story.

    What a fallback wrote, or a version that somebody had chosen for themselves, earns a version
    that is being rolled out neither praise nor blame.
    """
    by_fallback = story["story"]["provenance"].get("fallback", False)
    arm = story["version"] + (BY_FALLBACK if by_fallback else "")
    measures = {RATING: float(vote.stars), **satisfaction.of_stars(vote.stars)}
    return Note(SERVICE, arm, story["generation"], vote.at, measures)
