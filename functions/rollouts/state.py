"""Where a rollout stands, and the only ways it can move. Pure.

    pending ──start──▶ starting ──begin──▶ baking ──advance──▶ … ──▶ watching ──▶ succeeded
       │ queue            ▲                  │  ▲                       │
       ▼                  │                pause resume  (also while watching)
     queued ──────────────┘                  ▼  │
                                            paused
    from every phase that hasn't ended: ──roll back──▶ rolled_back, ──abort──▶ aborted (absorbing),
                                        ──reset──▶ pending
    from baking, paused and watching:   ──block──▶ blocked: there is no version to go back to
    from pending, queued and starting:  ──supersede──▶ superseded
    from succeeded, by a person:        ──take back──▶ rolled_back

`start` only asks: the scheduled controller makes the first split itself (`begin`), so no user ever
gets a candidate that nobody is watching. A paused rollout keeps its split and stays guarded, and so
does a blocked one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from typing import Any

from functions.errors import FailedPrecondition
from functions.rollouts.opening import is_open, next_opening
from functions.rollouts.plan import RAISES, Plan

OPEN_SECONDS = 600.0
"""How long a stage whose wait ended in closed hours may still advance once they are over."""


class Phase(StrEnum):
    PENDING = "pending"
    STARTING = "starting"
    BAKING = "baking"
    PAUSED = "paused"
    WATCHING = "watching"
    SUCCEEDED = "succeeded"
    ROLLED_BACK = "rolled_back"
    SUPERSEDED = "superseded"
    QUEUED = "queued"
    """Waits until the rollout that runs on its flags has ended."""
    ABORTED = "aborted"
    """Ended by a person; the candidate is not quarantined."""
    BLOCKED = "blocked"
    """It wants to roll back, but there is no version that could serve: the split stays."""


RUNNING = frozenset({Phase.STARTING, Phase.BAKING, Phase.PAUSED, Phase.WATCHING, Phase.BLOCKED})
"""Looked at by the controller; at most one a flag."""

SPLITTING = frozenset({Phase.BAKING, Phase.PAUSED, Phase.WATCHING, Phase.BLOCKED})
"""Phases in which some users get the candidate."""

ENDED = frozenset({Phase.SUCCEEDED, Phase.ROLLED_BACK, Phase.SUPERSEDED, Phase.ABORTED})


class Paused(StrEnum):
    """What a rollout is paused for."""

    PERSON = "person"
    JUDGE = "judge"
    INCONCLUSIVE = "inconclusive"
    NO_DATA = "no data"
    DRIFT = "drift"
    APPROVAL = "approval"
    HEALTH = "health"


@dataclass(frozen=True, slots=True)
class Step:
    """A split that was in force: its stage, and the share that a person asked for within it."""

    stage: int
    percentage: float | None = None


@dataclass(frozen=True, slots=True)
class State:
    """
    stage        index into the plan's stages
    since        when the clock of this stage or watch began, less the pauses (epoch seconds)
    deadline     when it pauses for want of a PASS; None while it can't
    paused_from  what a resume returns to
    resumed_at   when a person last let it go on
    paused_for   why it is paused, or was when it was blocked; None while it isn't, or where an
                 older bundle paused it
    approved     the highest stage that a person let begin; -1 for none
    percentage   the share that a person asked for within the stage; None: the plan's
    raised       the splits before each raise, the latest last: the way of a step back. An older
                 bundle kept none.
    """

    phase: Phase = Phase.PENDING
    stage: int = 0
    since: float = 0.0
    deadline: float | None = None
    paused_from: Phase | None = None
    paused_at: float | None = None
    resumed_at: float | None = None
    paused_for: Paused | None = None
    approved: int = -1
    percentage: float | None = None
    raised: tuple[Step, ...] = ()

    @property
    def running(self) -> bool:
        return self.phase in RUNNING

    @property
    def splitting(self) -> bool:
        return self.phase in SPLITTING

    @property
    def within(self) -> Phase:
        """The phase, or the one that a resume returns to."""
        return self.paused_from or self.phase

    def to_document(self) -> dict[str, Any]:
        return {**asdict(self), "raised": [asdict(each) for each in self.raised]}

    @staticmethod
    def from_document(data: Mapping[str, Any]) -> State:
        paused_from, paused_for = data["paused_from"], data.get("paused_for")
        return State(
            Phase(data["phase"]),
            data["stage"],
            data["since"],
            data["deadline"],
            Phase(paused_from) if paused_from else None,
            data["paused_at"],
            data.get("resumed_at"),
            Paused(paused_for) if paused_for else None,
            data.get("approved", -1),
            data.get("percentage"),
            tuple(Step(**each) for each in data.get("raised", ())),
        )


def percentage(plan: Plan, state: State) -> float:
    """Of the users who get the candidate, 0..100; in a stage for an audience, of its members. Once
    it has succeeded it is the default."""
    if state.phase is Phase.SUCCEEDED:
        return 100.0
    if not state.splitting:
        return 0.0
    return plan.percentage(state.stage) if state.percentage is None else state.percentage


def start(state: State, now: float) -> State:
    _require(state, "start", Phase.PENDING, Phase.QUEUED)
    return replace(state, phase=Phase.STARTING, since=now)


def queue(state: State, now: float) -> State:
    """It starts when the rollout that runs on its flags has ended."""
    _require(state, "queue", Phase.PENDING)
    return replace(state, phase=Phase.QUEUED, since=now)


def approve(plan: Plan, state: State, stage: int, now: float) -> State:
    """A person lets this stage begin, and all before it. One that is paused for it goes on."""
    if state.phase in ENDED:
        raise _over(state)
    approved = replace(state, approved=max(state.approved, stage))
    waits = state.phase is Phase.PAUSED and state.paused_for is Paused.APPROVAL
    return resume(plan, approved, now) if waits and stage > state.stage else approved


def begin(plan: Plan, state: State, now: float) -> State:
    """The first split. Only the controller does this."""
    _require(state, "begin", Phase.STARTING)
    return _baking(plan, state, 0, now)


def advance(plan: Plan, state: State, now: float) -> State:
    """One step on: the next stage, then the watch, then success."""
    _require(state, "advance", Phase.BAKING, Phase.WATCHING, Phase.PAUSED)
    if state.within is Phase.WATCHING:
        return State(Phase.SUCCEEDED, state.stage, now)
    paused = state.phase is Phase.PAUSED
    resumed_at = now if paused else state.resumed_at  # only a person goes on from a pause
    if state.stage < plan.last:
        raised = _baking(plan, state, state.stage + 1, now)
        return replace(raised, resumed_at=resumed_at, raised=_raised(state))
    return State(
        Phase.WATCHING,
        state.stage,
        now,
        _deadline(plan, Phase.WATCHING, state.stage, now),
        resumed_at=resumed_at,
        approved=state.approved,
        raised=state.raised,
    )


def increase(plan: Plan, state: State, share: float, now: float) -> State:
    """More users by hand: `share` (0..100) in the last stage that doesn't ask for more.

    Raises FailedPrecondition, also where the share isn't above the present one or takes from the
    holdback.
    """
    _require(state, "give more users to", Phase.BAKING, Phase.PAUSED)
    most, present = 100.0 - plan.holdback, percentage(plan, state)
    if plan.stages[state.stage].audience:
        raise FailedPrecondition(
            "This stage is for an audience: its share can't be raised by hand.",
            remedy="Promote the rollout to its next stage.",
        )
    if not present < share <= most:
        raise FailedPrecondition(
            f"{share:g} % is not above the {present:g} % who have it, and at most {most:g} % "
            "may: the plan keeps the rest as its holdback.",
        )
    ahead = range(state.stage, len(plan.stages))
    stage = max(number for number in ahead if plan.percentage(number) <= share)
    asked = None if plan.percentage(stage) == share else share
    raised = _baking(plan, state, stage, now)
    return replace(raised, resumed_at=now, percentage=asked, raised=_raised(state))


def reached(plan: Plan, state: State) -> int:
    """The first stage that gives at least as many users as have it: a share just below a stage's
    is as good as that stage."""
    share = percentage(plan, state)
    if state.percentage is None:
        return state.stage
    return next(
        number
        for number in range(state.stage, len(plan.stages))
        if plan.percentage(number) >= share
    )


def complete(plan: Plan, state: State, now: float) -> State:
    """Success now, without the rest of the last stage or the watch."""
    _require(state, "complete", Phase.BAKING, Phase.WATCHING, Phase.PAUSED)
    if state.stage < plan.last:
        raise FailedPrecondition(
            f"The rollout is at stage {state.stage + 1} of {len(plan.stages)}; only the last one "
            "can be completed.",
            remedy="Promote it stage by stage first.",
        )
    return State(Phase.SUCCEEDED, state.stage, now)


def pause(state: State, now: float, paused_for: Paused = Paused.PERSON) -> State:
    _require(state, "pause", Phase.BAKING, Phase.WATCHING)
    return replace(
        state,
        phase=Phase.PAUSED,
        deadline=None,
        paused_from=state.phase,
        paused_at=now,
        paused_for=paused_for,
    )


def resume(plan: Plan, state: State, now: float) -> State:
    """On with the bake where it stopped; the wait for a PASS begins anew. One that was paused when
    it was blocked is paused again."""
    _require(state, "resume", Phase.PAUSED, Phase.BLOCKED)
    if state.phase is Phase.BLOCKED and state.paused_for is not None:
        return replace(state, phase=Phase.PAUSED)
    paused_from = state.paused_from or Phase.BAKING
    paused_at = now if state.paused_at is None else state.paused_at
    return replace(
        state,
        phase=paused_from,
        since=min(now, state.since + max(0.0, now - paused_at)),
        deadline=_deadline(plan, paused_from, state.stage, now),
        paused_from=None,
        paused_at=None,
        paused_for=None,
        resumed_at=now,
    )


def step_back(plan: Plan, state: State, now: float) -> State:
    """To the split before the last raise, paused there; before the first, that is a rollback."""
    _require(state, "step back", Phase.BAKING, Phase.PAUSED, Phase.WATCHING)
    if state.raised:
        *earlier, before = state.raised
    elif state.stage == 0 and state.percentage is None:
        return roll_back(state, now)
    else:  # of an older bundle, which kept no way back
        earlier, before = [], Step(max(0, state.stage - 1))
    back = replace(
        _baking(plan, state, before.stage, now),
        percentage=before.percentage,
        raised=tuple(earlier),
    )
    return pause(back, now, Paused.JUDGE)


def roll_back(state: State, now: float) -> State:
    if state.phase in ENDED:
        raise _over(state)
    return State(Phase.ROLLED_BACK, state.stage, now)


def take_back(state: State, now: float) -> State:
    """What has succeeded is rolled back after all. Only a person does this."""
    _require(state, "take back", Phase.SUCCEEDED)
    return State(Phase.ROLLED_BACK, state.stage, now)


def block(state: State, now: float) -> State:
    """It is to be rolled back, and nothing can serve in its place: the split stays for now."""
    _require(state, "block", Phase.BAKING, Phase.PAUSED, Phase.WATCHING)
    return replace(
        state,
        phase=Phase.BLOCKED,
        deadline=None,
        paused_from=state.within,
        paused_at=now if state.paused_at is None else state.paused_at,
    )


def abort(state: State, now: float) -> State:
    """A person doesn't want it any more; nothing is said against the candidate."""
    if state.phase in ENDED:
        raise _over(state)
    return State(Phase.ABORTED, state.stage, now)


