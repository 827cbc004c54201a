"""The verbs of `palier monitoring` with their options."""

from __future__ import annotations

import argparse

from cli.monitoring import verbs
from cli.verbs import Subparsers, add_yes, bundle_verb, identifier, number, positive, verb


def add_monitoring(group: Subparsers) -> None:
    export = bundle_verb(group, "export", "the rules as policies and a dashboard", verbs.export)
    export.add_argument("folder", metavar="FOLDER", help="one JSON file each")
    export.add_argument("--built-in", action="store_true", help="as delivered; no bundle is asked")
    apply = _project_verb(group, "apply", "make Cloud Console as a folder says", verbs.apply)
    _add_policies(apply)
    add_yes(apply)
    diff = _project_verb(group, "diff", "what `apply` would change; 1 if anything", verbs.diff)
    _add_policies(diff)
    check = _project_verb(
        group, "check", "read points back and compare; 1 if any differs", verbs.check
    )
    _add_environment(check)
    check.add_argument(
        "--minutes", type=positive, default=20, metavar="NUMBER", help="how many, at random (20)"
    )
    _add_hours(check)
    cost = _project_verb(group, "cost", "what the series in use cost a month", verbs.cost)
    _add_environment(cost)
    _add_hours(cost)
    cost.add_argument(
        "--price", type=number, metavar="DOLLARS", help="of a MiB beyond what is free (list price)"
    )


def _project_verb(
    group: Subparsers, name: str, help_text: str, run: verbs.Run
) -> argparse.ArgumentParser:
    """A verb that asks Cloud Monitoring, with the credentials of who runs it."""
    parser = verb(group, name, help_text, run)
    parser.add_argument("--project", required=True, help="id of the Google Cloud project")
    parser.add_argument("--address", default="", metavar="HOST:PORT", help="of a local server")
    return parser


def _add_policies(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", metavar="FOLDER", help="as `export` writes it")
    parser.add_argument(
        "--channel",
        action="append",
        default=[],
        metavar="NAME",
        help="a channel of Cloud Monitoring that hears of a silent control loop; repeatable",
    )
    parser.add_argument(
        "--rules-channel",
        action="append",
        default=[],
        metavar="NAME",
        help="one that hears of every rule: never one that Palier tells as well; repeatable",
    )
    parser.add_argument(
        "--remove", action="store_true", help="take away policies of rules that are no more"
    )
    parser.add_argument("--page", default="", metavar="URL", help="of a local server's page")


def _add_environment(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--application", type=identifier, default="main", metavar="NAME", help="(main)"
    )
    parser.add_argument(
        "--environment", type=identifier, default="production", metavar="NAME", help="(production)"
    )


def _add_hours(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--hours", type=positive, default=3, metavar="NUMBER", help="how far back to look (3)"
    )
