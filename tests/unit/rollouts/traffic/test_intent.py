"""Where traffic is meant to go, from what became of rollouts; who is asked for health; what holds a
rollout up."""

from __future__ import annotations

from dataclasses import replace

import pytest

from functions.rollouts.rollout import Rollout, Shift
from functions.rollouts.state import Phase, State
from functions.rollouts.traffic import words
from functions.rollouts.traffic.check import Checked, Found, Outcome, check
from functions.rollouts.traffic.gate import UNCONCERNED, standing
from functions.rollouts.traffic.intent import Intent, Purpose, back_to, intent
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
    assert intent(SERVING, rollouts) == wanted
    assert intent(SERVING, rollouts[::-1]) == wanted


@pytest.mark.parametrize("phase", [Phase.BAKING, Phase.PAUSED, Phase.WATCHING, Phase.BLOCKED])
def test_what_splits_is_served_by_the_candidate_s_revision(phase: Phase) -> None:
    wanted = intent(SERVING, [at(Phase.ROLLED_BACK, 300.0, id="r0"), at(phase)])
    assert wanted
    assert (wanted.purpose, wanted.revision, wanted.fallback) == (Purpose.HOLD, NEW, OLD)


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


def test_why_cloud_run_can_t_be_asked_is_said() -> None:
    record = Record("stories", trouble="Unreachable: UNAVAILABLE")
    assert "(Unreachable: UNAVAILABLE)" in standing(STARTING, SERVING, record, 1000.0).waits


def test_drift_is_that_of_the_rollout_itself() -> None:
    baking = at(Phase.BAKING)
    elsewhere = replace(OBSERVED, asked=(Target(OLD, 100),))
    record = looked(Record("stories"), intent(SERVING, [baking]), elsewhere, 10.0)
    drift = standing(baking, SERVING, record, 20.0).drift
    assert drift
    assert "goes elsewhere: 100 % s-1" in drift.sentence
    assert standing(replace(baking, id="r9"), SERVING, record, 20.0) == UNCONCERNED
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
