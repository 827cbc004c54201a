"""Stories over REST, and the callable's answer."""

from __future__ import annotations

from typing import Any

import pytest
from werkzeug.test import Client, TestResponse

from functions import web
from functions.errors import Unauthenticated
from functions.identity import Actor
from functions.stories.owners import library_routes
from functions.stories.owners.library import Library
from functions.stories.routes import blueprint, generate_for_callable
from tests.emulator.stories.conftest import SCOPE, WISH, Bench
from tests.emulator.stories.kept import Votes
from tests.servers import hostile_openai as hostile


def _person(authorization: str | None) -> Actor:
    if not authorization:
        raise Unauthenticated("No ID token was sent.")
    return Actor.person(authorization.removeprefix("Bearer "))


@pytest.fixture
def client(bench: Bench) -> Client:
    making = blueprint(lambda: bench.studio, SCOPE, _person)
    having = library_routes.blueprint(
        lambda: Library(bench.store, bench.studio.clock), Votes, SCOPE, _person
    )
    return web.make_app("stories-tests", "/api", [making, having]).test_client()


def _post(client: Client, uid: str = "u1", key: str | None = None, **changes: Any) -> TestResponse:
    headers = {"Authorization": f"Bearer {uid}"}
    if key:
        headers["Idempotency-Key"] = key
    return client.post("/v1/stories", json={**WISH, **changes}, headers=headers)


def _get(client: Client, path: str, uid: str = "u1") -> TestResponse:
    return client.get(path, headers={"Authorization": f"Bearer {uid}"})


def test_a_story_is_made_read_and_listed(client: Client) -> None:
    made = _post(client, key="key-00000001")
    assert made.status_code == 201
    body = made.get_json()
    assert (body["stored"], body["replayed"]) == (True, False)
    assert body["story"]["provenance"]["version"] == "1.2.0"
    again = _post(client, key="key-00000001")
    assert (again.status_code, again.get_json()["replayed"]) == (200, True)
    read = _get(client, f"/v1/stories/{body['id']}").get_json()
    kept = {name: body[name] for name in ("id", "created_at", "story")}
    assert read == {**kept, "rating": None}
    assert _get(client, "/v1/stories").get_json() == {"stories": [read], "next": None}


def test_only_finished_ones(client: Client, bench: Bench) -> None:
    bench.server.play(hostile.error(404))
    failed = _post(client, key="key-00000001")
    assert failed.status_code == 500
    assert failed.get_json()["code"] == "OPENAI_ERROR"
    assert failed.get_json()["reason"] == "bad_version"
    assert _get(client, "/v1/stories").get_json() == {"stories": [], "next": None}


def test_nobody_gets_401(client: Client) -> None:
    answer = client.post("/v1/stories", json=WISH)
    assert answer.status_code == 401
    assert answer.get_json()["code"] == "UNAUTHENTICATED"


def test_errors_are_problems_in_the_users_language(client: Client, bench: Bench) -> None:
    bench.server.play(hostile.refusal())
    headers = {"Authorization": "Bearer u1", "Accept-Language": "fr-CH, en"}
    answer = client.post("/v1/stories", json=WISH, headers=headers)
    assert answer.status_code == 400
    assert answer.mimetype == "application/problem+json"
    assert answer.get_json()["message"].startswith("Impossible d'écrire")


def test_the_callable(bench: Bench) -> None:
    answer = generate_for_callable(bench.studio, SCOPE, "u1", WISH)
    assert answer["story"]["title"] == hostile.DRAFT["title"]
    with pytest.raises(Unauthenticated):
        generate_for_callable(bench.studio, SCOPE, None, WISH)
