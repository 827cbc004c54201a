"""Creating and listing versions as an administrator, over HTTP."""

from __future__ import annotations

from typing import Any

import pytest
from werkzeug.test import Client

from functions import web
from functions.administration import Administration
from functions.clock import SystemClock
from functions.documents import Store, Write
from functions.identity import Actor, administrator_path, membership_path
from functions.stories.admin_routes import blueprint
from tests.emulator.stories.conftest import SCOPE

VERSION: dict[str, Any] = {
    "version": "1.2.0",
    "prompt": "tale-1",
    "model": "gpt-test",
    "parameters": {"max_output_tokens": 900, "temperature": 1},
}


@pytest.fixture
def client(store: Store) -> Client:
    reader = {"role": "reader", "environments": [SCOPE.environment]}
    store.commit(
        [
            Write.create(SCOPE.path, {}),
            Write.create(administrator_path("boss"), {}),
            Write.create(membership_path(SCOPE.application, "guest"), reader),
        ]
    )

    def person(authorization: str | None) -> Actor:
        return Actor.person(str(authorization))

    administration = Administration(store, SystemClock(), SCOPE, person)
    return web.make_app(
        "versions-tests", "/admin", [blueprint(lambda: administration)]
    ).test_client()


def _create(client: Client, who: str = "boss", **changes: Any) -> Any:
    body = {**VERSION, **changes, "reason": "a better ending"}
    return client.post("/v1/versions", json=body, headers={"Authorization": who})


def test_created_and_listed(client: Client) -> None:
    made = _create(client)
    assert made.status_code == 201
    assert made.get_json()["generation"] == 1
    assert made.get_json()["version"]["handler"] == "one-call-1"
    assert _create(client, version="1.3.0", prompt="tale-2").status_code == 201
    listed = client.get("/v1/versions", headers={"Authorization": "guest"}).get_json()["versions"]
    assert [version["version"] for version in listed] == ["1.3.0", "1.2.0"]
    assert listed[1]["content_hash"] == made.get_json()["version"]["content_hash"]


def test_refused(client: Client) -> None:
    assert _create(client, "guest").status_code == 403
    assert _create(client, "stranger").status_code == 403
    assert _create(client, model="no such name").status_code == 400
    assert _create(client, prompt="tale-99").status_code == 404
    assert _create(client, handler="from-the-future").get_json()["code"] == "FAILED_PRECONDITION"
    assert _create(client).status_code == 201
    assert _create(client).get_json()["code"] == "ALREADY_EXISTS"
