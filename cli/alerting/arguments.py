"""The verbs for alerts, rules and silences, with their options."""

from __future__ import annotations

import argparse

from cli.alerting import alerts, rules, silences
from cli.verbs import Subparsers, add_reason, bundle_verb, moment, number, positive

SEVERITIES = ("P1", "P2", "P3")
KINDS = ("threshold", "baseline", "absence")
ACTIONS = ("notify", "pause", "roll_back")


def add_alerts(group: Subparsers) -> None:
    listed = bundle_verb(group, "list", "as they stand, what fires first", alerts.list_all)
    listed.add_argument("--all", action="store_true", help="those that are well, too")
    _add_service(listed)
    _add_limit(listed)
    events = bundle_verb(group, "events", "every change, newest first", alerts.events)
    _add_service(events)
    _add_limit(events)


def add_rules(group: Subparsers) -> None:
    bundle_verb(group, "list", "delivered ones, changed ones, one's own", rules.list_all)
    _add_id(bundle_verb(group, "show", "one", rules.show))
    bundle_verb(group, "templates", "rules that are wanted often", rules.templates)
    define = bundle_verb(group, "set", "define one, or adapt one that is delivered", rules.put)
    _add_id(define)
    define.add_argument("--template", metavar="NAME", help="what is not given is as in it")
    define.add_argument("--severity", choices=SEVERITIES)
    define.add_argument("--metric", metavar="NAME", help="what is looked at")
    limits = define.add_mutually_exclusive_group()
    limits.add_argument("--above", type=number, metavar="VALUE", help="too much is more than it")
    limits.add_argument("--below", type=number, metavar="VALUE", help="too little is less than it")
    define.add_argument("--window", type=_seconds, metavar="SECONDS", help="what a value is of")
    define.add_argument("--for", type=_seconds, metavar="SECONDS", help="how long it must last")
    define.add_argument("--keep", type=_seconds, metavar="SECONDS", help="how long it must be well")
    define.add_argument("--minimum", type=_seconds, metavar="NUMBER", help="the least sample")
    define.add_argument("--action", action="append", choices=ACTIONS, help="may be repeated")
    define.add_argument("--kind", choices=KINDS)
    define.add_argument("--days", type=positive, metavar="NUMBER", help="what is usual is of")
    _add_service(define)
    define.add_argument("--english", metavar="TITLE", help="what it looks at, in words")
    define.add_argument("--french", metavar="TITLE", help="the same in French")
    define.add_argument("--page", metavar="URL", help="what to do when it fires")
    define.add_argument("--off", action="store_true", help="it is not evaluated")
    add_reason(define)
    remove = bundle_verb(group, "remove", "gone, or as it is delivered", rules.remove)
    _add_id(remove)
    add_reason(remove)


def add_silences(group: Subparsers) -> None:
    bundle_verb(group, "list", "until when nobody is told of which alerts", silences.list_all)
    define = bundle_verb(group, "set", "nobody is told of these alerts for a time", silences.put)
    _add_id(define)
    define.add_argument("--until", type=moment, required=True, metavar="TIME", help="with its zone")
    define.add_argument("--rule", default="", metavar="ID")
    define.add_argument("--service", default="", metavar="NAME")
    define.add_argument("--version", default="", metavar="NAME")
    define.add_argument("--severity", default="", choices=SEVERITIES)
    define.add_argument("--reason", required=True, help="why, for everybody who wonders")
    remove = bundle_verb(group, "remove", "people are told again", silences.remove)
    _add_id(remove)
    add_reason(remove)


def _add_id(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("id", metavar="ID")


def _add_service(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--service", metavar="NAME", help="of this one alone")


def _add_limit(verb: argparse.ArgumentParser) -> None:
    verb.add_argument(
        "--limit", type=positive, default=200, metavar="NUMBER", help="how many at most (200)"
    )


def _seconds(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 8):
        raise argparse.ArgumentTypeError("a whole number of at least 0")
    return int(text)
