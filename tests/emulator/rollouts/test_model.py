"""The real controller on the real store: steps in duplicate, at once, dying, late and by clocks
that differ, commits refused, edits beside it, all commands in any order; against what must always
hold."""

from __future__ import annotations

import contextlib
import os
import uuid
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
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
from functions.changes import View, pointer_path
from functions.clock import ManualClock
from functions.documents import Document, Refused, Store, Write
from functions.errors import FailedPrecondition, InvalidArgument, StoreUnavailable
from functions.flags.flag import Flag
from functions.flags.manage.flags import edit_flag
from functions.identity import Permission
from functions.published import FLAGS, decode_part
from functions.rollouts import commands
from functions.rollouts.advance import Step, advance
from functions.rollouts.commands import Asked, Deciding
from functions.rollouts.rollout import QUEUE, REJECT, SUPERSEDE, Rollout
from functions.rollouts.state import ENDED, Phase, State
from tests.emulator.rollouts.counted import CountedStore
from tests.emulator.rollouts.world import (
    ASKED,
    CANDIDATE,
    CONTROL,
    FLAG,
    QUICK,
    World,
    connect,
)

LONG = bool(os.environ.get("PALIER_LONG_TESTS"))
EXAMPLES = 400 if LONG else 20
STEPS = 50

OTHER = "colour"
THIRD = "1.4.0"
OFFICER = Asked("person:second", "a test")
PLAN = replace(
    QUICK,
    stages=(
        QUICK.stages[0],
        replace(QUICK.stages[1], approval=True),
        QUICK.stages[2],
    ),
)
"""The second stage waits for a person."""

PASSES = {"advanced", "watching", "succeeded", "approval_needed"}
"""What the controller does on a PASS only."""

LATEST = 40
"""Steps, with time between, by which every rollout that nobody touches has ended or is paused."""


class Killed(BaseException):
    """The end of a process, as far as one process can play it."""


class Dying(CountedStore):
    """The same database; everything ends right after so many operations."""

    left = 0

    def done(self) -> None:
        self.left -= 1
        if self.left == 0:
            raise Killed


class Contended(Store):
    """The same database; so many commits are refused, as when others were faster."""

    left = 0

    def commit(self, writes: Sequence[Write], **options: Any) -> list[Any]:
        if self.left > 0:
            self.left -= 1
            raise Refused("Another was faster.")
        return super().commit(writes, **options)


class Serving:
    """Which variants can be served at the moment."""

    def __init__(self) -> None:
        self.unserved: set[str] = set()

    def __call__(self, _view: View, _flag: str, variant: str) -> None:
        if variant in self.unserved:
            raise FailedPrecondition(f"{variant} can't be served.")


