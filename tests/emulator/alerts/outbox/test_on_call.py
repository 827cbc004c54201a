"""E-mail reaches whoever is on call for the level of a message when it is sent."""

from __future__ import annotations

import datetime
from dataclasses import replace

import pytest

from functions.alerts.channels.catalog import CHANNELS
from functions.alerts.incidents.catalog import PEOPLE
from functions.alerts.incidents.people import Hours, Person
from functions.alerts.message import Event
from functions.alerts.outbox import Delivered
from functions.documents import Store
from tests.emulator.alerts.outbox.world import Office, message
from tests.servers.receiver import MailReceiver, taken

MIDNIGHT = datetime.datetime(2027, 1, 15, 2, 0, tzinfo=datetime.UTC).timestamp()
EVERY_DAY = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
NIGHTS = Hours(EVERY_DAY, "20:00", "08:00")
DAYS = Hours(EVERY_DAY, "08:00", "20:00")


@pytest.fixture
def office(store: Store) -> Office:
    made = Office(store, MIDNIGHT)
    for name, levels, hours in (
        ("night", ("L1",), (NIGHTS,)),
        ("day", ("L1",), (DAYS,)),
        ("lead", ("L2",), ()),
    ):
        person = Person(name, name, levels, f"{name}@example.com", hours=hours)
        made.define(PEOPLE, name, person.to_definition())
    return made


def by_mail(office: Office, server: MailReceiver) -> None:
    host = {"host": "127.0.0.1", "port": server.port}
    definition = {"kind": "email", "server": host, "sender": "p@example.com", "on_call": True}
    office.define(CHANNELS, "mail", definition)
    office.route("all", "mail")


def test_whoever_is_on_call_for_the_level(office: Office) -> None:
    with MailReceiver([taken()]) as server:
        by_mail(office, server)
        opened = replace(message("opened", Event.TRIGGER, "incidents/1"), level="L1")
        office.write(opened, replace(opened, id="escalated", event=Event.UPDATE, level="L2"))
        assert office.look() == Delivered(sent=2)
        office.clock.advance(12 * 3600)
        office.write(message("news"))
        assert office.look() == Delivered(sent=1)
        assert [to for to, _ in server.mails] == [
            ["night@example.com"],
            ["lead@example.com", "night@example.com"],
            ["day@example.com"],
        ]


def test_the_end_at_a_level_that_nobody_is_of_reaches_whoever_was_told(office: Office) -> None:
    with MailReceiver([taken()]) as server:
        by_mail(office, server)
        end = message("ended", Event.RESOLVE, "incidents/1")
        office.write(replace(end, level="L4"))
        assert office.look() == Delivered(sent=1)
        assert [sorted(to) for to, _ in server.mails] == [["lead@example.com", "night@example.com"]]


def test_nobody_is_on_call_yet(office: Office) -> None:
    with MailReceiver([taken()]) as server:
        by_mail(office, server)
        for name in ("night", "lead"):
            away = Person(name, name, ("L1",), f"{name}@example.com", hours=(DAYS,))
            office.define(PEOPLE, name, away.to_definition())
        office.write(replace(message("opened"), level="L4"))
        assert office.look() == Delivered(failed=1)
        assert "nobody" in office.deliveries()["opened_mail"].reason
        chief = Person("chief", "Chief", ("L4",), "chief@example.com")
        office.define(PEOPLE, "chief", chief.to_definition())
        office.clock.advance(20)
        assert office.look() == Delivered(sent=1)
        assert server.mails[0][0] == ["chief@example.com"]


def test_one_who_can_not_be_mailed_keeps_it_from_nobody(
    office: Office, capsys: pytest.CaptureFixture[str]
) -> None:
    """As people could be defined before."""
    odd = Person("odd", "Odd", ("L1",), "zoé@exemple.fr")
    office.define(PEOPLE, "odd", odd.to_definition())
    with MailReceiver([taken()]) as server:
        by_mail(office, server)
        office.write(message("news"))
        assert office.look() == Delivered(sent=1)
        assert [to for to, _ in server.mails] == [["night@example.com"]]
    output = capsys.readouterr()
    assert "person_not_mailable" in output.out + output.err
    assert "exemple.fr" not in output.out + output.err
