"""The verbs for incidents and people on call, with their options."""

from __future__ import annotations

import argparse

from cli.responding import incidents, people, tests
from cli.verbs import Subparsers, add_reason, bundle_verb, positive, seconds

STATUSES = ("open", "acknowledged", "resolved")
COMMANDS = {
    "acknowledge": "you see to it: it is not escalated for an hour",
    "resolve": "it is over, whatever fires",
}


def add_incidents(group: Subparsers) -> None:
    listed = bundle_verb(group, "list", "the latest, newest first", incidents.list_all)
    listed.add_argument("--status", choices=STATUSES, help="only these")
    listed.add_argument(
        "--limit", type=positive, default=50, metavar="NUMBER", help="how many at most (50)"
    )
    show = bundle_verb(
        group, "show", "one, with its timeline and who is on call for it", incidents.show
    )
    _add_id(show)
    for name, help_text in COMMANDS.items():
        command = bundle_verb(group, name, help_text, incidents.command)
        command.set_defaults(command=name)
        _add_id(command)
        add_reason(command)
    note = bundle_verb(group, "note", "something to remember, in its timeline", incidents.note)
    _add_id(note)
    note.add_argument("text", metavar="TEXT", help="at most 1,000 characters, nothing of users")
    add_reason(note)


def add_alert_test(group: Subparsers) -> None:
    test = bundle_verb(
        group, "test", "a breach that nobody suffers, followed to who is told", tests.follow_test
    )
    test.add_argument("rule", metavar="RULE", help="such as p1-error-rate")
    test.add_argument("--service", default="stories", metavar="NAME", help="(stories)")
    test.add_argument(
        "--timeout",
        type=seconds,
        metavar="SECONDS",
        help="how long to follow it (until it is through)",
    )
    add_reason(test)


def add_people(group: Subparsers) -> None:
    bundle_verb(group, "list", "everybody, and who is on call now", people.list_all)
    define = bundle_verb(group, "set", "define one, or define one anew", people.define)
    _add_id(define)
    define.add_argument("file", metavar="FILE", help="JSON: name, levels, contacts, hours")
    add_reason(define)
    remove = bundle_verb(group, "remove", "no longer on call", people.remove)
    _add_id(remove)
    add_reason(remove)


def _add_id(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("id", metavar="ID")
