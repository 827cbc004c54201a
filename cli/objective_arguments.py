"""The verbs for objectives and scores, with their options."""

from __future__ import annotations

from cli import objectives
from cli.verbs import Subparsers, add_reason, bundle_verb, number, positive

KINDS = ("availability", "latency", "performance", "measure")


def add_objectives(group: Subparsers) -> None:
    bundle_verb(group, "list", "all of them, and where they stand", objectives.list_all)
    show = bundle_verb(group, "show", "one, with its budget and burn rates", objectives.show)
    show.add_argument("id", metavar="ID")
    put = bundle_verb(group, "set", "define one, or define it anew", objectives.put)
    put.add_argument("id", metavar="ID", help="such as stories-availability")
    put.add_argument("--service", required=True, metavar="NAME", help="whose versions it is about")
    put.add_argument("--kind", choices=KINDS, required=True, help="what is counted")
    put.add_argument(
        "--target", type=number, required=True, metavar="SHARE", help="that is to be good, 0 to 1"
    )
    put.add_argument("--days", type=positive, metavar="NUMBER", help="7, 28 or 30 (30)")
    put.add_argument(
        "--threshold-ms", type=positive, metavar="NUMBER", help="latency: at most so long is good"
    )
    put.add_argument(
        "--least", type=number, metavar="SCORE", help="performance: at least so much is good"
    )
    put.add_argument("--metric", metavar="NAME", help="of measures, or of durations")
    put.add_argument("--lower", action="store_true", help="less of the measure is better")
    put.add_argument(
        "--volume", type=positive, metavar="NUMBER", help="the least that a burn rate says (100)"
    )
    add_reason(put)
    remove = bundle_verb(group, "remove", "what was counted for it goes", objectives.remove)
    remove.add_argument("id", metavar="ID")
    add_reason(remove)


def add_scores(group: Subparsers) -> None:
    bundle_verb(group, "list", "how services are scored", objectives.scores)
    put = bundle_verb(group, "set", "decide how a service is scored", objectives.put_score)
    put.add_argument("service", metavar="SERVICE")
    put.add_argument(
        "--target-ms", type=positive, metavar="NUMBER", help="at most so long satisfies (500)"
    )
    put.add_argument("--error-weight", type=number, metavar="NUMBER", help="of errors (3)")
    add_reason(put)
    remove = bundle_verb(group, "remove", "as delivered again", objectives.remove_score)
    remove.add_argument("service", metavar="SERVICE")
    add_reason(remove)
