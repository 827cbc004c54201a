"""A model that keeps failing is left alone, and tried again by one call at a time."""

from __future__ import annotations

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from functions.stories.model.breaker import CLOSED, Breaker, Call, Rule, Ticket, admit, ended

RULE = Rule(window_seconds=30, least=4, share=0.5, open_seconds=10, probe_seconds=60)


def after(*calls: tuple[float, bool]) -> Breaker:
    """Of calls that were admitted at once and ended at a time, failed or not."""
    breaker = CLOSED
    for at, failed in calls:
        ticket, breaker = admit(breaker, at, RULE)
        assert ticket is not None
        breaker = ended(breaker, ticket, at, failed, RULE)
    return breaker


def asks(breaker: Breaker, now: float) -> bool:
    return admit(breaker, now, RULE)[0] is not None


@pytest.mark.parametrize(
    ("calls", "asked"),
    [
        pytest.param([(0, True), (1, True), (2, True)], True, id="too few to say"),
        pytest.param([(0, True), (1, True), (2, True), (3, True)], False, id="all failed"),
        pytest.param([(0, False), (1, True), (2, False), (3, True)], False, id="half failed"),
        pytest.param([(0, False), (1, False), (2, False), (3, True)], True, id="few failed"),
        pytest.param([(0, True), (1, True), (2, True), (31.5, True)], True, id="long ago"),
    ],
)
def test_it_opens_when_enough_failed(calls: list[tuple[float, bool]], asked: bool) -> None:
    assert asks(after(*calls), calls[-1][0]) is asked


def test_silence_counts_only_while_nobody_is_answered() -> None:
    silence = Breaker(recent=tuple(Call(at, True, silent=True) for at in range(3)))
    assert not asks(ended(silence, 0, 3, True, RULE, silent=True), 3)
    assert not asks(ended(silence, 0, 3, True, RULE), 3)
    answered = ended(silence, 0, 3, False, RULE)
    for at in range(4, 20):
        answered = ended(answered, 0, at, True, RULE, silent=True)
    assert asks(answered, 19)
    assert not asks(ended(answered, 0, 34, True, RULE, silent=True), 34), "the answer is long ago"


def test_failures_count_beside_silence() -> None:
    breaker = after((0, False), (1, True), (2, False))
    breaker = ended(breaker, breaker.era, 3, True, RULE, silent=True)
    assert asks(breaker, 3)
    assert not asks(ended(breaker, breaker.era, 4, True, RULE), 4)


def opened() -> Breaker:
    """Since second 3."""
    return after((0, True), (1, True), (2, True), (3, True))


def test_it_stays_open_for_a_while() -> None:
    assert not asks(opened(), 12.9)
    assert asks(opened(), 13)


@pytest.mark.parametrize("failed", [False, True])
def test_one_probe_decides(failed: bool) -> None:
    ticket, breaker = admit(opened(), 13, RULE)
    assert ticket is not None
    assert not asks(breaker, 14)
    breaker = ended(breaker, ticket, 15, failed, RULE)
    assert asks(breaker, 15) is not failed
    assert asks(breaker, 25)


def test_a_probe_that_was_cancelled_lets_another_one_through() -> None:
    ticket, breaker = admit(opened(), 13, RULE)
    assert ticket is not None
    breaker = ended(breaker, ticket, 14, None, RULE)
    again, breaker = admit(breaker, 14, RULE)
    assert again is not None
    assert not asks(breaker, 14)


def test_a_lost_probe_is_replaced_and_says_nothing_any_more() -> None:
    lost, breaker = admit(opened(), 13, RULE)
    assert lost is not None
    assert not asks(breaker, 73)
    probe, breaker = admit(breaker, 73.1, RULE)
    assert probe is not None
    breaker = ended(breaker, lost, 74, False, RULE)
    assert not asks(breaker, 74)


