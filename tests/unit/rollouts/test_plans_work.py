"""Every plan that is accepted can come to its end, and can be taken back at any stage."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from hypothesis import event, given, settings
from hypothesis import strategies as st

from functions.alerts.message import LANGUAGES
from functions.errors import InvalidArgument
from functions.metrics.measures import PARTS, Measure
from functions.metrics.tally import Tally
from functions.metrics.windows import SLOT_SECONDS, Window, slot_start
from functions.rollouts import state
from functions.rollouts.durations import DAY
from functions.rollouts.evidence import Evidence, fold, fresh
from functions.rollouts.foresight import Circumstances, Traffic
from functions.rollouts.look import following
from functions.rollouts.opening import next_opening
from functions.rollouts.plan import Plan
from functions.rollouts.plan_bodies import PlanBody
from functions.rollouts.preview import preview
from functions.rollouts.rollout import Occasion, Rollout, moved
from functions.rollouts.state import ENDED, Paused, Phase
from functions.rollouts.templates import TEMPLATES
from functions.rollouts.validation import validate

BEGUN = 1_800_000_000.0
REQUESTS = 6_000
"""Of the candidate in each look, and of the control."""

REPORTED = {"rating": 4, "satisfied": 1, "complained": 0}
PERCENTAGES = [1, 5, 10, 10, 25, 50, 75, 95, 100]
SECONDS = st.sampled_from([0, 30, 3_600, DAY])
CRITERIA = st.fixed_dictionaries(
    {},
    optional={
        "requests": st.sampled_from([1, 100, 5_000]),
        "error_rate": st.sampled_from([0.0, 0.01, 0.02, 0.2]),
        "measures": st.sampled_from(
            [
                [{"name": "rating", "at_least": 3.5}],
                [{"name": "rating", "at_least": 3.5, "worse_by": 0.2}],
                [{"name": "performance_score", "at_least": 85}],
                [{"name": "rating"}],
            ]
        ),
    },
)
LIMITS = st.fixed_dictionaries(
    {},
    optional={
        "error_rate": st.sampled_from([0.01, 0.05, 0.3, 1.0]),
        "strikes": st.sampled_from([1, 3, 11]),
        "disaster_rate": st.sampled_from([0.25, 0.5]),
    },
)
STAGE = st.fixed_dictionaries(
    {"percentage": st.sampled_from(PERCENTAGES), "bake_seconds": SECONDS},
    optional={
        "max_wait_seconds": SECONDS,
        "approval": st.booleans(),
        "criteria": CRITERIA,
        "limits": LIMITS,
    },
)
CHECK = st.sampled_from(
    [
        {"metric": "rating", "below": 2.0},
        {"metric": "rating", "fall": 0.2},
        {"metric": "availability", "below": 0.9},
        {"metric": "performance_score", "below": 70},
        {"metric": "p95_ms", "above": 200},
        {"metric": "p95_ms", "above": 250},
        {"metric": "rating"},
    ]
)
OPENING = st.fixed_dictionaries(
    {
        "days": st.sets(st.integers(0, 6), min_size=1).map(sorted),
        "begins": st.sampled_from([0, 600, 840]),
        "ends": st.sampled_from([600, 960, 1440]),
    }
)


@st.composite
def bodies(draw: st.DrawFn) -> dict[str, Any]:
    """Plans as people write them: most can work, and some can't."""
    stages: list[dict[str, Any]] = draw(st.lists(STAGE, min_size=1, max_size=4))
    if draw(st.integers(0, 9)):
        stages.sort(key=lambda each: each["percentage"])
        stages[-1]["percentage"] = 100
    for each in stages[: draw(st.integers(0, len(stages)))]:
        if draw(st.booleans()):
            each["audience"] = "beta"
    more = draw(
        st.fixed_dictionaries(
            {},
            optional={
                "type": st.sampled_from(["automated", "canary", "blue-green", "hotfix", "manual"]),
                "watch_seconds": SECONDS,
                "holdback": st.sampled_from([0, 5, 10]),
                "criteria": CRITERIA,
                "limits": LIMITS,
                "checks": st.lists(CHECK, max_size=2),
                "critical": st.sampled_from([["TIMEOUT"], ["timeout"]]),
                "openings": st.lists(OPENING, max_size=2),
                "open_for": st.sampled_from(["start", "raises"]),
                "on_inconclusive": st.sampled_from(["pause", "roll_back"]),
            },
        )
    )
    return {"stages": stages, **more}


