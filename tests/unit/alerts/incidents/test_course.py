"""How an incident moves, in the cases that people ask about."""

from __future__ import annotations

from dataclasses import replace

import pytest

from functions.alerts.incidents import course, escalation
from functions.alerts.incidents.answers import summary
from functions.alerts.incidents.course import Step
from functions.alerts.incidents.incident import (
    FIRST_KEPT,
    LAST_KEPT,
    SETTLED,
    Alert,
    Deed,
    Incident,
    Kind,
    Status,
    Subject,
)
from functions.errors import FailedPrecondition

NOW = 1_800_000_000.0
SUBJECT = Subject("stories", "1.3.0")
P1 = Alert("p1-error-rate", "1.3.0", "P1", NOW, value=0.1, requests=100, failures=10)
P2 = Alert("p2-memory", "1.3.0", "P2", NOW)
ADA, BEN = "person:ada", "person:ben"


def deed(kind: str = "rolled_back", at: float = NOW, number: int = 1) -> Deed:
    return Deed(f"r-1/{number}", at, kind, "r-1", "stories.version", 0.0, "machine:tick", "Bad.")


def kinds(step: Step) -> list[Kind]:
    return [news.entry.kind for news in step.news]


def look(
    before: Incident, now: float, *firing: Alert, deeds: tuple[Deed, ...] = (), after: str = "ok"
) -> Step:
    return course.follow(before, firing, lambda _: after, deeds, now)


@pytest.fixture
def incident() -> Incident:
    return course.opened(SUBJECT, [P1], [], NOW).incident


@pytest.mark.parametrize(
    ("arm", "version"),
    [
        ("1.3.0", "1.3.0"),
        ("1.3.0+claimed", "1.3.0"),
        ("1.3.0+fallback", "1.3.0"),
        ("test-1f+test", "test-1f+test"),
        ("", ""),
        ("+claimed", "+claimed"),
    ],
)
def test_whose_incident_an_arm_s_alert_is(arm: str, version: str) -> None:
    assert Subject.of("stories", arm) == ("stories", version)


def test_what_opens_it_is_in_it_and_is_told_once() -> None:
    step = course.opened(SUBJECT, [P2, P1], [deed(), deed("advanced", number=2)], NOW)
    assert kinds(step) == [Kind.OPENED]
    it = step.incident
    assert (it.severity, it.status, it.level) == ("P1", Status.OPEN, 1)
    assert [each.kind for each in it.timeline] == [
        Kind.OPENED,
        Kind.FIRED,
        Kind.FIRED,
        Kind.DEED,
        Kind.DEED,
    ]
    assert it.worst == P1


def test_what_was_silenced_and_is_told_again_is_a_new_incident(incident: Incident) -> None:
    """Although it has been firing since the same moment."""
    over = look(incident, NOW + 10, after="silenced").incident
    assert course.succeeded(over, [P1], NOW + 10_000)
    again = course.opened(SUBJECT, [P1], [], NOW + 10_000, over).incident
    assert again.id != incident.id
    assert again.firing == incident.firing


@pytest.mark.parametrize(
    ("age", "level"),
    [
        (0, "L1"),
        (899, "L1"),
        (900, "L2"),
        (1_799, "L2"),
        (1_800, "L3"),
        (3_599, "L3"),
        (3_600, "L4"),
        (10**6, "L4"),
    ],
)
def test_levels_by_age(incident: Incident, age: float, level: str) -> None:
    after = look(incident, NOW + age, P1)
    assert escalation.name(after.incident.level) == level
    assert kinds(after) == ([] if level == "L1" else [Kind.ESCALATED])
    assert look(after.incident, NOW + age, P1) == Step(after.incident)


def test_a_test_is_not_escalated() -> None:
    test = course.opened(Subject("stories", "test-1f+test"), [P1], [], NOW).incident
    assert summary(test)["next_level_at"] is None
    assert look(test, NOW + 10_000, P1) == Step(test)


def test_an_acknowledgement_stops_the_climb_for_an_hour(incident: Incident) -> None:
    held = course.acknowledge(look(incident, NOW + 900, P1).incident, ADA, NOW + 1_000)
    assert kinds(held) == [Kind.ACKNOWLEDGED]
    assert look(held.incident, NOW + 4_599, P1) == Step(held.incident)
    again = look(held.incident, NOW + 4_600, P1)
    assert kinds(again) == [Kind.ESCALATED]
    assert (again.incident.level, again.incident.status) == (3, Status.OPEN)
    assert again.news[0].entry.facts["acknowledged"] == ADA
    assert look(again.incident, NOW + 4_600 + 1_799, P1) == Step(again.incident)
    assert look(again.incident, NOW + 4_600 + 1_800, P1).incident.level == 4


