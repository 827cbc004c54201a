"""What a plan says of itself before anybody gets the candidate, in English and French."""

import re
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from functions.alerts.message import ENGLISH, FRENCH, LANGUAGES
from functions.rollouts.check import Check
from functions.rollouts.criterion import Criterion
from functions.rollouts.durations import DAY, HOUR
from functions.rollouts.fitting import SLOWER, UNREPORTED, LeftOut
from functions.rollouts.foresight import Circumstances, Traffic
from functions.rollouts.hours_told import hours, opens
from functions.rollouts.opening import Opening
from functions.rollouts.plan import RAISES, Criteria, Limits, Plan, Stage, Type, Without
from functions.rollouts.preview import preview
from functions.rollouts.templates import TEMPLATES

GOOD = Plan("good", (Stage(10, 60, 600), Stage(50, 60, 600), Stage(100, 60, 600)))
BUSY = Traffic(10, 0.01)
OFFICE = Opening((0, 1, 2, 3, 4), 14 * 60, 16 * 60)
SATURDAY = datetime(2026, 11, 21, 12, tzinfo=UTC).timestamp()
FULL = replace(
    GOOD,
    stages=(
        Stage(5, HOUR, 3 * HOUR, audience="beta", criteria=Criteria(requests=7)),
        Stage(5, HOUR, 3 * HOUR, approval=True, limits=Limits(memory=0.5)),
        Stage(100, 0, HOUR),
    ),
    criteria=Criteria(
        measures=(
            Criterion("rating", 1500, at_least=3.5, optional=True),
            Criterion("words", 9, 100, 900.125, worse_by=0.1),
        ),
        budget=0.25,
    ),
    checks=(
        Check("precision", below=0.94, seconds=300),
        Check("words", below=1, above=2, fall=0.2, rise=0.3, optional=True),
    ),
    critical=("MEMORY_ERROR", "TIMEOUT"),
    openings=(OFFICE, Opening((5, 6), 0, 60, "UTC")),
    open_for=RAISES,
    on_no_data=Without.ROLL_BACK,
)
LEFT = (LeftOut("roi", UNREPORTED), LeftOut("p95_ms", SLOWER))


def test_what_happens_and_when_and_what_is_not_seen() -> None:
    assert preview(replace(GOOD, holdback=0.0, watch_seconds=DAY)) == (
        "10 % of users for at least 1 min, then on when it proves healthy; "
        "paused if it can't after 10 min.",
        "50 % of users for at least 1 min, then on when it proves healthy; "
        "paused if it can't after 10 min.",
        "100 % of users for at least 1 min, then on when it proves healthy; "
        "paused if it can't after 10 min.",
        "Each stage takes 100 requests or more to the new version, of which 2 % at most fail.",
        "Taken back as soon as more of its users fail than chance explains.",
        "Taken back at once when 25 % of its requests fail; after 3 checks in a row when more "
        "than 5 % fail, more than 5 % take over 30 s, or more than 80 % of the memory is in use.",
        "Then it is watched for 1 day and becomes the default.",
        "At the earliest it is the default after 1 day.",
        "At 100 % nobody is left on the old version to compare with: it is compared with how the "
        "old version did before the start. Where too little is known of that, only the limits on "
        "errors, slowness and memory can take it back then.",
    )


