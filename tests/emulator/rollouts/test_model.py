"""The real controller on the real store: steps in duplicate, at once, dying and late, commands in
any order; against what must always hold."""

from __future__ import annotations

import contextlib
import os
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from functions import audit
from functions.errors import FailedPrecondition
from functions.rollouts import commands
from functions.rollouts.advance import advance
from functions.rollouts.state import ENDED, Phase, State
from tests.emulator.rollouts.counted import CountedStore
from tests.emulator.rollouts.world import (
    ASKED,
    CANDIDATE,
    CONTROL,
    World,
    connect,
    definition,
)

LONG = bool(os.environ.get("PALIER_LONG_TESTS"))


class Killed(BaseException):
    """The end of a process, as far as one process can play it."""


class Dying(CountedStore):
    """The same database; everything ends right after so many operations."""

    left = 0

    def done(self) -> None:
        self.left -= 1
        if self.left == 0:
            raise Killed


class Environment(RuleBasedStateMachine):
    world: World

    @initialize()
    def begin(self) -> None:
        self.world = World(connect(f"demo-model-{uuid.uuid4().hex[:12]}"))
        self.world.flag()
        self.other = connect(self.world.store._client.project)
        self.dying = Dying(self.world.store._client)
        self.number = 0
        self.before = definition()
        self.world.started("r0")

    @property
    def id(self) -> str:
        return f"r{self.number}"

    @rule(
        times=st.integers(1, 4),
        what=st.sampled_from(["well", "well", "well", "fails", "upstream", "internal"]),
    )
    def serve_and_step(self, times: int, what: str) -> None:
        cause = what if what in ("upstream", "internal") else "candidate"
        fails = {"well": (0, 0), "fails": (15, 0)}.get(what, (8, 30))
        for _ in range(times):
            self.world.clock.advance(5)
            self.world.serve(CANDIDATE, 20, fails[0], cause=cause)
            self.world.serve(CONTROL, 60, fails[1], cause=cause)
            self.world.clock.advance(5)
            self.step()

    @rule(seconds=st.sampled_from([10, 60, 600, 3600]))
    def come_late(self, seconds: int) -> None:
        self.world.clock.advance(seconds)
        self.step()

    def step(self) -> None:
        """A step, and its duplicate, which changes nothing."""
        advance(self.world.store, self.world.clock, self.world.scope)
        generation = self.world.generation()
        again = advance(self.world.store, self.world.clock, self.world.scope)
        assert not again.transitions
        assert self.world.generation() == generation

    @rule()
    def step_at_once(self) -> None:
        world = self.world
        with ThreadPoolExecutor(2) as pool:
            steps = [
                pool.submit(advance, store, world.clock, world.scope)
                for store in (world.store, self.other)
            ]
            moved = [each for step in steps for each in step.result().transitions]
        assert len(moved) <= 1

    @rule(after=st.integers(1, 9))
    def step_that_dies(self, after: int) -> None:
        self.dying.left = after
        with contextlib.suppress(Killed):
            advance(self.dying, self.world.clock, self.world.scope)

    @rule(verb=st.sampled_from([commands.pause, commands.resume, commands.promote]))
    def command(self, verb: Callable[..., commands.Deciding]) -> None:
        self._try(verb(self.id, ASKED))

    @rule()
    def roll_back(self) -> None:
        self._try(commands.rollback(self.id, ASKED))

    @precondition(lambda self: self.world.rollout(self.id).state.phase in ENDED)
    @rule(override=st.booleans())
    def try_the_same_candidate_again(self, override: bool) -> None:
        before = self.world.rollout(self.id)
        if before.state.phase is Phase.SUCCEEDED:
            return
        self.number += 1
        self.world.created(self.id)
        quarantined = any(
            self.world.rollout(f"r{earlier}").quarantined for earlier in range(self.number)
        )
        allowed = self._try(commands.start(self.id, ASKED, override_quarantine=override))
        assert allowed is (override or not quarantined)

    def _try(self, deciding: commands.Deciding) -> bool:
        try:
            self.world.change(deciding)
        except FailedPrecondition:
            return False
        return True

    @invariant()
    def all_is_one(self) -> None:
        """Rollout, flag, what is published and the events say the same."""
        world = self.world
        rollout, flag = world.rollout(self.id), world.read_flag()
        assert world.published() == flag.published()
        succeeded = rollout.state.phase is Phase.SUCCEEDED
        assert flag.definition["defaultVariant"] == (CANDIDATE if succeeded else CONTROL)
        if rollout.state.splitting:
            assert flag.split
            assert flag.split.rollout == rollout.id
            assert flag.split.percentage == rollout.percentage
        else:
            assert flag.split is None
        if rollout.state.phase is Phase.ROLLED_BACK:
            assert flag.definition == self.before, "exactly as it was"

    @invariant()
    def events_rebuild_the_state(self) -> None:
        events = self.world.events(self.id)
        assert [each["number"] for each in events] == list(range(1, len(events) + 1))
        last = events[-1]["state"] if events else State().to_document()
        assert State.from_document(last) == self.world.rollout(self.id).state
        for event in events:
            raised = event["percentage"] > event["percentage_before"] > 0
            if raised and event["actor"].startswith("machine:"):
                assert event["verdict"]["kind"] == "pass"

    def teardown(self) -> None:
        """One audit entry a transition, none lost, the chain whole."""
        verification = audit.verify(self.world.store, "main")
        assert verification.ok, verification.problem
        transitions = sum(
            self.world.rollout(f"r{number}").transitions for number in range(self.number + 1)
        )
        beside = {"flag.create", "rollout.created", "rollout.quarantine_overridden"}
        entries = [action for action in self.world.audited() if action not in beside]
        assert len(entries) == transitions


def test_whatever_happens(firestore_emulator: str) -> None:
    run_state_machine_as_test(
        Environment,
        settings=settings(
            max_examples=400 if LONG else 6,
            stateful_step_count=50 if LONG else 25,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
