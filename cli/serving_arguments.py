"""The verbs for what serves a service, with their options."""

from __future__ import annotations

import argparse

from cli import serving
from cli.verbs import Subparsers, add_reason, bundle_verb


def add_serving(group: Subparsers) -> None:
    bundle_verb(group, "list", "where services run", serving.list_all)
    show = bundle_verb(group, "show", "one, and where its traffic goes", serving.show)
    show.add_argument("service", metavar="SERVICE")
    put = bundle_verb(group, "set", "say where a service runs, in place of before", serving.put)
    put.add_argument("service", metavar="SERVICE")
    put.add_argument(
        "--cloud-run",
        metavar="NAME",
        help="projects/PROJECT/locations/REGION/services/SERVICE",
    )
    put.add_argument(
        "--revision",
        action="append",
        type=_pair,
        metavar="VERSION=REVISION",
        help="the revision that a version runs in; may be given several times",
    )
    put.add_argument(
        "--health-url",
        metavar="URL",
        help="answers 2xx while a version is well; {version} stands for its name",
    )
    add_reason(put)
    remove = bundle_verb(group, "remove", "leave its traffic alone again", serving.remove)
    remove.add_argument("service", metavar="SERVICE")
    add_reason(remove)


def _pair(text: str) -> tuple[str, str]:
    version, equals, revision = text.partition("=")
    if not (version and equals and revision):
        raise argparse.ArgumentTypeError("VERSION=REVISION")
    return version, revision
