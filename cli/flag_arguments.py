"""The verbs for flags with their options."""

from __future__ import annotations

import argparse
import json
from typing import Any

from cli import exchange, explain, flags, schedules, segments, transfer, upkeep
from cli.verbs import (
    Run,
    Subparsers,
    add_application,
    add_reason,
    add_yes,
    bundle_verb,
    bundle_wide_verb,
    identifier,
    moment,
    positive,
)

CHANGES: dict[str, tuple[str, Run]] = {
    "kill": ("the off variant for everybody, at once", flags.switch),
    "revive": ("end that", flags.switch),
    "archive": ("take it out of what is published", flags.archive),
    "restore": ("publish it again, or bring back what it was", flags.restore),
    "delete": ("an archived flag goes for good", flags.delete),
}

ACTIONS = ("kill", "revive", "archive", "restore")
STATES = ("pending", "applied", "cancelled", "failed")
FORMS = ("flagd", "palier")


def add_flags(group: Subparsers) -> None:
    bundle_verb(group, "list", "all flags of the environment", flags.list_all)
    show = bundle_verb(group, "show", "everything about one", flags.show)
    _add_key(show)
    history = bundle_verb(group, "history", "who changed it, when, why, and what", flags.history)
    _add_key(history)
    history.add_argument(
        "--limit", type=_revisions, default=20, metavar="NUMBER", help="of revisions (20)"
    )
    why = bundle_verb(group, "explain", "why a user gets what they get", explain.explain)
    _add_key(why)
    _add_context(why)
    _add_single_changes(group)
    _add_transfer(group)
    _add_exchange(group)
    _add_upkeep(group)


def add_segments(group: Subparsers) -> None:
    bundle_verb(group, "list", "all segments of the environment", segments.list_all)
    show = bundle_verb(group, "show", "one, with what refers to it", segments.show)
    _add_key(show)


def add_schedules(group: Subparsers) -> None:
    latest = bundle_verb(group, "list", "the latest, newest first", schedules.list_all)
    latest.add_argument("--flag", metavar="KEY", help="those of one flag")
    latest.add_argument("--state", choices=STATES, help="those in one state")
    create = bundle_verb(group, "create", "a change of a flag at a time", schedules.create)
    create.add_argument("flag", metavar="FLAG")
    create.add_argument(
        "--at", type=moment, required=True, metavar="TIME", help="such as 2027-01-15T08:00+01:00"
    )
    what = create.add_mutually_exclusive_group(required=True)
    what.add_argument("--action", choices=ACTIONS, help="what is to happen")
    what.add_argument(
        "--changes", metavar="JSON", help="fields of the flag with what they become; or a file"
    )
    add_reason(create)
    cancel = bundle_verb(group, "cancel", "it never takes effect", schedules.cancel)
    cancel.add_argument("id", metavar="ID")
    add_reason(cancel)


def _add_single_changes(group: Subparsers) -> None:
    for name, (help_text, run) in CHANGES.items():
        change = bundle_verb(group, name, help_text, run)
        change.set_defaults(command=name)
        _add_key(change)
        if name == "restore":
            change.add_argument(
                "--to", type=positive, metavar="REVISION", help="the revision to bring back"
            )
        if name == "delete":
            add_yes(change)
        add_reason(change)


def _add_transfer(group: Subparsers) -> None:
    copy = bundle_wide_verb(
        group, "copy", "bring flags from another environment; shows and asks", transfer.copy
    )
    copy.add_argument(
        "--from", dest="source", type=identifier, required=True, metavar="NAME", help="environment"
    )
    promote = bundle_wide_verb(
        group,
        "promote",
        "bring flags from the environment before; shows and asks",
        transfer.promote,
    )
    for verb in (copy, promote):
        add_application(verb)
        verb.add_argument("keys", nargs="*", metavar="KEY")
        verb.add_argument(
            "--to", type=identifier, required=True, metavar="NAME", help="environment"
        )
        verb.add_argument(
            "--segment",
            action="append",
            metavar="KEY",
            help="a segment to bring as well; may be given several times",
        )
        verb.add_argument(
            "--with-needed", action="store_true", help="bring what is missing there as well"
        )
        add_yes(verb)
        add_reason(verb)


def _add_exchange(group: Subparsers) -> None:
    export = bundle_verb(group, "export", "all flags, as a document", exchange.export)
    export.add_argument("file", nargs="?", metavar="FILE", help="(standard output)")
    export.add_argument(
        "--form", choices=FORMS, default="flagd", help="Palier's own loses nothing (flagd)"
    )
    bring_in = bundle_verb(
        group, "import", "bring in a document of either form; shows and asks", exchange.bring_in
    )
    bring_in.add_argument("file", metavar="FILE")
    add_yes(bring_in)
    add_reason(bring_in)


def _add_upkeep(group: Subparsers) -> None:
    sync = bundle_verb(group, "sync", "publish what is stored, where it differs", upkeep.sync)
    sync.add_argument(
        "--preview", action="store_true", help="change nothing; exits with 1 where it differs"
    )
    add_reason(sync)
    bundle_verb(group, "stale", "flags that have had their time, and why", upkeep.stale)
    clean_up = bundle_verb(
        group, "clean-up", "archive stale flags; shows and asks", upkeep.clean_up
    )
    clean_up.add_argument("keys", nargs="+", metavar="KEY")
    add_yes(clean_up)
    add_reason(clean_up)


def _add_key(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("key", metavar="KEY")


def _add_context(verb: argparse.ArgumentParser) -> None:
    """Of a user, as apps send it."""
    verb.add_argument("--context", default="{}", metavar="JSON", help="of the user ({})")
    verb.add_argument("--user", metavar="ID", help="the targetingKey of the context")
    verb.add_argument(
        "--set",
        action="append",
        type=_attribute,
        metavar="NAME=VALUE",
        help="an attribute of the context; may be given several times",
    )


def _attribute(text: str) -> tuple[str, Any]:
    """A number only where it reads the same again: 1.10 is a version, no number."""
    name, equals, value = text.partition("=")
    if not name or not equals:
        raise argparse.ArgumentTypeError("NAME=VALUE")
    try:
        parsed = json.loads(value)
    except ValueError:
        return name, value
    return name, parsed if isinstance(parsed, str | dict | list) or _same(parsed, value) else value


def _same(parsed: Any, text: str) -> bool:
    return json.dumps(parsed) == text


def _revisions(text: str) -> int:
    value = positive(text)
    if value >= 200:
        raise argparse.ArgumentTypeError("at most 199")
    return value