def reset(state: State) -> State:
    """As it was created: for one that is stuck."""
    if state.phase in ENDED:
        raise _over(state)
    return State()


def supersede(state: State, now: float) -> State:
    _require(state, "supersede", Phase.PENDING, Phase.STARTING, Phase.QUEUED)
    return State(Phase.SUPERSEDED, state.stage, now)


def _baking(plan: Plan, state: State, stage: int, now: float) -> State:
    deadline = _deadline(plan, Phase.BAKING, stage, now)
    return State(Phase.BAKING, stage, now, deadline, approved=state.approved)


MOST_RAISES = 100
"""That are kept: a person may raise a share bit by bit."""


def _raised(state: State) -> tuple[Step, ...]:
    """The splits before each raise, once there is another one."""
    return (*state.raised, Step(state.stage, state.percentage))[-MOST_RAISES:]


def _deadline(plan: Plan, phase: Phase, stage: int, now: float) -> float | None:
    """When it pauses unless it has passed; never while only a person may advance."""
    if not plan.automatic:
        return None
    watch = plan.watch_seconds if phase is Phase.WATCHING else 0.0
    at = now + watch + plan.stages[stage].max_wait_seconds
    raises = phase is Phase.BAKING and stage < plan.last and plan.open_for == RAISES
    if not raises or is_open(plan.openings, at):
        return at
    # In closed hours it couldn't advance: it has the beginning of the next open ones to prove it.
    opens = next_opening(plan.openings, at)
    return at if opens is None else opens + OPEN_SECONDS


def _require(state: State, verb: str, *phases: Phase) -> None:
    if state.phase not in phases:
        allowed = " or ".join(sorted(_said(phase) for phase in phases))
        raise FailedPrecondition(
            f"You can {verb} a rollout only while it is {allowed}; this one is "
            f"{_said(state.phase)}."
        )


def _over(state: State) -> FailedPrecondition:
    return FailedPrecondition(f"This rollout has ended: it is {_said(state.phase)}.")


def _said(phase: Phase) -> str:
    return phase.value.replace("_", " ")
