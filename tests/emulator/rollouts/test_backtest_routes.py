"""Backtests over HTTP, on minutes as they are stored."""

from __future__ import annotations

from typing import Any

import pytest
from werkzeug.test import Client

from functions import web
from functions.administration import Administration
from functions.documents import Write
from functions.identity import Actor, administrator_path, membership_path
from functions.metrics.minutes import write_minutes
from functions.metrics.tally import Tally
from functions.metrics.windows import MINUTE_SECONDS, Window, minute_start
from functions.rollouts.backtest_routes import blueprint
from functions.stories.measures import MEASURES
from tests.emulator.rollouts.world import SERVICE, World

PLAN = {
    "stages": [{"percentage": 10, "bake_seconds": 600}, {"percentage": 100, "bake_seconds": 600}],
    "watch_seconds": 300,
}


@pytest.fixture
def client(world: World) -> Client:
    reader = {"role": "reader", "environments": [world.scope.environment]}
    world.store.commit(
        [
            Write.create(world.scope.path, {}),
            Write.create(administrator_path("boss"), {}),
            Write.create(membership_path("main", "guest"), reader),
        ]
    )

    def person(authorization: str | None) -> Actor:
        return Actor.person(str(authorization))

    administration = Administration(world.store, world.clock, world.scope, person)
    rooms = blueprint(lambda: administration, measured={SERVICE: MEASURES})
    return web.make_app("backtests", "/admin", [rooms]).test_client()


def keep(world: World, failing_from: int) -> int:
    """Half an hour of minutes; the candidate fails from one of them on. When they begin."""
    since = minute_start(world.clock.now()) - 3_600
    windows = []
    for number in range(30):
        failures = 20 if number >= failing_from else 0
        users = frozenset(f"u{number}-{each}" for each in range(failures))
        bad = Tally(requests=60, failures=failures, users_failing=users)
        start = since + number * MINUTE_SECONDS
        windows += [
            Window(start, MINUTE_SECONDS, SERVICE, "1.3.0", 1, bad),
            Window(start, MINUTE_SECONDS, SERVICE, "1.2.0", 1, Tally(requests=540)),
            Window(start, MINUTE_SECONDS, "other", "1.3.0", 1, Tally(requests=5, failures=5)),
        ]
    assert write_minutes(world.store, world.scope, windows) == 90
    return since


def ask(client: Client, since: float, **more: Any) -> Any:
    body = {
        "plan": PLAN,
        "service": SERVICE,
        "control": "1.2.0",
        "candidate": "1.3.0",
        "since": since,
        "until": since + 1_800,
        **more,
    }
    headers = {"Authorization": "guest"}
    return client.post("/v1/rollout-backtests", json=body, headers=headers)


def test_what_would_have_been_decided(world: World, client: Client) -> None:
    since = keep(world, failing_from=12)
    told = ask(client, since).get_json()
    assert [(each["kind"], each["at"] - since) for each in told["steps"]] == [
        ("started", 0),
        ("advanced", 600),
        ("rolled_back", 780),
    ]
    assert (told["share"], told["grain_seconds"], told["last"]) == (0.1, 60, None)
    last = told["steps"][-1]
    assert last["verdict"]["sentence"].startswith("Rolled back: 20 users hit errors")
    assert last["sentence_fr"].startswith("Annulé")


def test_what_was_known_at_the_end(world: World, client: Client) -> None:
    since = keep(world, failing_from=99)
    told = ask(client, since, until=since + 300).get_json()
    assert told["last"]["sentence"] == "Waiting: healthy so far; 5 min to go."


def test_nothing_recorded(world: World, client: Client) -> None:
    since = keep(world, failing_from=99)
    answer = ask(client, since, candidate="9.9.9")
    assert answer.status_code == 404
    assert "Nothing was recorded of stories 9.9.9" in answer.get_json()["detail"]


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"until": 1_800_000_000}, "a minute after"),
        ({"until": 1_800_000_000 + 3 * 86_400}, "two days"),
        ({"until": 1_800_000_900, "candidate": "1.2.0"}, "the same version"),
        ({"until": 1_800_000_900, "plan": "none"}, "no plan 'none'"),
    ],
)
def test_what_cannot_be_tested_is_refused(client: Client, more: dict[str, Any], says: str) -> None:
    answer = ask(client, 1_800_000_000, **more)
    assert answer.status_code == 400
    assert says in answer.get_json()["detail"]
