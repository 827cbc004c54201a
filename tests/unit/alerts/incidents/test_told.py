"""Messages say what happened, since when, how much, what Palier did and what to do, in both
languages."""

from __future__ import annotations

from dataclasses import replace

import pytest

from functions.alerts.incidents import course
from functions.alerts.incidents.course import News, Step
from functions.alerts.incidents.incident import Alert, Deed, Kind, Subject
from functions.alerts.incidents.told import EVENTS, message, of_people
from functions.alerts.message import LANGUAGES, Event, Message

NOW = 1_800_000_000.0
SUBJECT = Subject("stories", "1.3.0")
ERRORS = Alert(
    "p1-error-rate",
    "1.3.0",
    "P1",
    NOW,
    threshold=0.05,
    window_seconds=60,
    value=0.125,
    requests=80,
    failures=10,
    name={"en": "error rate", "fr": "taux d'erreur"},
    shown={"en": "12.5 %", "fr": "12,5 %"},
    limit={"en": "5 %", "fr": "5 %"},
    runbook="docs/runbooks/p1-error-rate.md",
)
MEMORY = Alert("p2-memory", "1.3.0", "P2", NOW)
BACK = Deed(
    "r-1/2",
    NOW + 5,
    "rolled_back",
    "r-1",
    "stories.version",
    0.0,
    "machine:tick",
    "12.5 % of its requests failed.",
)


def told(step: Step) -> Message:
    [news] = step.news
    return message(news)


def test_what_is_said_when_it_opens() -> None:
    said = told(course.opened(SUBJECT, [ERRORS, MEMORY], [BACK], NOW + 5))
    assert said.texts["en"].title == "P1 stories 1.3.0: error rate 12.5 %"
    assert said.texts["en"].text == (
        "Error rate: 12.5 % over 60 s; more than 5 % is too much. 10 of 80 requests failed. Since "
        "2027-01-15 08:00:00 UTC. Also firing: p2-memory. Palier rolled back (stories.version, now "
        "0 % of users). 12.5 % of its requests failed. What to do: docs/runbooks/p1-error-rate.md"
    )
    assert said.texts["fr"].title == "P1 stories 1.3.0 : taux d'erreur 12,5 %"
    assert said.texts["fr"].text == (
        "Taux d'erreur : 12,5 % sur 60 s. Au-delà de 5 %, c'est trop. 10 requêtes sur 80 ont "
        "échoué. Depuis le 2027-01-15 08:00:00 UTC. Autre alerte : p2-memory. Palier est revenu "
        "à la version précédente (stories.version, désormais 0 % des utilisateurs). 12.5 % of its "
        "requests failed. Que faire : docs/runbooks/p1-error-rate.md"
    )
    assert (said.event, said.severity, said.level) == (Event.TRIGGER, "P1", "L1")
    assert said.runbook == ERRORS.runbook
    assert not said.test


def test_who_does_nothing_says_so() -> None:
    said = told(course.opened(SUBJECT, [ERRORS], [], NOW))
    assert "Palier changed nothing by itself." in said.texts["en"].text
    assert "Palier n'a rien changé de lui-même." in said.texts["fr"].text


def test_a_test_is_marked() -> None:
    said = told(course.opened(Subject("stories", "test-1f+test"), [ERRORS], [], NOW))
    assert said.test
    assert said.texts["en"].title.startswith("P1 stories test-1f+test: ")


def test_below_is_said_the_other_way_round() -> None:
    said = told(course.opened(SUBJECT, [replace(ERRORS, comparison="<")], [], NOW))
    assert "; less than 5 % is too much." in said.texts["en"].text
    assert "En deçà de 5 %, c'est trop." in said.texts["fr"].text


@pytest.mark.parametrize(
    ("status", "english", "french"),
    [
        ("resolved", "Nothing fires any more.", "Plus aucune alerte active."),
        ("no_data", "Nothing is measured any more", "Plus aucune mesure"),
        ("silenced", "was silenced", "en sourdine"),
    ],
)
def test_why_it_is_over(status: str, english: str, french: str) -> None:
    it = course.opened(SUBJECT, [ERRORS], [], NOW).incident
    said = told(course.follow(it, [], lambda _: status, [], NOW + 600))
    assert said.event is Event.RESOLVE
    assert english in said.texts["en"].text
    assert french in said.texts["fr"].text
    assert "It lasted 10 min." in said.texts["en"].text


def test_many_others_are_counted() -> None:
    others = [replace(MEMORY, rule=f"own-{n}") for n in range(8)]
    said = told(course.opened(SUBJECT, [ERRORS, *others], [], NOW))
    assert "Also firing: own-0, own-1, own-2, own-3, own-4 and 3 more." in said.texts["en"].text


