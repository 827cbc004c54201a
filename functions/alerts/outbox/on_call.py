"""E-mail for whoever is on call: the people of the moment, when a message is sent."""

from __future__ import annotations

from dataclasses import replace

from functions import catalog, log
from functions.alerts.channels.channel import Channel
from functions.alerts.incidents.catalog import PEOPLE
from functions.alerts.incidents.escalation import LEVELS
from functions.alerts.incidents.people import Person, told
from functions.alerts.mailbox import mailable
from functions.documents import Reads, Scope


def addressed(reads: Reads, scope: Scope, channel: Channel, level: str, now: float) -> Channel:
    """The channel with those on call up to the level among its recipients. A message for no level
    in particular is for the first. Raises StoreUnavailable, FailedPrecondition.
    """
    if not channel.on_call:
        return channel
    published = catalog.published(reads, scope, PEOPLE)
    there = told(_readable(published), level or LEVELS[0], now)
    found = [person.email for person in there if _mailable(person)]
    return replace(channel, recipients=tuple(dict.fromkeys([*channel.recipients, *found])))


def _mailable(person: Person) -> bool:
    """An address that a server can't take would keep the mail from everybody else."""
    fine = mailable(person.email)
    if person.email and not fine:
        log.error("person_not_mailable", person=person.id)
    return fine


def _readable(published: dict[str, catalog.Definition]) -> list[Person]:
    """One that can't be read keeps nobody else from being told."""
    found = []
    for name in sorted(published):
        try:
            found.append(Person.from_definition(name, published[name]))
        except (KeyError, TypeError, ValueError) as error:
            log.exception("person_unreadable", error, person=name)
    return found
