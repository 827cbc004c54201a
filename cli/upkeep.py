"""The verbs that keep flags in order: what is published, and what has had its time."""

from __future__ import annotations

from argparse import Namespace

from cli.answer import UNHEALTHY, Answer, Proposal
from cli.bundle import Environ, connect
from cli.shown import plans
from cli.shown import upkeep as shown


def sync(arguments: Namespace, environ: Environ) -> Answer:
    """Repairs what is published. With --preview it only looks, as a gate: 1 where it differs."""
    body = {"preview": arguments.preview, "reason": arguments.reason}
    found = connect(arguments, environ).post("/feature-flags/sync", body)
    well = found["in_sync"] or not (arguments.preview or found["unreadable"])
    return Answer(found, shown.synchronized(found), 0 if well else UNHEALTHY)


def stale(arguments: Namespace, environ: Environ) -> Answer:
    pages = list(connect(arguments, environ).pages("/v1/stale-flags", "flags"))
    found = {**pages[0], "flags": [flag for page in pages for flag in page["flags"]]}
    return Answer(found, shown.stale(found))


def clean_up(arguments: Namespace, environ: Environ) -> Answer | Proposal:
    bundle, path = connect(arguments, environ), "/v1/stale-flags/clean-up"
    body = {"keys": arguments.keys, "reason": arguments.reason}
    plan = bundle.post(path, body)
    text = plans.clean_up(plan)
    if plan["confirm"] is None:
        return Answer(plan, f"{text}\n\nNothing was changed.", UNHEALTHY)

    def carry_out() -> Answer:
        done = bundle.post(path, {**body, "confirm": plan["confirm"]})
        return Answer(done, plans.cleaned_up(done))

    return Proposal(plan, text, "Archive these flags?", carry_out)
