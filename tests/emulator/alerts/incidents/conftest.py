"""The routes of incidents on the Firestore emulator."""

from __future__ import annotations

from typing import Any

import pytest
from werkzeug.test import Client

from functions import web
from functions.administration import Administration
from functions.alerts.incidents import people_routes, routes
from functions.clock import ManualClock
from functions.documents import Store, Write
from functions.identity import Actor, administrator_path, membership_path
from tests.emulator.alerts.incidents.world import NOW, World


@pytest.fixture
def world(store: Store) -> World:
    return World(store)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOW)


class Office:
    """People who ask, by the name of who does."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def get(self, path: str, who: str = "guest") -> Any:
        return self._client.get(path, headers={"Authorization": who})

    def send(self, method: str, path: str, who: str = "boss", **body: Any) -> Any:
        return self._client.open(path, method=method, json=body, headers={"Authorization": who})


@pytest.fixture
def office(world: World, clock: ManualClock) -> Office:
    def member(uid: str, role: str) -> Write:
        data = {"role": role, "environments": [world.scope.environment]}
        return Write.create(membership_path("main", uid), data)

    world.store.commit(
        [
            Write.create(world.scope.path, {}),
            Write.create(administrator_path("boss"), {}),
            member("guest", "reader"),
            member("dev", "developer"),
        ]
    )

    def person(authorization: str | None) -> Actor:
        return Actor.person(str(authorization))

    administration = Administration(world.store, clock, world.scope, person)
    rooms = [room.blueprint(lambda: administration) for room in (routes, people_routes)]
    return Office(web.make_app("incidents", "/admin", rooms).test_client())
