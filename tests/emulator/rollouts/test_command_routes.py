"""What may be asked of a rollout over HTTP, and the deployment that runs."""

from __future__ import annotations

from typing import Any

import pytest
from werkzeug.test import Client

from functions import web
from functions.administration import Administration
from functions.documents import Write
from functions.identity import Actor, administrator_path
from functions.rollouts import deployment_routes, routes
from functions.rollouts.advance import advance
from functions.stories.measures import MEASURES
from tests.emulator.rollouts.world import CANDIDATE, FLAG, SERVICE, World

PLAN = {
    "stages": [{"percentage": 10, "bake_seconds": 20}, {"percentage": 100, "bake_seconds": 20}],
    "watch_seconds": 30,
    "criteria": {"requests": 20},
}


@pytest.fixture
def client(world: World) -> Client:
    people = [Write.create(administrator_path(uid), {}) for uid in ("boss", "second")]
    world.store.commit([Write.create(world.scope.path, {}), *people])

    def person(authorization: str | None) -> Actor:
        return Actor.person(str(authorization))

    def ask() -> Administration:
        return Administration(world.store, world.clock, world.scope, person)

    rooms = [
        routes.blueprint(ask, measured={SERVICE: MEASURES}),
        deployment_routes.blueprint(ask),
    ]
    return web.make_app("rollouts", "/admin", rooms).test_client()


def send(client: Client, method: str, path: str, who: str = "boss", **body: Any) -> Any:
    body = {"reason": "a test", **body} if method == "POST" else body
    answer = client.open(
        path,
        method=method,
        json=body if method != "GET" else None,
        headers={"Authorization": who},
    )
    return answer.get_json()


def created(client: Client, **more: Any) -> str:
    asked = {"flag": FLAG, "candidate": CANDIDATE, "plan": PLAN, **more}
    return str(send(client, "POST", "/v1/rollouts", **asked)["rollout"]["id"])


def begun(client: Client, world: World) -> str:
    identifier = created(client)
    send(client, "POST", f"/v1/rollouts/{identifier}/start")
    advance(world.store, world.clock, world.scope)
    return identifier


def test_a_rollout_by_hand_from_its_start_to_its_end(client: Client, world: World) -> None:
    path = f"/v1/rollouts/{begun(client, world)}"
    raised = send(client, "POST", f"{path}/increase", percentage=40.0, expected_stage=0)
    assert (raised["rollout"]["percentage"], raised["rollout"]["stage"]) == (40, 0)
    assert send(client, "POST", f"{path}/promote", expected_stage=0)["rollout"]["stage"] == 1
    assert send(client, "POST", f"{path}/complete")["rollout"]["phase"] == "succeeded"
    taken_back = send(client, "POST", f"{path}/rollback", expected_generation=1)
    assert taken_back["rollout"]["phase"] == "rolled_back"
    assert taken_back["rollout"]["quarantined"]
    assert not send(client, "POST", f"{path}/override-quarantine")["rollout"]["quarantined"]


def test_an_increase_that_comes_too_late_is_refused(client: Client, world: World) -> None:
    path = f"/v1/rollouts/{begun(client, world)}"
    refused = send(client, "POST", f"{path}/increase", percentage=40.0, expected_stage=1)
    assert refused["code"] == "GENERATION_CONFLICT"
    assert send(client, "POST", f"{path}/increase", percentage=4.0)["code"] == "FAILED_PRECONDITION"


def test_an_abort_is_never_too_late(client: Client, world: World) -> None:
    path = f"/v1/rollouts/{begun(client, world)}"
    ended = send(client, "POST", f"{path}/abort", expected_generation=1, expected_stage=7)
    assert (ended["rollout"]["phase"], ended["rollout"]["quarantined"]) == ("aborted", False)


def test_a_hotfix_is_approved_by_a_second_person(client: Client) -> None:
    path = f"/v1/rollouts/{created(client, plan='hotfix', cause='security')}"
    assert send(client, "POST", f"{path}/start")["code"] == "FAILED_PRECONDITION"
    assert send(client, "POST", f"{path}/approve")["code"] == "FAILED_PRECONDITION"
    approved = send(client, "POST", f"{path}/approve", "second")["rollout"]
    assert [each["by"] for each in approved["approvals"]] == ["person:second"]
    assert send(client, "POST", f"{path}/start")["rollout"]["phase"] == "starting"


def test_flags_together_and_the_queue(client: Client, world: World) -> None:
    world.flag("colour")
    running = begun(client, world)
    also = [{"flag": "colour", "candidate": CANDIDATE}]
    path = f"/v1/rollouts/{created(client, also=also, if_running='queue')}"
    waiting = send(client, "POST", f"{path}/start")["rollout"]
    assert waiting["phase"] == "queued"
    assert [each["flag"] for each in waiting["also"]] == ["colour"]
    found = send(client, "GET", "/deployment/current")
    assert found["current"]["id"] == running
    assert [each["phase"] for each in found["deployments"]] == ["baking", "queued"]


def test_the_deployment_that_is_stuck_is_reset_by_a_bare_request(
    client: Client, world: World
) -> None:
    assert send(client, "GET", "/deployment/current") == {"current": None, "deployments": []}
    identifier = begun(client, world)
    answer = send(client, "PATCH", "/deployment", deploymentId=identifier, action="reset")
    assert answer["rollout"]["phase"] == "pending"
    assert world.read_flag().split is None
    assert world.events(identifier)[-1]["reason"] == "reset"
    missing = send(client, "PATCH", "/deployment", deploymentId="r-none", action="reset")
    assert missing["code"] == "NOT_FOUND"
