"""Generating a story: at once when it is done, or piece by piece while it is being written."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any

from functions import log
from functions.documents import Scope
from functions.identity import Actor
from functions.stories.course import Course
from functions.stories.story import Piece
from functions.stories.studio import Studio, Told


def generate(studio: Studio, scope: Scope, identify: Callable[[], Actor], body: Any) -> Told:
    """Makes one story for the person that `identify` names, as `body` (a StoryOrder) asks.

    Raises Unauthenticated, PermissionDenied (to choose a version), InvalidArgument, SwitchedOff,
    FailedPrecondition (nothing is released), AlreadyExists and InProgress (the idempotency key),
    RateLimited, OutOfMemory, OpenAIError, Timeout, StoreUnavailable, Internal. However it ends, it
    is counted once, but for replays.
    """
    course = Course(studio, scope, stream=False)
    with log.bound(application=scope.application, environment=scope.environment):
        with course.accounted():
            course.begin(identify, body)
            if course.told is None:
                for _ in course.write():
                    pass
    assert course.told is not None
    return course.told


def stream(
    studio: Studio, scope: Scope, identify: Callable[[], Actor], body: Any
) -> Generator[Piece | Told | None, None, None]:
    """The same piece by piece: what is complete, None while nothing is, and the whole at the end.

    Raises at once what `generate` raises before the model is asked, and the rest from the iterator.
    Closing the iterator cancels the call and settles what it cost.
    """
    course = Course(studio, scope, stream=True)
    with log.bound(application=scope.application, environment=scope.environment):
        with course.accounted():
            course.begin(identify, body)
        return log.kept(_events(course))


def _events(course: Course) -> Generator[Piece | Told | None, None, None]:
    if course.told is None:
        with course.accounted():
            yield from course.write()
    else:
        yield from course.told.story.story.pieces
    assert course.told is not None
    yield course.told
