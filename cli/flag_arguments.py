"""The verbs for flags with their options."""

from __future__ import annotations

import argparse

from cli import flags
from cli.verbs import Run, Subparsers, add_reason, add_yes, bundle_verb, positive

CHANGES: dict[str, tuple[str, Run]] = {
    "kill": ("the off variant for everybody, at once", flags.switch),
    "revive": ("end that", flags.switch),
    "archive": ("take it out of what is published", flags.archive),
    "restore": ("publish it again, or bring back what it was", flags.restore),
    "delete": ("an archived flag goes for good", flags.delete),
}


def add_flags(group: Subparsers) -> None:
    bundle_verb(group, "list", "all flags of the environment", flags.list_all)
    show = bundle_verb(group, "show", "everything about one", flags.show)
    _add_key(show)
    history = bundle_verb(group, "history", "who changed it, when, why, and what", flags.history)
    _add_key(history)
    history.add_argument(
        "--limit", type=_revisions, default=20, metavar="NUMBER", help="of revisions (20)"
    )
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


def _add_key(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("key", metavar="KEY")


def _revisions(text: str) -> int:
    value = positive(text)
    if value >= 200:
        raise argparse.ArgumentTypeError("at most 199")
    return value
