"""Rollouts over HTTP, as administrators and others."""

from __future__ import annotations

from typing import Any

import pytest
from werkzeug.test import Client

from functions import web
from functions.administration import Administration
from functions.documents import Write
from functions.identity import Actor, administrator_path, membership_path
from functions.rollouts.advance import advance
from functions.rollouts.routes import blueprint
from functions.stories.measures import MEASURES
from tests.emulator.rollouts.world import CANDIDATE, FLAG, SERVICE, World

PLAN = {
    "stages": [{"percentage": 10, "bake_seconds": 20}, {"percentage": 100, "bake_seconds": 20}],
    "watch_seconds": 30,
    "criteria": {"requests": 20},
}


def _demanding(**criterion: Any) -> dict[str, Any]:
    return {"plan": {**PLAN, "criteria": {"measures": [criterion]}}}


@pytest.fixture
def client(world: World) -> Client:
    reader = {"role": "reader", "environments": [world.scope.environment]}
    world.store.commit(
        [
            Write.create(world.scope.path, {}),
            Write.create(administrator_path("boss"), {}),
            Write.create(membership_path("main", "guest"), reader),
        ]
    )

    def person(authorization: str | None) -> Actor:
        return Actor.person(str(authorization))

    administration = Administration(world.store, world.clock, world.scope, person)
    rooms = blueprint(lambda: administration, measured={SERVICE: MEASURES})
    return web.make_app("rollouts", "/admin", [rooms]).test_client()


def post(client: Client, path: str, who: str = "boss", **body: Any) -> Any:
    return client.post(path, json=body, headers={"Authorization": who})


def read(client: Client, path: str, who: str = "guest") -> Any:
    return client.get(path, headers={"Authorization": who}).get_json()


def created(client: Client) -> str:
    made = post(
        client, "/v1/rollouts", flag=FLAG, candidate=CANDIDATE, plan=PLAN, reason="a better model"
    )
    assert made.status_code == 201, made.get_json()
    identifier: str = made.get_json()["rollout"]["id"]
    return identifier


def test_the_whole_way(world: World, client: Client) -> None:
    identifier = created(client)
    path = f"/v1/rollouts/{identifier}"
    assert read(client, path)["phase"] == "pending"
    assert post(client, f"{path}/start").get_json()["rollout"]["phase"] == "starting"
    advance(world.store, world.clock, world.scope)
    waiting = read(client, path)
    assert waiting["percentage"] == 10
    assert waiting["now"]["sentence"] == (
        "Waiting: nobody has used the new version since the last change."
    )
    assert post(client, f"{path}/pause", expected_stage=0).status_code == 200
    assert post(client, f"{path}/resume").get_json()["rollout"]["phase"] == "baking"
    assert post(client, f"{path}/promote").get_json()["rollout"]["percentage"] == 95
    late = post(client, f"{path}/promote", expected_stage=0)
    assert (late.status_code, late.get_json()["code"]) == (409, "GENERATION_CONFLICT")
    back = post(client, f"{path}/rollback", expected_stage=0, expected_generation=0, reason="no")
    assert back.get_json()["rollout"]["phase"] == "rolled_back", "a rollback is never late"
    told = read(client, path)
    assert [event["kind"] for event in told["events"]] == [
        "start_requested",
        "started",
        "paused",
        "resumed",
        "promoted",
        "rolled_back",
    ]
    assert told["events"][-1]["actor"] == "person:boss"
    assert told["events"][-1]["reason"] == "no"
    assert told["generation"] == world.generation()
    assert [each["id"] for each in read(client, "/v1/rollouts")["rollouts"]] == [identifier]
    again = post(client, f"/v1/rollouts/{created(client)}/start")
    assert again.get_json()["code"] == "FAILED_PRECONDITION"
    forgiven = post(client, f"/v1/rollouts/{created(client)}/start", override_quarantine=True)
    assert forgiven.status_code == 200


def test_only_those_who_may(client: Client) -> None:
    path = f"/v1/rollouts/{created(client)}"
    for verb in ("start", "pause", "resume", "promote", "rollback"):
        assert post(client, f"{path}/{verb}", "guest").status_code == 403
    assert post(
        client, "/v1/rollouts", "guest", flag=FLAG, candidate="x", plan="canary"
    ).status_code
    assert read(client, path, "stranger")["code"] == "PERMISSION_DENIED"


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        pytest.param({"plan": "nonsense"}, "There is no plan", id="no such template"),
        pytest.param({"plan": {"stages": []}}, "plan", id="no stages"),
        pytest.param({"percentage": 3}, "percentage", id="no such field"),
        pytest.param(
            {"plan": {"stages": [{"percentage": 10, "bake_seconds": 5}]}}, "never ends", id="no end"
        ),
        pytest.param(
            _demanding(name="ratings", at_least=3), "no measure `ratings`", id="no measure"
        ),
        pytest.param(_demanding(name="rating", at_most=3), "More of `rating`", id="wrong side"),
        pytest.param(_demanding(name="rating", at_least=-2e9), "at_least", id="too far below"),
        pytest.param(_demanding(name="rating", at_least=True), "at_least", id="no number"),
        pytest.param(
            {**_demanding(name="rating", at_least=3), "service": "search"},
            "there are `availability`, `performance_score`",
            id="a service that reports nothing",
        ),
        pytest.param({"candidate": "9.9.9"}, "no variant", id="no such variant"),
    ],
)
def test_refused_in_words(client: Client, changes: dict[str, Any], says: str) -> None:
    body = {"flag": FLAG, "candidate": CANDIDATE, "plan": "canary", **changes}
    answer = post(client, "/v1/rollouts", **body)
    assert answer.status_code == 400
    assert says in answer.get_json()["detail"]


def test_a_plan_that_demands_a_measure_says_so(world: World, client: Client) -> None:
    body = {"flag": FLAG, "candidate": CANDIDATE, "reason": "", "service": SERVICE}
    demanding = _demanding(name="rating", at_least=3.5, samples=40)
    made = post(client, "/v1/rollouts", **body, **demanding).get_json()
    sentence = "Each stage takes a mean of `rating` of at least 3.5, over 40 values or more."
    assert sentence in made["preview"]
    told = read(client, f"/v1/rollouts/{made['rollout']['id']}")
    assert told["plan"]["criteria"]["measures"] == [
        {
            "name": "rating",
            "samples": 40,
            "at_least": 3.5,
            "at_most": None,
            "worse_by": None,
            "better": "",
            "optional": False,
        }
    ]
    assert sentence in told["preview"]


def test_no_such_rollout(client: Client) -> None:
    assert read(client, "/v1/rollouts/nowhere")["code"] == "NOT_FOUND"
