"""What is stored of flags, segments and API keys, and what of it can't be read."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from functions.changes import View
from functions.documents import Document
from functions.errors import FailedPrecondition
from functions.flags.flag import Flag
from functions.flags.keys import Kind
from functions.flags.manage.keys import KEYS_COLLECTION
from functions.flags.manage.publish import FLAGS_COLLECTION, SEGMENTS_COLLECTION
from functions.flags.segment import Segment
from functions.published import canonical

PAGE = 300
"""Documents read at once: as many as come well within the time of one query."""

DAMAGED = (AttributeError, KeyError, TypeError, ValueError)
"""What reading a document that was damaged raises."""

T = TypeVar("T")
Unreadable = Mapping[str, str]
"""Why each of the documents of a collection that can't be read can't be, by its key."""


@dataclass(frozen=True)
class Stored:
    """By key. `keys` are the records to publish of API keys that are not revoked."""

    flags: Mapping[str, Flag]
    segments: Mapping[str, Segment]
    keys: Mapping[str, Any]
    unreadable_flags: Unreadable
    unreadable_segments: Unreadable
    unreadable_keys: Unreadable


def stored_flag(document: Document) -> Flag:
    """Raises FailedPrecondition when it can't be read."""
    return _required(document, _flag)


def stored_segment(document: Document) -> Segment:
    """Raises FailedPrecondition when it can't be read."""
    return _required(document, _segment)


def read_all(view: View) -> Stored:
    """Raises StoreUnavailable."""
    flags, unreadable_flags = _readable(view, FLAGS_COLLECTION, _flag)
    segments, unreadable_segments = _readable(view, SEGMENTS_COLLECTION, _segment)
    keys, unreadable_keys = _readable(view, KEYS_COLLECTION, _key)
    valid = {key: record for key, record in keys.items() if record is not None}
    return Stored(flags, segments, valid, unreadable_flags, unreadable_segments, unreadable_keys)


def _readable(
    view: View, collection: str, read: Callable[[Document], T]
) -> tuple[dict[str, T], dict[str, str]]:
    readable: dict[str, T] = {}
    unreadable: dict[str, str] = {}
    for document in _documents(view, collection):
        try:
            readable[document.id] = read(document)
        except DAMAGED as error:
            unreadable[document.id] = f"It can't be read ({type(error).__name__})."
    return readable, unreadable


def _documents(view: View, collection: str) -> Iterator[Document]:
    for page in view.pages(view.scope.collection(collection), PAGE):
        yield from page


def _required(document: Document, read: Callable[[Document], T]) -> T:
    try:
        return read(document)
    except DAMAGED as error:
        raise FailedPrecondition(
            f"The document {document.path} can't be read ({type(error).__name__}).",
            remedy="Correct or delete it; POST /api/admin/feature-flags/sync names all such.",
        ) from error


def _flag(document: Document) -> Flag:
    flag = Flag.from_document(document.data)
    _require_own(flag.key, document)
    canonical([flag.content(), flag.published()])
    return flag


def _segment(document: Document) -> Segment:
    segment = Segment.from_document(document.data)
    _require_own(segment.key, document)
    canonical([segment.content(), segment.compiled()])
    return segment


def _key(document: Document) -> dict[str, Any] | None:
    data = document.data
    expires_at = data["expires_at"]
    record = {
        "hash": str(data["hash"]),
        "kind": str(Kind(data["kind"])),
        "expires_at": expires_at.timestamp() if expires_at else None,
    }
    return record if data["revoked_at"] is None else None


def _require_own(key: Any, document: Document) -> None:
    if key != document.id:
        raise ValueError("it holds the key of another")
