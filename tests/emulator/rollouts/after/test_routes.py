"""Rollbacks over HTTP; every answer is held against its description by the fixtures around."""

from __future__ import annotations

from typing import Any

import pytest
from werkzeug.test import Client

from functions import web
from functions.administration import Administration
from functions.documents import Write
from functions.identity import Actor, membership_path
from functions.metrics.slots import Slots
from functions.rollouts import commands
from functions.rollouts.advance import advance
from functions.rollouts.after.routes import blueprint
from functions.rollouts.after.verify import verify
from tests.emulator.rollouts.world import ASKED, CANDIDATE, CONTROL, FLAG, World


@pytest.fixture
def client(world: World) -> Client:
    reader = {"role": "reader", "environments": [world.scope.environment]}
    world.store.commit(
        [
            Write.create(world.scope.path, {}),
            Write.create(membership_path("main", "guest"), reader),
        ]
    )
    administration = Administration(
        world.store, world.clock, world.scope, lambda given: Actor.person(str(given))
    )
    rooms = blueprint(lambda: administration)
    return web.make_app("rollbacks", "/admin", [rooms]).test_client()


def read(client: Client, path: str) -> Any:
    return client.get(path, headers={"Authorization": "guest"})


def test_a_list_and_one(world: World, client: Client) -> None:
    assert read(client, "/v1/rollbacks").get_json() == {"rollbacks": []}
    world.started()
    advance(world.store, world.clock, world.scope)
    world.change(commands.rollback("r1", ASKED))
    (line,) = read(client, "/v1/rollbacks").get_json()["rollbacks"]
    assert (line["id"], line["flag"], line["type"]) == ("r1", FLAG, "rollback")
    assert (line["candidate"], line["control"], line["percentage"]) == (CANDIDATE, CONTROL, 10)
    assert line["status"] == "pending"
    verify(world.store, world.scope, world.clock.now(), Slots().recent)
    whole = read(client, "/v1/rollbacks/r1").get_json()
    assert [flag["differences"] for flag in whole["flags"]] == [[]]
    found = {check["name"]: check for check in whole["checks"]}
    assert found["snapshot"]["english"].startswith("Generation ")
    assert found["snapshot"]["french"].startswith("La génération ")


def test_one_that_there_is_not(client: Client) -> None:
    for identifier in ("r1", "no%20id"):
        assert read(client, f"/v1/rollbacks/{identifier}").status_code == 404
