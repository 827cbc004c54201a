"""The revisions of flags and segments: each edit keeps the whole thing, with who, when and why.

{path of the flag or segment}/revisions/{number}
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Protocol

from functions.changes import View
from functions.documents import Reads, Write
from functions.errors import GenerationConflict, NotFound
from functions.published import canonical, timestamp

KEPT = 200
"""Revisions of one flag. What came before stands in the audit trail."""

USUAL_LIST = 20


class Revised(Protocol):
    """A flag or a segment."""

    @property
    def revision(self) -> int: ...

    def content(self) -> dict[str, Any]: ...

    def switches(self) -> dict[str, bool]: ...


class Viewed(Protocol):
    """What has a revision and can be shown."""

    @property
    def revision(self) -> int: ...

    def to_view(self) -> dict[str, Any]: ...


def require_revision(named: str, current: Viewed, based_on: int, wanted: Viewed) -> None:
    """Raises GenerationConflict, with both versions, when somebody was faster."""
    if current.revision != based_on:
        raise GenerationConflict(
            f"{named} is at revision {current.revision}, not {based_on}: somebody changed it in "
            "between.",
            extra={
                "revision": current.revision,
                "based_on": based_on,
                "theirs": current.to_view(),
                "yours": wanted.to_view(),
            },
        )


def revision_writes(
    view: View, path: str, thing: Revised, reason: str | None = None
) -> list[Write]:
    """Keeps a revision, and lets go of the one KEPT before it. `reason` None: the change's."""
    data = {
        "revision": thing.revision,
        "at": timestamp(view.now),
        "by": str(view.actor),
        "reason": view.reason if reason is None else reason,
        "switches": thing.switches(),
        "content": canonical(thing.content()),
    }
    writes = [Write.set(revision_path(path, thing.revision), data)]
    if thing.revision > KEPT:
        writes.append(Write.delete(revision_path(path, thing.revision - KEPT)))
    return writes


def revision_path(path: str, revision: int) -> str:
    return f"{path}/revisions/{revision:08d}"


def content_at(reads: Reads, path: str, revision: int) -> dict[str, Any]:
    """What was written at a revision. Raises NotFound."""
    document = reads.get(revision_path(path, revision))
    if document is None:
        raise NotFound(
            f"There is no revision {revision} in the history of {path.rpartition('/')[2]!r}.",
            remedy=f"Look at its revisions; the last {KEPT} are kept.",
        )
    content: dict[str, Any] = json.loads(document.data["content"])
    return content


def listed(reads: Reads, path: str, before: int | None, limit: int) -> list[dict[str, Any]]:
    """Revisions, the newest first, each with what it was."""
    documents = reads.query(
        f"{path}/revisions",
        [("revision", "<", before)] if before else [],
        order_by="revision",
        descending=True,
        limit=limit,
    )
    return [_shown(document.data) for document in documents]


def deletions(reads: Reads, path: str) -> list[Write]:
    """The writes that delete the whole history."""
    documents = reads.query(f"{path}/revisions", limit=KEPT + 1)
    return [Write.delete(document.path) for document in documents]


def _shown(data: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "revision": data["revision"],
        "at": data["at"].timestamp(),
        "by": data["by"],
        "reason": data["reason"],
        **data.get("switches", {}),
        "content": json.loads(data["content"]),
    }
