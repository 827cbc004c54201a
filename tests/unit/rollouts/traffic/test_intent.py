"""Where traffic is meant to go, from what became of rollouts; who is asked for health; what holds a
rollout up."""

from __future__ import annotations

from dataclasses import replace

import pytest

from functions.rollouts.opening import Opening
from functions.rollouts.rollout import Rollout, Shift
from functions.rollouts.state import Phase, State
from functions.rollouts.traffic import words
from functions.rollouts.traffic.check import Checked, Found, Outcome, check
from functions.rollouts.traffic.gate import UNCONCERNED, overdue, standing, undefined
from functions.rollouts.traffic.intent import Intent, Purpose, back_to, intents
from functions.rollouts.traffic.move import Became, Move
from functions.rollouts.traffic.observed import Comparison, Observed, Target
from functions.rollouts.traffic.probed import Probed, probed
from functions.rollouts.traffic.record import Record, looked
from functions.rollouts.traffic.serving import Serving, serving_from, servings_of, validate
from tests.unit.rollouts.test_told import PENDING

OLD, NEW = "s-1", "s-2"
SHIFT = Shift(100.0, 100.0, 7)
NAME = "projects/project-1/locations/europe-west1/services/s"
SERVING = Serving(
    "stories",
    NAME,
    {PENDING.control: OLD, PENDING.candidate: NEW},
    "https://health.example.com/{version}",
    since=50.0,
)
BACK = Intent(Purpose.RESTORE, PENDING.id, PENDING.control, OLD, flag=PENDING.flag)


def at(
    phase: Phase, decided: float = 200.0, shift: Shift | None = SHIFT, **more: object
) -> Rollout:
    rollout = replace(PENDING, state=State(phase), shift=shift, decided_at=decided)
    return replace(rollout, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("rollouts", "wanted"),
    [
        pytest.param([], None, id="no rollout"),
        pytest.param([at(Phase.PENDING, 0.0, None)], None, id="not begun"),
        pytest.param([at(Phase.ROLLED_BACK)], BACK, id="taken back"),
        pytest.param([at(Phase.ABORTED)], BACK, id="aborted"),
        pytest.param([at(Phase.ROLLED_BACK, shift=None)], None, id="nobody had it"),
        pytest.param([at(Phase.ROLLED_BACK, 49.0)], None, id="before anybody said where it runs"),
        pytest.param([at(Phase.SUCCEEDED)], None, id="succeeded"),
        pytest.param(
            [at(Phase.ROLLED_BACK), at(Phase.SUCCEEDED, 300.0, id="r2")], None, id="and again since"
        ),
        pytest.param(
            [at(Phase.SUCCEEDED), at(Phase.ROLLED_BACK, 300.0)], BACK, id="the last one counts"
        ),
        pytest.param([at(Phase.ROLLED_BACK, service="other")], None, id="another service"),
        pytest.param(
            [at(Phase.ROLLED_BACK, control="a", candidate="b")], None, id="versions without one"
        ),
    ],
)
def test_what_is_wanted(rollouts: list[Rollout], wanted: Intent | None) -> None:
    expected = (wanted,) if wanted else ()
    assert intents(SERVING, rollouts) == intents(SERVING, rollouts[::-1]) == expected


@pytest.mark.parametrize("phase", [Phase.BAKING, Phase.PAUSED, Phase.WATCHING, Phase.BLOCKED])
def test_what_splits_is_served_by_the_candidate_s_revision(phase: Phase) -> None:
    [wanted] = intents(SERVING, [at(Phase.ROLLED_BACK, 300.0, id="r0"), at(phase)])
    assert (wanted.purpose, wanted.revision, wanted.fallback) == (Purpose.HOLD, NEW, OLD)


def test_what_was_taken_back_is_restored_before_another_one_begins() -> None:
    back = at(Phase.ROLLED_BACK, 300.0, id="r0")
    after, at_once = (at(Phase.STARTING, when, None) for when in (301.0, 300.0))
    first, then = intents(SERVING, [after, back])
    assert (first.purpose, first.rollout, first.revision) == (Purpose.RESTORE, "r0", OLD)
    assert (then.purpose, then.rollout, then.revision) == (Purpose.START, after.id, NEW)
    assert intents(SERVING, [at_once, back])[0].purpose is Purpose.RESTORE
    [only] = intents(SERVING, [at_once, replace(back, state=State(Phase.ABORTED))])
    assert only.purpose is Purpose.START, "it took its place"


