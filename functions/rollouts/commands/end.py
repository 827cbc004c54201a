"""Ending a rollout by hand. These carry no expectation: they win over all others."""

from __future__ import annotations

from dataclasses import replace

from functions.changes import Decision, View
from functions.errors import FailedPrecondition
from functions.flags.flag import Flag
from functions.rollouts import state, store
from functions.rollouts.after.store import before_of, before_path
from functions.rollouts.back import back
from functions.rollouts.commands.asked import Asked, Deciding, occasion
from functions.rollouts.commands.begin import lifted
from functions.rollouts.commands.requirements import held, require_free, way_out
from functions.rollouts.promotion import demoted
from functions.rollouts.rollout import Rollout
from functions.rollouts.state import Phase
from functions.rollouts.store import Stored
from functions.rollouts.target import Releasable, anything, target
from functions.rollouts.transition import Transition, decide, roll_back, transition


def rollback(identifier: str, asked: Asked, releasable: Releasable = anything) -> Deciding:
    """Back to 100 % control, and the candidate is quarantined. From every phase that hasn't ended,
    and from success while the candidate is still the default. Asking again changes nothing.

    Where no version can serve in its place the rollout is blocked: its users stay where they are.
    """

    def deciding(view: View) -> Decision:
        stored = store.find(view, view.scope, identifier)
        rollout = stored.rollout
        if rollout.state.phase is Phase.ROLLED_BACK:
            return Decision(result=rollout)
        if rollout.state.phase is Phase.SUCCEEDED:
            made: Transition | None = _taken_back(view, stored, asked, releasable)
        else:
            state.roll_back(rollout.state, view.now)
            made = back(view, stored, occasion(view, asked), releasable)
        return decide(view, [made], made.after) if made else Decision(result=rollout)

    return deciding


def abort(identifier: str, asked: Asked, releasable: Releasable = anything) -> Deciding:
    """Back to 100 % control because a person wants it so: the candidate is not quarantined. Asking
    again changes nothing. Raises FailedPrecondition: it has ended, or the control can't serve."""

    def deciding(view: View) -> Decision:
        stored = store.find(view, view.scope, identifier)
        if stored.rollout.state.phase is Phase.ABORTED:
            return Decision(result=stored.rollout)
        after = state.abort(stored.rollout.state, view.now)
        _require_control(view, stored.rollout, releasable)
        made = transition(stored, after, "aborted", occasion(view, asked))
        return decide(view, [made], made.after)

    return deciding


def reset(identifier: str, asked: Asked, releasable: Releasable = anything) -> Deciding:
    """For one that is stuck: back to 100 % control and to where it was created, what was seen of it
    forgotten; it can be started again. Asking again changes nothing.

    Raises FailedPrecondition: it has ended, or the control can't serve.
    """

    def deciding(view: View) -> Decision:
        stored = store.find(view, view.scope, identifier)
        if stored.rollout.state == state.State():
            return Decision(result=stored.rollout)
        after = state.reset(stored.rollout.state)
        _require_control(view, stored.rollout, releasable)
        made = transition(stored, after, "reset", occasion(view, asked))
        return decide(view, [made], made.after)

    return deciding


def override_quarantine(identifier: str) -> Deciding:
    """The rollout's candidate may be released again, whichever rollout was taken back. The audit
    trail keeps who said so. Asking again changes nothing."""

    def deciding(view: View) -> Decision:
        rollout = store.find(view, view.scope, identifier).rollout
        found = held(view, rollout)
        writes, entries = lifted(found)
        return Decision(writes=writes, entries=entries, result=replace(rollout, quarantined=False))

    return deciding


def _taken_back(view: View, stored: Stored, asked: Asked, releasable: Releasable) -> Transition:
    """Its flags have the control as their default again, in this very commit."""
    rollout = stored.rollout
    flags = [each.flag for each in rollout.moves]
    require_free(store.running_on(view, view.scope, flags), rollout)
    noted = before_path(view.scope, rollout.id)
    documents = view.get_many([noted, *(view.scope.doc("flags", key) for key in flags)])
    stood = before_of(documents[noted])
    definitions = {}
    for each in rollout.moves:
        document = documents[view.scope.doc("flags", each.flag)]
        flag = Flag.from_document(document.data) if document else Flag(each.flag, {})
        definition = flag.definition
        if definition.get("defaultVariant") != each.candidate or each.control not in definition.get(
            "variants", {}
        ):
            raise FailedPrecondition(
                f"The flag {each.flag} is no longer as this rollout left it: its default is not "
                f"{each.candidate}, or {each.control} is gone.",
                remedy="Roll out the version that you want.",
            )
        before = stood.get(each.flag)
        definitions[each.flag] = demoted(
            definition,
            each.control,
            each.candidate,
            before.content["definition"] if before else None,
        )
        releasable(view, each.flag, each.control)
    after = state.take_back(rollout.state, view.now)
    made = roll_back(stored, after, occasion(view, asked))
    return replace(made, definitions=definitions)


def _require_control(view: View, rollout: Rollout, releasable: Releasable) -> None:
    if target(view, rollout, releasable) != rollout.control:
        raise FailedPrecondition(
            f"{rollout.control}, to which its users would go back, can't be served: nothing was "
            "changed.",
            remedy=way_out(rollout),
        )
