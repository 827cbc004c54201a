"""What every change of a flag or a segment writes beside it: its revision, and the snapshot."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from functions.changes import View
from functions.documents import Document, Write
from functions.flags.flag import Flag
from functions.flags.manage.history import revision_writes
from functions.flags.publication import Edit, published, require_sound
from functions.flags.segment import Segment
from functions.published import FLAGS

FLAGS_COLLECTION = "flags"
SEGMENTS_COLLECTION = "segments"


def publish(view: View, edit: Edit) -> dict[str, Any]:
    """The published parts after the edit.

    Raises InvalidArgument or FailedPrecondition when they would not hold together.
    """
    part = published(view.part(FLAGS), edit)
    require_sound(part, edit)
    return {FLAGS: part}


def publish_moved(view: View, flags: Sequence[Flag]) -> dict[str, Any]:
    """The published parts after splits were moved, which can break nothing: never refused."""
    return {FLAGS: published(view.part(FLAGS), Edit(flags=flags))} if flags else {}


def save_flag(view: View, document: Document | None, flag: Flag) -> tuple[Flag, list[Write]]:
    """The flag with the time of its change, and its writes; a new revision is kept for good."""
    saved = replace(flag, updated_at=view.now)
    path = view.scope.doc(FLAGS_COLLECTION, flag.key)
    return saved, _writes(view, path, document, saved)


def save_segment(view: View, document: Document | None, segment: Segment) -> list[Write]:
    """The writes of a segment; a new revision is kept for good."""
    path = view.scope.doc(SEGMENTS_COLLECTION, segment.key)
    return _writes(view, path, document, segment)


def _writes(view: View, path: str, document: Document | None, thing: Flag | Segment) -> list[Write]:
    data = thing.to_document()
    if document is None:
        return [Write.create(path, data), *revision_writes(view, path, thing)]
    write = Write.update(document, data)
    if document.data["revision"] == thing.revision:
        return [write]
    return [write, *revision_writes(view, path, thing)]
