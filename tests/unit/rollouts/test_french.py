"""Whatever the judge says in English is said in French as well."""

from __future__ import annotations

import re

import pytest

from functions.rollouts import french, obstacles
from functions.rollouts.criterion import Criterion
from functions.rollouts.judge import judge
from functions.rollouts.obstacles import in_french
from functions.rollouts.plan import Criteria, Plan, Stage
from functions.rollouts.verdict import Kind, Verdict
from tests.unit.rollouts.test_judge import CASES, PLAN, Case
from tests.unit.rollouts.test_judge_rules import ALL
from tests.unit.rollouts.test_told import PENDING

ENGLISH = re.compile(
    r"\b(the|of|requests|users|version was|Rolled back|Paused|Waiting|fires|needed|failed)\b"
)


@pytest.mark.parametrize("case", ALL.values(), ids=ALL.keys())
def test_every_verdict_has_words(case: Case) -> None:
    verdict = judge(case.plan, case.situation)
    said = french.said(verdict, case.plan)
    assert not ENGLISH.search(said), said
    assert said == french.sentence(verdict, case.plan)
    assert said.endswith(".")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (
            "twelve where three were expected",
            "Annulé : 12 utilisateurs ont eu des erreurs avec la nouvelle version ; environ 3 en "
            "auraient si elle était aussi saine que l'ancienne.",
        ),
        (
            "six percent in three checks",
            "Annulé : lors de 3 contrôles de suite, la limite de 5 % a été dépassée ; au dernier, "
            "6 % des requêtes à la nouvelle version ont échoué, sans compter les répétitions d'un "
            "même utilisateur.",
        ),
        (
            "upstream fails for both, totally",
            "Suspendu : ce dont les deux versions dépendent est en panne (100 % des requêtes à la "
            "nouvelle version, 100 % à l'ancienne) : la nouvelle version n'en est pas la cause.",
        ),
        ("a disaster in both arms", french.SHARED),
        (
            "the second of two above its bound",
            "En attente : la moyenne de « cost » est de 1\u202f234,5 avec la nouvelle version ; il "
            "faut au plus 2 avant qu'elle avance.",
        ),
        (
            "an alert that rolls back",
            "Annulé : une alerte se déclenche sur la nouvelle version : score (0,9).",
        ),
        (
            "an alert that pauses",
            "Suspendu : une alerte se déclenche sur la nouvelle version : p1-memory (mémoire "
            "utilisée : 90 %, limite 80 %).",
        ),
        (
            "one of both that nobody knew pauses",
            "Suspendu : une alerte se déclenche sur la nouvelle version : p1-memory (mémoire "
            "utilisée : 90 % ; 88 % sur l'ancienne version, qui souffre aussi, limite 80 %).",
        ),
        (
            "what one user tells pauses",
            "Suspendu : une alerte se déclenche sur la nouvelle version : score (0,9). "
            "Utilisateurs connectés qui l'ont signalé : 1 ; il en faut 3 pour annuler.",
        ),
        (
            "the budget is overdrawn in all the time",
            "Suspendu : la nouvelle version n'a pas pu faire ses preuves dans le temps prévu. Il "
            "ne reste rien du budget d'erreur du service ; il en faut au moins 25 % avant que la "
            "version avance.",
        ),
    ],
)
def test_the_words(name: str, expected: str) -> None:
    case = CASES[name]
    assert french.sentence(judge(case.plan, case.situation), case.plan) == expected


@pytest.mark.parametrize("kind", list(Kind))
@pytest.mark.parametrize("rule", ["evidence", "requests", "something new", "memory", "criteria"])
def test_a_decision_never_fails_for_want_of_words(kind: Kind, rule: str) -> None:
    verdict = Verdict(kind, rule, "Because.")
    assert french.sentence(verdict, PLAN)


@pytest.mark.parametrize("obstacle", obstacles.WORDS)
def test_obstacles_have_words(obstacle: str) -> None:
    english = obstacles.sentence(obstacle, PENDING)
    said = in_french(english, PENDING)
    assert said != english
    assert PENDING.flag in said


def test_what_a_person_wrote_stays_as_it_is() -> None:
    assert in_french("it looks odd", PENDING) == "it looks odd"


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (45, "45 s"),
        (90, "1,5 min"),
        (7200, "2 h"),
        (86_400, "1 jour"),
        (129_600, "1,5 jour"),
        (259_200, "3 jours"),
    ],
)
def test_durations(seconds: float, expected: str) -> None:
    assert french.duration(seconds) == expected


def test_one_request_is_singular() -> None:
    figures = {"requests": 500, "failures": 1, "requests_control": 9, "failures_control": 0}
    verdict = Verdict(Kind.PASS, "healthy", "Healthy.", figures)
    assert french.sentence(verdict, Plan("p", ())).startswith("Saine : 1 requête sur 500 à la")
    assert " a échoué, " in french.sentence(verdict, Plan("p", ()))


def test_the_measure_that_is_worse_is_named() -> None:
    measures = tuple(Criterion(name, worse_by=0.1, better="higher") for name in "ab")
    plan = Plan("p", (Stage(10, 60, 120),), criteria=Criteria(measures=measures))
    means = {"mean_of_a": 1.0, "mean_of_a_control": 1.0, "mean_of_b": 0.5, "mean_of_b_control": 1.0}
    verdict = Verdict(Kind.INCONCLUSIVE, "worse", "Waiting.", {"elapsed": 60, **means})
    assert "« b »" in french.sentence(verdict, plan)
