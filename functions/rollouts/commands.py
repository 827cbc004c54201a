"""What people may ask of a rollout. Each is a decision for `changes.commit_change`.

A command carries the stage that was seen, and is refused when the rollout has moved on. A rollback
carries no expectation: it is allowed in every phase that hasn't ended, so it wins over all others.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

from functions.alerts.objectives.left import budgets_left
from functions.changes import Decision, Entry, View
from functions.documents import Write
from functions.errors import (
    FailedPrecondition,
    GenerationConflict,
    InvalidArgument,
    NotFound,
)
from functions.flags.flag import Flag
from functions.metrics.apps.declared import demandable, read_all
from functions.metrics.measures import Known
from functions.metrics.windows import Window
from functions.published import DECLARED
from functions.rollouts import state, store
from functions.rollouts.criteria import overspent
from functions.rollouts.criterion import misplaced
from functions.rollouts.evidence import last_minute
from functions.rollouts.look import look
from functions.rollouts.plan import Plan
from functions.rollouts.rollout import Occasion, Rollout
from functions.rollouts.state import Phase, State
from functions.rollouts.store import Stored
from functions.rollouts.transition import Transition, decide, roll_back, transition
from functions.rollouts.validation import validate

VERSION_SUFFIX = ".version"

Deciding = Callable[[View], Decision]
Releasable = Callable[[View, str, str], None]
"""Raises FailedPrecondition when a flag's variant can't be served. Handed in: the room that serves
the variants knows."""


Measured = Mapping[str, Mapping[str, Known]]
"""By service, the measures that it reports. Handed in: the room that reports them knows."""

UNMEASURED: Measured = MappingProxyType({})


def anything(_view: View, _flag: str, _candidate: str) -> None:
    """For flags whose variants are plain values."""


@dataclass(frozen=True, slots=True)
class Creation:
    """A rollout that is asked for. `service` None: `stories` for the flag `stories.version`."""

    id: str
    flag: str
    candidate: str
    plan: Plan
    service: str | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """Who asks and why; `stage` is the stage that they saw, or None."""

    actor: str
    reason: str = ""
    stage: int | None = None


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
    plan = validate(creation.plan)

    def deciding(view: View) -> Decision:
        control = _control(_flag(view, creation.flag), creation.candidate)
        releasable(view, creation.flag, creation.candidate)
        service = creation.service
        if service is None:
            named = creation.flag.endswith(VERSION_SUFFIX)
            service = creation.flag.removesuffix(VERSION_SUFFIX) if named else ""
        if not service and plan.automatic:
            raise InvalidArgument(
                f"Nothing measures the variants of the flag {creation.flag}: this plan could "
                "never advance.",
                remedy="Name the `service` whose versions they are, or take the plan `manual`.",
            )
        from_apps = demandable(read_all(view.part(DECLARED)).values()) if service else {}
        known = {**from_apps, **measured.get(service, {})}
        wrong = list(misplaced(plan.criteria.measures, service, known))
        if wrong:
            raise InvalidArgument(f"This plan can't work. {' '.join(wrong)}")
        rollout = Rollout(
            id=creation.id,
            flag=creation.flag,
            service=service,
            control=control,
            candidate=creation.candidate,
            plan=plan,
            created_at=view.now,
            created_by=asked.actor,
            reason=asked.reason,
        )
        path = store.rollout_path(view.scope, rollout.id)
        after = {"flag": rollout.flag, "candidate": rollout.candidate, "plan": plan.to_document()}
        return Decision(
            writes=[Write.create(path, rollout.to_document())],
            entries=[Entry("rollout.created", f"rollouts/{rollout.id}", after=after)],
            result=rollout,
        )

    return deciding


def start(
    identifier: str,
    asked: Asked,
    *,
    override_quarantine: bool = False,
    releasable: Releasable = anything,
) -> Deciding:
    """Asks the controller to begin. Asking again changes nothing.

    Raises FailedPrecondition: another rollout runs on the flag, the flag has changed since, the
    candidate can't be served, was taken back before and `override_quarantine` isn't set, or the
    plan asks for more error budget than is left.
    """

    def deciding(view: View) -> Decision:
        stored = store.find(view, view.scope, identifier)
        rollout = stored.rollout
        if rollout.state.running:
            return Decision(result=rollout)
        after = state.start(rollout.state, view.now)
        _require_free(view, rollout)
        if _control(_flag(view, rollout.flag), rollout.candidate) != rollout.control:
            raise FailedPrecondition(
                f"The default of the flag {rollout.flag} is no longer {rollout.control}.",
                remedy="Create the rollout anew.",
            )
        releasable(view, rollout.flag, rollout.candidate)
        _require_budget(view, rollout)
        held = store.quarantined(view, view.scope, rollout.flag, rollout.candidate)
        if held and not override_quarantine:
            raise FailedPrecondition(
                f"{rollout.candidate} was rolled back before, by the rollout "
                f"{held[0].rollout.id}: it is quarantined.",
                remedy="Release a corrected version, or set `override_quarantine`.",
                extra={"rollout": held[0].rollout.id},
            )
        moving = transition(stored, after, "start_requested", _occasion(view, asked))
        decision = decide(view, [moving], moving.after)
        forgiven = [
            Write.update(each.document, replace(each.rollout, quarantined=False).to_document())
            for each in held
        ]
        overridden = [
            Entry("rollout.quarantine_overridden", f"rollouts/{each.rollout.id}") for each in held
        ]
        return replace(
            decision,
            writes=[*decision.writes, *forgiven],
            entries=[*decision.entries, *overridden],
        )

    return deciding


def pause(identifier: str, asked: Asked) -> Deciding:
    """Keeps the split and stays guarded, but no longer advances."""
    return _moving(identifier, asked, "paused", lambda view, it: state.pause(it.state, view.now))


def resume(identifier: str, asked: Asked) -> Deciding:
    """On with the bake where it stopped."""
    return _moving(
        identifier, asked, "resumed", lambda view, it: state.resume(it.plan, it.state, view.now)
    )


def promote(identifier: str, asked: Asked, windows: Sequence[Window] = ()) -> Deciding:
    """One step on by hand: the next stage, the watch, or success. `windows`: the recent slots."""

    def deciding(view: View) -> Decision:
        stored = store.find(view, view.scope, identifier)
        rollout = stored.rollout
        _require_stage(rollout, asked)
        after = state.advance(rollout.plan, rollout.state, view.now)
        kept = store.evidence_of(view, view.scope, [rollout])[rollout.id]
        occasion = replace(
            _occasion(view, asked),
            closing=look(rollout, kept.evidence, windows, view.now).stage_evidence,
            before=last_minute(rollout.arms.candidate, rollout.arms.control, windows, view.now),
        )
        moving = transition(stored, after, "promoted", occasion)
        return decide(view, [moving], moving.after)

    return deciding


def rollback(identifier: str, asked: Asked) -> Deciding:
    """Back to 100 % control, from every phase that hasn't ended. Asking again changes nothing."""

    def deciding(view: View) -> Decision:
        stored = store.find(view, view.scope, identifier)
        rollout = stored.rollout
        if rollout.state.phase is Phase.ROLLED_BACK:
            return Decision(result=rollout)
        after = state.roll_back(rollout.state, view.now)
        moving = roll_back(stored, after, _occasion(view, asked))
        return decide(view, [moving], moving.after)

    return deciding


