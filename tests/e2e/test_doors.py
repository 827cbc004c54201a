"""Health, addresses that don't exist, who may do what, and browsers' preflights."""

from __future__ import annotations

from local.client import Person
from tests.e2e.world import DEFINITION, FLAG, World

ORIGIN = "https://app.example"
NEW = {"key": "another", "definition": DEFINITION, "reason": "a test"}


def test_health_is_open(world: World) -> None:
    for url in (f"{world.api}/v1/health", f"{world.function('api')}/v1/health"):
        answer = world.ask("GET", url)
        assert answer.status_code == 200
        health = answer.json()
        assert health["status"] == "ok"
        assert (health["application"], health["environment"]) == ("main", "production")
        assert health["generation"] >= 1


def test_nothing_at_this_address(world: World) -> None:
    for url in (f"{world.api}/v1/nothing", f"{world.api}/admin/v1/nothing"):
        answer = world.ask("GET", url, world.administrator.token)
        assert answer.status_code == 404
        assert answer.headers["Content-Type"] == "application/problem+json"
        problem = answer.json()
        assert problem["code"] == "NOT_FOUND"
        assert problem["request_id"] == answer.headers["X-Request-Id"]
    wrong = world.ask("PUT", f"{world.api}/v1/stories")
    assert (wrong.status_code, wrong.json()["code"]) == (405, "METHOD_NOT_ALLOWED")
    assert "POST" in wrong.headers["Allow"]


def test_strangers_see_nothing(world: World) -> None:
    stranger = world.person()
    url = f"{world.admin.url}/v1/flags"
    for method, body in (("GET", None), ("POST", NEW)):
        answer = world.ask(method, url, stranger.token, json=body)
        assert (answer.status_code, answer.json()["code"]) == (403, "PERMISSION_DENIED")
    assert world.ask("GET", url).status_code == 401
    assert world.ask("GET", url, world.keys["secret"]).status_code == 401, "a key is no person"


def _grant(world: World, person: Person, role: str, environment: str) -> None:
    body = {"role": role, "environments": [environment], "reason": "a test"}
    url = f"{world.admin.url}/v1/members/{person.uid}"
    answer = world.ask("PUT", url, world.administrator.token, json=body)
    assert answer.status_code == 200, answer.text


def test_readers_read_and_developers_change_what_is_not_production(world: World) -> None:
    reader, developer = world.person(), world.person()
    _grant(world, reader, "reader", "production")
    _grant(world, developer, "developer", "staging")
    url = f"{world.admin.url}/v1/flags"
    assert world.ask("GET", f"{url}/{FLAG}", reader.token).status_code == 200
    assert world.ask("POST", url, reader.token, json=NEW).status_code == 403
    assert world.ask("GET", f"{url}?environment=staging", reader.token).status_code == 403
    staging = world.ask("POST", f"{url}?environment=staging", developer.token, json=NEW)
    assert staging.status_code == 201
    assert world.ask("POST", url, developer.token, json=NEW).status_code == 403
    members = f"{world.admin.url}/v1/members/{reader.uid}?environment=staging"
    promoted = {"role": "team_manager", "environments": ["staging"], "reason": "a test"}
    assert world.ask("PUT", members, developer.token, json=promoted).status_code == 403


def test_a_change_in_production_says_why(world: World) -> None:
    url = f"{world.admin.url}/v1/flags"
    answer = world.ask("POST", url, world.administrator.token, json={**NEW, "reason": ""})
    assert (answer.status_code, answer.json()["code"]) == (400, "INVALID_ARGUMENT")
    assert "reason" in answer.json()["remedy"]


def test_preflights(world: World) -> None:
    for url, wanted in (
        (f"{world.api}/ofrep/v1/evaluate/flags", "authorization"),
        (f"{world.api}/v1/stories", "authorization"),
        (world.function("evaluate_flags"), "authorization"),
        (world.function("generate_story"), "authorization"),
    ):
        headers = {
            "Origin": ORIGIN,
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": f"{wanted}, content-type",
        }
        answer = world.ask("OPTIONS", url, headers=headers)
        assert answer.status_code in (200, 204), url
        assert answer.headers["Access-Control-Allow-Origin"] in ("*", ORIGIN), url
        assert wanted in answer.headers["Access-Control-Allow-Headers"].lower(), url
        assert "POST" in answer.headers["Access-Control-Allow-Methods"], url


def test_the_admin_api_is_not_for_other_origins(world: World) -> None:
    headers = {"Origin": ORIGIN, "Access-Control-Request-Method": "POST"}
    answer = world.ask("OPTIONS", f"{world.function('admin')}/v1/flags", headers=headers)
    assert "Access-Control-Allow-Origin" not in answer.headers