@pytest.mark.parametrize(
    "sentence",
    [
        "It starts and gets more users in these hours only: Monday to Friday 14:00 to 16:00 "
        "(Europe/Paris); Saturday, Sunday 00:00 to 01:00 (UTC). Taking it back never waits.",
        "5 % of the users in `beta` for at least 1 h, then on when it proves healthy; paused if it "
        "can't after 3 h, taken back if nobody has used it by then.",
        "5 % of users for at least 1 h, then on when it proves healthy; paused if it can't after "
        "3 h, taken back if nobody has used it by then. A person has to let this stage begin.",
        "95 % of users, then on when it proves healthy; paused if it can't after 1 h, taken back "
        "if nobody has used it by then.",
        "In stage 1: Each stage takes 7 requests or more to the new version, of which 2 % at most "
        "fail.",
        "Each stage takes a mean of `rating` (where it is reported) of at least 3.5, over 1,500 "
        "values or more.",
        "Each stage takes a mean of `words` of at least 100 and at most 900.125, over 9 values or "
        "more.",
        "Each stage takes a mean of `words` that is not worse than the old version's by more than "
        "10 %.",
        "Each stage takes 25 % or more of the service's error budget to be left.",
        "In stage 2: Taken back at once when 25 % of its requests fail; after 3 checks in a row "
        "when more than 5 % fail, more than 5 % take over 30 s, or more than 50 % of the memory is "
        "in use.",
        "Taken back when `precision` is below 0.94 in 3 checks in a row and for 5 min.",
        "Taken back when `words` (where it is measured) is below 1 or above 2 in 3 checks in a "
        "row.",
        "Taken back as soon as `words` (where it is measured) is surely more than 20 % below the "
        "old version's; paused where nobody is left on the old one, or nobody knows how many users "
        "the values are of.",
        "Taken back as soon as `words` (where it is measured) is surely more than 30 % above the "
        "old version's; paused where nobody is left on the old one, or nobody knows how many users "
        "the values are of.",
        "Taken back at the first error `MEMORY_ERROR`, `TIMEOUT` that the old version doesn't have "
        "as well.",
        "At the earliest it is the default on Tuesday 2026-11-24 15:00 (Europe/Paris), and later "
        "by the time that people take to let stages begin.",
        "Left out, since nobody measures it of this service: `roi`.",
        "Left out, since this service takes longer when all is well: `p95_ms`.",
        "Too little was measured of the old version so far to know what is usual: that it got "
        "slower is not seen.",
    ],
)
def test_each_part_of_a_plan_is_told(sentence: str) -> None:
    known = Circumstances(SATURDAY, BUSY, history=False, left_out=LEFT)
    assert sentence in preview(FULL, known)


def test_how_soon_a_rise_is_seen_is_told() -> None:
    told = preview(FULL, Circumstances(traffic=BUSY))[-2]
    assert re.fullmatch(
        "With 5 % of users and 10 requests a second, a rise in failures from 1 % to 2 % is seen "
        r"after 5\d(\.\d)? min or so, from 1 % to 5 % is seen after 5\.\d min or so, from 1 % to "
        "100 % is seen after 10 s or so.",
        told,
    )


def test_an_audience_is_not_compared() -> None:
    told = "\n".join(preview(FULL, Circumstances(traffic=BUSY)))
    assert "Chance doesn't choose who belongs to `beta`" in told
    assert told.count("a rise in failures") == 2


@pytest.mark.parametrize(
    ("plan", "says"),
    [
        (TEMPLATES["manual"], "How long it takes is up to the people who promote it."),
        (TEMPLATES["blue-green"], "the old version stands by"),
        (TEMPLATES["hotfix"], "a second person approves it first"),
        (replace(GOOD, openings=(OFFICE,)), "It starts in these hours only: Monday to Friday"),
        (replace(GOOD, on_inconclusive=Without.ROLL_BACK), "taken back if it can't after 10 min"),
    ],
    ids=["manual", "blue-green", "hotfix", "hours to start", "taken back in the end"],
)
def test_kinds_of_plans_say_what_is_particular(plan: Plan, says: str) -> None:
    assert says in "\n".join(preview(plan))


def test_a_stage_that_never_gets_its_requests_is_told() -> None:
    told = preview(GOOD, Circumstances(traffic=Traffic(0.1, 0.01)))
    assert (
        "Stage 1 would not advance at this traffic: 100 requests to the new version take 2.8 h, "
        "and its time is over after 10 min."
    ) in told
    told = preview(GOOD, Circumstances(traffic=Traffic(1e-9, 0.01)))
    assert any("to the new version take more than 90 days, and" in each for each in told)
    nobody = preview(GOOD, Circumstances(traffic=Traffic(0.0)))
    assert "Nobody uses the service: no stage would ever advance." in nobody


