"""Every verb of the command with its options: what `palier --help` shows, and what is parsed."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable
from typing import TypeAlias

from cli import bundle, project

Subparsers: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"
Run = Callable[..., object]

IDENTIFIER = re.compile(r"[a-z][a-z0-9-]{0,38}")
COMMANDS = {
    "start": "begin it: the controller makes the first split within a minute",
    "pause": "keep the split and go on guarding it, but don't advance",
    "resume": "go on with the bake where it was paused",
    "promote": "one step on by hand: the next stage, the watch, or success",
    "rollback": "everybody back on the control, from every phase that has not ended",
}


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(
        prog="palier",
        description="Palier from the command line.",
        epilog="Each verb has its own --help. Exit codes: 0 done or healthy, 1 refused, failed or "
        "unhealthy, 2 wrong usage.",
        allow_abbrev=False,
    )
    verbs = top.add_subparsers(title="verbs", required=True, metavar="VERB")
    _add_project_verbs(verbs)
    _add_rollout(_group(verbs, "rollout", "releases in stages"))
    _add_flags(_group(verbs, "flags", "feature flags"))
    _bundle_verb(verbs, "health", "whether the bundle can do its work", bundle.health)
    return top


def _add_project_verbs(verbs: Subparsers) -> None:
    init = _project_verb(verbs, "init", "found an application; may be repeated", project.init)
    init.add_argument(
        "--environment",
        action="append",
        type=identifier,
        metavar="NAME",
        help="an environment to found; may be given several times (production)",
    )
    init.add_argument(
        "--administrator", required=True, metavar="UID", help="Firebase uid of an administrator"
    )
    init.add_argument("--reason", required=True, help="why, for the audit trail")
    audit = _group(verbs, "audit", "the trail of all changes")
    _project_verb(audit, "verify", "recompute the chain of hashes; 1 if broken", project.verify)


def _add_rollout(rollout: Subparsers) -> None:
    _bundle_verb(rollout, "list", "the latest, newest first", bundle.list_rollouts)
    show = _bundle_verb(rollout, "show", "one, with its events", bundle.show_rollout)
    show.add_argument("id", metavar="ID")
    status = _bundle_verb(
        rollout, "status", "a gate for CI: exits with 1 unless it is healthy", bundle.status
    )
    status.add_argument("id", metavar="ID")
    status.add_argument(
        "--timeout",
        type=seconds,
        metavar="SECONDS",
        help="wait until it has ended; 1 if it hasn't succeeded by then (don't wait)",
    )
    create = _bundle_verb(
        rollout, "create", "create one; nobody gets the candidate yet", bundle.create_rollout
    )
    create.add_argument("flag", metavar="FLAG", help="such as stories.version")
    create.add_argument("candidate", metavar="CANDIDATE", help="the variant to release")
    create.add_argument(
        "--plan", required=True, metavar="PLAN", help="name of a template, or a JSON file"
    )
    _add_reason(create)
    for name, help_text in COMMANDS.items():
        command = _bundle_verb(rollout, name, help_text, bundle.command)
        command.set_defaults(command=name)
        command.add_argument("id", metavar="ID")
        _add_reason(command)
        if name == "start":
            command.add_argument(
                "--override-quarantine",
                action="store_true",
                help="release again what was taken back before",
            )
        elif name != "rollback":
            command.add_argument(
                "--expected-stage",
                type=int,
                metavar="NUMBER",
                help="be refused if it is at another stage by now (counted from 0)",
            )


def _add_flags(flags: Subparsers) -> None:
    _bundle_verb(flags, "list", "all flags of the environment", bundle.list_flags)


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


def _group(verbs: Subparsers, name: str, help_text: str) -> Subparsers:
    group = verbs.add_parser(
        name, help=help_text, description=_sentence(help_text), allow_abbrev=False
    )
    return group.add_subparsers(title="verbs", required=True, metavar="VERB")


def _verb(verbs: Subparsers, name: str, help_text: str, run: Run) -> argparse.ArgumentParser:
    verb = verbs.add_parser(
        name, help=help_text, description=_sentence(help_text), allow_abbrev=False
    )
    verb.set_defaults(run=run)
    verb.add_argument(
        "--output", choices=("text", "json"), default="text", help="for people or programs (text)"
    )
    return verb


def _bundle_verb(verbs: Subparsers, name: str, help_text: str, run: Run) -> argparse.ArgumentParser:
    """A verb that asks the bundle over HTTP."""
    verb = _verb(verbs, name, help_text, run)
    verb.add_argument("--url", help="of the bundle, as Hosting has it ($PALIER_URL)")
    if run is not bundle.health:
        own = "(the bundle's own)"
        verb.add_argument("--application", type=identifier, metavar="NAME", help=own)
        verb.add_argument("--environment", type=identifier, metavar="NAME", help=own)
    return verb


def _project_verb(
    verbs: Subparsers, name: str, help_text: str, run: Run
) -> argparse.ArgumentParser:
    """A verb that works on the project's Firestore, with the credentials of who runs it."""
    verb = _verb(verbs, name, help_text, run)
    verb.add_argument("--project", required=True, help="id of the Google Cloud project")
    verb.add_argument(
        "--application", type=identifier, default="main", metavar="NAME", help="(main)"
    )
    return verb


def _add_reason(verb: argparse.ArgumentParser) -> None:
    verb.add_argument(
        "--reason", default="", help="why, for the audit trail; compulsory in production"
    )


def _sentence(help_text: str) -> str:
    return help_text[0].upper() + help_text[1:] + "."
