"""Plans over HTTP, before there is a rollout."""

from __future__ import annotations

from typing import Any

import pytest
from werkzeug.test import Client

from functions import web
from functions.administration import Administration
from functions.alerts.objectives.scoring import score_document
from functions.alerts.objectives.store import SCORES
from functions.catalog import put
from functions.changes import Change, commit_change
from functions.documents import Write
from functions.flags.segment import Segment
from functions.identity import Actor, Permission, administrator_path, membership_path
from functions.metrics import hour_store
from functions.metrics.hours import HOUR_SECONDS, hour_start
from functions.metrics.performance import Score
from functions.metrics.tally import Tally
from functions.metrics.windows import Window
from functions.rollouts.durations import DAY, HOUR
from functions.rollouts.plan_routes import blueprint
from functions.stories.measures import MEASURES
from tests.emulator.rollouts.world import FLAG, SERVICE, World

BOSS = "boss"


@pytest.fixture
def client(world: World) -> Client:
    reader = {"role": "reader", "environments": [world.scope.environment]}
    world.store.commit(
        [
            Write.create(world.scope.path, {}),
            Write.create(administrator_path(BOSS), {}),
            Write.create(membership_path("main", "guest"), reader),
        ]
    )

    def person(authorization: str | None) -> Actor:
        return Actor.person(str(authorization))

    administration = Administration(world.store, world.clock, world.scope, person)
    rooms = blueprint(lambda: administration, measured={SERVICE: MEASURES})
    return web.make_app("plans", "/admin", [rooms]).test_client()


def ask(client: Client, who: str = "guest", **body: Any) -> Any:
    headers = {"Authorization": who}
    return client.post("/v1/rollout-plans/preview", json=body, headers=headers)


def keep_hours(world: World, *tallies: Tally) -> None:
    """The last hours before now, as they are summed up."""
    now = hour_start(world.clock.now())
    windows = [
        Window(now - number * HOUR_SECONDS, HOUR_SECONDS, SERVICE, version, 0, tally)
        for number, tally in enumerate(tallies, 1)
        for version in ("1.2.0", "1.2.0+claimed")
    ]
    world.store.commit([hour_store.sum_write(world.scope, hour_store.HOURS, w) for w in windows])


def test_templates_say_what_they_do_in_both_languages(client: Client) -> None:
    answer = client.get("/v1/rollout-plans", headers={"Authorization": "guest"})
    plans = answer.get_json()["plans"]
    assert {plan["name"] for plan in plans} >= {"gradual", "canary", "blue-green", "manual"}
    assert all(len(plan["preview"]) == len(plan["preview_fr"]) for plan in plans)


def test_with_the_traffic_that_is_given(world: World, client: Client) -> None:
    traffic = {"requests_per_second": 10, "error_rate": 0.01}
    told = ask(client, plan="canary", flag=FLAG, traffic=traffic).get_json()
    assert told["traffic"] == {**traffic, "hours": 0}
    assert told["earliest"] == world.clock.now() + 12 * HOUR + 2 * DAY
    first = told["what_if"][0]
    assert (first["stage"], first["percentage"], first["control"]) == (0, 5, 0.01)
    assert 0.5 * HOUR < first["seconds"] < 2 * HOUR
    assert any("10 requests a second" in line for line in told["preview"])
    assert any("10 requêtes par seconde" in line for line in told["preview_fr"])


def test_with_the_traffic_that_was_measured(world: World, client: Client) -> None:
    keep_hours(world, Tally(requests=7_200, failures=72), Tally(requests=0), Tally(requests=3_600))
    told = ask(client, plan="steps", service=SERVICE).get_json()
    assert told["traffic"]["hours"] == 3
    assert told["traffic"]["requests_per_second"] == pytest.approx(1.0)
    assert told["traffic"]["error_rate"] == pytest.approx(72 / 10_800)
    assert not any("Too little was measured" in line for line in told["preview"])


def test_where_nothing_was_measured_it_says_so(client: Client) -> None:
    told = ask(client, plan="steps", service=SERVICE).get_json()
    assert (told["traffic"], told["what_if"]) == (None, [])
    assert any("Too little was measured" in line for line in told["preview"])


def test_what_the_service_does_not_report_is_left_out(world: World, client: Client) -> None:
    plan = {
        "stages": [{"percentage": 100, "bake_seconds": 60}],
        "checks": [
            {"metric": "roi", "fall": 0.2, "optional": True},
            {"metric": "p95_ms", "above": 200, "optional": True},
            {"metric": "rating", "below": 2, "optional": True},
        ],
    }
    told = ask(client, plan=plan, service=SERVICE).get_json()
    assert [each["metric"] for each in told["plan"]["checks"]] == ["rating"]
    assert told["left_out"] == [
        {"name": "roi", "why": "unreported"},
        {"name": "p95_ms", "why": "slower"},
    ]
    faster = put(SCORES, SERVICE, score_document(Score(target_ms=200)))
    change = Change(world.scope, Actor.person(BOSS), Permission.EDIT_ALERTS, "faster")
    commit_change(world.store, world.clock, change, faster)
    told = ask(client, plan=plan, service=SERVICE).get_json()
    assert [each["metric"] for each in told["plan"]["checks"]] == ["p95_ms", "rating"]


def test_an_audience_is_a_segment_that_exists(world: World, client: Client) -> None:
    plan = {
        "stages": [
            {"percentage": 5, "bake_seconds": 60, "audience": "beta"},
            {"percentage": 100, "bake_seconds": 60},
        ]
    }
    refused = ask(client, plan=plan, service=SERVICE)
    assert refused.status_code == 400
    assert "no segment 'beta'" in refused.get_json()["detail"]
    segment = Segment("beta", {}, included=("user-1",))
    world.store.commit([Write.create(world.scope.doc("segments", "beta"), segment.to_document())])
    assert "5 % of the users in `beta`" in ask(client, plan=plan, service=SERVICE).get_data(True)


@pytest.mark.parametrize(
    ("body", "says"),
    [
        pytest.param({"plan": "canary"}, "Name the `flag` or the `service`", id="for nobody"),
        pytest.param({"plan": "wild", "service": "s"}, "no plan 'wild'", id="no such template"),
        pytest.param(
            {"plan": {"stages": [{"percentage": 50, "bake_seconds": 1}]}, "service": "s"},
            "must be 100",
            id="a plan that never ends",
        ),
        pytest.param(
            {"plan": "canary", "service": "s", "traffic": {"requests_per_second": -1}},
            "requests_per_second",
            id="less than nothing",
        ),
        pytest.param({"plan": "canary", "service": "s", "more": 1}, "more", id="unknown field"),
    ],
)
def test_refused_in_words(client: Client, body: dict[str, Any], says: str) -> None:
    answer = ask(client, **body)
    assert answer.status_code == 400
    assert says in answer.get_json()["detail"]


def test_who_may_not_read_may_not_ask(client: Client) -> None:
    assert ask(client, who="stranger", plan="canary", service=SERVICE).status_code == 403
