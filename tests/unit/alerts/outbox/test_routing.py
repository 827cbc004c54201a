"""Who is told of what."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.alerts.channels.channel import LOG, Channel, Kind, MailServer, audited, of_part
from functions.alerts.message import Event, Message
from functions.alerts.outbox import routing
from functions.alerts.outbox.routing import Chosen, Route, choose
from tests.unit.alerts.channels.letters import letter

PAGER, CHAT = Channel("pager", Kind.PAGERDUTY), Channel("chat", Kind.SLACK)
CLOUD = Channel("cloud", Kind.SLACK, pages="cloud_monitoring", notification_channel="projects/…")
KNOWN = {"log": LOG, "pager": PAGER, "chat": CHAT, "cloud": CLOUD}


def message(**given: Any) -> Message:
    return letter(**given).message


@pytest.mark.parametrize(
    ("route", "taken"),
    [
        (Route(("pager",)), True),
        (Route(("pager",), severities=("P1", "P2")), True),
        (Route(("pager",), severities=("P2",)), False),
        (Route(("pager",), events=("trigger",)), True),
        (Route(("pager",), events=("resolve",)), False),
        (Route(("pager",), levels=("L1",)), False),
        (Route(("pager",), about="incidents"), True),
        (Route(("pager",), about="incident"), False),
        (Route(("pager",), about="rollouts"), False),
        (Route(("pager",), severities=("P1",), about="rollouts"), False),
    ],
)
def test_a_route_takes(route: Route, taken: bool) -> None:
    assert route.takes(message()) is taken


def test_every_route_adds_its_channels_once() -> None:
    routes = [Route(("pager", "chat")), Route(("chat",)), Route(("gone",))]
    assert choose(message(), routes, KNOWN) == Chosen(("chat", "pager"))


def test_what_no_route_takes_goes_to_the_log() -> None:
    assert choose(message(), [Route(("pager",), severities=("P3",))], KNOWN) == Chosen(("log",))
    assert choose(message(), [Route(("gone",))], KNOWN) == Chosen(("log",))


@pytest.mark.parametrize("event", list(Event))
def test_who_heard_of_the_beginning_hears_of_the_end(event: Event) -> None:
    chosen = choose(message(event=event), [Route(("chat",))], KNOWN, heard=["pager", "gone"])
    follows = event in (Event.UPDATE, Event.ACKNOWLEDGE, Event.RESOLVE)
    assert chosen.to == (("chat", "pager") if follows else ("chat",))


def test_a_channel_that_can_not_be_read_is_told_later() -> None:
    chosen = choose(message(), [Route(("chat", "newer"))], KNOWN, unreadable=["newer", "other"])
    assert chosen == Chosen(("chat", "newer"))


def test_what_a_later_version_wrote_beside_is_left_out() -> None:
    mail = replace(PAGER, kind=Kind.EMAIL, server=MailServer("smtp.example.com", 587, "palier"))
    newer = {**mail.to_definition(), "later_field": 1}
    newer["server"] = {**newer["server"], "later_field": 1}
    assert of_part({"pager": newer}) == ({"log": LOG, "pager": mail}, ())
    assert of_part({"pager": {"kind": "slack", "server": 1}})[1] == ("pager",)


@pytest.mark.parametrize("event", list(Event))
def test_never_both_page(event: Event) -> None:
    chosen = choose(message(event=event), [Route(("cloud", "chat"))], KNOWN)
    if event is Event.NEWS:
        assert chosen == Chosen(("chat", "cloud"))
    else:
        assert chosen == Chosen(("chat",), ("cloud",))


FIELDS = st.lists(st.sampled_from(["P1", "P2", "trigger", "L1"]), max_size=3, unique=True)


@given(st.lists(st.sampled_from(sorted(KNOWN)), min_size=1, unique=True), FIELDS, FIELDS, FIELDS)
def test_a_route_is_kept_as_it_is(
    channels: list[str], severities: list[str], events: list[str], levels: list[str]
) -> None:
    route = Route(tuple(channels), tuple(severities), tuple(events), tuple(levels), "incidents")
    assert routing.of_part({"r": route.to_definition()}) == ([route], ())


def test_one_that_can_not_be_read_stops_no_other() -> None:
    found, lost = routing.of_part({"bad": {}, "good": {"channels": ["log"]}})
    assert (found, lost) == ([Route(("log",))], ("bad",))
    channels, lost = of_part(
        {"bad": {"kind": "pigeon"}, "chat": {"kind": "slack"}, "odd": {"x": 1}}
    )
    assert sorted(channels) == ["chat", "log"]
    assert lost == ("bad", "odd")


def test_the_audit_trail_has_nobody_s_address() -> None:
    server = MailServer("smtp.example.com", 587, "jane.doe@example.com")
    channel = replace(
        CHAT,
        kind=Kind.EMAIL,
        server=server,
        sender="jane.doe@example.com",
        recipients=("night@example.com",),
    )
    assert Channel.from_definition("chat", channel.to_definition()) == channel
    kept = audited(channel.to_definition())
    assert "@" not in str(kept)
    assert (kept["sender"], kept["recipients"]) == (True, 1)
    assert kept["server"] == {"host": "smtp.example.com", "port": 587, "username": True}
    assert audited(CHAT.to_definition())["sender"] is False
    assert audited({"kind": "slack"})["recipients"] == 0
