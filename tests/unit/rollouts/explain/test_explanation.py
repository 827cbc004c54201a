"""Whatever a rollout is doing, it is explained in both languages."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions import tick
from functions.alerts.message import ENGLISH, FRENCH
from functions.rollouts import in_turn
from functions.rollouts.baseline import Baseline
from functions.rollouts.check import Check
from functions.rollouts.criterion import Criterion
from functions.rollouts.explain import needs
from functions.rollouts.explain.explanation import Explanation, explain
from functions.rollouts.explain.history import QUIET
from functions.rollouts.explain.known import Known
from functions.rollouts.look import Look
from functions.rollouts.opening import Opening
from functions.rollouts.plan import RAISES, START, Criteria, Plan, Stage, Type, Without
from functions.rollouts.rollout import Approval, Moved, Rollout, Shift
from functions.rollouts.state import ENDED, SPLITTING, Paused, Phase, State
from functions.rollouts.told import TITLES
from functions.rollouts.tongue import Tongue
from functions.rollouts.traffic import words as words_of_traffic
from functions.rollouts.traffic.gate import Standing
from functions.rollouts.verdict import Kind, Situation, Verdict
from tests.unit.rollouts.test_judge import HEALTHY, at

NOW = 1_800_000_000.0
PLAN = Plan(
    "p",
    (Stage(10, 7200, 86_400), Stage(50, 7200, 86_400, approval=True), Stage(100, 3600, 86_400)),
    criteria=Criteria(
        requests=500,
        measures=(Criterion("rating", 40, at_least=3.5), Criterion("cost", 9, worse_by=0.2)),
        budget=0.25,
    ),
    checks=(
        Check("availability", below=0.99),
        Check("p95_ms", above=200, seconds=600),
        Check("roi", fall=0.2),
        Check("cost", rise=0.1),
    ),
    critical=("PERMISSION_DENIED",),
)
ROLLOUT = Rollout(
    "r-1",
    "stories.version",
    "stories",
    "1.2.0",
    "1.3.0",
    PLAN,
    NOW - 9000,
    "person:ada",
    "",
    shift=Shift(NOW - 3600, NOW - 3600, 7),
)
NAMED = ("availability", "p95_ms", "roi", "cost", "PERMISSION_DENIED")
OPENINGS = (Opening((1, 3), 14 * 60, 16 * 60),)
"""NOW is a Friday, 09:00 in Paris."""

TONGUES = (Tongue(ENGLISH, {"person:ada": "Ada"}), Tongue(FRENCH, {"person:ada": "Ada"}))

VERDICTS = {
    Kind.PASS: Verdict(
        Kind.PASS,
        "healthy",
        "Healthy.",
        {"requests": 9, "failures": 0, "requests_control": 9, "failures_control": 0},
    ),
    Kind.FAIL: Verdict(
        Kind.FAIL,
        "evidence",
        "Rolled back: 6 users.",
        {"failing_users": 6, "expected_failing_users": 1.0},
    ),
    Kind.INCONCLUSIVE: Verdict(
        Kind.INCONCLUSIVE, "time", "Waiting: 2 h to go.", {"elapsed": 60, "requests": 9}
    ),
    Kind.NO_DATA: Verdict(
        Kind.NO_DATA, "no data", "Waiting: nobody.", {"elapsed": 60, "requests": 0}
    ),
    Kind.ERROR: Verdict(Kind.ERROR, "error", "A rule failed.", {}, "latency"),
    Kind.PAUSE: Verdict(
        Kind.PAUSE,
        "upstream",
        "Paused: upstream.",
        {"upstream_rate": 0.5, "upstream_rate_control": 0.5},
    ),
}
ENGLISH_WORDS = re.compile(
    r"\b(the|of|and|it|is|to|users|requests|version was|waits|for|by|with|everybody|nobody|needed|"
    r"alert|once|old one|new|person's|Stage|least|most|back|time)\b",
    re.IGNORECASE,
)
FRENCH_WORDS = re.compile(
    r"\b(le|la|les|du|des|il|une|est|pour|avec|sur|personne|palier \d|utilisateurs|requêtes)\b"
)


def event(kind: str, **more: Any) -> dict[str, Any]:
    return {
        "kind": kind,
        "at": NOW - 3600,
        "actor": "machine:tick",
        "reason": "",
        "percentage_before": 0.0,
        "percentage": 10.0,
        "verdict": None,
        **more,
    }


def known(state: State, verdict: Verdict | None = None, **more: Any) -> Known:
    situation: Situation = at(HEALTHY, elapsed=3600, since_shift=700)
    look = Look(situation, verdict, 0.0) if verdict and state.splitting else None
    changed = {name: more.pop(name) for name in list(more) if hasattr(ROLLOUT, name)}
    return Known(
        replace(ROLLOUT, state=state, **changed), look, more.pop("events", ()), NOW, **more
    )


def where(phase: Phase, **more: Any) -> State:
    within = {"paused_from": Phase.BAKING, "paused_at": NOW - 60} if phase is Phase.PAUSED else {}
    return State(phase, since=NOW - 3600, **{**within, **more})


def sentences(found: Explanation) -> list[str]:
    parts = found.to_view()
    del parts["language"]
    return [sentence for part in parts.values() for sentence in part]


def words(sentence: str) -> str:
    """Without commands, names of metrics and codes, which are the same in every language."""
    return re.sub(r"`[^`]*`|« [^»]* »|PERMISSION_DENIED|roll_back|par Palier", "", sentence)


STATES = st.builds(
    where,
    st.sampled_from(Phase),
    stage=st.integers(0, PLAN.last),
    deadline=st.one_of(st.none(), st.just(NOW + 3600)),
    paused_for=st.one_of(st.none(), st.sampled_from(Paused)),
    approved=st.integers(-1, 1),
    percentage=st.one_of(st.none(), st.just(22.5)),
)
PLANS = st.builds(
    replace,
    st.just(PLAN),
    automatic=st.booleans(),
    on_inconclusive=st.sampled_from(Without),
    on_no_data=st.sampled_from(Without),
    openings=st.sampled_from([(), OPENINGS]),
    open_for=st.sampled_from([START, RAISES]),
)


@given(
    state=STATES,
    plan=PLANS,
    verdict=st.sampled_from(list(VERDICTS.values())),
    kinds=st.lists(st.sampled_from([*TITLES, *QUIET, "something newer"]), max_size=3),
    quarantined=st.booleans(),
    also=st.sampled_from([(), (Moved("search.version", "1", "2"),)]),
    ahead=st.sampled_from([(), ("r-0",)]),
)
def test_every_phase_and_verdict_is_explained_in_both_languages(
    state: State, plan: Plan, kinds: list[str], **more: Any
) -> None:
    given_to = known(state, plan=plan, events=[event(kind) for kind in kinds], **more)
    english, french = (explain(given_to, tongue) for tongue in TONGUES)
    for part, said in english.to_view().items():
        if part != "language":
            assert len(said) == len(french.to_view()[part]), part
    for section in (english.stands, english.waits, english.next_check, english.takes_back):
        assert section
    assert len(english.happened) == 1 + len(kinds)
    for sentence in sentences(french):
        assert not ENGLISH_WORDS.search(words(sentence)), sentence
    for sentence in sentences(english):
        assert not FRENCH_WORDS.search(words(sentence)), sentence
    for sentence in sentences(english) + sentences(french):
        assert "{" not in sentence
        assert "None" not in sentence
        assert sentence.endswith("."), sentence


@pytest.mark.parametrize(("restored", "named"), [("", ROLLOUT.control), ("0.9.0", "0.9.0")])
def test_a_rollback_names_what_everybody_gets(restored: str, named: str) -> None:
    given_to = known(where(Phase.ROLLED_BACK), restored=restored)
    for tongue, said in zip(TONGUES, ("everybody gets", "tout le monde a"), strict=True):
        assert any(f"{said} {named}." in each for each in sentences(explain(given_to, tongue)))


@pytest.mark.parametrize("phase", sorted(ENDED))
def test_what_has_ended_waits_for_nothing(phase: Phase) -> None:
    found = explain(known(where(phase)), TONGUES[0])
    assert found.waits == ("It waits for nothing: it has ended.",)
    assert not found.needs
    assert found.next_check == ("Palier doesn't look at it: it isn't running.",)
    [taken] = found.takes_back
    assert taken == "It has ended." or (phase == "succeeded" and "rollback r-1" in taken)


@pytest.mark.parametrize("phase", sorted(SPLITTING))
def test_what_users_have_can_be_taken_back_by_a_person(phase: Phase) -> None:
    found = explain(known(where(phase), VERDICTS[Kind.NO_DATA]), TONGUES[0])
    assert "palier rollout rollback r-1" in found.takes_back[0]


def test_a_stage_in_full() -> None:
    found = explain(
        known(where(Phase.BAKING, deadline=NOW + 82_800), VERDICTS[Kind.INCONCLUSIVE]), TONGUES[0]
    )
    assert found.stands == (
        "stories.version: from 1.2.0 to 1.3.0, by the plan p.",
        "Stage 1 of 3, for 1 h so far: 10 % of the users get 1.3.0, everybody else 1.2.0.",
    )
    assert found.waits == ("Waiting: 2 h to go.",)
    assert found.needs == (
        "Requests to the new version: 200 of the 500 needed.",
        "Time here: 1 h of at least 2 h.",
        "Failed requests to the new version: 0 %, where at most 2 % may fail.",
        "Mean of `rating`: unknown over 0 of 40 values; at least 3.5.",
        "Mean of `cost`: unknown over 0 of 9 values; at most 20 % worse than the old version.",
        "Error budget that is left: unknown, at least 25 % is needed.",
        "A person has to let stage 2 begin, now or when it is due: `palier rollout approve r-1`.",
    )
    assert found.next_check == (
        "Palier looks at it every 10 s, and takes it back at once when it has to. While more than "
        "100 rollouts run, once a minute, and every 10 s when something new fails.",
        "Without a proof of health by 2027-01-16 07:00:00 UTC it is paused.",
    )
    assert found.takes_back[0] == "A person at any time: `palier rollout rollback r-1`."
    assert [name in found.takes_back[3 + place] for place, name in enumerate(NAMED)] == [True] * 5
    assert found.takes_back[-1] == (
        "An alert on the new version whose rule says `roll_back`, unless the old one has it too."
    )


def test_an_approval_that_was_given_is_not_asked_for_again() -> None:
    state = where(Phase.BAKING, approved=1)
    given_to = known(state, VERDICTS[Kind.PASS], approvals=(Approval("person:ada", NOW, 1),))
    assert not any("approve" in each for each in explain(given_to, TONGUES[0]).needs)


def test_an_audience_is_named_and_is_not_judged_by_chance() -> None:
    beta = replace(PLAN.stages[0], audience="beta-testers")
    plan = replace(PLAN, stages=(beta, *PLAN.stages[1:]))
    told = explain(known(where(Phase.BAKING), plan=plan), TONGUES[0])
    assert "10 % of the members of beta-testers get 1.3.0" in told.stands[1]
    assert not any("split explains" in each for each in told.takes_back)


def test_who_did_what_and_why() -> None:
    happened = [
        event("started", actor="person:ada", reason="a better ending"),
        event("paused", actor="person:bob", percentage_before=10.0),
        event("rolled_back", verdict=VERDICTS[Kind.FAIL].to_document(), percentage_before=10.0),
    ]
    english, french = (
        explain(known(where(Phase.ROLLED_BACK), events=happened), tongue).happened
        for tongue in TONGUES
    )
    assert english == (
        "2027-01-15 05:30:00 UTC: it is created by Ada.",
        "2027-01-15 07:00:00 UTC: it begins (0 % → 10 %), by Ada. a better ending",
        "2027-01-15 07:00:00 UTC: it is paused (10 %), by somebody.",
        "2027-01-15 07:00:00 UTC: it is rolled back (10 %), by Palier. Rolled back: 6 users.",
    )
    assert french[-1] == (
        "2027-01-15 07:00:00 UTC : il est annulé (10 %), par Palier. Annulé : 6 utilisateurs ont "
        "eu des erreurs avec la nouvelle version ; environ 1 en auraient si elle était aussi saine "
        "que l'ancienne."
    )


def test_decimals_are_a_language_s_own() -> None:
    state = where(Phase.BAKING, percentage=22.5)
    english, french = (explain(known(state), tongue).stands[1] for tongue in TONGUES)
    assert "22.5 % of the users" in english
    assert "22,5 % des utilisateurs" in french


def test_a_start_waits_for_its_opening() -> None:
    plan = replace(PLAN, openings=OPENINGS)
    english, french = (
        explain(known(where(Phase.STARTING), plan=plan), tongue).waits for tongue in TONGUES
    )
    assert english == (
        "Waiting: its plan starts it in its openings only, the next one opens Tuesday 14:00 "
        "(Europe/Paris).",
    )
    assert french[0].endswith("le prochain ouvre mardi 14:00 (Europe/Paris).")


def test_a_raise_waits_for_its_opening() -> None:
    plan = replace(PLAN, openings=OPENINGS, open_for=RAISES)
    told = explain(known(where(Phase.BAKING), VERDICTS[Kind.PASS], plan=plan), TONGUES[0]).waits
    assert any("Tuesday 14:00" in each for each in told)


def test_when_it_goes_on_by_itself() -> None:
    after = replace(PLAN.stages[1], approval=False)
    free = replace(PLAN, stages=(PLAN.stages[0], after, PLAN.stages[2]))
    earliest = [
        explain(known(where(Phase.BAKING), plan=plan), TONGUES[0]).next_check[1:]
        for plan in (PLAN, free, replace(free, openings=OPENINGS, open_for=RAISES))
    ]
    assert earliest == [
        (),
        ("It goes on by itself at 2027-01-15 09:00:00 UTC at the earliest.",),
        ("It goes on by itself at 2027-01-19 13:00:00 UTC at the earliest.",),
    ]


def test_a_start_waits_for_what_cloud_run_says() -> None:
    waits = words_of_traffic.english(words_of_traffic.UNKNOWN)
    english, french = (
        explain(known(where(Phase.STARTING), traffic=Standing(waits=waits)), tongue).waits
        for tongue in TONGUES
    )
    assert english == (waits,)
    assert french[0].startswith("En attente : Cloud Run")


@pytest.mark.parametrize("phase", [Phase.STARTING, Phase.QUEUED])
def test_a_start_waits_for_error_budget(phase: Phase) -> None:
    lacking = known(where(phase), budget=0.1)
    english, french = (explain(lacking, tongue) for tongue in TONGUES)
    assert english.waits == (
        "It waits for the service's error budget: less is left than its plan asks for.",
    )
    assert english.needs == ("Error budget that is left: 10 %, at least 25 % is needed.",)
    assert french.waits[0].startswith("Il attend le budget d'erreur du service")
    enough = explain(known(where(phase), budget=0.25), TONGUES[0])
    assert not any("budget" in each for each in (*enough.waits, *enough.needs))


def test_how_often_it_is_looked_at_is_what_tick_does() -> None:
    assert (needs.MANY, needs.EVERY_SECONDS) == (in_turn.MANY, tick.CYCLE_SECONDS)


def test_a_hotfix_takes_two_people() -> None:
    plan = replace(PLAN, type=Type.HOTFIX)
    alone, both = (
        explain(known(where(Phase.PENDING, approved=approved), plan=plan), TONGUES[0]).needs
        for approved in (-1, 0)
    )
    assert alone[0].startswith("Somebody else than who created it")
    assert both == ("A person's word: `palier rollout start r-1`.",)


@pytest.mark.parametrize("tongue", TONGUES)
def test_a_first_stage_that_asks_for_it_needs_an_approval(tongue: Tongue) -> None:
    plan = replace(PLAN, stages=(replace(PLAN.stages[0], approval=True), *PLAN.stages[1:]))
    asking = explain(known(State(), plan=plan), tongue).needs
    assert any("rollout approve r-1" in each for each in asking)
    approved = explain(known(State(approved=0), plan=plan), tongue).needs
    assert not any("rollout approve r-1" in each for each in approved)


@pytest.mark.parametrize("tongue", TONGUES)
def test_what_palier_measures_itself_is_told_as_it_is_judged(tongue: Tongue) -> None:
    criteria = Criteria(measures=(Criterion("performance_score", 40, at_least=85),))
    state = where(Phase.BAKING)
    found = known(state, VERDICTS[Kind.PASS], plan=replace(PLAN, criteria=criteria))
    told = [each for each in explain(found, tongue).needs if "performance_score" in each]
    assert len(told) == 1
    assert not re.search("unknown|inconnu| 0 ", told[0])


def takes_back(**more: Any) -> str:
    found = known(where(Phase.BAKING), VERDICTS[Kind.PASS], **more)
    return " ".join(explain(found, TONGUES[0]).takes_back)


def test_what_takes_it_back_is_what_can() -> None:
    everybody = replace(PLAN, stages=(Stage(100, 7200, 86_400),), holdback=0.0)
    members = replace(PLAN, stages=(Stage(10, 7200, 86_400, audience="beta"), PLAN.stages[2]))
    frozen = Baseline(NOW, 3600.0, 9_000, 0.02, {500: 0.05})
    assert "slower than" in takes_back(frozen=frozen)
    assert "slower than" not in takes_back(), "nobody knows what slow is"
    assert "than the split explains" not in takes_back(plan=everybody, frozen=frozen)
    assert "2 % is what it hardly ever exceeded" in takes_back(plan=everybody, frozen=frozen)
    assert "hit errors" not in takes_back(plan=everybody)
    assert "surely more than" in takes_back(frozen=frozen)
    assert "surely more than" not in takes_back(plan=members, frozen=frozen)
    assert "aren't made, it is paused" in takes_back()


def test_limits_that_cannot_act_are_told() -> None:
    def told(since_shift: float) -> str:
        situation: Situation = at(HEALTHY, since_shift=since_shift)
        found = known(where(Phase.BAKING), VERDICTS[Kind.PASS])
        look = Look(situation, VERDICTS[Kind.PASS], 0.0)
        return " ".join(explain(replace(found, look=look), TONGUES[0]).takes_back)

    assert "can't take it back while so few requests" in told(1000), "200 requests"
    assert "can't take it back while so few requests" not in told(700)
    assert "can't take it back while so few requests" not in told(60), "too soon to tell"


def test_health_checks_that_were_not_made_did_not_fail() -> None:
    paused = where(Phase.PAUSED, paused_for=Paused.HEALTH)
    assert "or weren't made" in explain(known(paused), TONGUES[0]).waits[0]
