"""The verbs for plans of rollouts, with their options."""

from __future__ import annotations

import argparse

from cli import rollout_plans
from cli.verbs import Subparsers, bundle_verb, group, moment, number


def add_plans(rollout: Subparsers) -> None:
    verbs = group(rollout, "plan", "what plans do, before there is a rollout")
    listed = bundle_verb(verbs, "list", "the templates, and what they do", rollout_plans.list_all)
    _add_language(listed)
    preview = bundle_verb(
        verbs, "preview", "what a plan would do here; changes nothing", rollout_plans.preview
    )
    preview.add_argument("plan", metavar="PLAN", help="a template's name, or a JSON file")
    preview.add_argument("--flag", metavar="FLAG", help="such as stories.version")
    preview.add_argument("--service", metavar="NAME", help="whose versions it is about")
    preview.add_argument(
        "--requests-per-second",
        type=number,
        metavar="NUMBER",
        help="of all users (as was measured in the last days)",
    )
    preview.add_argument(
        "--error-rate", type=number, metavar="SHARE", help="of them, that fail: 0 to 1 (0)"
    )
    _add_language(preview)


def add_backtest(rollout: Subparsers) -> None:
    verb = bundle_verb(
        rollout,
        "backtest",
        "what a plan would have decided on what was recorded; changes nothing",
        rollout_plans.backtest,
    )
    verb.add_argument("plan", metavar="PLAN", help="a template's name, or a JSON file")
    verb.add_argument("--service", required=True, metavar="NAME", help="such as stories")
    verb.add_argument("--control", required=True, metavar="VERSION", help="the old version")
    verb.add_argument("--candidate", required=True, metavar="VERSION", help="the new version")
    verb.add_argument(
        "--since", required=True, type=moment, metavar="TIME", help="when it would have begun"
    )
    verb.add_argument(
        "--until", required=True, type=moment, metavar="TIME", help="at most two days later"
    )
    verb.add_argument(
        "--share",
        type=number,
        metavar="SHARE",
        help="of the users who got the new version then: 0 to 1 (what arrived tells)",
    )
    _add_language(verb)


def _add_language(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--language", choices=("en", "fr"), default="en", help="English or French (en)"
    )
