"""Plans that could never advance, or never be taken back, are refused with the reason."""

from dataclasses import replace
from typing import Any

import pytest

from functions.errors import InvalidArgument
from functions.metrics.measures import Known
from functions.rollouts.check import MAXIMUM, Check
from functions.rollouts.check import misplaced as misplaced_checks
from functions.rollouts.criterion import Criterion, misplaced, resolved
from functions.rollouts.durations import DAY
from functions.rollouts.opening import Opening
from functions.rollouts.own import OWN
from functions.rollouts.plan import Criteria, Limits, Plan, Stage, Type
from functions.rollouts.validation import validate
from tests.unit.rollouts.test_criterion import KNOWN

GOOD = Plan("good", (Stage(10, 60, 600), Stage(50, 60, 600), Stage(100, 60, 600)))
WHOLE = Stage(100, 60, 600)


def checking(*checks: Check) -> Plan:
    return replace(GOOD, checks=checks)


def stages(*stages: Stage) -> Plan:
    return replace(GOOD, stages=stages)


def demanding(criterion: Criterion) -> Plan:
    return replace(GOOD, criteria=Criteria(measures=(criterion,)))


BETA = Stage(5, 60, 600, audience="beta")
PROS = Stage(20, 60, 600, audience="pros")


@pytest.mark.parametrize(
    ("plan", "says"),
    [
        pytest.param(checking(Check("roi")), "no bound", id="a check that never acts"),
        pytest.param(checking(Check("Roi", below=1)), "not the name", id="no metric"),
        pytest.param(
            checking(Check("roi", below=1), Check("roi", fall=0.1)), "twice", id="a check twice"
        ),
        pytest.param(
            checking(*(Check(f"m{n}", below=1) for n in range(MAXIMUM + 1))), "At most", id="many"
        ),
        pytest.param(checking(Check("roi", below=2, above=1)), "Every value", id="always beyond"),
        pytest.param(checking(Check("roi", below=float("nan"))), "is a number", id="no number"),
        pytest.param(checking(Check("roi", fall=1.5)), "`fall`", id="falls below nothing"),
        pytest.param(checking(Check("roi", rise=0.0)), "`rise`", id="rises by nothing"),
        pytest.param(
            checking(Check("availability", above=0.9)), "More of", id="too much availability"
        ),
        pytest.param(checking(Check("availability", below=99)), "is 0 to 1", id="a percentage"),
        pytest.param(checking(Check("health", below=0)), "is 0 to 1", id="never below"),
        pytest.param(checking(Check("performance_score", fall=0.1)), "not compared", id="by share"),
        pytest.param(checking(Check("p95_ms", below=100)), "Less of", id="too fast"),
        pytest.param(checking(Check("p95_ms", above=250)), "exactly above 50, 100", id="no rung"),
        pytest.param(checking(Check("roi", below=1, samples=0)), "`samples`", id="no samples"),
        pytest.param(checking(Check("roi", below=1, strikes=0)), "`strikes`", id="no strikes"),
        pytest.param(
            checking(Check("roi", below=1, seconds=2 * DAY)), "`seconds`", id="a very long time"
        ),
        pytest.param(replace(GOOD, critical=("oops",)), "not the code", id="no code"),
        pytest.param(replace(GOOD, critical=("OK",)), "not the code", id="no error"),
        pytest.param(replace(GOOD, critical=("TIMEOUT", "TIMEOUT")), "once", id="a code twice"),
        pytest.param(replace(GOOD, open_for="pauses"), "`open_for`", id="opens for nothing"),
        pytest.param(
            replace(GOOD, openings=(Opening((), 0, 60),)), "never comes", id="never opens"
        ),
        pytest.param(stages(Stage(50, 60, 600, audience="beta")), "never ends", id="beta for ever"),
        pytest.param(
            stages(replace(WHOLE, audience="beta")), "for everybody", id="all, of an audience"
        ),
        pytest.param(stages(BETA, PROS, WHOLE), "the same one", id="two audiences"),
        pytest.param(stages(Stage(2, 60, 600), BETA, WHOLE), "come first", id="audience later"),
        pytest.param(
            stages(BETA, Stage(2, 60, 600), WHOLE), "does not raise", id="fewer than the audience"
        ),
        pytest.param(replace(GOOD, type=Type.MANUAL), "advanced by people", id="manual by itself"),
        pytest.param(
            replace(stages(Stage(30, 60, 600), WHOLE), type=Type.CANARY), "25 %", id="a fat canary"
        ),
        pytest.param(replace(stages(WHOLE), type=Type.CANARY), "another", id="a lone canary"),
        pytest.param(
            replace(stages(WHOLE), type=Type.BLUE_GREEN), "without a holdback", id="half blue"
        ),
        pytest.param(
            replace(GOOD, type=Type.BLUE_GREEN, holdback=0), "one stage", id="blue in stages"
        ),
        pytest.param(
            replace(stages(Stage(100, 2 * DAY, 3 * DAY)), type=Type.HOTFIX),
            "takes 2 days",
            id="a slow hotfix",
        ),
        pytest.param(
            stages(replace(GOOD.stages[0], limits=Limits(strikes=0)), WHOLE),
            "Stage 1: `strikes`",
            id="limits of a stage",
        ),
        pytest.param(
            stages(replace(GOOD.stages[0], criteria=Criteria(error_rate=0.2)), WHOLE),
            "Stage 1: It may not advance",
            id="criteria of a stage",
        ),
        pytest.param(
            stages(replace(GOOD.stages[0], limits=Limits(error_rate=0.01)), WHOLE),
            "Stage 1: It may not advance",
            id="limits of a stage below the plan's criteria",
        ),
        pytest.param(
            replace(GOOD, criteria=Criteria(error_rate=0)), "for ever", id="advances on no error"
        ),
        pytest.param(
            replace(GOOD, criteria=Criteria(budget=1)), "never left", id="all of the budget"
        ),
        pytest.param(demanding(Criterion("words", worse_by=0)), "`worse_by`", id="no worse at all"),
        pytest.param(
            demanding(Criterion("words", worse_by=0.1, better="more")), "`better`", id="no way"
        ),
        pytest.param(
            demanding(Criterion("availability", worse_by=0.1)), "not compared", id="own, by share"
        ),
    ],
)
def test_refuses_a_plan_that_can_not_work(plan: Plan, says: str) -> None:
    with pytest.raises(InvalidArgument) as refusal:
        validate(plan)
    assert says in refusal.value.detail


