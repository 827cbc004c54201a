"""A rollout explained over HTTP, with the alerts that fire at the moment."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from werkzeug.test import Client

from functions import web
from functions.administration import Administration
from functions.alerts import store as alerts
from functions.alerts.measures import Key
from functions.alerts.state import FIRING, State
from functions.documents import Write
from functions.identity import Actor, administrator_path
from functions.rollouts import commands, routes
from functions.rollouts.advance import advance
from functions.rollouts.explain import routes as explained
from functions.rollouts.plan import Criteria
from functions.rollouts.store import find
from tests.emulator.rollouts.world import ASKED, CANDIDATE, QUICK, SERVICE, World


@pytest.fixture
def client(world: World) -> Client:
    world.store.commit(
        [Write.create(world.scope.path, {}), Write.create(administrator_path("boss"), {})]
    )
    administration = Administration(
        world.store, world.clock, world.scope, lambda who: Actor.person(str(who))
    )
    rooms = [routes.blueprint(lambda: administration), explained.blueprint(lambda: administration)]
    return web.make_app("rollouts", "/admin", rooms).test_client()


def ask(client: Client, path: str, who: str = "boss") -> tuple[int, Any]:
    answer = client.get(path, headers={"Authorization": who})
    return answer.status_code, answer.get_json()


def fires(world: World, rule: str, value: float) -> None:
    """As the last look at the rules found it."""
    now = world.clock.now()
    state = State(Key(rule, SERVICE, CANDIDATE), "P1", FIRING, now, 0.8, value=value)
    world.store.commit(list(alerts.writes(world.scope, {}, [state], now).values()))


def test_from_its_creation_on(world: World, client: Client) -> None:
    world.created()
    path = "/v1/rollouts/r1/explain"
    status, pending = ask(client, path)
    assert status == 200
    assert pending["waits"] == ["It waits for a person to start it."]
    world.change(commands.start("r1", ASKED))
    advance(world.store, world.clock, world.scope)
    world.serve(CANDIDATE, 12)
    _, english = ask(client, path)
    _, french = ask(client, f"{path}?language=fr")
    assert english["waits"] == ["Waiting: 12 of the 20 requests needed on the new version so far."]
    assert "12 of the 20" in english["needs"][0]
    assert french["waits"][0].startswith("En attente : 12 des 20 requêtes")
    assert len(french["happened"]) == len(english["happened"]) == 3


def test_alerts_that_fire_are_part_of_what_is_known(world: World, client: Client) -> None:
    world.started()
    advance(world.store, world.clock, world.scope)
    world.serve(CANDIDATE, 12)
    fires(world, "p1-memory", 0.93)
    _, shown = ask(client, "/v1/rollouts/r1")
    assert shown["now"]["kind"] == "pause"
    assert shown["now"]["rule"] == "alarm"
    assert "the alert p1-memory fires on the new version" in shown["now"]["sentence"]
    _, said = ask(client, "/v1/rollouts/r1/explain")
    assert said["waits"] == [shown["now"]["sentence"]]


def test_error_budget_that_is_missing_is_named(world: World, client: Client) -> None:
    """Spent between the request and the first split."""
    world.started(plan=replace(QUICK, criteria=Criteria(requests=20)))
    thrifty = replace(world.rollout().plan, criteria=Criteria(requests=20, budget=0.5))
    stored = find(world.store, world.scope, "r1")
    world.store.commit([Write.update(stored.document, {"plan": thrifty.to_document()})])
    _, said = ask(client, "/v1/rollouts/r1/explain")
    assert said["waits"][0].startswith("It waits for the service's error budget")
    assert said["needs"] == ["Error budget that is left: unknown, at least 50 % is needed."]


def test_who_may_not_read_is_told_nothing(world: World, client: Client) -> None:
    world.created()
    assert ask(client, "/v1/rollouts/r1/explain", "stranger")[0] == 403


@pytest.mark.parametrize(
    ("path", "status"),
    [("/v1/rollouts/r1/explain?language=de", 400), ("/v1/rollouts/nowhere/explain", 404)],
)
def test_refused(client: Client, path: str, status: int) -> None:
    assert ask(client, path)[0] == status