def test_back_to_another_version_than_the_control() -> None:
    serving = replace(SERVING, revisions={**SERVING.revisions, "1.1.0": "s-0"})
    assert back_to(BACK, serving, "1.1.0") == replace(BACK, version="1.1.0", revision="s-0")
    assert back_to(BACK, serving, "nothing").revision == ""


OBSERVED = Observed("e", (Target("", 100),), (Target("", 100),), NEW, NEW)
START = Intent(Purpose.START, "r1", "1.3.0", NEW, "1.2.0", OLD)


@pytest.mark.parametrize(
    ("observed", "found", "outcome", "says"),
    [
        pytest.param(OBSERVED, (), Outcome.VERIFIED, "", id="well"),
        pytest.param(None, (), Outcome.REFUSED, "no service s", id="no service"),
        pytest.param(
            OBSERVED,
            (Found("1.2.0", OLD, words.IMAGE_GONE),),
            Outcome.REFUSED,
            "image of the revision s-1",
            id="no image",
        ),
        pytest.param(
            OBSERVED,
            (Found("1.2.0", OLD), Found("1.3.0", NEW, words.NOT_READY, "it crashes")),
            Outcome.REFUSED,
            "can't serve: it crashes",
            id="not ready",
        ),
        pytest.param(
            replace(OBSERVED, asked=(Target(OLD, 100),), serves=(Target(OLD, 100),)),
            (),
            Outcome.WAITING,
            "now it sends 100 % s-1",
            id="elsewhere",
        ),
        pytest.param(
            replace(OBSERVED, settled=False), (), Outcome.WAITING, "still sending", id="on its way"
        ),
    ],
)
def test_whether_it_may_begin(
    observed: Observed | None, found: tuple[Found, ...], outcome: Outcome, says: str
) -> None:
    checked = check(START, "s", observed, found, 10.0)
    assert checked.outcome is outcome
    assert says in checked.said
    assert Checked.from_document(checked.to_document()) == checked
    assert not checked.said or words.in_french(checked.said)


STARTING = at(Phase.STARTING, shift=None)


@pytest.mark.parametrize(
    ("checked", "waits", "refused"),
    [
        pytest.param(None, True, False, id="nobody looked"),
        pytest.param(Checked(STARTING.id, Outcome.VERIFIED, 1000.0), False, False, id="verified"),
        pytest.param(Checked(STARTING.id, Outcome.VERIFIED, 939.0), True, False, id="long ago"),
        pytest.param(Checked("r0", Outcome.REFUSED, 1000.0, "no"), True, False, id="another's"),
        pytest.param(Checked(STARTING.id, Outcome.WAITING, 1000.0, "so"), True, False, id="waits"),
        pytest.param(Checked(STARTING.id, Outcome.REFUSED, 1000.0, "no"), False, True, id="no"),
    ],
)
def test_what_holds_a_start_up(checked: Checked | None, waits: bool, refused: bool) -> None:
    record = Record("stories", checked=checked)
    found = standing(STARTING, SERVING, record, 1000.0)
    assert (bool(found.waits), bool(found.refused)) == (waits, refused)
    assert standing(STARTING, None, record, 1000.0) == UNCONCERNED
    assert standing(STARTING, replace(SERVING, cloud_run=""), record, 1000.0) == UNCONCERNED


MOVE = Move("r0", "1.2.0", OLD, Became.ASKED, 100.0)


@pytest.mark.parametrize(
    ("move", "waits"),
    [
        (MOVE, True),
        (replace(MOVE, became=Became.APPLIED), True),
        (replace(MOVE, became=Became.CONFIRMED), False),
        (replace(MOVE, asked_at=SERVING.since - 1.0), False),
    ],
)
def test_a_start_waits_for_the_move_that_is_under_way(move: Move, waits: bool) -> None:
    record = Record("stories", checked=Checked(STARTING.id, Outcome.VERIFIED, 1000.0), move=move)
    found = standing(STARTING, SERVING, record, 1000.0)
    assert bool(found.waits) is waits
    assert not waits or words.in_french(found.waits)


