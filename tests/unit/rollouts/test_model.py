"""Everything that can happen to a rollout, in any order, against what must always hold.

The plan, the judge, the states and the evidence are the real ones; the store is a dictionary of
slots, as the controller sees it: 100,000 steps with PALIER_LONG_TESTS, a fast slice without. The
same on the real store: tests/emulator/rollouts/test_model.py.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from functions.flags.flag import Flag
from functions.metrics import measures
from functions.metrics.observation import Observation
from functions.metrics.tally import EMPTY, Tally, merge, merge_all, of
from functions.metrics.windows import SLOT_SECONDS, Window, slot_start
from functions.published import timestamp
from functions.rollouts import state
from functions.rollouts.baseline import freeze
from functions.rollouts.check import Check
from functions.rollouts.evidence import Evidence, fold, fresh, last_minute
from functions.rollouts.look import following
from functions.rollouts.plan import Criteria, Limits, Plan, Stage, Without
from functions.rollouts.rollout import Occasion, Rollout, event, moved
from functions.rollouts.state import ENDED, Paused, Phase, State
from functions.rollouts.transition import follow
from functions.rollouts.verdict import Kind

PLAN = Plan(
    "model",
    (Stage(10, 30, 120), Stage(50, 30, 120), Stage(100, 30, 120)),
    watch_seconds=60,
    criteria=Criteria(requests=30),
)
WATCHFUL = replace(
    PLAN,
    name="watchful",
    stages=(
        PLAN.stages[0],
        replace(PLAN.stages[1], criteria=Criteria(60), limits=Limits(strikes=2), approval=True),
        PLAN.stages[2],
    ),
    holdback=0.0,
    checks=(Check("rating", below=3.0, samples=20, strikes=2), Check("health", below=0.5)),
    critical=("LOST",),
    on_inconclusive=Without.ROLL_BACK,
)
PLANS = (PLAN, WATCHFUL, replace(WATCHFUL, stages=PLAN.stages[2:], on_no_data=Without.ROLL_BACK))
ARMS = ("1.2.0", "1.3.0")
DEFINITION: dict[str, Any] = {
    "state": "ENABLED",
    "variants": {arm: arm for arm in ARMS},
    "defaultVariant": ARMS[0],
}
START = 1_800_000_000.0


@lru_cache(maxsize=2_000)
def served(arm: str, requests: int, failures: int, cause: str, code: str, rating: float) -> Tally:
    """So many requests of different users, the first of them failing."""
    return merge_all(
        of(
            Observation(
                "stories",
                arm,
                1,
                START,
                900.0,
                code if number < failures else "OK",
                cause if number < failures else "none",
                f"{arm}-{number}",
                measures={"rating": rating},
            )
        )
        for number in range(requests)
    )


class OneRollout(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.now = START
        self.generation = 1
        self.slots: dict[tuple[int, str, int], Window] = {}
        self.events: list[dict[str, Any]] = []
        self.evidence: Evidence | None = None
        self.plan = PLAN
        self.kept: Rollout | None = None
        self.flag = Flag("stories.version", DEFINITION)
        self.rollout = Rollout(
            "r1", "stories.version", "stories", *ARMS, self.plan, self.now, "person:a", "why"
        )

    @rule(
        arm=st.sampled_from(ARMS),
        requests=st.integers(1, 60),
        failures=st.sampled_from([0, 0, 0, 1, 2, 30]),
        cause=st.sampled_from(["candidate", "upstream", "internal"]),
        late=st.sampled_from([0, 0, 0, 30, 120]),
        code=st.sampled_from(["OPENAI_ERROR", "OPENAI_ERROR", "LOST"]),
        rating=st.sampled_from([4.0, 4.0, 2.0]),
    )
    def serve(
        self,
        arm: str,
        requests: int,
        failures: int,
        cause: str,
        late: int,
        code: str = "OPENAI_ERROR",
        rating: float = 4.0,
    ) -> None:
        at = self.now - late
        key = (slot_start(at), arm, self.generation)
        made = served(arm, requests, failures, cause, code, rating)
        tally = replace(
            made,
            users_failing=frozenset(f"{arm}-{key[0]}-{each}" for each in range(failures)),
            recent=tuple(each._replace(at_ms=round(at * 1000)) for each in made.recent),
        )
        self._keep(key, tally)

    @rule(well=st.tuples(st.booleans(), st.booleans()))
    def probe(self, well: tuple[bool, bool]) -> None:
        """A health check of both versions."""
        for arm, good in zip(ARMS, well, strict=True):
            tally = Tally(measures=measures.of({"health": float(good)}))
            self._keep((slot_start(self.now), arm, self.generation), tally)

    def _keep(self, key: tuple[int, str, int], tally: Tally) -> None:
        start, arm, generation = key
        seen = self.slots.get(key)
        both = merge(seen.tally if seen else EMPTY, tally)
        self.slots[key] = Window(start, SLOT_SECONDS, "stories", arm, generation, both)

    @rule(
        times=st.integers(1, 4),
        what=st.sampled_from(["well", "well", "candidate", "few", "upstream", "internal"]),
    )
    def serve_both_and_tick(self, times: int, what: str) -> None:
        """Ten seconds of steady traffic, then a step; some times over."""
        cause = what if what in ("upstream", "internal") else "candidate"
        fails = {"well": (0, 0), "candidate": (15, 0), "few": (3, 1)}.get(what, (10, 30))
        for _ in range(times):
            self.now += 5
            self.serve(ARMS[1], 20, fails[0], cause, 0)
            self.serve(ARMS[0], 60, fails[1], cause, 0)
            self.now += 5
            self.tick(1)

    @rule(seconds=st.sampled_from([1, 10, 10, 10, 30, 60, 600]))
    def wait(self, seconds: int) -> None:
        self.now += seconds

    @rule(times=st.integers(1, 2))
    def tick(self, times: int) -> None:
        """A controller's step; delivered twice, the second one does nothing."""
        for number in range(times):
            move = following(self.rollout, self.evidence, list(self.slots.values()), self.now)
            assert move is None or number == 0, "a duplicate tick changes nothing"
            if move is None:
                break
            before = self.rollout.percentage
            self._move(move.kind, _always(move.after), move.verdict, move.closing)
            if self.rollout.percentage > before and move.kind != "started":
                assert move.verdict
                assert move.verdict.kind is Kind.PASS
            assert not (move.verdict and move.verdict.kind is Kind.ERROR), "a rule broke"
        if self.evidence:
            folded = fold(self.evidence, self.rollout.arms, self.slots.values(), self.now)
            again = fold(folded, self.rollout.arms, self.slots.values(), self.now)
            assert again == folded, "folding twice counts nothing twice"
            self.evidence = Evidence.from_document(folded.to_document())

    @initialize(served_before=st.sampled_from([0, 50, 300]), plan=st.sampled_from(PLANS))
    def start(self, served_before: int, plan: Plan) -> None:
        self.plan = plan
        self.rollout = replace(self.rollout, plan=plan)
        if served_before:
            self.serve(ARMS[0], served_before, 0, "none", 20)
        self._move("start_requested", lambda it: state.start(it, self.now))

    @precondition(lambda self: self.rollout.state.splitting)
    @rule()
    def pause_or_resume(self) -> None:
        if self.rollout.state.phase is Phase.PAUSED:
            self._move("resumed", lambda it: state.resume(self.plan, it, self.now))
        else:
            self._move("paused", lambda it: state.pause(it, self.now))

    @precondition(lambda self: self.rollout.state.splitting)
    @rule()
    def promote(self) -> None:
        self._move("promoted", lambda it: state.advance(self.plan, it, self.now))

    @precondition(lambda self: self.plan is not PLAN)
    @rule(stage=st.integers(0, 2))
    def approve(self, stage: int) -> None:
        if self.rollout.state.phase in ENDED or stage > self.plan.last:
            return
        waits = self.rollout.state.paused_for is Paused.APPROVAL
        if self.rollout.state.splitting and not waits:
            self._move("approved", lambda it: state.approve(self.plan, it, stage, self.now))

    @precondition(lambda self: self.rollout.state.phase not in ENDED and self.generation > 5)
    @rule()
    def roll_back(self) -> None:
        self._move("rolled_back", lambda it: state.roll_back(it, self.now))

    def _move(
        self, kind: str, to: Callable[[State], State], verdict: Any = None, closing: float = 0.0
    ) -> None:
        before = self.rollout
        recent = last_minute(
            before.arms.candidate, before.arms.control, self.slots.values(), self.now
        )
        self.generation += 1
        frozen = None
        if kind == "started":
            frozen = freeze(before.arms.control, self.slots.values(), ("rating",), self.now)
        occasion = Occasion(
            self.now, self.generation, "machine:tick", "", verdict, closing, recent, frozen
        )
        self.rollout = moved(before, to(before.state), occasion)
        self.events.append(event(before, self.rollout, kind, occasion))
        self.flag = follow(self.flag, self.rollout)
        if self.rollout.shift != before.shift and self.rollout.shift:
            self.evidence = fresh(self.rollout.shift.generation, self.rollout.shift.began)

    @invariant()
    def weights_sum_to_the_whole(self) -> None:
        split: Any = self.flag.published().get("targeting")
        if self.rollout.state.splitting:
            shares = split["if"][2]["fractional"][1:]
            assert sum(weight for _, weight in shares) == 10_000
            assert shares[0] == ["1.3.0", round(self.rollout.percentage * 100)]
        else:
            assert split is None

    @invariant()
    def the_default_changes_only_at_success(self) -> None:
        succeeded = self.rollout.state.phase is Phase.SUCCEEDED
        assert self.flag.definition["defaultVariant"] == ARMS[succeeded]
        assert {**self.flag.definition, "defaultVariant": ARMS[0]} == DEFINITION

    @invariant()
    def events_rebuild_the_state(self) -> None:
        assert [each["number"] for each in self.events] == list(range(1, len(self.events) + 1))
        last = self.events[-1]["state"] if self.events else State().to_document()
        assert State.from_document(last) == self.rollout.state
        for earlier, later in zip(self.events, self.events[1:], strict=False):
            assert earlier["phase"] == later["phase_before"]
            assert earlier["percentage"] == later["percentage_before"]
            assert earlier["phase"] not in ENDED, "nothing follows the end"

    @invariant()
    def survives_the_store(self) -> None:
        if self.rollout is self.kept:
            return
        self.kept = self.rollout
        kept = {**self.rollout.to_document(), "created_at": timestamp(self.rollout.created_at)}
        assert Rollout.from_document("r1", kept) == self.rollout

    def teardown(self) -> None:
        """Left alone, it ends or pauses in bounded time."""
        if self.rollout.state.phase is Phase.PENDING:
            return
        longest = (
            sum(stage.max_wait_seconds for stage in self.plan.stages)
            + self.plan.watch_seconds
            + 120
        )
        patience = self.now + longest + 60
        while self.now < patience:
            self.tick(1)
            if self.rollout.state.phase in {*ENDED, Phase.PAUSED}:
                return
            self.now += 10
        raise AssertionError(f"it neither ends nor pauses: {self.rollout.state}")


def _always(after: State) -> Callable[[State], State]:
    return lambda _before: after


LONG = bool(os.environ.get("PALIER_LONG_TESTS"))
TestOneRollout = pytest.mark.timeout(7_200 if LONG else 120)(OneRollout.TestCase)
TestOneRollout.settings = settings(
    max_examples=2_000 if LONG else 60, stateful_step_count=50 if LONG else 25, deadline=None
)
