"""What the routes of stories answer."""

from __future__ import annotations

from functions.administration import Answer, ChangeAnswer
from functions.stories.claim import State
from functions.stories.owners.rating import Stars
from functions.stories.story import Story
from functions.stories.versions import Parameters


class KeptStory(Answer):
    """A finished story. `created_at` is in seconds since the epoch."""

    id: str
    created_at: float
    story: Story


class MadeStory(KeptStory):
    """`stored`: it can be read again. `replayed`: this key had made it before."""

    stored: bool
    replayed: bool


class GivenRating(Answer):
    """`rated_at` is in seconds since the epoch."""

    stars: Stars
    rated_at: float


class OwnStory(KeptStory):
    """`rating` is null until its owner gives one."""

    rating: GivenRating | None


class OwnStories(Answer):
    """`next` is the `after` of the following page; null: this is the last."""

    stories: list[OwnStory]
    next: str | None


class RatedStory(GivenRating):
    id: str


class DeletedStory(Answer):
    id: str


class ErasedStories(Answer):
    """How many there were. Not `complete`: there are more; ask again."""

    stories: int
    complete: bool


class StoryError(Answer):
    """Why a story could not be written: codes, no text."""

    code: str
    reason: str | None


class ExportedStory(Answer):
    """All that is kept of a story. `version` is the arm that it was counted for."""

    id: str
    state: State
    version: str
    created_at: float
    expires_at: float
    attempts: int
    story: Story | None
    error: StoryError | None
    rating: GivenRating | None


class Export(Answer):
    """In every state, by id. `next` is the `after` of the following page; null: the last."""

    stories: list[ExportedStory]
    next: str | None


class ErasedUserStories(ErasedStories, ChangeAnswer):
    """The same for an administrator."""


class VersionRecord(Answer):
    """A version as it is kept, with the hashes of its prompt and of all that it is.

    `fallback` is there when it has one.
    """

    version: str
    prompt: str
    model: str
    parameters: Parameters
    handler: str
    fallback: str | None = None
    prompt_hash: str
    content_hash: str


class ShownVersion(VersionRecord):
    """`served`: this bundle can serve it; otherwise `why` says what it lacks."""

    service: str
    created_at: float
    served: bool
    why: str | None


class Versions(Answer):
    versions: list[ShownVersion]


class CreatedVersion(ChangeAnswer):
    version: VersionRecord
