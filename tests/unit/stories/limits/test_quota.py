"""How much a user may have in an hour: never more than the limit, in any sliding estimate."""

from __future__ import annotations

from collections import defaultdict

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from functions.stories.limits import quota
from functions.stories.limits.quota import HOUR, Exceeded, Limits, TooDear, Used

START = 1_800_000_000.0  # the beginning of an hour
ANY = Limits(0, 0)


@pytest.mark.parametrize(
    ("limits", "this", "last", "into", "decided"),
    [
        pytest.param(ANY, Used(10**6, 10**9), Used(), 0, Used(10**6 + 1, 10**9 + 5), id="no limit"),
        pytest.param(Limits(1, 0), Used(), Used(), 0, Used(1, 5), id="the first"),
        pytest.param(Limits(2, 0), Used(1), Used(), 0, Used(2, 5), id="the last"),
        pytest.param(
            Limits(2, 0), Used(2), Used(), 600, Exceeded("requests", 3000 + 1800), id="one more"
        ),
        pytest.param(Limits(2, 0), Used(1), Used(0, 9), 0, Used(2, 5), id="of money last hour"),
        pytest.param(
            Limits(4, 0), Used(1), Used(4), 0, Exceeded("requests", 1800), id="the last hour's"
        ),
        pytest.param(Limits(4, 0), Used(1), Used(4), 1800, Used(2, 5), id="half of them are over"),
        pytest.param(Limits(0, 10), Used(9, 5), Used(), 0, Used(10, 10), id="money to the cent"),
        pytest.param(
            Limits(0, 10), Used(1, 6), Used(), 0, Exceeded("cost", 3600 + 600), id="too much money"
        ),
        pytest.param(Limits(0, 4), Used(), Used(), 0, TooDear(), id="no hour has room"),
        pytest.param(
            Limits(1, 10),
            Used(1, 10),
            Used(),
            0,
            Exceeded("requests", 2 * HOUR),
            id="both: what takes longer",
        ),
    ],
)
def test_deciding(limits: Limits, this: Used, last: Used, into: int, decided: object) -> None:
    assert quota.decide(limits, 5, this, last, START + into) == decided


LIMIT = st.integers(0, 50)
COUNT = st.integers(0, 60)
INTO = st.floats(0, HOUR - 0.001)


@given(LIMIT, LIMIT, st.integers(0, 50), COUNT, COUNT, COUNT, COUNT, INTO)
def test_who_waits_as_told_gets_in(
    requests: int,
    money: int,
    more: int,
    this_requests: int,
    last_requests: int,
    this_money: int,
    last_money: int,
    into: float,
) -> None:
    """When nothing else is asked meanwhile; and a second earlier they don't."""
    limits = Limits(requests, money)
    this, last = Used(this_requests, this_money), Used(last_requests, last_money)
    decided = quota.decide(limits, more, this, last, START + into)
    if not isinstance(decided, Exceeded):
        assert isinstance(decided, TooDear) == bool(money and more > money)
        return
    assert decided.retry_after > 0

    def then(seconds: float) -> object:
        at = START + into + seconds
        ended = quota.hours(at)[0] - quota.hours(START)[0]
        now, before = {0: (this, last), 1: (Used(), this)}.get(ended, (Used(), Used()))
        return quota.decide(limits, more, now, before, at)

    assert isinstance(then(decided.retry_after), Used)
    if decided.retry_after > 1:
        assert isinstance(then(decided.retry_after - 1), Exceeded)


@given(st.text(), st.text(), st.integers(0, 10**6))
def test_documents_are_named_by_user_and_hour(first: str, second: str, hour: int) -> None:
    name = quota.name(first, hour)
    assert len(name.partition("_")[0]) == 32
    assert len(first) < 4 or first not in name
    assert (quota.name(second, hour) == name) == (first == second)
    assert quota.name(first, hour + 1) != name


def test_a_document_outlives_its_use() -> None:
    hour = quota.hours(START)[0]
    expires = quota.document(Used(1, 2), hour)["expires_at"].timestamp()
    assert expires >= START + 2 * HOUR  # the end of the hour that looks back at it
    assert Used.of(quota.document(Used(1, 2), hour)) == Used(1, 2)
    assert Used.of(None) == Used()


class Hours(RuleBasedStateMachine):
    """A user who asks, whose stories are settled for less, while time goes on."""

    limits = Limits(7, 1_000)

    def __init__(self) -> None:
        super().__init__()
        self.now = START
        self.used: defaultdict[int, Used] = defaultdict(Used)
        self.running: list[tuple[int, int]] = []
        self.spent: defaultdict[int, int] = defaultdict(int)

    @rule(reserved=st.integers(0, 500))
    def ask(self, reserved: int) -> None:
        this, last = quota.hours(self.now)
        decided = quota.decide(self.limits, reserved, self.used[this], self.used[last], self.now)
        if isinstance(decided, Used):
            self.used[this] = decided
            self.running.append((this, reserved))

    @precondition(lambda self: self.running)
    @rule(share=st.floats(0, 1), which=st.integers(0, 100))
    def settle(self, share: float, which: int) -> None:
        hour, reserved = self.running.pop(which % len(self.running))
        cost = int(share * reserved)
        self.spent[hour] += cost
        was = self.used[hour]
        self.used[hour] = Used(was.requests, was.microdollars + cost - reserved)

    @rule(seconds=st.floats(0, 2_000))
    def wait(self, seconds: float) -> None:
        self.now += seconds

    @invariant()
    def never_more_than_the_limit(self) -> None:
        this, last = (self.used[hour] for hour in quota.hours(self.now))
        requests = quota.estimate(this.requests, last.requests, self.now)
        money = quota.estimate(this.microdollars, last.microdollars, self.now)
        assert requests <= self.limits.requests_an_hour + 1e-9
        assert money <= self.limits.microdollars_an_hour + 1e-9

    @invariant()
    def what_is_reserved_and_settled_balances(self) -> None:
        for hour, used in self.used.items():
            open_ = sum(reserved for of, reserved in self.running if of == hour)
            assert used.microdollars == self.spent[hour] + open_


TestHours = Hours.TestCase