@pytest.mark.parametrize("failed", [False, True, None])
def test_calls_from_before_it_opened_decide_nothing(failed: bool | None) -> None:
    slow, breaker = admit(CLOSED, 0, RULE)
    assert slow is not None
    for at in range(4):
        ticket, breaker = admit(breaker, at, RULE)
        assert ticket is not None
        breaker = ended(breaker, ticket, at, True, RULE)
    assert ended(breaker, slow, 5, failed, RULE) == breaker
    probe, breaker = admit(breaker, 13, RULE)
    assert probe is not None
    assert ended(breaker, slow, 14, failed, RULE) == breaker


def test_cancelled_calls_say_nothing() -> None:
    breaker = CLOSED
    for at in range(100):
        ticket, breaker = admit(breaker, at / 10, RULE)
        assert ticket is not None
        breaker = ended(breaker, ticket, at / 10, None, RULE)
    assert breaker == CLOSED


class Breakers(RuleBasedStateMachine):
    """Against the same in other words: a list of what ended, looked through every time."""

    def __init__(self) -> None:
        super().__init__()
        self.breaker = CLOSED
        self.now = 0.0
        self.out: list[tuple[Ticket, float]] = []
        self.counted: list[tuple[float, bool, bool]] = []  # since it closed last
        self.opened_at: float | None = None
        self.probe: tuple[Ticket, float] | None = None

    @rule(seconds=st.sampled_from([0.0, 0.5, 4.0, 9.9, 10.0, 31.0, 61.0]))
    def wait(self, seconds: float) -> None:
        self.now += seconds

    @rule()
    def call(self) -> None:
        may = self._may()
        ticket, self.breaker = admit(self.breaker, self.now, RULE)
        assert (ticket is not None) is may
        if ticket is not None:
            self.out.append((ticket, self.now))
            if self.opened_at is not None:
                self.probe = (ticket, self.now)

    @precondition(lambda self: self.out)
    @rule(
        which=st.integers(0, 1_000),
        failed=st.sampled_from([True, True, False, None]),
        silent=st.booleans(),
    )
    def end(self, which: int, failed: bool | None, silent: bool) -> None:
        silent = silent and failed is True
        ticket, _ = self.out.pop(which % len(self.out))
        before = self.breaker
        self.breaker = ended(before, ticket, self.now, failed, RULE, silent=silent)
        if self.probe is not None:
            self._end_of_probe(ticket, before, failed)
        elif self.opened_at is None and ticket == before.era and failed is not None:
            self.counted.append((self.now, failed, silent))
            self._look()
        else:
            assert self.breaker == before

    def _end_of_probe(self, ticket: Ticket, before: Breaker, failed: bool | None) -> None:
        assert self.probe is not None
        if ticket != self.probe[0]:
            assert self.breaker == before
            return
        self.probe = None
        if failed is True:
            self.opened_at = self.now
        elif failed is False:
            self.opened_at, self.counted = None, []

    def _look(self) -> None:
        seen = [end for end in self.counted if end[0] > self.now - RULE.window_seconds]
        if not all(failed for _, failed, _ in seen):
            seen = [end for end in seen if not end[2]]
        recent = [failed for _, failed, _ in seen]
        if len(recent) >= RULE.least and sum(recent) >= RULE.share * len(recent):
            self.opened_at = self.now

    def _may(self) -> bool:
        if self.opened_at is None:
            return True
        if self.now < self.opened_at + RULE.open_seconds:
            return False
        return self.probe is None or self.now > self.probe[1] + RULE.probe_seconds

    @invariant()
    def is_open_when_it_should_be(self) -> None:
        assert self.breaker.opened_at == self.opened_at
        assert (self.breaker.probing_since is not None) is (self.probe is not None)

    @invariant()
    def stays_small(self) -> None:
        assert all(call.ended_at <= self.now for call in self.breaker.recent)
        assert len(self.breaker.recent) <= len(self.counted)


TestBreakers = Breakers.TestCase
TestBreakers.settings = settings(max_examples=60, stateful_step_count=60, deadline=None)