class Environment(RuleBasedStateMachine):
    world: World

    @initialize()
    def begin(self) -> None:
        self.world = World(connect(f"demo-model-{uuid.uuid4().hex[:12]}"))
        for key in (FLAG, OTHER):
            self.world.flag(key, CANDIDATE, THIRD)
        client = self.world.store._client
        self.other, self.dying = connect(client.project), Dying(client)
        self.contended = Contended(client)
        self.serving = Serving()
        self.number = -1
        self.seen: dict[str, int] = {}
        self.create(CANDIDATE, REJECT, True, False)

    @property
    def id(self) -> str:
        return f"r{self.number}"

    # --- what the world does

    @rule(
        times=st.integers(1, 2),
        what=st.sampled_from(["well", "well", "well", "well", "fails", "upstream", "internal"]),
    )
    def serve_and_step(self, times: int, what: str) -> None:
        for _ in range(times):
            self.world.clock.advance(5)
            self.serve(what)
            self.world.clock.advance(5)
            self.step()

    @rule(times=st.integers(3, 6), approves=st.booleans())
    def all_goes_well(self, times: int, approves: bool) -> None:
        """For as long as a stage takes, and longer."""
        if approves:
            self.approve(self.number, 1)
        for _ in range(times):
            self.world.clock.advance(5)
            self.serve("well")
            self.world.clock.advance(5)
            self.advanced()

    def serve(self, what: str) -> None:
        """Users arrive as they are split."""
        running = next((each for each in self.rollouts() if each.state.splitting), None)
        if running is None:
            return
        cause = what if what in ("upstream", "internal") else "candidate"
        fails = {"well": (0, 0), "fails": (15, 0)}.get(what, (8, 30))
        share = running.percentage
        others = round(20 * (100 - share) / share)
        self.world.serve(running.candidate, 20, fails[0], cause=cause)
        if others:
            self.world.serve(running.control, others, min(others, fails[1]), cause=cause)

    @rule(seconds=st.sampled_from([10, 60, 600, 3600]))
    def come_late(self, seconds: int) -> None:
        """No metrics meanwhile."""
        self.world.clock.advance(seconds)
        self.step()

    @rule(
        variants=st.sets(st.sampled_from([CONTROL, CANDIDATE, THIRD])),
    )
    def what_can_be_served_changes(self, variants: set[str]) -> None:
        self.serving.unserved = variants

    @rule()
    def somebody_edits_a_flag(self) -> None:
        """Drift: beside the rollout, its variants as they are."""
        flag = self.world.read_flag()
        change = {"description": f"edited {flag.revision}"}
        self.world.change(edit_flag(FLAG, flag.revision, change), Permission.EDIT_FLAGS)

    # --- steps

    def step(self) -> None:
        """A step, and its duplicate, which changes nothing."""
        self.advanced()
        generation = self.world.generation()
        again = self.advanced()
        assert not again.transitions
        assert self.world.generation() == generation

    def advanced(self, skew: float = 0.0) -> Step:
        world = self.world
        clock = ManualClock(world.clock.now() + skew) if skew else world.clock
        return advance(world.store, clock, world.scope, releasable=self.serving)

    @rule(skew=st.sampled_from([-120.0, -30.0, 30.0, 120.0]))
    def step_by_another_clock(self, skew: float) -> None:
        self.advanced(skew)

    @rule()
    def step_at_once(self) -> None:
        world = self.world
        with ThreadPoolExecutor(2) as pool:
            steps = [
                pool.submit(advance, store, world.clock, world.scope, releasable=self.serving)
                for store in (world.store, self.other)
            ]
            for step in steps:
                step.result()

    @rule(after=st.integers(1, 14))
    def step_that_dies(self, after: int) -> None:
        self.dying.left = after
        with contextlib.suppress(Killed):
            advance(self.dying, self.world.clock, self.world.scope, releasable=self.serving)
        self.dying.left = 0

    @rule(times=st.integers(1, 3))
    def step_that_is_refused(self, times: int) -> None:
        self.contended.left = times
        with contextlib.suppress(StoreUnavailable):
            advance(self.contended, self.world.clock, self.world.scope, releasable=self.serving)
        self.contended.left = 0

    # --- commands

    @precondition(lambda self: self.number < 12)
    @rule(
        candidate=st.sampled_from([CANDIDATE, THIRD]),
        if_running=st.sampled_from([QUEUE, SUPERSEDE, REJECT]),
        start=st.booleans(),
        together=st.booleans(),
    )
    def create(self, candidate: str, if_running: str, start: bool, together: bool) -> None:
        number = self.number + 1
        also = ((OTHER, candidate),) if together else ()
        with contextlib.suppress(InvalidArgument):  # it is already the default
            self.world.created(
                f"r{number}", PLAN, candidate=candidate, if_running=if_running, also=also
            )
        if len(self.rollouts()) <= number:
            return
        self.number = number
        if start:
            self.start(override=False)

    @rule(override=st.booleans())
    def start(self, override: bool) -> None:
        before = self.world.rollout(self.id)
        held = _held(before, self.rollouts())
        deciding = commands.start(
            self.id, ASKED, override_quarantine=override, releasable=self.serving
        )
        allowed = self._try(deciding)
        waits = before.state.phase is Phase.PENDING
        assert not (allowed and waits and held and not override), "quarantined"

    @rule(
        verb=st.sampled_from(
            [commands.pause, commands.resume, commands.promote, commands.complete]
        ),
        number=st.integers(0, 12),
    )
    def command(self, verb: Callable[..., Deciding], number: int) -> None:
        self._try(verb(self.one(number), ASKED))

    @rule(number=st.integers(0, 12), share=st.sampled_from([12.0, 50.0, 60.0, 95.0, 100.0]))
    def increase(self, number: int, share: float) -> None:
        self._try(commands.increase(self.one(number), ASKED, share))

    @rule(number=st.integers(0, 12), stage=st.sampled_from([None, 1, 2]))
    def approve(self, number: int, stage: int | None) -> None:
        self._try(commands.approve(self.one(number), OFFICER, stage))

    @rule(
        verb=st.sampled_from([commands.rollback, commands.abort, commands.reset]),
        number=st.integers(0, 12),
    )
    def end(self, verb: Callable[..., Deciding], number: int) -> None:
        self._try(verb(self.one(number), ASKED, self.serving))

    @rule()
    def override_quarantine(self) -> None:
        self._try(commands.override_quarantine(self.id))

    def one(self, number: int) -> str:
        """An older one, mostly the latest."""
        return f"r{number}" if number <= self.number else self.id

    def _try(self, deciding: Deciding) -> bool:
        try:
            self.world.change(deciding)
        except FailedPrecondition:
            return False
        return True

    # --- what must always hold

    def rollouts(self) -> list[Rollout]:
        found = self.world.store.query(self.world.scope.collection("rollouts"))
        rollouts = [Rollout.from_document(each.id, each.data) for each in found]
        return sorted(rollouts, key=lambda each: int(each.id[1:]))

    @invariant()
    def what_must_hold(self) -> None:
        rollouts = self.rollouts()
        self._one_rollout_a_flag_and_the_flags_follow(rollouts)
        self._what_is_quarantined_is_not_served_by_itself(rollouts)
        for each in rollouts:
            if self.seen.get(each.id) != each.transitions:
                self._events_rebuild_the_state(each)
                self.seen[each.id] = each.transitions

    def _one_rollout_a_flag_and_the_flags_follow(self, rollouts: Sequence[Rollout]) -> None:
        flags_now, published_now = self._flags()
        running = [each for each in rollouts if each.state.running]
        flags = [moved.flag for each in running for moved in each.moves]
        assert len(flags) == len(set(flags)), "one active rollout a flag"
        splitting = {
            moved.flag: (each, moved)
            for each in running
            if each.state.splitting
            for moved in each.moves
        }
        for key in (FLAG, OTHER):
            flag, published = flags_now[key], published_now[key]
            assert published == flag.published()
            if key not in splitting:
                assert flag.split is None
                continue
            rollout, moved = splitting[key]
            assert flag.split
            assert (flag.split.rollout, flag.split.percentage) == (rollout.id, rollout.percentage)
            assert (flag.split.control, flag.split.candidate) == (moved.control, moved.candidate)
            assert flag.definition["defaultVariant"] == moved.control
            assert all(sum(weights) == 10_000 for weights in _weights(published))

    def _flags(self) -> tuple[dict[str, Flag], dict[str, Any]]:
        """Those that rollouts move, as they are stored, and as clients get them."""
        store, scope = self.world.store, self.world.scope
        paths = {key: scope.doc("flags", key) for key in (FLAG, OTHER)}
        found = store.get_many([*paths.values(), pointer_path(scope)])
        pointer = found[pointer_path(scope)]
        stored = {key: Flag.from_document(_data(found[path])) for key, path in paths.items()}
        part = store.get(scope.doc("parts", _data(pointer)["parts"][FLAGS]))
        return stored, decode_part(_data(part))["document"]["flags"]

    def _what_is_quarantined_is_not_served_by_itself(self, rollouts: Sequence[Rollout]) -> None:
        for each in rollouts:
            if each.state.phase in (Phase.BAKING, Phase.WATCHING, Phase.STARTING):
                assert not _held(each, rollouts), each.id

    def _events_rebuild_the_state(self, rollout: Rollout) -> None:
        events = self.world.events(rollout.id)
        assert [each["number"] for each in events] == list(range(1, rollout.transitions + 1))
        last = events[-1]["state"] if events else State().to_document()
        assert State.from_document(last) == rollout.state
        for event in events:
            self._sound(event)

    def _sound(self, event: dict[str, object]) -> None:
        """The controller raises, and ends well, on a PASS in this stage only; and never beyond what
        a person let begin."""
        if not str(event["actor"]).startswith("machine:"):
            return
        before, after = float(str(event["percentage_before"])), float(str(event["percentage"]))
        raised = after > before > 0
        if raised or event["kind"] in PASSES:
            verdict = event["verdict"]
            assert isinstance(verdict, dict)
            assert verdict["kind"] == "pass"
        where = event["state"]
        assert isinstance(where, dict)
        if raised and PLAN.stages[where["stage"]].approval:
            assert where["approved"] >= where["stage"]

    def teardown(self) -> None:
        """In bounded steps all have ended or are paused; one audit entry a transition, none lost,
        the chain whole."""
        if not hasattr(self, "world"):
            return
        self.serving.unserved = set()
        for _ in range(LATEST):
            if all(self._settled(each) for each in self.rollouts()):
                break
            self.world.clock.advance(60)
            self.step()
        assert all(self._settled(each) for each in self.rollouts())
        verification = audit.verify(self.world.store, "main")
        assert verification.ok, verification.problem
        beside = {
            "flag.create",
            "flag.edit",
            "rollout.created",
            "rollout.quarantine_overridden",
        }
        entries = [action for action in self.world.audited() if action not in beside]
        assert len(entries) == sum(each.transitions for each in self.rollouts())

    def _settled(self, rollout: Rollout) -> bool:
        """What waits for its turn behind one that is paused waits for a person, too."""
        phase = rollout.state.phase
        return phase in (*ENDED, Phase.PENDING, Phase.PAUSED, Phase.QUEUED)


def _data(document: Document | None) -> dict[str, Any]:
    assert document
    return document.data


def _held(rollout: Rollout, rollouts: Sequence[Rollout]) -> bool:
    """Whether a candidate of it was taken back, and not forgiven."""
    moved = {(each.flag, each.candidate) for each in rollout.moves}
    return any(
        moved & {(each.flag, each.candidate) for each in other.moves}
        for other in rollouts
        if other.quarantined
    )


def _weights(definition_: dict[str, object]) -> list[list[int]]:
    """Of each `fractional` in the published rules."""
    found: list[list[int]] = []

    def walk(rule_: object) -> None:
        if isinstance(rule_, list):
            for each in rule_:
                walk(each)
        if isinstance(rule_, dict):
            for name, arguments in rule_.items():
                if name == "fractional":
                    found.append([share[1] for share in arguments[1:]])
                walk(arguments)

    walk(definition_.get("targeting"))
    return found


@pytest.mark.timeout(0 if LONG else 300)
def test_whatever_happens(firestore_emulator: str) -> None:
    run_state_machine_as_test(
        Environment,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=STEPS,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