@pytest.mark.parametrize(
    ("severity", "highest"), [("P1", "L4"), ("P2", "L3"), ("P3", "L2"), ("P9", "L4")]
)
def test_how_far_it_climbs_depends_on_its_severity(severity: str, highest: str) -> None:
    """What can wait until the day is over wakes no CTO."""
    alert = replace(P2, severity=severity)
    it = course.opened(SUBJECT, [alert], [], NOW).incident
    for age in (900, 1_800, 3_600, 90_000):
        it = look(it, NOW + age, alert).incident
    assert escalation.name(it.level) == highest
    assert summary(it)["next_level_at"] is None
    held = course.acknowledge(it, ADA, NOW + 90_000).incident
    again = look(held, NOW + 93_600, alert)
    assert kinds(again) == [Kind.ESCALATED], "told again, no further up"
    assert escalation.name(again.incident.level) == highest


def test_what_was_held_climbs_from_there_when_it_gets_worse() -> None:
    mild = replace(P2, severity="P3")
    it = course.opened(SUBJECT, [mild], [], NOW).incident
    it = look(it, NOW + 900, mild).incident
    worse = look(it, NOW + 7_200, mild, replace(P1, since=NOW + 7_200))
    assert (kinds(worse), worse.incident.level) == ([Kind.WORSE], 2)
    assert summary(worse.incident)["next_level_at"] == NOW + 8_100
    assert look(worse.incident, NOW + 8_100, P1).incident.level == 3
    soon = look(course.opened(SUBJECT, [mild], [], NOW).incident, NOW + 600, mild, P1).incident
    assert summary(soon)["next_level_at"] == NOW + 900, "what was not held climbs on"


def test_above_l4_it_is_told_again(incident: Incident) -> None:
    at_the_top = look(incident, NOW + 3_600, P1).incident
    held = course.acknowledge(at_the_top, ADA, NOW + 3_600).incident
    again = look(held, NOW + 7_200, P1)
    assert (kinds(again), again.incident.level) == ([Kind.ESCALATED], 4)


def test_worse_is_told_and_voids_an_acknowledgement() -> None:
    mild = course.opened(SUBJECT, [P2], [], NOW).incident
    held = course.acknowledge(look(mild, NOW + 900, P2).incident, ADA, NOW + 901).incident
    worse = look(held, NOW + 1_000, P2, P1)
    assert kinds(worse) == [Kind.WORSE]
    assert (worse.incident.severity, worse.incident.status) == ("P1", Status.OPEN)
    assert worse.incident.level == 2, "never down while it lasts"
    better = look(worse.incident, NOW + 1_010, P2)
    assert (kinds(better), better.incident.severity) == ([], "P1")


def test_what_was_done_is_told_once(incident: Incident) -> None:
    done = look(incident, NOW + 10, P1, deeds=(deed("paused", NOW + 5),))
    assert kinds(done) == [Kind.DEED]
    assert look(done.incident, NOW + 20, P1, deeds=(deed("paused", NOW + 5),)).news == ()
    resumed = look(done.incident, NOW + 20, P1, deeds=(deed("resumed", NOW + 15, 2),))
    assert resumed.news == ()
    assert resumed.incident.timeline[-1].facts["kind"] == "resumed"


def test_what_was_done_long_before_is_none_of_it(incident: Incident) -> None:
    assert look(incident, NOW + 10, P1, deeds=(deed(at=NOW - 601),)) == Step(incident)


@pytest.mark.parametrize("status", ["resolved", "no_data", "silenced"])
def test_it_ends_when_nothing_fires(incident: Incident, status: str) -> None:
    half = look(look(incident, NOW + 5, P1, P2).incident, NOW + 10, P2, after=status)
    assert half.incident.status is Status.OPEN
    over = look(half.incident, NOW + 20, after=status)
    assert kinds(over) == [Kind.RESOLVED]
    assert over.incident.over
    assert {alert.ended for alert in over.incident.alerts} == {status}


