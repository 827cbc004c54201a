"""What the routes of stories answer."""

from __future__ import annotations

from functions.administration import Answer, ChangeAnswer
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


class OwnStories(Answer):
    stories: list[KeptStory]


class VersionRecord(Answer):
    """A version as it is kept, with the hashes of its prompt and of all that it is."""

    version: str
    prompt: str
    model: str
    parameters: Parameters
    handler: str
    prompt_hash: str
    content_hash: str


class ShownVersion(VersionRecord):
    service: str
    created_at: float


class Versions(Answer):
    versions: list[ShownVersion]


class CreatedVersion(ChangeAnswer):
    version: VersionRecord