def _moving(
    identifier: str, asked: Asked, kind: str, move: Callable[[View, Rollout], State]
) -> Deciding:
    def deciding(view: View) -> Decision:
        stored: Stored = store.find(view, view.scope, identifier)
        _require_stage(stored.rollout, asked)
        after = move(view, stored.rollout)
        moving: Transition = transition(stored, after, kind, _occasion(view, asked))
        return decide(view, [moving], moving.after)

    return deciding


def _occasion(view: View, asked: Asked) -> Occasion:
    return Occasion(view.now, view.next_generation, asked.actor, asked.reason)


def _flag(view: View, key: str) -> Flag:
    document = view.get(view.scope.doc("flags", key))
    if document is None:
        raise NotFound(f"There is no flag {key} in this environment.")
    flag = Flag.from_document(document.data)
    if flag.archived:
        raise FailedPrecondition(f"The flag {key} is archived.")
    return flag


def _control(flag: Flag, candidate: str) -> str:
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


def _require_free(view: View, rollout: Rollout) -> None:
    others = store.running_on(view, view.scope, rollout.flag)
    if others:
        raise FailedPrecondition(
            f"The rollout {others[0]} is running on the flag {rollout.flag}.",
            remedy="Wait until it has ended, or roll it back.",
            extra={"rollout": others[0]},
        )


def _require_budget(view: View, rollout: Rollout) -> None:
    if rollout.plan.criteria.budget is None:
        return
    left = budgets_left(view, view.scope, [rollout.service])[rollout.service]
    lacking = overspent(rollout.plan, left)
    if lacking:
        raise FailedPrecondition(
            f"This plan asks for error budget: {lacking}",
            remedy="`palier objectives list` says where the service stands. Wait, or take a plan "
            "that asks for less.",
        )


def _require_stage(rollout: Rollout, asked: Asked) -> None:
    if asked.stage is not None and asked.stage != rollout.state.stage:
        raise GenerationConflict(
            f"The rollout is at stage {rollout.state.stage}, not {asked.stage}.",
            extra={"expected_stage": asked.stage, "stage": rollout.state.stage},
        )
