"""An incident's life in PagerDuty: whoever must be woken is, and in the end nothing is open."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest

from functions.alerts.channels import pagerduty
from functions.alerts.channels.channel import Channel, Kind
from functions.alerts.channels.letter import Letter
from functions.alerts.channels.outcome import Became
from functions.alerts.channels.send import Sender
from functions.alerts.channels.transport import Transport
from functions.alerts.incidents import course
from functions.alerts.incidents.course import Step
from functions.alerts.incidents.incident import Alert, Subject
from functions.alerts.incidents.told import message
from functions.alerts.message import Event
from tests.servers.receiver import Receiver, status, taken
from tests.unit.alerts.channels.letters import letter

NOW = 1_800_000_000.0
KEY = "k" * 32
SUBJECT = Subject("stories", "1.3.0")
WARNING = Alert("p2-memory", "1.3.0", "P2", NOW)
CRITICAL = Alert("p1-error-rate", "1.3.0", "P1", NOW)
PAGER = Channel("pager", Kind.PAGERDUTY)


def bodies(step: Step) -> list[dict[str, Any]]:
    return [
        json.loads(post.body)
        for news in step.news
        for post in pagerduty.posts(
            Letter(message(news), "pager", "en", "main/production", NOW), KEY, "https://x"
        )
    ]


def actions(step: Step) -> list[tuple[str, str]]:
    """What is done to which key, without what all keys begin with."""
    prefix = f"main/production/incidents/{step.incident.id}"
    return [(each["event_action"], each["dedup_key"].removeprefix(prefix)) for each in bodies(step)]


class Rota:
    """What Events API v2 says of a key: a trigger of one that is open wakes nobody, and to
    acknowledge or resolve one that is not is ignored."""

    def __init__(self) -> None:
        self.open: set[str] = set()
        self.woken = 0

    def hear(self, sent: Sequence[dict[str, Any]]) -> None:
        for each in sent:
            key = each["dedup_key"]
            if each["event_action"] == "trigger":
                self.woken += key not in self.open
                self.open.add(key)
            elif each["event_action"] == "resolve":
                self.open.discard(key)


def follow(step: Step, firing: list[Alert], now: float) -> Step:
    return course.follow(step.incident, firing, lambda _: "resolved", [], now)


def test_the_bodies_of_a_life_in_order() -> None:
    rota, both = Rota(), [WARNING, CRITICAL]
    life = [course.opened(SUBJECT, [WARNING], [], NOW)]
    life.append(course.acknowledge(life[-1].incident, "person:ada", NOW + 10))
    life.append(follow(life[-1], both, NOW + 20))
    life.append(course.acknowledge(life[-1].incident, "person:ada", NOW + 30))
    life.append(follow(life[-1], both, NOW + 30 + 3600))
    life.append(follow(life[-1], [], NOW + 5000))
    life.append(follow(life[-1], [CRITICAL], NOW + 5100))
    life.append(course.resolve(life[-1].incident, "person:ada", NOW + 5200))
    woken = []
    for step in life:
        rota.hear(bodies(step))
        woken.append(rota.woken)
    assert [actions(step) for step in life] == [
        [("trigger", "")],
        [("acknowledge", "")],
        [("trigger", "#1"), ("resolve", "")],
        [("acknowledge", "#1"), ("resolve", "")],
        [("trigger", "#2"), ("resolve", "#1")],
        [("resolve", "#2"), ("resolve", "#1"), ("resolve", "")],
        [("trigger", "#2"), ("resolve", "#1")],
        [("resolve", "#2"), ("resolve", "#1"), ("resolve", "")],
    ]
    assert woken == [1, 1, 2, 2, 3, 3, 4, 4], "opened, worse, still firing an hour later, reopened"
    assert rota.open == set()


def test_while_nobody_has_acknowledged_an_escalation_adds_no_page() -> None:
    opened = course.opened(SUBJECT, [CRITICAL], [], NOW)
    up = follow(opened, [CRITICAL], NOW + 900)
    assert actions(up) == [("trigger", "")], "PagerDuty is calling already, and escalates itself"


def test_a_page_whose_message_was_lost_leaves_none_open() -> None:
    rota = Rota()
    opened = course.opened(SUBJECT, [WARNING], [], NOW)
    worse = follow(opened, [WARNING, CRITICAL], NOW + 20)
    rota.hear(bodies(opened))
    rota.hear(bodies(follow(worse, [], NOW + 30)))
    assert rota.open == set()


@pytest.mark.parametrize("event", [Event.TRIGGER, Event.RESOLVE])
def test_former_ends_are_few_and_only_after_the_message(event: Event) -> None:
    one = letter(event=event, facts={"page": 40})
    sent = [json.loads(each.body) for each in pagerduty.posts(one, KEY, "https://x")]
    assert len(sent) == (3 if event is Event.RESOLVE else 2)
    assert sent[0]["payload"]["summary"] == "stories 1.3.0 fails"
    assert {each["event_action"] for each in sent[1:]} == {"resolve"}


def test_what_is_not_taken_ends_the_attempt_and_begins_again() -> None:
    one = letter(facts={"page": 1})
    sender = Sender(Transport(local=True, seconds=1))
    with Receiver([taken(), status(503), taken()]) as server:
        secrets = {"routing_key": KEY, "url": server.address}
        assert sender.send(one, PAGER, secrets, NOW).became is Became.LATER
        assert sender.send(one, PAGER, secrets, NOW).became is Became.TAKEN
        sent = [each.json["event_action"] for each in server.received]
    assert sent == ["trigger", "resolve", "trigger", "resolve"]


def test_the_end_of_a_former_page_is_not_sent_when_the_message_was_not_taken() -> None:
    sender = Sender(Transport(local=True, seconds=1))
    with Receiver([status(400)]) as server:
        secrets = {"routing_key": KEY, "url": server.address}
        outcome = sender.send(letter(facts={"page": 1}), PAGER, secrets, NOW)
        assert [each.json["event_action"] for each in server.received] == ["trigger"]
    assert outcome.became is Became.NEVER
