"""Reads what says whether the flags of a rollout can be archived."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from functions.changes import pointer_path
from functions.documents import Document, Reads, Scope
from functions.flags.flag import Flag
from functions.flags.manage import evaluation_store
from functions.flags.manage.users import users_of
from functions.flags.stale import with_required
from functions.published import FLAGS, UNREADABLE, Pointer, decode_part
from functions.rollouts.after.removal import Basis
from functions.rollouts.rollout import Rollout
from functions.rollouts.store import using

Requires = Mapping[str, Iterable[str]]
"""The prerequisites of each flag that isn't archived."""


def flag_documents(reads: Reads, scope: Scope, rollout: Rollout) -> dict[str, Document | None]:
    """Those of its flags, by key."""
    paths = {moved.flag: scope.doc("flags", moved.flag) for moved in rollout.moves}
    found = reads.get_many(sorted(paths.values()))
    return {key: found[path] for key, path in paths.items()}


def basis(
    reads: Reads,
    scope: Scope,
    rollout: Rollout,
    documents: Mapping[str, Document | None],
    requires: Requires,
    now: float,
) -> Basis:
    """That a rollout uses its own flags doesn't count."""
    flags = {
        key: Flag.from_document(document.data) if document else None
        for key, document in documents.items()
    }
    there = [flag for flag in flags.values() if flag and not flag.archived]
    users = users_of(reads, scope, there, requires, using)
    own = f"rollout {rollout.id}"
    last = with_required(evaluation_store.last_evaluated(reads, scope).at, requires)
    return Basis(
        flags,
        {key: last[key] for key in flags if key in last},
        now,
        {key: [each for each in found if each != own] for key, found in users.items()},
    )


def published_requires(reads: Reads, scope: Scope) -> Requires:
    """As they are published; none where nothing is, or it can't be read."""
    document = reads.get(pointer_path(scope))
    digest = Pointer.from_document(document.data).parts.get(FLAGS) if document else None
    part = reads.get(scope.doc("parts", digest)) if digest else None
    try:
        found: Requires = decode_part(part.data if part else {}).get("requires", {})
    except UNREADABLE:
        return {}
    return found