@pytest.mark.parametrize(
    ("requests", "failures", "english", "french"),
    [
        (80, 10, "10 of 80 requests failed.", "10 requêtes sur 80 ont échoué."),
        (80, 1, "1 of 80 requests failed.", "1 requête sur 80 a échoué."),
        (1, 1, "1 of 1 request failed.", "1 requête sur 1 a échoué."),
        (80, 0, "0 of 80 requests failed.", "Aucune requête sur 80 n'a échoué."),
    ],
)
def test_one_is_not_many(requests: int, failures: int, english: str, french: str) -> None:
    few = replace(ERRORS, requests=requests, failures=failures)
    said = told(course.opened(SUBJECT, [few], [], NOW))
    assert english in said.texts["en"].text
    assert french in said.texts["fr"].text


@pytest.mark.parametrize(
    ("count", "french"),
    [
        (1, "Autre alerte : own-0."),
        (2, "Autres alertes : own-0, own-1."),
        (6, "Autres alertes : own-0, own-1, own-2, own-3, own-4 et 1 autre."),
        (7, "Autres alertes : own-0, own-1, own-2, own-3, own-4 et 2 autres."),
    ],
)
def test_one_other_is_not_many(count: int, french: str) -> None:
    others = [replace(MEMORY, rule=f"own-{n}") for n in range(count)]
    assert french in told(course.opened(SUBJECT, [ERRORS, *others], [], NOW)).texts["fr"].text


@pytest.mark.parametrize(
    ("firing", "english", "french"),
    [
        ((), "Nothing fires any more.", "Plus aucune alerte active."),
        ((MEMORY,), "Still firing: p2-memory.", "Toujours active : p2-memory."),
        (
            (MEMORY, ERRORS),
            "Still firing: p1-error-rate, p2-memory.",
            "Toujours actives : p1-error-rate, p2-memory.",
        ),
    ],
)
def test_what_still_fires_after_a_deed(
    firing: tuple[Alert, ...], english: str, french: str
) -> None:
    """The deed and the end may come in one look."""
    it = course.opened(SUBJECT, [MEMORY, ERRORS], [], NOW).incident
    step = course.follow(it, firing, lambda _: "resolved", [replace(BACK, at=NOW + 60)], NOW + 60)
    said = message(step.news[0])
    assert said.texts["en"].text.endswith(english)
    assert said.texts["fr"].text.endswith(french)


def test_people_are_named_and_ids_are_not_told() -> None:
    names = {"person:u1": "Ada"}
    by_hand = replace(BACK, by="person:u1", kind="paused")
    it = course.opened(SUBJECT, [ERRORS], [by_hand], NOW + 5).incident
    held = course.acknowledge(it, "person:u1", NOW + 60)
    over = course.resolve(held.incident, "person:u1", NOW + 90)
    assert held.incident.acknowledged_by == "person:u1", "the timeline keeps the id"
    for step, known, unknown in (
        (held, "Ada sees to it.", "Somebody sees to it."),
        (over, "Ada declared it over.", "Somebody declared it over."),
        (over, "Ada paused the rollout", "Somebody paused the rollout"),
    ):
        [news] = step.news
        assert of_people(news)
        assert known in message(news, names).texts["en"].text
        assert unknown in message(news).texts["en"].text
        said = message(news)
        for text in (*said.texts.values(), *message(news, names).texts.values()):
            assert "person:" not in f"{text.title} {text.text}"
    assert "Quelqu'un s'en occupe." in message(held.news[0]).texts["fr"].text
    assert "Ada l'a déclaré terminé." in message(over.news[0], names).texts["fr"].text
    assert not of_people(course.opened(SUBJECT, [ERRORS], [BACK], NOW).news[0])


def a_life() -> list[News]:
    """An incident to which everything happens."""
    steps = [course.opened(SUBJECT, [MEMORY], [], NOW)]

    def look(seconds: float, *firing: Alert, deeds: tuple[Deed, ...] = ()) -> None:
        before = steps[-1].incident
        steps.append(course.follow(before, firing, lambda _: "ok", deeds, NOW + seconds))

    look(10, MEMORY, ERRORS, deeds=(BACK,))
    look(900, MEMORY, ERRORS)
    steps.append(course.acknowledge(steps[-1].incident, "person:ada", NOW + 950))
    look(950 + 3600, ERRORS)
    look(5_000)
    look(5_100, replace(ERRORS, since=NOW + 5_100))
    steps.append(course.resolve(steps[-1].incident, "person:ada", NOW + 5_200))
    return [news for step in steps for news in step.news]


def test_everything_that_happens_is_told_in_both_languages() -> None:
    life = a_life()
    assert {news.entry.kind for news in life} == set(EVENTS)
    assert len({message(news).id for news in life}) == len(life)
    for news in life:
        said = message(news)
        for language in LANGUAGES:
            text = said.texts[language]
            assert text.title.strip()
            assert text.text.strip()
            assert "  " not in text.text
        assert said.texts["en"] != said.texts["fr"]


def test_escalations_say_why() -> None:
    up = [message(news) for news in a_life() if news.entry.kind is Kind.ESCALATED]
    assert [each.level for each in up] == ["L2", "L3"]
    assert "Nobody has acknowledged it." in up[0].texts["en"].text
    assert "It was acknowledged an hour ago and still fires." in up[1].texts["en"].text
