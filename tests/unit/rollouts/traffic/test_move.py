"""A move of traffic, as a service that has a mind of its own lets it go."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from functions.rollouts.traffic.move import Became, Move, applying, ended, seen
from functions.rollouts.traffic.observed import Comparison, Observed, Target, compare, whole

OLD, NEW, THIRD = "s-1", "s-2", "s-3"
ASKED = Move("r1", "1.2.0", OLD, Became.ASKED, 0.0, {NEW: 100})
BEFORE = Observed("e", (Target(NEW, 100),), (Target(NEW, 100),), NEW, NEW)


def test_a_move_that_was_never_sent_is_to_be_sent() -> None:
    assert seen(ASKED, BEFORE, 5.0) == ASKED


def test_one_that_was_sent_by_somebody_who_died_is_found_out() -> None:
    there = replace(BEFORE, asked=whole(BEFORE.asked, OLD), settled=False)
    assert seen(ASKED, there, 5.0) == applying(ASKED, 5.0)


def test_kept_and_read_again() -> None:
    move = ended(applying(ASKED, 5.0), Became.REFUSED, 9.0, "The image is gone.")
    assert Move.from_document(move.to_document()) == move


class Moving(RuleBasedStateMachine):
    """A service that follows, fails or is moved by somebody, and looks at it in between."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        self.service = BEFORE
        self.move = ASKED
        self.sent = 0
        self.others = 0

    @rule()
    def look(self) -> None:
        self.now += 10
        before = self.move
        self.move = seen(self.move, self.service, self.now)
        assert not before.ended or self.move == before, "what has ended stays so"

    @precondition(lambda self: self.move.became is Became.ASKED)
    @rule()
    def send(self) -> None:
        """As the follower does: only what a look left ASKED."""
        if seen(self.move, self.service, self.now).became is Became.ASKED:
            asked = whole(self.service.asked, OLD)
            self.service = replace(self.service, asked=asked, settled=False, failure="")
            self.sent += 1
            self.move = applying(self.move, self.now)

    @rule()
    def follow(self) -> None:
        """Cloud Run does what it was asked for."""
        self.service = replace(self.service, serves=self.service.asked, settled=True, failure="")

    @rule(reason=st.sampled_from(["gone", "no permission"]))
    def fail(self, reason: str) -> None:
        if not self.service.settled:
            self.service = replace(self.service, settled=True, failure=reason)

    @rule(revision=st.sampled_from([NEW, THIRD, OLD]))
    def deploy(self, revision: str) -> None:
        """Somebody sends traffic elsewhere, or to the same place."""
        self.service = replace(self.service, asked=(Target(revision, 100),), settled=False)
        self.others += 1

    @invariant()
    def told_as_it_is(self) -> None:
        move = self.move
        assert self.sent <= 1, "it is asked for once"
        assert move.ended == (move.ended_at is not None)
        if move.became is Became.CONFIRMED:
            assert move.applied_at is not None
        if move.became is Became.DRIFTED:
            assert self.others, "nobody is blamed for what Cloud Run does"
        if move.became is Became.REFUSED:
            assert move.reason

    def teardown(self) -> None:
        """Left alone, it ends within two looks."""
        if self.move.became is Became.ASKED:
            self.send()
        self.follow()
        self.look()
        assert self.move.ended
        if not self.others:
            assert self.move.became in (Became.CONFIRMED, Became.REFUSED)
        if self.move.became is Became.CONFIRMED and not self.others:
            assert compare(self.service, OLD) is Comparison.CONVERGED


TestMoving = Moving.TestCase
TestMoving.settings = settings(max_examples=60, stateful_step_count=20, deadline=None)
