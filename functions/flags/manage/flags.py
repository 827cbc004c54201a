"""The changes to flags, as decisions for `commit_change`: what is read comes through the view.

Every edit names the revision it was based on. When somebody else was faster it is refused and shows
both versions, so that nothing is overwritten unseen.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from functions.changes import Decision, Entry, View
from functions.documents import Document, Write
from functions.errors import (
    AlreadyExists,
    FailedPrecondition,
    GenerationConflict,
    InvalidArgument,
    NotFound,
)
from functions.flags.flag import Flag
from functions.flags.validation import check_key
from functions.published import FLAGS

COLLECTION = "flags"
MAXIMUM_FLAGS = 10_000

Decide = Callable[[View], Decision]


@dataclass(frozen=True)
class FlagEdit:
    """What is to change; None leaves a field as it is."""

    definition: Mapping[str, Any] | None = None
    description: str | None = None
    owner: str | None = None
    client: bool | None = None

    def apply(self, flag: Flag) -> Flag:
        """The flag a revision later."""
        return replace(
            flag,
            definition=flag.definition if self.definition is None else self.definition,
            description=flag.description if self.description is None else self.description,
            owner=flag.owner if self.owner is None else self.owner,
            client=flag.client if self.client is None else self.client,
            revision=flag.revision + 1,
        )


def create_flag(flag: Flag) -> Decide:
    """Raises InvalidArgument or AlreadyExists (an archived flag keeps its key)."""
    flag.check()

    def decide(view: View) -> Decision:
        path = view.scope.doc(COLLECTION, flag.key)
        existing = view.get(path)
        if existing:
            archived = existing.data.get("archived")
            raise AlreadyExists(
                f"The flag {flag.key!r} exists already{' and is archived' if archived else ''}.",
                remedy="Restore it." if archived else None,
            )
        published = view.part(FLAGS).get("document", {}).get("flags", {})
        if len(published) >= MAXIMUM_FLAGS:
            raise FailedPrecondition(
                f"An environment holds at most {MAXIMUM_FLAGS:,} flags.",
                remedy="Archive flags that are no longer used.",
            )
        write = Write.create(path, flag.to_document())
        return _decision(view, write, "flag.create", None, flag)

    return decide


def edit_flag(key: str, based_on: int, edit: FlagEdit) -> Decide:
    """Raises NotFound, InvalidArgument, FailedPrecondition (archived) or GenerationConflict."""

    def decide(view: View) -> Decision:
        document, flag = _read(view, key)
        edited = edit.apply(flag)
        _require_revision(flag, based_on, edited)
        if flag.archived:
            raise FailedPrecondition(f"The flag {key!r} is archived.", remedy="Restore it first.")
        edited.check()
        write = Write.update(document, edited.to_document())
        return _decision(view, write, "flag.edit", flag, edited)

    return decide


def archive_flag(key: str, based_on: int) -> Decide:
    """An archived flag is kept, and no longer published: clients use the default in their code.

    Raises NotFound, GenerationConflict or FailedPrecondition (a rollout is using it).
    """

    def decide(view: View) -> Decision:
        document, flag = _read(view, key)
        archived = replace(flag, archived=True, revision=flag.revision + 1)
        _require_revision(flag, based_on, archived)
        if flag.split:
            raise FailedPrecondition(
                f"The rollout {flag.split.rollout} is using the flag {key!r}.",
                remedy="End the rollout first.",
                extra={"rollout": flag.split.rollout},
            )
        if flag.archived:
            return Decision(result=flag)
        write = Write.update(document, archived.to_document())
        return _decision(view, write, "flag.archive", flag, archived)

    return decide


def restore_flag(key: str, based_on: int) -> Decide:
    """Publishes an archived flag again. Raises NotFound or GenerationConflict."""

    def decide(view: View) -> Decision:
        document, flag = _read(view, key)
        restored = replace(flag, archived=False, revision=flag.revision + 1)
        _require_revision(flag, based_on, restored)
        if not flag.archived:
            return Decision(result=flag)
        write = Write.update(document, restored.to_document())
        return _decision(view, write, "flag.restore", flag, restored)

    return decide


def publish_flags(view: View, flags: Iterable[Flag]) -> dict[str, Any]:
    """The published part "flags" with these flags as they are now; archived ones leave it."""
    part = view.part(FLAGS)
    document = part.get("document", {})
    definitions = dict(document.get("flags", {}))
    client = set(part.get("client", ()))
    for flag in flags:
        definitions.pop(flag.key, None)
        client.discard(flag.key)
        if not flag.archived:
            definitions[flag.key] = flag.published()
            client.update([flag.key] if flag.client else [])
    return {"document": {**document, "flags": definitions}, "client": sorted(client)}


def _read(view: View, key: str) -> tuple[Document, Flag]:
    check_key(key)
    document = view.get(view.scope.doc(COLLECTION, key))
    if document is None:
        raise NotFound(f"There is no flag {key!r} in this environment.")
    return document, Flag.from_document(document.data)


def _require_revision(current: Flag, based_on: int, wanted: Flag) -> None:
    if based_on < 1:
        raise InvalidArgument("A revision counts from 1.")
    if current.revision != based_on:
        raise GenerationConflict(
            f"The flag {current.key!r} is at revision {current.revision}, not {based_on}: "
            "somebody changed it in between.",
            extra={
                "revision": current.revision,
                "based_on": based_on,
                "theirs": current.to_view(),
                "yours": wanted.to_view(),
            },
        )


def _decision(view: View, write: Write, action: str, before: Flag | None, after: Flag) -> Decision:
    entry = Entry(
        action,
        f"flags/{after.key}",
        before=before.to_document() if before else None,
        after=after.to_document(),
    )
    parts = {FLAGS: publish_flags(view, [after])}
    return Decision(writes=[write], parts=parts, entries=[entry], result=after)
