"""Objectives, scores and the scorecard over HTTP, and what tick and daily make of them."""

from __future__ import annotations

from typing import Any

import pytest

from functions import daily, tick
from functions.alerts import store as alert_store
from functions.alerts.thresholds import BURN_RATES
from functions.identity import Permission
from functions.metrics.apps.declare import declare
from functions.metrics.apps.declared import AppMetric, Kind
from functions.metrics.hours import DAY_SECONDS, HOUR_SECONDS
from functions.metrics.series import RULE_VALUE
from functions.minute import Deps
from functions.rollouts import commands
from tests.emulator.alerts.objectives.conftest import Admin
from tests.emulator.rollouts.test_tick import Sink
from tests.emulator.rollouts.world import ASKED, CONTROL, World

UP = {"service": "stories", "kind": "availability", "target": 0.99}


def alerts(world: World) -> dict[str, tuple[str, str]]:
    """By rule: the arm, and how it is shown."""
    found = alert_store.load(world.store, world.scope).values()
    states = [alert_store.state(document) for document in found]
    return {
        state.key.rule: (state.key.version, state.shown)
        for state in states
        if "burn" in state.key.rule
    }


def test_an_objective_from_its_definition_to_its_end(world: World, admin: Admin) -> None:
    defined = admin.done("PUT", "/v1/objectives/up", **UP)
    assert defined["objective"] == {
        "id": "up",
        "sentence": "stories: 99 % of requests don't fail, over 30 days.",
        **UP,
        "days": 30,
        "threshold_ms": 0,
        "least": 0.0,
        "metric": "",
        "lower": False,
        "volume": 100,
        "budget": None,
    }
    sink = Sink()
    deps = Deps(world.store, world.clock, sink)
    world.serve(CONTROL, 200, 40, cause="upstream")
    world.clock.advance(90)
    tick.tick(deps)
    published = {
        point.labels["rule"]: point.value
        for point in sink.points
        if point.metric == RULE_VALUE and point.labels["version"] == "all+up"
    }
    assert published == {rule.id: pytest.approx(20.0) for rule in BURN_RATES}
    [told] = admin.done("GET", "/v1/objectives")["objectives"]
    assert told["budget"]["counted"] == 200
    assert told["budget"]["bad"] == 40
    assert told["budget"]["left"] == pytest.approx(-19.0)
    assert [each["alarm"] for each in told["budget"]["burn_rates"]] == [True, True, True]
    assert told["budget"]["burn_rates"][0]["long"] == pytest.approx(20.0)
    assert alerts(world) == {
        "p1-burn-rate": ("all+up", "firing"),
        "p2-burn-rate": ("all+up", "inhibited"),
        "p3-burn-rate": ("all+up", "inhibited"),
    }
    [message] = world.store.query(world.scope.collection("outbox"))
    assert message.data["texts"]["en"][0] == "P1 stories all: burn rate of the error budget (up) 20"
    assert "vitesse de consommation du budget d'erreur (up)" in message.data["texts"]["fr"][0]
    assert admin.done("GET", "/v1/objectives/up")["objective"] == told
    assert admin.done("DELETE", "/v1/objectives/up", reason="no longer")["removed"] == "up"
    world.clock.advance(60)
    tick.tick(deps)
    assert alerts(world) == {}
    assert admin.done("GET", "/v1/objectives") == {"objectives": [], "unreadable": []}


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"target": 1}, "no budget at all"),
        ({"days": 31}, "7, 28 or 30"),
        ({"kind": "latency", "threshold_ms": 250}, "counted exactly"),
        ({"kind": "freshness"}, "kind"),
        ({"volume": 0}, "volume"),
    ],
)
def test_what_could_not_work_is_refused(
    world: World, admin: Admin, change: dict[str, Any], told: str
) -> None:
    refused = admin.send("PUT", "/v1/objectives/up", **{**UP, **change})
    assert refused.status_code == 400
    assert told in str(refused.get_json())
    assert admin.done("GET", "/v1/objectives") == {"objectives": [], "unreadable": []}


