"""Limits by API key: what gets through, and when."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.errors import RateLimited
from functions.flags.clients import limits
from functions.flags.clients.limits import BURST_SECONDS, Limits
from functions.flags.content import Snapshot
from functions.flags.keys import Kind, new_key
from tests.unit.flags.clients.world import Api, flag

START = 1_000_000.0
FLAGS = {"f": flag({"on": True}, "on")}


def passed(given: Limits, key: str, now: float, asked: int) -> int:
    """How many of so many at once get through."""
    through = 0
    for _ in range(asked):
        try:
            given.take(key, now)
        except RateLimited:
            continue
        through += 1
    return through


def test_a_burst_and_then_the_rate() -> None:
    hundred = Limits(100)
    assert passed(hundred, "a", START, 1_000) == 200
    assert passed(hundred, "a", START + 0.5, 1_000) == 50
    assert passed(hundred, "a", START + 60, 1_000) == 200


def test_keys_are_apart() -> None:
    ten = Limits(10)
    assert passed(ten, "a", START, 100) == passed(ten, "b", START, 100) == 20


def test_a_slow_rate_lets_one_through() -> None:
    slow = Limits(0.1)
    assert passed(slow, "a", START, 10) == 1
    assert passed(slow, "a", START + 9.9, 10) == 0
    assert passed(slow, "a", START + 10, 10) == 1


def test_none_is_none() -> None:
    assert passed(Limits(0), "a", START, 10_000) == 10_000


@given(
    st.integers(1, 5_000),
    st.lists(st.floats(0, 3, allow_nan=False), min_size=1, max_size=60),
)
def test_never_more_than_the_rate_and_a_burst(rate: int, pauses: list[float]) -> None:
    limited, now, through = Limits(rate), START, 0
    for pause in pauses:
        now += pause
        through += passed(limited, "a", now, 20)
    assert through <= rate * (now - START) + BURST_SECONDS * rate + 1


@given(st.integers(1, 5_000), st.integers(1, 20_000))
def test_who_waits_as_told_gets_through(rate: int, asked: int) -> None:
    limited = Limits(rate)
    passed(limited, "a", START, min(asked, 3 * rate + 1))
    try:
        limited.take("a", START)
    except RateLimited as refused:
        wait = refused.extra["retry_after"]
        assert isinstance(wait, int)
        assert wait >= 1
        limited.take("a", START + wait)


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MANY", 100)
    limited = Limits(1_000)
    for number in range(5_000):
        limited.take(f"key-{number}", START + number / 10)
    assert len(limited._used_up) <= 101


def test_threads_lose_little() -> None:
    limited, through = Limits(1_000), []
    threads = [
        threading.Thread(target=lambda: through.append(passed(limited, "a", START, 1_000)))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert 2_000 <= sum(through) <= 2_100


def test_over_http(make_snapshot: Callable[..., Snapshot]) -> None:
    api = Api(make_snapshot, FLAGS, per_second=5)
    answers = [api.post("/f") for _ in range(11)]
    assert [each.status_code for each in answers] == [200] * 10 + [429]
    refused = answers[-1]
    assert refused.headers["Retry-After"] == "1"
    assert refused.headers["Access-Control-Allow-Origin"] == "*"
    assert "Retry-After" in refused.headers["Access-Control-Expose-Headers"]
    assert refused.get_json()["errorCode"] == "GENERAL"
    assert "PALIER_EVALUATION_LIMIT" in refused.get_json()["errorDetails"]
    assert api.post("").status_code == 429
    assert "key" not in api.post("").get_json()
    document = api.get("/v1/flags/flagd.json")
    assert (document.status_code, document.headers["Retry-After"]) == (429, "1")
    assert document.get_json()["code"] == "RATE_LIMITED"
    assert api.post("/f", key=api.publishable).status_code == 200
    api.clock.advance(0.2)
    assert api.post("/f").status_code == 200


def test_forged_keys_are_not_remembered(make_snapshot: Callable[..., Snapshot]) -> None:
    api = Api(make_snapshot, FLAGS, per_second=1)
    for _ in range(20):
        forged = new_key(Kind.SECRET, api.secret.scope)
        assert api.post("/f", key=forged).status_code == 401
    assert api.hot._limits._used_up == {}