def accepted(body: dict[str, Any]) -> Plan | None:
    try:
        return validate(PlanBody.model_validate(body).plan())
    except InvalidArgument:
        return None


PLANS = bodies().map(accepted).filter(bool) | st.sampled_from(list(TEMPLATES.values()))


@dataclass
class Play:
    """The controller's own steps, a stage's time in a few looks."""

    plan: Plan
    now: float = BEGUN
    generation: int = 1
    evidence: Evidence | None = None
    rollout: Rollout = field(init=False)

    def __post_init__(self) -> None:
        self.rollout = Rollout(
            "r", "stories.version", "stories", "1", "2", self.plan, self.now, "person:a", "why"
        )
        self._to("start_requested", state.start(self.rollout.state, self.now))

    def step(self, failing: float = 0.0) -> None:
        """Traffic of both versions in the last slot, and a look at it. `failing` is the candidate's
        share of failures."""
        self.now += SLOT_SECONDS
        windows = [self._served("2", failing), self._served("1", 0.0)]
        move = following(self.rollout, self.evidence, windows, self.now)
        if move:
            self._to(move.kind, move.after, move.closing)
        elif self.rollout.state.phase in (Phase.BAKING, Phase.WATCHING, Phase.STARTING):
            self.now = max(self.now, self._next())
        if self.evidence:
            self.evidence = fold(self.evidence, self.rollout.arms, windows, self.now)
        if self.rollout.state.paused_for is Paused.APPROVAL:
            approved = state.approve(
                self.plan, self.rollout.state, self.rollout.state.stage + 1, self.now
            )
            self._to("approved", approved)

    def _next(self) -> float:
        """When something can change: after the bake, in an opening."""
        where = self.rollout.state
        at = where.since + (0.0 if where.phase is Phase.STARTING else self.rollout.needed_seconds)
        return next_opening(self.plan.openings, max(at, self.now)) or at

    def _served(self, version: str, failing: float) -> Window:
        failures = round(REQUESTS * failing)
        tally = Tally(
            requests=REQUESTS,
            failures=failures,
            errors={"OPENAI_ERROR": failures} if failures else {},
            causes={"candidate": failures} if failures else {},
            users_failing=frozenset(f"{number:016x}" for number in range(min(failures, 200))),
            measures={name: _all(value) for name, value in REPORTED.items()},
        )
        start = slot_start(self.now) - SLOT_SECONDS
        return Window(start, SLOT_SECONDS, "stories", version, self.generation, tally)

    def _to(self, kind: str, after: state.State, closing: float = 0.0) -> None:
        before = self.rollout
        self.generation += 1
        occasion = Occasion(self.now, self.generation, "machine:tick", closing=closing)
        self.rollout = moved(before, after, occasion)
        shift = self.rollout.shift
        if shift and shift != before.shift:
            self.evidence = fresh(shift.generation, shift.began)


def _all(value: int) -> Measure:
    """Each request reported the same."""
    parts = value * PARTS
    return Measure(REQUESTS, REQUESTS * parts, REQUESTS * parts**2)


@settings(max_examples=40, deadline=None)
@given(plan=PLANS)
def test_a_healthy_version_comes_to_the_end(plan: Plan) -> None:
    automatic = replace(plan, automatic=True)
    play = Play(automatic)
    for _ in range(40 * (len(plan.stages) + 1)):
        play.step()
        if play.rollout.state.phase in {*ENDED, Phase.PAUSED}:
            break
    event(f"{len(plan.stages)} stages")
    assert play.rollout.state.phase is Phase.SUCCEEDED, play.rollout.state


@settings(max_examples=30, deadline=None)
@given(plan=PLANS, stage=st.integers(0, 3))
def test_a_failing_version_is_taken_back_in_every_stage(plan: Plan, stage: int) -> None:
    play = Play(replace(plan, automatic=True))
    for _ in range(40 * (len(plan.stages) + 1)):
        where = play.rollout.state
        if where.phase is Phase.BAKING and where.stage >= min(stage, plan.last):
            break
        play.step()
    for _ in range(12):
        play.step(failing=0.9)
    assert play.rollout.state.phase is Phase.ROLLED_BACK, play.rollout.state


@settings(max_examples=20, deadline=None)
@given(plan=PLANS)
def test_it_is_told_and_kept(plan: Plan) -> None:
    assert Plan.from_document(plan.to_document()) == plan
    known = Circumstances(BEGUN, Traffic(10, 0.01), history=True)
    told = [preview(plan, known, language) for language in LANGUAGES]
    assert len(told[0]) == len(told[1]) > len(plan.stages)
