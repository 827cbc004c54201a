"""The verbs for what follows a rollout, and their options."""

from __future__ import annotations

from argparse import ArgumentParser

from cli import completion, rollbacks
from cli.verbs import Subparsers, add_reason, bundle_verb


def add_completion(rollout: Subparsers) -> None:
    """What is left of one that has ended."""
    show = bundle_verb(
        rollout, "completion", "what is left to do of one, and what was done", completion.show
    )
    show.add_argument("id", metavar="ID")
    remove = bundle_verb(
        rollout,
        "remove-flags",
        "archive the temporary flags of one that has succeeded",
        completion.remove_flags,
    )
    remove.add_argument("id", metavar="ID")
    add_force(remove)
    add_reason(remove)
    lessons = bundle_verb(
        rollout, "lessons", "what one has taught: shows it, or writes it down", completion.lessons
    )
    lessons.add_argument("id", metavar="ID")
    lessons.add_argument("--text", metavar="TEXT", help="write this down (show what is written)")
    add_reason(lessons)
    archive = bundle_verb(
        rollout, "archive", "what was measured of one, by stage", completion.archive
    )
    archive.add_argument("id", metavar="ID")


def add_force(verb: ArgumentParser) -> None:
    verb.add_argument(
        "--force",
        action="store_true",
        help="also flags that apps still ask for: they will use the default in their code",
    )


def add_rollbacks(taken_back: Subparsers) -> None:
    bundle_verb(taken_back, "list", "the latest, newest first", rollbacks.list_all)
    show = bundle_verb(
        taken_back, "show", "one, with every check; exits with 1 if one failed", rollbacks.show
    )
    show.add_argument("id", metavar="ID")
