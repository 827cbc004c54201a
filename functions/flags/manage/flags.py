"""The changes to flags, as decisions for `commit_change`: what is read comes through the view.

Every edit names the revision it was based on. When somebody else was faster it is refused and shows
both versions, so that nothing is overwritten unseen.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from functions.changes import Decision, Entry, View
from functions.documents import Document, Write
from functions.errors import (
    AlreadyExists,
    FailedPrecondition,
    InvalidArgument,
    NotFound,
)
from functions.flags.flag import Flag
from functions.flags.manage import history
from functions.flags.manage.allowed import Allowed, anything, require_allowed
from functions.flags.manage.publish import FLAGS_COLLECTION, publish, save_flag
from functions.flags.manage.users import Uses, no_uses, users_of
from functions.flags.publication import Edit, in_use
from functions.flags.validation import check_key
from functions.published import FLAGS

MAXIMUM_FLAGS = 10_000

Decide = Callable[[View], Decision]


def create_flag(flag: Flag, allowed: Allowed = anything) -> Decide:
    """Raises InvalidArgument, AlreadyExists (an archived flag keeps its key), or what `allowed`
    raises."""
    flag.check()

    def decide(view: View) -> Decision:
        existing = view.get(view.scope.doc(FLAGS_COLLECTION, flag.key))
        if existing:
            archived = existing.data.get("archived")
            raise AlreadyExists(
                f"The flag {flag.key!r} exists already{' and is archived' if archived else ''}.",
                remedy="Restore it." if archived else None,
            )
        require_room(view, 1)
        require_allowed(view, None, flag, allowed)
        return _decision(view, None, "flag.create", None, flag)

    return decide


def require_room(view: View, added: int) -> None:
    """Raises FailedPrecondition when an environment would hold too many flags."""
    published = view.part(FLAGS).get("document", {}).get("flags", {})
    if len(published) + added > MAXIMUM_FLAGS:
        raise FailedPrecondition(
            f"An environment holds at most {MAXIMUM_FLAGS:,} flags.",
            remedy="Archive flags that are no longer used.",
        )


def edit_flag(
    key: str, based_on: int, changes: Mapping[str, Any], allowed: Allowed = anything
) -> Decide:
    """`changes` are entries of the flag's content; what is absent stays as it is.

    Raises NotFound, InvalidArgument, FailedPrecondition (archived, or something needs what would
    go), GenerationConflict, or what `allowed` raises.
    """

    def decide(view: View) -> Decision:
        document, flag = read_flag(view, key)
        edited = flag.edited(changes)
        require_revision(flag, based_on, edited)
        require_not_archived(flag)
        edited.check()
        require_allowed(view, flag, edited, allowed)
        return _decision(view, document, "flag.edit", flag, edited)

    return decide


def archive_flag(key: str, based_on: int, uses: Uses = no_uses) -> Decide:
    """An archived flag is kept, and no longer published: clients use the default in their code.

    Raises NotFound, GenerationConflict or FailedPrecondition (something is using it).
    """

    def decide(view: View) -> Decision:
        document, flag = read_flag(view, key)
        archived = replace(flag, archived=True, revision=flag.revision + 1)
        require_revision(flag, based_on, archived)
        require_unused(view, flag, uses)
        if flag.archived:
            return Decision(result=flag)
        return _decision(view, document, "flag.archive", flag, archived)

    return decide


def restore_flag(
    key: str, based_on: int, to: int | None = None, allowed: Allowed = anything
) -> Decide:
    """Publishes an archived flag again, or brings back what it was at the revision `to`, or both.

    Raises NotFound, GenerationConflict, or what an edit raises.
    """

    def decide(view: View) -> Decision:
        document, flag = read_flag(view, key)
        former = history.content_at(view, document.path, to) if to else {}
        restored = replace(flag.edited(former), archived=False)
        require_revision(flag, based_on, restored)
        if not flag.archived and restored.content() == flag.content():
            return Decision(result=flag)
        restored.check()
        if flag.archived:
            require_room(view, 1)
        require_allowed(view, flag, restored, allowed)
        return _decision(view, document, "flag.restore", flag, restored)

    return decide


def kill_flag(key: str) -> Decide:
    """Everybody gets the off variant at once, or the default in their code where there is none.

    It names no revision: whoever pulls the switch is never told to look first. Pulling it again
    changes nothing. Raises NotFound or FailedPrecondition (archived).
    """
    return _switch(key, killed=True)


def revive_flag(key: str, allowed: Allowed = anything) -> Decide:
    """Ends what `kill_flag` did. Raises NotFound, FailedPrecondition (archived), or what `allowed`
    raises: people get again what it gives."""
    return _switch(key, killed=False, allowed=allowed)


def delete_flag(key: str, based_on: int, uses: Uses = no_uses) -> Decide:
    """The flag and its history go for good; the audit trail keeps what it was.

    Raises NotFound, GenerationConflict or FailedPrecondition (something is using it, or it is not
    archived: clients would lose it without a way back).
    """

    def decide(view: View) -> Decision:
        document, flag = read_flag(view, key)
        require_revision(flag, based_on, flag)
        require_unused(view, flag, uses)
        if not flag.archived:
            raise FailedPrecondition(
                f"The flag {key!r} is not archived.",
                remedy="Archive it first; it can be restored until it is deleted.",
            )
        edit = Edit(gone_flags=[key])
        return Decision(
            writes=[Write.delete(document), *history.deletions(view, document.path)],
            parts=publish(view, edit),
            entries=[Entry("flag.delete", f"flags/{key}", before=flag.to_document())],
            result=flag,
        )

    return decide


def read_flag(view: View, key: str) -> tuple[Document, Flag]:
    """Raises InvalidArgument or NotFound."""
    check_key(key)
    document = view.get(view.scope.doc(FLAGS_COLLECTION, key))
    if document is None:
        raise NotFound(f"There is no flag {key!r} in this environment.")
    return document, Flag.from_document(document.data)


def require_revision(current: Flag, based_on: int, wanted: Flag) -> None:
    """Raises GenerationConflict, with both versions, when somebody was faster."""
    if based_on < 1:
        raise InvalidArgument("A revision counts from 1.")
    history.require_revision(f"The flag {current.key!r}", current, based_on, wanted)


def require_not_archived(flag: Flag) -> None:
    """Raises FailedPrecondition."""
    if flag.archived:
        raise FailedPrecondition(f"The flag {flag.key!r} is archived.", remedy="Restore it first.")


def require_unused(view: View, flag: Flag, uses: Uses) -> None:
    """Raises FailedPrecondition that names what uses the flag.

    Flags that require it are found where the change is published.
    """
    users = users_of(view, view.scope, [flag], {}, uses)[flag.key]
    if users:
        raise in_use("flag", flag.key, users)


def _switch(key: str, *, killed: bool, allowed: Allowed = anything) -> Decide:
    def decide(view: View) -> Decision:
        document, flag = read_flag(view, key)
        require_not_archived(flag)
        if flag.killed == killed:
            return Decision(result=flag)
        switched = replace(flag, killed=killed, revision=flag.revision + 1)
        if not killed:
            require_allowed(view, flag, switched, allowed)
        action = "flag.kill" if killed else "flag.revive"
        return _decision(view, document, action, flag, switched)

    return decide


def _decision(
    view: View, document: Document | None, action: str, before: Flag | None, after: Flag
) -> Decision:
    saved, writes = save_flag(view, document, after)
    entry = Entry(
        action,
        f"flags/{after.key}",
        before=before.to_document() if before else None,
        after=saved.to_document(),
    )
    parts = publish(view, Edit(flags=[saved]))
    return Decision(writes=writes, parts=parts, entries=[entry], result=saved)
