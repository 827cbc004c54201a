"""A rollout as it is kept: one flag's way from a control variant to a candidate. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from functions.metrics.performance import Score, score_of
from functions.metrics.windows import Arm
from functions.published import timestamp
from functions.rollouts import state, watched
from functions.rollouts.baseline import Baseline
from functions.rollouts.evidence import Arms, Both
from functions.rollouts.plan import Plan
from functions.rollouts.reach import Reach, reach
from functions.rollouts.state import State
from functions.rollouts.verdict import Verdict


@dataclass(frozen=True, slots=True)
class Shift:
    """The last change of the split, and how both arms were just before it.

    at                 when the split changed (epoch seconds)
    began              when this stage or watch began: as `at`, or later under the same split
    generation         of the snapshot since then: the evidence begins there
    raised             whether more users got the candidate
    internal_before    internal failures a request, of both arms
    memory_before      the most memory of both arms, 0..1
    """

    at: float
    began: float
    generation: int
    raised: bool = True
    internal_before: float = 0.0
    memory_before: float = 0.0


QUEUE, SUPERSEDE, REJECT = "queue", "supersede", "reject"
"""What a start does when another rollout runs on one of the flags."""

SECURITY, CORRUPTION = "security", "data corruption"
"""Causes for which a hotfix may start outside of its openings."""


@dataclass(frozen=True, slots=True)
class Moved:
    """A further flag that a rollout moves, under the same salt and percentage."""

    flag: str
    control: str
    candidate: str


def moved_name(flag: str, candidate: str) -> str:
    """By which a rollout is found that moves a flag to a candidate. A key has no equals sign."""
    return f"{flag}={candidate}"


@dataclass(frozen=True, slots=True)
class Approval:
    """A person let a stage begin, and all before it. `at` is epoch seconds."""

    by: str
    at: float
    stage: int


@dataclass(frozen=True, slots=True)
class Rollout:
    """
    service       whose versions the variants are: what metrics are labelled with ("" for none)
    closed        log e-values of the stages that were left
    transitions   how many there were: the number of the last event
    verdict       what the last transition was based on, when it was a verdict
    decided_at    when the last transition was decided (epoch seconds)
    quarantined   the candidate was taken back: no other rollout of it without an override
    also          further flags that move with it
    cause         why it can't wait for an opening: SECURITY, CORRUPTION or ""
    if_running    QUEUE, SUPERSEDE or REJECT
    approvals     who let which stage begin, oldest first
    frozen        how the control was before the split began; None until it begins
    restored      the variant that the rollback led to where that wasn't the control, else ""
    """

    id: str
    flag: str
    service: str
    control: str
    candidate: str
    plan: Plan
    created_at: float
    created_by: str
    reason: str
    state: State = field(default_factory=State)
    shift: Shift | None = None
    closed: tuple[float, ...] = ()
    transitions: int = 0
    verdict: Verdict | None = None
    decided_at: float = 0.0
    quarantined: bool = False
    also: tuple[Moved, ...] = ()
    cause: str = ""
    if_running: str = REJECT
    approvals: tuple[Approval, ...] = ()
    frozen: Baseline | None = None
    restored: str = ""

    @property
    def serves_again(self) -> str:
        """The variant that users got back with the rollback."""
        return self.restored or self.control

    @property
    def moves(self) -> tuple[Moved, ...]:
        """All flags that it moves, its own first."""
        return (Moved(self.flag, self.control, self.candidate), *self.also)

    @property
    def measured_as(self) -> str:
        """The service that the variants' metrics are counted for: of a flag whose variants are no
        service's versions, the flag itself, since events of apps count for it."""
        return self.service or self.flag

    @property
    def percentage(self) -> float:
        """Of the users who get the candidate now."""
        return state.percentage(self.plan, self.state)

    @property
    def reach(self) -> Reach:
        """Who gets the candidate now."""
        return reach(self.plan, self.state)

    @property
    def audience(self) -> str:
        """The segment that `percentage` is of; "" for everybody."""
        return self.plan.stages[self.state.stage].audience if self.state.splitting else ""

    @property
    def step(self) -> int:
        """Its stage as people see and expect it: the watch, and what follows, is one more than the
        last. So no two steps of a rollout have the same number."""
        past = self.state.within in (state.Phase.WATCHING, state.Phase.SUCCEEDED)
        return len(self.plan.stages) if past else self.state.stage

    @property
    def needed_seconds(self) -> float:
        """How long the stage, or the watch, lasts at least."""
        if self.state.within is state.Phase.WATCHING:
            return self.plan.watch_seconds
        return self.plan.stages[self.state.stage].bake_seconds

    @property
    def arms(self) -> Arms:
        """Whose windows count, since the last shift."""
        return Arms(
            Arm(self.measured_as, self.candidate),
            Arm(self.measured_as, self.control),
            self.shift.generation if self.shift else 0,
            watched.parts(self.plan.checks, self.score) if self.plan.checks else (),
        )

    @property
    def score(self) -> Score:
        """How its service is scored, from the start of the rollout to its end."""
        return self.frozen.score if self.frozen else score_of(self.service, {})

    def to_document(self) -> dict[str, Any]:
        return {
            "flag": self.flag,
            "service": self.service,
            "control": self.control,
            "candidate": self.candidate,
            "plan": self.plan.to_document(),
            "created_at": timestamp(self.created_at),
            "created_by": self.created_by,
            "reason": self.reason,
            "state": self.state.to_document(),
            "phase": self.state.phase.value,
            "running": self.state.running,
            "percentage": self.percentage,
            "shift": _shift_document(self.shift),
            "closed": list(self.closed),
            "transitions": self.transitions,
            "verdict": self.verdict.to_document() if self.verdict else None,
            "decided_at": self.decided_at,
            "quarantined": self.quarantined,
            "also": [asdict(each) for each in self.also],
            "flags": [each.flag for each in self.moves],
            "moved": [moved_name(each.flag, each.candidate) for each in self.moves],
            "cause": self.cause,
            "if_running": self.if_running,
            "approvals": [asdict(each) for each in self.approvals],
            "frozen": self.frozen.to_document() if self.frozen else None,
            "restored": self.restored,
        }

    @staticmethod
    def from_document(identifier: str, data: Mapping[str, Any]) -> Rollout:
        return Rollout(
            id=identifier,
            flag=data["flag"],
            service=data["service"],
            control=data["control"],
            candidate=data["candidate"],
            plan=Plan.from_document(data["plan"]),
            created_at=data["created_at"].timestamp(),
            created_by=data["created_by"],
            reason=data["reason"],
            state=State.from_document(data["state"]),
            shift=Shift(**data["shift"]) if data["shift"] else None,
            closed=tuple(data["closed"]),
            transitions=data["transitions"],
            verdict=Verdict.from_document(data["verdict"]) if data["verdict"] else None,
            decided_at=data["decided_at"],
            quarantined=data["quarantined"],
            also=tuple(Moved(**each) for each in data.get("also", ())),
            cause=data.get("cause", ""),
            if_running=data.get("if_running", REJECT),
            approvals=tuple(Approval(**each) for each in data.get("approvals", ())),
            frozen=Baseline.from_document(data["frozen"]) if data.get("frozen") else None,
            restored=data.get("restored", ""),
        )