def test_limits_that_cannot_act_at_this_traffic_are_told() -> None:
    """Three checks of twenty requests in four minutes."""
    blind = "The limits on errors, slowness and memory can't take it back while"

    def told(requests_per_second: float) -> list[str]:
        known = Circumstances(traffic=Traffic(requests_per_second, 0.01))
        return [each for each in preview(GOOD, known) if blind in each]

    assert len(told(2.4)) == 1
    assert told(2.4)[0].startswith(f"In stage 1: {blind}")
    assert told(2.4)[0].endswith("their checks in a row take 60 within 4 min.")
    assert not told(2.6)
    assert len(told(0.1)) == len(GOOD.stages)


@pytest.mark.parametrize(
    "sentence",
    [
        "5 % des utilisateurs du segment « beta » pendant au moins 1 h, puis la suite quand elle "
        "s'est montrée saine ; suspendue si elle ne le peut pas après 3 h, retirée si personne ne "
        "l'a utilisée d'ici là.",
        "Elle ne commence et ne gagne d'utilisateurs qu'à ces heures : du lundi au vendredi de "
        "14:00 à 16:00 (Europe/Paris) ; samedi, dimanche de 00:00 à 01:00 (UTC). La retirer "
        "n'attend jamais.",
        "Retirée quand « precision » est au-dessous de 0,94 lors de 3 contrôles de suite et "
        "pendant 5 min.",
        "Chaque palier demande une moyenne de « words » d'au moins 100 et au plus 900,125, sur 9 "
        "valeurs ou plus.",
        "Au plus tôt elle devient la version par défaut le mardi 2026-11-24 15:00 (Europe/Paris), "
        "et plus tard du temps que prennent les autorisations.",
    ],
)
def test_the_same_in_french(sentence: str) -> None:
    known = Circumstances(SATURDAY, BUSY, history=False, left_out=LEFT)
    assert sentence in preview(FULL, known, FRENCH)


ENGLISH_WORDS = re.compile(
    r"\b(the|of|users|when|after|taken|stage|at least|at most|begin|version's|and|is|requests)\b"
)


@settings(max_examples=40, deadline=None)
@given(
    plan=st.sampled_from([GOOD, FULL, *TEMPLATES.values()]),
    kind=st.sampled_from(Type),
    rate=st.none() | st.floats(0, 100),
    now=st.none() | st.just(SATURDAY),
)
def test_both_languages_say_as_much(
    plan: Plan, kind: Type, rate: float | None, now: float | None
) -> None:
    traffic = None if rate is None else Traffic(rate, 0.01)
    known = Circumstances(now, traffic, history=False, left_out=LEFT)
    told = {each: preview(replace(plan, type=kind), known, each) for each in LANGUAGES}
    assert len(told[ENGLISH]) == len(told[FRENCH])
    for sentence in told[FRENCH]:
        assert not ENGLISH_WORDS.search(sentence), sentence
        assert not re.search(r"\d\.\d", sentence), sentence
    for sentence in (*told[ENGLISH], *told[FRENCH]):
        assert sentence[0].isupper() or sentence[0].isdigit()
        assert sentence.endswith(".")


@pytest.mark.parametrize(
    ("language", "said"),
    [(ENGLISH, "Monday 14:00 (Europe/Paris)"), (FRENCH, "lundi 14:00 (Europe/Paris)")],
)
def test_when_it_opens_is_told_as_people_say_it(language: str, said: str) -> None:
    assert opens([OFFICE], SATURDAY, language) == said


def test_hours_that_never_come_are_not_told() -> None:
    assert opens([Opening((), 0, 60)], SATURDAY, ENGLISH) == ""
    assert hours([Opening((1, 3), 0, 1440, "UTC")], ENGLISH) == (
        "Tuesday, Thursday 00:00 to 24:00 (UTC)"
    )
