"""A test of alerts goes all the way, by the real tick, and touches nothing real."""

from __future__ import annotations

from typing import Any

import pytest
from werkzeug.test import Client

from functions import web
from functions.administration import Administration
from functions.alerts.testing.routes import blueprint
from functions.documents import Store, Write
from functions.identity import Actor, administrator_path, membership_path
from functions.minute import Deps
from functions.tick import tick
from tests.emulator.rollouts.dying_ticks import Inline
from tests.emulator.rollouts.test_tick import Sink
from tests.emulator.rollouts.world import QUICK, World


@pytest.fixture
def world(store: Store) -> World:
    made = World(store)
    made.environment()
    reader = {"role": "reader", "environments": [made.scope.environment]}
    made.store.commit(
        [
            Write.create(administrator_path("boss"), {}),
            Write.create(membership_path("main", "guest"), reader),
        ]
    )
    return made


@pytest.fixture
def client(world: World) -> Client:
    def person(authorization: str | None) -> Actor:
        return Actor.person(str(authorization))

    administration = Administration(world.store, world.clock, world.scope, person)
    return web.make_app("alert-tests", "/admin", [blueprint(lambda: administration)]).test_client()


def begin(client: Client, who: str = "boss", **body: Any) -> Any:
    return client.post("/v1/alerts/tests", json=body, headers={"Authorization": who})


def followed(client: Client, identifier: str) -> Any:
    path = f"/v1/alerts/tests/{identifier}"
    return client.get(path, headers={"Authorization": "guest"}).get_json()["test"]


def test_all_the_way_and_nothing_real_is_touched(world: World, client: Client) -> None:
    world.flag()
    world.started(plan=QUICK)
    world.serve("1.2.0", 30)
    sink = Sink()
    deps = Deps(world.store, world.clock, sink, Inline(), Inline())
    begun = begin(client, rule="p1-error-rate").get_json()["test"]
    assert begun["version"] == f"test-{begun['id']}+test"
    assert followed(client, begun["id"])["status"] == "running"
    until = begun["ends_at"]
    while world.clock.now() < until and followed(client, begun["id"])["status"] == "running":
        tick(deps)
        world.clock.advance(60 - world.clock.now() % 60)
    done = followed(client, begun["id"])
    assert done["status"] == "passed", done
    times = [stage["at"] for stage in done["stages"]]
    assert times == sorted(times)
    assert times[1] - times[0] <= 60
    assert [stage["name"] for stage in done["stages"]][-1] == "people are told that it is over"
    messages = world.store.query(world.scope.collection("outbox"))
    tests = [each.data for each in messages if each.data["about"].startswith("incidents/")]
    assert [each["test"] for each in tests] == [True, True]
    decided = [event["verdict"]["rule"] for event in world.events() if event["verdict"]]
    assert set(decided) <= {"no data"}, "the rollout hears nothing of it"
    windows = world.store.query(world.scope.collection("windows"))
    assert {each.data["version"] for each in windows} <= {"1.2.0", "1.3.0"}
    assert sink.points
    assert not any("test" in value for point in sink.points for _, value in point.identity[1])


def test_one_at_a_time_of_a_rule_and_few_at_once(world: World, client: Client) -> None:
    rules = ["p1-memory", "p2-memory", "p3-memory", "p1-error-rate", "p2-error-rate"]
    assert [begin(client, rule=rule).status_code for rule in rules] == [201] * 5
    assert begin(client, rule="p1-memory").status_code == 409
    assert begin(client, rule="p3-error-rate").status_code == 409
    world.clock.advance(2 * 86_400)
    assert begin(client, rule="p1-memory").status_code == 201
    listed = client.get("/v1/alerts/tests", headers={"Authorization": "guest"}).get_json()
    assert len(listed["tests"]) == 1, "old ones are cleared away"
    assert len(world.store.query(world.scope.collection("tests"))) == 1


@pytest.mark.parametrize(
    ("who", "body", "code"),
    [
        ("guest", {"rule": "p1-memory"}, "PERMISSION_DENIED"),
        ("boss", {"rule": "p9-memory"}, "NOT_FOUND"),
        ("boss", {"rule": "../rules"}, "INVALID_ARGUMENT"),
        ("boss", {"rule": "p1-memory", "service": "a/b"}, "INVALID_ARGUMENT"),
        ("boss", {}, "INVALID_ARGUMENT"),
    ],
)
def test_who_may_not_and_what_is_none(
    client: Client, who: str, body: dict[str, str], code: str
) -> None:
    assert begin(client, who, **body).get_json()["code"] == code


def test_one_that_does_not_exist(client: Client) -> None:
    path = "/v1/alerts/tests/t00000000"
    assert client.get(path, headers={"Authorization": "guest"}).status_code == 404