def test_of_what_nobody_reports_there_is_no_objective(world: World, admin: Admin) -> None:
    load = AppMetric("page_load", Kind.DURATION)
    world.change(declare(load, {}), Permission.EDIT_ALERTS)
    measure: dict[str, Any] = {**UP, "kind": "measure"}
    latency: dict[str, Any] = {**UP, "kind": "latency", "threshold_ms": 500}
    for metric, body in (("refund", measure), ("page_load", measure), ("satisfied", latency)):
        refused = admin.send("PUT", "/v1/objectives/o", **body, metric=metric)
        assert refused.status_code == 400
        assert f"`{metric}`; there are `" in refused.get_json()["detail"]
    for metric, body in (
        ("satisfied", measure),
        ("quality_title", measure),
        ("page_load", latency),
    ):
        admin.done("PUT", "/v1/objectives/o", **body, metric=metric)


def test_who_only_reads_sees_all_and_changes_nothing(world: World, admin: Admin) -> None:
    admin.done("PUT", "/v1/objectives/up", **UP)
    assert admin.send("GET", "/v1/objectives/up", "guest").status_code == 200
    assert admin.send("GET", "/v1/scorecard", "guest").status_code == 200
    assert admin.send("PUT", "/v1/objectives/up", "guest", **UP).status_code == 403
    assert admin.send("PUT", "/v1/scores/stories", "guest").status_code in (400, 403)
    assert admin.send("DELETE", "/v1/objectives/up", "guest", reason="x").status_code == 403
    assert admin.send("GET", "/v1/objectives/other").status_code == 404


def test_how_services_are_scored(admin: Admin) -> None:
    delivered = {
        "service": "stories",
        "origin": "delivered",
        "target_ms": 5_000,
        "error_weight": 3.0,
    }
    assert admin.done("GET", "/v1/scores")["scores"] == [delivered]
    own = {**delivered, "origin": "own", "target_ms": 2_000}
    assert admin.done("PUT", "/v1/scores/stories", target_ms=2_000)["score"] == own
    assert admin.done("GET", "/v1/scores")["scores"] == [own]
    refused = admin.send("PUT", "/v1/scores/stories", target_ms=300)
    assert refused.status_code == 400
    assert "50, 200, 500" in refused.get_json()["detail"]
    admin.done("DELETE", "/v1/scores/stories", reason="as it was")
    assert admin.done("GET", "/v1/scores")["scores"] == [delivered]


def test_the_scorecard_is_computed_once_a_day_from_whole_days(world: World, admin: Admin) -> None:
    before = admin.done("GET", "/v1/scorecard")["scorecard"]
    assert before["at"] is None
    assert {row["status"] for row in before["rows"]} == {"no data"}
    world.created()
    world.change(commands.rollback("r1", ASKED))
    deps = Deps(world.store, world.clock, Sink())
    world.serve(CONTROL, 1_000, 2, cause="upstream", measures={"satisfied": 1.0})
    world.clock.advance(90)
    tick.tick(deps)
    hours = HOUR_SECONDS * 10
    for _ in range(4):
        world.clock.advance(hours - world.clock.now() % 600)
        tick.tick(deps)
    assert len(world.store.query(world.scope.collection("days"))) == 1
    daily.daily(world.store, world.clock)
    told = admin.done("GET", "/v1/scorecard")["scorecard"]
    assert told["at"] == world.clock.now()
    assert told["until"] % DAY_SECONDS == 0
    rows = {row["id"]: row for row in told["rows"]}
    assert (rows["availability"]["status"], rows["availability"]["value"]) == ("missed", 0.998)
    assert (rows["satisfaction"]["status"], rows["satisfaction"]["sample"]) == ("met", 1_000)
    assert (rows["releases"]["status"], rows["releases"]["value"]) == ("missed", 0.0)
    assert rows["nps"]["status"] == "no data"
    [values] = told["history"].values()
    assert values == {"availability": 0.998, "satisfaction": 1.0, "releases": 0.0}
    daily.daily(world.store, world.clock)
    assert admin.done("GET", "/v1/scorecard")["scorecard"]["rows"] == told["rows"]
