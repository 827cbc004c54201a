"""The verbs for plans of rollouts, with their options."""

from __future__ import annotations

import argparse

from cli import rollout_plans
from cli.verbs import Subparsers, bundle_verb, group, number


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


def _add_language(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--language", choices=("en", "fr"), default="en", help="English or French (en)"
    )