@pytest.mark.parametrize(
    "plan",
    [
        pytest.param(stages(BETA, replace(BETA, percentage=20), WHOLE), id="one audience first"),
        pytest.param(stages(BETA, replace(BETA, audience=""), WHOLE), id="then everybody as many"),
        pytest.param(stages(replace(BETA, percentage=100), WHOLE), id="all of an audience first"),
        pytest.param(replace(stages(BETA, WHOLE), type=Type.CANARY), id="a canary"),
        pytest.param(replace(stages(WHOLE), type=Type.BLUE_GREEN, holdback=0), id="blue-green"),
        pytest.param(replace(GOOD, type=Type.MANUAL, automatic=False), id="manual"),
        pytest.param(checking(Check("p95_ms", above=200), Check("roi", fall=0.2)), id="checks"),
        pytest.param(replace(GOOD, critical=("MEMORY_ERROR",)), id="a critical error"),
        pytest.param(demanding(Criterion("rating", worse_by=0.05)), id="against the control"),
    ],
)
def test_takes_a_plan_that_can_work(plan: Plan) -> None:
    assert validate(plan) is plan


@pytest.mark.parametrize(
    ("check", "says"),
    [
        (Check("rating", below=3), ""),
        (Check("rating", fall=0.2), ""),
        (Check("words", above=300), ""),
        (Check("words", rise=0.2, fall=0.2), ""),
        (Check("cost", rise=0.2), ""),
        (Check("rating", rise=0.2), "More of `rating`"),
        (Check("rating", above=3), "More of `rating`"),
        (Check("cost", below=3), "Less of `cost`"),
        (Check("cost", fall=0.2), "Less of `cost`"),
        (Check("roi", below=3), "Nothing measures `roi`"),
    ],
    ids=repr,
)
def test_a_check_is_of_what_is_measured_and_on_its_bad_side(check: Check, says: str) -> None:
    told = list(misplaced_checks([check], "stories", {**KNOWN, **OWN}))
    assert bool(told) == bool(says)
    assert says in "".join(told)


@pytest.mark.parametrize(
    ("criterion", "better"),
    [
        (Criterion("rating", worse_by=0.1), "higher"),
        (Criterion("cost", worse_by=0.1), "lower"),
        (Criterion("words", at_least=3, worse_by=0.1), "higher"),
        (Criterion("words", at_most=3, worse_by=0.1), "lower"),
        (Criterion("words", worse_by=0.1, better="lower"), "lower"),
        (Criterion("words", worse_by=0.1), ""),
        (Criterion("words", at_least=1, at_most=3, worse_by=0.1), ""),
        (Criterion("rating", at_least=3), ""),
    ],
    ids=repr,
)
def test_which_way_is_better_is_known_before_it_is_compared(
    criterion: Criterion, better: str
) -> None:
    assert resolved(criterion, KNOWN[criterion.name]).better == better
    unknown = criterion.worse_by is not None and not better
    assert bool(list(misplaced([criterion], "stories", KNOWN))) is unknown


LASTING = checking(Check("roi", below=1, seconds=DAY))
"""Its watch is long enough for that."""


@pytest.mark.parametrize(
    ("plan", "says"),
    [
        (demanding(Criterion("availability", at_least=1.5)), "0 to 1: `at_least`"),
        (demanding(Criterion("availability", at_least=1.0)), "one failed request"),
        (demanding(Criterion("performance_score", at_least=150)), "0 to 100: `at_least`"),
        (demanding(Criterion("availability", at_most=0.5)), "hold a good version back"),
        (replace(LASTING, watch_seconds=0.0), "no stage lasts longer than"),
        (replace(GOOD, limits=Limits(strikes=10, check_requests=10_000)), "at most 10,000"),
    ],
)
def test_beyond_what_can_be_nothing_advances_or_is_taken_back(plan: Plan, says: str) -> None:
    with pytest.raises(InvalidArgument, match=says):
        validate(plan)


def test_what_can_just_be_is_fine() -> None:
    validate(demanding(Criterion("availability", at_least=0.999)))
    validate(LASTING)
    validate(replace(GOOD, limits=Limits(strikes=10, check_requests=1_000)))


@pytest.mark.parametrize(
    ("bounds", "fits"),
    [
        ({"at_least": 7.0}, False),
        ({"at_most": -0.5}, False),
        ({"at_least": 1.0}, True),
        ({"at_least": 0.5, "at_most": 0.9}, True),
    ],
)
def test_the_unit_says_what_a_mean_can_be(bounds: dict[str, Any], fits: bool) -> None:
    known = {"share": Known("0 to 1", None, "a share")}
    found = list(misplaced([replace(Criterion("share"), **bounds)], "stories", known))
    assert (not found) == fits
    assert fits or "could never advance" in found[0]
