"""The verbs that bring flags from one environment into another."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Mapping
from typing import Any

from cli.answer import UNHEALTHY, Answer, Proposal
from cli.bundle import Environ, connect
from cli.http import Bundle
from cli.shown import plans as shown

LONGEST_WAY = 20
"""Of flags that need flags, or segments that need segments."""

Plan = Mapping[str, Any]


def copy(arguments: Namespace, environ: Environ) -> Answer | Proposal:
    about = f"From {arguments.source} into {arguments.to}:"
    return _bring(arguments, environ, "/v1/copy", {"from": arguments.source}, about)


def promote(arguments: Namespace, environ: Environ) -> Answer | Proposal:
    about = f"From the environment before into {arguments.to}:"
    return _bring(arguments, environ, "/v1/promote", {}, about)


def _bring(
    arguments: Namespace, environ: Environ, path: str, source: Mapping[str, str], about: str
) -> Answer | Proposal:
    bundle = connect(arguments, environ, arguments.to)
    body = {
        **source,
        "flags": arguments.keys,
        "segments": arguments.segment or [],
        "reason": arguments.reason,
    }
    plan = bundle.post(path, body)
    if arguments.with_needed:
        body, plan = _completed(bundle, path, body, plan)
    text = shown.plan(plan, about)
    if plan["problems"]:
        needed = any(plan["missing"].values()) and not arguments.with_needed
        hint = "\nTo bring what they need as well: --with-needed." if needed else ""
        return Answer(plan, f"{text}{hint}\n\nNothing was changed.", UNHEALTHY)
    if shown.nothing_to_do(plan):
        return Answer(plan, text)

    def carry_out() -> Answer:
        done = bundle.post(path, {**body, "confirm": plan["confirm"]})
        return Answer(done, shown.done(done))

    return Proposal(plan, text, f"Do this in {arguments.to}?", carry_out)


def _completed(
    bundle: Bundle, path: str, body: dict[str, Any], plan: Plan
) -> tuple[dict[str, Any], Plan]:
    """With what the flags and segments need, and that needs, until nothing is missing."""
    for _ in range(LONGEST_WAY):
        missing = {kind: set(plan["missing"][kind]) - set(body[kind]) for kind in plan["missing"]}
        if not any(missing.values()):
            break
        body = {**body, **{kind: [*body[kind], *sorted(keys)] for kind, keys in missing.items()}}
        plan = bundle.post(path, body)
    return body, plan
