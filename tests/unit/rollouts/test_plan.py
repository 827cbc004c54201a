from dataclasses import replace

import pytest

from functions.alerts.thresholds import BY_ID
from functions.errors import InvalidArgument
from functions.rollouts.criterion import MAXIMUM, Criterion
from functions.rollouts.durations import DAY, HOUR, duration
from functions.rollouts.fitting import Surroundings, fitted, misfits
from functions.rollouts.plan import Criteria, Limits, Plan, Stage
from functions.rollouts.templates import TEMPLATES
from functions.rollouts.validation import validate
from functions.stories.measures import MEASURES

GOOD = Plan("good", (Stage(10, 60, 600), Stage(50, 60, 600), Stage(100, 60, 600)))


def demanding(*measures: Criterion) -> Plan:
    return replace(GOOD, criteria=Criteria(measures=measures))


def staged(*percentages: float, bake: float = 60, wait: float = 600) -> Plan:
    return replace(GOOD, stages=tuple(Stage(each, bake, wait) for each in percentages))


@pytest.mark.parametrize("plan", TEMPLATES.values(), ids=TEMPLATES.keys())
def test_templates_can_work(plan: Plan) -> None:
    assert validate(plan) is plan


@pytest.mark.parametrize(
    ("name", "percentages", "bakes", "watch"),
    [
        ("gradual", [10, 25, 50, 100], [24, 48, 72, 0], DAY),
        ("canary", [5, 25, 100], [2, 6, 4], 2 * DAY),
        ("steps", [5, 25, 50, 100], [24, 24, 24, 0], DAY),
    ],
)
def test_templates_have_the_values_promised(
    name: str, percentages: list[float], bakes: list[float], watch: float
) -> None:
    plan = TEMPLATES[name]
    assert [stage.percentage for stage in plan.stages] == percentages
    assert [stage.bake_seconds / HOUR for stage in plan.stages] == bakes
    assert plan.watch_seconds == watch


def test_templates_take_back_and_advance_by_the_values_promised() -> None:
    gradual, canary = TEMPLATES["gradual"], TEMPLATES["canary"]
    assert (gradual.criteria.error_rate, gradual.limits.error_rate) == (0.02, 0.05)
    demanded = {each.name: each.at_least for each in gradual.criteria.measures}
    assert demanded == {"performance_score": 85, "satisfied": 0.8}
    assert [(each.metric, each.below, each.above) for each in gradual.checks] == [
        ("performance_score", 70, None),
        ("complained", None, 0.02),
    ]
    assert canary.limits.error_rate == 0.02
    assert [(each.metric, each.below, each.above, each.fall) for each in canary.checks] == [
        ("precision", 0.94, None, None),
        ("p95_ms", None, 200, None),
        ("availability", 0.99, None, None),
        ("roi", None, None, 0.2),
    ]


@pytest.mark.parametrize("plan", TEMPLATES.values(), ids=TEMPLATES.keys())
@pytest.mark.parametrize(
    "around",
    [
        pytest.param(Surroundings("stories", MEASURES, target_ms=5_000), id="stories"),
        pytest.param(Surroundings("search"), id="a service that reports nothing"),
        pytest.param(Surroundings(""), id="no service"),
    ],
)
def test_templates_fit_every_service(plan: Plan, around: Surroundings) -> None:
    fit = fitted(plan, around)
    assert misfits(fit, around) == []
    assert validate(fit) is fit


