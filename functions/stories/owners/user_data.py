"""What is kept of one user, for whoever answers for it: to hand over, or to erase.

Pure decisions for `commit_change` that need the permission MANAGE_USER_DATA. Both leave an entry in
the audit trail, which names the user by a hash and holds nothing of the stories.
"""

from __future__ import annotations

from collections.abc import Callable

from functions.changes import Decision, Entry, View
from functions.documents import Write
from functions.flags.content import hash_key_of, user_hash
from functions.published import ENVIRONMENT
from functions.stories.limits import quota
from functions.stories.owners import library

MOST_HOURS = 100
"""Of documents about the use of an hour: those that have not expired yet are fewer."""


def export(uid: str, limit: int, after: str | None) -> Callable[[View], Decision]:
    """A page of all that is kept of a user's stories. Its result is a library.Export."""

    def decide(view: View) -> Decision:
        found = library.exported(view, view.scope, uid, limit, after)
        told = Entry("user_data.export", _target(view, uid), after={"stories": len(found.stories)})
        return Decision(entries=[told], result=found)

    return decide


def erase(uid: str) -> Callable[[View], Decision]:
    """A user's stories, in every state, and what they have used go for good.

    The result says how many stories went, and whether those were all: many take several changes.
    A story that is being written meanwhile is never kept.
    """

    def decide(view: View) -> Decision:
        found = library.paths_of(view, view.scope, uid, library.ERASED_AT_ONCE + 1)
        stories, complete = found[: library.ERASED_AT_ONCE], len(found) <= library.ERASED_AT_ONCE
        hours = _hours(view, uid)
        result = {"stories": len(stories), "complete": complete}
        if not (stories or hours):
            return Decision(result=result)
        told = Entry("user_data.erase", _target(view, uid), after=result)
        deleted = [Write.delete(path) for path in (*stories, *hours)]
        return Decision(writes=deleted, entries=[told], result=result)

    return decide


def _hours(view: View, uid: str) -> list[str]:
    """Where it is counted what the user has had, by the hour."""
    named = quota.user(uid)
    of_user = [("__name__", ">=", f"{named}_"), ("__name__", "<", f"{named}`")]
    return view.paths(view.scope.collection(quota.COLLECTION), of_user, MOST_HOURS)


def _target(view: View, uid: str) -> str:
    """The user as metrics and logs name them."""
    return f"users/{user_hash(hash_key_of(view.part(ENVIRONMENT)), uid)}"
