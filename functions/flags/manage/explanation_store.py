"""What an explanation of a flag needs of what is stored: level by level, a read for each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from functions.changes import pointer_path
from functions.documents import Document, Scope, Store
from functions.errors import NotFound
from functions.flags.flag import Flag
from functions.flags.manage.publish import FLAGS_COLLECTION, SEGMENTS_COLLECTION
from functions.flags.manage.stored import stored_flag, stored_segment
from functions.flags.segment import Segment
from functions.flags.why.needs import needs
from functions.published import EMPTY, Pointer

ATTEMPTS = 3
"""So often it is read anew when somebody changes the environment meanwhile."""


@dataclass
class Found:
    """A flag, and by their keys the flags and segments that it needs, of one generation."""

    generation: int
    flags: dict[str, Flag] = field(default_factory=dict)
    segments: dict[str, Segment] = field(default_factory=dict)


def read_for(store: Store, scope: Scope, key: str) -> Found:
    """Raises NotFound, StoreUnavailable, or FailedPrecondition (one of them can't be read)."""
    for _ in range(ATTEMPTS):
        found, last_generation = _read(store, scope, key)
        if found.generation == last_generation:
            break
    if key not in found.flags:
        raise NotFound(f"There is no flag {key!r} in this environment.")
    return found


def _read(store: Store, scope: Scope, key: str) -> tuple[Found, int]:
    """What is there, and the generation when the last of it was read."""
    found: Found | None = None
    flags, segments = {key}, set[str]()
    seen_flags, seen_segments = set[str](), set[str]()
    while True:
        generation, level = _read_level(store, scope, flags, segments)
        found = found or Found(generation)
        found.flags.update(level.flags)
        found.segments.update(level.segments)
        seen_flags |= flags
        seen_segments |= segments
        flags, segments = needs(level.flags.values(), level.segments.values())
        flags, segments = flags - seen_flags, segments - seen_segments
        if not flags and not segments:
            return found, generation


def _read_level(
    store: Store, scope: Scope, flags: Iterable[str], segments: Iterable[str]
) -> tuple[int, Found]:
    pointer = pointer_path(scope)
    flag_paths = [scope.doc(FLAGS_COLLECTION, key) for key in sorted(flags)]
    segment_paths = [scope.doc(SEGMENTS_COLLECTION, key) for key in sorted(segments)]
    documents = store.get_many([pointer, *flag_paths, *segment_paths])
    generation = _generation(documents, pointer)
    level = Found(generation)
    for path in flag_paths:
        document = documents[path]
        if document:
            level.flags[document.id] = stored_flag(document)
    for path in segment_paths:
        document = documents[path]
        if document:
            level.segments[document.id] = stored_segment(document)
    return generation, level


def _generation(documents: Mapping[str, Document | None], pointer: str) -> int:
    document = documents[pointer]
    return Pointer.from_document(document.data).generation if document else EMPTY.generation