def test_where_services_run_is_unknown() -> None:
    waits = undefined(STARTING).waits
    assert words.in_french(waits)
    assert undefined(replace(STARTING, service="")) == UNCONCERNED
    assert undefined(at(Phase.BAKING)) == UNCONCERNED


HOUR = 3600.0
MORNINGS = (Opening((0, 1, 2, 3, 4, 5, 6), 9 * 60, 12 * 60, "UTC"),)


@pytest.mark.parametrize(
    ("openings", "began", "late"),
    [
        pytest.param((), 100.0, 100.0 + 2 * HOUR, id="always open"),
        pytest.param(MORNINGS, 1 * HOUR, 11 * HOUR, id="from when it opens"),
        pytest.param(MORNINGS, 11 * HOUR, 33 * HOUR + 600.0, id="not while it is closed"),
    ],
)
def test_a_start_that_waits_too_long_is_given_up(
    openings: tuple[Opening, ...], began: float, late: float
) -> None:
    stage = replace(STARTING.plan.stages[0], bake_seconds=HOUR, max_wait_seconds=2 * HOUR)
    plan = replace(STARTING.plan, stages=(stage,), openings=openings)
    starting = replace(STARTING, plan=plan, state=State(Phase.STARTING, since=began))
    waits = words.english(words.UNKNOWN)
    assert overdue(starting, waits, late - 1.0) == ""
    assert overdue(starting, "", late) == ""
    said = overdue(starting, waits, late)
    assert "after 120 minutes" in said
    assert words.in_french(said).endswith(words.french(words.UNKNOWN))


def test_why_cloud_run_can_t_be_asked_is_said() -> None:
    record = Record("stories", trouble="Unreachable: UNAVAILABLE")
    assert "(Unreachable: UNAVAILABLE)" in standing(STARTING, SERVING, record, 1000.0).waits


def test_drift_is_that_of_the_rollout_itself() -> None:
    baking = at(Phase.BAKING)
    elsewhere = replace(OBSERVED, asked=(Target(OLD, 100),))
    record = looked(Record("stories"), intents(SERVING, [baking])[0], elsewhere, 10.0)
    drift = standing(baking, SERVING, record, 20.0).drift
    assert drift
    assert "goes elsewhere: 100 % s-1" in drift.sentence
    assert standing(replace(baking, id="r9"), SERVING, record, 20.0) == UNCONCERNED
    for resumed_at, drifts in ((9.0, True), (10.0, False)):
        resumed = replace(baking, state=replace(baking.state, resumed_at=resumed_at))
        assert bool(standing(resumed, SERVING, record, 20.0).drift) is drifts
    well = replace(record, comparison=Comparison.CONVERGED)
    assert standing(baking, SERVING, well, 20.0).drift is None
    assert Record.from_document(record.to_document()) == record


def test_who_is_asked_for_health() -> None:
    servings = {"stories": SERVING}
    both = [
        Probed("stories", version, f"https://health.example.com/{version}")
        for version in sorted((PENDING.control, PENDING.candidate))
    ]
    assert probed(servings, [at(Phase.BAKING)], 200.0) == both
    back = [each for each in both if each.version == PENDING.control]
    assert probed(servings, [at(Phase.ROLLED_BACK)], 799.0) == back
    assert probed(servings, [at(Phase.ROLLED_BACK)], 800.0) == []
    assert probed(servings, [at(Phase.SUCCEEDED), at(Phase.STARTING)], 200.0) == []
    assert probed({"stories": replace(SERVING, health_url="")}, [at(Phase.BAKING)], 200.0) == []


def test_a_version_s_name_can_t_lead_the_probe_elsewhere() -> None:
    assert SERVING.health_of("../x?y#z") == "https://health.example.com/..%2Fx%3Fy%23z"


def test_kept_and_read_again() -> None:
    assert serving_from("stories", SERVING.to_document()) == validate(SERVING)
    assert servings_of({"stories": SERVING.to_document(), "bad": {"revisions": 7}}) == {
        "stories": SERVING
    }
