"""A story on its whole way, by the callable and over REST."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from local import aimock, seed
from local.client import Person
from tests.e2e.world import STABLE, WISH, World, until

BROKEN = "1.1.9"
FLAG = "stories.version"


@pytest.fixture(scope="module")
def unlucky(world: World) -> Iterator[Person]:
    """Somebody whom a rule of the flag gives a version with a model that doesn't exist."""
    person = world.person()
    seed.create_version(world.admin, BROKEN, aimock.BROKEN_MODEL)
    _target(world, {"if": [{"==": [{"var": "targetingKey"}, person.uid]}, BROKEN]})
    yield person
    _target(world, {})


def _target(world: World, targeting: dict[str, Any]) -> None:
    flag = world.admin.get(f"/v1/flags/{FLAG}")["flag"]
    body = {
        "reason": "a test",
        "revision": flag["revision"],
        "definition": {**flag["definition"], "targeting": targeting},
    }
    url = f"{world.admin.url}/v1/flags/{FLAG}"
    answer = world.ask("PATCH", url, world.administrator.token, json=body)
    assert answer.status_code == 200, answer.text


def test_by_the_callable(world: World) -> None:
    answer = world.call("generate_story", {**WISH, "language": "fr"}, world.person())
    assert answer.status_code == 200, answer.text
    told = answer.json()["result"]
    assert told["stored"]
    assert told["story"]["language"] == "fr"
    assert told["story"]["provenance"]["version"] == STABLE
    assert told["story"]["provenance"]["model"] == aimock.HEALTHY_MODEL
    assert any("Mina" in paragraph for paragraph in told["story"]["paragraphs"])


def test_over_rest_for_its_owner_only(world: World) -> None:
    url = f"{world.api}/v1/stories"
    owner, other = world.person(), world.person()
    headers = {"Idempotency-Key": str(uuid.uuid4())}
    made = world.ask("POST", url, owner.token, json=WISH, headers=headers)
    assert made.status_code == 201, made.text
    again = world.ask("POST", url, owner.token, json=WISH, headers=headers)
    assert (again.status_code, again.json()["replayed"]) == (200, True)
    assert again.json()["story"] == made.json()["story"]
    one = f"{url}/{made.json()['id']}"
    assert world.ask("GET", one, owner.token).json()["story"] == made.json()["story"]
    assert [each["id"] for each in world.ask("GET", url, owner.token).json()["stories"]] == [
        made.json()["id"]
    ]
    assert world.ask("GET", one, other.token).status_code == 404
    assert world.ask("GET", url, other.token).json()["stories"] == []
    assert world.ask("GET", one).status_code == 401


def test_nobody_signed_in(world: World) -> None:
    answer = world.call("generate_story", WISH)
    assert answer.status_code == 401
    error = answer.json()["error"]
    assert error["status"] == "UNAUTHENTICATED"
    assert error["message"] == "Please sign in again."
    assert error["details"]["code"] == "UNAUTHENTICATED"
    assert error["details"]["request_id"]
    over_rest = world.ask("POST", f"{world.api}/v1/stories", json=WISH)
    assert (over_rest.status_code, over_rest.json()["code"]) == (401, "UNAUTHENTICATED")
    assert over_rest.headers["Content-Type"] == "application/problem+json"


def test_a_forged_token(world: World) -> None:
    answer = world.ask("POST", world.function("generate_story"), "not.a.token", json={"data": WISH})
    assert answer.status_code == 401
    assert answer.json()["error"]["status"] == "UNAUTHENTICATED"


def test_a_broken_version(world: World, unlucky: Person) -> None:
    last: dict[str, Any] = {}

    def served_by_it() -> bool:
        last.update(world.call("generate_story", WISH, unlucky).json())
        return "error" in last

    until(served_by_it, 10)
    error = last["error"]
    assert error["status"] == "FAILED_PRECONDITION"
    details = error["details"]
    assert (details["code"], details["reason"]) == ("OPENAI_ERROR", "bad_version")
    assert details["version"] == BROKEN
    assert details["request_id"]
    assert aimock.BROKEN_MODEL not in error["message"], "users need not know"
    language = {"Accept-Language": "fr", "X-Request-Id": "request-of-a-test"}
    url = f"{world.api}/v1/stories"
    until(lambda: world.ask("POST", url, unlucky.token, json=WISH).status_code == 500, 10)
    over_rest = world.ask("POST", url, unlucky.token, json=WISH, headers=language).json()
    assert (over_rest["status"], over_rest["code"]) == (500, "OPENAI_ERROR")
    assert over_rest["request_id"] == "request-of-a-test"
    assert over_rest["message"] != error["message"], "in French"
    assert world.call("generate_story", WISH, world.person()).status_code == 200, "others go on"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        pytest.param({"theme": "x" * 201}, "theme", id="too long"),
        pytest.param({"hero": "\u200b"}, "hero", id="nothing visible"),
        pytest.param({"language": "de"}, "language", id="unknown language"),
        pytest.param({"temperature": 2}, "temperature", id="unknown field"),
    ],
)
def test_a_wish_that_is_refused(world: World, change: dict[str, Any], field: str) -> None:
    answer = world.call("generate_story", {**WISH, **change}, world.person())
    assert answer.status_code == 400
    error = answer.json()["error"]
    assert error["status"] == "INVALID_ARGUMENT"
    assert error["details"]["problems"][0]["field"] == field
