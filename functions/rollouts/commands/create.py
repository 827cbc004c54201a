"""A new rollout."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType

from functions.changes import Decision, Entry, View
from functions.documents import Write
from functions.errors import InvalidArgument
from functions.rollouts import store
from functions.rollouts.commands.asked import Asked, Deciding
from functions.rollouts.commands.requirements import control_of, flag_of
from functions.rollouts.fitting import fitted, misfits, service_of
from functions.rollouts.plan import Plan, Type
from functions.rollouts.rollout import REJECT, SUPERSEDE, Moved, Rollout
from functions.rollouts.surroundings import Measured, around
from functions.rollouts.target import Releasable, anything
from functions.rollouts.validation import validate

MOST_FLAGS = 10
"""Together: each is a part of the commit that moves them."""

UNMEASURED: Measured = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Creation:
    """A rollout that is asked for.

    service     whose versions the variants are; None: `stories` for the flag `stories.version`
    also        further flags that move with it, and the variant of each
    cause       why a hotfix can't wait for an opening; see rollout.py
    if_running  what a start does when another rollout runs; None: as its type does
    """

    id: str
    flag: str
    candidate: str
    plan: Plan
    service: str | None = None
    also: tuple[tuple[str, str], ...] = ()
    cause: str = ""
    if_running: str | None = None


def create(
    creation: Creation,
    asked: Asked,
    releasable: Releasable = anything,
    measured: Measured = UNMEASURED,
) -> Deciding:
    """A pending rollout from the flag's default to the candidate. Its result is the Rollout.

    Raises InvalidArgument (plan, variants), NotFound (flag) or FailedPrecondition (archived, or the
    candidate can't be served).
    """
    hotfix = validate(creation.plan).type is Type.HOTFIX
    _require_sense(creation, hotfix=hotfix)

    def deciding(view: View) -> Decision:
        moves = [
            _moved(view, flag, candidate, releasable)
            for flag, candidate in ((creation.flag, creation.candidate), *creation.also)
        ]
        service = _service(creation)
        plan = _fitting(view, creation, service, measured)
        rollout = Rollout(
            id=creation.id,
            flag=creation.flag,
            service=service,
            control=moves[0].control,
            candidate=creation.candidate,
            plan=plan,
            created_at=view.now,
            created_by=asked.actor,
            reason=asked.reason,
            also=tuple(moves[1:]),
            cause=creation.cause,
            if_running=creation.if_running or (SUPERSEDE if hotfix else REJECT),
        )
        path = store.rollout_path(view.scope, rollout.id)
        after = {
            "flag": rollout.flag,
            "candidate": rollout.candidate,
            "plan": plan.to_document(),
            **({"also": [each.flag for each in rollout.also]} if rollout.also else {}),
        }
        return Decision(
            writes=[Write.create(path, rollout.to_document())],
            entries=[Entry("rollout.created", f"rollouts/{rollout.id}", after=after)],
            result=rollout,
        )

    return deciding


def _moved(view: View, flag: str, candidate: str, releasable: Releasable) -> Moved:
    control = control_of(flag_of(view, flag), candidate)
    releasable(view, flag, candidate)
    return Moved(flag, control, candidate)


def _require_sense(creation: Creation, *, hotfix: bool) -> None:
    flags = [creation.flag, *(flag for flag, _ in creation.also)]
    if len(set(flags)) < len(flags):
        raise InvalidArgument("A rollout moves each of its flags once: one is named twice.")
    if len(flags) > MOST_FLAGS:
        raise InvalidArgument(f"A rollout moves at most {MOST_FLAGS} flags together.")
    if creation.cause and not hotfix:
        raise InvalidArgument(
            "Only a hotfix has a `cause` for which it need not wait for an opening.",
            remedy="Take a plan of the type `hotfix`, or leave `cause` out.",
        )


def _service(creation: Creation) -> str:
    return service_of(creation.flag) if creation.service is None else creation.service


def _fitting(view: View, creation: Creation, service: str, measured: Measured) -> Plan:
    """The plan as it fits the service. Raises InvalidArgument when it can't work there."""
    if not service and creation.plan.automatic:
        raise InvalidArgument(
            f"Nothing measures the variants of the flag {creation.flag}: this plan could "
            "never advance.",
            remedy="Name the `service` whose versions they are, or take the plan `manual`.",
        )
    there = around(view, view.scope, view.part, service, creation.plan, measured)
    plan = fitted(creation.plan, there)
    wrong = misfits(plan, there)
    if wrong:
        raise InvalidArgument(f"This plan can't work. {' '.join(wrong)}")
    return plan
