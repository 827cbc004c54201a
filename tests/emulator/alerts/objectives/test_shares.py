"""An objective of a measure is one of a share: of values that are 0 to 1."""

from __future__ import annotations

from typing import Any

import pytest

from functions.alerts.objectives.keep import Budgets
from functions.alerts.objectives.objective import Kind as ObjectiveKind
from functions.alerts.objectives.objective import Objective
from functions.identity import Permission
from functions.metrics import measures
from functions.metrics.apps.declare import declare
from functions.metrics.apps.declared import AppMetric, Kind, completed
from functions.metrics.tally import Tally
from functions.metrics.windows import Window, minute_start
from tests.emulator.alerts.objectives.conftest import Admin
from tests.emulator.rollouts.world import World

SATISFIED: dict[str, Any] = {"service": "stories", "kind": "measure", "target": 0.9}


@pytest.mark.parametrize("kind", Kind)
def test_of_an_app_s_metrics_only_those_that_are_0_to_1(
    world: World, admin: Admin, kind: Kind
) -> None:
    metric = completed(AppMetric("of_app", kind))
    world.change(declare(metric, {}), Permission.EDIT_ALERTS)
    response = admin.send("PUT", "/v1/objectives/o", **SATISFIED, metric="of_app")
    if kind is Kind.CONVERSION:
        assert response.status_code == 200
        return
    told = response.get_json()
    assert response.status_code == 400
    if kind is not Kind.DURATION:
        assert f"`of_app` is not 0 to 1 (a {kind.value}: " in told["detail"]
    rated = kind in (Kind.RATING, Kind.COMPLAINT)
    assert ("Use `satisfied`" in told["remedy"]) is rated


@pytest.mark.parametrize(
    ("metric", "told"),
    [("rating", "1 to 5 stars"), ("words", "words"), ("first_piece_ms", "ms")],
)
def test_of_the_stories_measures_the_same(
    world: World, admin: Admin, metric: str, told: str
) -> None:
    response = admin.send("PUT", "/v1/objectives/o", **SATISFIED, metric=metric)
    assert response.status_code == 400
    found = response.get_json()
    assert f"`{metric}` is not 0 to 1 ({told})" in found["detail"]
    assert "`quality_title`" in found["detail"]
    assert ("`satisfied`" in found["remedy"]) is (metric == "rating")
    for share in ("refused", "quality_title", "complained"):
        admin.done("PUT", "/v1/objectives/o", **SATISFIED, metric=share)


def test_what_is_no_share_counts_nowhere_and_is_logged(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    """Such as of an objective from before its metric was declared anew as another kind."""
    objective = Objective("liked", "stories", ObjectiveKind.MEASURE, 0.9, metric="liked")
    start = minute_start(world.clock.now()) - 60

    def slot(second: int, value: float) -> Window:
        tally = Tally(measures=measures.of({"liked": value}))
        return Window(start + second, 10, "stories", "1", 1, tally)

    slots = [slot(0, 1.0), slot(10, 5.0), slot(20, 0.0)]
    found = Budgets(world.store).advance(world.scope, [objective], slots, start + 81.0)
    counted = found["liked"].last(3_600)
    assert (counted.total, counted.bad) == (2, 1_000)
    assert '"objective_values_not_shares"' in capsys.readouterr().err
