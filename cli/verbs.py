"""What verbs are made of: options that several have, and the types of their values."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable
from typing import TypeAlias

Subparsers: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"
Run = Callable[..., object]

IDENTIFIER = re.compile(r"[a-z][a-z0-9-]{0,38}")


def group(verbs: Subparsers, name: str, help_text: str) -> Subparsers:
    parser = verbs.add_parser(
        name, help=help_text, description=_sentence(help_text), allow_abbrev=False
    )
    return parser.add_subparsers(title="verbs", required=True, metavar="VERB")


def verb(verbs: Subparsers, name: str, help_text: str, run: Run) -> argparse.ArgumentParser:
    parser = verbs.add_parser(
        name, help=help_text, description=_sentence(help_text), allow_abbrev=False
    )
    parser.set_defaults(run=run)
    parser.add_argument(
        "--output", choices=("text", "json"), default="text", help="for people or programs (text)"
    )
    return parser


def bundle_verb(verbs: Subparsers, name: str, help_text: str, run: Run) -> argparse.ArgumentParser:
    """A verb that asks the bundle over HTTP, about one environment."""
    parser = bundle_wide_verb(verbs, name, help_text, run)
    add_application(parser)
    parser.add_argument("--environment", type=identifier, metavar="NAME", help="(the bundle's own)")
    return parser


def bundle_wide_verb(
    verbs: Subparsers, name: str, help_text: str, run: Run
) -> argparse.ArgumentParser:
    """A verb that asks the bundle over HTTP, about no environment of its options."""
    parser = verb(verbs, name, help_text, run)
    parser.add_argument("--url", help="of the bundle, as Hosting has it ($PALIER_URL)")
    return parser


def project_verb(verbs: Subparsers, name: str, help_text: str, run: Run) -> argparse.ArgumentParser:
    """A verb that works on the project's Firestore, with the credentials of who runs it."""
    parser = verb(verbs, name, help_text, run)
    parser.add_argument("--project", required=True, help="id of the Google Cloud project")
    parser.add_argument(
        "--application", type=identifier, default="main", metavar="NAME", help="(main)"
    )
    return parser


def add_application(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--application", type=identifier, metavar="NAME", help="(the bundle's own)")


def add_reason(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--reason", default="", help="why, for the audit trail; compulsory in production"
    )


def add_yes(parser: argparse.ArgumentParser) -> None:
    """For a change that is shown first."""
    parser.add_argument("--yes", action="store_true", help="don't ask; for CI")


def identifier(text: str) -> str:
    """The name of an application or an environment."""
    if not IDENTIFIER.fullmatch(text):
        message = "lower-case letters, digits and hyphens, at most 39, beginning with a letter"
        raise argparse.ArgumentTypeError(message)
    return text


def seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0.0 <= value <= 1e7:
        raise argparse.ArgumentTypeError("a number of seconds")
    return value


def number(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not abs(value) < 1e9:
        raise argparse.ArgumentTypeError("a number")
    return value


def moment(text: str) -> float:
    """A time with its zone, in seconds since the epoch."""
    import datetime

    try:
        found = datetime.datetime.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise argparse.ArgumentTypeError("a time with its zone, such as 2027-01-15T08:00+01:00")
    return found.timestamp()


def positive(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 0 < int(text) < 1e9):
        raise argparse.ArgumentTypeError("a whole number of at least 1")
    return int(text)


def _sentence(help_text: str) -> str:
    return help_text[0].upper() + help_text[1:] + "."