@pytest.mark.parametrize(
    ("pause", "same"), [pytest.param(599, True, id="soon"), pytest.param(600, False, id="late")]
)
def test_what_fires_again_soon_is_the_same_incident(
    incident: Incident, pause: float, same: bool
) -> None:
    over = look(course.acknowledge(incident, ADA, NOW).incident, NOW + 10).incident
    again = replace(P2, since=NOW + 10 + pause)
    assert course.succeeded(over, [again], NOW + 10 + pause) is not same
    if same:
        step = look(over, NOW + 10 + pause, again)
        assert kinds(step) == [Kind.REOPENED]
        it = step.incident
        assert (it.status, it.severity, it.level) == (Status.OPEN, "P2", 1)
        assert (it.acknowledged_by, it.resolved_at) == ("", 0.0)


def test_it_is_followed_until_it_can_no_longer_open(incident: Incident) -> None:
    over = look(incident, NOW + 10).incident
    assert look(over, NOW + 609).incident.followed
    assert not look(over, NOW + 610).incident.followed


def test_what_somebody_declared_over_is_over_until_it_fires_anew(incident: Incident) -> None:
    over = course.resolve(incident, ADA, NOW + 60)
    assert kinds(over) == [Kind.RESOLVED]
    assert over.incident.resolved_by == ADA
    long_after = look(over.incident, NOW + 6_000, P1)
    assert long_after == Step(over.incident), "it fires still, and is followed"
    assert not course.succeeded(over.incident, [P1], NOW + 6_000)
    other = replace(P2, since=NOW + 6_000)
    assert course.succeeded(over.incident, [P1, other], NOW + 6_000)
    new = course.opened(SUBJECT, [P1, other], [], NOW + 6_000, over.incident).incident
    assert new.firing == (other,)
    assert new.settled == (P1.occurrence,)
    assert not course.left(over.incident).followed
    anew = replace(P1, since=NOW + 300)
    assert kinds(look(over.incident, NOW + 300, anew)) == [Kind.REOPENED]
    assert not look(over.incident, NOW + 700).incident.followed


def test_what_somebody_declared_over_is_not_shown_as_firing() -> None:
    both = course.opened(SUBJECT, [P1, P2], [], NOW).incident
    over = course.resolve(both, ADA, NOW + 60).incident
    for later in (70, 900, 6_000):
        over = look(over, NOW + later, P1, P2).incident
        assert (over.firing, summary(over)["firing"]) == ((), [])
    assert {(alert.ended, alert.ended_at) for alert in over.alerts} == {(SETTLED, NOW + 60)}
    said = [entry.kind for entry in over.timeline if entry.at == NOW + 60]
    assert said == [Kind.ENDED, Kind.ENDED, Kind.RESOLVED]


def test_the_timeline_is_true_when_it_opens_again() -> None:
    over = course.resolve(course.opened(SUBJECT, [P1], [], NOW).incident, ADA, NOW + 60).incident
    other = replace(P2, since=NOW + 90)
    again = look(over, NOW + 100, P1, other).incident
    assert again.firing == (other,), "the one that was settled still is"
    ends = [entry.facts["status"] for entry in again.timeline if entry.kind is Kind.ENDED]
    assert ends == [SETTLED], "and is not said to have ended well"
    anew = replace(P1, since=NOW + 200)
    assert look(again, NOW + 200, anew, other).incident.firing == (anew, other)


def test_what_a_later_bundle_says_is_ignored(incident: Incident) -> None:
    data = incident.to_data()
    data["alerts"][0]["colour"] = "red"
    assert Incident.from_data({**data, "later": 1}) == incident


def test_who_acknowledges_twice_changes_nothing(incident: Incident) -> None:
    held = course.acknowledge(incident, ADA, NOW).incident
    assert course.acknowledge(held, ADA, NOW + 10) == Step(held)
    other = course.acknowledge(held, BEN, NOW + 10)
    assert (kinds(other), other.incident.acknowledged_by) == ([Kind.ACKNOWLEDGED], BEN)


def test_what_is_over_is_not_acknowledged_nor_resolved_again(incident: Incident) -> None:
    over = look(incident, NOW + 10).incident
    assert course.resolve(over, ADA, NOW + 20) == Step(over)
    with pytest.raises(FailedPrecondition):
        course.acknowledge(over, ADA, NOW + 20)
    assert course.note(over, ADA, "It was the key.", NOW + 30).incident.timeline[-1].by == ADA


def test_a_long_timeline_keeps_its_beginning_and_its_end(incident: Incident) -> None:
    for n in range(300):
        incident = course.note(incident, ADA, str(n), NOW + n).incident
    assert len(incident.timeline) == FIRST_KEPT + LAST_KEPT
    assert incident.timeline[0].kind is Kind.OPENED
    assert incident.timeline[-1].facts["text"] == "299"
    assert incident.omitted == 302 - FIRST_KEPT - LAST_KEPT
