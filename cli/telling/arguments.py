"""The verbs for channels, routes and deliveries, with their options."""

from __future__ import annotations

from cli.telling import verbs
from cli.verbs import Subparsers, add_reason, bundle_verb, positive

SEVERITIES = ("P1", "P2", "P3")
EVENTS = ("trigger", "update", "acknowledge", "resolve", "news")
LEVELS = ("L1", "L2", "L3", "L4")
STATUSES = ("due", "delivered", "dead")


def add_channels(group: Subparsers) -> None:
    bundle_verb(group, "list", "all of them, and how they are", verbs.channels)
    put = bundle_verb(group, "set", "define one, or define it anew", verbs.set_channel)
    put.add_argument("id", metavar="ID", help="such as pager")
    put.add_argument("file", metavar="FILE", help="its definition in JSON, with its secrets")
    add_reason(put)
    for name, help_text, run in (
        ("test", "send it a message", verbs.test_channel),
        ("remove", "its secrets go with it", verbs.remove_channel),
    ):
        verb = bundle_verb(group, name, help_text, run)
        verb.add_argument("id", metavar="ID")
        add_reason(verb)


def add_routes(group: Subparsers) -> None:
    bundle_verb(group, "list", "who is told of what", verbs.routes)
    put = bundle_verb(group, "set", "define one, or define it anew", verbs.set_route)
    put.add_argument("id", metavar="ID", help="such as pages")
    for option, choices, help_text in (
        ("--channel", None, "where messages go; may be given several times"),
        ("--severity", SEVERITIES, "takes these only; may be given several times (all)"),
        ("--event", EVENTS, "takes these only; may be given several times (all)"),
        ("--level", LEVELS, "takes escalations to these only (any)"),
    ):
        put.add_argument(
            option,
            action="append",
            choices=choices,
            required=option == "--channel",
            metavar="ID" if choices is None else None,
            help=help_text,
        )
    put.add_argument(
        "--about", metavar="KIND", default="", help="such as incidents or rollouts (anything)"
    )
    add_reason(put)
    remove = bundle_verb(
        group, "remove", "what it took goes elsewhere, or to the log", verbs.remove_route
    )
    remove.add_argument("id", metavar="ID")
    add_reason(remove)


def add_deliveries(group: Subparsers) -> None:
    find = bundle_verb(group, "list", "the latest, newest first", verbs.deliveries)
    find.add_argument("--status", choices=STATUSES, help="those in one state")
    find.add_argument("--channel", metavar="ID", help="those of one channel")
    find.add_argument("--limit", type=positive, default=100, metavar="NUMBER", help="(100)")
    show = bundle_verb(group, "show", "one, with its texts", verbs.delivery)
    show.add_argument("id", metavar="ID")
    retry = bundle_verb(group, "retry", "a dead one is tried anew", verbs.retry)
    retry.add_argument("id", metavar="ID")
    add_reason(retry)
