"""An environment with the flag `stories.version`, and its admin API."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from werkzeug.test import Client

from functions import web
from functions.administration import Administration
from functions.alerts.objectives import routes, score_routes, scorecard_routes
from functions.documents import Store, Write
from functions.identity import Actor, administrator_path, membership_path
from functions.stories.measures import MEASURES
from tests.emulator.rollouts.world import SERVICE, World


@dataclass
class Admin:
    client: Client

    def send(self, method: str, path: str, who: str = "boss", **body: Any) -> Any:
        headers = {"Authorization": who}
        return self.client.open(path, method=method, json=body or None, headers=headers)

    def done(self, method: str, path: str, **body: Any) -> dict[str, Any]:
        """The answer to what is allowed and right."""
        response = self.send(method, path, **body)
        assert response.status_code == 200, response.get_json()
        found: dict[str, Any] = response.get_json()
        return found


@pytest.fixture
def world(store: Store) -> World:
    world = World(store)
    world.environment()
    world.flag()
    return world


@pytest.fixture
def admin(world: World) -> Admin:
    reader = {"role": "reader", "environments": [world.scope.environment]}
    world.store.commit(
        [
            Write.create(administrator_path("boss"), {}),
            Write.create(membership_path("main", "guest"), reader),
        ]
    )

    def person(authorization: str | None) -> Actor:
        return Actor.person(str(authorization))

    administration = Administration(world.store, world.clock, world.scope, person)
    rooms = [room.blueprint(lambda: administration) for room in (score_routes, scorecard_routes)]
    rooms.append(routes.blueprint(lambda: administration, {SERVICE: MEASURES}))
    return Admin(web.make_app("objectives", "/admin", rooms).test_client())
