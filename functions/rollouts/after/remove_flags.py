"""Archives the temporary flags of a rollout that has succeeded, all in one commit, or none."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from functions.changes import Decision, Entry, View
from functions.documents import Document
from functions.errors import FailedPrecondition
from functions.flags.clean_up import synced_lately
from functions.flags.manage import evaluation_store
from functions.flags.manage.clean_up import archive
from functions.published import FLAGS, timestamp
from functions.rollouts import store
from functions.rollouts.after.removal import Basis, require_removable
from functions.rollouts.after.removal_store import basis, flag_documents
from functions.rollouts.rollout import Rollout
from functions.rollouts.state import Phase


@dataclass(frozen=True, slots=True)
class Removal:
    """What is archived: the flags named by `removed`, of those of `basis`, as they were before.

    `warning`: what nobody can know of who reads them; "" when nothing is unknown.
    """

    basis: Basis
    removed: tuple[str, ...]
    warning: str = ""


def remove_flags(identifier: str, *, force: bool = False) -> Callable[[View], Decision]:
    """Asking again changes nothing. Its result is the Removal.

    Raises NotFound, or FailedPrecondition: the rollout hasn't succeeded, or one of its temporary
    flags is used by something else, is killed, or (unless `force`) is still evaluated.
    """

    def deciding(view: View) -> Decision:
        rollout = store.find(view, view.scope, identifier).rollout
        if rollout.state.phase is not Phase.SUCCEEDED:
            raise FailedPrecondition(
                f"The rollout {identifier} has not succeeded: it is "
                f"{rollout.state.phase.value.replace('_', ' ')}.",
                remedy="Its flags are removed once its candidate is their default.",
            )
        removal, documents = removal_of(view, rollout, force=force)
        if not removal.removed:
            return Decision(result=removal)
        wanted = {key: document for key in removal.removed if (document := documents[key])}
        flags = [flag for key in wanted if (flag := removal.basis.flags[key])]
        change = archive(view, wanted, flags)
        entry = Entry(
            "rollout.flags_removed",
            f"rollouts/{identifier}",
            after={"flags": list(removal.removed), "forced": force},
        )
        return replace(change, entries=[entry, *change.entries], result=removal)

    return deciding


def removal_of(
    view: View, rollout: Rollout, *, force: bool
) -> tuple[Removal, dict[str, Document | None]]:
    """What is to be archived, with the documents of all its flags. Raises FailedPrecondition."""
    documents = flag_documents(view, view.scope, rollout)
    requires = view.part(FLAGS).get("requires", {})
    found = basis(view, view.scope, rollout, documents, requires, view.now)
    require_removable(found, force=force)
    return Removal(found, tuple(found.left), _warning(view) if found.left else ""), documents


def _warning(view: View) -> str:
    synced = synced_lately(evaluation_store.last_evaluated(view, view.scope).at, view.now)
    if synced is None:
        return ""
    return (
        f"flagd or an in-process provider fetched the flags on "
        f"{timestamp(synced).date().isoformat()}: what it evaluates is not counted."
    )
