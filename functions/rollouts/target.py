"""Where a rollback leads: to a version that is known to be stable and can serve."""

from __future__ import annotations

from collections.abc import Callable

from functions.changes import View
from functions.errors import FailedPrecondition
from functions.flags.flag import Flag
from functions.rollouts import store
from functions.rollouts.rollout import Rollout

Releasable = Callable[[View, str, str], None]
"""Raises FailedPrecondition when a flag's variant can't be served. Handed in: the room that serves
the variants knows."""


def anything(_view: View, _flag: str, _candidate: str) -> None:
    """For flags whose variants are plain values."""


def target(view: View, rollout: Rollout, releasable: Releasable) -> str | None:
    """The variant that users get in place of the candidate: the control when it can serve, else the
    newest other candidate that has succeeded on this flag and can; None when there is none.

    Nothing is lost by going back to the control where the candidate can't be served either.
    """
    if not rollout.state.splitting:
        return rollout.control
    serves = _Serving(view, releasable)
    if all(serves(each.flag, each.control) for each in rollout.moves) or not all(
        serves(each.flag, each.candidate) for each in rollout.moves
    ):
        return rollout.control
    if rollout.also:
        return None  # variants of several flags belong together: no other pair is known to be good
    document = view.get(view.scope.doc("flags", rollout.flag))
    variants = Flag.from_document(document.data).definition["variants"] if document else {}
    return next(
        (
            each.candidate
            for each in store.succeeded(view, view.scope, rollout.flag)
            if each.candidate not in (rollout.candidate, rollout.control)
            and each.candidate in variants
            and not store.quarantined(view, view.scope, rollout.flag, each.candidate)
            and serves(rollout.flag, each.candidate)
        ),
        None,
    )


class _Serving:
    """Whether a variant can be served."""

    def __init__(self, view: View, releasable: Releasable) -> None:
        self._view = view
        self._releasable = releasable

    def __call__(self, flag: str, variant: str) -> bool:
        try:
            self._releasable(self._view, flag, variant)
        except FailedPrecondition:
            return False
        return True
