"""Limits and costs, as callers meet them: what each end of a request is charged, and the answers of
who asks too much."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest
from werkzeug.test import Client, TestResponse

from functions import web
from functions.clock import ManualClock
from functions.documents import Store
from functions.errors import OpenAIError, PalierError, RateLimited
from functions.identity import Actor
from functions.stories.claim import story_id
from functions.stories.limits.cap import CHUNKS, DailyCap
from functions.stories.limits.quota import Limits
from functions.stories.routes import blueprint
from tests.emulator.stories.conftest import DOLLAR, SCOPE, WISH, Bench
from tests.servers import hostile_openai as hostile
from tests.servers.hostile_openai import Behaviour

ONE = "key-00000001"
NOON = 1_800_014_400.0
MIDNIGHT = NOON - 12 * 3_600
TOLD = 100 * 15 + 200 * 60
"""What the stand-in's usage costs: its model isn't in the list, so it counts as the dearest."""


def charged(store: Store) -> tuple[int, int]:
    """Requests and microdollars of all users."""
    found = [one.data for one in store.query(SCOPE.collection("quotas"))]
    return sum(one["requests"] for one in found), sum(one["microdollars"] for one in found)


def reserved(bench: Bench) -> int:
    document = bench.store.get(SCOPE.doc("stories", story_id("u1", ONE)))
    assert document is not None
    return int(document.data["reserved"])


@pytest.mark.parametrize(
    ("behaviour", "told", "unknown"),
    [
        pytest.param(hostile.story(), 1, 0, id="a story"),
        pytest.param(hostile.refusal(), 1, 0, id="the model refuses"),
        pytest.param(hostile.incomplete(), 1, 0, id="cut off by its own limit"),
        pytest.param(hostile.failed(), 2, 0, id="failed, twice"),
        pytest.param(hostile.error(404), 0, 0, id="an unknown model"),
        pytest.param(hostile.error(429), 0, 0, id="too many requests, twice"),
        pytest.param(hostile.error(500), 0, 0, id="an HTTP error, twice"),
        pytest.param(hostile.reply(b"<html>"), 0, 2, id="not JSON, twice"),
        pytest.param(hostile.cut(), 0, 2, id="cut off, twice"),
        pytest.param(hostile.hang(), 0, 1, id="never answered"),
    ],
)
def test_what_a_request_is_charged(
    bench: Bench, behaviour: Behaviour, told: int, unknown: int
) -> None:
    """What was told, and for a call that did not tell half of what was reserved for two."""
    bench.server.play(behaviour)
    with suppress(PalierError):
        bench.ask(idempotency_key=ONE)
    assert charged(bench.store) == (1, told * TOLD + unknown * reserved(bench) // 2)


def test_a_wish_that_is_refused_costs_nothing(bench: Bench) -> None:
    bench.server.moderate(hostile.reply(hostile.moderated(flagged=True)))
    with pytest.raises(PalierError):
        bench.ask(idempotency_key=ONE)
    assert not bench.server.requests
    assert charged(bench.store) == (1, 0)


def test_what_is_reserved_while_it_is_written(bench: Bench) -> None:
    seen: list[tuple[int, int]] = []

    def look(exchange: hostile.Exchange) -> None:
        seen.append(charged(bench.store))
        hostile.story()(exchange)

    bench.server.play(look)
    bench.ask(idempotency_key=ONE)
    assert seen == [(1, reserved(bench))]
    assert reserved(bench) > 2 * 900 * 60


def test_the_day_and_the_hours_of_users_agree(bench: Bench) -> None:
    """Forty stories of eight users at once, some of which fail: every microdollar is in both."""
    cap = DailyCap(bench.store, ManualClock(NOON), 1_000 * DOLLAR)
    bench.studio = replace(bench.studio, cap=cap)
    bench.server.play(
        *[hostile.story(), hostile.error(404), hostile.refusal(), hostile.reply(b"{")] * 20
    )

    def ask(number: int) -> None:
        with suppress(OpenAIError):
            bench.ask(f"u{number % 8}")

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(ask, range(40)))
    cap.close()
    requests, microdollars = charged(bench.store)
    assert requests == 40
    day = bench.store.get(SCOPE.doc("caps", "2027-01-15"))
    assert day is not None
    assert day.data["granted"] == microdollars > 0


def test_an_instance_holds_no_more_than_a_chunk(bench: Bench) -> None:
    day = 1_000 * DOLLAR
    cap = DailyCap(bench.store, ManualClock(NOON), day)
    bench.studio = replace(bench.studio, cap=cap)
    bench.store.operations.clear()
    for _ in range(5):
        bench.ask()
    document = bench.store.get(SCOPE.doc("caps", "2027-01-15"))
    assert document is not None
    assert document.data["granted"] == day // CHUNKS
    assert bench.store.operations["commits"] == 5 * 2 + 1


@pytest.fixture
def client(bench: Bench) -> Client:
    def person(authorization: str | None) -> Actor:
        return Actor.person(str(authorization).removeprefix("Bearer "))

    making = blueprint(lambda: bench.studio, SCOPE, person)
    return web.make_app("limits-tests", "/api", [making]).test_client()


def post(client: Client, **headers: str) -> TestResponse:
    headers = {"Authorization": "Bearer u1", **headers}
    return client.post("/v1/stories", json=WISH, headers=headers)


LIMITED: dict[str, dict[str, Any]] = {
    "an hour's stories": {"limits": Limits(1, 0)},
    "an hour's dollars": {"limits": Limits(0, 250_000)},
}


@pytest.mark.parametrize("name", LIMITED)
@pytest.mark.parametrize("accept", ["application/json", "text/event-stream"])
def test_the_answer_over_rest(bench: Bench, client: Client, name: str, accept: str) -> None:
    """429 with the time to wait, before anything is streamed."""
    bench.studio = replace(bench.studio, **LIMITED[name])
    codes = [post(client).status_code for _ in range(20)]
    assert codes[0] == 201
    assert set(codes) == {201, 429}
    answer = post(client, **{"Accept": accept, "Accept-Language": "fr"})
    body = answer.get_json()
    assert (answer.status_code, body["code"], body["reason"]) == (429, "RATE_LIMITED", "an_hour")
    assert body["limit"] == ("requests" if "stories" in name else "cost")
    assert answer.headers["Retry-After"] == str(body["retry_after"])
    assert 0 < body["retry_after"] <= 7_200
    assert "Faites une pause" in body["message"]
    assert bench.notes.last.cause == "client"


def test_a_story_that_no_limit_has_room_for_is_the_version_s_doing(
    bench: Bench, client: Client
) -> None:
    """It would be refused to everybody for ever: a rollout to it has to end."""
    bench.studio = replace(bench.studio, limits=Limits(0, 100))
    answer = post(client)
    assert (answer.status_code, answer.get_json()["code"]) == (409, "FAILED_PRECONDITION")
    assert "PALIER_DOLLARS_AN_HOUR" in answer.get_json()["detail"]
    assert (bench.notes.last.version, bench.notes.last.cause) == ("1.2.0", "internal")


@pytest.mark.parametrize(
    "at",
    [pytest.param(NOON, id="at noon"), pytest.param(MIDNIGHT + 1, id="when it has just begun")],
)
def test_who_is_over_the_limit_takes_nothing_of_the_day(bench: Bench, at: float) -> None:
    cap = DailyCap(bench.store, ManualClock(at), 1_000 * DOLLAR)
    bench.studio = replace(bench.studio, cap=cap, limits=Limits(1, 0))
    bench.ask()
    for _ in range(30):
        with pytest.raises(RateLimited):
            bench.ask()
    cap.close()
    day = bench.store.get(SCOPE.doc("caps", "2027-01-15"))
    assert day is not None
    assert day.data["granted"] == TOLD
