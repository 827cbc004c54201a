"""What must hold before a rollout may be created or started."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from functions.alerts.message import ENGLISH
from functions.alerts.objectives.left import budgets_left
from functions.changes import View
from functions.errors import FailedPrecondition, InvalidArgument, NotFound
from functions.flags.flag import Flag
from functions.published import FLAGS
from functions.rollouts import store
from functions.rollouts.criteria import overspent
from functions.rollouts.held import closed
from functions.rollouts.hours_told import opens
from functions.rollouts.plan import Plan, Type
from functions.rollouts.rollout import Rollout
from functions.rollouts.state import Phase
from functions.rollouts.store import Stored


def flag_of(view: View, key: str) -> Flag:
    """Raises NotFound, or FailedPrecondition when it is archived."""
    document = view.get(view.scope.doc("flags", key))
    if document is None:
        raise NotFound(f"There is no flag {key} in this environment.")
    flag = Flag.from_document(document.data)
    if flag.archived:
        raise FailedPrecondition(f"The flag {key} is archived.")
    return flag


def control_of(flag: Flag, candidate: str) -> str:
    """The variant that the rollout moves users from: the flag's default."""
    variants = flag.definition["variants"]
    control = flag.definition.get("defaultVariant")
    if control is None:
        raise FailedPrecondition(f"The flag {flag.key} has no default to roll out from.")
    if candidate not in variants:
        raise InvalidArgument(
            f"The flag {flag.key} has no variant {candidate}; it has {', '.join(variants)}."
        )
    if candidate == control:
        raise InvalidArgument(f"{candidate} is already the default of the flag {flag.key}.")
    return str(control)


def require_default(view: View, rollout: Rollout) -> None:
    """Raises FailedPrecondition when a flag has another default than when it was created, or its
    candidate no longer."""
    for each in rollout.moves:
        definition = flag_of(view, each.flag).definition
        if definition.get("defaultVariant") != each.control:
            raise FailedPrecondition(
                f"The default of the flag {each.flag} is no longer {each.control}.",
                remedy="Create the rollout anew.",
            )
        if each.candidate not in definition["variants"]:
            raise FailedPrecondition(
                f"The flag {each.flag} no longer has the variant {each.candidate}.",
                remedy="Create the rollout anew.",
            )


def waiting_on(view: View, flags: Collection[str]) -> list[Stored]:
    """The queued rollouts that move one of these flags."""
    where = [("phase", "==", Phase.QUEUED.value)]
    documents = view.query(view.scope.collection("rollouts"), where)
    return [
        Stored(each, Rollout.from_document(each.id, each.data))
        for each in documents
        if set(flags) & set(each.data["flags"])
    ]


def require_free(others: Sequence[Stored], rollout: Rollout) -> None:
    """Raises FailedPrecondition when another rollout runs on one of its flags."""
    if others:
        other = others[0].rollout
        flag = next(
            each.flag for each in other.moves if each.flag in {one.flag for one in rollout.moves}
        )
        does = "waits for its turn" if other.state.phase is Phase.QUEUED else "is running"
        raise FailedPrecondition(
            f"The rollout {other.id} {does} on the flag {flag}.",
            remedy="Wait until it has ended, or abort it."
            if other.state.phase is not Phase.BLOCKED
            else way_out(other),
            extra={"rollout": other.id},
        )


def way_out(rollout: Rollout) -> str:
    """What to do about one whose control, to which its users would go back, can't be served."""
    again = f"Make {rollout.control} servable again"
    if rollout.state.phase is Phase.BLOCKED:
        return (
            f"{again}: the rollout is then taken back by itself. To keep {rollout.candidate} "
            "instead, resume it and promote it to its end."
        )
    return (
        f"{again}, or roll back: that takes another version which is known to be good, where there "
        f"is one. To keep {rollout.candidate} instead, promote it to its end."
    )


def require_budget(view: View, rollout: Rollout) -> None:
    """Raises FailedPrecondition when less of the error budget is left than the plan asks for."""
    lacking = budget_lacking(view, rollout)
    if lacking:
        raise FailedPrecondition(
            f"This plan asks for error budget: {lacking}",
            remedy="`palier objectives list` says where the service stands. Wait, or take a plan "
            "that asks for less.",
        )


def budget_lacking(view: View, rollout: Rollout) -> str:
    """How much of the error budget is missing for a start, in a sentence; "" for enough."""
    if rollout.plan.criteria_at(0).budget is None:
        return ""
    left = budgets_left(view, view.scope, [rollout.service])[rollout.service]
    return overspent(rollout.plan, left) or ""


def require_audiences(view: View, plan: Plan) -> None:
    """Raises InvalidArgument when a stage is for a segment that doesn't exist."""
    known = view.part(FLAGS).get("document", {}).get("$evaluators", {})
    unknown = sorted({each.audience for each in plan.stages if each.audience} - set(known))
    if unknown:
        raise InvalidArgument(
            f"There is no segment {unknown[0]}, which a stage of this plan is for.",
            remedy="Create the segment first, or name another.",
        )


def require_approved(rollout: Rollout, stage: int) -> None:
    """A hotfix is rushed, so a second person lets it begin, and each stage up to this one that asks
    for an approval.

    Raises FailedPrecondition.
    """
    ahead = enumerate(rollout.plan.stages[: stage + 1])
    asking = max(number for number, each in ahead if number == 0 or each.approval)
    if rollout.plan.type is Type.HOTFIX and rollout.state.approved < asking:
        raise FailedPrecondition(
            "A second person has to approve a hotfix first: it goes faster than others, so two "
            "people answer for it.",
            remedy=f"Ask somebody else to run `palier rollout approve {rollout.id}`.",
        )


def require_open(rollout: Rollout, now: float) -> None:
    """Raises FailedPrecondition when its plan gives nobody more in these hours."""
    if closed(rollout, now):
        raise FailedPrecondition(
            "The plan of this rollout gives more users in its openings only, the next one opens "
            f"{opens(rollout.plan.openings, now, ENGLISH)}.",
            remedy="Wait until then. To take users back waits for no opening.",
        )


def require_first_approved(rollout: Rollout) -> None:
    """Raises FailedPrecondition when the first stage asks for an approval that nobody has given."""
    if rollout.plan.stages[0].approval and rollout.state.approved < 0:
        raise FailedPrecondition(
            "The plan asks for a person's approval before its first stage begins.",
            remedy=f"Run `palier rollout approve {rollout.id}`, then start it.",
        )


def held(view: View, rollout: Rollout) -> list[Stored]:
    """The rollouts for which a candidate of this one is quarantined."""
    found = {
        each.rollout.id: each
        for moved in rollout.moves
        for each in store.quarantined(view, view.scope, moved.flag, moved.candidate)
    }
    return list(found.values())


def require_released(rollout: Rollout, taken_back: Sequence[Stored]) -> None:
    """Raises FailedPrecondition when a candidate is quarantined."""
    if taken_back:
        raise FailedPrecondition(
            f"{rollout.candidate} was rolled back before, by the rollout "
            f"{taken_back[0].rollout.id}: it is quarantined.",
            remedy="Release a corrected version, or set `override_quarantine`.",
            extra={"rollout": taken_back[0].rollout.id},
        )