@pytest.mark.parametrize(
    ("plan", "says"),
    [
        pytest.param(replace(GOOD, stages=()), "1 to 20 stages", id="no stages"),
        pytest.param(staged(10, 10, 100), "does not raise", id="a stage that raises nothing"),
        pytest.param(staged(50, 10, 100), "does not raise", id="a stage that lowers"),
        pytest.param(staged(10, 50), "must be 100", id="never ends"),
        pytest.param(staged(0, 100), "from 0.01 to 100", id="nobody"),
        pytest.param(staged(10, 101), "from 0.01 to 100", id="more than all"),
        pytest.param(staged(33.333, 100), "two decimals", id="finer than the weights"),
        pytest.param(staged(10, 100, wait=60), "never advance", id="waits less than it bakes"),
        pytest.param(staged(97, 100), "holdback", id="eats the holdback"),
        pytest.param(replace(GOOD, holdback=60), "0 to 50", id="more held back than released"),
        pytest.param(replace(GOOD, alpha=0), "alpha", id="never sure"),
        pytest.param(
            replace(GOOD, criteria=Criteria(requests=0)), "no data", id="advances on no data"
        ),
        pytest.param(
            replace(GOOD, criteria=Criteria(budget=1.1)), "`budget`", id="more than all of a budget"
        ),
        pytest.param(
            replace(GOOD, criteria=Criteria(error_rate=0.2)), "may not advance", id="upside down"
        ),
        pytest.param(
            replace(GOOD, limits=Limits(error_rate=1.0)), "never take it back", id="no limit"
        ),
        pytest.param(
            replace(GOOD, limits=Limits(disaster_rate=0.01)), "disaster_rate", id="hair trigger"
        ),
        pytest.param(demanding(Criterion("words")), "at_least", id="a measure without a bound"),
        pytest.param(
            demanding(Criterion("words", at_least=2, at_most=1)), "No mean", id="bounds crossed"
        ),
        pytest.param(
            demanding(Criterion("words", at_least=float("nan"))), "is a number", id="no number"
        ),
        pytest.param(
            demanding(Criterion("words", samples=0, at_least=1)), "samples", id="no samples"
        ),
        pytest.param(demanding(Criterion("No name", at_least=1)), "not the name", id="no name"),
        pytest.param(
            demanding(*(2 * [Criterion("words", at_least=1)])), "twice", id="a measure twice"
        ),
        pytest.param(
            demanding(*(Criterion(f"m{n}", at_least=1) for n in range(MAXIMUM + 1))),
            "At most",
            id="too many measures",
        ),
    ],
)
def test_refuses_a_plan_that_can_not_work(plan: Plan, says: str) -> None:
    with pytest.raises(InvalidArgument) as refusal:
        validate(plan)
    assert says in refusal.value.detail


def test_the_last_stage_leaves_the_holdback() -> None:
    assert [GOOD.percentage(stage) for stage in range(3)] == [10, 50, 95]
    assert replace(GOOD, holdback=0.0).percentage(2) == 100


def test_limits_are_those_of_p1() -> None:
    limits = Limits()
    assert limits.error_rate == BY_ID["p1-error-rate"].threshold == 0.05
    assert limits.memory == BY_ID["p1-memory"].threshold == 0.8
    assert BY_ID["p1-execution-time"].threshold == 30_000


def test_survives_the_store() -> None:
    demands = demanding(Criterion("rating", 50, at_least=3.5), Criterion("words", at_most=900))
    for plan in (GOOD, validate(demands)):
        assert Plan.from_document(plan.to_document()) == plan


def test_bundles_from_before_measures_read_it_and_are_read() -> None:
    """They take exactly these names: after a step back, or while both serve, they look at it."""
    document = GOOD.to_document()
    assert set(document["criteria"]) == {"requests", "error_rate"}
    assert Plan.from_document(document) == GOOD


def test_what_demands_nothing_of_measures_is_shown_so() -> None:
    view = GOOD.to_view()
    assert (view["checks"], view["openings"], view["stages"][0]["audience"]) == ([], [], "")
    assert not {"type", "checks", "openings"} & set(GOOD.to_document())
    assert GOOD.to_view()["criteria"]["measures"] == []
    assert GOOD.to_view()["criteria"]["budget"] is None
    criteria = Criteria(measures=(Criterion("words", at_most=900),), budget=0.0)
    demands = replace(GOOD, criteria=criteria)
    kept = demands.to_document()["criteria"]
    assert set(kept["measures"][0]) == {"name", "samples", "at_least", "at_most"}
    shown = demands.to_view()["criteria"]
    assert shown["measures"] == [
        {**kept["measures"][0], "worse_by": None, "better": "", "optional": False}
    ]
    assert shown["budget"] == kept["budget"] == 0.0
    assert Plan.from_document(demands.to_document()) == demands


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0, "0 s"), (45, "45 s"), (90, "1.5 min"), (7200, "2 h"), (DAY, "1 day"), (2 * DAY, "2 days")],
)
def test_duration(seconds: float, said: str) -> None:
    assert duration(seconds) == said