@dataclass(frozen=True, slots=True)
class Occasion:
    """When a transition was decided, in which generation, by whom and why."""

    now: float
    generation: int
    actor: str
    reason: str = ""
    verdict: Verdict | None = None
    closing: float = 0.0
    """The log e-value of the stage that is being left."""

    before: Both = field(default_factory=Both)
    """The last minute before it."""

    frozen: Baseline | None = None
    """How the control was until now, where the first split begins."""


def moved(rollout: Rollout, after: State, occasion: Occasion) -> Rollout:
    """The rollout in its new state. A changed split begins new evidence."""
    now = replace(
        rollout,
        state=after,
        transitions=rollout.transitions + 1,
        verdict=occasion.verdict,
        decided_at=occasion.now,
        frozen=occasion.frozen or rollout.frozen,
    )
    if after.phase is state.Phase.PENDING:
        return replace(now, shift=None, closed=(), frozen=None)
    if not after.splitting or not _begins_anew(rollout, now):
        return now
    closed = (*rollout.closed, occasion.closing) if rollout.state.splitting else ()
    return replace(now, shift=_shift(rollout, now, occasion), closed=closed)


def event(before: Rollout, after: Rollout, kind: str, occasion: Occasion) -> dict[str, Any]:
    """What is kept of a transition: replaying the events gives the states again."""
    return {
        "number": after.transitions,
        "kind": kind,
        "at": occasion.now,
        "actor": occasion.actor,
        "reason": occasion.reason,
        "generation": occasion.generation,
        "state": after.state.to_document(),
        "phase_before": before.state.phase.value,
        "phase": after.state.phase.value,
        "stage": after.state.stage,
        "percentage_before": before.percentage,
        "percentage": after.percentage,
        "verdict": occasion.verdict.to_document() if occasion.verdict else None,
    }


def _shift(before: Rollout, after: Rollout, occasion: Occasion) -> Shift:
    if before.shift and before.reach == after.reach:
        return replace(before.shift, began=occasion.now, generation=occasion.generation)
    return Shift(
        at=occasion.now,
        began=occasion.now,
        generation=occasion.generation,
        raised=not after.reach.within(before.reach),
        internal_before=_internal_rate(occasion.before),
        memory_before=max(occasion.before.candidate.memory_max, occasion.before.control.memory_max),
    )


def _begins_anew(before: Rollout, after: Rollout) -> bool:
    """Another split, another stage or the watch: not a pause or the end of one."""
    stages = [(each.state.within, each.state.stage, each.reach) for each in (before, after)]
    return stages[0] != stages[1]


def _internal_rate(both: Both) -> float:
    together = both.candidate.served + both.control.served
    failed = both.candidate.causes.get("internal", 0) + both.control.causes.get("internal", 0)
    return failed / together if together else 0.0


def _shift_document(shift: Shift | None) -> dict[str, Any] | None:
    if shift is None:
        return None
    return {
        "at": shift.at,
        "began": shift.began,
        "generation": shift.generation,
        "raised": shift.raised,
        "internal_before": shift.internal_before,
        "memory_before": shift.memory_before,
    }
