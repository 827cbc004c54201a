"""Rating a story: the vote is kept with the story, then counted for the version that made it.

When the instance dies between the two, or Firestore does not confirm that the vote was kept, the
vote stands and isn't counted: the measure may miss a vote, and never has one twice.
"""

from __future__ import annotations

from typing import Protocol

from functions.documents import Scope
from functions.metrics.observation import Note
from functions.stories.owners.library import Library
from functions.stories.owners.rating import Vote


class Recorder(Protocol):
    def note(self, scope: Scope, note: Note) -> None: ...


def rate(
    library: Library, recorder: Recorder, scope: Scope, owner: str, story_id: str, stars: int
) -> Vote:
    """The vote as it is kept. Raises NotFound, InProgress, AlreadyExists, StoreUnavailable."""
    vote, note = library.vote(scope, owner, story_id, stars)
    if note is not None:
        recorder.note(scope, note)
    return vote
