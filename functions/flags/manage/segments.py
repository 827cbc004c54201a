"""The changes to segments, as decisions for `commit_change`. A segment's edit reaches all flags
that refer to it, in the same commit."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from functions.changes import Decision, Entry, View
from functions.documents import Document, Write
from functions.errors import AlreadyExists, FailedPrecondition, NotFound
from functions.flags.manage import history
from functions.flags.manage.publish import SEGMENTS_COLLECTION, publish, save_segment
from functions.flags.publication import Edit
from functions.flags.segment import Segment
from functions.flags.validation import check_key
from functions.published import FLAGS

MAXIMUM_SEGMENTS = 500

Decide = Callable[[View], Decision]


def create_segment(segment: Segment) -> Decide:
    """Raises InvalidArgument, AlreadyExists or FailedPrecondition (too many)."""
    segment.check()

    def decide(view: View) -> Decision:
        if view.get(view.scope.doc(SEGMENTS_COLLECTION, segment.key)):
            raise AlreadyExists(f"The segment {segment.key!r} exists already.")
        require_room(view, 1)
        return _decision(view, None, "segment.create", None, segment)

    return decide


def require_room(view: View, added: int) -> None:
    """Raises FailedPrecondition when an environment would hold too many segments."""
    evaluators = view.part(FLAGS).get("document", {}).get("$evaluators", {})
    if len(evaluators) + added > MAXIMUM_SEGMENTS:
        raise FailedPrecondition(
            f"An environment holds at most {MAXIMUM_SEGMENTS} segments and prerequisites.",
            remedy="Delete segments that are no longer used.",
        )


def edit_segment(key: str, based_on: int, changes: Mapping[str, Any]) -> Decide:
    """`changes` are entries of the segment's content; what is absent stays as it is.

    Raises NotFound, InvalidArgument or GenerationConflict.
    """

    def decide(view: View) -> Decision:
        document, segment = read_segment(view, key)
        edited = segment.edited(changes)
        history.require_revision(f"The segment {key!r}", segment, based_on, edited)
        edited.check()
        return _decision(view, document, "segment.edit", segment, edited)

    return decide


def restore_segment(key: str, based_on: int, to: int) -> Decide:
    """Brings back what it was at the revision `to`. Raises NotFound, or what an edit raises."""

    def decide(view: View) -> Decision:
        document, segment = read_segment(view, key)
        restored = segment.edited(history.content_at(view, document.path, to))
        history.require_revision(f"The segment {key!r}", segment, based_on, restored)
        restored.check()
        return _decision(view, document, "segment.restore", segment, restored)

    return decide


def delete_segment(key: str, based_on: int) -> Decide:
    """The segment and its history go for good; the audit trail keeps what it was.

    Raises NotFound, GenerationConflict or FailedPrecondition (a flag or a segment refers to it).
    """

    def decide(view: View) -> Decision:
        document, segment = read_segment(view, key)
        history.require_revision(f"The segment {key!r}", segment, based_on, segment)
        return Decision(
            writes=[Write.delete(document), *history.deletions(view, document.path)],
            parts=publish(view, Edit(gone_segments=[key])),
            entries=[Entry("segment.delete", f"segments/{key}", before=segment.to_document())],
            result=segment,
        )

    return decide


def read_segment(view: View, key: str) -> tuple[Document, Segment]:
    """Raises InvalidArgument or NotFound."""
    check_key(key)
    document = view.get(view.scope.doc(SEGMENTS_COLLECTION, key))
    if document is None:
        raise NotFound(f"There is no segment {key!r} in this environment.")
    return document, Segment.from_document(document.data)


def _decision(
    view: View, document: Document | None, action: str, before: Segment | None, after: Segment
) -> Decision:
    entry = Entry(
        action,
        f"segments/{after.key}",
        before=before.to_document() if before else None,
        after=after.to_document(),
    )
    return Decision(
        writes=save_segment(view, document, after),
        parts=publish(view, Edit(segments=[after])),
        entries=[entry],
        result=after,
    )
