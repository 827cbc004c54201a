"""One alert over time: what it may become, against a model that remembers everything."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from functions.alerts import rules
from functions.alerts.measures import Key, Measurement
from functions.alerts.rule import ERROR_RATE, NOTIFY, Rule
from functions.alerts.silence import Silence
from functions.alerts.state import (
    CALM_SECONDS,
    FIRING,
    FLAPPING_SECONDS,
    FLAPPING_TIMES,
    INHIBITED,
    NO_DATA,
    OK,
    PENDING,
    RESOLVED,
    SILENCED,
    State,
    changed,
    step,
)

START = 1_800_000_000.0
RULE = Rule("r", "P2", ERROR_RATE, 0.05, 60, 60, 120, 20, (NOTIFY,))
KEY = Key("r", "stories", "1.3.0")
BAD = Measurement(0.10, breached=True, requests=100, failures=10)
GOOD = Measurement(0.01, breached=False, requests=100, failures=1)

ALLOWED = {
    (OK, PENDING),
    (OK, FIRING),
    (OK, NO_DATA),
    (PENDING, FIRING),
    (PENDING, OK),
    (PENDING, NO_DATA),
    (FIRING, RESOLVED),
    (FIRING, NO_DATA),
    (RESOLVED, OK),
    (RESOLVED, PENDING),
    (RESOLVED, FIRING),
    (RESOLVED, NO_DATA),
    (NO_DATA, OK),
    (NO_DATA, PENDING),
    (NO_DATA, FIRING),
}


class Alert(RuleBasedStateMachine):
    """What happened is remembered as it was; the state must agree with it."""

    def __init__(self) -> None:
        super().__init__()
        self.now = START
        self.state: State | None = None
        self.seen: list[tuple[float, Measurement | None]] = []
        self.statuses: list[tuple[float, str]] = []

    @rule(
        pause=st.sampled_from([10.0, 30.0, 60.0, 119.0, 120.0, 700.0]),
        measured=st.sampled_from([BAD, GOOD, None]),
    )
    def look(self, pause: float, measured: Measurement | None) -> None:
        self.now += pause
        before = self.state
        self.state = step(RULE, KEY, before, measured, self.now)
        self.seen.append((self.now, measured))
        old = before.status if before else OK
        if self.state.status != old:
            assert (old, self.state.status) in ALLOWED
        self.statuses.append((self.now, self.state.status))

    @precondition(lambda self: self.state is not None)
    @rule()
    def look_again_at_once(self) -> None:
        """A second tick at the same moment sees the same and changes nothing."""
        assert step(RULE, KEY, self.state, self.seen[-1][1], self.now) == self.state

    @invariant()
    def fires_only_after_it_was_too_much_all_along(self) -> None:
        if self.state and self.state.status == FIRING and self.state.since == self.now:
            run = self._run(BAD)
            assert run
            assert self.now - run[0] >= RULE.for_seconds

    @invariant()
    def too_much_for_long_enough_fires(self) -> None:
        run = self._run(BAD)
        if run and self.now - run[0] >= RULE.for_seconds:
            assert self.state
            assert self.state.status == FIRING

    @invariant()
    def ends_only_after_it_was_quiet_for_long_enough(self) -> None:
        if len(self.statuses) < 2 or self.statuses[-2][1] != FIRING:
            return
        if self.statuses[-1][1] != FIRING:
            quiet = self._run(GOOD, None)
            assert self.now - quiet[0] >= RULE.keep_firing_seconds

    @invariant()
    def who_flaps_fires_until_it_is_calm(self) -> None:
        if self.state is None or self.state.status != FIRING or not self.state.flapping:
            return
        quiet = self._run(GOOD, None)
        assert not quiet or self.now - quiet[0] < CALM_SECONDS

    @invariant()
    def nothing_measured_is_never_well(self) -> None:
        if self.seen and self.seen[-1][1] is None:
            assert self.state
            assert self.state.status in (NO_DATA, FIRING, RESOLVED)

    @invariant()
    def remembers_only_the_openings_of_lately(self) -> None:
        if self.state:
            opened = self.state.opened
            assert list(opened) == sorted(opened)
            assert all(self.state.since - at < FLAPPING_SECONDS for at in opened[:-1])

    def _run(self, *wanted: Measurement | None) -> list[float]:
        """When each of the last looks was that saw nothing but these, oldest first."""
        times: list[float] = []
        for at, measured in reversed(self.seen):
            if measured not in wanted:
                break
            times.insert(0, at)
        return times


Alert.TestCase.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
TestAlert = Alert.TestCase


def play(looks: Sequence[tuple[float, Measurement | None]]) -> list[str]:
    state: State | None = None
    seen = []
    for seconds, measured in looks:
        state = step(RULE, KEY, state, measured, START + seconds)
        seen.append(state.status)
    return seen


def test_an_alert_that_comes_and_goes_is_kept_firing_until_it_is_calm() -> None:
    looks: list[tuple[float, Measurement | None]] = []
    for turn in range(FLAPPING_TIMES):
        begin = turn * 200.0
        looks += [(begin, BAD), (begin + 60, BAD), (begin + 61, GOOD)]
        if turn < FLAPPING_TIMES - 1:
            looks.append((begin + 181, GOOD))
    seen = play(looks)
    assert seen.count(RESOLVED) == FLAPPING_TIMES - 1
    quiet = looks[-1][0]
    state: State | None = None
    for seconds, measured in looks:
        state = step(RULE, KEY, state, measured, START + seconds)
    assert state is not None
    assert state.flapping
    state = step(RULE, KEY, state, GOOD, START + quiet + CALM_SECONDS - 1)
    assert state.status == FIRING
    assert step(RULE, KEY, state, GOOD, START + quiet + CALM_SECONDS).status == RESOLVED


def rule_of(severity: str, metric: str = ERROR_RATE, service: str = "") -> Rule:
    name = f"{severity}-{metric}"
    return Rule(name, severity, metric, 0.05, 60, 0, 120, 20, (NOTIFY,), service=service)


def fired(rule: Rule, version: str = "1.3.0", service: str = "stories") -> Key:
    return Key(rule.id, service, version)


def test_the_more_severe_rule_of_a_metric_keeps_the_others_quiet() -> None:
    first, second, other = rule_of("P1"), rule_of("P2"), rule_of("P3", "memory")
    measured = {
        fired(first): BAD,
        fired(second): BAD,
        fired(other): BAD,
        fired(second, "1.2.0"): BAD,
        fired(first, "1.2.0"): GOOD,
    }
    seen = rules.evaluate([first, second, other], measured, {}, START)
    assert seen.states[fired(second)].shown == INHIBITED
    assert seen.states[fired(second)].status == FIRING
    assert seen.states[fired(other)].shown == FIRING, "another metric"
    assert seen.states[fired(second, "1.2.0")].shown == FIRING, "another version"
    assert [state.key for state in seen.loud()] == [
        fired(first),
        fired(second, "1.2.0"),
        fired(other),
    ]
    later = {**measured, fired(first): GOOD}
    ended = rules.evaluate([first, second, other], later, seen.states, START + 10)
    ended = rules.evaluate([first, second, other], later, ended.states, START + 130)
    assert ended.states[fired(second)].shown == FIRING
    opened = [change for change in ended.transitions if change.opens]
    assert [change.after.key for change in opened] == [fired(second)]


@pytest.mark.parametrize(
    ("silence", "holds"),
    [
        (Silence("s", START + 60, service="stories"), True),
        (Silence("s", START + 60, service="stories", version="1.3.0", severity="P1"), True),
        (Silence("s", START + 60, rule="P1-error_rate"), True),
        (Silence("s", START + 60, service="search"), False),
        (Silence("s", START + 60, service="stories", version="1.2.0"), False),
        (Silence("s", START, service="stories"), False),
    ],
)
def test_a_silence_holds_for_what_it_names_until_it_ends(silence: Silence, holds: bool) -> None:
    rule = rule_of("P1")
    seen = rules.evaluate([rule], {fired(rule): BAD}, {}, START, [silence])
    assert seen.states[fired(rule)].shown == (SILENCED if holds else FIRING)
    assert [state.key for state in seen.firing("stories")] == [fired(rule)], "it protects"


@pytest.mark.parametrize("arm", ["1.3.0", "1.3.0+claimed", "1.3.0+fallback", "1.3.0+pinned"])
def test_a_silence_of_a_version_is_one_of_its_arms(arm: str) -> None:
    """They share its incident."""
    key = Key("p1-error-rate", "stories", arm)
    assert Silence("s", START + 60, version="1.3.0").holds(key, "P1", START)
    assert not Silence("s", START + 60, version="1.2.0").holds(key, "P1", START)
    claimed = Silence("s", START + 60, version="1.3.0+claimed")
    assert claimed.holds(key, "P1", START) == (arm == "1.3.0+claimed"), "one arm alone"


def test_an_alert_whose_rule_is_gone_or_looks_elsewhere_is_gone() -> None:
    rule = rule_of("P1")
    before = rules.evaluate([rule], {fired(rule): BAD}, {}, START).states
    gone = rules.evaluate([], {}, before, START + 10)
    assert not gone.states
    assert [state.key for state in gone.gone] == [fired(rule)]
    moved = rules.evaluate([rule_of("P1", service="search")], {}, before, START + 10)
    assert [state.key for state in moved.gone] == [fired(rule)]


@given(st.sampled_from([None, BAD, GOOD]), st.sampled_from([None, BAD, GOOD]))
def test_a_change_of_what_is_shown_is_a_transition(
    first: Measurement | None, second: Measurement | None
) -> None:
    rule = rule_of("P1")
    before = rules.evaluate([rule], {fired(rule): first}, {}, START)
    after = rules.evaluate([rule], {fired(rule): second}, before.states, START + 200)
    state = after.states[fired(rule)]
    was = before.states[fired(rule)]
    assert bool(after.transitions) == (was.shown != state.shown)
    assert changed(was, state) == bool(after.transitions)
